/*
 * InstanceNormalization, GroupNormalization, LayerNormalization and RMSNormalization: x less its
 * mean, divided by its deviation (or only by its root mean square), scaled and shifted. They differ
 * in what a mean is taken over: a channel, a group of channels, or the trailing dimensions.
 * Statistics are definitions of their own; the deviation's is its reciprocal, so that elements
 * multiply.
 */
#include "op.h"
#include "reduction.h"

/* ---- over channels of an image: x[n, c, spatial...] ---- */

static int64_t group_count(const Node *n)
{
    return op_attr(n->op, n->version, "num_groups") ? attr_int(n, "num_groups")
                                                    : n->inputs[0]->dims[1];
}

/* InstanceNormalization and, since version 21, GroupNormalization scale each channel; before, each
 * group. */
static bool scales_channels(const Node *n)
{
    return n->version >= 21 || !op_attr(n->op, n->version, "num_groups");
}

/* The type of the first stage of operators that name it. */
static bool check_stash(Infer *in)
{
    int64_t stash = attr_int(in->node, "stash_type");
    if (stash > 0 && stash < DT_COUNT && (TYPES_FLOAT >> stash & 1)) return true;
    return infer_error(in, "E0306", "stash_type is %lld, which is not a float type",
                       (long long)stash);
}

static bool group_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    Arena *arena = in->graph->arena;
    if (op_attr(n->op, n->version, "stash_type") && !check_stash(in)) return false;
    if (x->rank < 2)
        return infer_error(in, "E0203", "the input is %s; it needs a batch and a channel dimension",
                           tensor_type_text(arena, x));
    int64_t groups = group_count(n), scales = scales_channels(n) ? x->dims[1] : groups;
    if (groups < 1 || groups > x->dims[1] || x->dims[1] % groups)
        return infer_error(in, "E0210", "%lld channels cannot be divided into %lld groups",
                           (long long)x->dims[1], (long long)groups);
    for (int i = 1; i <= 2; i++) {
        const Tensor *t = n->inputs[i];
        if (t->rank != 1 || t->dims[0] != scales)
            return infer_error(in, "E0210", "'%s' is %s; one value for each of %lld %s is wanted",
                               t->name, tensor_type_text(arena, t), (long long)scales,
                               scales_channels(n) ? "channels" : "groups");
    }
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* The mean over a group, for each [n, group]: of x, or of its squared distance from `mean` when
 * that is given. */
static Expr *group_mean(Definer *d, Expr *n, Expr *group, int64_t channels, Dtype dtype,
                        Tensor *mean)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0];
    Var **over = define_indices(d, x->rank - 1, x->dims + 1);
    over[0] = define_var(d, "c", channels);
    Expr **at = define_index_exprs(d, over, x->rank - 1), *load_at[MAX_RANK] = {n};
    load_at[1] = ex_add(p, ex_mul(p, group, ex_int(p, channels)), at[0]);
    memcpy(load_at + 2, at + 1, (size_t)(x->rank - 2) * sizeof *at);
    Expr *value = ex_cast(p, dtype, ex_load(p, x, load_at));
    if (mean) {
        value = ex_binary(p, BI_SUB, value, ex_load(p, mean, (Expr *[]){n, group}));
        value = ex_mul(p, value, value);
    }
    int64_t count = channels;
    for (int i = 2; i < x->rank; i++) count *= x->dims[i];
    Expr *sum = ex_reduce(p, RE_SUM, over, x->rank - 1, value);
    return ex_div(p, sum, ex_const(p, dtype, (double)max64(count, 1)));
}

/* 1 / sqrt(variance + epsilon) */
static Expr *reciprocal_deviation(Definer *d, Expr *variance)
{
    Pool *p = d->pool;
    Expr *sum = ex_add(p, variance, ex_const(p, variance->dtype, attr_float(d->node, "epsilon")));
    return ex_div(p, ex_const(p, variance->dtype, 1), ex_unary(p, UN_SQRT, sum));
}

/* The type of the first stage: of stash_type where the operator has it, else x's own, widened. */
static Dtype stage_type(const Node *n)
{
    if (!op_attr(n->op, n->version, "stash_type")) return define_wide(n->inputs[0]->dtype);
    return define_wide((Dtype)attr_int(n, "stash_type"));
}

