/*
 * QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear: floats to quantised values and back.
 * Scale and zero point are for the whole tensor, for each index of an axis, or for each block along
 * it.
 */
#include "quantize.h"

#define TYPES_QUANTIZED_ANY (TYPES_QUANTIZED | TYPES_QUANTIZED_FLOAT)

/* ---- the shape of scales ---- */

/* Whether t holds one scale for all of x, one for each index of the axis, or one for each block
 * along it. */
static bool scale_fits(const Node *n, const Tensor *x, const Tensor *t, int axis)
{
    if (t->rank == 0 || (t->rank == 1 && t->dims[0] == 1)) return true;
    if (t->rank == 1 && n->version >= 13 && axis < x->rank && t->dims[0] == x->dims[axis])
        return true;
    int64_t block = n->version >= 21 ? attr_int(n, "block_size") : 0;
    if (t->rank != x->rank || block < 1) return false;
    for (int i = 0; i < x->rank; i++)
        if (t->dims[i] != (i == axis ? ceil_div(x->dims[i], min64(block, INT32_MAX)) : x->dims[i]))
            return false;
    return true;
}

static int scale_axis(const Node *n)
{
    return n->version < 13 ? 0 : attr_axis(n, n->inputs[0]->rank);
}

/* Scales or zero points t at the place of x[index]; a vector over an axis is blocked when the axis
 * is longer than it. */
static Expr *scale_load(Definer *d, Tensor *t, Expr *const *index)
{
    Pool *p = d->pool;
    const Node *n = d->node;
    int axis = scale_axis(n);
    Expr *at[MAX_RANK] = {ex_int(p, 0)};
    if (t->rank > 1 || (t->rank == 1 && t->dims[0] > 1)) {
        memcpy(at, t->rank == 1 ? index + axis : index, (size_t)t->rank * sizeof *at);
        int own = t->rank == 1 ? 0 : axis;
        if (t->dims[own] < n->inputs[0]->dims[axis])
            at[own] = ex_floordiv(p, at[own], ex_int(p, attr_int(n, "block_size")));
    }
    return define_load(d, t, at);
}

static bool check_scales(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *scale = n->inputs[1], *zero = node_input(n, 2);
    Arena *arena = in->graph->arena;
    int axis = 0;
    bool one_each = scale->rank == 0 || (scale->rank == 1 && scale->dims[0] == 1);
    if (!one_each && n->version >= 13 &&
        !infer_axis(in, "axis", attr_int(n, "axis"), x->rank, &axis))
        return false;
    if (!scale_fits(n, x, scale, axis))
        return infer_error(
            in, "E0201",
            "scales of %s do not fit %s: one for all, one for each index of axis %d, or blocks",
            tensor_type_text(arena, scale), tensor_type_text(arena, x), axis);
    if (zero &&
        (zero->rank != scale->rank ||
         memcmp(zero->dims, scale->dims, (size_t)zero->rank * sizeof *zero->dims)) &&
        tensor_elements(zero) != 1)
        return infer_error(in, "E0201", "the zero point is %s and the scale %s; they must agree",
                           tensor_type_text(arena, zero), tensor_type_text(arena, scale));
    return true;
}

/* ---- QuantizeLinear ---- */

static Dtype named_type(const Node *n, const char *attr)
{
    return op_attr(n->op, n->version, attr) ? (Dtype)attr_int(n, attr) : DT_NONE;
}

static bool quantize_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *zero = node_input(n, 2);
    Dtype named = named_type(n, "output_dtype"), dtype = zero ? zero->dtype : named ? named : DT_U8;
    if (named && zero && named != zero->dtype)
        return infer_error(in, "E0202", "output_dtype and the zero point's type differ");
    if (dtype >= DT_COUNT || !(TYPES_QUANTIZED_ANY >> dtype & 1))
        return infer_error(in, "E0202", "quantised values cannot have type %lld", (long long)dtype);
    return check_scales(in) && infer_output(in, 0, dtype, x->rank, x->dims);
}

