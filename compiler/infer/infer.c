/*
 * Types and shapes: walks the graph in order, checks each node against its operator's schema
 * (infer_schema.c), lets the operator set its outputs, and computes on the way what shapes hang on,
 * so that Shape-Gather-Concat chains are constants by the time a Reshape needs them. One diagnostic
 * a mistake: what depends on a refused node stays quiet.
 */
#include "infer.h"

#include "evaluate.h"
#include "expand.h"
#include "extents.h"
#include "missing.h"

/* ---- unknown operators: all of them at once ---- */

enum { NAMED_NODES = 4 };
typedef struct Unknown {
    const Node *first;
    int uses;
    Text nodes;
} Unknown;

static const char *full_name(Arena *arena, const Node *n)
{
    return *n->domain ? arena_format(arena, "%s.%s", n->domain, n->op_type) : n->op_type;
}

static const char *nearest_operator(const char *name)
{
    const char *names[1024];
    int count = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name && count < (int)COUNT(names); op++)
            names[count++] = op->name;
    return nearest_name(name, names, count);
}

/* What is wrong, when it is one operator. */
static const char *unknown_text(Arena *arena, const Node *n)
{
    const MissingOp *missing = missing_find(n->domain, n->op_type);
    return missing ? arena_format(arena, "the operator '%s' is known, but not supported: %s",
                                  full_name(arena, n), missing->reason)
                   : arena_format(arena, "the operator '%s' is unknown", full_name(arena, n));
}

static void report_unknown(Arena *arena, Diags *diags, Unknown *const *order, int count)
{
    if (!count) return;
    const char *what =
        count == 1 ? unknown_text(arena, order[0]->first)
                   : arena_format(arena, "%d operators are unknown or not supported", count);
    Diagnostic *d = diag_error(diags, "E0301", order[0]->first->source, "%s", what);
    for (int i = 0; i < count; i++) {
        Unknown *u = order[i];
        const MissingOp *missing = missing_find(u->first->domain, u->first->op_type);
        const char *near = missing ? NULL : nearest_operator(u->first->op_type);
        diag_note(d, "'%s' is used by %s%s", full_name(arena, u->first), u->nodes.data,
                  u->uses > NAMED_NODES ? arena_format(arena, " and %d more", u->uses - NAMED_NODES)
                                        : "");
        if (missing && count > 1)
            diag_note(d, "'%s' is not supported: %s", full_name(arena, u->first), missing->reason);
        if (near)
            diag_help(d, "did you mean '%s' instead of '%s'?", near, full_name(arena, u->first));
        text_free(&u->nodes);
    }
}

/* Collected over subgraphs as well. */
typedef struct Search {
    Arena *arena;
    Map *seen;
    LIST(Unknown *) order;
} Search;

static Unknown *unknown_of(Search *s, const Node *n)
{
    const char *name = full_name(s->arena, n);
    Unknown *u = map_get(s->seen, name);
    if (u) return u;
    u = NEW(s->arena, Unknown);
    u->first = n;
    map_set(s->seen, name, u);
    LIST_PUSH(s->arena, &s->order, u);
    return u;
}

static void find_operators(Graph *g, Search *s);

static void find_node_operators(Node *n, Search *s)
{
    n->op = op_find(n->domain, n->op_type);
    for (int a = 0; a < n->attr_count; a++)
        if (n->attrs[a].graph) find_operators(n->attrs[a].graph, s);
    if (n->op) return;
    Unknown *u = unknown_of(s, n);
    if (u->uses++ < NAMED_NODES)
        text_add(&u->nodes, "%snode %d '%s'", u->uses > 1 ? ", " : "", n->id, n->name);
}

static void find_operators(Graph *g, Search *s)
{
    for (int i = 0; i < g->nodes.count; i++) find_node_operators(g->nodes.items[i], s);
}

static void find_all_operators(Graph *g, Diags *diags)
{
    Search s = {.arena = g->arena, .seen = map_new(g->arena)};
    find_operators(g, &s);
    report_unknown(g->arena, diags, s.order.items, s.order.count);
}

/* ---- constants that shapes hang on ---- */

enum { SHAPE_ELEMENTS = 1 << 12, SHAPE_WORK = 1 << 16 };

static bool is_small(const Node *n)
{
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i] && tensor_elements(n->outputs[i]) > SHAPE_ELEMENTS) return false;
    return true;
}

