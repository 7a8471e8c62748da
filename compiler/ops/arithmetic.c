/*
 * Arithmetic of two or more tensors, element by element with broadcasting: one table row each.
 * Comparisons are in compare.c, logic and bits in logic.c.
 */
#include "row.h"

ELEMENT(add) { return ex_add(p, x[0], x[1]); }
ELEMENT(sub) { return ex_sub(p, x[0], x[1]); }
ELEMENT(mul) { return ex_mul(p, x[0], x[1]); }
ELEMENT(divide) { return ex_div(p, x[0], x[1]); }

static Expr *fold_left(Pool *p, BinaryOp op, Expr *const *x, int count)
{
    Expr *result = x[0];
    for (int i = 1; i < count; i++) result = ex_binary(p, op, result, x[i]);
    return result;
}
ELEMENT(max) { return fold_left(p, BI_MAX, x, count); }
ELEMENT(min) { return fold_left(p, BI_MIN, x, count); }
ELEMENT(sum) { return fold_left(p, BI_ADD, x, count); }
ELEMENT(mean) { return ex_mul(p, fold_left(p, BI_ADD, x, count), like(p, x[0], 1.0 / count)); }

/* The remainder has the divisor's sign, with fmod the dividend's. */
ELEMENT(mod) { return ex_binary(p, attr_int(n, "fmod") ? BI_TRUNCMOD : BI_FLOORMOD, x[0], x[1]); }

static bool infer_mod(Infer *in)
{
    Dtype dtype = in->node->inputs[0]->dtype;
    if (dtype_is_float(dtype) && !attr_int(in->node, "fmod"))
        return infer_error(in, "E0306", "the remainder of %s elements needs fmod: 1",
                           dtype_name(dtype));
    return infer_elementwise(in);
}

/* A clamp to bounds that are attributes (until opset 10) or scalar inputs; the upper bound wins. */
ELEMENT(clip)
{
    Expr *low = count > 1 ? x[1] : NULL, *high = count > 2 ? x[2] : NULL;
    if (attr_given(n, "min")) low = like(p, x[0], attr_float(n, "min"));
    if (attr_given(n, "max")) high = like(p, x[0], attr_float(n, "max"));
    Expr *y = low ? ex_max(p, x[0], low) : x[0];
    return high ? ex_min(p, y, high) : y;
}

static bool infer_clip(Infer *in)
{
    const Node *n = in->node;
    for (int i = 1; i < n->input_count; i++) {
        const Tensor *bound = n->inputs[i];
        if (bound && tensor_elements(bound) != 1)
            return infer_error(in, "E0203", "the bound '%s' must be one number, it is %s",
                               bound->name, tensor_type_text(in->graph->arena, bound));
    }
    return infer_output(in, 0, n->inputs[0]->dtype, n->inputs[0]->rank, n->inputs[0]->dims);
}

/* x to a power that is one known number, where multiplication does; NULL elsewhere. */
static Expr *power_by_multiplication(Pool *p, const Tensor *exponent, Expr *x)
{
    if (!exponent->data || tensor_elements(exponent) != 1) return NULL;
    double e = dtype_get_double(exponent->dtype, exponent->data, 0);
    if (e == 1) return x;
    if (e == 2) return ex_mul(p, x, x);
    if (e == 3) return ex_mul(p, ex_mul(p, x, x), x);
    return NULL;
}

/* Integer bases, and any base with a double exponent, are computed in double and truncated to the
 * base's type. */
ELEMENT(power)
{
    Expr *product = power_by_multiplication(p, n->inputs[1], x[0]);
    if (product) return product;
    bool exact = dtype_is_integer(x[0]->dtype) || x[1]->dtype == DT_F64;
    Dtype dtype = exact ? DT_F64 : x[0]->dtype;
    return ex_binary(p, BI_POW, ex_cast(p, dtype, x[0]), ex_cast(p, dtype, x[1]));
}

/* The schema's history of Add, Sub, Mul and Div: broadcasting by attribute until opset 6. */
#define LEGACY_BROADCAST ATTR("axis", INT, .until = 6), ATTR("broadcast", INT, .until = 6)
#define ARITHMETIC_TYPES(name)                                                                     \
    SLOT(name, FLOATS_NO_BF16, "T", .until = 5),                                                   \
        SLOT(name, FLOATS_NO_BF16 | INTEGERS_32_64, "T", .since = 6, .until = 12),                 \
        SLOT(name, TYPES_FLOAT | INTEGERS_32_64, "T", .since = 13, .until = 13),                   \
        SLOT(name, TYPES_NUMERIC, "T", .since = 14)
#define ARITHMETIC                                                                                 \
    VERSIONS(1, 6, 7, 13, 14), INPUTS(ARITHMETIC_TYPES("A"), ARITHMETIC_TYPES("B")),               \
        OUTPUTS(SLOT("C", TYPES_NUMERIC, "T")), ATTRS(LEGACY_BROADCAST, CONSUMED_INPUTS)
/* Of Sum and Mean; Max and Min took integers in opset 12. */
#define VARIADIC(out)                                                                              \
    VERSIONS(1, 6, 8, 13),                                                                         \
        INPUTS(SLOT("data_0", FLOATS_NO_BF16, "T", .variadic = true, .until = 12),                 \
               SLOT("data_0", TYPES_FLOAT, "T", .variadic = true, .since = 13)),                   \
        OUTPUTS(SLOT(out, TYPES_FLOAT, "T")), ATTRS(CONSUMED_INPUTS)
