/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary with 4 lanes for any instruction set, in GCC's and Clang's vector
 * extensions alone: no intrinsics. What it means is in netc_vector.h. Where the machine has a fused
 * multiply-add, -ffp-contract=fast makes netc_fma one.
 */
#ifndef NETC_GENERIC_H
#define NETC_GENERIC_H

#ifdef NETC_LANES
#error "two instruction sets in one source: compile the models apart"
#endif
#define NETC_LANES 4
#include "netc_vector.h"

#endif
