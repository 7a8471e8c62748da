/* Strongly connected components of a directed graph: nodes that are on a common circle. */
#ifndef NETC_COMPONENTS_H
#define NETC_COMPONENTS_H

#include "base.h"

typedef struct Arc {
    int from, to;
} Arc;

/* By node: whether another node is on a circle with it. An arc from a node to itself is none. */
bool *on_circle(Arena *arena, int nodes, const Arc *arcs, int arc_count);

#endif
