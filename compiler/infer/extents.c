/*
 * Shapes that depend on data, while infer runs: setting and passing on extents, refusing them,
 * filling what lies outside. The interface of the network is extents_expose.c.
 */
#include "extents.h"

#include "expand.h"

Tensor *extents_at(const Tensor *t, int d)
{
    return t->extents ? expand_resolve(t->extents[d]) : NULL;
}

const Tensor *extents_varying(const Node *n)
{
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && tensor_varies(n->inputs[i])) return n->inputs[i];
    return NULL;
}

bool extents_refuse(Infer *in, const Tensor *t)
{
    infer_error(in, "E0310", "%s cannot take '%s': its shape depends on data", in->node->op_type,
                t->name);
    Diagnostic *d = infer_last_error(in);
    for (int k = 0; k < t->rank; k++) {
        const Tensor *extent = extents_at(t, k);
        if (!extent) continue;
        diag_note(d, "dimension %d of '%s' is at most %lld; how much, '%s' says, which %s", k,
                  t->name, (long long)t->dims[k], extent->name, infer_origin(in, extent));
    }
    return false;
}

bool extents_count(Infer *in, int i)
{
    Node *n = in->node;
    Arena *arena = in->graph->arena;
    if (i >= n->output_count) {
        Tensor **outputs = NEW_ARRAY(arena, Tensor *, i + 1);
        if (n->output_count) memcpy(outputs, n->outputs, (size_t)n->output_count * sizeof *outputs);
        n->outputs = outputs;
        n->output_count = i + 1;
    }
    if (!n->outputs[i]) {
        const char *stem = n->outputs[0] ? n->outputs[0]->name : n->name;
        const char *name = graph_unique_name(in->graph, arena_format(arena, "%s.count", stem));
        node_set_output(n, i, graph_add_tensor(in->graph, TENSOR_VALUE, name, DT_NONE, -1, NULL));
        n->outputs[i]->source = n->source;
    }
    return infer_output(in, i, DT_I64, 0, NULL);
}

void extents_set(Infer *in, int i, int d, Tensor *extent)
{
    Tensor *t = node_output(in->node, i);
    if (!t) return;
    if (!t->extents) t->extents = NEW_ARRAY(in->graph->arena, Tensor *, t->rank);
    t->extents[d] = extent;
}

void extents_copy(Infer *in, int i, const Tensor *from)
{
    for (int d = 0; d < from->rank; d++)
        if (extents_at(from, d)) extents_set(in, i, d, extents_at(from, d));
}

/* ---- operators that pass them on ---- */

bool extents_as_first(Infer *in)
{
    const Node *n = in->node;
    for (int i = 1; i < n->input_count; i++)
        if (n->inputs[i] && tensor_varies(n->inputs[i])) return extents_refuse(in, n->inputs[i]);
    if (!n->op->infer(in)) return false;
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i]) extents_copy(in, i, n->inputs[0]);
    return true;
}

/* The extent that all inputs agree on in dimension d of the broadcast shape. A static size other
 * than 1 beside an extent could agree or not: only a run would tell. */
static bool broadcast_extent(Infer *in, int rank, int d, Tensor **extent)
{
    const Node *n = in->node;
    const Tensor *of = NULL, *sized = NULL;
    *extent = NULL;
    for (int i = 0; i < n->input_count; i++) {
        const Tensor *t = n->inputs[i];
        int at = t ? d - (rank - t->rank) : -1;
        if (at < 0) continue;
        Tensor *mine = extents_at(t, at);
        if (!mine && t->dims[at] != 1) sized = t;
        if (!mine) continue;
        if (*extent && mine != *extent) return extents_refuse(in, t);
        *extent = mine;
        of = t;
    }
    return !*extent || !sized || extents_refuse(in, of);
}

bool extents_elementwise(Infer *in)
{
    const Node *n = in->node;
    bool legacy = op_attr(n->op, n->version, "broadcast") != NULL; /* aligned as it says */
    if (legacy && n->inputs[0]->rank != n->inputs[n->input_count - 1]->rank)
        return extents_refuse(in, extents_varying(n));
    if (!n->op->infer(in)) return false;
    const Tensor *out = node_output(n, 0);
    for (int i = 0; i < n->input_count && out; i++)
        if (n->inputs[i] && n->inputs[i]->rank > out->rank)
            return extents_refuse(in, extents_varying(n));
    for (int d = 0; out && d < out->rank; d++) {
        Tensor *extent;
        if (!broadcast_extent(in, out->rank, d, &extent)) return false;
        for (int i = 0; i < n->output_count; i++)
            if (n->outputs[i]) extents_set(in, i, d, extent);
    }
    return true;
}

/* ---- nodes that deal with them ---- */

