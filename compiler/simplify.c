/*
 * Index arithmetic: i64 expressions as sums of coefficients and atoms, kept canonical with the ranges of their variables,
 * so that the index maps of reshapes, transposes and slices cancel. Every rule is exact for wrapping 64-bit integers: one
 * that reasons with ranges applies only where the ranges show that nothing overflows. No tensors, no loops here.
 */
#include "expr_pool.h"

/* A sum while it is worked on; one with more terms stays as written. */
enum { MAX_TERMS = 24 };
typedef struct AffineTerm Term;
typedef struct Sum {
    int64_t constant;
    int count;
    Term terms[MAX_TERMS]; /* in order of atom id, no zero coefficients */
} Sum;

/* ---- ranges ---- */

static const Range unknown = {INT64_MIN, INT64_MAX};

static bool bounded(Range r) { return r.lo > INT64_MIN && r.hi < INT64_MAX; }

static Range add_ranges(Range a, Range b)
{
    Range sum;
    if (!bounded(a) || !bounded(b) || __builtin_add_overflow(a.lo, b.lo, &sum.lo) ||
        __builtin_add_overflow(a.hi, b.hi, &sum.hi))
        return unknown;
    return sum;
}

static Range mul_ranges(Range a, Range b)
{
    if (!bounded(a) || !bounded(b)) return unknown;
    const int64_t x[] = {a.lo, a.lo, a.hi, a.hi}, y[] = {b.lo, b.hi, b.lo, b.hi};
    Range r = {INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        int64_t product;
        if (__builtin_mul_overflow(x[i], y[i], &product)) return unknown;
        r = (Range){min64(r.lo, product), max64(r.hi, product)};
    }
    return r;
}

static Range scale_range(Range a, int64_t factor) { return mul_ranges(a, (Range){factor, factor}); }

/* Of every value of a type; bounds of 64 bits are not known. */
static Range type_range(Dtype dtype)
{
    const DtypeInfo *info = dtype_info(dtype);
    if (info->class == CLASS_BOOL) return (Range){0, 1};
    if (info->class == CLASS_UNSIGNED && info->bits < 64) return (Range){0, ((int64_t)1 << info->bits) - 1};
    if (info->class == CLASS_SIGNED && info->bits < 64)
        return (Range){-((int64_t)1 << (info->bits - 1)), ((int64_t)1 << (info->bits - 1)) - 1};
    return unknown;
}

static Range within(Range r, Range type) { return r.lo >= type.lo && r.hi <= type.hi ? r : type; }

static Range quotient_range(Range a, Range b)
{
    if (b.lo != b.hi || b.lo <= 0 || !bounded(a)) return unknown;
    return (Range){floor_div(a.lo, b.lo), floor_div(a.hi, b.lo)};
}

static Range modulo_range(Range b)
{
    if (b.lo <= 0 || !bounded(b)) return unknown;
    return (Range){0, b.hi - 1};
}

static Range binary_range(const Expr *e)
{
    Range a = e->args[0]->range, b = e->args[1]->range;
    switch (e->op) {
    case BI_ADD: return add_ranges(a, b);
    case BI_SUB: return add_ranges(a, scale_range(b, -1));
    case BI_MUL: return mul_ranges(a, b);
    case BI_FLOORDIV: return quotient_range(a, b);
    case BI_FLOORMOD: return modulo_range(b);
    case BI_MIN: return (Range){min64(a.lo, b.lo), min64(a.hi, b.hi)};
    case BI_MAX: return (Range){max64(a.lo, b.lo), max64(a.hi, b.hi)};
    default: return unknown;
    }
}

