/*
 * Reductions over the same variables, whose loops are shared: between nest_reduce.c, which finds
 * them and chooses an order that is fast, nest_order.c, which keeps the definition's, and
 * nest_pointers.c, through which they load.
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

/* ---- nest_pointers.c ---- */

typedef struct Pointer {
    Buffer *buffer, *alias;
    Expr *base;
} Pointer;

/* Those of one innermost loop. */
typedef struct Pointers {
    Nest *n;
    const Var *inner;
    LIST(Pointer) list;
} Pointers;

/* The value with its fetches through pointers, which are added to the list. */
Expr *nest_pointers_rewrite(Pointers *q, Expr *value);
/* Steps whose elements meet (windows over planar images) would have the C compiler keep those
 * elements in registers, where the accumulators need them. */
bool nest_pointers_meet(const Pointers *q, Expr *const *terms, int count);
/* Statements: what the C compiler must read again; the pointers' values, pinned. */
void nest_pointers_pin(const Pointers *q);
void nest_pointers_set(const Pointers *q);

/* ---- nest_reduce.c, nest_order.c ---- */

/* `steps` terms of every sum, the cut variable from `base` on; the others have their loops. With no
 * variable cut, one term. */
void nest_group_chunk(Nest *n, const Group *g, Expr *base, int64_t steps);
/* All terms, as the definition's loops nest, from first to last: for programs that are exact. */
void nest_group_in_order(Nest *n, const Group *g);

#endif