/* Floats round by themselves; their zero point stands for the type only. */
static Expr *quantize_float(Pool *p, const Node *n, Expr *value, Dtype dtype)
{
    bool saturates = n->version < 19 || attr_int(n, "saturate") || dtype == DT_F4E2M1;
    return ex_cast(p, dtype, saturates ? quantize_saturated(p, value, dtype) : value);
}

static void quantize_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *zero = node_input(n, 2), *out = n->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *value = ex_cast(p, DT_F32, define_load(d, x, index));
    value = ex_div(p, value, ex_cast(p, DT_F32, scale_load(d, n->inputs[1], index)));
    if (dtype_is_float(out->dtype)) {
        define_tensor(d, out, vars, quantize_float(p, n, value, out->dtype));
        return;
    }
    Expr *zero_point = zero ? scale_load(d, zero, index) : NULL;
    define_tensor(d, out, vars, quantize_value(p, value, zero_point, out->dtype));
}

/* ---- DequantizeLinear ---- */

static bool dequantize_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    Dtype named = named_type(n, "output_dtype"), dtype = named ? named : n->inputs[1]->dtype;
    if (dtype >= DT_COUNT || !(TYPES_FLOAT >> dtype & 1))
        return infer_error(in, "E0202", "values cannot be dequantised to type %lld",
                           (long long)dtype);
    return check_scales(in) && infer_output(in, 0, dtype, x->rank, x->dims);
}

static void dequantize_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *zero = node_input(n, 2), *out = n->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *value = ex_load(p, x, index);
    if (!dtype_is_float(x->dtype))
        value = quantize_centred(p, value, zero ? scale_load(d, zero, index) : NULL);
    value = ex_cast(p, DT_F32, value);
    value = ex_mul(p, value, ex_cast(p, DT_F32, scale_load(d, n->inputs[1], index)));
    define_rounded(d, out, vars, value);
}

/* ---- DynamicQuantizeLinear ---- */

static bool dynamic_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    return infer_output(in, 0, DT_U8, x->rank, x->dims) && infer_output(in, 1, DT_F32, 0, NULL) &&
           infer_output(in, 2, DT_U8, 0, NULL);
}

/* The smallest or largest value of x and 0. */
static Tensor *extreme(Definer *d, const char *name, ReduceOp op)
{
    Tensor *x = d->node->inputs[0], *out = define_temporary(d, name, DT_F32, 0, NULL);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr *load = ex_load(d->pool, x, define_index_exprs(d, vars, x->rank));
    Expr *body = ex_reduce(d->pool, op, vars, x->rank, load);
    body = ex_binary(d->pool, reduce_binary(op), body, ex_const(d->pool, DT_F32, 0));
    define_tensor(d, out, NULL, body);
    return out;
}

/* The output when it is wanted, else a temporary: the others are computed from it. */
static Tensor *output_or_temporary(Definer *d, int i, const char *name, Dtype dtype)
{
    Tensor *out = node_output(d->node, i);
    return out ? out : define_temporary(d, name, dtype, 0, NULL);
}

static void dynamic_define(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    Tensor *scale = output_or_temporary(d, 1, "scale", DT_F32),
           *zero = output_or_temporary(d, 2, "zero_point", DT_U8);
    Expr *lowest = ex_load(p, extreme(d, "min", RE_MIN), NULL),
         *highest = ex_load(p, extreme(d, "max", RE_MAX), NULL);
    Expr *range = ex_binary(p, BI_SUB, highest, lowest), *nothing = ex_const(p, DT_F32, 0);
    Expr *step = ex_div(p, range, ex_const(p, DT_F32, 255));
    /* All zeros: any scale will do, but not 0. */
    define_tensor(d, scale, NULL,
                  ex_select(p, ex_eq(p, range, nothing), ex_const(p, DT_F32, 1), step));
    Expr *at_zero = ex_div(p, ex_unary(p, UN_NEG, lowest), ex_load(p, scale, NULL));
    define_tensor(d, zero, NULL, quantize_value(p, at_zero, NULL, DT_U8));
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *value = ex_load(p, x, define_index_exprs(d, vars, out->rank));
    value = ex_div(p, value, ex_load(p, scale, NULL));
    define_tensor(d, out, vars, quantize_value(p, value, ex_load(p, zero, NULL), DT_U8));
}

