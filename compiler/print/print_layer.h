/* Between the files that find layers: print_layer.c, print_layer_shape.c. */
#ifndef NETC_PRINT_LAYER_H
#define NETC_PRINT_LAYER_H

#include "op.h"
#include "optimise.h"
#include "print_call.h"

/* Makes the call when the node is just what the layer makes. */
typedef struct LayerRow {
    const char *op_type;
    bool (*make)(const CallMaker *m, const Node *n, PrintCall *c);
} LayerRow;
/* Ended by a row without an operator. */
extern const LayerRow layer_shapes[];

/* In the version that the layer would have, whose operator is used since `since`. */
bool layer_at_version(const CallMaker *m, const Node *n, int since);
/* Computed, or an input of the net. */
bool layer_is_value(const Tensor *t);
/* The integers of a constant input; NULL when it is none, or too long for a list of sizes. */
const int64_t *layer_const_ints(const CallMaker *m, const Node *n, int input, int *count);
void layer_start(const CallMaker *m, PrintCall *c, const char *name, const Tensor *x);

#endif
