/* From tensors to arcs between layers, and closing instances without making circles. */
#include "flow.h"

static int *leaves_by_node(Arena *arena, const FigureTable *t)
{
    int *leaves = NEW_ARRAY(arena, int, t->graph->nodes.count + 1);
    for (int n = 0; n < t->graph->nodes.count; n++) leaves[n] = -1;
    for (int i = 0; i < t->instances.count; i++)
        if (t->instances.items[i]->node) leaves[t->instances.items[i]->node->id] = i;
    return leaves;
}

/* `from` has by tensor id where it comes from, as an end of arcs; -1: from nowhere. */
static void read_tensor(Arena *arena, Flow *f, const Tensor *t, int leaf, const int *from,
                        int *comes)
{
    if (!t || !graph_owns(f->table->graph, t) || from[t->id] < 0) return;
    Arc arc = {from[t->id], leaf};
    if (leaf < 0)
        *comes = arc.from;
    else
        LIST_PUSH(arena, &f->arcs, arc);
}

/* What the bodies of a node read from the graph around them. */
static void read_captured(Arena *arena, Flow *f, const Node *node, int leaf, const int *from,
                          int *comes)
{
    for (int a = 0; a < node->attr_count; a++) {
        const Graph *body = node->attrs[a].graph;
        for (int n = 0; body && n < body->nodes.count; n++) {
            const Node *inner = body->nodes.items[n];
            for (int i = 0; i < inner->input_count; i++)
                read_tensor(arena, f, inner->inputs[i], leaf, from, comes);
            read_captured(arena, f, inner, leaf, from, comes);
        }
        for (int i = 0; body && i < body->outputs.count; i++)
            read_tensor(arena, f, body->outputs.items[i], leaf, from, comes);
    }
}

static void pass(Arena *arena, Flow *f, const Node *node, int *from)
{
    int leaf = f->leaves[node->id], comes = leaf;
    for (int i = 0; i < node->input_count; i++)
        read_tensor(arena, f, node->inputs[i], leaf, from, &comes);
    read_captured(arena, f, node, leaf, from, &comes);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i]) from[node->outputs[i]->id] = comes;
}

Flow flow_of(Arena *arena, const FigureTable *t)
{
    Flow f = {.table = t, .leaves = leaves_by_node(arena, t)};
    const Graph *g = t->graph;
    int *from = NEW_ARRAY(arena, int, g->tensors.count + 1);
    for (int i = 0; i < g->tensors.count; i++) from[i] = -1;
    for (int i = 0; i < g->inputs.count; i++) from[g->inputs.items[i]->id] = flow_input(t, i);
    for (int n = 0; n < g->nodes.count; n++) pass(arena, &f, g->nodes.items[n], from);
    for (int i = 0; i < g->outputs.count; i++) {
        Arc arc = {from[g->outputs.items[i]->id], flow_output(t, i)};
        if (arc.from >= 0) LIST_PUSH(arena, &f.arcs, arc);
    }
    return f;
}

static void close(const FigureTable *t, int depth, const bool *open, int *drawn)
{
    for (int i = 0; i < t->instances.count; i++) { /* parents before children */
        const Instance *parent = t->instances.items[i]->parent;
        drawn[i] = i;
        if (!parent->depth) continue;
        bool closed = depth && parent->depth >= depth && !open[parent->id];
        if (closed || drawn[parent->id] != parent->id) drawn[i] = drawn[parent->id];
    }
}

/* Opens what is on a circle; false when nothing is. */
static bool open_circles(const Flow *f, const int *drawn, bool *open)
{
    Arena *arena = arena_new();
    const FigureTable *t = f->table;
    Arc *arcs = NEW_ARRAY(arena, Arc, f->arcs.count);
    int count = 0;
    for (int i = 0; i < f->arcs.count; i++) {
        Arc a = f->arcs.items[i];
        if (a.from >= t->instances.count || a.to >= t->instances.count) continue;
        if (drawn[a.from] != drawn[a.to]) arcs[count++] = (Arc){drawn[a.from], drawn[a.to]};
    }
    const bool *found = on_circle(arena, t->instances.count, arcs, count);
    bool more = false;
    for (int i = 0; i < t->instances.count; i++)
        if (found[i] && !t->instances.items[i]->node) open[i] = more = true;
    arena_free(arena);
    return more;
}

int *flow_closed(Arena *arena, const Flow *f, int depth, bool *open)
{
    int *drawn = NEW_ARRAY(arena, int, f->table->instances.count + 1);
    do close(f->table, depth, open, drawn);
    while (depth && open_circles(f, drawn, open));
    return drawn;
}
