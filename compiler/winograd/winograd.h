/* Fewer multiplications for 3x3 convolutions, in steps of 1 or 2, and 4x4 transposed ones: rewrites
 * definitions; layout and the schedules treat the result like any other. */
#ifndef NETC_WINOGRAD_H
#define NETC_WINOGRAD_H

#include "program.h"

typedef enum WinogradKind {
    WINOGRAD_AUTO, /* fast, unless an output is an image: accurate */
    WINOGRAD_OFF,
    WINOGRAD_ACCURATE, /* tiles of 2x2 outputs: round as the plain sum does */
    WINOGRAD_FAST,     /* of 4x4, too, where they cost less: up to twice its rounding error */
} WinogradKind;

/* On fused definitions, before layout. */
void winograd(Program *p, WinogradKind kind);

#endif
