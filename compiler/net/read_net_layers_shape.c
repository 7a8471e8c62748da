/* Layers that move elements and compute none: new shapes, orders, edges and parts, and enlargement.
 */
#include "read_net_layer.h"

static Value build_flatten(LayerCall *c)
{
    int64_t axis = arg_int(c, "axis", 1);
    if (axis < 0 || axis > c->x->rank) {
        int at;
        if (!arg_axis(c, "axis", 1, c->x->rank, &at)) return poison;
        axis = at;
    }
    Node *n = layer_node(c, NULL, "Flatten", 11, 1, 1);
    n->inputs[0] = c->x;
    node_int(c->r, n, "axis", axis);
    return layer_done(c, n);
}

/* The shape with its -1, if any, worked out; false after a diagnostic. */
static bool reshape_dims(LayerCall *c, int count, int64_t *dims)
{
    int64_t known = 1, elements = tensor_elements(c->x);
    int open = -1;
    bool good = true;
    for (int i = 0; i < count; i++) {
        if (dims[i] == -1 && open < 0)
            open = i;
        else
            good = good && dims[i] >= 0 && checked_mul(known, dims[i], &known);
    }
    if (open >= 0 && good && known > 0 && elements % known == 0)
        dims[open] = elements / known;
    else
        good = good && open < 0 && known == elements;
    if (good) return true;
    const Value *shape = arg_value(c, "shape");
    Diagnostic *d = layer_error(c, "E0412", "%s with its %lld elements has no shape %s",
                                tensor_type_text(c->r->arena, c->x), (long long)elements,
                                value_text(c->r->arena, shape));
    if (known > 0 && open < 0) net_label(d, shape->source, "%lld elements", (long long)known);
    if (open >= 0 && known > 0 && elements % known)
        net_help(d, "%lld is no multiple of the other dimensions' %lld", (long long)elements,
                 (long long)known);
    else
        net_help(d, "one dimension, and only one, may be -1 and is then worked out");
    return false;
}

static Value build_reshape(LayerCall *c)
{
    int64_t dims[MAX_RANK];
    int count = arg_list(c, "shape", dims);
    if (count < 0 || !reshape_dims(c, count, dims)) return poison;
    Node *n = layer_node(c, NULL, "Reshape", 5, 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = layer_ints(c, "shape", dims, count);
    return layer_done(c, n);
}

static bool is_permutation(const int64_t *perm, int count, int rank)
{
    bool seen[MAX_RANK] = {false};
    for (int i = 0; i < count; i++) {
        if (perm[i] < 0 || perm[i] >= rank || seen[perm[i]]) return false;
        seen[perm[i]] = true;
    }
    return count == rank;
}

static Value build_transpose(LayerCall *c)
{
    int64_t perm[MAX_RANK];
    int count = c->x->rank;
    for (int i = 0; i < count; i++) perm[i] = count - 1 - i;
    if (arg_given(c, "perm")) count = arg_list(c, "perm", perm);
    if (count < 0) return poison;
    if (!is_permutation(perm, count, c->x->rank)) {
        Diagnostic *d = layer_error(c, "E0412", "%s is not an order of the %d axes of %s",
                                    value_text(c->r->arena, arg_value(c, "perm")), c->x->rank,
                                    tensor_type_text(c->r->arena, c->x));
        net_help(d,
                 "each axis from 0 to %d once; axis i of the result is axis perm[i] of the input",
                 c->x->rank - 1);
        return poison;
    }
    Node *n = layer_node(c, NULL, "Transpose", 1, 1, 1);
    n->inputs[0] = c->x;
    node_ints(c->r, n, "perm", perm, count);
    return layer_done(c, n);
}

/* pad: one number for all spatial sides, one for each spatial dimension, or begins and ends of
 * them. */
static Value build_pad(LayerCall *c)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
    int mode = arg_choice(c, "mode", modes), spatial = c->x->rank - 2;
    int64_t sides[2 * MAX_SPATIAL], pads[2 * MAX_RANK] = {0};
    if (mode < 0 || !layer_rank(c, 3, "N x C x ...")) return poison;
    const Value *v = arg_value(c, "pad");
    bool ends = v->kind == VALUE_LIST && v->list.count == 2 * spatial;
    if (!arg_ints(c, "pad", ends ? 2 * spatial : spatial, 0, 0, sides)) return poison;
    for (int i = 0; i < spatial; i++) {
        pads[2 + i] = sides[i];
        pads[c->x->rank + 2 + i] = sides[ends ? spatial + i : i];
    }
    Node *n = layer_node(c, NULL, "Pad", mode == 3 ? 19 : 13, 3, 1);
    n->inputs[0] = c->x, n->inputs[1] = layer_ints(c, "pads", pads, 2 * c->x->rank);
    if (mode == 0 && !(n->inputs[2] = layer_scalar(c, arg_float(c, "value", 0)))) return poison;
    if (mode) node_text(c->r, n, "mode", modes[mode]);
    return layer_done(c, n);
}

