/* Layers that multiply by a matrix: linear, matmul, embedding. */
#include "read_net_layer.h"

/* y = x W^T + b on matrices: one Gemm. */
static Value linear_gemm(LayerCall *c, Tensor *weight, Tensor *bias)
{
    Node *n = layer_node(c, NULL, "Gemm", 11, bias ? 3 : 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = weight;
    if (bias) n->inputs[2] = bias;
    node_int(c->r, n, "transB", 1);
    return layer_done(c, n);
}

/* The same over the last dimension of any other rank. */
static Value linear_matmul(LayerCall *c, Tensor *weight, Tensor *bias)
{
    static const int64_t swap[] = {1, 0};
    Node *turn = layer_node(c, "transpose", "Transpose", 1, 1, 1);
    turn->inputs[0] = weight;
    node_ints(c->r, turn, "perm", swap, 2);
    Tensor *turned = layer_step(c, turn);
    Node *product = layer_node(c, bias ? "matmul" : NULL, "MatMul", 9, 2, 1);
    product->inputs[0] = c->x, product->inputs[1] = turned;
    if (!turned || !bias) return turned ? layer_done(c, product) : poison;
    Tensor *sum = layer_step(c, product);
    if (!sum) return poison;
    Node *add = layer_node(c, NULL, "Add", 14, 2, 1);
    add->inputs[0] = sum, add->inputs[1] = bias;
    return layer_done(c, add);
}

static bool check_linear(LayerCall *c)
{
    if (!layer_rank(c, 1, "at least one dimension")) return false;
    if (arg_int(c, "out", 0) < 1) {
        net_error(c->r, "E0406", arg_value(c, "out")->source,
                  "`out` of linear must be at least 1, not %lld", (long long)arg_int(c, "out", 0));
        return false;
    }
    if (c->x->rank < 4 || arg_given(c, "axis")) {
        int axis;
        if (!arg_axis(c, "axis", -1, c->x->rank, &axis)) return false;
        if (axis == c->x->rank - 1) return true;
        net_error(c->r, "E0406", arg_value(c, "axis")->source,
                  "linear works along the last axis only; transpose first");
        return false;
    }
    Diagnostic *d =
        layer_error(c, "E0412", "linear on the feature maps %s would work along the last axis only",
                    tensor_type_text(c->r->arena, c->x));
    net_help(
        d, "flatten comes before the first linear layer; if the last axis is meant, say axis: -1");
    return false;
}

static Value build_linear(LayerCall *c)
{
    if (!check_linear(c)) return poison;
    int64_t out = arg_int(c, "out", 0), dims[] = {out, c->x->dims[c->x->rank - 1]};
    Tensor *weight, *bias;
    bool good = layer_weight(c, "weight", true, 2, dims, &weight);
    good &= layer_weight(c, "bias", true, 1, &out, &bias);
    if (!good) return poison;
    return c->x->rank == 2 ? linear_gemm(c, weight, bias) : linear_matmul(c, weight, bias);
}

static Value build_matmul(LayerCall *c)
{
    const Tensor *x = c->x, *y = arg_value(c, "y")->tensor;
    int64_t inner = x->rank > 0 ? x->dims[x->rank - 1] : -1, outer = y->rank > 1
                                                                         ? y->dims[y->rank - 2]
                                                                     : y->rank == 1 ? y->dims[0]
                                                                                    : -2;
    if (inner != outer) {
        Diagnostic *d = net_error(
            c->r, "E0201", c->e->source, "matmul of %s by %s: the inner dimensions do not agree",
            tensor_type_text(c->r->arena, x), tensor_type_text(c->r->arena, y));
        net_label(d, arg_value(c, "x")->source, "%s", tensor_type_text(c->r->arena, x));
        net_label(d, arg_value(c, "y")->source, "%s", tensor_type_text(c->r->arena, y));
        if (y->rank > 1 && inner == y->dims[y->rank - 1])
            net_help(d, "transpose the right side: its last dimension is %lld", (long long)inner);
        return poison;
    }
    Node *n = layer_node(c, NULL, "MatMul", 9, 2, 1);
    n->inputs[0] = c->x, n->inputs[1] = arg_value(c, "y")->tensor;
    return layer_done(c, n);
}

/* Rows of a table, chosen by integers. */
static Value build_embedding(LayerCall *c)
{
    int64_t dims[] = {arg_int(c, "count", 0), arg_int(c, "size", 0)};
    if (c->x->dtype != DT_I64 && c->x->dtype != DT_I32) {
        layer_error(c, "E0412", "embedding takes i32 or i64 indices, not %s",
                    tensor_type_text(c->r->arena, c->x));
        return poison;
    }
    if (dims[0] < 1 || dims[1] < 1) {
        net_error(c->r, "E0406", c->e->source,
                  "`count` and `size` of embedding must be at least 1");
        return poison;
    }
    Tensor *weight;
    c->dtype = DT_F32;
    if (!layer_weight(c, "weight", true, 2, dims, &weight)) return poison;
    Node *n = layer_node(c, NULL, "Gather", 11, 2, 1);
    n->inputs[0] = weight, n->inputs[1] = c->x;
    return layer_done(c, n);
}

const NetLayer layers_dense[] = {
    {"linear",
     build_linear,
     {{"x", ARG_TENSOR, true},
      {"out", ARG_INT, true},
      {"bias", ARG_SWITCH, false},
      {"weight", ARG_DATA, false},
      {"axis", ARG_INT, false}},
     NULL,
     0},
    {"matmul", build_matmul, {{"x", ARG_TENSOR, true}, {"y", ARG_TENSOR, true}}, NULL, 0},
    {"embedding",
     build_embedding,
     {{"x", ARG_TENSOR, true},
      {"count", ARG_INT, true},
      {"size", ARG_INT, true},
      {"weight", ARG_DATA, false}},
     NULL,
     0},
    {0},
};
