/*
 * Reductions over axes: a term of each element, summed (or multiplied, or compared), and a function
 * of the result. The axes are an attribute until opset 17 (ReduceSum: 12), then an input. ArgMax
 * and ArgMin are in argminmax.c.
 */
#include "expand.h"
#include "extents.h"
#include "gradient.h"
#include "reduction.h"
#include "row.h"

#include <math.h>

/* The axes of a checked node; all of them where none are given, unless noop_with_empty_axes says
 * otherwise. */
static Axes node_axes(const Node *n)
{
    const Tensor *x = n->inputs[0], *list = node_input(n, 1);
    int count = 0;
    const int64_t *ints = list ? NULL : attr_ints(n, "axes", &count);
    if (list) count = (int)tensor_elements(list);
    if (!count && op_attr(n->op, n->version, "noop_with_empty_axes") &&
        attr_int(n, "noop_with_empty_axes"))
        return axes_none(x);
    if (!count) return axes_from(x, 0);
    Axes axes = axes_none(x);
    for (int i = 0; i < count; i++) {
        int64_t axis = list ? dtype_get_int(list->dtype, list->data, i) : ints[i];
        axes.reduced[axis < 0 ? axis + x->rank : axis] = true;
    }
    return axes;
}

static bool check_axes(Infer *in)
{
    const Node *n = in->node;
    const Tensor *list = node_input(n, 1);
    int64_t count = 0;
    const int64_t *ints;
    if (list) {
        if (tensor_elements(list) == 0) return true;
        ints = infer_const_ints(in, 1, &count);
        if (!ints) return false;
    } else {
        int given;
        ints = attr_ints(n, "axes", &given);
        count = given;
    }
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (!infer_axis(in, "axes", ints[i], n->inputs[0]->rank, &axis)) return false;
    }
    return true;
}

static bool infer_reduce(Infer *in)
{
    const Node *n = in->node;
    if (!check_axes(in)) return false;
    Axes axes = node_axes(n);
    int64_t dims[MAX_RANK];
    int rank = axes_result(&axes, attr_int(n, "keepdims") != 0, dims);
    return infer_output(in, 0, n->inputs[0]->dtype, rank, dims);
}

/* ---- shapes that depend on data ---- */

/* What fills up the axes that are reduced, so that it does not count. */
static const struct {
    const char *op;
    ReduceOp with;
} neutral[] = {
    {"ReduceL1", RE_SUM},        {"ReduceL2", RE_SUM},       {"ReduceLogSum", RE_SUM},
    {"ReduceLogSumExp", RE_MAX}, {"ReduceMax", RE_MAX},      {"ReduceMean", RE_SUM},
    {"ReduceMin", RE_MIN},       {"ReduceProd", RE_PRODUCT}, {"ReduceSum", RE_SUM},
    {"ReduceSumSquare", RE_SUM},
};

/* A mean over axes that vary: the sum by the product of their extents. */
static bool mean_of_extents(Infer *in, const Axes *axes)
{
    const Node *n = in->node;
    Tensor *x = n->inputs[0], *count = NULL;
    int64_t list[MAX_RANK];
    int reduced = 0;
    for (int d = 0; d < x->rank; d++) {
        if (!axes->reduced[d]) continue;
        Tensor *size = extents_size(in, x, d);
        count = count ? extents_binary(in, "Mul", count, size) : size;
        list[reduced++] = d;
    }
    Node *sum = expand_node(in, "ReduceSum", 2);
    sum->inputs[0] = x;
    sum->inputs[1] = expand_ints(in, 1, reduced, list);
    node_add_attr(in->graph, sum, "keepdims", ATTR_INT)->i = attr_int(n, "keepdims");
    Node *cast = expand_node(in, "Cast", 1);
    cast->inputs[0] = count;
    node_add_attr(in->graph, cast, "to", ATTR_INT)->i = x->dtype;
    Tensor *mean = extents_binary(in, "Div", expand_done(in, sum), expand_done(in, cast));
    return mean && expand_bind(in, 0, mean);
}

