/*
 * Placing the nodes of an acyclic graph in ranks from top to bottom, so that edges point down,
 * cross little and are straight where they can be. Sizes and edges come in; centres and the corners
 * of edges go out. Knows nothing of networks.
 *
 * After Sugiyama: ranks by longest paths, edges over several ranks as chains of points, order
 * within ranks by barycentres, positions by least squares under the order (pool adjacent
 * violators).
 */
#ifndef NETC_LAYERED_H
#define NETC_LAYERED_H

#include "base.h"

typedef struct Point {
    double x, y;
} Point;

typedef enum RankPin { RANK_FREE, RANK_FIRST, RANK_LAST } RankPin;

typedef struct LayeredNode {
    double w, h;
    RankPin pin; /* first and last ranks hold what is pinned and nothing else, where anything is */
    double x, y; /* out: the centre */
} LayeredNode;

typedef struct LayeredEdge {
    int from, to;
    double from_dx, to_dx; /* where it leaves and enters, from the centres */
    Point *points;         /* out */
    bool branches;         /* out: it begins at a bend of another edge, not at its node */
    int count;
} LayeredEdge;

typedef struct Layered {
    LayeredNode *nodes;
    LayeredEdge *edges;
    int node_count, edge_count;
    double gap, rank_gap; /* between neighbours in a rank, between ranks */
    double w, h;          /* out: all lies within 0..w, 0..h */
} Layered;

/* Points are allocated in the arena. Asserts that the edges make no cycle. */
void layered_place(Arena *arena, Layered *g);

#endif
