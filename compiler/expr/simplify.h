/*
 * Between the files of index arithmetic: ranges, sums, and what each file offers the others. Not
 * for others.
 */
#ifndef NETC_SIMPLIFY_H
#define NETC_SIMPLIFY_H

#include "expr_pool.h"

/* ---- ranges (simplify_range.c); what is not bounded on both sides is unknown ---- */

static inline bool range_bounded(Range r) { return r.lo > INT64_MIN && r.hi < INT64_MAX; }
Range range_add(Range a, Range b);
Range range_scale(Range a, int64_t factor);

/* ---- sums (simplify_sum.c) ---- */

/* A sum while it is worked on; one with more terms stays as written. */
enum { MAX_TERMS = 24 };
typedef struct AffineTerm Term;
typedef struct Sum {
    int64_t constant;
    int count;
    Term terms[MAX_TERMS]; /* variables first; no zero coefficients */
} Sum;

/* These add to s and return false when the result does not fit: s is then useless. */
bool sum_term(Sum *s, Expr *atom, int64_t coef);
bool sum_add(Sum *s, Expr *e, int64_t scale);
bool sum_add_sum(Sum *s, const Sum *other, int64_t scale);
Range sum_range(const Sum *s);
/* The greatest common divisor of the coefficients; 0 when there are none. */
int64_t sum_gcd(const Sum *s);
int64_t gcd(int64_t a, int64_t b);
/* The terms as a chain of additions, as they are. */
Expr *sum_chain(Pool *p, const Sum *s);
/* The same after quotients and remainders that belong together have been joined; changes s. */
Expr *sum_expr(Pool *p, Sum *s);

/* e is x op c for a constant c > 0. */
static inline bool is_by_constant(const Expr *e, BinaryOp op)
{
    return e->kind == EX_BINARY && e->op == (int)op && e->args[1]->kind == EX_CONST &&
           e->args[1]->i > 0;
}

/* ---- quotients and remainders (simplify_divide.c), comparisons and extrema (simplify_compare.c)
 * ---- */

/* x / c rounded down, and the rest, for c > 0. */
Expr *simplify_quotient(Pool *p, Expr *x, int64_t c);
Expr *simplify_modulo(Pool *p, Expr *x, int64_t c);
/* op is a comparison, a minimum or a maximum. */
Expr *simplify_compare(Pool *p, BinaryOp op, Expr *x, Expr *y);

#endif