Range simplify_range(const Expr *e)
{
    if (dtype_is_float(e->dtype) || e->dtype == DT_U64) return unknown;
    Range type = type_range(e->dtype);
    switch (e->kind) {
    case EX_CONST: return (Range){e->i, e->i};
    case EX_VAR: return e->var->hi > e->var->lo ? (Range){e->var->lo, e->var->hi - 1} : (Range){e->var->lo, e->var->lo};
    case EX_BINARY: return e->args[0]->dtype == e->dtype ? within(binary_range(e), type) : type;
    case EX_SELECT: {
        Range a = e->args[1]->range, b = e->args[2]->range;
        return (Range){min64(a.lo, b.lo), max64(a.hi, b.hi)};
    }
    case EX_CAST:
        if (dtype_is_float(e->args[0]->dtype) || e->dtype == DT_BOOL) return type;
        return within(e->args[0]->range, type);
    case EX_SPLAT: return e->args[0]->range;
    case EX_REDUCE:
    case EX_ACROSS: return e->op == RE_MIN || e->op == RE_MAX ? e->args[0]->range : type;
    default: return type;
    }
}

Range ex_range(const Expr *e) { return e->range; }

/* ---- sums ---- */

static bool sum_term(Sum *s, Expr *atom, int64_t coef)
{
    int at = 0;
    if (coef == 0) return true;
    while (at < s->count && s->terms[at].atom->id < atom->id) at++;
    if (at < s->count && s->terms[at].atom == atom) {
        if (__builtin_add_overflow(s->terms[at].coef, coef, &s->terms[at].coef)) return false;
        if (s->terms[at].coef == 0) {
            s->count--;
            memmove(&s->terms[at], &s->terms[at + 1], (size_t)(s->count - at) * sizeof *s->terms);
        }
        return true;
    }
    if (s->count == MAX_TERMS) return false;
    memmove(&s->terms[at + 1], &s->terms[at], (size_t)(s->count - at) * sizeof *s->terms);
    s->terms[at] = (Term){atom, coef};
    s->count++;
    return true;
}

static bool sum_constant(Sum *s, int64_t value, int64_t scale)
{
    int64_t product;
    return !__builtin_mul_overflow(value, scale, &product) &&
           !__builtin_add_overflow(s->constant, product, &s->constant);
}

/* s += scale * e. False when it does not fit: s is then useless. */
static bool sum_add_deep(Sum *s, Expr *e, int64_t scale, int depth)
{
    if (e->kind == EX_CONST) return sum_constant(s, e->i, scale);
    if (e->kind != EX_BINARY || e->dtype != DT_I64 || scale == 0) return sum_term(s, e, scale);
    if (e->op == BI_MUL && e->args[1]->kind == EX_CONST)
        return depth < 2 * MAX_TERMS && !__builtin_mul_overflow(scale, e->args[1]->i, &scale) &&
               sum_add_deep(s, e->args[0], scale, depth + 1);
    if (e->op == BI_ADD)
        return depth < 2 * MAX_TERMS && sum_add_deep(s, e->args[0], scale, depth + 1) &&
               sum_add_deep(s, e->args[1], scale, depth + 1);
    return sum_term(s, e, scale);
}

static bool sum_add(Sum *s, Expr *e, int64_t scale) { return sum_add_deep(s, e, scale, 0); }

static bool sum_add_sum(Sum *s, const Sum *other, int64_t scale)
{
    for (int i = 0; i < other->count; i++) {
        int64_t coef;
        if (__builtin_mul_overflow(other->terms[i].coef, scale, &coef) ||
            !sum_term(s, other->terms[i].atom, coef))
            return false;
    }
    return sum_constant(s, other->constant, scale);
}

static Range sum_range(const Sum *s)
{
    Range r = {s->constant, s->constant};
    if (s->count == 1 && s->constant == 0 && s->terms[0].coef == 1) return s->terms[0].atom->range;
    for (int i = 0; i < s->count; i++) r = add_ranges(r, scale_range(s->terms[i].atom->range, s->terms[i].coef));
    return r;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b, b = rest;
    }
    return a < 0 ? -a : a;
}

/* The terms as a chain of additions, as they are. */
static Expr *sum_chain(Pool *p, const Sum *s)
{
    Expr *e = NULL;
    for (int i = 0; i < s->count; i++) {
        const Term *t = &s->terms[i];
        Expr *term = t->coef == 1 ? t->atom : pool_binary(p, BI_MUL, t->atom, ex_int(p, t->coef));
        e = e ? pool_binary(p, BI_ADD, e, term) : term;
    }
    if (!e) return ex_int(p, s->constant);
    return s->constant ? pool_binary(p, BI_ADD, e, ex_int(p, s->constant)) : e;
}

