/*
 * Quotients and remainders of index expressions by positive constants: what divides comes out,
 * digits of mixed-radix numbers are found, nested divisions become one.
 */
#include "simplify.h"

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

/* Divisor g of c with rest = g * high + low where low stays within one block of g: then rest / c =
 * high / (c / g), and rest % c = g * (high % (c / g)) + low. The largest such g above 1; 0 when
 * there is none. `low` is made to start at 0. */
static int64_t factor_out(const Sum *rest, int64_t c, Sum *high, Sum *low)
{
    int64_t best = 0;
    for (int i = 0; i < rest->count; i++) {
        int64_t g = gcd(rest->terms[i].coef, c);
        if (g <= 1 || g <= best) continue;
        Sum h = {0}, l = {.constant = rest->constant};
        for (int j = 0; j < rest->count; j++) {
            const Term *t = &rest->terms[j];
            bool divides = t->coef % g == 0;
            sum_term(divides ? &h : &l, t->atom, divides ? t->coef / g : t->coef);
        }
        Range r = sum_range(&l);
        if (!range_bounded(r) || floor_div(r.lo, g) != floor_div(r.hi, g)) continue;
        h.constant = floor_div(r.lo, g);
        l.constant -= h.constant * g;
        best = g, *high = h, *low = l;
    }
    return best;
}

/* ((y % a) / c) = (y / c) % (a / c) where c divides a: digits of a mixed-radix number are divided
 * first. */
static Expr *quotient_of_modulo(Pool *p, const Sum *rest, int64_t c)
{
    if (rest->count != 1 || rest->constant != 0 || rest->terms[0].coef != 1) return NULL;
    const Expr *atom = rest->terms[0].atom;
    if (!is_by_constant(atom, BI_FLOORMOD) || atom->args[1]->i % c != 0) return NULL;
    return simplify_modulo(p, simplify_quotient(p, atom->args[0], c), atom->args[1]->i / c);
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
        if (__builtin_mul_overflow(b, c, &divisor) || !sum_term(&others, rest->terms[i].atom, -1))
            continue;
        if (!sum_add_sum(&sum, &others, b) || !sum_add(&sum, atom->args[0], 1)) continue;
        if (range_bounded(sum_range(&sum))) return simplify_quotient(p, sum_expr(p, &sum), divisor);
    }
    return NULL;
}

static Expr *quotient_of_rest(Pool *p, const Sum *rest, int64_t c)
{
    Range r = sum_range(rest);
    Sum high, low, plain = *rest;
    if (!range_bounded(r)) return pool_binary(p, BI_FLOORDIV, sum_chain(p, rest), ex_int(p, c));
    if (floor_div(r.lo, c) == floor_div(r.hi, c)) return ex_int(p, floor_div(r.lo, c));
    Expr *e = quotient_of_modulo(p, rest, c);
    if (e) return e;
    int64_t g = factor_out(rest, c, &high, &low);
    if (g) return simplify_quotient(p, sum_expr(p, &high), c / g);
    e = quotient_of_quotient(p, rest, c);
    return e ? e : pool_binary(p, BI_FLOORDIV, sum_chain(p, &plain), ex_int(p, c));
}

Expr *simplify_quotient(Pool *p, Expr *x, int64_t c)
{
    Sum s = {0}, whole, rest;
    if (c == 1) return x;
    if (!sum_add(&s, x, 1) || !range_bounded(sum_range(&s)) || !split(&s, c, &whole, &rest) ||
        !range_bounded(sum_range(&rest)))
        return pool_binary(p, BI_FLOORDIV, x, ex_int(p, c));
    Expr *q = quotient_of_rest(p, &rest, c);
    if (whole.count == 0 && whole.constant == 0) return q;
    return sum_add(&whole, q, 1) ? sum_expr(p, &whole)
                                 : pool_binary(p, BI_FLOORDIV, x, ex_int(p, c));
}

/* m * (y % a) is m * y modulo c, where c divides m * a. */
static bool drop_inner_modulo(Sum *s, int64_t c)
{
    for (int i = 0; i < s->count; i++) {
        const Term t = s->terms[i];
        int64_t period;
        if (!is_by_constant(t.atom, BI_FLOORMOD) ||
            __builtin_mul_overflow(t.coef, t.atom->args[1]->i, &period) || period % c != 0)
            continue;
        Sum without = *s;
        if (!sum_term(&without, t.atom, -t.coef) || !sum_add(&without, t.atom->args[0], t.coef) ||
            !range_bounded(sum_range(&without)))
            continue;
        *s = without;
        return true;
    }
    return false;
}

/* Modulo c a coefficient may be c larger: -1 is 1 modulo 2, and what is not negative divides
 * faster. */
static void prefer_positive(Sum *s, int64_t c)
{
    Sum other = *s;
    for (int i = 0; i < s->count; i++)
        if (other.terms[i].coef < 0 && other.terms[i].coef <= -c - other.terms[i].coef)
            other.terms[i].coef += c;
    if (range_bounded(sum_range(&other))) *s = other;
}

Expr *simplify_modulo(Pool *p, Expr *x, int64_t c)
{
    Sum s = {0}, whole, rest, high, low;
    if (c == 1) return ex_int(p, 0);
    if (!sum_add(&s, x, 1) || !range_bounded(sum_range(&s)) || !split(&s, c, &whole, &rest) ||
        !range_bounded(sum_range(&rest)))
        return pool_binary(p, BI_FLOORMOD, x, ex_int(p, c));
    while (drop_inner_modulo(&rest, c)) {
        Sum again = rest;
        if (!split(&again, c, &whole, &rest) || !range_bounded(sum_range(&rest)))
            return pool_binary(p, BI_FLOORMOD, x, ex_int(p, c));
    }
    Range r = sum_range(&rest);
    if (floor_div(r.lo, c) == floor_div(r.hi, c)) {
        rest.constant -= floor_div(r.lo, c) * c;
        return sum_expr(p, &rest);
    }
    int64_t g = factor_out(&rest, c, &high, &low);
    if (g && sum_add(&low, simplify_modulo(p, sum_expr(p, &high), c / g), g))
        return sum_expr(p, &low);
    prefer_positive(&rest, c);
    return pool_binary(p, BI_FLOORMOD, sum_chain(p, &rest), ex_int(p, c));
}
