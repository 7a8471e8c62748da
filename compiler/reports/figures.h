/*
 * The figures of a network, as its author counts them: for each layer of an inferred graph its
 * output, kernel, parameters, multiply-adds, receptive field and bytes; the same summed up for each
 * instance and for the whole. What computes only constants, and mere names, are no layers.
 */
#ifndef NETC_FIGURES_H
#define NETC_FIGURES_H

#include "instances.h"

typedef struct Figures {
    const char *op; /* its operator as it was counted, whatever becomes of the node; "": a block */
    const Tensor *out;  /* its first output, likewise; NULL: it has none, or is a block */
    const char *output; /* "1x64x56x56"; of an instance: its last layer's */
    const char *kernel; /* "7x7/2", "3x3 g32 d2"; "-" without a window */
    const char *field;  /* "11x11", "all", "-" */
    int64_t parameters; /* learned ones; those that an earlier layer shares count there */
    int64_t macs;
    int64_t activation; /* bytes of the outputs */
    int64_t weights;    /* bytes of parameters and running statistics */
} Figures;

typedef struct FigureTable {
    const Graph *graph;
    Nodes nodes;     /* the layers, in the order of execution */
    Figures *layers; /* of each */
    Figures total;
    Instance *root;
    Instances instances;   /* instances_list(root) */
    Figures *of_instances; /* by Instance.id */
} FigureTable;

FigureTable *figures(Arena *arena, const Graph *g);
/* "62,378,344" or "62378344"; values are not negative. */
const char *count_text(Arena *arena, int64_t value, bool commas);
/* "7x7/2", as above; NULL for operators without a window. */
const char *window_text(Arena *arena, const Node *node);

#endif