static bool is_by_constant(const Expr *e, BinaryOp op)
{
    return e->kind == EX_BINARY && e->op == (int)op && e->args[1]->kind == EX_CONST && e->args[1]->i > 0;
}

/* s contains factor * part, term by term with these very coefficients: takes it out. */
static bool take_out(Sum *s, const Sum *part, int64_t factor)
{
    Sum rest = *s;
    if (part->count == 0) return false;
    for (int i = 0; i < part->count; i++) {
        int64_t coef;
        int before = rest.count;
        if (__builtin_mul_overflow(part->terms[i].coef, factor, &coef) || coef == INT64_MIN ||
            !sum_term(&rest, part->terms[i].atom, -coef) || rest.count != before - 1)
            return false;
    }
    if (part->constant == INT64_MIN || !sum_constant(&rest, -part->constant, factor)) return false;
    *s = rest;
    return true;
}

/* m * c * (x / c) + m * (x % c) = m * x. */
static bool join_modulo(Pool *p, Sum *s)
{
    for (int i = 0; i < s->count; i++) {
        const Term m = s->terms[i];
        if (!is_by_constant(m.atom, BI_FLOORMOD)) continue;
        Expr *x = m.atom->args[0], *c = m.atom->args[1];
        Sum whole = {0}, rest = *s;
        int64_t factor;
        if (__builtin_mul_overflow(m.coef, c->i, &factor)) continue;
        if (!sum_add(&whole, ex_floordiv(p, x, c), 1)) continue;
        if (!take_out(&rest, &whole, factor)) continue;
        if (!sum_term(&rest, m.atom, -m.coef) || !sum_add(&rest, x, m.coef)) continue;
        *s = rest;
        return true;
    }
    return false;
}

/* m * x - m * c * (x / c) = m * (x % c); x may itself be y / b, when x / c is written y / (b * c). */
static bool make_modulo(Pool *p, Sum *s, const Term *d, Expr *x, int64_t c)
{
    Sum part = {0}, rest = *s;
    if (d->coef == INT64_MIN || d->coef % c != 0) return false;
    int64_t m = -d->coef / c;
    if (!bounded(x->range) || !sum_term(&rest, d->atom, -d->coef)) return false;
    if (!sum_add(&part, x, 1) || !take_out(&rest, &part, m)) return false;
    if (!sum_add(&rest, ex_floormod(p, x, ex_int(p, c)), m)) return false;
    *s = rest;
    return true;
}

static bool split_quotient(Pool *p, Sum *s)
{
    for (int i = 0; i < s->count; i++) {
        const Term d = s->terms[i];
        if (!is_by_constant(d.atom, BI_FLOORDIV)) continue;
        Expr *x = d.atom->args[0];
        int64_t c = d.atom->args[1]->i;
        if (make_modulo(p, s, &d, x, c)) return true;
        for (int j = 0; j < s->count; j++) {
            Expr *y = s->terms[j].atom;
            if (j == i || !is_by_constant(y, BI_FLOORDIV) || y->args[0] != x || c % y->args[1]->i != 0) continue;
            if (make_modulo(p, s, &d, y, c / y->args[1]->i)) return true;
        }
    }
    return false;
}

static Expr *sum_expr(Pool *p, Sum *s)
{
    /* Each step takes a quotient or remainder away, of which there are no more than terms and what they nest. */
    for (int step = 0; step < 4 * MAX_TERMS && s->count > 1; step++)
        if (!join_modulo(p, s) && !split_quotient(p, s)) break;
    Range r = sum_range(s);
    return r.lo == r.hi ? ex_int(p, r.lo) : sum_chain(p, s);
}

/* ---- quotients and remainders by a positive constant ---- */

