/* Inside inference: infer.c walks, infer_schema.c checks a node against its operator's schema. */
#ifndef NETC_INFER_H
#define NETC_INFER_H

#include "op.h"

/* Arity, attributes and input types of a node whose operator is known, at the version it is written
 * in. False after a diagnostic. Attributes of a kind that can stand for the wanted one (an integer
 * for a float) are converted. */
bool infer_schema(Infer *in);
/* The nodes of a graph whose operators were looked up; also for the bodies of control operators.
 * What its outputs are is for expand_outputs to settle. */
bool infer_graph(Graph *g, Diags *diags);
/* One warning of all tensors whose declared sizes are not those they have: exporters have computed
 * sizes wrongly, and go on doing so. */
void infer_declared(const Graph *g, Diags *diags);
/* A node that is in no list: it comes behind those of the graph, unless nothing of it remains to be
 * computed. False after a diagnostic, or quietly when it is poisoned. */
bool infer_append(Graph *g, Node *n, Diags *diags);

#endif
