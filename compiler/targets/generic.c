/* Target generic: four lanes in GCC's and Clang's vector extensions, for any instruction set. */
#include "target.h"

static bool always(void) { return true; }

/* A product and a sum become one instruction where the machine has it. */
const Target targets_generic = {
    .name = "generic",
    .doc = "4 lanes in GCC and Clang vector extensions, any instruction set",
    .lanes = 4,
    .registers = 16,
    .header = "netc_generic.h",
    .cflags = "-ffp-contract=fast",
    .runs_here = always,
    .rank = 1,
    .tile = 6,
    .tile_blocks = 2,
    .l1_bytes = 32 << 10,
    .l2_bytes = 512 << 10,
    .l3_bytes = 8 << 20,
    .arithmetic_ports = 2,
    .load_ports = 2,
    .store_ports = 1,
    .decode = 4,
    .latency = 8,
    .division = 8,
    .rate = {24, 12, 5},
};
