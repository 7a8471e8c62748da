/* Tensors of indices: the inputs of gathering and scattering operators. */
#ifndef NETC_INDICES_H
#define NETC_INDICES_H

#include "op.h"

/* Checks those of a constant tensor's elements at first, first + step, ...: each must be in
 * -extent..extent-1. True for indices that arrive at run time; false after a diagnostic. */
bool indices_check(Infer *in, const Tensor *indices, int64_t first, int64_t step, int64_t extent);
/* A loaded index as i64, negative ones counted from the end. It may still be outside: define_wrap
 * makes it safe to load at. */
Expr *indices_from_end(Pool *p, Expr *loaded, int64_t extent);

#endif
