/*
 * Normalisations of an axis by its own statistics: Softmax, LogSoftmax, LpNormalization and
 * MeanVarianceNormalization. Before opset 13 the softmaxes take all dimensions from their axis on
 * as one.
 */
#include "expand.h"
#include "extents.h"
#include "gradient.h"
#include "reduction.h"
#include "row.h"

static int node_axis(const Node *n) { return attr_axis(n, n->inputs[0]->rank); }

/* A scalar is its own only axis. */
static bool infer_normalised(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), x->rank ? x->rank : 1, &axis))
        return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* Along an axis that varies, what lies outside is taken for minus infinity. */
static bool extents_of_softmax(Infer *in)
{
    const Node *n = in->node;
    Tensor *x = n->inputs[0];
    bool axes[MAX_RANK] = {[0] = false};
    if (n->version < 13) return extents_refuse(in, x);
    if (!infer_normalised(in)) return false;
    Tensor *extent = x->rank ? extents_at(x, node_axis(n)) : NULL;
    if (!extent) return extents_as_first(in);
    axes[node_axis(n)] = true;
    Node *filled = expand_node(in, n->op_type, 1);
    filled->inputs[0] = extents_fill(in, x, axes, RE_MAX);
    node_add_attr(in->graph, filled, "axis", ATTR_INT)->i = node_axis(n);
    Tensor *y = extents_crop(in, expand_done(in, filled), node_axis(n), extent);
    return y && expand_bind(in, 0, y);
}

static void define_softmaxes(Definer *d, bool logarithm)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    Axes axes = n->version < 13 ? axes_from(x, node_axis(n)) : axes_one(x, node_axis(n));
    if (out) define_softmax_over(d, &axes, x, out, logarithm);
}
static void define_softmax(Definer *d) { define_softmaxes(d, false); }
static void define_log_softmax(Definer *d) { define_softmaxes(d, true); }

static bool infer_lp_normalization(Infer *in)
{
    int64_t order = attr_int(in->node, "p");
    if (order != 1 && order != 2)
        return infer_error(in, "E0306", "p, the order of the norm, is 1 or 2, not %lld",
                           (long long)order);
    return infer_normalised(in);
}

/* Where the norm is 0 so is the result. */
static void define_lp_normalization(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0];
    Axes axes = axes_one(x, node_axis(n));
    Tensor *norm = define_statistic(d, "norm", define_wide(x->dtype), &axes);
    bool euclidean = attr_int(n, "p") == 2;
    Reduction r = define_reduction(d, &axes, true);
    Expr *v = define_load(d, x, r.at);
    Expr *sum = ex_reduce(p, RE_SUM, r.vars, r.var_count,
                          euclidean ? ex_mul(p, v, v) : ex_unary(p, UN_ABS, v));
    define_tensor(d, norm, r.result, euclidean ? ex_unary(p, UN_SQRT, sum) : sum);

    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *kept[MAX_RANK];
    axes_kept_index(p, &axes, index, kept);
    Expr *length = ex_load(p, norm, kept), *zero = like(p, length, 0);
    Expr *y =
        ex_select(p, ex_eq(p, length, zero), zero, ex_div(p, define_load(d, x, index), length));
    define_rounded(d, node_output(n, 0), vars, y);
}

/* The axes default to batch, height and width: statistics per channel. */
static const int64_t *normalised_axes(const Node *n, int *count)
{
    static const int64_t per_channel[] = {0, 2, 3};
    const int64_t *axes = attr_ints(n, "axes", count);
    if (axes) return axes;
    *count = COUNT(per_channel);
    return per_channel;
}

static bool infer_mean_variance(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int count, axis;
    const int64_t *axes = normalised_axes(in->node, &count);
    for (int i = 0; i < count; i++)
        if (!infer_axis(in, "axes", axes[i], x->rank, &axis)) return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static void define_mean(Definer *d, const Axes *axes, Tensor *mean, Expr *term, const Reduction *r)
{
    Expr *sum = ex_reduce(d->pool, RE_SUM, r->vars, r->var_count, term);
    define_tensor(d, mean, r->result,
                  ex_div(d->pool, sum, like(d->pool, sum, (double)axes_extent(axes))));
}

/* (x - mean) / (deviation + 1e-9), as the operator's function body has it. */
static void define_mean_variance(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0];
    Axes axes = axes_none(x);
    int count;
    const int64_t *list = normalised_axes(n, &count);
    for (int i = 0; i < count; i++) axes.reduced[list[i] < 0 ? list[i] + x->rank : list[i]] = true;

    Tensor *mean = define_statistic(d, "mean", define_wide(x->dtype), &axes);
    Reduction r = define_reduction(d, &axes, true);
    define_mean(d, &axes, mean, define_load(d, x, r.at), &r);
    Tensor *variance = define_statistic(d, "variance", define_wide(x->dtype), &axes);
    r = define_reduction(d, &axes, true);
    Expr *difference = ex_sub(p, define_load(d, x, r.at), ex_load(p, mean, r.kept));
    define_mean(d, &axes, variance, ex_mul(p, difference, difference), &r);

    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *kept[MAX_RANK];
    axes_kept_index(p, &axes, index, kept);
    difference = ex_sub(p, define_load(d, x, index), ex_load(p, mean, kept));
    Expr *deviation = ex_unary(p, UN_SQRT, ex_load(p, variance, kept));
    define_rounded(d, node_output(n, 0), vars,
                   ex_div(p, difference, ex_add(p, deviation, like(p, deviation, 1e-9))));
}

