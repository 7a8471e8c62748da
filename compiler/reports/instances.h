/*
 * The tree of a network's instances, read off the names of its nodes: `layer1[0].conv` is the node
 * conv in instance [0] of layer1, `/layer1/layer1.0/conv1/Conv` (ONNX, as PyTorch names it)
 * likewise at slashes. An instance that holds one node and nothing else is that node.
 */
#ifndef NETC_INSTANCES_H
#define NETC_INSTANCES_H

#include "graph.h"

typedef struct Instance Instance;
struct Instance {
    const char *name; /* the last part of its path; the network's name at the root */
    const char *path; /* "" at the root */
    Instance *parent;
    const Node *node; /* of a leaf; else NULL */
    LIST(Instance *) children;
    int id, depth; /* id: in the order of instances_list; depth: 0 at the root */
};

typedef LIST(const Node *) Nodes;
typedef LIST(Instance *) Instances;

/* The root over these nodes, in their order. */
Instance *instances_of(Arena *arena, const char *name, const Nodes *nodes);
/* All of the tree but its root: parents before children, children in order. */
Instances instances_list(Arena *arena, Instance *root);

/* "conv1", or with its parent "layer1[0]", for an index says nothing alone. */
const char *instance_title(Arena *arena, const Instance *in);

#endif
