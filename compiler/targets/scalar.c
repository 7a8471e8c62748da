/* Target scalar: strict ISO C99 without vectors, for any compiler and machine. */
#include "target.h"

static bool always(void) { return true; }

const Target targets_scalar = {
    .name = "scalar",
    .doc = "strict ISO C99, one float at a time, any compiler",
    .lanes = 1,
    .registers = 16,
    .header = "netc_scalar.h",
    .cflags = "",
    .runs_here = always,
    .rank = 0,
    .tile = 4,
    .tile_blocks = 2,
    .l1_bytes = 32 << 10,
    .l2_bytes = 256 << 10,
    .l3_bytes = 8 << 20,
    .arithmetic_ports = 2,
    .load_ports = 2,
    .store_ports = 1,
    .decode = 4,
    .latency = 8,
    .division = 8,
    .rate = {16, 8, 4},
};
