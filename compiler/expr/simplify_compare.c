/*
 * Comparisons, minima and maxima of index expressions: decided by ranges, or brought to one form,
 * in which guards can be read.
 */
#include "simplify.h"

static Expr *truth(Pool *p, bool value) { return ex_int_of(p, DT_BOOL, value); }

/* terms < limit; x / c < limit is x < limit * c. */
static Expr *less(Pool *p, Expr *terms, int64_t limit)
{
    int64_t product;
    if (is_by_constant(terms, BI_FLOORDIV) &&
        !__builtin_mul_overflow(limit, terms->args[1]->i, &product))
        return ex_lt(p, terms->args[0], ex_int(p, product));
    return pool_binary(p, BI_LT, terms, ex_int(p, limit));
}

/* limit <= terms; limit <= x / c is limit * c <= x. */
static Expr *at_least(Pool *p, Expr *terms, int64_t limit)
{
    int64_t product;
    if (is_by_constant(terms, BI_FLOORDIV) &&
        !__builtin_mul_overflow(limit, terms->args[1]->i, &product))
        return ex_le(p, ex_int(p, product), terms->args[0]);
    return pool_binary(p, BI_LE, ex_int(p, limit), terms);
}

/* d < 0, or d <= 0, for a difference d whose range is known: "terms < constant" or "constant <=
 * terms", the first coefficient positive and the coefficients without a common factor. */
static Expr *compare_sum(Pool *p, Sum d, bool strict)
{
    int64_t g = sum_gcd(&d), limit = strict ? d.constant : d.constant - 1; /* terms + limit < 0 */
    bool flip = d.terms[0].coef < 0;
    for (int i = 0; i < d.count; i++) d.terms[i].coef /= flip ? -g : g;
    d.constant = 0;
    Expr *terms = sum_chain(p, &d);
    /* g * terms < -limit, or, flipped, limit < g * terms */
    return flip ? at_least(p, terms, floor_div(limit, g) + 1)
                : less(p, terms, -floor_div(limit, g));
}

static Expr *equal_sum(Pool *p, Sum d, BinaryOp op)
{
    int64_t g = sum_gcd(&d), constant = d.constant;
    if (constant % g != 0) return truth(p, op == BI_NE);
    if (d.terms[0].coef < 0) g = -g;
    for (int i = 0; i < d.count; i++) d.terms[i].coef /= g;
    d.constant = 0;
    return pool_binary(p, op, sum_chain(p, &d), ex_int(p, -(constant / g)));
}

static Expr *by_difference(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Sum d = {0};
    if (!range_bounded(x->range) || !range_bounded(y->range) || !sum_add(&d, x, 1) ||
        !sum_add(&d, y, -1))
        return NULL;
    Range r = sum_range(&d);
    if (!range_bounded(r)) return NULL;
    bool apart = r.lo > 0 || r.hi < 0;
    switch (op) {
    case BI_LT:
        return r.hi < 0 ? truth(p, true) : r.lo >= 0 ? truth(p, false) : compare_sum(p, d, true);
    case BI_LE:
        return r.hi <= 0 ? truth(p, true) : r.lo > 0 ? truth(p, false) : compare_sum(p, d, false);
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
    case BI_NE:
        return a.hi < b.lo || b.hi < a.lo ? truth(p, op == BI_NE)
               : x == y                   ? truth(p, op == BI_EQ)
                                          : NULL;
    case BI_MIN: return a.hi <= b.lo || x == y ? x : b.hi <= a.lo ? y : NULL;
    case BI_MAX: return a.hi <= b.lo ? y : b.hi <= a.lo || x == y ? x : NULL;
    default: return NULL;
    }
}

/* min(min(x, 3), 5) = min(x, 3). */
static Expr *nested_extremum(Pool *p, BinaryOp op, Expr *x, const Expr *y)
{
    if (x->kind != EX_BINARY || x->op != (int)op || y->kind != EX_CONST ||
        x->args[1]->kind != EX_CONST)
        return NULL;
    int64_t a = x->args[1]->i, b = y->i;
    return ex_binary(p, op, x->args[0], ex_int(p, op == BI_MIN ? min64(a, b) : max64(a, b)));
}

Expr *simplify_compare(Pool *p, BinaryOp op, Expr *x, Expr *y)
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
