/*
 * What the operators' infer functions call: setting outputs, errors that say where the inputs come
 * from, values that must be known, broadcasting, axes.
 */
#include "op.h"

/* ---- errors ---- */

static bool has_place(const Tensor *t) { return t->source.line > 0; }

static const char *origin(Arena *arena, const Tensor *t)
{
    switch (t->kind) {
    case TENSOR_INPUT: return "is an input of the network";
    case TENSOR_CONST: return "is a constant";
    case TENSOR_PARAM: return "is a parameter";
    case TENSOR_VALUE: break;
    }
    if (!t->producer) return "is computed";
    return arena_format(arena, "comes from node %d '%s' (%s)", t->producer->id, t->producer->name,
                        t->producer->op_type);
}

/* The input that a node mostly passes on: the first whose shape is computed from the network's
 * input. */
static const Tensor *passed_on(const Node *n)
{
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && n->inputs[i]->kind == TENSOR_VALUE) return n->inputs[i];
    return NULL;
}

/* Where a tensor comes from, and what that was computed from, a few steps back. */
static void note_chain(Diagnostic *d, Arena *arena, const Tensor *t)
{
    enum { STEPS = 3 };
    if (has_place(t)) {
        diag_label(d, t->source, "'%s' is %s", t->name, tensor_type_text(arena, t));
        return;
    }
    for (int step = 0; t && step < STEPS; step++) {
        diag_note(d, "'%s' %s: %s", t->name, origin(arena, t), tensor_type_text(arena, t));
        if (t->kind != TENSOR_VALUE || !t->producer) return;
        t = passed_on(t->producer);
    }
}

static bool seen_before(const Node *n, int i)
{
    for (int j = 0; j < i; j++)
        if (n->inputs[j] == n->inputs[i]) return true;
    return false;
}

bool infer_error(Infer *in, const char *code, const char *format, ...)
{
    enum { MOST = 6 };
    va_list args;
    Text message = {0};
    va_start(args, format);
    text_vadd(&message, format, args);
    va_end(args);
    const Node *n = in->node;
    Diagnostic *d = diag_error(in->diags, code, n->source, "%s", message.data);
    text_free(&message);
    int told = 0;
    for (int i = 0; i < n->input_count && told < MOST; i++)
        if (n->inputs[i] && !seen_before(n, i))
            note_chain(d, in->graph->arena, n->inputs[i]), told++;
    return false;
}

Diagnostic *infer_last_error(Infer *in) { return diags_last(in->diags); }

/* ---- outputs ---- */

static const char *declared_text(Arena *arena, const Declared *d)
{
    Text text = {0};
    text_add(&text, "%s", d->dtype ? dtype_name(d->dtype) : "any type");
    for (int i = 0; i < d->rank; i++) {
        text_add(&text, "%s", i ? ", " : "[");
        if (d->dims[i] < 0)
            text_add(&text, "?");
        else
            text_add(&text, "%lld", (long long)d->dims[i]);
    }
    if (d->rank >= 0) text_add(&text, "%s]", d->rank ? "" : "[");
    char *copy = arena_string(arena, text.data);
    text_free(&text);
    return copy;
}

static bool agrees(const Declared *d, const Tensor *t)
{
    if (d->dtype && d->dtype != t->dtype) return false;
    if (d->rank < 0) return true;
    if (d->rank != t->rank) return false;
    for (int i = 0; i < t->rank; i++)
        if (d->dims[i] >= 0 && d->dims[i] != t->dims[i]) return false;
    return true;
}

bool infer_output(Infer *in, int i, Dtype dtype, int rank, const int64_t *dims)
{
    Tensor *t = node_output(in->node, i);
    Arena *arena = in->graph->arena;
    int64_t elements;
    if (!t) return true;
    if (rank > MAX_RANK)
        return infer_error(in, "E0203",
                           "the output '%s' would have %d dimensions; at most %d are possible",
                           t->name, rank, MAX_RANK);
    for (int k = 0; k < rank; k++)
        if (dims[k] < 0)
            return infer_error(in, "E0205", "dimension %d of the output '%s' would be negative: %s",
                               k, t->name, dims_text(arena, dims, rank));
    if (!checked_elements(dims, rank, &elements))
        return infer_error(in, "E0205", "the output '%s' would be too large: %s", t->name,
                           dims_text(arena, dims, rank));
    t->dtype = dtype;
    t->rank = rank;
    t->dims = arena_copy(arena, dims, (size_t)rank * sizeof *dims);
    if (!t->declared || agrees(t->declared, t)) return true;
    infer_error(in, "E0207", "the output '%s' is %s, but the model declares %s", t->name,
                tensor_type_text(arena, t), declared_text(arena, t->declared));
    if (t->declared->source.line > 0)
        diag_label(infer_last_error(in), t->declared->source, "declared here");
    return false;
}

