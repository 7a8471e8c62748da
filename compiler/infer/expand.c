/*
 * Values and nodes that operators put in the place of their own: lists of tensors, tensors that are
 * the same as others, and the few movement operators that control flow is made of. Bodies are in
 * expand_body.c.
 */
#include "expand.h"

/* ---- values ---- */

Tensor *expand_resolve(Tensor *t)
{
    while (t && t->expansion && t->expansion->kind <= IS_KNOWN) t = t->expansion->items[0];
    return t;
}

bool expand_is_other(const Tensor *t) { return t->expansion && t->expansion->kind != IS_KNOWN; }

const char *expand_text(Arena *arena, const Tensor *t)
{
    t = expand_resolve((Tensor *)t);
    const Expansion *e = t->expansion;
    if (!e) return tensor_type_text(arena, t);
    if (e->kind == IS_SEQUENCE)
        return arena_format(arena, "a sequence of %d %s", e->count,
                            e->dtype ? dtype_name(e->dtype) : "elements");
    if (e->count == 0) return "an optional without a value";
    return arena_format(arena, "an optional of %s", expand_text(arena, e->items[0]));
}

static const Expansion *expansion_new(Arena *arena, ExpansionKind kind, Dtype dtype,
                                      Tensor *const *items, int count)
{
    Expansion *e = NEW(arena, Expansion);
    *e = (Expansion){.kind = kind, .dtype = dtype, .count = count};
    e->items = NEW_ARRAY(arena, Tensor *, count);
    for (int i = 0; i < count; i++) e->items[i] = expand_resolve(items[i]);
    return e;
}

void expand_set_known(Graph *g, Tensor *t, const int64_t *dims, const void *data)
{
    if (t->expansion) return; /* infer_node has been here */
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.value", t->name));
    Tensor *c = graph_add_const(g, name, t->dtype, t->rank, dims, data);
    t->expansion = expansion_new(g->arena, IS_KNOWN, DT_NONE, &c, 1);
}

bool expand_bind(Infer *in, int i, Tensor *value)
{
    Tensor *out = node_output(in->node, i);
    value = expand_resolve(value);
    if (!value || value->poisoned) return false;
    if (!out) return true;
    if (!value->expansion && !infer_output(in, i, value->dtype, value->rank, value->dims))
        return false;
    out->extents = value->extents;
    out->expansion = expansion_new(in->graph->arena, IS_SAME, DT_NONE, &value, 1);
    return true;
}

bool expand_bind_list(Infer *in, int i, ExpansionKind kind, Dtype dtype, Tensor *const *items,
                      int count)
{
    Tensor *out = node_output(in->node, i);
    if (count > MOST_ITEMS)
        return infer_error(in, "E0205", "a sequence of %d elements; at most %d are possible", count,
                           MOST_ITEMS);
    for (int k = 0; k < count; k++)
        if (!items[k] || items[k]->poisoned) return false;
    if (out) out->expansion = expansion_new(in->graph->arena, kind, dtype, items, count);
    return true;
}

bool expand_known(const Tensor *t, bool *value)
{
    if (!t->data || t->dtype != DT_BOOL || tensor_elements(t) != 1) return false;
    *value = dtype_get_int(DT_BOOL, t->data, 0) != 0;
    return true;
}

/* ---- nodes ---- */

Node *expand_node(Infer *in, const char *op_type, int input_count)
{
    enum {
        HAS_ALL = 16
    }; /* the oldest version in which what is added here has its form and types of today */
    Graph *g = in->graph;
    int version = g->opset > HAS_ALL ? g->opset : HAS_ALL;
    const char *name = graph_unique_name(g, in->node->name);
    Node *n = graph_add_node(g, op_type, "", version, name, input_count, 1);
    g->nodes.count--; /* infer_append says whether it stays */
    n->op = op_find("", op_type);
    n->source = in->node->source;
    return n;
}

Tensor *expand_done(Infer *in, Node *node)
{
    Graph *g = in->graph;
    for (int i = 0; i < node->input_count; i++)
        if (!node->inputs[i]) return NULL;
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.value", in->node->name));
    node_set_output(node, 0, graph_add_tensor(g, TENSOR_VALUE, name, DT_NONE, -1, NULL));
    node->outputs[0]->source = node->source;
    return infer_append(g, node, in->diags) ? expand_resolve(node->outputs[0]) : NULL;
}

static Tensor *constant(Infer *in, Dtype dtype, int rank, const int64_t *dims, const void *data)
{
    Graph *g = in->graph;
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.constant", in->node->name));
    return graph_add_const(g, name, dtype, rank, dims, data);
}

Tensor *expand_ints(Infer *in, int rank, int64_t count, const int64_t *values)
{
    return constant(in, DT_I64, rank, &count,
                    arena_copy(in->graph->arena, values, (size_t)count * sizeof *values));
}

Tensor *expand_bool(Infer *in, bool value)
{
    return constant(in, DT_BOOL, 0, NULL, arena_copy(in->graph->arena, &value, sizeof value));
}

Tensor *expand_number(Infer *in, Dtype dtype, double value)
{
    void *data = arena_alloc(in->graph->arena, sizeof(double));
    dtype_set_double(dtype, data, 0, value);
    return constant(in, dtype, 0, NULL, data);
}

