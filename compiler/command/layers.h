/*
 * Looking for the node that is compiled wrongly: a variant of the network in which every tensor is
 * an output, and the interpreter's value of each node, computed from the compiled network's own
 * values of the node's inputs.
 */
#ifndef NETC_LAYERS_H
#define NETC_LAYERS_H

#include "commands.h"
#include "execute.h"

/* Makes every computed tensor of an optimised graph an output; the network's own stay first. */
void layers_expose(Graph *g);
/* Compares every node after a run. The tolerance counts relative to a tensor's largest magnitude.
 * Prints each node that is wrong, the first one first; returns how many are. */
int layers_compare(const Job *job, const Execution *e);

#endif
