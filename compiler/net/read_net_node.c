/* Nodes that the .net reader appends to the graph: their attributes, the names of what they
 * compute, and inference. */
#include "read_net.h"

Node *node_new(Reader *r, Source source, const char *op_type, int since, const char *name,
               int inputs, int outputs)
{
    if (++r->node_count == NET_MAX_NODES) {
        net_error(r, "E0410", source, "the net expands to more than %d nodes", NET_MAX_NODES);
        r->stopped = true;
    }
    int version = r->top->opset > since ? r->top->opset : since;
    Node *n =
        graph_add_node(r->graph, op_type, "", version, fresh_node_name(r, name), inputs, outputs);
    n->source = source;
    return n;
}

void node_int(Reader *r, Node *node, const char *name, int64_t value)
{
    Attr *a = node_add_attr(r->graph, node, name, ATTR_INT);
    a->i = value;
}

void node_float(Reader *r, Node *node, const char *name, double value)
{
    Attr *a = node_add_attr(r->graph, node, name, ATTR_FLOAT);
    a->f = (float)value;
}

void node_text(Reader *r, Node *node, const char *name, const char *value)
{
    Attr *a = node_add_attr(r->graph, node, name, ATTR_STRING);
    a->s = (String){arena_string(r->arena, value), strlen(value)};
}

void node_ints(Reader *r, Node *node, const char *name, const int64_t *values, int count)
{
    Attr *a = node_add_attr(r->graph, node, name, ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(r->arena, values, (size_t)count * sizeof *values);
}

/* ---- outputs ---- */

static Tensor *add_output(Reader *r, Scope *s, Node *node, int i, const Naming *naming)
{
    const char *name = net_scope_tensor_name(r, s, naming, i);
    if (!name)
        name =
            fresh_tensor_name(r, i ? arena_format(r->arena, "%s.%d", node->name, i) : node->name);
    Tensor *t = graph_add_tensor(r->graph, TENSOR_VALUE, name, DT_NONE, -1, NULL);
    t->source = node->source;
    node_set_output(node, i, t);
    return t;
}

/* Inside inner graphs the types of what comes in may not be known; infer() finds them later. */
static bool inputs_inferred(const Node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] && !node->inputs[i]->expansion &&
            (node->inputs[i]->dtype == DT_NONE || node->inputs[i]->rank < 0))
            return false;
    return true;
}

static bool in_body(const Graph *g)
{
    for (; g->outer; g = g->outer)
        if (g->inputs.count) return true;
    return false;
}

/* In the body of a loop, what must be known may be so only in each of its runs: nothing is said
 * yet. */
static void infer_body_node(Reader *r, Node *node)
{
    if (infer_node(r->graph, node, diags_new(r->arena))) return;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i]) node->outputs[i]->poisoned = false;
}

/* Inference, with the trace of expansion on what it reports; a place that failed in another
 * instance stays quiet. */
static bool infer_quietly(Reader *r, Node *node)
{
    if (net_was_reported(r, node->source)) return false;
    if (in_body(r->graph)) {
        infer_body_node(r, node);
        return true;
    }
    int before = diags_count(r->diags);
    if (infer_node(r->graph, node, r->diags)) return true;
    if (diags_count(r->diags) > before) {
        net_reported(r, node->source);
        net_trace(r, diags_last(r->diags));
    }
    return false;
}

Value node_finish(Reader *r, Scope *s, Node *node, const Naming *naming)
{
    int count = node->output_count; /* inference may find more, which nobody names */
    Value *items = NEW_ARRAY(r->arena, Value, count);
    for (int i = 0; i < count; i++) {
        bool unused =
            naming->targets && i < naming->targets->count && !naming->targets->items[i].text;
        if (unused)
            items[i] = (Value){.kind = VALUE_OMITTED, .source = node->source};
        else
            items[i] = value_tensor(add_output(r, s, node, i, naming), node->source);
    }
    if (inputs_inferred(node) && !infer_quietly(r, node)) return poison;
    if (count == 1) return items[0];
    Value tuple = value_list(items, count, node->source);
    tuple.kind = VALUE_TUPLE;
    return tuple;
}
