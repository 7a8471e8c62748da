/* The branches of an If: which one a known condition takes. */
#ifndef NETC_BRANCH_H
#define NETC_BRANCH_H

#include "graph.h"

/* NULL when the node is no If, or its condition is not known. The branch has an output for each of
 * the node's. */
Graph *branch_taken(const Node *n);

#endif
