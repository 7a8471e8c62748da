/*
 * Receptive fields: how many input elements, along each spatial dimension, one element of a tensor
 * can depend on. A window of k elements over a tensor whose neighbours are `jump` input elements
 * apart adds (k - 1) * jump, and multiplies the jump by its stride; so a stack of L convolutions of
 * size K sees 1 + L(K - 1).
 */
#ifndef NETC_RECEPTIVE_FIELD_H
#define NETC_RECEPTIVE_FIELD_H

#include "graph.h"

/* NONE: does not depend on the input. MIXED: it does, but no longer by place (flattened, reshaped).
 */
typedef enum FieldKind { FIELD_NONE, FIELD_WINDOW, FIELD_MIXED, FIELD_ALL } FieldKind;

typedef struct Field {
    FieldKind kind;
    int spatial; /* dimensions after batch and channels */
    double size[MAX_RANK], jump[MAX_RANK];
} Field;

/* By tensor id, of an inferred graph. */
const Field *receptive_fields(Arena *arena, const Graph *g);
const char *field_text(Arena *arena, const Field *field); /* "5x5", "all", "-" */

/* The spatial dimensions of a node that slides a window, and the window's extent in one of them. */
int window_rank(const Node *node); /* 0: it slides none */
int64_t window_extent(const Node *node, int d);

#endif