/* s = c * whole + rest, moving what c divides. */
static bool split(const Sum *s, int64_t c, Sum *whole, Sum *rest)
{
    *whole = *rest = (Sum){0};
    for (int i = 0; i < s->count; i++)
        if (!sum_term(whole, s->terms[i].atom, s->terms[i].coef / c) ||
            !sum_term(rest, s->terms[i].atom, s->terms[i].coef % c))
            return false;
    whole->constant = floor_div(s->constant, c);
    rest->constant = floor_mod(s->constant, c);
    return true;
}

/* Divisor g of c with rest = g * high + low where low stays within one block of g: then rest / c = high / (c / g), and
 * rest % c = g * (high % (c / g)) + low. The largest such g above 1; 0 when there is none. `low` is made to start at 0. */
static int64_t factor_out(const Sum *rest, int64_t c, Sum *high, Sum *low)
{
    int64_t best = 0;
    for (int i = 0; i < rest->count; i++) {
        int64_t g = gcd(rest->terms[i].coef, c);
        if (g <= 1 || g <= best || g == c) continue;
        Sum h = {0}, l = {.constant = rest->constant};
        for (int j = 0; j < rest->count; j++) {
            const Term *t = &rest->terms[j];
            bool divides = t->coef % g == 0;
            sum_term(divides ? &h : &l, t->atom, divides ? t->coef / g : t->coef);
        }
        Range r = sum_range(&l);
        if (!bounded(r) || floor_div(r.lo, g) != floor_div(r.hi, g)) continue;
        h.constant = floor_div(r.lo, g);
        l.constant -= h.constant * g;
        best = g, *high = h, *low = l;
    }
    return best;
}

static Expr *quotient(Pool *p, Expr *x, int64_t c);
static Expr *modulo(Pool *p, Expr *x, int64_t c);

/* ((y % a) / c) = (y / c) % (a / c) where c divides a: digits of a mixed-radix number are divided first. */
static Expr *quotient_of_modulo(Pool *p, const Sum *rest, int64_t c)
{
    if (rest->count != 1 || rest->constant != 0 || rest->terms[0].coef != 1) return NULL;
    const Expr *atom = rest->terms[0].atom;
    if (!is_by_constant(atom, BI_FLOORMOD) || atom->args[1]->i % c != 0) return NULL;
    return modulo(p, quotient(p, atom->args[0], c), atom->args[1]->i / c);
}

/* (y / b + z) / c = (y + b * z) / (b * c). */
static Expr *quotient_of_quotient(Pool *p, const Sum *rest, int64_t c)
{
    for (int i = 0; i < rest->count; i++) {
        const Expr *atom = rest->terms[i].atom;
        int64_t divisor;
        if (rest->terms[i].coef != 1 || !is_by_constant(atom, BI_FLOORDIV)) continue;
        int64_t b = atom->args[1]->i;
        Sum sum = {0}, others = *rest;
        if (__builtin_mul_overflow(b, c, &divisor) || !sum_term(&others, rest->terms[i].atom, -1)) continue;
        if (!sum_add_sum(&sum, &others, b) || !sum_add(&sum, atom->args[0], 1)) continue;
        if (bounded(sum_range(&sum))) return quotient(p, sum_expr(p, &sum), divisor);
    }
    return NULL;
}

static Expr *quotient_of_rest(Pool *p, const Sum *rest, int64_t c)
{
    Range r = sum_range(rest);
    Sum high, low, plain = *rest;
    if (!bounded(r)) return pool_binary(p, BI_FLOORDIV, sum_chain(p, rest), ex_int(p, c));
    if (floor_div(r.lo, c) == floor_div(r.hi, c)) return ex_int(p, floor_div(r.lo, c));
    Expr *e = quotient_of_modulo(p, rest, c);
    if (e) return e;
    int64_t g = factor_out(rest, c, &high, &low);
    if (g) return quotient(p, sum_expr(p, &high), c / g);
    e = quotient_of_quotient(p, rest, c);
    return e ? e : pool_binary(p, BI_FLOORDIV, sum_chain(p, &plain), ex_int(p, c));
}