/* Reads only what is known, or reads nothing but shapes. */
static bool may_be_known(const Node *n)
{
    if (extents_varying(n)) return false;
    if (strcmp(n->op_type, "Shape") == 0 || strcmp(n->op_type, "Size") == 0) return true;
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && (!n->inputs[i]->data || n->inputs[i]->varied)) return false;
    return true;
}

/* What a Gradient names stays, and all that is computed from it. */
static void mark_named(const Graph *g, const Attr *names)
{
    for (int i = 0; names && i < names->count; i++) {
        Tensor *t = graph_find(g, names->strings[i].data);
        if (t) t->varied = true;
    }
}

static void mark_varied(const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        if (strcmp(n->op_type, "Gradient") != 0) continue;
        mark_named(g, node_attr(n, "xs"));
        mark_named(g, node_attr(n, "zs"));
    }
}

static void hand_on_varied(const Node *n)
{
    bool varied = false;
    for (int i = 0; i < n->input_count; i++) varied |= n->inputs[i] && n->inputs[i]->varied;
    for (int i = 0; varied && i < n->output_count; i++)
        if (n->outputs[i]) n->outputs[i]->varied = true;
}

/* An output of the network, also of one that is still being built; a branch's may be constants. */
static bool stays_computed(const Graph *g, const Tensor *t)
{
    if (g->outer) return false;
    return graph_is_output(g, t) || (g->output_names && map_get(g->output_names, t->name));
}

/* Outputs become constants; the graph's own outputs stay computed, with a constant beside them for
 * the nodes to come. True when the node is no longer needed. */
/* The constant that an output becomes: of the exact shape where bounds stood. */
typedef struct Exact {
    int64_t dims[MAX_RANK];
    const void *data;
} Exact;

static Exact exact_of(Graph *g, const Node *n, const Tensor *t, const void *const *data, int i)
{
    Exact e = {.data = data[i]};
    int64_t extents[MAX_RANK];
    if (t->rank) memcpy(e.dims, t->dims, (size_t)t->rank * sizeof *t->dims);
    if (!tensor_varies(t)) return e;
    for (int d = 0; d < t->rank; d++) {
        const Tensor *extent = extents_at(t, d);
        const void *value = extent ? extent->data : NULL;
        for (int k = 0; k < n->output_count; k++)
            if (extent && n->outputs[k] == extent) value = data[k];
        assert(!extent || value);
        extents[d] = extent ? max64(dtype_get_int(DT_I64, value, 0), 0) : -1;
    }
    extents_exact(g->arena, t, extents, e.dims, &e.data);
    return e;
}

static bool make_constant(Graph *g, Node *n, const void *const *data)
{
    bool needed = false;
    for (int i = 0; i < n->output_count; i++)
        needed |= n->outputs[i] && stays_computed(g, n->outputs[i]);
    for (int i = 0; i < n->output_count; i++) {
        Tensor *t = n->outputs[i];
        if (!t) continue;
        Exact exact = exact_of(g, n, t, data, i);
        if (needed) {
            expand_set_known(g, t, exact.dims, exact.data);
            continue;
        }
        const Tensor *same = strcmp(n->op_type, "Identity") == 0 ? n->inputs[0] : NULL;
        t->kind = same ? same->kind : TENSOR_CONST; /* a learned parameter stays one */
        t->trainable = same && same->trainable;
        t->producer = NULL;
        t->dims = arena_copy(g->arena, exact.dims, (size_t)t->rank * sizeof *t->dims);
        t->data = exact.data;
        t->extents = NULL;
    }
    return !needed;
}

/* The tensor of a Constant, whatever its size: weights may come this way, and are not copied. */
static const void *constant_bytes(const Node *n)
{
    const Attr *value =
        strcmp(n->op_type, "Constant") == 0 && !*n->domain ? node_attr(n, "value") : NULL;
    return value ? value->tensor->data : NULL;
}

static bool fold_shape(Graph *g, Node *n)
{
    const void *bytes = constant_bytes(n);
    if (bytes) return make_constant(g, n, &bytes);
    if (!may_be_known(n) || !is_small(n)) return false;
    const void **data = NEW_ARRAY(g->arena, const void *, n->output_count);
    int64_t budget = SHAPE_WORK;
    return evaluate_node(g, n, &budget, data) && make_constant(g, n, data);
}

/* ---- the walk ---- */

static bool is_poisoned(const Node *n)
{
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && n->inputs[i]->poisoned) return true;
    return !n->op;
}

