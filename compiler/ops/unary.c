/*
 * Mathematical functions of one tensor, element by element: one table row each. Activations are in
 * activations.c; what yields booleans is in compare.c and logic.c.
 */
#include "row.h"

#define FUNCTION(name, OP)                                                                         \
    ELEMENT(name) { return ex_unary(p, UN_##OP, x[0]); }
FUNCTION(acos_of, ACOS)
FUNCTION(acosh_of, ACOSH)
FUNCTION(asin_of, ASIN)
FUNCTION(asinh_of, ASINH)
FUNCTION(atan_of, ATAN)
FUNCTION(atanh_of, ATANH)
FUNCTION(ceil_of, CEIL)
FUNCTION(cos_of, COS)
FUNCTION(cosh_of, COSH)
FUNCTION(exp_of, EXP)
FUNCTION(floor_of, FLOOR)
FUNCTION(log_of, LOG)
FUNCTION(neg_of, NEG)
FUNCTION(round_of, ROUND)
FUNCTION(sin_of, SIN)
FUNCTION(sinh_of, SINH)
FUNCTION(sqrt_of, SQRT)
FUNCTION(tan_of, TAN)
FUNCTION(tanh_of, TANH)
FUNCTION(bitnot_of, BITNOT)

ELEMENT(abs_of)
{
    bool is_unsigned = dtype_info(x[0]->dtype)->class == CLASS_UNSIGNED;
    return is_unsigned ? x[0] : ex_unary(p, UN_ABS, x[0]);
}

/* The schema takes integers too: their erf is computed in floating point and truncated to -1, 0
 * or 1. */
ELEMENT(erf_of)
{
    return ex_unary(p, UN_ERF, dtype_is_integer(x[0]->dtype) ? ex_cast(p, DT_F32, x[0]) : x[0]);
}

ELEMENT(reciprocal_of) { return ex_div(p, like(p, x[0], 1), x[0]); }

/* Zero and NaN are their own signs. */
ELEMENT(sign_of)
{
    Expr *zero = like(p, x[0], 0), *one = like(p, x[0], 1);
    Expr *not_positive = x[0];
    if (dtype_info(x[0]->dtype)->class != CLASS_UNSIGNED)
        not_positive = ex_select(p, ex_lt(p, x[0], zero), like(p, x[0], -1), x[0]);
    return ex_select(p, ex_lt(p, zero, x[0]), one, not_positive);
}

/* The schema's history: since opset 1, with bf16 from 13; since 7 or 9, with bf16 from 22. */
#define SINCE_1(in, out)                                                                           \
    VERSIONS(1, 6, 13),                                                                            \
        INPUTS(SLOT(in, FLOATS_NO_BF16, "T", .until = 12),                                         \
               SLOT(in, TYPES_FLOAT, "T", .since = 13)),                                           \
        OUTPUTS(SLOT(out, TYPES_FLOAT, "T")), ATTRS(CONSUMED_INPUTS)
#define SINCE(first, in, out)                                                                      \
    VERSIONS(first, 22),                                                                           \
        INPUTS(SLOT(in, FLOATS_NO_BF16, "T", .until = 21),                                         \
               SLOT(in, TYPES_FLOAT, "T", .since = 22)),                                           \
        OUTPUTS(SLOT(out, TYPES_FLOAT, "T"))
#define COMPUTES(expression, ...)                                                                  \
    .infer = infer_elementwise, .define = define_elementwise, .element = expression,               \
    EXAMPLES(__VA_ARGS__)

const Op ops_unary[] = {
    {.name = "Abs",
     .doc = "The absolute value of each element.",
     VERSIONS(1, 6, 13),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 5),
            SLOT("X", NUMERIC_NO_BF16, "T", .since = 6, .until = 12),
            SLOT("X", TYPES_NUMERIC, "T", .since = 13)),
     OUTPUTS(SLOT("Y", TYPES_NUMERIC, "T")),
     ATTRS(CONSUMED_INPUTS),
     COMPUTES(abs_of, "Abs(x: f32[2, 3])", "Abs(x: i8[5])", "Abs(x: u8[5])")},
    {.name = "Acos",
     .doc = "The arc cosine of each element.",
     SINCE(7, "input", "output"),
     COMPUTES(acos_of, "Acos(x: f32[2, 3])")},
    {.name = "Acosh",
     .doc = "The inverse hyperbolic cosine of each element.",
     SINCE(9, "input", "output"),
     COMPUTES(acosh_of, "Acosh(x: f32[2, 3])")},
    {.name = "Asin",
     .doc = "The arc sine of each element.",
     SINCE(7, "input", "output"),
     COMPUTES(asin_of, "Asin(x: f32[2, 3])")},
    {.name = "Asinh",
     .doc = "The inverse hyperbolic sine of each element.",
     SINCE(9, "input", "output"),
     COMPUTES(asinh_of, "Asinh(x: f32[2, 3])")},
    {.name = "Atan",
     .doc = "The arc tangent of each element.",
     SINCE(7, "input", "output"),
     COMPUTES(atan_of, "Atan(x: f32[2, 3])")},
    {.name = "Atanh",
     .doc = "The inverse hyperbolic tangent of each element.",
     SINCE(9, "input", "output"),
     COMPUTES(atanh_of, "Atanh(x: f32[2, 3])")},
    {.name = "BitwiseNot",
     .doc = "The complement of each element's bits.",
     VERSIONS(18),
     INPUTS(SLOT("X", TYPES_INTEGER, "T")),
     OUTPUTS(SLOT("Y", TYPES_INTEGER, "T")),
     COMPUTES(bitnot_of, "BitwiseNot(x: i32[2, 3])", "BitwiseNot(x: u8[4])")},
    {.name = "Ceil",
     .doc = "Each element rounded up to an integer.",
     SINCE_1("X", "Y"),
     COMPUTES(ceil_of, "Ceil(x: f32[2, 3])")},
    {.name = "Cos",
     .doc = "The cosine of each element, in radians.",
     SINCE(7, "input", "output"),
     COMPUTES(cos_of, "Cos(x: f32[2, 3])")},
    {.name = "Cosh",
     .doc = "The hyperbolic cosine of each element.",
     SINCE(9, "input", "output"),
     COMPUTES(cosh_of, "Cosh(x: f32[2, 3])")},
    {.name = "Erf",
     .doc = "The error function of each element.",
     VERSIONS(9, 13),
     INPUTS(SLOT("input", NUMERIC_NO_BF16, "T", .until = 12),
            SLOT("input", TYPES_NUMERIC, "T", .since = 13)),
     OUTPUTS(SLOT("output", TYPES_NUMERIC, "T")),
     COMPUTES(erf_of, "Erf(x: f32[2, 3])")},
    {.name = "Exp",
     .doc = "e to the power of each element.",
     SINCE_1("input", "output"),
     COMPUTES(exp_of, "Exp(x: f32[2, 3])")},
    {.name = "Floor",
     .doc = "Each element rounded down to an integer.",
     SINCE_1("X", "Y"),
     COMPUTES(floor_of, "Floor(x: f32[2, 3])")},
    {.name = "Log",
     .doc = "The natural logarithm of each element.",
     SINCE_1("input", "output"),
     COMPUTES(log_of, "Log(x: f32[2, 3])")},
    {.name = "Neg",
     .doc = "Each element with its sign changed.",
     VERSIONS(1, 6, 13),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 5),
            SLOT("X", FLOATS_NO_BF16 | TYPES_SIGNED, "T", .since = 6, .until = 12),
            SLOT("X", TYPES_FLOAT | TYPES_SIGNED, "T", .since = 13)),
     OUTPUTS(SLOT("Y", TYPES_FLOAT | TYPES_SIGNED, "T")),
     ATTRS(CONSUMED_INPUTS),
     COMPUTES(neg_of, "Neg(x: f32[2, 3])", "Neg(x: i32[4])")},
    {.name = "Reciprocal",
     .doc = "One divided by each element.",
     SINCE_1("X", "Y"),
     COMPUTES(reciprocal_of, "Reciprocal(x: f32[2, 3])")},
    {.name = "Round",
     .doc = "Each element rounded to the nearest integer, halves to even.",
     SINCE(11, "X", "Y"),
     COMPUTES(round_of, "Round(x: f32[2, 3])")},
    {.name = "Sign",
     .doc = "-1, 0 or 1 by the sign of each element.",
     VERSIONS(9, 13),
     INPUTS(SLOT("input", NUMERIC_NO_BF16, "T", .until = 12),
            SLOT("input", TYPES_NUMERIC, "T", .since = 13)),
     OUTPUTS(SLOT("output", TYPES_NUMERIC, "T")),
     COMPUTES(sign_of, "Sign(x: f32[2, 3])", "Sign(x: i32[4])", "Sign(x: u8[4])")},
    {.name = "Sin",
     .doc = "The sine of each element, in radians.",
     SINCE(7, "input", "output"),
     COMPUTES(sin_of, "Sin(x: f32[2, 3])")},
    {.name = "Sinh",
     .doc = "The hyperbolic sine of each element.",
     SINCE(9, "input", "output"),
     COMPUTES(sinh_of, "Sinh(x: f32[2, 3])")},
    {.name = "Sqrt",
     .doc = "The square root of each element.",
     SINCE_1("X", "Y"),
     COMPUTES(sqrt_of, "Sqrt(x: f32[2, 3])")},
    {.name = "Tan",
     .doc = "The tangent of each element, in radians.",
     SINCE(7, "input", "output"),
     COMPUTES(tan_of, "Tan(x: f32[2, 3])")},
    {.name = "Tanh",
     .doc = "The hyperbolic tangent of each element.",
     SINCE_1("input", "output"),
     COMPUTES(tanh_of, "Tanh(x: f32[2, 3])")},
    {0},
};
