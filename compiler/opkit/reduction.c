/*
 * Reductions over a set of dimensions: which elements meet in which result, as shapes, indices and
 * variables. What is done with the elements is the operators' own.
 */
#include "reduction.h"

Axes axes_none(const Tensor *t)
{
    Axes axes = {.rank = t->rank};
    memcpy(axes.dims, t->dims, (size_t)t->rank * sizeof *t->dims);
    return axes;
}

Axes axes_one(const Tensor *t, int axis)
{
    Axes axes = axes_none(t);
    if (t->rank) axes.reduced[axis] = true;
    return axes;
}

Axes axes_from(const Tensor *t, int first)
{
    Axes axes = axes_none(t);
    for (int i = first; i < t->rank; i++) axes.reduced[i] = true;
    return axes;
}

int64_t axes_extent(const Axes *axes)
{
    int64_t extent = 1;
    for (int i = 0; i < axes->rank; i++)
        if (axes->reduced[i] && !checked_mul(extent, axes->dims[i], &extent)) return INT64_MAX;
    return extent;
}

int axes_result(const Axes *axes, bool keep, int64_t dims[MAX_RANK])
{
    int rank = 0;
    for (int i = 0; i < axes->rank; i++)
        if (!axes->reduced[i])
            dims[rank++] = axes->dims[i];
        else if (keep)
            dims[rank++] = 1;
    return rank;
}

void axes_kept_index(Pool *p, const Axes *axes, Expr *const *index, Expr **at)
{
    for (int i = 0; i < axes->rank; i++) at[i] = axes->reduced[i] ? ex_int(p, 0) : index[i];
}

Expr *axes_position(Pool *p, const Axes *axes, Expr *const *index)
{
    Expr *position = ex_int(p, 0);
    for (int i = 0; i < axes->rank; i++)
        if (axes->reduced[i])
            position = ex_add(p, ex_mul(p, position, ex_int(p, axes->dims[i])), index[i]);
    return position;
}

Reduction define_reduction(Definer *d, const Axes *axes, bool keep)
{
    static const char *const names[] = {"r", "s", "t"};
    Reduction r = {0};
    int64_t dims[MAX_RANK];
    r.result = define_indices(d, axes_result(axes, keep, dims), dims);
    for (int i = 0, next = 0; i < axes->rank; i++) {
        if (axes->reduced[i]) {
            const char *name = r.var_count < (int)COUNT(names) ? names[r.var_count] : "u";
            Var *v = define_var(d, name, axes->dims[i]);
            r.vars[r.var_count++] = v;
            r.at[i] = ex_var(d->pool, v);
            next += keep;
        } else {
            r.at[i] = ex_var(d->pool, r.result[next++]);
        }
    }
    axes_kept_index(d->pool, axes, r.at, r.kept);
    return r;
}

Tensor *define_statistic(Definer *d, const char *suffix, Dtype dtype, const Axes *axes)
{
    int64_t dims[MAX_RANK];
    int rank = axes_result(axes, true, dims);
    return define_temporary(d, suffix, dtype, rank, dims);
}

/* The maximum of x over its axes, then the sum of exp(x - max). */
static void define_softmax_statistics(Definer *d, const Axes *axes, Tensor *x, Tensor **max,
                                      Tensor **sum)
{
    Pool *p = d->pool;
    *max = define_statistic(d, "max", define_wide(x->dtype), axes);
    Reduction r = define_reduction(d, axes, true);
    define_tensor(d, *max, r.result,
                  ex_reduce(p, RE_MAX, r.vars, r.var_count, define_load(d, x, r.at)));

    *sum = define_statistic(d, "sum", define_wide(x->dtype), axes);
    r = define_reduction(d, axes, true);
    Expr *term = ex_unary(p, UN_EXP, ex_sub(p, define_load(d, x, r.at), ex_load(p, *max, r.kept)));
    define_tensor(d, *sum, r.result, ex_reduce(p, RE_SUM, r.vars, r.var_count, term));
}

void define_softmax_over(Definer *d, const Axes *axes, Tensor *x, Tensor *out, bool logarithm)
{
    Pool *p = d->pool;
    Tensor *max, *sum;
    define_softmax_statistics(d, axes, x, &max, &sum);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *kept[MAX_RANK];
    axes_kept_index(p, axes, index, kept);
    Expr *below = ex_sub(p, define_load(d, x, index), ex_load(p, max, kept)),
         *total = ex_load(p, sum, kept);
    Expr *y = logarithm ? ex_sub(p, below, ex_unary(p, UN_LOG, total))
                        : ex_div(p, ex_unary(p, UN_EXP, below), total);
    define_rounded(d, out, vars, y);
}