#define EXTREME(out)                                                                               \
    VERSIONS(1, 6, 8, 12, 13),                                                                     \
        INPUTS(SLOT("data_0", FLOATS_NO_BF16, "T", .variadic = true, .until = 11),                 \
               SLOT("data_0", NUMERIC_NO_BF16, "T", .variadic = true, .since = 12, .until = 12),   \
               SLOT("data_0", TYPES_NUMERIC, "T", .variadic = true, .since = 13)),                 \
        OUTPUTS(SLOT(out, TYPES_NUMERIC, "T")), ATTRS(CONSUMED_INPUTS)
#define COMPUTES(expression, ...)                                                                  \
    .infer = infer_elementwise, .define = define_elementwise, .element = expression,               \
    EXAMPLES(__VA_ARGS__)

const Op ops_arithmetic[] = {
    {.name = "Add",
     .doc = "The sum of two tensors, with broadcasting.",
     ARITHMETIC,
     COMPUTES(add, "Add(a: f32[2, 3], b: f32[2, 3])", "Add(a: f32[2, 3], b: f32[3])",
              "Add(a: i32[2, 1], b: i32[1, 3])")},
    {.name = "Clip",
     .doc = "Each element limited to min..max.",
     VERSIONS(1, 6, 11, 12, 13),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 11),
            SLOT("input", NUMERIC_NO_BF16, "T", .since = 12, .until = 12),
            SLOT("input", TYPES_NUMERIC, "T", .since = 13),
            SLOT("min", TYPES_NUMERIC, "T", .optional = true, .since = 11),
            SLOT("max", TYPES_NUMERIC, "T", .optional = true, .since = 11)),
     OUTPUTS(SLOT("output", TYPES_NUMERIC, "T")),
     ATTRS(ATTR("max", FLOAT, .until = 10), ATTR("min", FLOAT, .until = 10), CONSUMED_INPUTS),
     .infer = infer_clip,
     .define = define_elementwise,
     .element = clip,
     EXAMPLES("Clip(x: f32[2, 3], f32[] -1.0, f32[] 1.0)", "Clip(x: f32[2, 3], low: f32[])")},
    {.name = "Div",
     .doc = "The quotient of two tensors, with broadcasting; integers truncate.",
     ARITHMETIC,
     COMPUTES(divide, "Div(a: f32[2, 3], b: f32[3])", "Div(a: i32[4], b: i32[4])")},
    {.name = "Max",
     .doc = "The largest of the inputs, element by element.",
     EXTREME("max"),
     COMPUTES(max, "Max(a: f32[2, 3], b: f32[3])", "Max(a: i32[3], b: i32[3], c: i32[3])")},
    {.name = "Mean",
     .doc = "The mean of the inputs, element by element.",
     VARIADIC("mean"),
     COMPUTES(mean, "Mean(a: f32[2, 3], b: f32[2, 3], c: f32[3])")},
    {.name = "Min",
     .doc = "The smallest of the inputs, element by element.",
     EXTREME("min"),
     COMPUTES(min, "Min(a: f32[2, 3], b: f32[3])", "Min(a: u8[3], b: u8[3])")},
    {.name = "Mod",
     .doc = "The remainder of a division; its sign is the divisor's, with fmod the dividend's.",
     VERSIONS(10, 13),
     INPUTS(SLOT("A", NUMERIC_NO_BF16, "T", .until = 12),
            SLOT("A", TYPES_NUMERIC, "T", .since = 13), SLOT("B", TYPES_NUMERIC, "T")),
     OUTPUTS(SLOT("C", TYPES_NUMERIC, "T")),
     ATTRS(ATTR("fmod", INT)),
     .infer = infer_mod,
     .define = define_elementwise,
     .element = mod,
     EXAMPLES("Mod(a: i32[4], b: i32[4])", "Mod(a: f32[2, 3], b: f32[3], fmod: 1)")},
    {.name = "Mul",
     .doc = "The product of two tensors, with broadcasting.",
     ARITHMETIC,
     COMPUTES(mul, "Mul(a: f32[2, 3], b: f32[3])", "Mul(a: i64[4], b: i64[1])")},
    {.name = "Pow",
     .doc = "The first tensor to the power of the second, with broadcasting.",
     VERSIONS(1, 7, 12, 13, 15),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 11),
            SLOT("X", FLOATS_NO_BF16 | TYPES_INDEX, "T", .since = 12, .until = 12),
            SLOT("X", TYPES_FLOAT | TYPES_INDEX, "T", .since = 13),
            SLOT("Y", FLOATS_NO_BF16, "T", .until = 11),
            SLOT("Y", NUMERIC_NO_BF16, "T1", .since = 12, .until = 14),
            SLOT("Y", TYPES_NUMERIC, "T1", .since = 15)),
     OUTPUTS(SLOT("Z", TYPES_FLOAT | TYPES_INDEX, "T")),
     ATTRS(LEGACY_BROADCAST),
     COMPUTES(power, "Pow(x: f32[2, 3], f32[] 2.0)", "Pow(x: f32[2, 3], e: f32[3])",
              "Pow(x: i32[4], e: i32[4])")},
    {.name = "Sub",
     .doc = "The difference of two tensors, with broadcasting.",
     ARITHMETIC,
     COMPUTES(sub, "Sub(a: f32[2, 3], b: f32[3])", "Sub(a: i32[4], b: i32[4])")},
    {.name = "Sum",
     .doc = "The sum of the inputs, element by element.",
     VARIADIC("sum"),
     COMPUTES(sum, "Sum(a: f32[2, 3], b: f32[2, 3], c: f32[3])")},
    {0},
};
