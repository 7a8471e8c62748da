/*
 * Constant folding: nodes whose inputs all have data are evaluated through their definitions and
 * the interpreter. A reshaped constant shares its bytes. What would take too much work, or make
 * little into much, is left for run time.
 */
#include "evaluate.h"
#include "optimise.h"

/* Element operations for a graph: a few seconds of work, enough to move or convert the weights of a
 * large model. */
static const int64_t graph_budget = 2000000000;

/* What a node may make of its inputs' bytes (4-bit weights become floats), and what it always may.
 */
enum { MOST_GROWTH = 8, SMALL_BYTES = 1 << 20 };

static size_t bytes_of(Tensor *const *list, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        if (list[i]) bytes += dtype_bytes(list[i]->dtype, tensor_elements(list[i]));
    return bytes;
}

static bool has_subgraph(const Node *n)
{
    for (int i = 0; i < n->attr_count; i++)
        if (n->attrs[i].graph) return true;
    return false;
}

static bool is_known(const Node *n)
{
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && !n->inputs[i]->data) return false;
    return !has_subgraph(n);
}

/* An expansion is cheaper as an index map than as bytes. */
static bool is_worthwhile(const Node *n)
{
    size_t out = bytes_of(n->outputs, n->output_count), in = bytes_of(n->inputs, n->input_count);
    return out <= SMALL_BYTES || out / MOST_GROWTH <= in;
}

/* The same bytes under another shape. */
static bool is_reshape(const Node *n)
{
    static const char *const names[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (is_op(n, names[i])) return true;
    return false;
}

static bool evaluate(Graph *g, const Node *n, int64_t *budget, const void **data)
{
    if (is_reshape(n)) {
        data[0] = n->inputs[0]->data;
        return true;
    }
    return is_worthwhile(n) && evaluate_node(g, n, budget, data);
}

/* An output of the graph is still produced: by a copy of a constant. True when the node is no
 * longer needed. */
static bool make_constant(Graph *g, Node *n, const void *const *data)
{
    Tensor *y = node_output(n, 0);
    if (n->output_count == 1 && graph_is_output(g, y)) {
        const char *name = graph_unique_name(g, arena_format(g->arena, "%s.value", y->name));
        n->op_type = "Identity";
        n->domain = "";
        n->version = g->opset;
        n->op = op_find("", "Identity");
        n->attr_count = 0;
        n->input_count = 1;
        n->inputs = NEW(g->arena, Tensor *);
        n->inputs[0] = graph_add_const(g, name, y->dtype, y->rank, y->dims, data[0]);
        return false;
    }
    for (int i = 0; i < n->output_count; i++) {
        Tensor *t = n->outputs[i];
        if (!t) continue;
        t->kind = TENSOR_CONST;
        t->producer = NULL;
        t->data = data[i];
    }
    return true;
}

/* Several outputs, one of them the graph's, or a copy already. */
static bool must_stay(const Graph *g, const Node *n)
{
    bool output = false;
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i] && graph_is_output(g, n->outputs[i])) output = true;
    return output && (n->output_count > 1 || is_op(n, "Identity"));
}

void fold_constants(Graph *g)
{
    int64_t budget = graph_budget;
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        const void **data = NEW_ARRAY(g->arena, const void *, n->output_count + 1);
        if (is_known(n) && !must_stay(g, n) && evaluate(g, n, &budget, data))
            drop[i] = make_constant(g, n, data);
    }
    graph_remove_nodes(g, drop);
}
