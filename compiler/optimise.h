/*
 * Graph to graph: the passes that run between infer and lower, one file each under passes/. Every
 * one takes an inferred graph and leaves an inferred graph that computes the same: outputs keep
 * their names, types, shapes and order.
 */
#ifndef NETC_OPTIMISE_H
#define NETC_OPTIMISE_H

#include "op.h"

/* All of them, in order; `exact`: but those that change how results are rounded. Nodes whose inputs
 * have no data yet (unbound parameters) are left as they are. */
void optimise(Graph *g, bool exact);

/* Both branches of an If, and a choice, take its place. */
void inline_branches(Graph *g);
/* Nodes that hand an input on unchanged vanish. */
void identity_remove(Graph *g);
/* Nodes whose inputs are known become constants, within a budget of work and size. */
void fold_constants(Graph *g);
/* A batch normalisation, or a product or sum with per-channel constants, goes into the weights of
 * the convolution or matrix product before it. */
void affine_absorb(Graph *g);
/* What no output depends on vanishes. */
void dead_remove(Graph *g);

/* ---- for the passes ---- */

bool is_op(const Node *n, const char *op_type); /* of ai.onnx */
/* How often each tensor is read, captured or an output: by tensor id; in the graph's arena. */
int *graph_uses(const Graph *g);

#endif
