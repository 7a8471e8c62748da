/*
 * Targets: instruction sets. One file each under targets/ defines `const Target targets_NAME`; the
 * registry is generated from the listing. Each names the runtime header that spells the vector
 * vocabulary for it.
 */
#ifndef NETC_TARGET_H
#define NETC_TARGET_H

#include "base.h"

enum { CACHE_LINE = 64 }; /* bytes, of every target so far */

typedef struct Target {
    const char *name, *doc;
    int lanes;               /* of f32 in a vector; 1: scalar code */
    int registers;           /* vector registers */
    const char *header;      /* in runtime/: "netc_avx512.h" */
    const char *cflags;      /* for the C compiler, gcc and clang: "-mavx512f ..." ; "" none */
    bool (*runs_here)(void); /* can this machine execute it? */
    int rank;                /* `native` is the runnable one of the highest rank */
    int tile, tile_blocks;   /* register tile of contractions: at most `tile` rows x `tile_blocks`
                                vectors */
    int64_t l2_bytes; /* second-level cache of a core that may be counted on: for what stays in it,
                         and what is prefetched because it does not */
    /* A typical core, for the cost model: */
    int64_t l1_bytes, l3_bytes;
    bool fused;                          /* a multiply-add is one instruction */
    int arithmetic_ports;                /* vector operations in a cycle, */
    int load_ports, store_ports, decode; /* vectors loaded and stored, instructions of any kind */
    int latency;                         /* cycles until the next multiply-add can use a result */
    int division;                        /* cycles for a vector of divisions */
    double rate[3]; /* bytes in a cycle into L1 from L2, L2 from L3, L3 from memory */
} Target;

extern const Target *const target_list[]; /* NULL-terminated, generated */
/* By name; "native" is the best that runs here. NULL when there is none. */
const Target *target_find(const char *name);

#endif