static bool extents_of_reduce(Infer *in)
{
    Node *n = in->node;
    const Tensor *x = n->inputs[0];
    if (x->dtype == DT_BOOL) return extents_refuse(in, x);
    if (!infer_reduce(in)) return false;
    Axes axes = node_axes(n);
    bool counts = false, keeps = attr_int(n, "keepdims") != 0;
    for (int d = 0; d < x->rank; d++) counts |= axes.reduced[d] && extents_at(x, d);
    if (counts && strcmp(n->op_type, "ReduceMean") == 0) return mean_of_extents(in, &axes);
    for (size_t i = 0; i < COUNT(neutral); i++)
        if (strcmp(neutral[i].op, n->op_type) == 0)
            n->inputs[0] = extents_fill(in, n->inputs[0], axes.reduced, neutral[i].with);
    if (!n->inputs[0]) return false;
    for (int d = 0, to = 0; d < x->rank; d++)
        if (!axes.reduced[d])
            extents_set(in, 0, to++, extents_at(x, d));
        else
            to += keeps;
    return true;
}

static Expr *plain(Pool *p, Expr *x)
{
    (void)p;
    return x;
}
static Expr *square(Pool *p, Expr *x) { return ex_mul(p, x, x); }
static Expr *root(Pool *p, Expr *x) { return ex_unary(p, UN_SQRT, x); }
static Expr *logarithm(Pool *p, Expr *x) { return ex_unary(p, UN_LOG, x); }
static Expr *magnitude(Pool *p, Expr *x)
{
    return dtype_info(x->dtype)->class == CLASS_UNSIGNED ? x : ex_unary(p, UN_ABS, x);
}

/* finish(reduce(term(x))), computed as `dtype`. */
static void define_reduce(Definer *d, ReduceOp op, Dtype dtype, Expr *(*term)(Pool *, Expr *),
                          Expr *(*finish)(Pool *, Expr *))
{
    const Node *n = d->node;
    Axes axes = node_axes(n);
    Reduction r = define_reduction(d, &axes, attr_int(n, "keepdims") != 0);
    Expr *x = ex_cast(d->pool, dtype, define_load(d, n->inputs[0], r.at));
    Expr *reduced = ex_reduce(d->pool, op, r.vars, r.var_count, term(d->pool, x));
    define_rounded(d, node_output(n, 0), r.result, finish(d->pool, reduced));
}

static Dtype wide_type(const Definer *d) { return define_wide(d->node->inputs[0]->dtype); }
/* Roots and logarithms of integers are computed in double. */
static Dtype real_type(const Definer *d)
{
    return dtype_is_float(wide_type(d)) ? wide_type(d) : DT_F64;
}

static void define_l1(Definer *d) { define_reduce(d, RE_SUM, wide_type(d), magnitude, plain); }
static void define_l2(Definer *d) { define_reduce(d, RE_SUM, real_type(d), square, root); }
static void define_log_sum(Definer *d) { define_reduce(d, RE_SUM, real_type(d), plain, logarithm); }
static void define_product(Definer *d) { define_reduce(d, RE_PRODUCT, wide_type(d), plain, plain); }
static void define_sum(Definer *d) { define_reduce(d, RE_SUM, wide_type(d), plain, plain); }
static void define_sum_square(Definer *d) { define_reduce(d, RE_SUM, wide_type(d), square, plain); }

/* The largest of booleans is whether one is true. */
static void define_max(Definer *d)
{
    define_reduce(d, wide_type(d) == DT_BOOL ? RE_OR : RE_MAX, wide_type(d), plain, plain);
}

static void define_min(Definer *d)
{
    define_reduce(d, wide_type(d) == DT_BOOL ? RE_AND : RE_MIN, wide_type(d), plain, plain);
}

static void define_mean(Definer *d)
{
    const Node *n = d->node;
    Axes axes = node_axes(n);
    Reduction r = define_reduction(d, &axes, attr_int(n, "keepdims") != 0);
    Expr *sum = ex_reduce(d->pool, RE_SUM, r.vars, r.var_count, define_load(d, n->inputs[0], r.at));
    Expr *mean = ex_div(d->pool, sum, like(d->pool, sum, (double)axes_extent(&axes)));
    define_rounded(d, node_output(n, 0), r.result, mean);
}

/* log(sum(exp(x))) = m + log(sum(exp(x - m))) with the maximum m, or 0 where that is infinite. */
static void define_log_sum_exp(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Dtype dtype = real_type(d);
    Axes axes = node_axes(n);
    Tensor *max = define_statistic(d, "max", dtype, &axes);
    Reduction r = define_reduction(d, &axes, true);
    Expr *x = ex_cast(p, dtype, define_load(d, n->inputs[0], r.at));
    Expr *m = ex_reduce(p, RE_MAX, r.vars, r.var_count, x);
    define_tensor(d, max, r.result, ex_select(p, ex_unary(p, UN_ISINF, m), like(p, m, 0), m));

    r = define_reduction(d, &axes, attr_int(n, "keepdims") != 0);
    x = ex_cast(p, dtype, define_load(d, n->inputs[0], r.at));
    m = ex_load(p, max, r.kept);
    Expr *sum = ex_reduce(p, RE_SUM, r.vars, r.var_count, ex_unary(p, UN_EXP, ex_sub(p, x, m)));
    define_rounded(d, node_output(n, 0), r.result, ex_add(p, m, logarithm(p, sum)));
}

