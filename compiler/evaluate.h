/* Evaluating one node of a graph through its definitions and the interpreter: for constant folding.
 */
#ifndef NETC_EVALUATE_H
#define NETC_EVALUATE_H

#include "op.h"

/* The values of the outputs of an inferred node, each in `data` (NULL for unused outputs),
 * allocated in the graph's arena. False, and nothing allocated there, when a tensor that it reads
 * has no data, when it has no definition, or when its work would exceed *budget element operations;
 * they are taken off. */
bool evaluate_node(Graph *g, const Node *node, int64_t *budget, const void **data);

#endif