#define TYPES_WIDE   (TYPES_FLOAT | TYPE(DT_I32))
#define TYPES_SCALE  (TYPES_WIDE | TYPE(DT_F8E8M0))
#define TYPES_COARSE (TYPES_QUANTIZED_ANY | TYPE(DT_I32))

static const Slot quantize_inputs[] = {
    SLOT("x", TYPES_WIDE, NULL),
    SLOT("y_scale", TYPES_SCALE, NULL),
    SLOT("y_zero_point", TYPES_QUANTIZED_ANY, "T2", .optional = true),
    {0}};
static const Slot quantize_outputs[] = {SLOT("y", TYPES_QUANTIZED_ANY, "T2"), {0}};
static const Slot dequantize_inputs[] = {SLOT("x", TYPES_COARSE, "T1"),
                                         SLOT("x_scale", TYPES_FLOAT | TYPE(DT_F8E8M0), NULL),
                                         SLOT("x_zero_point", TYPES_COARSE, "T1", .optional = true),
                                         {0}};
static const Slot dequantize_outputs[] = {SLOT("y", TYPES_FLOAT, NULL), {0}};
static const Slot dynamic_inputs[] = {SLOT("x", TYPE(DT_F32), NULL), {0}};
static const Slot dynamic_outputs[] = {SLOT("y", TYPE(DT_U8), NULL),
                                       SLOT("y_scale", TYPE(DT_F32), NULL),
                                       SLOT("y_zero_point", TYPE(DT_U8), NULL),
                                       {0}};
static const AttrSpec quantize_attrs[] = {
    ATTR("axis", INT, .i = 1, .since = 13),     ATTR("block_size", INT, .since = 21),
    ATTR("output_dtype", INT, .since = 21),     ATTR("precision", INT, .since = 23),
    ATTR("saturate", INT, .i = 1, .since = 19), {0}};
static const AttrSpec dequantize_attrs[] = {ATTR("axis", INT, .i = 1, .since = 13),
                                            ATTR("block_size", INT, .since = 21),
                                            ATTR("output_dtype", INT, .since = 23),
                                            {0}};

const Op ops_quantize[] = {
    {.name = "QuantizeLinear",
     .doc = "x / scale, rounded half to even, plus the zero point, clamped to the quantised type.",
     .versions = (const int[]){10, 13, 19, 21, 23, 24, 25, 0},
     .inputs = quantize_inputs,
     .outputs = quantize_outputs,
     .attrs = quantize_attrs,
     .infer = quantize_infer,
     .define = quantize_define,
     .examples = (const char *const[]){"QuantizeLinear(x: f32[2, 3], f32[] 0.5)", 0}},
    {.name = "DequantizeLinear",
     .doc = "(x - zero point) * scale.",
     .versions = (const int[]){10, 13, 19, 21, 23, 24, 25, 0},
     .inputs = dequantize_inputs,
     .outputs = dequantize_outputs,
     .attrs = dequantize_attrs,
     .infer = dequantize_infer,
     .define = dequantize_define,
     .examples = (const char *const[]){"DequantizeLinear(x: u8[2, 3], f32[] 0.5)", 0}},
    {.name = "DynamicQuantizeLinear",
     .doc = "Quantises to u8 with the scale and zero point that the data's own range asks for.",
     .versions = (const int[]){11, 0},
     .inputs = dynamic_inputs,
     .outputs = dynamic_outputs,
     .infer = dynamic_infer,
     .define = dynamic_define,
     .examples = (const char *const[]){"DynamicQuantizeLinear(x: f32[2, 3])", 0}},
    {0}};