#define SOFTMAX                                                                                    \
    VERSIONS(1, 11, 13),                                                                           \
        INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 12),                                    \
               SLOT("input", TYPES_FLOAT, "T", .since = 13)),                                      \
        OUTPUTS(SLOT("output", TYPES_FLOAT, "T")),                                                 \
        ATTRS(ATTR("axis", INT, .i = 1, .until = 12), ATTR("axis", INT, .i = -1, .since = 13)),    \
        .infer = infer_normalised, .extents = extents_of_softmax

/* ---- gradients ---- */

/* The sum over what is normalised together, kept as 1. */
static Tensor *normalised_sum(Gradient *g, Tensor *t)
{
    const Node *n = g->node;
    int64_t axes[MAX_RANK];
    int count = 0;
    for (int i = node_axis(n); i < t->rank && (n->version < 13 || count == 0); i++)
        axes[count++] = i;
    return count ? gradient_sum(g, t, count, axes) : t;
}

/* y (dy - sum(y dy)) */
static bool softmax_gradient(Gradient *g)
{
    Tensor *y = g->node->outputs[0], *both = gradient_2(g, "Mul", y, g->dy[0]);
    if (!both) return false;
    Tensor *rest = gradient_2(g, "Sub", g->dy[0], normalised_sum(g, both));
    return (g->dx[0] = gradient_2(g, "Mul", y, rest)) != NULL;
}

/* dy - exp(y) sum(dy) */
static bool log_softmax_gradient(Gradient *g)
{
    Tensor *y = gradient_1(g, "Exp", g->node->outputs[0]), *sum = normalised_sum(g, g->dy[0]);
    return (g->dx[0] = gradient_2(g, "Sub", g->dy[0], gradient_2(g, "Mul", y, sum))) != NULL;
}

const Op ops_softmax[] = {
    {.name = "LogSoftmax",
     .doc = "The logarithm of the softmax along an axis.",
     SOFTMAX,
     .define = define_log_softmax,
     .gradient = log_softmax_gradient,
     EXAMPLES("LogSoftmax(x: f32[2, 3])", "LogSoftmax(x: f32[2, 3], axis: 0)")},
    {.name = "LpNormalization",
     .doc = "Each element divided by the norm of its axis.",
     VERSIONS(1, 22),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 21),
            SLOT("input", TYPES_FLOAT, "T", .since = 22)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T")),
     ATTRS(ATTR("axis", INT, .i = -1), ATTR("p", INT, .i = 2)),
     .infer = infer_lp_normalization,
     .define = define_lp_normalization,
     EXAMPLES("LpNormalization(x: f32[2, 3])", "LpNormalization(x: f32[2, 3], axis: 0, p: 1)")},
    {.name = "MeanVarianceNormalization",
     .doc = "Each element less the mean over axes, divided by the standard deviation.",
     VERSIONS(9, 13),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 12), SLOT("X", TYPES_FLOAT, "T", .since = 13)),
     OUTPUTS(SLOT("Y", TYPES_FLOAT, "T")),
     ATTRS(ATTR("axes", INTS)),
     .infer = infer_mean_variance,
     .define = define_mean_variance,
     EXAMPLES("MeanVarianceNormalization(x: f32[2, 3, 2, 2])",
              "MeanVarianceNormalization(x: f32[2, 3], axes: [-1])")},
    {.name = "Softmax",
     .doc = "exp(x) divided by its sum along an axis.",
     SOFTMAX,
     .define = define_softmax,
     .gradient = softmax_gradient,
     EXAMPLES("Softmax(x: f32[2, 3])", "Softmax(x: f32[2, 3, 4], axis: 1)")},
    {0},
};
