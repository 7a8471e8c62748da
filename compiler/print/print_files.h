/* Printing a graph as a .net: with layers and blocks where that says the same, or `flat`, as
 * operators alone. */
#ifndef NETC_PRINT_FILES_H
#define NETC_PRINT_FILES_H

#include "graph.h"

/* Long weights are left out. Changes the graph (print_structure.h). */
void print_text(Graph *g, bool flat, Text *out);
/* Writes PATH and, where there are weights or names, the .safetensors beside it. False after a
 * diagnostic. */
bool print_files(Graph *g, bool flat, const char *path, Diags *diags);

#endif