/* The schema's history: bf16 since opset 13, the axes as an input since `input`. */
/* ---- gradients ---- */

/* A value of the result's shape, with the reduced dimensions as 1. */
static Tensor *kept(Gradient *g, Tensor *t)
{
    Axes axes = node_axes(g->node);
    int64_t dims[MAX_RANK];
    int rank = axes_result(&axes, true, dims);
    return t ? expand_reshape(g->in, t, rank, dims) : NULL;
}

static Tensor *spread(Gradient *g, Tensor *t)
{
    const Tensor *x = g->node->inputs[0];
    t = kept(g, t);
    if (!t || x->rank == 0) return t;
    return gradient_2(g, "Expand", t, expand_ints(g->in, 1, x->rank, x->dims));
}

static bool sum_gradient(Gradient *g) { return (g->dx[0] = spread(g, g->dy[0])) != NULL; }

static bool mean_gradient(Gradient *g)
{
    Axes axes = node_axes(g->node);
    double part = 1 / (double)max64(axes_extent(&axes), 1);
    return (g->dx[0] = spread(g, gradient_scaled(g, g->dy[0], part))) != NULL;
}

static bool sum_square_gradient(Gradient *g)
{
    Tensor *twice = gradient_scaled(g, g->node->inputs[0], 2);
    return (g->dx[0] = gradient_2(g, "Mul", kept(g, g->dy[0]), twice)) != NULL;
}

static bool l1_gradient(Gradient *g)
{
    Tensor *sign = gradient_1(g, "Sign", g->node->inputs[0]);
    return (g->dx[0] = gradient_2(g, "Mul", kept(g, g->dy[0]), sign)) != NULL;
}

static bool l2_gradient(Gradient *g)
{
    Tensor *part = gradient_2(g, "Div", g->dy[0], g->node->outputs[0]);
    return (g->dx[0] = gradient_2(g, "Mul", kept(g, part), g->node->inputs[0])) != NULL;
}

static bool log_sum_gradient(Gradient *g)
{
    Tensor *part = gradient_2(g, "Div", g->dy[0], gradient_1(g, "Exp", g->node->outputs[0]));
    return (g->dx[0] = spread(g, part)) != NULL;
}

static bool log_sum_exp_gradient(Gradient *g)
{
    Tensor *over = gradient_2(g, "Sub", g->node->inputs[0], kept(g, g->node->outputs[0]));
    return (g->dx[0] = gradient_2(g, "Mul", kept(g, g->dy[0]), gradient_1(g, "Exp", over))) != NULL;
}

/* The elements that are the extreme share what comes back. */
static bool extreme_gradient(Gradient *g)
{
    Tensor *x = g->node->inputs[0];
    Axes axes = node_axes(g->node);
    int64_t list[MAX_RANK];
    int count = 0;
    for (int i = 0; i < axes.rank; i++)
        if (axes.reduced[i]) list[count++] = i;
    Tensor *one = expand_number(g->in, x->dtype, 1), *zero = expand_number(g->in, x->dtype, 0);
    Tensor *equal = gradient_2(g, "Equal", x, kept(g, g->node->outputs[0]));
    Tensor *is = gradient_3(g, "Where", equal, one, zero);
    Tensor *share = count ? gradient_2(g, "Div", is, gradient_sum(g, is, count, list)) : is;
    return (g->dx[0] = gradient_2(g, "Mul", kept(g, g->dy[0]), share)) != NULL;
}

#define AXES_SLOT(input) SLOT("axes", TYPE(DT_I64), NULL, .optional = true, .since = input)
#define AXES_ATTRS(input)                                                                          \
    ATTRS(ATTR("axes", INTS, .until = input - 1), ATTR("keepdims", INT, .i = 1),                   \
          ATTR("noop_with_empty_axes", INT, .since = input))