/* ---- inputs ---- */

/* What keeps a tensor from being known: the first input or unbound parameter on the way back. Each
 * node is looked at once, and none recurses: models are deep and share. */
static const Tensor *unknown_root(const Graph *g, const Tensor *t)
{
    bool *seen = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    LIST(const Tensor *) open = {0};
    LIST_PUSH(g->arena, &open, t);
    while (open.count) {
        const Tensor *x = open.items[--open.count];
        const Node *n = x->kind == TENSOR_VALUE ? x->producer : NULL;
        if (x->data) continue;
        if (!n || n->id >= g->nodes.count || g->nodes.items[n->id] != n)
            return x; /* or of an outer graph */
        if (seen[n->id]) continue;
        seen[n->id] = true;
        for (int i = n->input_count - 1; i >= 0; i--)
            if (n->inputs[i]) LIST_PUSH(g->arena, &open, n->inputs[i]);
    }
    return t;
}

const int64_t *infer_const_ints(Infer *in, int i, int64_t *count)
{
    const Tensor *t = node_input(in->node, i);
    const Slot *slot = op_input(in->node->op, in->node->version, i);
    *count = 0;
    if (!t || !t->data) {
        const Tensor *root = t ? unknown_root(in->graph, t) : NULL;
        infer_error(in, "E0206", "%s '%s' must be known at compile time",
                    slot ? slot->name : "the input", t ? t->name : "");
        if (root && root != t)
            diag_note(infer_last_error(in), "it depends on '%s', which %s", root->name,
                      origin(in->graph->arena, root));
        return NULL;
    }
    *count = tensor_elements(t);
    int64_t *values = NEW_ARRAY(in->graph->arena, int64_t, *count + 1);
    for (int64_t k = 0; k < *count; k++) values[k] = dtype_get_int(t->dtype, t->data, k);
    return values;
}

bool infer_broadcast(Infer *in, int *rank, int64_t dims[MAX_RANK])
{
    const Node *n = in->node;
    const Tensor *gave[MAX_RANK] = {0}; /* whose each dimension is, by distance from the right */
    *rank = 0;
    for (int i = 0; i < n->input_count; i++)
        if (n->inputs[i] && n->inputs[i]->rank > *rank) *rank = n->inputs[i]->rank;
    for (int k = 0; k < *rank; k++) dims[k] = 1;
    for (int i = 0; i < n->input_count; i++) {
        const Tensor *t = n->inputs[i];
        for (int k = 1; t && k <= t->rank; k++) {
            int64_t *have = &dims[*rank - k], want = t->dims[t->rank - k];
            if (want == 1 || want == *have) continue;
            if (*have != 1) {
                Arena *arena = in->graph->arena;
                const Tensor *other = gave[k - 1];
                return infer_error(in, "E0201",
                                   "'%s' and '%s' cannot be broadcast together: %s and %s differ "
                                   "in dimension %d from "
                                   "the right (%lld and %lld)",
                                   other->name, t->name, tensor_type_text(arena, other),
                                   tensor_type_text(arena, t), k, (long long)*have,
                                   (long long)want);
            }
            *have = want;
            gave[k - 1] = t;
        }
    }
    return true;
}

bool infer_axis(Infer *in, const char *what, int64_t axis, int rank, int *result)
{
    if (axis < -rank || axis >= rank)
        return rank ? infer_error(in, "E0204", "%s is %lld; %d dimensions have axes %d to %d", what,
                                  (long long)axis, rank, -rank, rank - 1)
                    : infer_error(in, "E0204", "%s is %lld, but a scalar has no axes", what,
                                  (long long)axis);
    *result = (int)(axis < 0 ? axis + rank : axis);
    return true;
}
