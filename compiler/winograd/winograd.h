/* Fewer multiplications for 3x3 convolutions, in steps of 1 or 2, 5x5 and 4x4 transposed ones:
 * rewrites definitions; layout and the schedules treat the result like any other. */
#ifndef NETC_WINOGRAD_H
#define NETC_WINOGRAD_H

#include "program.h"

typedef enum WinogradKind {
    WINOGRAD_AUTO, /* fast, unless an output is an image: accurate */
    WINOGRAD_OFF,
    WINOGRAD_ACCURATE, /* what rounds as the plain sum does: 3x3 in tiles of 2x2 outputs */
    WINOGRAD_FAST,     /* what costs least: up to twice its rounding error */
} WinogradKind;

/* On fused definitions, before layout. */
void winograd(Program *p, WinogradKind kind);

#endif
