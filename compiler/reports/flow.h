/*
 * Which layer reads what which layer computes, and which instances can be drawn as one box: those
 * that no way leads out of and in again.
 */
#ifndef NETC_FLOW_H
#define NETC_FLOW_H

#include "components.h"
#include "figures.h"

/* Ends of arcs are instance ids of layers; behind them come the graph's inputs, then its outputs.
 */
typedef struct Flow {
    const FigureTable *table;
    int *leaves;    /* instance ids of layers by node id; -1: no layer */
    LIST(Arc) arcs; /* in the order of their targets; what is no layer is passed through */
} Flow;

static inline int flow_input(const FigureTable *t, int i) { return t->instances.count + i; }
static inline int flow_output(const FigureTable *t, int i)
{
    return t->instances.count + t->graph->inputs.count + i;
}

Flow flow_of(Arena *arena, const FigureTable *t);

/* By instance id: what is drawn in its place, itself or an instance around it, where instances at
 * `depth` (0: none) and deeper are closed, but for those in `open`; opens what must be. */
int *flow_closed(Arena *arena, const Flow *f, int depth, bool *open);

#endif
