/* What the steps of layered_place share: nodes and the bends of long edges as slots in ranks. */
#ifndef NETC_LAYERED_SLOTS_H
#define NETC_LAYERED_SLOTS_H

#include "layered.h"

typedef LIST(int) IntList;

typedef struct Link {
    int slot;           /* at the other end */
    double here, there; /* where the edge touches, from the centres of the two */
    double weight;      /* how much it wants to be straight */
} Link;

typedef struct Slot {
    int node; /* -1: a bend */
    int rank, order;
    double width, x;
    LIST(Link) up, down;
} Slot;

typedef struct Slots {
    Layered *g;
    Arena *arena;     /* of this placement */
    IntList *leaving; /* edges by the node they leave */
    int *rank;        /* of each node */
    int ranks;
    LIST(Slot) slots;
    IntList *layer;       /* slots of each rank, in order */
    IntList *bends;       /* slots of each edge */
    int *branch;          /* of each edge: how many of its bends are those of an edge before it */
    double *top, *height; /* of each rank */
} Slots;

void layered_order(Slots *s);
void layered_position(Slots *s);

#endif
