/*
 * Gradient: the derivatives of a tensor `y` by the tensors `xs`, at the values that its inputs give
 * for `xs` and `zs`. The nodes between are run backwards, each by the rule of its operator
 * (gradient.h); where an input gives another value than the tensor has that it stands for, the
 * nodes that depend on it are computed again.
 */
#include "gradient.h"
#include "row.h"

typedef struct Path {
    Infer *in;
    Arena *arena;
    int nodes, tensors; /* of the graph before anything is added */
    bool *leads;        /* by tensor: y depends on it */
    bool *active;       /* by tensor: it depends on one of xs or zs */
    Tensor **value;     /* by tensor: what stands in its place; NULL: itself */
    LIST(const Node *) list;
    Map *live; /* by name: depends on one of xs, so something comes back to it */
    Map *sums; /* what has come back to a tensor, by its name (Tensor *) */
} Path;

static Tensor *value_of(const Path *p, Tensor *t)
{
    return t && t->id < p->tensors && p->value[t->id] ? p->value[t->id] : t;
}

/* The tensor of a name in an attribute; NULL after a diagnostic. */
static Tensor *named(Infer *in, const char *what, const char *name)
{
    Tensor *t = expand_resolve(graph_find(in->graph, name));
    if (!t || t->rank < 0 || t->poisoned) {
        infer_error(in, "E0306", "%s names '%s', which is no tensor of the graph before this node",
                    what, name);
        return NULL;
    }
    return t;
}

/* ---- the nodes between ---- */

static void find_leading(Path *p, const Tensor *y)
{
    const Graph *g = p->in->graph;
    p->leads[y->id] = true;
    for (int i = p->nodes - 1; i >= 0; i--) {
        const Node *n = g->nodes.items[i];
        bool leads = false;
        for (int k = 0; k < n->output_count; k++)
            leads |= n->outputs[k] && p->leads[n->outputs[k]->id];
        for (int k = 0; leads && k < n->input_count; k++)
            if (n->inputs[k]) p->leads[n->inputs[k]->id] = true;
    }
}

/* The node once more, of the values in the place of its inputs. */
static bool compute_again(Path *p, const Node *n)
{
    Node *copy = expand_node(p->in, n->op_type, n->input_count);
    const Graph *g = p->in->graph;
    copy->domain = n->domain;
    copy->version = n->version;
    copy->op = n->op;
    copy->attrs = n->attrs;
    copy->attr_count = n->attr_count;
    copy->outputs = NEW_ARRAY(p->arena, Tensor *, n->output_count);
    copy->output_count = n->output_count;
    for (int k = 0; k < n->input_count; k++) copy->inputs[k] = value_of(p, n->inputs[k]);
    for (int k = 0; k < n->output_count; k++) {
        if (!n->outputs[k]) continue;
        const char *name = graph_unique_name(g, n->outputs[k]->name);
        Tensor *t = graph_add_tensor(p->in->graph, TENSOR_VALUE, name, DT_NONE, -1, NULL);
        node_set_output(copy, k, t);
    }
    if (!infer_append(p->in->graph, copy, p->in->diags)) return false;
    for (int k = 0; k < n->output_count; k++)
        if (n->outputs[k]) p->value[n->outputs[k]->id] = expand_resolve(copy->outputs[k]);
    LIST_PUSH(p->arena, &p->list, copy);
    return true;
}

static bool collect(Path *p)
{
    Graph *g = p->in->graph;
    for (int i = 0; i < p->nodes; i++) {
        const Node *n = g->nodes.items[i];
        bool leads = false, active = false, other = false;
        for (int k = 0; k < n->output_count; k++)
            leads |= n->outputs[k] && p->leads[n->outputs[k]->id];
        for (int k = 0; k < n->input_count; k++) {
            if (!n->inputs[k]) continue;
            active |= p->active[n->inputs[k]->id];
            other |= value_of(p, n->inputs[k]) != n->inputs[k];
        }
        if (!leads || !active) continue;
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) p->active[n->outputs[k]->id] = true;
        if (other && !compute_again(p, n)) return false;
        if (!other) LIST_PUSH(p->arena, &p->list, n);
    }
    return true;
}

/* ---- backwards ---- */

static Tensor *coming(const Path *p, const Tensor *t)
{
    return t ? map_get(p->sums, t->name) : NULL;
}

static bool add_coming(Path *p, Gradient *g, const Tensor *to, Tensor *what)
{
    Tensor *before = coming(p, to), *all = before ? gradient_2(g, "Add", before, what) : what;
    if (all) map_set(p->sums, to->name, all);
    return all != NULL;
}

static void mark_live(Path *p)
{
    for (int i = 0; i < p->list.count; i++) {
        const Node *n = p->list.items[i];
        bool live = false;
        for (int k = 0; k < n->input_count; k++)
            live |= n->inputs[k] && map_get(p->live, n->inputs[k]->name);
        for (int k = 0; live && k < n->output_count; k++)
            if (n->outputs[k]) map_set(p->live, n->outputs[k]->name, n->outputs[k]);
    }
}

