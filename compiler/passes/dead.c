/* Drops nodes that no output depends on, optional outputs that nobody reads, and tensors that
 * nothing names any more. */
#include "optimise.h"

/* Marks what a node reads, in its subgraphs too. */
static void mark_reads(const Graph *g, const Node *n, bool *live)
{
    for (int i = 0; i < n->input_count; i++)
        if (graph_owns(g, n->inputs[i])) live[n->inputs[i]->id] = true;
    for (int a = 0; a < n->attr_count; a++) {
        const Graph *inner = n->attrs[a].graph;
        for (int k = 0; inner && k < inner->nodes.count; k++)
            mark_reads(g, inner->nodes.items[k], live);
        for (int k = 0; inner && k < inner->outputs.count; k++)
            if (graph_owns(g, inner->outputs.items[k])) live[inner->outputs.items[k]->id] = true;
    }
}

static bool is_live(const Node *n, const bool *live)
{
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i] && live[n->outputs[i]->id]) return true;
    return false;
}

static void drop_unread_outputs(Node *n, const bool *live)
{
    for (int i = 1; i < n->output_count; i++) {
        const Slot *s = n->op ? op_output(n->op, n->version, i) : NULL;
        if (n->outputs[i] && !live[n->outputs[i]->id] && s && s->optional) n->outputs[i] = NULL;
    }
}

static void keep_live_tensors(Graph *g, const bool *live)
{
    int kept = 0;
    g->by_name = map_new(g->arena);
    for (int i = 0; i < g->tensors.count; i++) {
        Tensor *t = g->tensors.items[i];
        if (!live[i]) continue;
        map_set(g->by_name, t->name, t);
        g->tensors.items[kept++] = t;
    }
    g->tensors.count = kept;
    graph_renumber(g);
}

void dead_remove(Graph *g)
{
    bool *live = NEW_ARRAY(g->arena, bool, g->tensors.count + 1);
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    for (int i = 0; i < g->inputs.count; i++) live[g->inputs.items[i]->id] = true;
    for (int i = 0; i < g->outputs.count; i++)
        if (graph_owns(g, g->outputs.items[i])) live[g->outputs.items[i]->id] = true;
    for (int i = g->nodes.count - 1; i >= 0; i--) {
        Node *n = g->nodes.items[i];
        drop[i] = !is_live(n, live);
        if (drop[i]) continue;
        drop_unread_outputs(n, live);
        mark_reads(g, n, live);
    }
    graph_remove_nodes(g, drop);
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) live[n->outputs[k]->id] = true;
    }
    keep_live_tensors(g, live);
}
