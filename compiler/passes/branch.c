/*
 * An If whose condition is known is replaced by the nodes of the branch it takes. Tensors and nodes of the branch get names
 * that are unique in the graph they move to; the If's outputs are read from the branch, or, where they are outputs of
 * the graph, copied by an Identity.
 */
#include "optimise.h"

static Graph *taken_branch(const Node *n)
{
    const Tensor *condition = node_input(n, 0);
    if (!is_op(n, "If") || !condition || !condition->data) return NULL;
    bool value = dtype_get_int(condition->dtype, condition->data, 0) != 0;
    const Attr *a = node_attr(n, value ? "then_branch" : "else_branch");
    return a && a->graph && a->graph->outputs.count >= n->output_count ? a->graph : NULL;
}

static void move_tensors(Graph *g, const Graph *from)
{
    for (int i = 0; i < from->tensors.count; i++) {
        Tensor *t = from->tensors.items[i];
        t->name = graph_unique_name(g, t->name);
        t->id = g->tensors.count;
        LIST_PUSH(g->arena, &g->tensors, t);
        map_set(g->by_name, t->name, t);
    }
}

static void move_nodes(Graph *g, const Graph *from)
{
    for (int i = 0; i < from->nodes.count; i++) {
        Node *n = from->nodes.items[i];
        n->name = graph_unique_name(g, n->name);
        map_set(g->node_names, n->name, n);
        LIST_PUSH(g->arena, &g->nodes, n);
        for (int a = 0; a < n->attr_count; a++)
            if (n->attrs[a].graph) n->attrs[a].graph->outer = g;
    }
}

static void copy_output(Graph *g, const Node *n, Tensor *y, Tensor *x)
{
    Node *copy = graph_add_node(g, "Identity", "", n->version, graph_unique_name(g, n->name), 1, 1);
    copy->op = op_find("", "Identity");
    copy->source = n->source;
    copy->inputs[0] = x;
    node_set_output(copy, 0, y);
}

/* Readers of the Ifs' outputs read the branches' instead. True when there is an If to replace. */
static bool reconnect(Graph *g)
{
    bool any = false;
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        const Graph *branch = taken_branch(n);
        if (!branch) continue;
        any = true;
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k] && !is_graph_output(g, n->outputs[k]))
                graph_replace_uses(g, n->outputs[k], branch->outputs.items[k]);
    }
    return any;
}

static void replace_node(Graph *g, Node *n, const Graph *branch)
{
    move_tensors(g, branch);
    move_nodes(g, branch);
    for (int k = 0; k < n->output_count; k++)
        if (n->outputs[k] && is_graph_output(g, n->outputs[k]))
            copy_output(g, n, n->outputs[k], branch->outputs.items[k]);
}

void branch_inline(Graph *g)
{
    while (reconnect(g)) { /* until the Ifs within branches are replaced too */
        Node **old = g->nodes.items;
        int count = g->nodes.count;
        g->nodes.items = NULL;
        g->nodes.count = g->nodes.capacity = 0;
        for (int i = 0; i < count; i++) {
            const Graph *branch = taken_branch(old[i]);
            if (branch) replace_node(g, old[i], branch);
            else LIST_PUSH(g->arena, &g->nodes, old[i]);
        }
        graph_renumber(g);
    }
}
