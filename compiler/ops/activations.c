/*
 * Activation functions, element by element: one table row each. Formulas that overflow or cancel
 * are written in a form that does not. Functions with a schema of plain mathematics (Tanh, Exp) are
 * in unary.c.
 */
#include "row.h"

#include <math.h>

/* A float attribute as a constant of x's type. */
static Expr *parameter(Pool *p, const Node *n, const char *name, const Expr *x)
{
    return like(p, x, attr_float(n, name));
}

static Expr *exp_minus_1(Pool *p, Expr *x)
{
    return ex_sub(p, ex_unary(p, UN_EXP, x), like(p, x, 1));
}
static Expr *negative(Pool *p, Expr *x) { return ex_lt(p, x, like(p, x, 0)); }

/* exp(-|x|): at most 1, so that nothing computed from it overflows. */
static Expr *exp_minus_abs(Pool *p, Expr *x)
{
    return ex_unary(p, UN_EXP, ex_unary(p, UN_NEG, ex_unary(p, UN_ABS, x)));
}

ELEMENT(celu)
{
    Expr *alpha = parameter(p, n, "alpha", x[0]), *zero = like(p, x[0], 0);
    Expr *below = ex_mul(p, alpha, exp_minus_1(p, ex_div(p, x[0], alpha)));
    return ex_add(p, ex_max(p, x[0], zero), ex_min(p, below, zero));
}

ELEMENT(elu)
{
    Expr *below = ex_mul(p, parameter(p, n, "alpha", x[0]), exp_minus_1(p, x[0]));
    return ex_select(p, negative(p, x[0]), below, x[0]);
}

/* Half of x times 1 + erf(x / sqrt 2), or the approximation of that by tanh (Hendrycks and Gimpel
 * 2016). */
ELEMENT(gelu)
{
    Expr *half = ex_mul(p, like(p, x[0], 0.5), x[0]), *one = like(p, x[0], 1), *inner;
    if (strcmp(attr_text(n, "approximate"), "tanh") == 0) {
        Expr *cube = ex_mul(p, ex_mul(p, x[0], x[0]), x[0]);
        inner = ex_add(p, x[0], ex_mul(p, like(p, x[0], 0.044715), cube));
        inner = ex_unary(p, UN_TANH, ex_mul(p, like(p, x[0], sqrt(2 / M_PI)), inner));
    } else {
        inner = ex_unary(p, UN_ERF, ex_mul(p, x[0], like(p, x[0], M_SQRT1_2)));
    }
    return ex_mul(p, half, ex_add(p, one, inner));
}

static bool infer_gelu(Infer *in)
{
    const char *approximate = attr_text(in->node, "approximate");
    if (strcmp(approximate, "none") && strcmp(approximate, "tanh"))
        return infer_error(in, "E0306", "approximate is \"none\" or \"tanh\", not \"%s\"",
                           approximate);
    return infer_elementwise(in);
}

static Expr *clamp_to_unit(Pool *p, Expr *x)
{
    return ex_max(p, like(p, x, 0), ex_min(p, like(p, x, 1), x));
}

ELEMENT(hard_sigmoid)
{
    Expr *alpha = parameter(p, n, "alpha", x[0]), *beta = parameter(p, n, "beta", x[0]);
    return clamp_to_unit(p, ex_add(p, ex_mul(p, alpha, x[0]), beta));
}

ELEMENT(hard_swish)
{
    Expr *line = ex_add(p, ex_mul(p, like(p, x[0], 1.0 / 6), x[0]), like(p, x[0], 0.5));
    return ex_mul(p, x[0], clamp_to_unit(p, line));
}

ELEMENT(leaky_relu)
{
    return ex_select(p, negative(p, x[0]), ex_mul(p, parameter(p, n, "alpha", x[0]), x[0]), x[0]);
}

/* x tanh(log(1 + e^x)) as a quotient of polynomials in e^-|x|. */
ELEMENT(mish)
{
    Expr *e = exp_minus_abs(p, x[0]), *one = like(p, x[0], 1), *two = like(p, x[0], 2);
    Expr *e2 = ex_mul(p, e, e), *twice = ex_mul(p, two, e);
    Expr *is_negative = negative(p, x[0]);
    Expr *above = ex_select(p, is_negative, ex_add(p, e2, twice), ex_add(p, one, twice));
    Expr *extra = ex_select(p, is_negative, two, ex_mul(p, two, e2));
    return ex_mul(p, x[0], ex_div(p, above, ex_add(p, above, extra)));
}

