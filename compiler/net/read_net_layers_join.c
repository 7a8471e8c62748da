/* Layers of several inputs or outputs: concat and split. */
#include "read_net_layer.h"

/* All alike in every dimension but `axis`; false after a diagnostic that shows both sides. */
static bool check_alike(LayerCall *c, const Value *list, int axis)
{
    const Value *first = &list->list.items[0];
    for (int i = 1; i < list->list.count; i++) {
        const Value *other = &list->list.items[i];
        const Tensor *a = first->tensor, *b = other->tensor;
        bool alike = a->rank == b->rank && a->dtype == b->dtype;
        int at = 0;
        for (int k = 0; alike && k < a->rank; k++)
            if (k != axis && a->dims[k] != b->dims[k]) alike = false, at = k;
        if (alike) continue;
        bool ranks = a->rank == b->rank, types = a->dtype == b->dtype;
        Diagnostic *d =
            net_error(c->r,
                      !ranks   ? "E0203"
                      : !types ? "E0202"
                               : "E0201",
                      c->e->source, "concat along axis %d of tensors %s: %s and %s", axis,
                      !ranks   ? "of different rank"
                      : !types ? "of different types"
                               : "that differ elsewhere",
                      tensor_type_text(c->r->arena, a), tensor_type_text(c->r->arena, b));
        net_label(d, first->source, "%s", tensor_type_text(c->r->arena, a));
        net_label(d, other->source, "%s", tensor_type_text(c->r->arena, b));
        if (!ranks)
            net_help(
                d,
                "all must have as many dimensions: flatten takes some away, unsqueeze and reshape "
                "add some");
        else if (!types)
            net_help(d, "Cast(x, to: %s) converts", dtype_name(a->dtype));
        else
            net_help(d,
                     "dimension %d is %lld on one side and %lld on the other; only dimension %d "
                     "may differ",
                     at, (long long)a->dims[at], (long long)b->dims[at], axis);
        return false;
    }
    return true;
}

static Value build_concat(LayerCall *c)
{
    int axis;
    const Value *list = arg_value(c, "x");
    if (!layer_rank(c, 1, "at least one dimension") || !arg_axis(c, "axis", 1, c->x->rank, &axis))
        return poison;
    if (!check_alike(c, list, axis)) return poison;
    Node *n = layer_node(c, NULL, "Concat", 11, list->list.count, 1);
    for (int i = 0; i < list->list.count; i++) n->inputs[i] = list->list.items[i].tensor;
    node_int(c->r, n, "axis", axis);
    return layer_done(c, n);
}

/* `parts` equal parts, or parts of the sizes of a list; how many, or -1 after a diagnostic. */
static int split_sizes(LayerCall *c, int64_t along, int64_t sizes[MAX_RANK * 16])
{
    const Value *parts = arg_value(c, "parts");
    int count =
        parts->kind == VALUE_LIST ? parts->list.count : (int)min64(parts->i, MAX_RANK * 16 + 1);
    int64_t sum = 0;
    bool good =
        count > 0 && count <= MAX_RANK * 16 && (parts->kind == VALUE_LIST || along % count == 0);
    for (int i = 0; good && i < count; i++) {
        sizes[i] = parts->kind == VALUE_LIST ? parts->list.items[i].i : along / count;
        good = sizes[i] >= 0 && checked_add(sum, sizes[i], &sum);
    }
    if (good && sum == along) return count;
    Diagnostic *d =
        layer_error(c, "E0412", "%lld cannot be split into %s", (long long)along,
                    parts->kind == VALUE_LIST
                        ? "these sizes"
                        : arena_format(c->r->arena, "%lld equal parts", (long long)parts->i));
    if (parts->kind == VALUE_LIST)
        net_label(d, parts->source, "together %lld, not %lld", (long long)sum, (long long)along);
    else
        net_help(d, "a list gives parts of different sizes: [%lld, %lld]", (long long)(along / 2),
                 (long long)(along - along / 2));
    return -1;
}

static Value build_split(LayerCall *c)
{
    int axis;
    int64_t sizes[MAX_RANK * 16];
    if (!layer_rank(c, 1, "at least one dimension") || !arg_axis(c, "axis", 1, c->x->rank, &axis))
        return poison;
    int count = split_sizes(c, c->x->dims[axis], sizes);
    if (count < 0) return poison;
    Node *n = layer_node(c, NULL, "Split", 13, 2, count);
    n->inputs[0] = c->x, n->inputs[1] = layer_ints(c, "sizes", sizes, count);
    node_int(c->r, n, "axis", axis);
    return layer_done(c, n);
}

const NetLayer layers_join[] = {
    {"concat", build_concat, {{"x", ARG_TENSORS, true}, {"axis", ARG_INT, false}}, NULL, 0},
    {"split",
     build_split,
     {{"x", ARG_TENSOR, true}, {"parts", ARG_INTS, true}, {"axis", ARG_INT, false}},
     NULL,
     0},
    {0},
};
