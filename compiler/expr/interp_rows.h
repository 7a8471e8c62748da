/* Rows of a tensor's elements as values (arith.h) and back: inside the interpreter. */
#ifndef NETC_INTERP_ROWS_H
#define NETC_INTERP_ROWS_H

#include "arith.h"

/* out[k] = element first + k * step of `data`, for 0 <= k < n. */
void rows_load(Dtype dtype, const void *data, int64_t first, int64_t step, int n, Value *out);
/* out[k] = element at[k] of `data`; where at[k] is negative, zero. */
void rows_gather(Dtype dtype, const void *data, const int64_t *at, int n, Value *out);
/* Element first + k * step of `data` = x[k * x_stride], rounded to the type. */
void rows_store(Dtype dtype, void *data, int64_t first, int64_t step, int n, const Value *x,
                int x_stride);

#endif
