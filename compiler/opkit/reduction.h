/*
 * Reductions of a tensor over a set of its dimensions: shapes, indices and variables that the
 * reducing operators and the normalisations share.
 */
#ifndef NETC_REDUCTION_H
#define NETC_REDUCTION_H

#include "op.h"

/* The dimensions of a tensor and which of them are reduced. */
typedef struct Axes {
    int rank;
    int64_t dims[MAX_RANK];
    bool reduced[MAX_RANK];
} Axes;

/* Of t's shape, none reduced; then one; then first..rank. */
Axes axes_none(const Tensor *t);
Axes axes_one(const Tensor *t, int axis);
Axes axes_from(const Tensor *t, int first);
/* How many elements are reduced to one; saturates beside a dimension of 0. */
int64_t axes_extent(const Axes *axes);
/* The shape of a result: reduced dimensions are 1 with `keep`, else absent. Returns its rank. */
int axes_result(const Axes *axes, bool keep, int64_t dims[MAX_RANK]);
/* Where the element for `index` (of the whole shape) lies in a result that kept its dimensions. */
void axes_kept_index(Pool *p, const Axes *axes, Expr *const *index, Expr **at);
/* The row-major position of `index` among the reduced elements. */
Expr *axes_position(Pool *p, const Axes *axes, Expr *const *index);

/* The variables for defining a reduction's result element by element. */
typedef struct Reduction {
    Var **result; /* of the result's dimensions */
    int var_count;
    Var *vars[MAX_RANK];  /* of the reduced dimensions */
    Expr *at[MAX_RANK];   /* index in the whole shape */
    Expr *kept[MAX_RANK]; /* index in a result that kept its dimensions */
} Reduction;
Reduction define_reduction(Definer *d, const Axes *axes, bool keep);
/* An intermediate of the kept shape, named NODE.suffix. */
Tensor *define_statistic(Definer *d, const char *suffix, Dtype dtype, const Axes *axes);
/* out = softmax of x over its axes, or the logarithm of that, from the maximum and the sum of
 * exponentials. */
void define_softmax_over(Definer *d, const Axes *axes, Tensor *x, Tensor *out, bool logarithm);

#endif
