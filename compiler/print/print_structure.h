/*
 * A graph as .net text that a person might have written: layers, blocks and repeats where they make
 * just the graph's nodes. What is written is read again and held against the graph, so it means the
 * same or is not written.
 */
#ifndef NETC_PRINT_STRUCTURE_H
#define NETC_PRINT_STRUCTURE_H

#include "datafile.h"
#include "graph.h"

typedef struct PrintedNet {
    Text text; /* to be freed with text_free */
    DataTensors weights;
    DataNames names; /* of nodes and tensors by what they are called in the text */
} PrintedNet;

/* With weights_file NULL weights and names are left out. Changes the graph: constants that are
 * copies become weights of their own. False when the graph has something that only operators can
 * say. */
bool print_structure(Graph *g, const char *weights_file, PrintedNet *out);

#endif