#define REDUCES(input)                                                                             \
    INPUTS(SLOT("data", FLOATS_NO_BF16 | INTEGERS_32_64, "T", .until = 12),                        \
           SLOT("data", TYPES_FLOAT | INTEGERS_32_64, "T", .since = 13), AXES_SLOT(input)),        \
        OUTPUTS(SLOT("reduced", TYPES_FLOAT | INTEGERS_32_64, "T")), AXES_ATTRS(input),            \
        .infer = infer_reduce, .extents = extents_of_reduce
#define BYTES (TYPE(DT_I8) | TYPE(DT_U8))
#define EXTREME                                                                                    \
    VERSIONS(1, 11, 12, 13, 18, 20),                                                               \
        INPUTS(                                                                                    \
            SLOT("data", FLOATS_NO_BF16 | INTEGERS_32_64, "T", .until = 11),                       \
            SLOT("data", FLOATS_NO_BF16 | INTEGERS_32_64 | BYTES, "T", .since = 12, .until = 12),  \
            SLOT("data", TYPES_FLOAT | INTEGERS_32_64 | BYTES, "T", .since = 13, .until = 19),     \
            SLOT("data", TYPES_FLOAT | INTEGERS_32_64 | BYTES | BOOLS, "T", .since = 20),          \
            AXES_SLOT(18)),                                                                        \
        OUTPUTS(SLOT("reduced", TYPES_FLOAT | INTEGERS_32_64 | BYTES | BOOLS, "T")),               \
        AXES_ATTRS(18), .infer = infer_reduce, .extents = extents_of_reduce

const Op ops_reduce[] = {
    {.name = "ReduceL1",
     .doc = "The sum of absolute values over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_l1,
     .gradient = l1_gradient,
     EXAMPLES("ReduceL1(x: f32[2, 3])", "ReduceL1(x: i32[2, 3], i64[1] [1], keepdims: 0)")},
    {.name = "ReduceL2",
     .doc = "The root of the sum of squares over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_l2,
     .gradient = l2_gradient,
     EXAMPLES("ReduceL2(x: f32[2, 3], i64[1] [1])")},
    {.name = "ReduceLogSum",
     .doc = "The logarithm of the sum over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_log_sum,
     .gradient = log_sum_gradient,
     EXAMPLES("ReduceLogSum(x: f32[2, 3], i64[1] [-1], keepdims: 0)")},
    {.name = "ReduceLogSumExp",
     .doc = "The logarithm of the sum of exponentials over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_log_sum_exp,
     .gradient = log_sum_exp_gradient,
     EXAMPLES("ReduceLogSumExp(x: f32[2, 3], i64[1] [1])",
              "ReduceLogSumExp(x: f32[2, 3], i64[1] [0], keepdims: 0)")},
    {.name = "ReduceMax",
     .doc = "The largest element over axes.",
     EXTREME,
     .define = define_max,
     .gradient = extreme_gradient,
     EXAMPLES("ReduceMax(x: f32[2, 3], i64[1] [1])", "ReduceMax(x: u8[2, 3])",
              "ReduceMax(x: bool[2, 3], i64[1] [0])")},
    {.name = "ReduceMean",
     .doc = "The mean over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_mean,
     .gradient = mean_gradient,
     EXAMPLES("ReduceMean(x: f32[2, 3, 4], i64[2] [1, 2])",
              "ReduceMean(x: f32[2, 3, 4], i64[2] [0, 2], keepdims: 0)")},
    {.name = "ReduceMin",
     .doc = "The smallest element over axes.",
     EXTREME,
     .define = define_min,
     .gradient = extreme_gradient,
     EXAMPLES("ReduceMin(x: f32[2, 3], i64[1] [1])", "ReduceMin(x: i32[2, 3], keepdims: 0)")},
    {.name = "ReduceProd",
     .doc = "The product over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_product,
     EXAMPLES("ReduceProd(x: f32[2, 3], i64[1] [1])")},
    {.name = "ReduceSum",
     .doc = "The sum over axes.",
     VERSIONS(1, 11, 13),
     REDUCES(13),
     .define = define_sum,
     .gradient = sum_gradient,
     EXAMPLES("ReduceSum(x: f32[2, 3], i64[1] [1])",
              "ReduceSum(x: f32[2, 3], noop_with_empty_axes: 1)")},
    {.name = "ReduceSumSquare",
     .doc = "The sum of squares over axes.",
     VERSIONS(1, 11, 13, 18),
     REDUCES(18),
     .define = define_sum_square,
     .gradient = sum_square_gradient,
     EXAMPLES("ReduceSumSquare(x: f32[2, 3], i64[1] [1], keepdims: 0)")},
    {0},
};
