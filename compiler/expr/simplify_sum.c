/*
 * Index expressions as sums of coefficients and atoms: taking apart, adding up, and putting
 * together again, where a quotient and the remainder that belongs to it become what was divided.
 */
#include "simplify.h"

/* Variables first, in the order they were made, which does not hang on the order that C evaluates
 * arguments in. */
static bool comes_before(const Expr *a, const Expr *b)
{
    bool x = a->kind == EX_VAR, y = b->kind == EX_VAR;
    if (x != y) return x;
    return x ? a->var->id < b->var->id : a->id < b->id;
}

bool sum_term(Sum *s, Expr *atom, int64_t coef)
{
    int at = 0;
    if (coef == 0) return true;
    while (at < s->count && comes_before(s->terms[at].atom, atom)) at++;
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

bool sum_add(Sum *s, Expr *e, int64_t scale) { return sum_add_deep(s, e, scale, 0); }

bool sum_add_sum(Sum *s, const Sum *other, int64_t scale)
{
    for (int i = 0; i < other->count; i++) {
        int64_t coef;
        if (__builtin_mul_overflow(other->terms[i].coef, scale, &coef) ||
            !sum_term(s, other->terms[i].atom, coef))
            return false;
    }
    return sum_constant(s, other->constant, scale);
}

Range sum_range(const Sum *s)
{
    Range r = {s->constant, s->constant};
    if (s->count == 1 && s->constant == 0 && s->terms[0].coef == 1) return s->terms[0].atom->range;
    for (int i = 0; i < s->count; i++)
        r = range_add(r, range_scale(s->terms[i].atom->range, s->terms[i].coef));
    return r;
}

int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b, b = rest;
    }
    return a < 0 ? -a : a;
}

int64_t sum_gcd(const Sum *s)
{
    int64_t g = 0;
    for (int i = 0; i < s->count; i++) g = gcd(s->terms[i].coef, g);
    return g;
}

Expr *sum_chain(Pool *p, const Sum *s)
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

/* m * x - m * c * (x / c) = m * (x % c); x may itself be y / b, when x / c is written y / (b * c).
 */
static bool make_modulo(Pool *p, Sum *s, const Term *d, Expr *x, int64_t c)
{
    Sum part = {0}, rest = *s;
    if (d->coef == INT64_MIN || d->coef % c != 0) return false;
    int64_t m = -d->coef / c;
    if (!range_bounded(x->range) || !sum_term(&rest, d->atom, -d->coef)) return false;
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
            if (j == i || !is_by_constant(y, BI_FLOORDIV) || y->args[0] != x ||
                c % y->args[1]->i != 0)
                continue;
            if (make_modulo(p, s, &d, y, c / y->args[1]->i)) return true;
        }
    }
    return false;
}

Expr *sum_expr(Pool *p, Sum *s)
{
    /* Each step takes a quotient or remainder away, of which there are no more than terms and what
     * they nest. */
    for (int step = 0; step < 4 * MAX_TERMS && s->count > 1; step++)
        if (!join_modulo(p, s) && !split_quotient(p, s)) break;
    Range r = sum_range(s);
    return r.lo == r.hi ? ex_int(p, r.lo) : sum_chain(p, s);
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

bool ex_coefficient(Pool *p, Expr *e, const Var *v, int64_t *coef)
{
    Affine a = ex_affine(p, e);
    *coef = 0;
    for (int i = 0; i < a.count; i++) {
        Expr *atom = a.terms[i].atom;
        if (atom->kind == EX_VAR && atom->var == v)
            *coef = a.terms[i].coef;
        else if (ex_uses_var(atom, v))
            return false;
    }
    return true;
}
