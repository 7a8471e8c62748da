/*
 * The interface of a network with outputs whose shape depends on data. Comes in: an inferred graph.
 * Goes out: the same with those outputs packed densely by the shape that a run finds, zeros behind
 * it, and one output more for each, NAME.shape, behind those there are.
 *
 * Dense is what a caller can hand on, save or compare without knowing the bounds; strides of the
 * bounds would make every reader copy.
 */
#include "expand.h"
#include "extents.h"

static void rename_tensor(Graph *g, Tensor *t, const char *name)
{
    map_set(g->by_name, t->name, NULL);
    t->name = name;
    map_set(g->by_name, t->name, t);
}

/* Tools find the shape by its name: no other output may have it. */
static bool check_name(const Graph *g, const Tensor *t, const char *name, Diags *diags)
{
    for (int i = 0; i < g->outputs.count + g->inputs.count; i++) {
        const Tensor *other =
            i < g->outputs.count ? g->outputs.items[i] : g->inputs.items[i - g->outputs.count];
        if (strcmp(other->name, name) != 0) continue;
        Diagnostic *d = diag_error(
            diags, "E0311", t->source,
            "the output '%s' needs another one named '%s', and that name is taken", t->name, name);
        diag_note(d, "its shape depends on data: %s", tensor_type_text(g->arena, t));
        return false;
    }
    if (!dtype_is_packed(t->dtype)) return true;
    diag_error(diags, "E0602", t->source,
               "the output '%s' has a shape that depends on data, which is not supported for %s",
               t->name, dtype_name(t->dtype));
    return false;
}

/* A node that packs t, which takes another name, into a new tensor of its name. */
static Tensor *pack(Graph *g, Tensor *t)
{
    Arena *arena = g->arena;
    const char *name = t->name;
    int count = 0;
    int64_t axes[MAX_RANK], rank = t->rank;
    for (int d = 0; d < t->rank; d++)
        if (t->extents[d]) axes[count++] = d;
    rename_tensor(g, t, graph_unique_name(g, arena_format(arena, "%s.bounded", name)));
    Node *n = graph_add_node(g, "Pack", "netc", 1, graph_unique_name(g, "Pack"), count + 1, 2);
    n->op = op_find("netc", "Pack");
    n->source = t->source;
    n->inputs[0] = t;
    for (int k = 0; k < count; k++) n->inputs[k + 1] = t->extents[axes[k]];
    Attr *a = node_add_attr(g, n, "axes", ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(arena, axes, (size_t)count * sizeof *axes);
    Tensor *packed = graph_add_tensor(g, TENSOR_VALUE, name, t->dtype, t->rank, t->dims);
    packed->source = t->source;
    packed->dim_names = t->dim_names;
    packed->shape = graph_add_tensor(g, TENSOR_VALUE,
                                     graph_unique_name(g, arena_format(arena, "%s.shape", name)),
                                     DT_I64, 1, &rank);
    packed->shape->source = t->source;
    node_set_output(n, 0, packed);
    node_set_output(n, 1, packed->shape);
    return packed;
}

bool extents_expose(Graph *g, Diags *diags)
{
    int declared = g->outputs.count;
    for (int i = 0; i < declared; i++) {
        Tensor *t = g->outputs.items[i];
        if (!tensor_varies(t)) continue;
        if (!check_name(g, t, arena_format(g->arena, "%s.shape", t->name), diags)) return false;
        Tensor *packed = pack(g, t);
        for (int k = 0; k < declared; k++)
            if (g->outputs.items[k] == t) g->outputs.items[k] = packed;
        LIST_PUSH(g->arena, &g->outputs, packed->shape);
    }
    return true;
}
