/* Layers that reduce along axes: the axes of the spatial dimensions or any given, kept as 1 where
 * asked. */
#include "read_net_layer.h"

static Value build_reduce(LayerCall *c)
{
    int64_t axes[MAX_RANK];
    int count = arg_given(c, "axis") ? arg_list(c, "axis", axes) : 0;
    if (count < 0) return poison;
    bool as_input = c->r->top->opset >= c->layer->since; /* an attribute in older versions */
    Node *n = layer_node(c, NULL, c->layer->op_type, 11, count && as_input ? 2 : 1, 1);
    n->inputs[0] = c->x;
    if (count && as_input) n->inputs[1] = layer_ints(c, "axes", axes, count);
    if (count && !as_input) node_ints(c->r, n, "axes", axes, count);
    node_int(c->r, n, "keepdims", arg_bool(c, "keep", false));
    return layer_done(c, n);
}

static Value build_argmax(LayerCall *c)
{
    int axis;
    if (!layer_rank(c, 1, "at least one dimension") || !arg_axis(c, "axis", -1, c->x->rank, &axis))
        return poison;
    Node *n = layer_node(c, NULL, "ArgMax", 13, 1, 1);
    n->inputs[0] = c->x;
    node_int(c->r, n, "axis", axis);
    node_int(c->r, n, "keepdims", arg_bool(c, "keep", false));
    return layer_done(c, n);
}

#define ARGS                                                                                       \
    {                                                                                              \
        {"x", ARG_TENSOR, true}, {"axis", ARG_INTS, false}, { "keep", ARG_BOOL, false }            \
    }

const NetLayer layers_reduce[] = {
    {"mean", build_reduce, ARGS, "ReduceMean", 18},
    {"sum", build_reduce, ARGS, "ReduceSum", 13},
    {"max", build_reduce, ARGS, "ReduceMax", 18},
    {"min", build_reduce, ARGS, "ReduceMin", 18},
    {"argmax",
     build_argmax,
     {{"x", ARG_TENSOR, true}, {"axis", ARG_INT, false}, {"keep", ARG_BOOL, false}},
     NULL,
     0},
    {0},
};
