/* Layers that move or reduce elements: what print_layer.c is for those that compute. */
#include "print_layer.h"

static bool flatten(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 11)) return false;
    int64_t axis = attr_int(n, "axis");
    layer_start(m, c, "flatten", n->inputs[0]);
    call_int(m, c, "axis", axis < 0 ? axis + n->inputs[0]->rank : axis, "1");
    return true;
}

static void call_list(const CallMaker *m, PrintCall *c, const char *name, const int64_t *values,
                      int count)
{
    Text text = {0};
    text_add(&text, "[");
    for (int i = 0; i < count; i++) text_add(&text, "%s%lld", i ? ", " : "", (long long)values[i]);
    text_add(&text, "]");
    call_text(m, c, name, TEXT_LIST, arena_string(m->arena, text.data));
    text_free(&text);
}

static bool reshape(const CallMaker *m, const Node *n, PrintCall *c)
{
    int count;
    if (!layer_at_version(m, n, 5) || !layer_is_value(n->inputs[0]) ||
        !layer_const_ints(m, n, 1, &count) || count > MAX_RANK)
        return false;
    const Tensor *y = n->outputs[0];
    layer_start(m, c, "reshape", n->inputs[0]);
    call_list(m, c, NULL, y->dims, y->rank);
    return true;
}

static bool transpose(const CallMaker *m, const Node *n, PrintCall *c)
{
    int count, rank = n->inputs[0]->rank;
    const int64_t *perm = attr_ints(n, "perm", &count);
    int64_t reversed[MAX_RANK];
    for (int i = 0; i < rank; i++) reversed[i] = rank - 1 - i;
    if (!layer_at_version(m, n, 1) || !layer_is_value(n->inputs[0])) return false;
    layer_start(m, c, "transpose", n->inputs[0]);
    call_list(m, c, NULL, perm ? perm : reversed, rank);
    return true;
}

static bool squeeze(const CallMaker *m, const Node *n, PrintCall *c)
{
    int count;
    const int64_t *axes = layer_const_ints(m, n, 1, &count);
    if (!layer_at_version(m, n, 13) || !layer_is_value(n->inputs[0]) || !axes || !count ||
        count > MAX_RANK)
        return false;
    layer_start(m, c, is_op(n, "Squeeze") ? "squeeze" : "unsqueeze", n->inputs[0]);
    if (count == 1)
        call_int(m, c, NULL, axes[0], NULL);
    else
        call_list(m, c, NULL, axes, count);
    return true;
}

static bool concat(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 11)) return false;
    c->kind = CALL_LAYER;
    c->callee = "concat";
    for (int i = 0; i < n->input_count; i++) {
        if (!layer_is_value(n->inputs[i])) return false;
        LIST_PUSH(m->arena, &c->inputs, n->inputs[i]);
    }
    LIST_PUSH(m->arena, &c->args, ((PrintArg){.given = GIVEN_VALUES}));
    call_int(m, c, "axis", attr_axis(n, n->inputs[0]->rank), "1");
    return true;
}

static bool split(const CallMaker *m, const Node *n, PrintCall *c)
{
    int count, same = 1;
    const int64_t *sizes = layer_const_ints(m, n, 1, &count);
    if (!layer_at_version(m, n, 13) || !layer_is_value(n->inputs[0]) || !sizes ||
        count != n->output_count || count < 2)
        return false;
    while (same < count && sizes[same] == sizes[0]) same++;
    layer_start(m, c, "split", n->inputs[0]);
    if (same == count)
        call_int(m, c, NULL, count, NULL);
    else
        call_list(m, c, NULL, sizes, count);
    call_int(m, c, "axis", attr_axis(n, n->inputs[0]->rank), "1");
    return true;
}

static bool slice(const CallMaker *m, const Node *n, PrintCall *c)
{
    const int64_t *values[4] = {NULL, NULL, NULL, (const int64_t[]){1}};
    if (!layer_at_version(m, n, 11) || !layer_is_value(n->inputs[0]) || !node_input(n, 3))
        return false;
    for (int i = 0, count; i < 3 + (node_input(n, 4) != NULL); i++)
        if (!(values[i] = layer_const_ints(m, n, i + 1, &count)) || count != 1) return false;
    if (values[2][0] < 0) return false;
    bool forward = values[3][0] > 0;
    layer_start(m, c, "slice", n->inputs[0]);
    call_int(m, c, "axis", values[2][0], NULL);
    call_int(m, c, "from", values[0][0], forward ? "0" : NULL);
    call_int(m, c, "to", values[1][0], forward ? "9223372036854775807" : NULL);
    call_int(m, c, "step", values[3][0], "1");
    return true;
}

/* Axes as an input, or as an attribute in older versions. */
static const int64_t *reduced_axes(const CallMaker *m, const Node *n, int *count)
{
    return n->input_count > 1 ? layer_const_ints(m, n, 1, count) : attr_ints(n, "axes", count);
}

static bool reduce(const CallMaker *m, const Node *n, PrintCall *c)
{
    static const struct {
        const char *op_type, *layer;
        int inputs_since;
    } rows[] = {{"ReduceMean", "mean", 18},
                {"ReduceSum", "sum", 13},
                {"ReduceMax", "max", 18},
                {"ReduceMin", "min", 18}};
    int count = 0, row = 0;
    while (!is_op(n, rows[row].op_type)) row++;
    bool as_input = n->version >= rows[row].inputs_since;
    const int64_t *axes = reduced_axes(m, n, &count);
    if (!layer_at_version(m, n, 11) || (as_input && attr_int(n, "noop_with_empty_axes")))
        return false;
    if (n->input_count > 1 ? !axes || !count || count > MAX_RANK : as_input && node_attr(n, "axes"))
        return false;
    layer_start(m, c, rows[row].layer, n->inputs[0]);
    if (count == 1) call_int(m, c, NULL, axes[0], NULL);
    if (count > 1) call_list(m, c, NULL, axes, count);
    call_bool(m, c, "keep", attr_int(n, "keepdims"), false);
    return true;
}

static bool argmax(const CallMaker *m, const Node *n, PrintCall *c)
{
    int rank = n->inputs[0]->rank;
    if (!layer_at_version(m, n, 13) || attr_int(n, "select_last_index") || rank < 1) return false;
    layer_start(m, c, "argmax", n->inputs[0]);
    call_int(m, c, "axis", attr_axis(n, rank) - rank, "-1");
    call_bool(m, c, "keep", attr_int(n, "keepdims"), false);
    return true;
}

static bool pixel_shuffle(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 11) || strcmp(attr_text(n, "mode"), "CRD")) return false;
    layer_start(m, c, "pixel_shuffle", n->inputs[0]);
    call_int(m, c, NULL, attr_int(n, "blocksize"), NULL);
    return true;
}

const LayerRow layer_shapes[] = {
    {"Flatten", flatten},
    {"Reshape", reshape},
    {"Transpose", transpose},
    {"Squeeze", squeeze},
    {"Unsqueeze", squeeze},
    {"Concat", concat},
    {"Split", split},
    {"Slice", slice},
    {"ReduceMean", reduce},
    {"ReduceSum", reduce},
    {"ReduceMax", reduce},
    {"ReduceMin", reduce},
    {"ArgMax", argmax},
    {"DepthToSpace", pixel_shuffle},
    {0},
};
