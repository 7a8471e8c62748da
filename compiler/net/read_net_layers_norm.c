/* Normalising layers and dropout. Scale and shift are parameters; running statistics are kept apart
 * from what is learned. */
#include "read_net_layer.h"

static bool check_eps(LayerCall *c)
{
    double eps = arg_float(c, "eps", 1e-5);
    if (eps >= 0 && eps < 1) return true;
    net_error(c->r, "E0406", arg_value(c, "eps")->source,
              "`eps` is a small number that is added to the variance, not %g", eps);
    return false;
}

/* x, weight and bias over `dims`. */
static Node *affine_node(LayerCall *c, const char *op_type, int since, int rank,
                         const int64_t *dims)
{
    Node *n = layer_node(c, NULL, op_type, since, 3, 1);
    n->inputs[0] = c->x;
    n->inputs[1] = layer_param(c, "weight", true, rank, dims);
    n->inputs[2] = layer_param(c, "bias", true, rank, dims);
    node_float(c->r, n, "epsilon", arg_float(c, "eps", 1e-5));
    return n;
}

/* (x - mean) / sqrt(var + eps) * weight + bias, a number of each for every channel. */
static Value build_batchnorm(LayerCall *c)
{
    if (!layer_rank(c, 2, "N x C or N x C x ...") || !check_eps(c)) return poison;
    int64_t *channels = &c->x->dims[1];
    Node *n = layer_node(c, NULL, "BatchNormalization", 9, 5, 1);
    n->inputs[0] = c->x;
    n->inputs[1] = layer_param(c, "weight", true, 1, channels);
    n->inputs[2] = layer_param(c, "bias", true, 1, channels);
    n->inputs[3] = layer_param(c, "running_mean", false, 1, channels);
    n->inputs[4] = layer_param(c, "running_var", false, 1, channels);
    node_float(c->r, n, "epsilon", arg_float(c, "eps", 1e-5));
    return layer_done(c, n);
}

static Value build_layernorm(LayerCall *c)
{
    int axis;
    if (!layer_rank(c, 1, "at least one dimension") || !check_eps(c) ||
        !arg_axis(c, "axis", -1, c->x->rank, &axis))
        return poison;
    Node *n = affine_node(c, "LayerNormalization", 17, c->x->rank - axis, c->x->dims + axis);
    node_int(c->r, n, "axis", axis);
    return layer_done(c, n);
}

static Value build_rmsnorm(LayerCall *c)
{
    int axis;
    if (!layer_rank(c, 1, "at least one dimension") || !check_eps(c) ||
        !arg_axis(c, "axis", -1, c->x->rank, &axis))
        return poison;
    Node *n = layer_node(c, NULL, "RMSNormalization", 23, 2, 1);
    n->inputs[0] = c->x;
    n->inputs[1] = layer_param(c, "weight", true, c->x->rank - axis, c->x->dims + axis);
    node_int(c->r, n, "axis", axis);
    node_float(c->r, n, "epsilon", arg_float(c, "eps", 1e-5));
    return layer_done(c, n);
}

static Value build_groupnorm(LayerCall *c)
{
    int64_t groups = arg_int(c, "groups", 1);
    if (!layer_rank(c, 3, "N x C x ...") || !check_eps(c)) return poison;
    if (groups < 1 || c->x->dims[1] % groups) {
        Diagnostic *d =
            layer_error(c, "E0210", "%lld groups do not divide the %lld channels of groupnorm",
                        (long long)groups, (long long)c->x->dims[1]);
        net_label(d, arg_value(c, "groups")->source, "%lld groups", (long long)groups);
        return poison;
    }
    Node *n = affine_node(c, "GroupNormalization", 21, 1, &c->x->dims[1]);
    node_int(c->r, n, "num_groups", groups);
    return layer_done(c, n);
}

static Value build_instancenorm(LayerCall *c)
{
    if (!layer_rank(c, 3, "N x C x ...") || !check_eps(c)) return poison;
    return layer_done(c, affine_node(c, "InstanceNormalization", 6, 1, &c->x->dims[1]));
}

/* x / (k + alpha / size * sum of squares over `size` neighbouring channels)^beta */
static Value build_lrn(LayerCall *c)
{
    int64_t size = arg_int(c, "size", 5);
    if (!layer_rank(c, 2, "N x C x ...")) return poison;
    if (size < 1) {
        net_error(c->r, "E0406", arg_value(c, "size")->source, "`size` of lrn must be at least 1");
        return poison;
    }
    Node *n = layer_node(c, NULL, "LRN", 1, 1, 1);
    n->inputs[0] = c->x;
    node_int(c->r, n, "size", size);
    node_float(c->r, n, "alpha", arg_float(c, "alpha", 1e-4));
    node_float(c->r, n, "beta", arg_float(c, "beta", 0.75));
    node_float(c->r, n, "bias", arg_float(c, "k", 1));
    return layer_done(c, n);
}

/* Does nothing when a network runs; kept in the graph so that a printed net says where it was. */
static Value build_dropout(LayerCall *c)
{
    double ratio = arg_float(c, "ratio", 0.5);
    if (!(ratio >= 0 && ratio < 1)) {
        net_error(c->r, "E0406", arg_value(c, "ratio")->source,
                  "`ratio` of dropout is at least 0 and below 1, not %g", ratio);
        return poison;
    }
    Node *n = layer_node(c, NULL, "Dropout", 12, 2, 1);
    Value v = value_float(ratio, c->e->source);
    n->inputs[0] = c->x;
    n->inputs[1] = literal_tensor(c->r, &v, DT_F32, arena_format(c->r->arena, "%s.ratio", c->path));
    return layer_done(c, n);
}

#define X                                                                                          \
    {                                                                                              \
        "x", ARG_TENSOR, true                                                                      \
    }
#define EPS                                                                                        \
    {                                                                                              \
        "eps", ARG_FLOAT, false                                                                    \
    }

const NetLayer layers_norm[] = {
    {"batchnorm", build_batchnorm, {X, EPS}, NULL, 0},
    {"layernorm", build_layernorm, {X, {"axis", ARG_INT, false}, EPS}, NULL, 0},
    {"rmsnorm", build_rmsnorm, {X, {"axis", ARG_INT, false}, EPS}, NULL, 0},
    {"groupnorm", build_groupnorm, {X, {"groups", ARG_INT, true}, EPS}, NULL, 0},
    {"instancenorm", build_instancenorm, {X, EPS}, NULL, 0},
    {"lrn",
     build_lrn,
     {X,
      {"size", ARG_INT, false},
      {"alpha", ARG_FLOAT, false},
      {"beta", ARG_FLOAT, false},
      {"k", ARG_FLOAT, false}},
     NULL,
     0},
    {"dropout", build_dropout, {X, {"ratio", ARG_FLOAT, false}}, NULL, 0},
    {0},
};
