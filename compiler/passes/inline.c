/*
 * Ifs whose condition is not known are replaced by the nodes of both branches, whose outputs a
 * Where chooses from, which is the same since operators have no effects. Those whose condition is
 * known have left the graph when it was inferred.
 */
#include "expand.h"
#include "optimise.h"
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

static void replace(Graph *g, const Node *n)
{
    const Graph *then_branch = node_attr(n, "then_branch")->graph,
                *else_branch = node_attr(n, "else_branch")->graph;
    Tensor *condition = scalar_condition(g, n);
    expand_absorb(g, then_branch);
    expand_absorb(g, else_branch);
    for (int k = 0; k < n->output_count; k++) {
        if (!n->outputs[k]) continue;
        Node *where = add_node(g, n, "Where", 3, n->outputs[k]);
        where->inputs[0] = condition;
        where->inputs[1] = then_branch->outputs.items[k];
        where->inputs[2] = else_branch->outputs.items[k];
    }
}

static bool has_if(const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++)
        if (is_op(g->nodes.items[i], "If")) return true;
    return false;
}

void inline_branches(Graph *g)
{
    while (has_if(g)) { /* until the Ifs within branches are replaced too */
        Node **old = g->nodes.items;
        int count = g->nodes.count;
        g->nodes.items = NULL;
        g->nodes.count = g->nodes.capacity = 0;
        for (int i = 0; i < count; i++) {
            if (is_op(old[i], "If"))
                replace(g, old[i]);
            else
                LIST_PUSH(g->arena, &g->nodes, old[i]);
        }
        graph_renumber(g);
    }
}
