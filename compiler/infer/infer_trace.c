/*
 * A value that must be known at compile time and is not: what it hangs on, back through the nodes
 * that compute it, out of the graphs of control operators. When that is only inputs of the network,
 * the diagnostic names them, for `--bake` to cure it.
 */
#include "op.h"

enum { NAMED_ROOTS = 4, GRAPH_DEPTH = 64 };

/* Each tensor is looked at once, and nothing recurses over the nodes: models are deep and share. */
typedef struct Trace {
    Arena *arena;
    const Graph *graphs[GRAPH_DEPTH]; /* the node's, then those around it */
    bool *seen[GRAPH_DEPTH];          /* by the tensor's id */
    int depth;
    Tensors open, roots;
    bool curable; /* every root is an input of the network */
} Trace;

static int owner(const Trace *trace, const Tensor *t)
{
    int level = 0;
    while (level < trace->depth && !graph_owns(trace->graphs[level], t)) level++;
    return level;
}

/* True when t is unknown: it stays open, or was before. */
static bool visit(Trace *trace, const Tensor *t)
{
    if (!t || t->data) return false;
    int level = owner(trace, t);
    if (level == trace->depth) return false; /* inside a graph that a node of the trace has */
    if (!trace->seen[level][t->id]) LIST_PUSH(trace->arena, &trace->open, t);
    trace->seen[level][t->id] = true;
    return true;
}

static bool visit_inputs(Trace *trace, const Node *n, int depth)
{
    bool unknown = false;
    for (int i = 0; i < n->input_count; i++) unknown |= visit(trace, n->inputs[i]);
    for (int a = 0; a < n->attr_count && depth < GRAPH_DEPTH; a++) {
        const Graph *inner = n->attrs[a].graph; /* what it captures */
        for (int i = 0; inner && i < inner->nodes.count; i++)
            unknown |= visit_inputs(trace, inner->nodes.items[i], depth + 1);
    }
    return unknown;
}

static void add_root(Trace *trace, const Tensor *t)
{
    bool top = !trace->graphs[owner(trace, t)]->outer;
    trace->curable &= top && t->kind == TENSOR_INPUT;
    LIST_PUSH(trace->arena, &trace->roots, t);
}

static Trace trace_back(const Infer *in, const Tensor *t)
{
    Trace trace = {.arena = in->graph->arena, .curable = true};
    for (const Graph *g = in->graph; g && trace.depth < GRAPH_DEPTH; g = g->outer) {
        trace.seen[trace.depth] = NEW_ARRAY(trace.arena, bool, g->tensors.count + 1);
        trace.graphs[trace.depth++] = g;
    }
    visit(&trace, t);
    while (trace.open.count) {
        const Tensor *x = trace.open.items[--trace.open.count];
        if (x->kind != TENSOR_VALUE || !x->producer || !visit_inputs(&trace, x->producer, 0))
            add_root(&trace, x);
    }
    return trace;
}

static void help_baking(Diagnostic *d, const Trace *trace)
{
    Text options = {0};
    for (int i = 0; i < trace->roots.count; i++) {
        const char *name = trace->roots.items[i]->name;
        diag_needs_input(d, name);
        if (i < NAMED_ROOTS) text_add(&options, "%s--bake %s=FILE", i ? " " : "", name);
    }
    diag_help(d, "%s%s makes %s of the network", options.data,
              trace->roots.count > NAMED_ROOTS ? " ..." : "",
              trace->roots.count > 1 ? "them constants" : "it a constant");
    text_free(&options);
}

bool infer_unknown(Infer *in, int i)
{
    const Tensor *t = node_input(in->node, i);
    const Slot *slot = op_input(in->node->op, in->node->version, i);
    const char *what = slot ? slot->name : "input";
    if (!t)
        return infer_error(in, "E0206", "the %s is left out; it must be known at compile time",
                           what);
    infer_error(in, "E0206", "the %s '%s' must be known at compile time", what, t->name);
    Diagnostic *d = infer_last_error(in);
    Trace trace = trace_back(in, t);
    for (int k = 0; k < trace.roots.count && k < NAMED_ROOTS; k++)
        if (trace.roots.items[k] != t)
            diag_note(d, "it depends on '%s', which %s", trace.roots.items[k]->name,
                      infer_origin(in, trace.roots.items[k]));
    if (trace.curable && trace.roots.count) help_baking(d, &trace);
    return false;
}
