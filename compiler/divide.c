/*
 * Divisions become multiplications by a reciprocal, which take a fraction of the cycles, where many
 * elements are divided by the same and what is divided, or what is made of it, is rounded anyway:
 * sums of products (the scores of attention) and arguments of exp, erf and the like by a constant,
 * exponentials by the sum of their row. Elsewhere the quotient may have to be the right one:
 * floor(x / 0.1) tells. By powers of two everything is divided so (expr.c).
 */
#include "program.h"

#include <math.h>

static bool is_sum_of_products(const Expr *e)
{
    const Expr *term = e->kind == EX_REDUCE && e->op == RE_SUM ? e->args[0] : NULL;
    return term && term->kind == EX_BINARY && term->op == BI_MUL;
}

static bool is_smooth(const Expr *e)
{
    return e->kind == EX_UNARY &&
           (e->op == UN_EXP || e->op == UN_TANH || e->op == UN_ERF || e->op == UN_SIGMOID);
}

static bool divides_by_constant(const Expr *e)
{
    return e->kind == EX_BINARY && e->op == BI_DIV && e->dtype == DT_F32 &&
           e->args[1]->kind == EX_CONST && isnormal((float)e->args[1]->f) &&
           isnormal((float)(1 / e->args[1]->f));
}

/* exp(...) / a value that all of a row have in common */
static bool divides_row(const Expr *e, const Definition *def)
{
    const Expr *by = e->kind == EX_BINARY && e->op == BI_DIV ? e->args[1] : NULL;
    return by && e->dtype == DT_F32 && by->kind == EX_LOAD && def->out->rank > 0 &&
           def->out->dims[def->out->rank - 1] > 1 && e->args[0]->kind == EX_UNARY &&
           e->args[0]->op == UN_EXP && !ex_uses_var(by, def->index[def->out->rank - 1]);
}

static Expr *multiplied(Pool *p, Expr *e, void *context)
{
    bool smooth = is_smooth(e);
    if (divides_row(e, context))
        return ex_mul(p, ex_rewrite(p, e->args[0], multiplied, context),
                      ex_div(p, ex_const(p, DT_F32, 1), e->args[1]));
    Expr *quotient = smooth ? e->args[0] : e;
    if (!divides_by_constant(quotient) || (!smooth && !is_sum_of_products(quotient->args[0])))
        return NULL;
    Expr *x = ex_rewrite(p, quotient->args[0], multiplied, context),
         *product = ex_mul(p, x, ex_const(p, DT_F32, 1 / quotient->args[1]->f));
    return smooth ? ex_unary(p, (UnaryOp)e->op, product) : product;
}

void divide(Program *p)
{
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        def->body = ex_rewrite(p->pool, def->body, multiplied, def);
    }
}