Tensor *expand_zeros(Infer *in, Dtype dtype, int rank, const int64_t *dims)
{
    int64_t elements;
    if (!checked_elements(dims, rank, &elements)) {
        infer_error(in, "E0205", "too large: %s", dims_text(in->graph->arena, dims, rank));
        return NULL;
    }
    return constant(in, dtype, rank, dims,
                    arena_alloc(in->graph->arena, dtype_bytes(dtype, elements) + 1));
}

Tensor *expand_reshape(Infer *in, Tensor *x, int rank, const int64_t *dims)
{
    bool same =
        x->rank == rank && (!rank || memcmp(x->dims, dims, (size_t)rank * sizeof *dims) == 0);
    if (same) return x;
    Node *n = expand_node(in, "Reshape", 2);
    n->inputs[0] = x;
    n->inputs[1] = expand_ints(in, 1, rank, dims);
    node_add_attr(in->graph, n, "allowzero", ATTR_INT)->i = 1; /* a 0 is a size */
    return expand_done(in, n);
}

Tensor *expand_take(Infer *in, Tensor *x, int axis, int64_t from, int64_t to, bool drop)
{
    int64_t along = axis, dims[MAX_RANK];
    if (from != 0 || to != x->dims[axis]) {
        Node *n = expand_node(in, "Slice", 4);
        n->inputs[0] = x;
        n->inputs[1] = expand_ints(in, 1, 1, &from);
        n->inputs[2] = expand_ints(in, 1, 1, &to);
        n->inputs[3] = expand_ints(in, 1, 1, &along);
        x = expand_done(in, n);
    }
    if (!x || !drop) return x;
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (i != axis) dims[rank++] = x->dims[i];
    return expand_reshape(in, x, rank, dims);
}

Tensor *expand_concat(Infer *in, Tensor *const *items, int count, int axis)
{
    if (count == 1) return items[0];
    Node *n = expand_node(in, "Concat", count);
    memcpy(n->inputs, items, (size_t)count * sizeof *items);
    node_add_attr(in->graph, n, "axis", ATTR_INT)->i = axis;
    return expand_done(in, n);
}

Tensor *expand_stack(Infer *in, Tensor *const *items, int count, int axis)
{
    Tensor **rows = NEW_ARRAY(in->graph->arena, Tensor *, count);
    for (int i = 0; i < count; i++) {
        const Tensor *x = items[i];
        int64_t dims[MAX_RANK + 1];
        for (int k = 0; k <= x->rank; k++)
            dims[k] = k < axis ? x->dims[k] : k == axis ? 1 : x->dims[k - 1];
        if (x->rank + 1 > MAX_RANK) {
            infer_error(in, "E0203", "more than %d dimensions", MAX_RANK);
            return NULL;
        }
        rows[i] = expand_reshape(in, items[i], x->rank + 1, dims);
    }
    return expand_concat(in, rows, count, axis);
}

/* ---- choices ---- */

static Tensor *scalar(Infer *in, Tensor *x) { return expand_reshape(in, x, 0, NULL); }

static bool same_shape(const Tensor *a, const Tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static Tensor *choose_items(Infer *in, Tensor *condition, Tensor *a, Tensor *b)
{
    const Expansion *x = a->expansion, *y = b->expansion;
    Graph *g = in->graph;
    Tensor **items = NEW_ARRAY(g->arena, Tensor *, x->count);
    for (int i = 0; i < x->count; i++)
        if (!(items[i] = expand_choose(in, condition, x->items[i], y->items[i]))) return NULL;
    const char *name = graph_unique_name(g, arena_format(g->arena, "%s.list", in->node->name));
    Tensor *list = graph_add_tensor(g, TENSOR_VALUE, name, DT_NONE, -1, NULL);
    list->expansion =
        expansion_new(g->arena, x->kind, x->dtype ? x->dtype : y->dtype, items, x->count);
    return list;
}

bool expand_undecided(Infer *in, const Tensor *condition, const Tensor *a, const Tensor *b)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    int i = 0;
    while (i < n->input_count && n->inputs[i] != condition) i++;
    if (i < n->input_count)
        infer_unknown(in, i);
    else
        infer_error(in, "E0206", "the condition '%s' must be known at compile time",
                    condition->name);
    diag_note(infer_last_error(in), "it decides between %s and %s", expand_text(arena, a),
              expand_text(arena, b));
    return false;
}

Tensor *expand_choose(Infer *in, Tensor *condition, Tensor *a, Tensor *b)
{
    bool value;
    a = expand_resolve(a), b = expand_resolve(b);
    if (!a || !b || a->poisoned || b->poisoned) return NULL;
    if (a == b) return a;
    if (expand_known(condition, &value)) return value ? a : b;
    const Expansion *x = a->expansion, *y = b->expansion;
    if (x && y && x->kind == y->kind && x->count == y->count)
        return choose_items(in, condition, a, b);
    if (x || y || !same_shape(a, b) || tensor_varies(a) || tensor_varies(b)) {
        expand_undecided(in, condition, a, b);
        return NULL;
    }
    Tensor *one = scalar(in, condition);
    Node *n = expand_node(in, "Where", 3);
    n->inputs[0] = one, n->inputs[1] = a, n->inputs[2] = b;
    return expand_done(in, n);
}
