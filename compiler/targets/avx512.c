/* Target avx512: x86 with AVX-512 F, VL, BW and DQ. */
#include "target.h"

static bool runs_here(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* 14 x 2 accumulators leave four of the 32 registers for two weights and two pixels. Cores of this
 * class have second-level caches of 1 to 2 MB (Skylake-SP, Zen 4 and 5: 1; Ice Lake-SP: 1.25;
 * Sapphire Rapids: 2): the code is to do on all of them. */
const Target targets_avx512 = {
    .name = "avx512",
    .doc = "x86 with AVX-512 F, VL, BW and DQ: 16 lanes",
    .lanes = 16,
    .registers = 32,
    .header = "netc_avx512.h",
    .cflags = "-mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma -mf16c",
    .runs_here = runs_here,
    .rank = 4,
    .tile = 14,
    .tile_blocks = 2,
    .l1_bytes = 48 << 10,
    .l2_bytes = 1 << 20,
    .l3_bytes = 32 << 20,
    .fused = true,
    .arithmetic_ports = 2,
    .load_ports = 2,
    .store_ports = 1,
    .decode = 6,
    .latency = 4,
    .division = 16,
    .rate = {48, 16, 6},
};
