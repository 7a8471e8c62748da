/*
 * Reductions over the same variables, whose loops are shared: between nest_reduce.c, which finds
 * them and chooses an order that is fast, and nest_order.c, which keeps the definition's.
 */
#ifndef NETC_NEST_GROUP_H
#define NETC_NEST_GROUP_H

#include "nest.h"

enum { STEPS = 8 }; /* of the innermost variable that are unrolled together; up to twice as many */

typedef struct Group {
    Expr **reduces;   /* instances: the same variables and operation */
    Expr **bodies;    /* what they reduce */
    const Reg **sums; /* their accumulators */
    int count;
    Var **vars;
    int var_count;
    int cut;       /* the variable that is cut in two, -1 */
    int64_t chunk; /* its inner extent */
    bool along;    /* a step takes a chunk at once, in lanes */
} Group;

static inline int64_t extent(const Var *v) { return v->hi - v->lo; }

/* `steps` terms of every sum, the cut variable from `base` on; the others have their loops. With no
 * variable cut, one term. */
void nest_group_chunk(Nest *n, const Group *g, Expr *base, int64_t steps);
/* All terms, as the definition's loops nest, from first to last: for programs that are exact. */
void nest_group_in_order(Nest *n, const Group *g);

#endif