static Node *own_node(Infer *in, const char *op_type, int inputs)
{
    Node *n = expand_node(in, op_type, inputs);
    n->domain = "netc";
    n->version = 1;
    n->op = op_find(n->domain, op_type);
    return n;
}

static void set_axes(Infer *in, Node *n, const int64_t *axes, int count)
{
    Attr *a = node_add_attr(in->graph, n, "axes", ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(in->graph->arena, axes, (size_t)count * sizeof *axes);
}

Tensor *extents_crop(Infer *in, Tensor *x, int d, Tensor *extent)
{
    int64_t axis = d;
    if (!x || !extent) return NULL;
    Node *n = own_node(in, "Crop", 2);
    n->inputs[0] = x, n->inputs[1] = extent;
    set_axes(in, n, &axis, 1);
    return expand_done(in, n);
}

Tensor *extents_fill(Infer *in, Tensor *x, const bool *axes, ReduceOp op)
{
    int count = 0;
    int64_t masked[MAX_RANK];
    for (int d = 0; d < x->rank; d++)
        if (axes[d] && extents_at(x, d)) masked[count++] = d;
    if (!count) return x;
    Node *n = own_node(in, "Fill", count + 1);
    n->inputs[0] = x;
    for (int k = 0; k < count; k++) n->inputs[k + 1] = extents_at(x, (int)masked[k]);
    set_axes(in, n, masked, count);
    const char *name = reduce_name(op);
    node_add_attr(in->graph, n, "with", ATTR_STRING)->s = (String){name, strlen(name)};
    return expand_done(in, n);
}

Tensor *extents_wrap(Infer *in, Tensor *indices, Tensor *extent)
{
    const Node *from = indices->producer;
    if (from && strcmp(from->domain, "netc") == 0 && strcmp(from->op_type, "Wrap") == 0)
        return indices;
    Node *n = own_node(in, "Wrap", 2);
    n->inputs[0] = indices, n->inputs[1] = extent;
    return expand_done(in, n);
}

/* A number, or which tensor. */
static const char *value_text(Arena *arena, const Tensor *t)
{
    if (t->data && t->dtype == DT_I64 && t->rank == 0)
        return arena_format(arena, "%lld", (long long)dtype_get_int(DT_I64, t->data, 0));
    return arena_format(arena, "%p", (const void *)t);
}

/* What is worked out twice is one tensor, so that extents that are equal are known to be. */
Tensor *extents_binary(Infer *in, const char *op_type, Tensor *a, Tensor *b)
{
    if (!a || !b) return NULL;
    Arena *arena = in->graph->arena;
    const char *key =
        arena_format(arena, "%s %s %s", op_type, value_text(arena, a), value_text(arena, b));
    Tensor *known = map_get(in->graph->extents, key);
    if (known) return known;
    Node *n = expand_node(in, op_type, 2);
    n->inputs[0] = a, n->inputs[1] = b;
    n->of_extents = true;
    Tensor *result = expand_done(in, n);
    if (result) map_set(in->graph->extents, key, result);
    return result;
}

Tensor *extents_size(Infer *in, const Tensor *t, int d)
{
    Tensor *extent = extents_at(t, d);
    return extent ? extent : expand_ints(in, 0, 1, &t->dims[d]);
}

Tensor *extents_shape(Infer *in, const Tensor *t, int first, int last)
{
    int64_t one = 1;
    int count = last - first;
    Tensor **sizes = NEW_ARRAY(in->graph->arena, Tensor *, count + 1);
    for (int k = 0; k < count; k++) {
        Tensor *size = extents_size(in, t, first + k);
        sizes[k] = extents_at(t, first + k) ? expand_reshape(in, size, 1, &one)
                                            : expand_ints(in, 1, 1, &t->dims[first + k]);
        if (!sizes[k]) return NULL;
    }
    return count > 0 ? expand_concat(in, sizes, count, 0) : expand_ints(in, 1, 0, &one);
}

/* ---- constants ---- */

void extents_exact(Arena *arena, const Tensor *t, const int64_t *extents, int64_t *dims,
                   const void **data)
{
    int64_t elements = 1;
    for (int d = 0; d < t->rank; d++) {
        dims[d] = extents[d] < 0 ? t->dims[d] : min64(extents[d], t->dims[d]);
        elements *= dims[d];
    }
    void *exact = arena_alloc(arena, dtype_bytes(t->dtype, elements) + 1);
    for (int64_t i = 0; i < elements; i++) {
        int64_t rest = i, at = 0, stride = 1;
        for (int d = t->rank - 1; d >= 0; d--) {
            at += rest % dims[d] * stride;
            rest /= dims[d];
            stride *= t->dims[d];
        }
        dtype_copy(t->dtype, exact, i, *data, at);
    }
    *data = exact;
}
