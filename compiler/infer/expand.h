/*
 * Control flow and sequences while infer runs: what an operator puts in the place of its node.
 * Bodies of loops are copied into the graph once for each iteration, sequences and optionals are
 * lists of the tensors that they hold (Expansion, graph.h), and values that were only handed on are
 * read where they come from. After infer the graph has tensors alone.
 */
#ifndef NETC_EXPAND_H
#define NETC_EXPAND_H

#include "infer.h"

enum {
    MOST_UNROLLED = 1 << 15, /* nodes that the loops of a network become */
    MOST_ITEMS = 1 << 10,    /* of a sequence */
};

/* ---- values ---- */

/* What a reader of t reads: t itself, or what it is the same as. Its expansion is then that of a
 * sequence or optional, or NULL. */
Tensor *expand_resolve(Tensor *t);
/* t is no tensor of its own any more. */
bool expand_is_other(const Tensor *t);
/* Output i of the node is the same as that value. False after a diagnostic, or quietly when the
 * value is poisoned. */
bool expand_bind(Infer *in, int i, Tensor *value);
/* Output i is that sequence or optional; `items` are copied. False after a diagnostic. */
bool expand_bind_list(Infer *in, int i, ExpansionKind kind, Dtype dtype, Tensor *const *items,
                      int count);
/* t stays computed, but those who read it from here on read a constant of that value. */
void expand_set_known(Graph *g, Tensor *t, const int64_t *dims, const void *data);
/* "f32[2, 3]", "a sequence of 3 f32", "an optional without a value". */
const char *expand_text(Arena *arena, const Tensor *t);

/* ---- nodes ---- */

/* A node to be given inputs and attributes, then to expand_done: its output, inferred. NULL after a
 * diagnostic. */
Node *expand_node(Infer *in, const char *op_type, int input_count);
Tensor *expand_done(Infer *in, Node *node);
Tensor *expand_ints(Infer *in, int rank, int64_t count,
                    const int64_t *values); /* a constant; rank 0 or 1 */
Tensor *expand_bool(Infer *in, bool value);
Tensor *expand_number(Infer *in, Dtype dtype,
                      double value); /* a constant of a float type, without dimensions */
Tensor *expand_zeros(Infer *in, Dtype dtype, int rank, const int64_t *dims);
Tensor *expand_reshape(Infer *in, Tensor *x, int rank, const int64_t *dims);
/* Elements from..to-1 along an axis; with `drop` (one of them) without that axis. */
Tensor *expand_take(Infer *in, Tensor *x, int axis, int64_t from, int64_t to, bool drop);
/* Tensors of one type side by side along a new axis. */
Tensor *expand_stack(Infer *in, Tensor *const *items, int count, int axis);
Tensor *expand_concat(Infer *in, Tensor *const *items, int count, int axis);
/* a where the condition (one bool) holds, else b: tensors of one shape, or lists of as many of
 * them. */
Tensor *expand_choose(Infer *in, Tensor *condition, Tensor *a, Tensor *b);
/* E0206: a condition decides between what cannot stand in one place. Always false. */
bool expand_undecided(Infer *in, const Tensor *condition, const Tensor *a, const Tensor *b);
/* A bool that is known: *value is it. */
bool expand_known(const Tensor *t, bool *value);

/* ---- bodies ---- */

typedef struct Body {
    const char *name; /* of the attribute */
    Graph *graph;
    int nodes;      /* with those of graphs in it */
    Tensor **first; /* of the first copy: its constants serve all */
    int runs;
} Body;

/* False after a diagnostic: the graph of that attribute has not so many inputs (-1: any) and
 * outputs. */
bool expand_body_of(Infer *in, const char *name, int inputs, int outputs, Body *body);
/* One run of it: its outputs, in the arena. NULL after a diagnostic, or quietly when one is
 * poisoned. */
Tensor **expand_run(Infer *in, Body *body, Tensor *const *inputs);

/* A copy of it to stay a graph: its inputs have the types of `like`, its outputs are computed
 * tensors. NULL when it cannot be inferred so; `why` says what is wrong. */
Graph *expand_keep(Infer *in, const Body *body, Tensor *const *like, Diags *why);

/* Puts a graph's nodes and tensors behind those of its outer graph g, under names that are unique
 * there. */
void expand_absorb(Graph *g, const Graph *from);
/* At the end of a graph: its outputs become tensors, one for each element of a sequence (NAME_0,
 * NAME_1, ...). */
void expand_outputs(Graph *g, Diags *diags);
/* At the end of infer: nothing of the above is left. */
void expand_forget(Graph *g);

#endif
