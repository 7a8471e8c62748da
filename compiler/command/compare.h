/*
 * Comparing a tensor with what it should be: |got - expected| <= atol + rtol * |expected| for
 * floats, equality for every other type. NaN equals NaN, an infinity equals itself.
 */
#ifndef NETC_COMPARE_H
#define NETC_COMPARE_H

#include "dtype.h"

typedef struct Tolerance {
    double rtol, atol;
    bool scale; /* rtol is relative to the largest finite |expected| of the tensor, not to each
                   element */
} Tolerance;

typedef struct Difference {
    int64_t elements, wrong; /* wrong: over the tolerance */
    int64_t worst; /* element with the largest error in terms of its tolerance; -1: none differs at
                      all */
    double error, allowed;      /* there */
    const char *got, *expected; /* there, in words; NULL when none differs */
} Difference;

Difference compare(Arena *arena, Dtype dtype, int64_t elements, const void *got,
                   const void *expected, Tolerance tolerance);
/* "[0, 3, 17]" for an element of a shape; "" for a scalar. */
const char *index_text(Arena *arena, int64_t element, const int64_t *dims, int rank);

#endif