static Value build_slice(LayerCall *c)
{
    int axis;
    if (!layer_rank(c, 1, "at least one dimension") || !arg_axis(c, "axis", 0, c->x->rank, &axis))
        return poison;
    int64_t step = arg_int(c, "step", 1), axis64 = axis;
    int64_t from = arg_int(c, "from", step < 0 ? INT64_MAX : 0),
            to = arg_int(c, "to", step < 0 ? INT64_MIN : INT64_MAX);
    if (step == 0) {
        net_error(c->r, "E0406", arg_value(c, "step")->source, "`step` of slice cannot be 0");
        return poison;
    }
    Node *n = layer_node(c, NULL, "Slice", 11, 5, 1);
    n->inputs[0] = c->x;
    n->inputs[1] = layer_ints(c, "from", &from, 1);
    n->inputs[2] = layer_ints(c, "to", &to, 1);
    n->inputs[3] = layer_ints(c, "axis", &axis64, 1);
    n->inputs[4] = layer_ints(c, "step", &step, 1);
    return layer_done(c, n);
}

/* Nearest as image programs do it (each element repeated), linear and cubic between pixel centres.
 */
static Value build_upsample(LayerCall *c)
{
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    int mode = arg_choice(c, "mode", modes), spatial = c->x->rank - 2;
    int64_t scale[MAX_SPATIAL], rank = c->x->rank;
    if (mode < 0 || !layer_rank(c, 3, "N x C x ...") || !arg_ints(c, "scale", spatial, 1, 1, scale))
        return poison;
    float *scales = NEW_ARRAY(c->r->arena, float, rank);
    scales[0] = scales[1] = 1;
    for (int i = 0; i < spatial; i++) scales[2 + i] = (float)scale[i];
    const char *name = fresh_tensor_name(c->r, arena_format(c->r->arena, "%s.scales", c->path));
    Node *n = layer_node(c, NULL, "Resize", 13, 3, 1);
    n->inputs[0] = c->x,
    n->inputs[2] = graph_add_const(c->r->graph, name, DT_F32, 1, &rank, scales);
    node_text(c->r, n, "mode", modes[mode]);
    node_text(c->r, n, "coordinate_transformation_mode", mode == 0 ? "asymmetric" : "half_pixel");
    if (mode == 0) node_text(c->r, n, "nearest_mode", "floor");
    return layer_done(c, n);
}

static Tensor *reshape_step(LayerCall *c, const char *suffix, Tensor *x, const int64_t *dims,
                            int count)
{
    Node *n = layer_node(c, suffix, "Reshape", 5, 2, 1);
    n->inputs[0] = x,
    n->inputs[1] = layer_ints(c, arena_format(c->r->arena, "%s.shape", suffix), dims, count);
    return layer_step(c, n);
}