ELEMENT(prelu)
{
    if (dtype_info(x[0]->dtype)->class == CLASS_UNSIGNED) return x[0];
    return ex_select(p, negative(p, x[0]), ex_mul(p, x[1], x[0]), x[0]);
}

ELEMENT(relu) { return ex_max(p, x[0], like(p, x[0], 0)); }

ELEMENT(selu)
{
    Expr *below = ex_mul(p, parameter(p, n, "alpha", x[0]), exp_minus_1(p, x[0]));
    return ex_mul(p, parameter(p, n, "gamma", x[0]), ex_select(p, negative(p, x[0]), below, x[0]));
}

/* Integers are compared and moved in double, as lambd and bias need not be whole. */
ELEMENT(shrink)
{
    Expr *v = dtype_is_integer(x[0]->dtype) ? ex_cast(p, DT_F64, x[0]) : x[0];
    Expr *lambda = parameter(p, n, "lambd", v), *bias = parameter(p, n, "bias", v);
    Expr *inner = ex_select(p, ex_lt(p, lambda, v), ex_sub(p, v, bias), like(p, v, 0));
    return ex_select(p, ex_lt(p, v, ex_unary(p, UN_NEG, lambda)), ex_add(p, v, bias), inner);
}

ELEMENT(sigmoid) { return ex_unary(p, UN_SIGMOID, x[0]); }

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|); the last term keeps its precision where 1 + e rounds,
 * because log(u) / (u - 1) changes slowly (Kahan). */
ELEMENT(softplus)
{
    Expr *e = exp_minus_abs(p, x[0]), *one = like(p, x[0], 1), *u = ex_add(p, one, e);
    Expr *log1p = ex_mul(p, ex_unary(p, UN_LOG, u), ex_div(p, e, ex_sub(p, u, one)));
    return ex_add(p, ex_max(p, x[0], like(p, x[0], 0)), ex_select(p, ex_eq(p, u, one), e, log1p));
}

ELEMENT(softsign)
{
    return ex_div(p, x[0], ex_add(p, like(p, x[0], 1), ex_unary(p, UN_ABS, x[0])));
}

ELEMENT(swish)
{
    return ex_mul(p, x[0],
                  ex_unary(p, UN_SIGMOID, ex_mul(p, parameter(p, n, "alpha", x[0]), x[0])));
}

ELEMENT(thresholded_relu)
{
    return ex_select(p, ex_lt(p, parameter(p, n, "alpha", x[0]), x[0]), x[0], like(p, x[0], 0));
}

/* Before opset 7 a slope per channel lies along dimension 1; afterwards it broadcasts to the input.
 */
static bool infer_prelu(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *slope = in->node->inputs[1];
    bool fits =
        in->node->version < 7 && slope->rank == 1 && x->rank > 1 && slope->dims[0] == x->dims[1];
    fits = fits || (slope->rank <= x->rank && tensor_elements(slope) == 1);
    if (!fits) {
        int rank;
        int64_t dims[MAX_RANK];
        if (!infer_broadcast(in, &rank, dims)) return false;
        fits = rank == x->rank && memcmp(dims, x->dims, (size_t)rank * sizeof *dims) == 0;
    }
    if (!fits)
        return infer_error(
            in, "E0201", "the slope is %s, which does not broadcast to the input, %s",
            tensor_type_text(in->graph->arena, slope), tensor_type_text(in->graph->arena, x));
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static void define_prelu(Definer *d)
{
    const Node *n = d->node;
    Tensor *slope = n->inputs[1], *out = node_output(n, 0);
    if (n->version >= 7 || slope->rank != 1 || tensor_elements(slope) == 1) {
        define_elementwise(d);
        return;
    }
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *x[2] = {define_load(d, n->inputs[0], index),
                  define_load(d, slope, &index[out->rank > 1])};
    define_rounded(d, out, vars, prelu(d->pool, n, x, 2));
}

/* The schema's history: bf16 from some version, FLOATS_NO_BF16 before. */
#define FLOATS_UNTIL(last, next)                                                                   \
    INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = last),                                          \
           SLOT("X", TYPES_FLOAT, "T", .since = next)),                                            \
        OUTPUTS(SLOT("Y", TYPES_FLOAT, "T"))
