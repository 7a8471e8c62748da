/*
 * A reduction whose lanes run along a reduced variable: several vector accumulators over whole
 * vectors, a scalar one over what is left, combined at the end.
 */
#include "nest.h"

enum { MOST_SUMS = 4 };

typedef struct Row {
    Nest *n;
    const Expr *reduce;
    Var *along;
    const Reg *sums[MOST_SUMS]; /* vectors */
    int count;
    const Reg *scalar;
} Row;

static Expr *combine(Row *r, Expr *x, Expr *y)
{
    return ex_binary(r->n->pool, reduce_binary((ReduceOp)r->reduce->op), x, y);
}

static Expr *term(Row *r, const Reg *sum, Expr *index)
{
    Nest *n = r->n;
    Expr *t = nest_value(n, ex_substitute(n->pool, r->reduce->args[0], &r->along, &index, 1));
    if (n->failed) return t;
    if (t->lanes < sum->lanes) t = ex_splat(n->pool, t, sum->lanes);
    Expr *old = ex_reg(n->pool, sum);
    if (r->reduce->op == RE_SUM && t->kind == EX_BINARY && t->op == BI_MUL)
        return ex_fma(n->pool, t->args[0], t->args[1], old);
    return combine(r, old, t);
}

/* `count` accumulators take the vectors from index `base` on. */
static void vector_step(Row *r, Expr *base, int count)
{
    Nest *n = r->n;
    Expr *terms[MOST_SUMS];
    for (int k = 0; k < count && !n->failed; k++) {
        Expr *index =
            ex_add(n->pool, base,
                   ex_add(n->pool, ex_int(n->pool, k * n->lanes), ex_var(n->pool, n->lane)));
        terms[k] = term(r, r->sums[k], index);
    }
    if (n->failed) return;
    nest_share(n, terms, count, nest_set_each, r->sums);
}

static void scalar_step(Row *r, Expr *index)
{
    Expr *t = term(r, r->scalar, index);
    if (r->n->failed) return;
    nest_share(r->n, &t, 1, nest_set_each, &r->scalar);
}

/* Whole groups of vectors, whole vectors, single elements. */
static void along_row(Row *r)
{
    Nest *n = r->n;
    Pool *p = n->pool;
    int64_t lo = r->along->lo, extent = r->along->hi - lo, width = (int64_t)n->lanes * r->count;
    int64_t groups = extent / width, vectors = extent % width / n->lanes, rest = extent % n->lanes;
    Var *var;
    if (groups) {
        Expr *i = nest_counter(n, r->along->name, groups, &var);
        Code *outside = var ? nest_open(n, var, LOOP_SERIAL) : NULL;
        vector_step(r, ex_add(p, ex_mul(p, i, ex_int(p, width)), ex_int(p, lo)), r->count);
        if (outside) nest_close(n, outside);
        lo += groups * width;
    }
    if (vectors) {
        vector_step(r, ex_int(p, lo), (int)vectors);
        lo += vectors * n->lanes;
    }
    if (rest) {
        Expr *i = nest_counter(n, r->along->name, rest, &var);
        Code *outside = var ? nest_open(n, var, LOOP_SERIAL) : NULL;
        scalar_step(r, ex_add(p, i, ex_int(p, lo)));
        if (outside) nest_close(n, outside);
    }
}

static void over_others(Row *r, int at)
{
    const Expr *e = r->reduce;
    if (at == e->var_count) {
        along_row(r);
        return;
    }
    if (e->vars[at] == r->along) {
        over_others(r, at + 1);
        return;
    }
    Code *outside = nest_open(r->n, e->vars[at], LOOP_SERIAL);
    over_others(r, at + 1);
    nest_close(r->n, outside);
}

static void start(Row *r)
{
    Nest *n = r->n;
    Expr *identity = ex_identity(n->pool, (ReduceOp)r->reduce->op, DT_F32);
    for (int k = 0; k < r->count; k++) {
        r->sums[k] =
            pool_reg(n->pool, arena_format(n->p->arena, "s%d", n->names++), DT_F32, n->lanes);
        nest_set(n, r->sums[k], true, ex_splat(n->pool, identity, n->lanes));
    }
    r->scalar = pool_reg(n->pool, arena_format(n->p->arena, "s%d", n->names++), DT_F32, 1);
    nest_set(n, r->scalar, true, identity);
}

void nest_reduce_row(Nest *n, Expr *reduce, Var *along)
{
    Row r = {.n = n, .reduce = reduce, .along = along};
    bool covers = false;
    for (int v = 0; v < reduce->var_count; v++) covers |= reduce->vars[v] == along;
    if (!covers || reduce->dtype != DT_F32) {
        n->failed = true;
        return;
    }
    int64_t vectors = (along->hi - along->lo) / n->lanes;
    r.count = (int)min64(vectors, MOST_SUMS);
    start(&r);
    over_others(&r, 0);
    if (n->failed) return;
    Expr *total = ex_reg(n->pool, r.sums[0]);
    for (int k = 1; k < r.count; k++) total = combine(&r, total, ex_reg(n->pool, r.sums[k]));
    total = combine(&r, ex_reg(n->pool, r.scalar), ex_across(n->pool, (ReduceOp)reduce->op, total));
    nest_set(n, r.scalar, false, total);
    Reduced done = {reduce, ex_reg(n->pool, r.scalar)};
    LIST_PUSH(n->arena, &n->reduced, done);
}
