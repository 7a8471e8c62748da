/*
 * What the operators' infer functions call: setting outputs, errors that say where the inputs come
 * from, values that must be known, broadcasting, axes.
 */
#include "expand.h"

/* ---- errors ---- */

static bool has_place(const Tensor *t) { return t->source.line > 0; }

const char *infer_origin(const Infer *in, const Tensor *t)
{
    switch (t->kind) {
    case TENSOR_INPUT: return "is an input of the network";
    case TENSOR_CONST: return "is a constant";
    case TENSOR_PARAM: return "is a parameter";
    case TENSOR_VALUE: break;
    }
    if (!t->producer) return "is computed";
    return arena_format(in->graph->arena, "comes from node %d '%s' (%s)", t->producer->id,
                        t->producer->name, t->producer->op_type);
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
static void note_chain(Diagnostic *d, const Infer *in, const Tensor *t)
{
    Arena *arena = in->graph->arena;
    enum { STEPS = 3 };
    if (has_place(t)) {
        diag_label(d, t->source, "'%s' is %s", t->name, expand_text(arena, t));
        return;
    }
    for (int step = 0; t && step < STEPS; step++) {
        diag_note(d, "'%s' %s: %s", t->name, infer_origin(in, t), expand_text(arena, t));
        if (t->kind != TENSOR_VALUE || !t->producer) return;
        t = passed_on(t->producer);
    }
}

/* In a .net file: what a layer makes for itself, its parameters and lists, is no news to its
 * author. */
static bool made_by_layer(const Node *n, const Tensor *t)
{
    if (!n->source.line || t->kind == TENSOR_VALUE || t->kind == TENSOR_INPUT) return false;
    return !t->source.line || !memcmp(&t->source, &n->source, sizeof t->source);
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
    const Node *n = in->node;
    va_list args;
    va_start(args, format);
    Diagnostic *d = diag_verror(in->diags, code, n->source, format, args);
    va_end(args);
    int told = 0;
    for (int i = 0; i < n->input_count && told < MOST; i++)
        if (n->inputs[i] && !seen_before(n, i) && !made_by_layer(n, n->inputs[i]))
            note_chain(d, in, n->inputs[i]), told++;
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

/* Type and rank; sizes are infer_declared's. */
static bool agrees(const Declared *d, const Tensor *t)
{
    return (!d->dtype || d->dtype == t->dtype) && (d->rank < 0 || d->rank == t->rank);
}

static bool same_sizes(const Declared *d, const Tensor *t)
{
    for (int i = 0; i < d->rank; i++)
        if (d->dims[i] >= 0 && d->dims[i] != t->dims[i] && !(t->extents && t->extents[i]))
            return false;
    return true;
}

void infer_declared(const Graph *g, Diags *diags)
{
    const Tensor *first = NULL;
    int count = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (!t->declared || t->poisoned || t->rank < 0 || t->kind == TENSOR_INPUT) continue;
        if (!agrees(t->declared, t) || same_sizes(t->declared, t)) continue;
        if (count++ == 0) first = t;
    }
    if (!count) return;
    Diagnostic *d = diag_warning(
        diags, "W0006", first->source, "'%s' is %s, but the model declares %s", first->name,
        tensor_type_text(g->arena, first), declared_text(g->arena, first->declared));
    diag_note(d, "what the operators compute counts, not what is declared");
    if (count > 1) diag_note(d, "so it is with %d more tensor%s", count - 1, count > 2 ? "s" : "");
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
    return infer_error(in, "E0207", "the output '%s' is %s, but the model declares %s", t->name,
                       tensor_type_text(arena, t), declared_text(arena, t->declared));
}

/* ---- inputs ---- */

const int64_t *infer_const_ints(Infer *in, int i, int64_t *count)
{
    const Tensor *t = node_input(in->node, i);
    *count = 0;
    if (!t || !t->data) {
        infer_unknown(in, i);
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
