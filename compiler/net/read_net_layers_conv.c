/*
 * The layers conv and conv_transpose in one, two or three dimensions, by the rank of their input:
 * geometry checked here so that messages speak of the layer, parameters weight and bias, and one
 * node.
 *
 *   out = floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1
 */
#include "read_net_layer.h"
#include "read_net_window.h"

/* Channels in and out against groups. */
static bool check_channels(LayerCall *c, int64_t in, int64_t out, int64_t groups)
{
    if (out < 1 || groups < 1) {
        const char *name = out < 1 ? "out" : "groups";
        net_error(c->r, "E0406", arg_value(c, name)->source,
                  "`%s` of %s must be at least 1, not %lld", name, c->layer->name,
                  (long long)(out < 1 ? out : groups));
        return false;
    }
    if (in % groups == 0 && out % groups == 0) return true;
    int64_t channels = in % groups ? in : out;
    Diagnostic *d = layer_error(
        c, "E0210", "%lld groups do not divide the %lld channels that %s %s", (long long)groups,
        (long long)channels, c->layer->name, in % groups ? "reads" : "computes");
    net_label(d, arg_value(c, "groups")->source, "%lld groups", (long long)groups);
    if (in % groups == 0)
        net_help(d, "`out` must be a multiple of %lld, as %lld is", (long long)groups,
                 (long long)(ceil_div(out, groups) * groups));
    else
        net_help(d, "the groups must divide %lld; with groups: %lld each channel is by itself",
                 (long long)in, (long long)in);
    return false;
}

static Node *window_node(LayerCall *c, const Window *w, int64_t groups, Tensor *weight,
                         Tensor *bias, const char *op_type)
{
    Node *n = layer_node(c, NULL, op_type, 11, bias ? 3 : 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = weight;
    if (bias) n->inputs[2] = bias;
    net_window_attrs(c, n, w);
    node_ints(c->r, n, "dilations", w->dilation, w->spatial);
    node_int(c->r, n, "group", groups);
    return n;
}

static Value build_conv(LayerCall *c)
{
    Window w;
    if (!layer_rank(c, 3, "N x C x W, N x C x H x W or N x C x D x H x W") ||
        !net_window_read(c, &w))
        return poison;
    int64_t in = c->x->dims[1], out = arg_int(c, "out", 0), groups = arg_int(c, "groups", 1);
    if (!check_channels(c, in, out, groups) || !net_window_pads(c, &w) || !net_window_fits(c, &w))
        return poison;
    net_window_warn_unread(c, &w);
    int64_t dims[MAX_RANK] = {out, in / groups};
    for (int i = 0; i < w.spatial; i++) dims[2 + i] = w.kernel[i];
    Tensor *weight, *bias;
    bool good = layer_weight(c, "weight", true, c->x->rank, dims, &weight);
    good &= layer_weight(c, "bias", true, 1, &out, &bias);
    return good ? layer_done(c, window_node(c, &w, groups, weight, bias, "Conv")) : poison;
}

static Value build_conv_transpose(LayerCall *c)
{
    Window w;
    int64_t extra[MAX_SPATIAL];
    if (!layer_rank(c, 3, "N x C x W, N x C x H x W or N x C x D x H x W") ||
        !net_window_read(c, &w))
        return poison;
    int64_t in = c->x->dims[1], out = arg_int(c, "out", 0), groups = arg_int(c, "groups", 1);
    if (!check_channels(c, in, out, groups) || !net_window_pads(c, &w)) return poison;
    if (!arg_ints(c, "output_pad", w.spatial, 0, 0, extra)) return poison;
    for (int i = 0; i < w.spatial; i++) {
        if (extra[i] < max64(w.stride[i], w.dilation[i]) || !extra[i]) continue;
        net_error(
            c->r, "E0406", arg_value(c, "output_pad")->source,
            "`output_pad` chooses among the sizes that a stride of %lld makes the same: it is less "
            "than that, not %lld",
            (long long)w.stride[i], (long long)extra[i]);
        return poison;
    }
    int64_t dims[MAX_RANK] = {in, out / groups};
    for (int i = 0; i < w.spatial; i++) dims[2 + i] = w.kernel[i];
    Tensor *weight, *bias;
    bool good = layer_weight(c, "weight", true, c->x->rank, dims, &weight);
    good &= layer_weight(c, "bias", true, 1, &out, &bias);
    if (!good) return poison;
    Node *n = window_node(c, &w, groups, weight, bias, "ConvTranspose");
    if (arg_given(c, "output_pad")) node_ints(c->r, n, "output_padding", extra, w.spatial);
    return layer_done(c, n);
}

const NetLayer layers_conv[] = {
    {"conv",
     build_conv,
     {{"x", ARG_TENSOR, true},
      {"out", ARG_INT, true},
      {"kernel", ARG_INTS, true},
      {"stride", ARG_INTS, false},
      {"pad", ARG_PAD, false},
      {"dilation", ARG_INTS, false},
      {"groups", ARG_INT, false},
      {"bias", ARG_SWITCH, false},
      {"weight", ARG_DATA, false}},
     NULL,
     0},
    {"conv_transpose",
     build_conv_transpose,
     {{"x", ARG_TENSOR, true},
      {"out", ARG_INT, true},
      {"kernel", ARG_INTS, true},
      {"stride", ARG_INTS, false},
      {"pad", ARG_PAD, false},
      {"output_pad", ARG_INTS, false},
      {"dilation", ARG_INTS, false},
      {"groups", ARG_INT, false},
      {"bias", ARG_SWITCH, false},
      {"weight", ARG_DATA, false}},
     NULL,
     0},
    {0},
};
