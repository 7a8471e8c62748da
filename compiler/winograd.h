/* Fewer multiplications for 3x3 convolutions and 4x4 transposed ones: rewrites definitions; layout
 * and the schedules treat the result like any other. */
#ifndef NETC_WINOGRAD_H
#define NETC_WINOGRAD_H

#include "program.h"

typedef enum WinogradKind {
    WINOGRAD_AUTO, /* fast, unless an output is an image: accurate */
    WINOGRAD_OFF,
    WINOGRAD_ACCURATE, /* F(2,3): rounds as the plain sum does */
    WINOGRAD_FAST,     /* F(4,3), too, where it costs less: twice the plain sum's rounding error */
} WinogradKind;

/* On fused definitions, before layout. */
void winograd(Program *p, WinogradKind kind);

/* ---- winograd_phase.c ---- */

/* A transposed convolution of 4x4 in steps of 2 whose product is cheaper so: what comes before it
 * is in `made`, its own body is replaced. */
bool winograd_phases(Program *p, Definition *conv, Definition *made[2]);

/* ---- what both have in common ---- */

/* A new definition of a tensor named after the convolution, without a body. */
Definition *winograd_definition(Program *p, const Definition *conv, const char *suffix,
                                const char *const *names, int rank, const int64_t *dims);
/* values[a * stride + b] as one expression of two indices below count. */
Expr *winograd_choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int count, int stride);

#endif
