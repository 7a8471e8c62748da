/*
 * In: the nodes of a graph or function body. Out: an order in which each comes after those whose
 * values it reads, directly or from inside its subgraphs. ONNX asks for that order, but not every
 * exporter keeps it; a cycle is reported with its nodes.
 */
#include "read_onnx.h"

typedef LIST(int) Ints;

typedef struct Sorter {
    Reader *r;
    Map *producers; /* by value name: index of its node, from 1 */
    Ints *needs;    /* of each node: the nodes it reads from */
    Onnx__NodeProto *const *nodes;
} Sorter;

/* The names that subgraphs around the place define themselves. */
typedef struct Locals {
    const struct Locals *outer;
    Map *names;
} Locals;

static void add_need(Sorter *s, int node, const char *name, const Locals *locals)
{
    for (; locals; locals = locals->outer)
        if (map_get(locals->names, name)) return;
    intptr_t producer = (intptr_t)map_get(s->producers, name);
    if (producer) LIST_PUSH(s->r->scratch, &s->needs[node], (int)producer - 1);
}

static void add_local(const Locals *locals, const char *name)
{
    if (name && *name) map_set(locals->names, name, locals->names);
}

static void graph_needs(Sorter *s, int node, const Onnx__GraphProto *g, const Locals *outer);

static void node_needs(Sorter *s, int node, const Onnx__NodeProto *n, const Locals *locals)
{
    for (size_t i = 0; i < n->n_input; i++) add_need(s, node, n->input[i], locals);
    for (size_t a = 0; a < n->n_attribute; a++) {
        if (n->attribute[a]->g) graph_needs(s, node, n->attribute[a]->g, locals);
        for (size_t i = 0; i < n->attribute[a]->n_graphs; i++)
            graph_needs(s, node, n->attribute[a]->graphs[i], locals);
    }
}

static void graph_needs(Sorter *s, int node, const Onnx__GraphProto *g, const Locals *outer)
{
    Locals locals = {outer, map_new(s->r->scratch)};
    for (size_t i = 0; i < g->n_input; i++) add_local(&locals, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++) add_local(&locals, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++) add_local(&locals, g->node[i]->output[k]);
    for (size_t i = 0; i < g->n_node; i++) node_needs(s, node, g->node[i], &locals);
    for (size_t i = 0; i < g->n_output; i++)
        if (g->output[i]->name) add_need(s, node, g->output[i]->name, &locals);
}

static const char *node_text(Sorter *s, int i)
{
    const char *name = text_or_empty(s->nodes[i]->name);
    return *name ? arena_format(s->r->scratch, "'%s'", name)
                 : arena_format(s->r->scratch, "%d (%s)", i, text_or_empty(s->nodes[i]->op_type));
}

/* stack[from..depth) reads from each other in a circle: each needs the one after it. */
static void report_cycle(Sorter *s, const int *stack, int from, int depth)
{
    enum { SHOWN = 12 };
    Text text = {0};
    for (int i = depth; i-- > from;) {
        if (depth - i <= SHOWN)
            text_add(&text, "%s -> ", node_text(s, stack[i]));
        else if (depth - i == SHOWN + 1)
            text_add(&text, "... -> ");
    }
    Source where = element(s->r, "node %s", node_text(s, stack[depth - 1]));
    read_error(s->r, "E0109", where, "%d node%s in a cycle: %s%s", depth - from,
               depth - from > 1 ? "s" : "", text.data, node_text(s, stack[depth - 1]));
    text_free(&text);
}

enum { NEW_NODE, OPEN_NODE, DONE_NODE };

/* Depth first from node `start`, with a stack of our own: a chain may be as long as the model. */
static bool visit(Sorter *s, int start, char *state, int *stack, int *next, int *order, int *placed)
{
    int depth = 0;
    stack[depth++] = start;
    state[start] = OPEN_NODE;
    while (depth) {
        int node = stack[depth - 1];
        if (next[node] == s->needs[node].count) {
            state[node] = DONE_NODE;
            order[(*placed)++] = node;
            depth--;
            continue;
        }
        int need = s->needs[node].items[next[node]++];
        if (state[need] == OPEN_NODE) {
            int from = depth - 1;
            while (stack[from] != need) from--;
            report_cycle(s, stack, from, depth);
            return false;
        }
        if (state[need] == NEW_NODE) {
            state[need] = OPEN_NODE;
            stack[depth++] = need;
        }
    }
    return true;
}

const int *sort_nodes(Reader *r, Onnx__NodeProto *const *nodes, size_t count)
{
    Sorter s = {.r = r,
                .producers = map_new(r->scratch),
                .needs = NEW_ARRAY(r->scratch, Ints, count),
                .nodes = nodes};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < nodes[i]->n_output; k++)
            if (*nodes[i]->output[k] && !map_get(s.producers, nodes[i]->output[k]))
                map_set(s.producers, nodes[i]->output[k], (void *)(intptr_t)(i + 1));
    for (size_t i = 0; i < count; i++) node_needs(&s, (int)i, nodes[i], NULL);
    char *state = NEW_ARRAY(r->scratch, char, count);
    int *stack = NEW_ARRAY(r->scratch, int, count), *next = NEW_ARRAY(r->scratch, int, count);
    int *order = NEW_ARRAY(r->scratch, int, count), placed = 0;
    for (size_t i = 0; i < count; i++)
        if (state[i] == NEW_NODE && !visit(&s, (int)i, state, stack, next, order, &placed))
            return NULL;
    return order;
}