/* x / c, rounded down, for c > 0. */
static Expr *quotient(Pool *p, Expr *x, int64_t c)
{
    Sum s = {0}, whole, rest;
    if (c == 1) return x;
    if (!sum_add(&s, x, 1) || !bounded(sum_range(&s)) || !split(&s, c, &whole, &rest) || !bounded(sum_range(&rest)))
        return pool_binary(p, BI_FLOORDIV, x, ex_int(p, c));
    Expr *q = quotient_of_rest(p, &rest, c);
    if (whole.count == 0 && whole.constant == 0) return q;
    return sum_add(&whole, q, 1) ? sum_expr(p, &whole) : pool_binary(p, BI_FLOORDIV, x, ex_int(p, c));
}

/* m * (y % a) is m * y modulo c, where c divides m * a. */
static bool drop_inner_modulo(Sum *s, int64_t c)
{
    for (int i = 0; i < s->count; i++) {
        const Term t = s->terms[i];
        int64_t period;
        if (!is_by_constant(t.atom, BI_FLOORMOD) || __builtin_mul_overflow(t.coef, t.atom->args[1]->i, &period) ||
            period % c != 0)
            continue;
        Sum without = *s;
        if (!sum_term(&without, t.atom, -t.coef) || !sum_add(&without, t.atom->args[0], t.coef) ||
            !bounded(sum_range(&without)))
            continue;
        *s = without;
        return true;
    }
    return false;
}

/* x % c with the sign of c, for c > 0. */
static Expr *modulo(Pool *p, Expr *x, int64_t c)
{
    Sum s = {0}, whole, rest, high, low;
    if (c == 1) return ex_int(p, 0);
    if (!sum_add(&s, x, 1) || !bounded(sum_range(&s)) || !split(&s, c, &whole, &rest) || !bounded(sum_range(&rest)))
        return pool_binary(p, BI_FLOORMOD, x, ex_int(p, c));
    while (drop_inner_modulo(&rest, c)) {
        Sum again = rest;
        if (!split(&again, c, &whole, &rest) || !bounded(sum_range(&rest)))
            return pool_binary(p, BI_FLOORMOD, x, ex_int(p, c));
    }
    Range r = sum_range(&rest);
    if (floor_div(r.lo, c) == floor_div(r.hi, c)) {
        rest.constant -= floor_div(r.lo, c) * c;
        return sum_expr(p, &rest);
    }
    int64_t g = factor_out(&rest, c, &high, &low);
    if (g && sum_add(&low, modulo(p, sum_expr(p, &high), c / g), g)) return sum_expr(p, &low);
    return pool_binary(p, BI_FLOORMOD, sum_chain(p, &rest), ex_int(p, c));
}

/* ---- comparisons and extrema ---- */

static Expr *truth(Pool *p, bool value) { return ex_int_of(p, DT_BOOL, value); }

/* d < 0, or d <= 0, for a difference d whose range is known: "terms < constant" or "constant <= terms", the first
 * coefficient positive and the coefficients without a common factor. */
static Expr *compare_sum(Pool *p, Sum d, bool strict)
{
    int64_t g = 0, limit = strict ? d.constant : d.constant - 1; /* terms + limit < 0 */
    for (int i = 0; i < d.count; i++) g = gcd(d.terms[i].coef, g);
    bool flip = d.terms[0].coef < 0;
    for (int i = 0; i < d.count; i++) d.terms[i].coef /= flip ? -g : g;
    d.constant = 0;
    Expr *terms = sum_chain(p, &d);
    /* g * terms < -limit, or, flipped, limit < g * terms */
    if (!flip) return pool_binary(p, BI_LT, terms, ex_int(p, -floor_div(limit, g)));
    return pool_binary(p, BI_LE, ex_int(p, floor_div(limit, g) + 1), terms);
}

static Expr *equal_sum(Pool *p, Sum d, BinaryOp op)
{
    int64_t g = 0, constant = d.constant;
    for (int i = 0; i < d.count; i++) g = gcd(d.terms[i].coef, g);
    if (constant % g != 0) return truth(p, op == BI_NE);
    if (d.terms[0].coef < 0) g = -g;
    for (int i = 0; i < d.count; i++) d.terms[i].coef /= g;
    d.constant = 0;
    return pool_binary(p, op, sum_chain(p, &d), ex_int(p, -(constant / g)));
}

