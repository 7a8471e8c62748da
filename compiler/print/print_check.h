/* Holding a printed net against the graph it was printed from. */
#ifndef NETC_PRINT_CHECK_H
#define NETC_PRINT_CHECK_H

#include "print_structure.h"

/* Reads the text. True when it gives the graph's nodes, in order, with the same attributes and
 * constants; then `out` has the weights by their instance paths, and the names that the graph has
 * for them. */
bool print_check(const Graph *g, const Text *text, PrintedNet *out);

#endif
