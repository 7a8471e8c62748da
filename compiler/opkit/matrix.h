/*
 * Matrix products as numpy multiplies: stacks of matrices a[..., m, k] and b[..., k, n] whose
 * leading dimensions broadcast; a vector is a row on the left and a column on the right. Shared by
 * MatMul and its quantised forms.
 */
#ifndef NETC_MATRIX_H
#define NETC_MATRIX_H

#include "op.h"

/* The product's shape; false after a diagnostic. */
bool matrix_infer(Infer *in, const Tensor *a, const Tensor *b, int *rank, int64_t dims[MAX_RANK]);
/* sum(k: a * b) at the product's index. The values are what `value` makes of their loads (NULL: the
 * loads as they are), given the factor (0: a, 1: b) and the index of the load. */
typedef Expr *MatrixValue(Definer *d, Expr *load, int factor, Expr *const *at);
Expr *matrix_sum(Definer *d, Tensor *a, Tensor *b, int rank, Expr *const *index,
                 MatrixValue *value);
/* Multiply-adds of a product with this output: its elements x k. */
int64_t matrix_macs(const Tensor *out, const Tensor *a);

#endif