#define COMPUTES(expression, ...)                                                                  \
    .infer = infer_elementwise, .define = define_elementwise, .element = expression,               \
    EXAMPLES(__VA_ARGS__)

const Op ops_activations[] = {
    {.name = "Celu",
     .doc = "max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).",
     VERSIONS(12),
     INPUTS(SLOT("X", TYPE(DT_F32), "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), "T")),
     ATTRS(ATTR("alpha", FLOAT, .f = 1)),
     COMPUTES(celu, "Celu(x: f32[2, 3])", "Celu(x: f32[2, 3], alpha: 2.0)")},
    {.name = "Elu",
     .doc = "x where it is positive, alpha * (exp(x) - 1) elsewhere.",
     VERSIONS(1, 6, 22),
     FLOATS_UNTIL(21, 22),
     ATTRS(ATTR("alpha", FLOAT, .f = 1), CONSUMED_INPUTS),
     COMPUTES(elu, "Elu(x: f32[2, 3])", "Elu(x: f32[2, 3], alpha: 0.5)")},
    {.name = "Gelu",
     .doc = "x times the Gaussian distribution function of x, or its approximation by tanh.",
     VERSIONS(20),
     INPUTS(SLOT("X", TYPES_FLOAT, "T")),
     OUTPUTS(SLOT("Y", TYPES_FLOAT, "T")),
     ATTRS(ATTR("approximate", STRING, .s = "none")),
     .infer = infer_gelu,
     .define = define_elementwise,
     .element = gelu,
     EXAMPLES("Gelu(x: f32[2, 3])", "Gelu(x: f32[2, 3], approximate: \"tanh\")")},
    {.name = "HardSigmoid",
     .doc = "alpha * x + beta, limited to 0..1.",
     VERSIONS(1, 6, 22),
     FLOATS_UNTIL(21, 22),
     ATTRS(ATTR("alpha", FLOAT, .f = 0.2f), ATTR("beta", FLOAT, .f = 0.5), CONSUMED_INPUTS),
     COMPUTES(hard_sigmoid, "HardSigmoid(x: f32[2, 3])",
              "HardSigmoid(x: f32[2, 3], alpha: 0.5, beta: 0.25)")},
    {.name = "HardSwish",
     .doc = "x times x / 6 + 1 / 2 limited to 0..1.",
     VERSIONS(14, 22),
     FLOATS_UNTIL(21, 22),
     COMPUTES(hard_swish, "HardSwish(x: f32[2, 3])")},
    {.name = "LeakyRelu",
     .doc = "x where it is positive, alpha * x elsewhere.",
     VERSIONS(1, 6, 16),
     FLOATS_UNTIL(15, 16),
     ATTRS(ATTR("alpha", FLOAT, .f = 0.01f), CONSUMED_INPUTS),
     COMPUTES(leaky_relu, "LeakyRelu(x: f32[2, 3])", "LeakyRelu(x: f32[2, 3], alpha: 0.2)")},
    {.name = "Mish",
     .doc = "x * tanh(softplus(x)).",
     VERSIONS(18, 22),
     FLOATS_UNTIL(21, 22),
     COMPUTES(mish, "Mish(x: f32[2, 3])")},
    {.name = "PRelu",
     .doc = "x where it is positive, slope * x elsewhere; the slope broadcasts to x.",
     VERSIONS(1, 6, 7, 9, 16),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 8),
            SLOT("X", FLOATS_NO_BF16 | INTEGERS_32_64, "T", .since = 9, .until = 15),
            SLOT("X", TYPES_FLOAT | INTEGERS_32_64, "T", .since = 16),
            SLOT("slope", TYPES_FLOAT | INTEGERS_32_64, "T")),
     OUTPUTS(SLOT("Y", TYPES_FLOAT | INTEGERS_32_64, "T")),
     ATTRS(CONSUMED_INPUTS),
     .infer = infer_prelu,
     .define = define_prelu,
     .element = prelu,
     EXAMPLES("PRelu(x: f32[1, 3, 2, 2], slope: f32[3, 1, 1])",
              "PRelu(x: f32[2, 3], slope: f32[1])")},
    {.name = "Relu",
     .doc = "x where it is positive, 0 elsewhere.",
     VERSIONS(1, 6, 13, 14),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 12),
            SLOT("X", TYPES_FLOAT, "T", .since = 13, .until = 13),
            SLOT("X", TYPES_FLOAT | TYPES_SIGNED, "T", .since = 14)),
     OUTPUTS(SLOT("Y", TYPES_FLOAT | TYPES_SIGNED, "T")),
     ATTRS(CONSUMED_INPUTS),
     COMPUTES(relu, "Relu(x: f32[2, 3])", "Relu(x: i32[4])")},
    {.name = "Selu",
     .doc = "gamma * x where x is positive, gamma * alpha * (exp(x) - 1) elsewhere.",
     VERSIONS(1, 6, 22),
     FLOATS_UNTIL(21, 22),
     ATTRS(ATTR("alpha", FLOAT, .f = 1.6732f, .until = 5),
           ATTR("gamma", FLOAT, .f = 1.0507f, .until = 5), CONSUMED_INPUTS,
           ATTR("alpha", FLOAT, .f = 1.67326319217681884765625f, .since = 6),
           ATTR("gamma", FLOAT, .f = 1.05070102214813232421875f, .since = 6)),
     COMPUTES(selu, "Selu(x: f32[2, 3])", "Selu(x: f32[2, 3], alpha: 2.0, gamma: 3.0)")},
    {.name = "Shrink",
     .doc = "x moved by bias towards 0 where it is beyond lambd, 0 within.",
     VERSIONS(9),
     INPUTS(SLOT("input", NUMERIC_NO_BF16, "T")),
     OUTPUTS(SLOT("output", NUMERIC_NO_BF16, "T")),
     ATTRS(ATTR("bias", FLOAT, .f = 0), ATTR("lambd", FLOAT, .f = 0.5)),
     COMPUTES(shrink, "Shrink(x: f32[2, 3])", "Shrink(x: i32[5], lambd: 1.5, bias: 1.0)")},
    {.name = "Sigmoid",
     .doc = "1 / (1 + exp(-x)).",
     VERSIONS(1, 6, 13),
     FLOATS_UNTIL(12, 13),
     ATTRS(CONSUMED_INPUTS),
     COMPUTES(sigmoid, "Sigmoid(x: f32[2, 3])")},
    {.name = "Softplus",
     .doc = "log(1 + exp(x)).",
     VERSIONS(1, 22),
     FLOATS_UNTIL(21, 22),
     COMPUTES(softplus, "Softplus(x: f32[2, 3])")},
    {.name = "Softsign",
     .doc = "x / (1 + |x|).",
     VERSIONS(1, 22),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 21),
            SLOT("input", TYPES_FLOAT, "T", .since = 22)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T")),
     COMPUTES(softsign, "Softsign(x: f32[2, 3])")},
    {.name = "Swish",
     .doc = "x * sigmoid(alpha * x).",
     VERSIONS(24),
     INPUTS(SLOT("X", TYPES_FLOAT, "T")),
     OUTPUTS(SLOT("Y", TYPES_FLOAT, "T")),
     ATTRS(ATTR("alpha", FLOAT, .f = 1)),
     COMPUTES(swish, "Swish@24(x: f32[2, 3])", "Swish@24(x: f32[2, 3], alpha: 1.5)")},
    {.name = "ThresholdedRelu",
     .doc = "x where it is above alpha, 0 elsewhere.",
     VERSIONS(10, 22),
     FLOATS_UNTIL(21, 22),
     ATTRS(ATTR("alpha", FLOAT, .f = 1)),
     COMPUTES(thresholded_relu, "ThresholdedRelu(x: f32[2, 3])",
              "ThresholdedRelu(x: f32[2, 3], alpha: 0.5)")},
    {0},
};
