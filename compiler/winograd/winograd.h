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

#endif