static void group_define(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *out = n->outputs[0];
    Dtype dtype = stage_type(n);
    int64_t channels = x->dims[1] / max64(group_count(n), 1),
            dims[2] = {x->dims[0], group_count(n)};
    Tensor *mean = define_temporary(d, "mean", dtype, 2, dims),
           *scale = define_temporary(d, "scale", dtype, 2, dims);
    Var **at = define_indices(d, 2, dims);
    Expr **g = define_index_exprs(d, at, 2);
    define_tensor(d, mean, at, group_mean(d, g[0], g[1], channels, dtype, NULL));
    at = define_indices(d, 2, dims);
    g = define_index_exprs(d, at, 2);
    define_tensor(d, scale, at,
                  reciprocal_deviation(d, group_mean(d, g[0], g[1], channels, dtype, mean)));

    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *group = ex_floordiv(p, index[1], ex_int(p, max64(channels, 1))),
         *stat[2] = {index[0], group};
    Expr *value =
        ex_binary(p, BI_SUB, ex_cast(p, dtype, ex_load(p, x, index)), ex_load(p, mean, stat));
    value = ex_cast(p, define_wide(x->dtype), ex_mul(p, value, ex_load(p, scale, stat)));
    Expr *affine = scales_channels(n) ? index[1] : group;
    value = ex_mul(p, value, define_load(d, n->inputs[1], &affine));
    define_rounded(d, out, vars, ex_add(p, value, define_load(d, n->inputs[2], &affine)));
}

/* ---- over trailing dimensions: LayerNormalization, RMSNormalization ---- */

static bool check_broadcast(Infer *in, const Tensor *x, const Tensor *t)
{
    bool fits = t->rank <= x->rank;
    for (int i = 0; fits && i < t->rank; i++)
        fits = t->dims[i] == 1 || t->dims[i] == x->dims[x->rank - t->rank + i];
    if (fits) return true;
    return infer_error(in, "E0201", "'%s' is %s, which does not broadcast to the input's %s",
                       t->name, tensor_type_text(in->graph->arena, t),
                       tensor_type_text(in->graph->arena, x));
}

static bool trailing_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(n, "axis"), x->rank, &axis) || !check_stash(in))
        return false;
    for (int i = 1; i < n->input_count; i++)
        if (n->inputs[i] && !check_broadcast(in, x, n->inputs[i])) return false;
    int64_t dims[MAX_RANK];
    for (int i = 0; i < x->rank; i++) dims[i] = i < axis ? x->dims[i] : 1;
    for (int i = 1; i < n->output_count; i++)
        if (!infer_output(in, i, (Dtype)attr_int(n, "stash_type"), x->rank, dims)) return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static Axes trailing_axes(const Node *n)
{
    return axes_from(n->inputs[0], attr_axis(n, n->inputs[0]->rank));
}

/* The output if the model wants the statistic, else a temporary. */
static Tensor *statistic(Definer *d, int output, const char *name, const Axes *axes)
{
    Tensor *wanted = node_output(d->node, output);
    return wanted ? wanted
                  : define_statistic(d, name, (Dtype)attr_int(d->node, "stash_type"), axes);
}

/* The mean over the trailing dimensions of x or, with `square`, of the square of x less `mean`
 * (which may be NULL). */
static Expr *trailing_mean(Definer *d, const Reduction *r, const Axes *axes, bool square,
                           Tensor *mean)
{
    Pool *p = d->pool;
    Dtype dtype = stage_type(d->node);
    Expr *x = ex_cast(p, dtype, ex_load(p, d->node->inputs[0], r->at));
    if (mean) x = ex_binary(p, BI_SUB, x, define_load(d, mean, r->kept));
    if (square) x = ex_mul(p, x, x);
    Expr *sum = ex_reduce(p, RE_SUM, r->vars, r->var_count, x);
    return ex_div(p, sum, ex_const(p, dtype, (double)max64(axes_extent(axes), 1)));
}

/* x (less its mean), times the reciprocal of its deviation, scaled and shifted as the inputs say.
 */
static void define_trailing(Definer *d, const Axes *axes, Tensor *mean, Tensor *scale)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *bias = node_input(n, 2);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *kept[MAX_RANK];
    axes_kept_index(p, axes, index, kept);
    Expr *value = ex_cast(p, stage_type(n), ex_load(p, x, index));
    if (mean) value = ex_binary(p, BI_SUB, value, define_load(d, mean, kept));
    Dtype wide = define_wide(x->dtype);
    value = ex_cast(p, wide, ex_mul(p, value, define_load(d, scale, kept)));
    value =
        ex_mul(p, value, ex_cast(p, wide, define_broadcast_load(d, n->inputs[1], x->rank, index)));
    if (bias)
        value = ex_add(p, value, ex_cast(p, wide, define_broadcast_load(d, bias, x->rank, index)));
    define_rounded(d, n->outputs[0], vars, value);
}

