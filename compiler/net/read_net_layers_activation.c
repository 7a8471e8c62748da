/* Layers that work element by element, and softmax. Most are a row: the operator, and the
 * attributes that arguments set. */
#include "read_net_layer.h"

#include <math.h>

/* The argument or, where a default of the layer differs from the operator's, that default. */
static const struct Default {
    const char *layer, *arg;
    double value;
} defaults[] = {
    {"leaky_relu", "alpha", 0.01},     {"elu", "alpha", 1},          {"celu", "alpha", 1},
    {"hardsigmoid", "alpha", 1.0 / 6}, {"hardsigmoid", "beta", 0.5}, {"threshold", "alpha", 1},
};

static double default_of(const LayerCall *c, const char *arg)
{
    for (size_t i = 0; i < COUNT(defaults); i++)
        if (!strcmp(defaults[i].layer, c->layer->name) && !strcmp(defaults[i].arg, arg))
            return defaults[i].value;
    return NAN;
}

/* One node; every number among the arguments is an attribute of the same name. */
static Value build_unary(LayerCall *c)
{
    Node *n = layer_node(c, NULL, c->layer->op_type, c->layer->since, 1, 1);
    n->inputs[0] = c->x;
    for (int i = 1; i < LAYER_MAX_ARGS && c->layer->args[i].name; i++) {
        const char *arg = c->layer->args[i].name;
        double value = arg_float(c, arg, default_of(c, arg));
        if (!isnan(value)) node_float(c->r, n, arg, value);
    }
    return layer_done(c, n);
}

static Value build_gelu(LayerCall *c)
{
    static const char *const words[] = {"none", "tanh", NULL};
    int word = arg_choice(c, "approximate", words);
    if (word < 0) return poison;
    Node *n = layer_node(c, NULL, "Gelu", 20, 1, 1);
    n->inputs[0] = c->x;
    node_text(c->r, n, "approximate", words[word]);
    return layer_done(c, n);
}

/* x * sigmoid(x) */
static Value build_silu(LayerCall *c)
{
    Node *gate = layer_node(c, "sigmoid", "Sigmoid", 13, 1, 1);
    gate->inputs[0] = c->x;
    Tensor *g = layer_step(c, gate);
    if (!g) return poison;
    Node *n = layer_node(c, NULL, "Mul", 14, 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = g;
    return layer_done(c, n);
}

/* One slope for each channel, or one for all. */
static Value build_prelu(LayerCall *c)
{
    int64_t dims[MAX_RANK];
    int rank = c->x->rank > 1 ? c->x->rank - 1 : 1;
    for (int i = 0; i < rank; i++) dims[i] = 1;
    if (c->x->rank > 1 && !arg_bool(c, "shared", false)) dims[0] = c->x->dims[1];
    Tensor *slope;
    if (!layer_weight(c, "weight", true, rank, dims, &slope)) return poison;
    if (!slope) {
        net_error(c->r, "E0406", arg_value(c, "weight")->source, "prelu needs its slopes");
        return poison;
    }
    Node *n = layer_node(c, NULL, "PRelu", 16, 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = slope;
    return layer_done(c, n);
}

static Value clip(LayerCall *c, double low, double high)
{
    Node *n = layer_node(c, NULL, "Clip", 12, 3, 1);
    n->inputs[0] = c->x;
    if (!isnan(low) && !(n->inputs[1] = layer_scalar(c, low))) return poison;
    if (!isnan(high) && !(n->inputs[2] = layer_scalar(c, high))) return poison;
    return layer_done(c, n);
}

static Value build_clip(LayerCall *c)
{
    return clip(c, arg_float(c, "min", NAN), arg_float(c, "max", NAN));
}

static Value build_relu6(LayerCall *c) { return clip(c, 0, 6); }

static Value build_softmax(LayerCall *c)
{
    int axis;
    if (!layer_rank(c, 1, "at least one dimension") || !arg_axis(c, "axis", -1, c->x->rank, &axis))
        return poison;
    Node *n = layer_node(c, NULL, c->layer->op_type, 13, 1, 1);
    n->inputs[0] = c->x;
    node_int(c->r, n, "axis", axis);
    return layer_done(c, n);
}

#define X                                                                                          \
    {                                                                                              \
        "x", ARG_TENSOR, true                                                                      \
    }

const NetLayer layers_activation[] = {
    {"relu", build_unary, {X}, "Relu", 6},
    {"relu6", build_relu6, {X}, NULL, 0},
    {"clip", build_clip, {X, {"min", ARG_FLOAT, false}, {"max", ARG_FLOAT, false}}, NULL, 0},
    {"leaky_relu", build_unary, {X, {"alpha", ARG_FLOAT, false}}, "LeakyRelu", 6},
    {"prelu", build_prelu, {X, {"shared", ARG_BOOL, false}, {"weight", ARG_DATA, false}}, NULL, 0},
    {"elu", build_unary, {X, {"alpha", ARG_FLOAT, false}}, "Elu", 6},
    {"selu", build_unary, {X, {"alpha", ARG_FLOAT, false}, {"gamma", ARG_FLOAT, false}}, "Selu", 6},
    {"celu", build_unary, {X, {"alpha", ARG_FLOAT, false}}, "Celu", 12},
    {"gelu", build_gelu, {X, {"approximate", ARG_TEXT, false}}, NULL, 0},
    {"silu", build_silu, {X}, NULL, 0},
    {"swish", build_silu, {X}, NULL, 0},
    {"mish", build_unary, {X}, "Mish", 18},
    {"hardswish", build_unary, {X}, "HardSwish", 14},
    {"hardsigmoid",
     build_unary,
     {X, {"alpha", ARG_FLOAT, false}, {"beta", ARG_FLOAT, false}},
     "HardSigmoid",
     6},
    {"threshold", build_unary, {X, {"alpha", ARG_FLOAT, false}}, "ThresholdedRelu", 10},
    {"sigmoid", build_unary, {X}, "Sigmoid", 6},
    {"tanh", build_unary, {X}, "Tanh", 6},
    {"softplus", build_unary, {X}, "Softplus", 1},
    {"softsign", build_unary, {X}, "Softsign", 1},
    {"softmax", build_softmax, {X, {"axis", ARG_INT, false}}, "Softmax", 13},
    {"log_softmax", build_softmax, {X, {"axis", ARG_INT, false}}, "LogSoftmax", 13},
    {"exp", build_unary, {X}, "Exp", 6},
    {"log", build_unary, {X}, "Log", 6},
    {"sqrt", build_unary, {X}, "Sqrt", 6},
    {"abs", build_unary, {X}, "Abs", 6},
    {"erf", build_unary, {X}, "Erf", 9},
    {0},
};
