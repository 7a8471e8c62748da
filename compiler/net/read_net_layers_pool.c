/* The pooling layers: windows whose stride is the kernel unless given, whole planes, and a fixed
 * number of outputs. */
#include "read_net_window.h"

enum { ADAPTIVE_MOST = 1000 }; /* outputs along a dimension */

static const char spatial_shape[] = "N x C x W, N x C x H x W or N x C x D x H x W";

static bool read_window(LayerCall *c, Window *w)
{
    if (!layer_rank(c, 3, spatial_shape) || !net_window_read(c, w)) return false;
    if (!arg_given(c, "stride")) memcpy(w->stride, w->kernel, sizeof w->stride);
    if (!net_window_pads(c, w) || !net_window_fits(c, w)) return false;
    for (int i = 0; i < w->spatial; i++) {
        int64_t pad = max64(w->pads[i], w->pads[w->spatial + i]);
        if (pad < w->dilation[i] * (w->kernel[i] - 1) + 1) continue;
        net_error(c->r, "E0412", arg_value(c, "pad")->source,
                  "a pad of %lld makes windows of %lld that hold nothing but padding",
                  (long long)pad, (long long)w->kernel[i]);
        return false;
    }
    if (!arg_given(c, "ceil")) net_window_warn_unread(c, w);
    return true;
}

static Value build_pool(LayerCall *c)
{
    Window w;
    if (!read_window(c, &w)) return poison;
    Node *n = layer_node(c, NULL, c->layer->op_type, c->layer->since, 1, 1);
    n->inputs[0] = c->x;
    net_window_attrs(c, n, &w);
    if (arg_bool(c, "ceil", false)) node_int(c->r, n, "ceil_mode", 1);
    if (!strcmp(c->layer->op_type, "AveragePool"))
        node_int(c->r, n, "count_include_pad", arg_bool(c, "count_include_pad", true));
    if (!strcmp(c->layer->op_type, "MaxPool"))
        node_ints(c->r, n, "dilations", w.dilation, w.spatial);
    return layer_done(c, n);
}

/* lppool and l2pool: (sum |x|^p)^(1/p). */
static Value build_lppool(LayerCall *c)
{
    Window w;
    if (!read_window(c, &w)) return poison;
    Node *n = layer_node(c, NULL, "LpPool", 18, 1, 1);
    n->inputs[0] = c->x;
    net_window_attrs(c, n, &w);
    node_int(c->r, n, "p", strcmp(c->layer->name, "l2pool") ? arg_int(c, "p", 2) : 2);
    if (arg_bool(c, "ceil", false)) node_int(c->r, n, "ceil_mode", 1);
    return layer_done(c, n);
}

static Value build_global(LayerCall *c)
{
    if (!layer_rank(c, 3, spatial_shape)) return poison;
    Node *n = layer_node(c, NULL, c->layer->op_type, c->layer->since, 1, 1);
    n->inputs[0] = c->x;
    return layer_done(c, n);
}

/* One window that adaptive pooling takes along an axis. */
static Tensor *adaptive_window(LayerCall *c, Tensor *x, int axis, int64_t from, int64_t to)
{
    bool mean = !strcmp(c->layer->op_type, "AveragePool");
    const char *at = arena_format(c->r->arena, "axis%d_%lld", axis, (long long)from);
    int64_t along[] = {axis};
    Node *slice = layer_node(c, at, "Slice", 11, 4, 1);
    slice->inputs[0] = x;
    slice->inputs[1] = layer_ints(c, arena_format(c->r->arena, "%s.from", at), &from, 1);
    slice->inputs[2] = layer_ints(c, arena_format(c->r->arena, "%s.to", at), &to, 1);
    slice->inputs[3] = layer_ints(c, arena_format(c->r->arena, "%s.axis", at), along, 1);
    Tensor *window = layer_step(c, slice);
    if (!window) return NULL;
    Node *reduce = layer_node(c, arena_format(c->r->arena, "%s.reduce", at),
                              mean ? "ReduceMean" : "ReduceMax", 18, 2, 1);
    reduce->inputs[0] = window;
    reduce->inputs[1] = slice->inputs[3];
    return layer_step(c, reduce);
}