static Expr *by_difference(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Sum d = {0};
    if (!bounded(x->range) || !bounded(y->range) || !sum_add(&d, x, 1) || !sum_add(&d, y, -1)) return NULL;
    Range r = sum_range(&d);
    if (!bounded(r)) return NULL;
    bool apart = r.lo > 0 || r.hi < 0;
    switch (op) {
    case BI_LT: return r.hi < 0 ? truth(p, true) : r.lo >= 0 ? truth(p, false) : compare_sum(p, d, true);
    case BI_LE: return r.hi <= 0 ? truth(p, true) : r.lo > 0 ? truth(p, false) : compare_sum(p, d, false);
    case BI_EQ: return apart ? truth(p, false) : d.count ? equal_sum(p, d, op) : truth(p, true);
    case BI_NE: return apart ? truth(p, true) : d.count ? equal_sum(p, d, op) : truth(p, false);
    case BI_MIN: return r.hi <= 0 ? x : r.lo >= 0 ? y : NULL;
    case BI_MAX: return r.hi <= 0 ? y : r.lo >= 0 ? x : NULL;
    default: return NULL;
    }
}

/* By the ranges alone, where one side may be unknown. */
static Expr *by_bounds(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Range a = x->range, b = y->range;
    switch (op) {
    case BI_LT: return a.hi < b.lo ? truth(p, true) : a.lo >= b.hi ? truth(p, false) : NULL;
    case BI_LE: return a.hi <= b.lo ? truth(p, true) : a.lo > b.hi ? truth(p, false) : NULL;
    case BI_EQ:
    case BI_NE: return a.hi < b.lo || b.hi < a.lo ? truth(p, op == BI_NE) : x == y ? truth(p, op == BI_EQ) : NULL;
    case BI_MIN: return a.hi <= b.lo || x == y ? x : b.hi <= a.lo ? y : NULL;
    case BI_MAX: return a.hi <= b.lo ? y : b.hi <= a.lo || x == y ? x : NULL;
    default: return NULL;
    }
}

/* min(min(x, 3), 5) = min(x, 3). */
static Expr *nested_extremum(Pool *p, BinaryOp op, Expr *x, const Expr *y)
{
    if (x->kind != EX_BINARY || x->op != (int)op || y->kind != EX_CONST || x->args[1]->kind != EX_CONST) return NULL;
    int64_t a = x->args[1]->i, b = y->i;
    return ex_binary(p, op, x->args[0], ex_int(p, op == BI_MIN ? min64(a, b) : max64(a, b)));
}

static Expr *extremum_or_comparison(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Expr *e = by_bounds(p, op, x, y);
    if (!e) e = by_difference(p, op, x, y);
    if (!e && (op == BI_MIN || op == BI_MAX)) e = nested_extremum(p, op, x, y);
    return e ? e : pool_binary(p, op, x, y);
}

/* The two halves of "terms < limit" and "limit <= terms"; NULL when e is neither. */
static const Expr *bound(const Expr *e, BinaryOp op, int64_t *limit)
{
    if (e->kind != EX_BINARY || e->op != (int)op || e->args[0]->dtype != DT_I64) return NULL;
    const Expr *at = op == BI_LT ? e->args[1] : e->args[0];
    if (at->kind != EX_CONST) return NULL;
    *limit = at->i;
    return op == BI_LT ? e->args[0] : e->args[1];
}

Expr *simplify_and(Pool *p, Expr *x, Expr *y)
{
    int64_t a, b;
    const Expr *terms = bound(x, BI_LT, &a);
    if (terms && terms == bound(y, BI_LT, &b)) return a < b ? x : y;
    if (terms && terms == bound(y, BI_LE, &b) && a <= b) return truth(p, false);
    terms = bound(x, BI_LE, &a);
    if (terms && terms == bound(y, BI_LE, &b)) return a > b ? x : y;
    if (terms && terms == bound(y, BI_LT, &b) && b <= a) return truth(p, false);
    if (x->kind == EX_BINARY && x->op == BI_AND && (x->args[0] == y || x->args[1] == y)) return x;
    return NULL;
}