/* Channels as groups x C/groups, transposed: every group then holds channels of all. */
static Value build_channel_shuffle(LayerCall *c)
{
    const Tensor *x = c->x;
    int64_t groups = arg_int(c, "groups", 1), split[MAX_RANK], perm[MAX_RANK];
    if (!layer_rank(c, 2, "N x C x ...")) return poison;
    if (groups < 1 || x->dims[1] % groups || x->rank == MAX_RANK) {
        Diagnostic *d = layer_error(
            c, "E0210", "%lld groups do not divide the %lld channels of channel_shuffle",
            (long long)groups, (long long)x->dims[1]);
        net_label(d, arg_value(c, "groups")->source, "%lld groups", (long long)groups);
        return poison;
    }
    for (int i = 0; i <= x->rank; i++) {
        split[i] = i == 0   ? x->dims[0]
                   : i == 1 ? groups
                   : i == 2 ? x->dims[1] / groups
                            : x->dims[i - 1];
        perm[i] = i == 1 ? 2 : i == 2 ? 1 : i;
    }
    Tensor *parts = reshape_step(c, "split", c->x, split, x->rank + 1);
    if (!parts) return poison;
    Node *turn = layer_node(c, "transpose", "Transpose", 1, 1, 1);
    turn->inputs[0] = parts;
    node_ints(c->r, turn, "perm", perm, x->rank + 1);
    Tensor *turned = layer_step(c, turn);
    if (!turned) return poison;
    Node *n = layer_node(c, NULL, "Reshape", 5, 2, 1);
    n->inputs[0] = turned, n->inputs[1] = layer_ints(c, "shape", x->dims, x->rank);
    return layer_done(c, n);
}

/* Blocks of channels become pixels: C*r*r x H x W to C x H*r x W*r, channels outermost as PyTorch
 * has it. */
static Value build_pixel_shuffle(LayerCall *c)
{
    int64_t scale = arg_int(c, "scale", 1), square;
    if (!layer_rank(c, 4, "N x C x H x W")) return poison;
    if (scale < 1 || !checked_mul(scale, scale, &square) || c->x->dims[1] % square) {
        layer_error(
            c, "E0412",
            "pixel_shuffle by %lld needs channels in multiples of its square; there are %lld",
            (long long)scale, (long long)c->x->dims[1]);
        return poison;
    }
    Node *n = layer_node(c, NULL, "DepthToSpace", 11, 1, 1);
    n->inputs[0] = c->x;
    node_int(c->r, n, "blocksize", scale);
    node_text(c->r, n, "mode", "CRD");
    return layer_done(c, n);
}

static Value build_axes(LayerCall *c)
{
    int64_t axes[MAX_RANK];
    int count = arg_given(c, "axes") ? arg_list(c, "axes", axes) : 0;
    if (count < 0) return poison;
    Node *n = layer_node(c, NULL, c->layer->op_type, 13, count ? 2 : 1, 1);
    n->inputs[0] = c->x;
    if (count) n->inputs[1] = layer_ints(c, "axes", axes, count);
    return layer_done(c, n);
}

static Value build_identity(LayerCall *c)
{
    Node *n = layer_node(c, NULL, "Identity", 1, 1, 1);
    n->inputs[0] = c->x;
    return layer_done(c, n);
}

#define X                                                                                          \
    {                                                                                              \
        "x", ARG_TENSOR, true                                                                      \
    }

const NetLayer layers_shape[] = {
    {"flatten", build_flatten, {X, {"axis", ARG_INT, false}}, NULL, 0},
    {"reshape", build_reshape, {X, {"shape", ARG_INTS, true}}, NULL, 0},
    {"transpose", build_transpose, {X, {"perm", ARG_INTS, false}}, NULL, 0},
    {"pad",
     build_pad,
     {X, {"pad", ARG_INTS, true}, {"value", ARG_FLOAT, false}, {"mode", ARG_TEXT, false}},
     NULL,
     0},
    {"slice",
     build_slice,
     {X,
      {"axis", ARG_INT, true},
      {"from", ARG_INT, false},
      {"to", ARG_INT, false},
      {"step", ARG_INT, false}},
     NULL,
     0},
    {"upsample",
     build_upsample,
     {X, {"scale", ARG_INTS, true}, {"mode", ARG_TEXT, false}},
     NULL,
     0},
    {"channel_shuffle", build_channel_shuffle, {X, {"groups", ARG_INT, true}}, NULL, 0},
    {"pixel_shuffle", build_pixel_shuffle, {X, {"scale", ARG_INT, true}}, NULL, 0},
    {"squeeze", build_axes, {X, {"axes", ARG_INTS, false}}, "Squeeze", 13},
    {"unsqueeze", build_axes, {X, {"axes", ARG_INTS, true}}, "Unsqueeze", 13},
    {"identity", build_identity, {X}, NULL, 0},
    {0},
};
