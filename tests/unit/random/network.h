/*
 * Random networks for the differential test: statements of the .net language over numbered values,
 * with random data for inputs and parameters. network.c holds and renders them, operators.c chooses
 * the statements.
 */
#ifndef RANDOM_NETWORK_H
#define RANDOM_NETWORK_H

#include "op.h"

/* What data an input or parameter gets. */
typedef enum Fill {
    FILL_NONE,  /* computed */
    FILL_EXACT, /* few bits: sums of products are exact, so that discontinuous operators may follow
                 */
    FILL_ROUGH, /* any bits */
    FILL_POSITIVE, /* variances */
    FILL_BIG,      /* integers of the type's whole range */
    FILL_SPECIAL,  /* infinities, NaN, zeros of both signs, numbers where exp overflows */
    FILL_INDEX,    /* small integers of both signs */
} Fill;

typedef struct Value {
    Dtype dtype;
    int rank;
    int64_t dims[MAX_RANK];
    Fill fill;
    bool input; /* declared by the net, not as a parameter */
    bool exact; /* every element has few bits */
    bool output;
    bool cut;      /* shrinking: given as an input in place of being computed */
    int statement; /* that computes it; -1 */
} Value;

typedef struct Statement {
    const char *text; /* "$4, $5 = Split($3, axis: 1)": $k is value k */
    int first, count; /* values it computes */
} Statement;

typedef struct Network {
    Arena *arena;
    uint64_t seed, state; /* state: of the random numbers */
    bool special;         /* values need not be finite */
    LIST(Value) values;
    LIST(Statement) statements;
} Network;

/* ---- network.c ---- */

uint64_t random_next(Network *n);
int random_below(Network *n, int limit); /* 0 .. limit - 1 */
bool random_chance(Network *n, int percent);

/* A leaf: an input or a parameter. Its value number. */
int network_leaf(Network *n, Dtype dtype, int rank, const int64_t *dims, Fill fill);
/* Adds a statement with `outputs` new values, which stand before the equals sign: "Op($3, axis:
 * 1)". It must be accepted by the reader and shape inference, small, and finite; otherwise it is
 * dropped and -1 returned. `exact`: the operator adds no bits that exact arguments do not warrant.
 */
int network_add(Network *n, int outputs, bool exact, const char *call);

/* Several networks as one, value k of network i being n<i>v<k>: only what the outputs need. */
void networks_render(Network *const *nets, int count, const char *name, Text *out);
/* Read and inferred; NULL: refused (the diagnostics are printed when `loud`). */
Graph *network_read(Arena *arena, const char *text, bool loud);
/* Data for every parameter, and for the inputs too where they are wanted; nets NULL: for a network
 * written by hand. */
void networks_fill(Network *const *nets, Graph *g, bool inputs);
/* The interpreter's value of every tensor, node by node; false: more than `work` for one (interp_cost). */
bool network_evaluate(Graph *g, int64_t work);

/* ---- operators.c ---- */

/* The network of a seed. */
Network *network_random(Arena *arena, uint64_t seed);

#endif