static void layer_define(Definer *d)
{
    Axes axes = trailing_axes(d->node);
    Tensor *mean = statistic(d, 1, "mean", &axes), *scale = statistic(d, 2, "scale", &axes);
    Reduction r = define_reduction(d, &axes, true);
    define_rounded(d, mean, r.result, trailing_mean(d, &r, &axes, false, NULL));
    r = define_reduction(d, &axes, true);
    define_rounded(d, scale, r.result,
                   reciprocal_deviation(d, trailing_mean(d, &r, &axes, true, mean)));
    define_trailing(d, &axes, mean, scale);
}

static void rms_define(Definer *d)
{
    Axes axes = trailing_axes(d->node);
    Tensor *scale = statistic(d, 1, "scale", &axes);
    Reduction r = define_reduction(d, &axes, true);
    define_rounded(d, scale, r.result,
                   reciprocal_deviation(d, trailing_mean(d, &r, &axes, true, NULL)));
    define_trailing(d, &axes, NULL, scale);
}

static const Slot group_inputs[] = {SLOT("input", TYPES_FLOAT, "T"),
                                    SLOT("scale", TYPES_FLOAT, "T"),
                                    SLOT("B", TYPES_FLOAT, "T"),
                                    {0}};
static const Slot layer_inputs[] = {SLOT("X", TYPES_FLOAT, "T"),
                                    SLOT("Scale", TYPES_FLOAT, "T"),
                                    SLOT("B", TYPES_FLOAT, "T", .optional = true),
                                    {0}};
static const Slot rms_inputs[] = {
    SLOT("X", TYPES_FLOAT, "T"), SLOT("scale", TYPES_FLOAT, "V"), {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}},
                  rms_outputs[] = {SLOT("Y", TYPES_FLOAT, "V"), {0}};
static const Slot layer_outputs[] = {SLOT("Y", TYPES_FLOAT, "T"),
                                     SLOT("Mean", TYPES_FLOAT, "U", .optional = true),
                                     SLOT("InvStdDev", TYPES_FLOAT, "U", .optional = true),
                                     {0}};
static const AttrSpec instance_attrs[] = {
    ATTR("consumed_inputs", INTS, .until = 5), ATTR("epsilon", FLOAT, .f = 1e-5f), {0}};
static const AttrSpec group_attrs[] = {ATTR("epsilon", FLOAT, .f = 1e-5f),
                                       ATTR("num_groups", INT, .required = true),
                                       ATTR("stash_type", INT, .i = DT_F32, .since = 21),
                                       {0}};
static const AttrSpec trailing_attrs[] = {ATTR("axis", INT, .i = -1),
                                          ATTR("epsilon", FLOAT, .f = 1e-5f),
                                          ATTR("stash_type", INT, .i = DT_F32),
                                          {0}};

const Op ops_normalization[] = {
    {.name = "InstanceNormalization",
     .doc =
         "Each channel of each sample less its mean, divided by its deviation, scaled and shifted.",
     .versions = (const int[]){1, 6, 22, 0},
     .inputs = group_inputs,
     .outputs = outputs,
     .attrs = instance_attrs,
     .infer = group_infer,
     .define = group_define,
     .examples =
         (const char *const[]){
             "InstanceNormalization(x: f32[2, 3, 4, 4], scale: f32[3], b: f32[3])", 0}},
    {.name = "GroupNormalization",
     .doc = "Each group of channels of each sample less its mean, divided by its deviation, scaled "
            "and shifted.",
     .versions = (const int[]){18, 21, 0},
     .inputs = group_inputs,
     .outputs = outputs,
     .attrs = group_attrs,
     .infer = group_infer,
     .define = group_define,
     .examples =
         (const char *const[]){
             "GroupNormalization(x: f32[2, 4, 3, 3], scale: f32[4], b: f32[4], num_groups: 2)", 0}},
    {.name = "LayerNormalization",
     .doc = "The dimensions from `axis` on less their mean, divided by their deviation, scaled and "
            "shifted.",
     .versions = (const int[]){17, 0},
     .inputs = layer_inputs,
     .outputs = layer_outputs,
     .attrs = trailing_attrs,
     .infer = trailing_infer,
     .define = layer_define,
     .examples =
         (const char *const[]){"LayerNormalization(x: f32[2, 3, 8], scale: f32[8], b: f32[8])",
                               "LayerNormalization(x: f32[2, 3, 4], scale: f32[3, 4], axis: 1)",
                               0}},
    {.name = "RMSNormalization",
     .doc = "The dimensions from `axis` on divided by their root mean square, scaled.",
     .versions = (const int[]){23, 0},
     .inputs = rms_inputs,
     .outputs = rms_outputs,
     .attrs = trailing_attrs,
     .infer = trailing_infer,
     .define = rms_define,
     .examples = (const char *const[]){"RMSNormalization@23(x: f32[2, 3, 8], scale: f32[8])", 0}},
    {0}};
