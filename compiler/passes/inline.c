/*
 * Ifs are replaced by the nodes of their branches: of the one that is taken when the condition is
 * known; else of both, whose outputs a Where chooses from, which is the same since operators have
 * no effects. Tensors and nodes of a branch get names that are unique in the graph they move to.
 */
#include "branch.h"
#include "optimise.h"

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

static Node *add_node(Graph *g, const Node *origin, const char *op_type, int inputs, Tensor *y)
{
    enum {
        HAS_WHERE = 16
    }; /* the oldest version in which what is added here has its form and types of today */
    int version = g->opset > HAS_WHERE ? g->opset : HAS_WHERE;
    Node *n =
        graph_add_node(g, op_type, "", version, graph_unique_name(g, origin->name), inputs, 1);
    n->op = op_find("", op_type);
    n->source = origin->source;
    node_set_output(n, 0, y);
    return n;
}

/* The condition without dimensions, so that it broadcasts to any output. */
static Tensor *scalar_condition(Graph *g, const Node *n)
{
    Tensor *condition = n->inputs[0];
    int64_t none = 0;
    if (condition->rank == 0) return condition;
    Tensor *shape = graph_add_const(g, graph_unique_name(g, "scalar_shape"), DT_I64, 1, &none,
                                    arena_alloc(g->arena, 1));
    Tensor *scalar =
        graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, condition->name), DT_BOOL, 0, NULL);
    Node *reshape = add_node(g, n, "Reshape", 2, scalar);
    reshape->inputs[0] = condition;
    reshape->inputs[1] = shape;
    return scalar;
}

static const Attr *branch_of(const Node *n, const char *name)
{
    return is_op(n, "If") ? node_attr(n, name) : NULL;
}

/* Readers of outputs that known branches give read them there, where that loses no output of the
 * graph. True when there is an If to replace. */
static bool reconnect(Graph *g)
{
    bool any = false;
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        const Graph *branch = branch_taken(n);
        any |= is_op(n, "If");
        for (int k = 0; branch && k < n->output_count; k++)
            if (n->outputs[k] && !graph_is_output(g, n->outputs[k]))
                graph_replace_uses(g, n->outputs[k], branch->outputs.items[k]);
    }
    return any;
}

static void replace_known(Graph *g, const Node *n, const Graph *branch)
{
    move_tensors(g, branch);
    move_nodes(g, branch);
    for (int k = 0; k < n->output_count; k++)
        if (n->outputs[k] && graph_is_output(g, n->outputs[k]))
            add_node(g, n, "Identity", 1, n->outputs[k])->inputs[0] = branch->outputs.items[k];
}

static void replace_unknown(Graph *g, const Node *n)
{
    const Graph *then_branch = branch_of(n, "then_branch")->graph,
                *else_branch = branch_of(n, "else_branch")->graph;
    Tensor *condition = scalar_condition(g, n);
    move_tensors(g, then_branch);
    move_nodes(g, then_branch);
    move_tensors(g, else_branch);
    move_nodes(g, else_branch);
    for (int k = 0; k < n->output_count; k++) {
        if (!n->outputs[k]) continue;
        Node *where = add_node(g, n, "Where", 3, n->outputs[k]);
        where->inputs[0] = condition;
        where->inputs[1] = then_branch->outputs.items[k];
        where->inputs[2] = else_branch->outputs.items[k];
    }
}

void inline_branches(Graph *g)
{
    while (reconnect(g)) { /* until the Ifs within branches are replaced too */
        Node **old = g->nodes.items;
        int count = g->nodes.count;
        g->nodes.items = NULL;
        g->nodes.count = g->nodes.capacity = 0;
        for (int i = 0; i < count; i++) {
            const Graph *branch = branch_taken(old[i]);
            if (branch)
                replace_known(g, old[i], branch);
            else if (is_op(old[i], "If"))
                replace_unknown(g, old[i]);
            else
                LIST_PUSH(g->arena, &g->nodes, old[i]);
        }
        graph_renumber(g);
    }
}
