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

static Tensor *negated(Graph *g, const Node *origin, Tensor *condition)
{
    Tensor *t = graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, condition->name), DT_BOOL,
                                 condition->rank, condition->dims);
    add_node(g, origin, "Not", 1, t)->inputs[0] = condition;
    return t;
}

static bool has_loop(const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++)
        if (is_op(g->nodes.items[i], "Loop")) return true;
    return false;
}

/* The last node comes before the one at `at`. */
static void move_last(Graph *g, int at)
{
    Node *last = g->nodes.items[g->nodes.count - 1];
    for (int i = g->nodes.count - 1; i > at; i--) g->nodes.items[i] = g->nodes.items[i - 1];
    g->nodes.items[at] = last;
}

/* The condition of a loop, and `taken`. */
static Tensor *both(Graph *branch, const Node *origin, Tensor *own, Tensor *taken, int at)
{
    Tensor *t = graph_add_tensor(branch, TENSOR_VALUE, graph_unique_name(branch, own->name),
                                 DT_BOOL, own->rank, own->dims);
    Node *n = add_node(branch, origin, "And", 2, t);
    n->inputs[0] = own, n->inputs[1] = taken;
    move_last(branch, at);
    return t;
}

/* A loop of a branch runs only where the branch is taken: it need not end elsewhere. */
static void guard_loops(Graph *branch, const Node *origin, Tensor *taken)
{
    for (int i = 0; i < branch->nodes.count; i++) {
        Node *loop = branch->nodes.items[i];
        if (!is_op(loop, "Loop")) continue;
        Tensor *own = node_input(loop, 1);
        int count = loop->input_count > 2 ? loop->input_count : 2;
        Tensor **inputs = NEW_ARRAY(branch->arena, Tensor *, count);
        memcpy(inputs, loop->inputs, (size_t)loop->input_count * sizeof *inputs);
        inputs[1] = own ? both(branch, origin, own, taken, i++) : taken;
        loop->inputs = inputs;
        loop->input_count = count;
    }
}

static void replace(Graph *g, const Node *n)
{
    Graph *then_branch = node_attr(n, "then_branch")->graph,
          *else_branch = node_attr(n, "else_branch")->graph;
    Tensor *condition = scalar_condition(g, n);
    if (has_loop(then_branch)) guard_loops(then_branch, n, condition);
    if (has_loop(else_branch)) guard_loops(else_branch, n, negated(g, n, condition));
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
    for (int i = 0; i < g->nodes.count; i++) /* and those in loops */
        if (is_op(g->nodes.items[i], "Loop"))
            inline_branches(node_attr(g->nodes.items[i], "body")->graph);
}
