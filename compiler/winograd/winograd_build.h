/* What the two kinds of Winograd convolution share. */
#ifndef NETC_WINOGRAD_BUILD_H
#define NETC_WINOGRAD_BUILD_H

#include "program.h"

/* ---- winograd.c ---- */

/* A new definition of a tensor named after the convolution, without a body. */
Definition *winograd_definition(Program *p, const Definition *conv, const char *suffix,
                                const char *const *names, int rank, const int64_t *dims);

/* ---- winograd_matrices.c ---- */

/* values[a * stride + b] as one expression of two indices, a below rows, b below columns. */
Expr *winograd_choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int rows, int columns,
                      int stride);

/* ---- winograd_phase.c ---- */

/* A transposed convolution of 4x4 in steps of 2 whose product is cheaper so: what comes before it
 * is in `made`, its own body is replaced. */
bool winograd_phases(Program *p, Definition *conv, Definition *made[2]);

#endif