/* Window i of `out` goes from floor(i in / out) to ceil((i + 1) in / out), one axis after the
 * other: a mean of means of equally many is the mean. */
static Value adaptive_uneven(LayerCall *c, int spatial, const int64_t *out)
{
    Tensor *x = c->x, *parts[ADAPTIVE_MOST];
    for (int s = 0; s < spatial; s++) {
        int64_t in = c->x->dims[2 + s];
        for (int64_t i = 0; i < out[s]; i++) {
            int64_t from = i * in / out[s], to = ((i + 1) * in + out[s] - 1) / out[s];
            if (!(parts[i] = adaptive_window(c, x, 2 + s, from, to))) return poison;
        }
        bool last = s + 1 == spatial;
        Node *join = layer_node(c, last ? NULL : arena_format(c->r->arena, "axis%d", 2 + s),
                                "Concat", 13, (int)out[s], 1);
        memcpy(join->inputs, parts, (size_t)out[s] * sizeof *parts);
        node_int(c->r, join, "axis", 2 + s);
        if (last) return layer_done(c, join);
        if (!(x = layer_step(c, join))) return poison;
    }
    return poison;
}

/* Windows that give `out` outputs; they are all alike only where the size divides. */
static Value build_adaptive(LayerCall *c)
{
    Window w = {0};
    int64_t out[MAX_SPATIAL];
    bool even = true;
    if (!layer_rank(c, 3, spatial_shape)) return poison;
    w.spatial = c->x->rank - 2;
    if (!arg_ints(c, "out", w.spatial, 1, 1, out)) return poison;
    for (int i = 0; i < w.spatial; i++) {
        int64_t in = c->x->dims[2 + i];
        even = even && in % out[i] == 0;
        w.kernel[i] = w.stride[i] = in / out[i];
        if (in > 0 && out[i] <= ADAPTIVE_MOST && in <= INT64_MAX / ADAPTIVE_MOST) continue;
        layer_error(c, "E0412", "%s cannot make %lld windows of %lld", c->layer->name, (long long)out[i],
                    (long long)in);
        return poison;
    }
    if (!even) return adaptive_uneven(c, w.spatial, out);
    Node *n = layer_node(c, NULL, c->layer->op_type, 11, 1, 1);
    n->inputs[0] = c->x;
    net_window_attrs(c, n, &w);
    return layer_done(c, n);
}

#define WINDOW_ARGS                                                                                \
    {"x", ARG_TENSOR, true}, {"kernel", ARG_INTS, true}, {"stride", ARG_INTS, false},              \
    {                                                                                              \
        "pad", ARG_PAD, false                                                                      \
    }

const NetLayer layers_pool[] = {
    {"maxpool",
     build_pool,
     {WINDOW_ARGS, {"dilation", ARG_INTS, false}, {"ceil", ARG_BOOL, false}},
     "MaxPool",
     11},
    {"avgpool",
     build_pool,
     {WINDOW_ARGS, {"ceil", ARG_BOOL, false}, {"count_include_pad", ARG_BOOL, false}},
     "AveragePool",
     11},
    {"lppool",
     build_lppool,
     {WINDOW_ARGS, {"p", ARG_INT, false}, {"ceil", ARG_BOOL, false}},
     NULL,
     0},
    {"l2pool", build_lppool, {WINDOW_ARGS, {"ceil", ARG_BOOL, false}}, NULL, 0},
    {"global_avgpool", build_global, {{"x", ARG_TENSOR, true}}, "GlobalAveragePool", 1},
    {"global_maxpool", build_global, {{"x", ARG_TENSOR, true}}, "GlobalMaxPool", 1},
    {"adaptive_avgpool",
     build_adaptive,
     {{"x", ARG_TENSOR, true}, {"out", ARG_INTS, true}},
     "AveragePool",
     11},
    {"adaptive_maxpool",
     build_adaptive,
     {{"x", ARG_TENSOR, true}, {"out", ARG_INTS, true}},
     "MaxPool",
     11},
    {0},
};