static void poison(const Node *n)
{
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i]) n->outputs[i]->poisoned = true;
}

/* Each output that is used has its type and shape. */
static bool has_outputs(Infer *in)
{
    for (int i = 0; i < in->node->output_count; i++) {
        const Tensor *t = in->node->outputs[i];
        if (t && (t->dtype == DT_NONE || t->rank < 0))
            return infer_error(in, "E0305", "%s has no output %d for '%s'", in->node->op_type, i,
                               t->name);
    }
    return true;
}

/* Other nodes and values are in the place of all its outputs. */
static bool is_expanded(const Node *n)
{
    int expanded = 0, used = 0;
    for (int i = 0; i < n->output_count; i++) {
        used += n->outputs[i] != NULL;
        expanded += n->outputs[i] && expand_is_other(n->outputs[i]);
    }
    assert(expanded == 0 || expanded == used);
    return expanded > 0;
}

static bool infer_shapes(Infer *in)
{
    const Op *op = in->node->op;
    const Tensor *varying = extents_varying(in->node);
    if (!varying || in->node->adapted) return op->infer(in);
    if (op->extents   ? !op->extents(in)
        : op->element ? !extents_elementwise(in)
                      : !extents_refuse(in, varying))
        return false;
    in->node->adapted = true;
    return true;
}

/* *gone: nothing of the node is left to be computed. */
static bool infer_checked(Infer *in, bool *gone)
{
    const Op *op = in->node->op;
    *gone = false;
    if (!infer_schema(in)) return false;
    if (!op->infer)
        return infer_error(in, "E0308", "the type and shape of %s cannot be inferred", op->name);
    hand_on_varied(in->node);
    if (!infer_shapes(in)) return false;
    *gone = is_expanded(in->node);
    if (*gone) return true;
    if (!has_outputs(in)) return false;
    *gone = fold_shape(in->graph, in->node);
    return true;
}

bool infer_append(Graph *g, Node *n, Diags *diags)
{
    Infer in = {g, n, diags};
    bool gone;
    n->id = g->nodes.count;
    for (int i = 0; i < n->input_count; i++) n->inputs[i] = expand_resolve(n->inputs[i]);
    bool good = !is_poisoned(n) && infer_checked(&in, &gone);
    if (!good) poison(n);
    if (good && gone) {
        map_set(g->node_names, n->name, NULL);
        return true;
    }
    n->id = g->nodes.count;
    LIST_PUSH(g->arena, &g->nodes, n);
    return good;
}

bool infer_graph(Graph *g, Diags *diags)
{
    int errors = diags_errors(diags), count = g->nodes.count;
    Node **nodes = g->nodes.items;
    g->nodes.items = NULL;
    g->nodes.count = g->nodes.capacity = 0;
    for (int i = 0; i < count; i++) infer_append(g, nodes[i], diags);
    return diags_errors(diags) == errors;
}

bool infer_node(Graph *g, Node *n, Diags *diags)
{
    Search s = {.arena = g->arena, .seen = map_new(g->arena)};
    find_node_operators(n, &s);
    for (int i = 0; i < s.order.count; i++)
        text_free(&s.order.items[i]->nodes); /* the reader reports them */
    assert(g->nodes.items[g->nodes.count - 1] == n);
    g->nodes.count--;
    return infer_append(g, n, diags);
}

static bool settle_outputs(Graph *g, Diags *diags)
{
    Source source = g->outputs.items[0]->source;
    expand_outputs(g, diags);
    if (!g->outputs.count)
        diag_error(diags, "E0205", source,
                   "every output is an empty list: nothing is left to compute");
    return g->outputs.count > 0;
}

static void report_bounds(const Graph *g, Diags *diags)
{
    for (int i = 0; i < g->bound_count; i++)
        if (!g->bounds[i].used)
            diag_warning(diags, "W0003", (Source){0},
                         "--bound %s: there is no loop of that name that counts its runs itself "
                         "and collects something",
                         g->bounds[i].loop);
}

bool infer(Graph *g, Diags *diags)
{
    int errors = diags_errors(diags);
    find_all_operators(g, diags);
    mark_varied(g);
    infer_graph(g, diags);
    if (diags_errors(diags) != errors) return false;
    if (g->outputs.count && !settle_outputs(g, diags)) return false;
    expand_forget(g);
    infer_declared(g, diags);
    report_bounds(g, diags);
    return diags_errors(diags) == errors;
}
