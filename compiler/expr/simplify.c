/*
 * Index arithmetic: i64 expressions as they are built, kept canonical with the ranges of their
 * variables, so that the index maps of reshapes, transposes and slices cancel. Every rule is exact
 * for wrapping 64-bit integers: one that reasons with ranges applies only where the ranges show
 * that nothing overflows. This file sorts by operation; see simplify.h for the rest.
 */
#include "simplify.h"

static Expr *add_or_sub(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Sum s = {0};
    if (!sum_add(&s, x, 1) || !sum_add(&s, y, op == BI_SUB ? -1 : 1))
        return pool_binary(p, op, x, y);
    return sum_expr(p, &s);
}

static Expr *product(Pool *p, Expr *x, Expr *y)
{
    Sum s = {0};
    if (y->kind != EX_CONST)
        return x->id < y->id ? pool_binary(p, BI_MUL, x, y) : pool_binary(p, BI_MUL, y, x);
    return sum_add(&s, x, y->i) ? sum_expr(p, &s) : pool_binary(p, BI_MUL, x, y);
}

static Expr *divided(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    bool by_constant = y->kind == EX_CONST && y->i > 0;
    bool same_sign = x->range.lo >= 0; /* truncating and rounding down agree */
    if (by_constant && (op == BI_FLOORDIV || (op == BI_DIV && same_sign)))
        return simplify_quotient(p, x, y->i);
    if (by_constant && (op == BI_FLOORMOD || (op == BI_TRUNCMOD && same_sign)))
        return simplify_modulo(p, x, y->i);
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
    case BI_LE: e = simplify_compare(p, op, x, y); break;
    default: e = bitwise(p, op, x, y); break;
    }
    pool_remember(p, op, x, y, e);
    return e;
}