static bool step_back(Path *p, const Node *n)
{
    Tensor **dy = NEW_ARRAY(p->arena, Tensor *, n->output_count + 1),
           **dx = NEW_ARRAY(p->arena, Tensor *, n->input_count + 1);
    bool *wanted = NEW_ARRAY(p->arena, bool, n->input_count + 1), any = false, live = false;
    for (int k = 0; k < n->output_count; k++) any |= (dy[k] = coming(p, n->outputs[k])) != NULL;
    for (int k = 0; k < n->output_count; k++)
        live |= n->outputs[k] && map_get(p->live, n->outputs[k]->name);
    if (!any || !live) return true;
    for (int k = 0; k < n->input_count; k++)
        wanted[k] = n->inputs[k] && dtype_is_float(n->inputs[k]->dtype) &&
                    map_get(p->live, n->inputs[k]->name);
    Gradient g = {p->in, n, dy, wanted, dx};
    if (!gradient_of(&g)) return false;
    for (int k = 0; k < n->input_count; k++)
        if (dx[k] && !add_coming(p, &g, n->inputs[k], dx[k])) return false;
    return true;
}

/* Ones for y itself, then every node from the last to the first. */
static bool run_back(Path *p, Tensor *y)
{
    Gradient g = {.in = p->in};
    Tensor *one = expand_number(p->in, y->dtype, 1);
    if (y->rank) one = gradient_2(&g, "Expand", one, expand_ints(p->in, 1, y->rank, y->dims));
    if (!one) return false;
    map_set(p->sums, y->name, one);
    mark_live(p);
    for (int i = p->list.count - 1; i >= 0; i--)
        if (!step_back(p, p->list.items[i])) return false;
    return true;
}

/* ---- the node ---- */

/* The inputs stand for the tensors of xs, then of zs. */
static bool bind_names(Path *p, const char *what, const Attr *names, int first)
{
    Infer *in = p->in;
    for (int i = 0; names && i < names->count; i++) {
        Tensor *t = named(in, what, names->strings[i].data), *x = node_input(in->node, first + i);
        if (!t) return false;
        if (!x || x->dtype != t->dtype || x->rank != t->rank ||
            memcmp(x->dims, t->dims, (size_t)x->rank * sizeof *x->dims) != 0)
            return infer_error(in, "E0201", "input %d is %s, but '%s', for which it stands, is %s",
                               first + i, x ? tensor_type_text(p->arena, x) : "omitted", t->name,
                               tensor_type_text(p->arena, t));
        p->active[t->id] = true;
        p->value[t->id] = x;
        if (first == 0) map_set(p->live, x->name, x);
    }
    return true;
}

static bool bind_outputs(Path *p, int count)
{
    Gradient g = {.in = p->in};
    for (int i = 0; i < count; i++) {
        Tensor *x = p->in->node->inputs[i], *dx = coming(p, x);
        if (!dx) dx = gradient_zeros(&g, x);
        if (!dx || !expand_bind(p->in, i, dx)) return false;
    }
    return true;
}

static bool infer_gradient(Infer *in)
{
    const Attr *xs = node_attr(in->node, "xs"), *zs = node_attr(in->node, "zs");
    Tensor *y = named(in, "y", attr_text(in->node, "y"));
    Graph *g = in->graph;
    if (!y) return false;
    if (!dtype_is_float(y->dtype))
        return infer_error(in, "E0202", "'%s' is %s; only floats have derivatives", y->name,
                           dtype_name(y->dtype));
    if (in->node->input_count != xs->count + (zs ? zs->count : 0) ||
        in->node->output_count > xs->count)
        return infer_error(in, "E0305",
                           "an input for each name in xs and zs is wanted, and an "
                           "output for each in xs");
    Path p = {.in = in, .arena = g->arena, .nodes = g->nodes.count, .tensors = g->tensors.count};
    p.leads = NEW_ARRAY(p.arena, bool, p.tensors);
    p.active = NEW_ARRAY(p.arena, bool, p.tensors);
    p.value = NEW_ARRAY(p.arena, Tensor *, p.tensors);
    p.sums = map_new(p.arena);
    p.live = map_new(p.arena);
    if (!bind_names(&p, "xs", xs, 0) || !bind_names(&p, "zs", zs, xs->count)) return false;
    find_leading(&p, y);
    return collect(&p) && run_back(&p, value_of(&p, y)) && bind_outputs(&p, xs->count);
}

#define REAL (TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_F16))

const Op ops_gradient[] = {
    {.name = "Gradient",
     .domain = "ai.onnx.preview.training",
     .doc = "The derivatives of a tensor by others that it is computed from.",
     VERSIONS(1),
     INPUTS(SLOT("Inputs", ANY_NO_BF16, NULL, .variadic = true)),
     OUTPUTS(SLOT("Outputs", REAL, NULL, .variadic = true)),
     ATTRS(ATTR("xs", STRINGS, .required = true), ATTR("zs", STRINGS),
           ATTR("y", STRING, .required = true)),
     .infer = infer_gradient},
    {0},
};