/* ---- entry ---- */

static Expr *add_or_sub(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Sum s = {0};
    if (!sum_add(&s, x, 1) || !sum_add(&s, y, op == BI_SUB ? -1 : 1)) return pool_binary(p, op, x, y);
    return sum_expr(p, &s);
}

static Expr *product(Pool *p, Expr *x, Expr *y)
{
    Sum s = {0};
    if (y->kind != EX_CONST) return x->id < y->id ? pool_binary(p, BI_MUL, x, y) : pool_binary(p, BI_MUL, y, x);
    return sum_add(&s, x, y->i) ? sum_expr(p, &s) : pool_binary(p, BI_MUL, x, y);
}

static Expr *divided(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    bool by_constant = y->kind == EX_CONST && y->i > 0;
    bool same_sign = x->range.lo >= 0; /* truncating and rounding down agree */
    if (by_constant && (op == BI_FLOORDIV || (op == BI_DIV && same_sign))) return quotient(p, x, y->i);
    if (by_constant && (op == BI_FLOORMOD || (op == BI_TRUNCMOD && same_sign))) return modulo(p, x, y->i);
    if (y->kind == EX_CONST && y->i == 1) return op == BI_DIV ? x : ex_int(p, 0);
    if (y->kind == EX_CONST && y->i == 0) return ex_int(p, 0);
    return pool_binary(p, op, x, y);
}

static Expr *bitwise(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    bool constant = y->kind == EX_CONST;
    if (x == y && (op == BI_AND || op == BI_OR)) return x;
    if (x == y && op == BI_XOR) return ex_int(p, 0);
    if (constant && y->i == 0) return op == BI_AND ? y : x;
    if (constant && op == BI_POW && y->i == 1) return x;
    return pool_binary(p, op, x, y);
}

Expr *simplify_binary(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Expr *e = pool_known(p, op, x, y);
    if (e) return e;
    switch (op) {
    case BI_ADD:
    case BI_SUB: e = add_or_sub(p, op, x, y); break;
    case BI_MUL: e = product(p, x, y); break;
    case BI_DIV:
    case BI_TRUNCMOD:
    case BI_FLOORDIV:
    case BI_FLOORMOD: e = divided(p, op, x, y); break;
    case BI_MIN:
    case BI_MAX:
    case BI_EQ:
    case BI_NE:
    case BI_LT:
    case BI_LE: e = extremum_or_comparison(p, op, x, y); break;
    default: e = bitwise(p, op, x, y); break;
    }
    pool_remember(p, op, x, y, e);
    return e;
}

/* ---- for those who read index expressions ---- */

Affine ex_affine(Pool *p, Expr *e)
{
    Sum s = {0};
    assert(e->dtype == DT_I64 && e->lanes == 1);
    if (!sum_add(&s, e, 1)) s = (Sum){.count = 1, .terms = {{e, 1}}};
    return (Affine){s.constant, s.count,
                    arena_copy(pool_arena(p), s.terms, (size_t)s.count * sizeof *s.terms)};
}

Expr *ex_from_affine(Pool *p, const Affine *a)
{
    Sum s = {.constant = a->constant};
    assert(a->count <= MAX_TERMS);
    for (int i = 0; i < a->count; i++) {
        bool fits = sum_term(&s, a->terms[i].atom, a->terms[i].coef);
        assert(fits);
    }
    return sum_expr(p, &s);
}

bool ex_coefficient(Pool *p, Expr *e, const Var *v, int64_t *coef)
{
    Affine a = ex_affine(p, e);
    *coef = 0;
    for (int i = 0; i < a.count; i++) {
        Expr *atom = a.terms[i].atom;
        if (atom->kind == EX_VAR && atom->var == v) *coef = a.terms[i].coef;
        else if (ex_uses_var(atom, v)) return false;
    }
    return true;
}
