/* Target sse4: x86 with SSE4.1. */
#include "target.h"

static bool runs_here(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("sse4.1");
#else
    return false;
#endif
}

/* 6 x 2 accumulators leave four of the 16 registers for two weights, a pixel and a product. */
const Target targets_sse4 = {
    .name = "sse4",
    .doc = "x86 with SSE4.1: 4 lanes",
    .lanes = 4,
    .registers = 16,
    .header = "netc_sse4.h",
    .cflags = "-msse4.1",
    .runs_here = runs_here,
    .rank = 2,
    .tile = 6,
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
    .rate = {24, 12, 5},
};
