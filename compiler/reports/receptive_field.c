/* Receptive fields through a graph: windows widen them, global and dense layers see everything, the
 * rest pass them on. */
#include "receptive_field.h"

#include "op.h"

#include <math.h>

static bool named(const Node *node, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(node->op_type, *names) == 0) return true;
    return false;
}

static const char *const windows[] = {"Conv",        "ConvTranspose", "MaxPool",
                                      "AveragePool", "LpPool",        "ConvInteger",
                                      "QLinearConv", "Pad",           NULL}; /* Pad: of 1 */
static const char *const seeing_all[] = {"Gemm",
                                         "MatMul",
                                         "GlobalAveragePool",
                                         "GlobalMaxPool",
                                         "GlobalLpPool",
                                         "InstanceNormalization",
                                         "LayerNormalization",
                                         NULL};

/* What a node's data inputs have, joined: the widest. */
static Field join_inputs(const Node *node, const Field *fields)
{
    Field joined = {0};
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *t = node->inputs[i];
        if (!t || fields[t->id].kind == FIELD_NONE) continue;
        const Field *f = &fields[t->id];
        if (f->kind > joined.kind) joined = *f;
        if (joined.kind != FIELD_WINDOW || f->spatial != joined.spatial) continue;
        for (int d = 0; d < f->spatial; d++) {
            joined.size[d] = fmax(joined.size[d], f->size[d]);
            joined.jump[d] = fmax(joined.jump[d], f->jump[d]);
        }
    }
    return joined;
}

static int64_t attr_at(const Node *node, const char *name, int d, int64_t otherwise)
{
    const Attr *a = node_attr(node, name);
    return a && a->kind == ATTR_INTS && d < a->count ? a->ints[d] : otherwise;
}

int window_rank(const Node *node)
{
    const Tensor *in = node_input(node, 0);
    bool slides = named(node, windows) && strcmp(node->op_type, "Pad") != 0;
    return slides && in && in->rank > 2 ? in->rank - 2 : 0;
}

/* From kernel_shape or, for a convolution, its weight. */
int64_t window_extent(const Node *node, int d)
{
    const Tensor *weight = node_input(node, strcmp(node->op_type, "QLinearConv") == 0 ? 3 : 1);
    bool known = weight && weight->rank > d + 2 && strstr(node->op_type, "Conv");
    return attr_at(node, "kernel_shape", d, known ? weight->dims[d + 2] : 1);
}

static void widen(Field *f, const Node *node)
{
    bool up = strcmp(node->op_type, "ConvTranspose") == 0;
    for (int d = 0; d < f->spatial; d++) {
        double stride = (double)attr_at(node, "strides", d, 1),
               dilation = (double)attr_at(node, "dilations", d, 1);
        double extent = ((double)window_extent(node, d) - 1) * dilation + 1;
        if (up)
            extent =
                ceil(extent /
                     stride); /* of the kernel's elements only every stride-th meets one output */
        f->size[d] += (extent - 1) * f->jump[d];
        f->jump[d] *= up ? 1 / stride : stride;
    }
}

static bool same_places(const Tensor *in, const Tensor *out)
{
    if (!in || in->rank != out->rank) return false;
    for (int d = 2; d < in->rank; d++)
        if (in->dims[d] != out->dims[d]) return false;
    return true;
}

static Field field_of(const Node *node, const Tensor *out, const Field *fields)
{
    Field f = join_inputs(node, fields);
    if (f.kind == FIELD_NONE || f.kind == FIELD_ALL) return f;
    if (named(node, seeing_all))
        f.kind = FIELD_ALL;
    else if (f.kind == FIELD_WINDOW && named(node, windows))
        widen(&f, node);
    else if (!same_places(node_input(node, 0), out))
        f.kind = FIELD_MIXED;
    return f;
}

const Field *receptive_fields(Arena *arena, const Graph *g)
{
    Field *fields = NEW_ARRAY(arena, Field, g->tensors.count + 1);
    for (int i = 0; i < g->inputs.count; i++) {
        const Tensor *t = g->inputs.items[i];
        if (t->rank < 3) continue;
        Field *f = &fields[t->id];
        *f = (Field){.kind = FIELD_WINDOW, .spatial = t->rank - 2};
        for (int d = 0; d < f->spatial; d++) f->size[d] = f->jump[d] = 1;
    }
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i])
                fields[node->outputs[i]->id] = field_of(node, node->outputs[i], fields);
    }
    return fields;
}

const char *field_text(Arena *arena, const Field *f)
{
    if (f->kind == FIELD_ALL) return "all";
    if (f->kind != FIELD_WINDOW) return "-";
    const char *text = "";
    for (int d = 0; d < f->spatial; d++)
        text = arena_format(arena, "%s%s%lld", text, d ? "x" : "", (long long)f->size[d]);
    return text;
}
