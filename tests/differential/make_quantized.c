/* Quantisation by tensor, axis and block, and what computes on quantised tensors. */
#include "case.h"

static const uint32_t bytes = TYPE(DT_U8) | TYPE(DT_I8);

static void scales(Case *c, int rank, const int64_t *dims)
{
    CaseInput *in = put_input(c, DT_F32, rank, dims, FILL_POSITIVE);
    for (int64_t i = 0; i < case_elements(in); i++)
        set_element(in, i, (double)between(c, 1, 8) / 16);
}

/* The zero point, or none. */
static void zero_points(Case *c, Dtype dtype, int rank, const int64_t *dims)
{
    put_input(c, dtype, rank, dims, dtype == DT_I32 ? FILL_SMALL : FILL_ANY);
    if (dtype == DT_I32)
        memset(c->inputs[c->input_count - 1].data, 0,
               4 * (size_t)case_elements(&c->inputs[c->input_count - 1]));
}

typedef struct Grain {
    int rank;
    int64_t dims[4];
} Grain;

/* Scales for the whole, along an axis, or for blocks of it. */
static Grain draw_grain(Case *c, const CaseInput *x)
{
    Grain g = {0};
    int axis = below(c, x->rank), kind = below(c, c->opset >= 21 ? 3 : 2);
    if (kind == 0) return g;
    set_int(c, "axis", chance(c, 50) ? axis - x->rank : axis);
    g.rank = 1;
    g.dims[0] = x->dims[axis];
    if (kind == 1) return g;
    int64_t block = between(c, 1, 3);
    g.rank = x->rank;
    memcpy(g.dims, x->dims, (size_t)x->rank * sizeof *g.dims);
    g.dims[axis] = (x->dims[axis] + block - 1) / block;
    set_int(c, "block_size", block);
    return g;
}

static void quantize(Case *c)
{
    c->op = "QuantizeLinear";
    c->opset = draw_version(c, (const int[]){13, 19, 21, 0});
    int rank = 1 + below(c, 4);
    int64_t dims[4];
    draw_dims(c, rank, dims, 1, 6);
    uint32_t to = bytes;
    if (c->opset >= 19) to |= TYPE(DT_F8E4M3FN) | TYPE(DT_F8E5M2);
    if (c->opset >= 21) to |= TYPE(DT_U16) | TYPE(DT_I16) | TYPE(DT_I4) | TYPE(DT_U4);
    Dtype dtype = draw_type(c, to);
    const CaseInput *x = put_input(c, DT_F32, rank, dims, FILL_SMALL);
    Grain g = draw_grain(c, x);
    scales(c, g.rank, g.dims);
    if (chance(c, 85) || dtype != DT_U8) {
        put_input(c, dtype, g.rank, g.dims, FILL_SMALL);
        CaseInput *zero = &c->inputs[2];
        if (dtype_is_float(dtype)) memset(zero->data, 0, (size_t)case_elements(zero));
    }
}

static void dequantize(Case *c)
{
    c->op = "DequantizeLinear";
    c->opset = draw_version(c, (const int[]){13, 19, 21, 0});
    int rank = 1 + below(c, 4);
    int64_t dims[4];
    draw_dims(c, rank, dims, 1, 6);
    uint32_t from = bytes | TYPE(DT_I32);
    if (c->opset >= 19) from |= TYPE(DT_F8E4M3FN) | TYPE(DT_F8E5M2);
    if (c->opset >= 21) from |= TYPE(DT_U16) | TYPE(DT_I16) | TYPE(DT_I4) | TYPE(DT_U4);
    Dtype dtype = draw_type(c, from);
    const CaseInput *x = put_input(
        c, dtype, rank, dims, dtype == DT_I32 || dtype_is_float(dtype) ? FILL_SMALL : FILL_ANY);
    Grain g = draw_grain(c, x);
    scales(c, g.rank, g.dims);
    if (chance(c, 60) && !dtype_is_float(dtype)) zero_points(c, dtype, g.rank, g.dims);
}

static void dynamic_quantize(Case *c)
{
    int rank = 1 + below(c, 3);
    int64_t dims[4];
    draw_dims(c, rank, dims, 1, 6);
    c->op = "DynamicQuantizeLinear";
    c->opset = 11;
    c->output_count = 3;
    put_input(c, DT_F32, rank, dims, FILL_SMALL);
}

static void one_scale(Case *c, Dtype dtype)
{
    put_scalar(c, DT_F32, (double)between(c, 1, 8) / 16);
    put_scalar(c, dtype, (double)between(c, 0, 20));
}

static void qlinear_matmul(Case *c)
{
    int64_t m = between(c, 1, 6), k = between(c, 1, 6), n = between(c, 1, 6), a[] = {m, k},
            b[] = {k, n};
    Dtype type = draw_type(c, bytes);
    c->op = "QLinearMatMul";
    c->opset = draw_version(c, (const int[]){10, 21, 0});
    put_input(c, type, 2, a, FILL_ANY);
    one_scale(c, type);
    put_input(c, type, 2, b, FILL_ANY);
    one_scale(c, type);
    one_scale(c, type);
}

static void qlinear_conv(Case *c)
{
    int64_t in = between(c, 1, 3), out = between(c, 1, 4),
            x[] = {1, in, between(c, 3, 7), between(c, 3, 7)},
            w[] = {out, in, between(c, 1, 3), between(c, 1, 3)};
    Dtype type = draw_type(c, bytes);
    c->op = "QLinearConv";
    c->opset = 10;
    put_input(c, type, 4, x, FILL_ANY);
    one_scale(c, type);
    put_input(c, type, 4, w, FILL_ANY);
    one_scale(c, type);
    one_scale(c, type);
    if (type == DT_I8) set_element(&c->inputs[5], 0, 0); /* what backends agree on */
    if (chance(c, 50)) put_input(c, DT_I32, 1, &out, FILL_SMALL);
    if (chance(c, 50))
        set_ints(c, "strides", 2, (const int64_t[]){between(c, 1, 2), between(c, 1, 2)});
    if (chance(c, 50)) set_ints(c, "pads", 4, (const int64_t[]){0, 1, 1, 0});
}

const Family families_quantized[] = {{"QuantizeLinear", 5, quantize},
                                     {"DequantizeLinear", 5, dequantize},
                                     {"DynamicQuantizeLinear", 1, dynamic_quantize},
                                     {"QLinearMatMul", 3, qlinear_matmul},
                                     {"QLinearConv", 3, qlinear_conv},
                                     {0}};
