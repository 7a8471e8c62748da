/* Target avx2: x86 with AVX2, FMA and F16C (since 2013). */
#include "target.h"

/* Every machine with AVX2 has F16C, which clang 14 cannot ask for. */
static bool runs_here(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* 6 x 2 accumulators leave four of the 16 registers for two weights and a pixel. */
const Target targets_avx2 = {
    .name = "avx2",
    .doc = "x86 with AVX2, FMA and F16C: 8 lanes",
    .lanes = 8,
    .registers = 16,
    .header = "netc_avx2.h",
    .cflags = "-mavx2 -mfma -mf16c",
    .runs_here = runs_here,
    .rank = 3,
    .tile = 6,
    .tile_blocks = 2,
    .l1_bytes = 32 << 10,
    .l2_bytes = 512 << 10,
    .l3_bytes = 16 << 20,
    .fused = true,
    .arithmetic_ports = 2,
    .load_ports = 2,
    .store_ports = 1,
    .decode = 5,
    .latency = 4,
    .division = 8,
    .rate = {32, 14, 6},
};
