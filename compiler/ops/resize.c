/*
 * Resize and Upsample: images of another size by nearest, linear or cubic interpolation. Scales and
 * sizes are constant, so every axis is a table of sources and weights (resample.h), and the
 * definition a sum over the taps of the axes that change. A table that is a whole factor becomes
 * index arithmetic.
 */
#include "op.h"
#include "resample.h"

#include <math.h>

#define MAX_EXTENT ((int64_t)1 << 31)
#define MAX_TAPS   4096

typedef struct Resizing {
    Resample how;
    double outside; /* what COORDINATES_CROP takes beyond the input */
    ResampleAxis axes[MAX_RANK];
} Resizing;

/* ---- attributes ---- */

/* The value whose name the attribute is; false after a diagnostic that lists them. */
static bool choose(Infer *in, const char *attr, const char *const *names, int count, int *value)
{
    const char *text = attr_text(in->node, attr);
    for (int i = 0; i < count; i++)
        if (names[i] && strcmp(text, names[i]) == 0) return *value = i, true;
    infer_error(in, "E0306", "%s is '%s', which is not known", attr, text);
    const char *near = nearest_name(text, names, count);
    if (near) diag_help(infer_last_error(in), "did you mean '%s'?", near);
    return false;
}

static bool read_modes(Infer *in, Resizing *z)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"}, *const nearest[] = {
                                                                           "round_prefer_floor",
                                                                           "round_prefer_ceil",
                                                                           "floor", "ceil"};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    const Node *n = in->node;
    bool simple = n->version < 11; /* Upsample, and Resize before it had modes */
    int mode, near = NEAREST_FLOOR, where = COORDINATES_ASYMMETRIC;
    if (n->version < 7 && strcmp(attr_text(n, "mode"), "bilinear") == 0)
        mode = RESAMPLE_LINEAR;
    else if (!choose(in, "mode", modes, COUNT(modes), &mode))
        return false;
    if (!simple &&
        (!choose(in, "nearest_mode", nearest, COUNT(nearest), &near) ||
         !choose(in, "coordinate_transformation_mode", coordinates, COUNT(coordinates), &where)))
        return false;
    z->how = (Resample){.mode = (ResampleMode)mode,
                        .nearest = (NearestMode)near,
                        .coordinates = (Coordinates)where};
    if (simple) return true;
    z->how.cubic_a = attr_float(n, "cubic_coeff_a");
    z->how.exclude_outside = attr_int(n, "exclude_outside");
    z->how.antialias = n->version >= 18 && attr_int(n, "antialias");
    z->outside = attr_float(n, "extrapolation_value");
    return true;
}

/* ---- scales and sizes ---- */

/* A constant list of floats: an input, or NULL with count 0 when it is absent or empty. False after
 * a diagnostic. */
static bool const_floats(Infer *in, int input, double *values, int64_t *count)
{
    const Tensor *t = node_input(in->node, input);
    *count = 0;
    if (!t || tensor_elements(t) == 0) return true;
    if (!tensor_is_const(t)) return infer_unknown(in, input);
    if (tensor_elements(t) > 2 * MAX_RANK)
        return infer_error(in, "E0201", "'%s' has %lld values", t->name,
                           (long long)tensor_elements(t));
    *count = tensor_elements(t);
    for (int64_t i = 0; i < *count; i++) values[i] = dtype_get_double(t->dtype, t->data, i);
    return true;
}

/* out = floor(in * scale), in single precision as exporters reckon. */
static bool scale_axis(Infer *in, ResampleAxis *a, int axis, double scale)
{
    if (!(scale > 0) || !((float)a->in * (float)scale < (float)MAX_EXTENT))
        return infer_error(in, "E0306", "a scale of %g along axis %d is not possible", scale, axis);
    a->scale = scale;
    a->out = (int64_t)floorf((float)a->in * (float)scale);
    return true;
}

/* The axes that scales, sizes and regions are for: all, unless the attribute axes (since version
 * 18) names some. */
static bool read_axes(Infer *in, int rank, int *axes, int *count)
{
    int given_count = 0;
    const int64_t *given =
        in->node->version >= 18 ? attr_ints(in->node, "axes", &given_count) : NULL;
    *count = given && given_count ? given_count : rank;
    if (*count > rank) return infer_error(in, "E0306", "%d axes for %d dimensions", *count, rank);
    for (int i = 0; i < *count; i++) {
        axes[i] = i;
        if (given && given_count && !infer_axis(in, "axis", given[i], rank, &axes[i])) return false;
    }
    return true;
}

static bool apply_sizes(Infer *in, Resizing *z, const int *axes, int count, const int64_t *sizes)
{
    const char *policy =
        in->node->version >= 18 ? attr_text(in->node, "keep_aspect_ratio_policy") : "stretch";
    bool larger = strcmp(policy, "not_smaller") == 0, smaller = strcmp(policy, "not_larger") == 0;
    if (!larger && !smaller && strcmp(policy, "stretch"))
        return infer_error(
            in, "E0306",
            "keep_aspect_ratio_policy is '%s'; it must be stretch, not_larger or not_smaller",
            policy);
    double common = larger ? 0 : INFINITY;
    for (int i = 0; i < count; i++) {
        ResampleAxis *a = &z->axes[axes[i]];
        if (sizes[i] < 0 || sizes[i] >= MAX_EXTENT || (a->in == 0 && sizes[i] > 0))
            return infer_error(in, "E0306", "a dimension of %lld cannot be resized to %lld",
                               (long long)a->in, (long long)sizes[i]);
        a->out = sizes[i];
        a->scale = a->in ? (double)sizes[i] / (double)a->in : 1;
        common = larger ? fmax(common, a->scale) : fmin(common, a->scale);
    }
    for (int i = 0; (larger || smaller) && i < count; i++) {
        ResampleAxis *a = &z->axes[axes[i]];
        double out = floor(common * (double)a->in + 0.5);
        if (!(out < (double)MAX_EXTENT))
            return infer_error(in, "E0205", "axis %d would become too large", axes[i]);
        a->scale = common;
        a->out = (int64_t)out;
    }
    return true;
}

/* Scales and sizes are inputs; which ones depends on the operator and its version. -1: it has none.
 */
static void input_places(const Node *n, int *roi, int *scales, int *sizes)
{
    bool modern = n->version >= 11;
    *roi = modern ? 1 : -1;
    *scales = modern ? 2 : 1;
    *sizes = modern ? 3 : -1;
}

static bool attr_scales(Infer *in, double *scales, int64_t *count)
{
    const Node *n = in->node;
    int given_count;
    if (n->version >= 7) {
        const double *given = attr_floats(n, "scales", &given_count);
        *count = given_count;
        for (int i = 0; i < given_count && i < 2 * MAX_RANK; i++) scales[i] = given[i];
        return true;
    }
    if (n->inputs[0]->rank != 4)
        return infer_error(in, "E0203", "the input is %s; four dimensions are needed",
                           tensor_type_text(in->graph->arena, n->inputs[0]));
    scales[0] = scales[1] = 1;
    scales[2] = attr_float(n, "height_scale");
    scales[3] = attr_float(n, "width_scale");
    *count = 4;
    return true;
}

static bool read_regions(Infer *in, Resizing *z, int input, const int *axes, int count)
{
    double roi[2 * MAX_RANK];
    int64_t roi_count;
    if (!const_floats(in, input, roi, &roi_count)) return false;
    if (roi_count != 2 * count)
        return infer_error(in, "E0201",
                           "roi has %lld values; a start and an end for each of %d axes are wanted",
                           (long long)roi_count, count);
    for (int i = 0; i < count; i++) {
        z->axes[axes[i]].roi_start = roi[i];
        z->axes[axes[i]].roi_end = roi[count + i];
    }
    return true;
}

static bool read_extents(Infer *in, Resizing *z)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int axes[MAX_RANK], axis_count, roi_at, scales_at, sizes_at;
    double scales[2 * MAX_RANK];
    int64_t scale_count, size_count = 0;
    const int64_t *sizes = NULL;
    input_places(n, &roi_at, &scales_at, &sizes_at);
    bool as_attr =
        op_attr(n->op, n->version, "scales") || op_attr(n->op, n->version, "height_scale");
    if (!read_axes(in, x->rank, axes, &axis_count) ||
        !(as_attr ? attr_scales(in, scales, &scale_count)
                  : const_floats(in, scales_at, scales, &scale_count)))
        return false;
    if (sizes_at > 0 && node_input(n, sizes_at) && tensor_elements(node_input(n, sizes_at)) > 0 &&
        !(sizes = infer_const_ints(in, sizes_at, &size_count)))
        return false;
    if ((scale_count > 0) == (size_count > 0))
        return infer_error(in, "E0305", "either scales or sizes must be given%s",
                           scale_count ? ", not both" : "");
    if ((sizes ? size_count : scale_count) != axis_count)
        return infer_error(in, "E0201", "%lld %s for %d axes",
                           (long long)(sizes ? size_count : scale_count),
                           sizes ? "sizes" : "scales", axis_count);
    for (int i = 0; i < x->rank; i++)
        z->axes[i] = (ResampleAxis){.in = x->dims[i], .out = x->dims[i], .scale = 1, .roi_end = 1};
    if (sizes && !apply_sizes(in, z, axes, axis_count, sizes)) return false;
    for (int i = 0; !sizes && i < axis_count; i++)
        if (!scale_axis(in, &z->axes[axes[i]], axes[i], scales[i])) return false;
    return z->how.coordinates != COORDINATES_CROP || read_regions(in, z, roi_at, axes, axis_count);
}

static bool read_resizing(Infer *in, Resizing *z)
{
    *z = (Resizing){0};
    if (!read_modes(in, z) || !read_extents(in, z)) return false;
    for (int i = 0; i < in->node->inputs[0]->rank; i++) {
        const ResampleAxis *a = &z->axes[i];
        if (z->how.antialias && a->scale * MAX_TAPS < 16)
            return infer_error(in, "E0306", "axis %d shrinks too much to antialias", i);
    }
    return true;
}

static bool resize_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Resizing z;
    if (!read_resizing(in, &z)) return false;
    if (z.how.mode != RESAMPLE_NEAREST && !(TYPES_NUMERIC >> x->dtype & 1))
        return infer_error(in, "E0202", "%s cannot be interpolated; only mode nearest is possible",
                           dtype_name(x->dtype));
    int64_t dims[MAX_RANK];
    for (int i = 0; i < x->rank; i++) dims[i] = z.axes[i].out;
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

/* ---- definition ---- */

/* A constant table [out][taps] or [out] of this node. */
static Tensor *table(Definer *d, const char *what, int axis, Dtype dtype, int rank,
                     const int64_t *dims, const void *data)
{
    const char *stem = arena_format(d->graph->arena, "%s.%s%d", d->node->name, what, axis);
    return graph_add_const(d->graph, graph_unique_name(d->graph, stem), dtype, rank, dims, data);
}

/* The sources of a nearest axis as index arithmetic, where out is a multiple of in or the other way
 * about; else NULL. */
static Expr *whole_factor(Pool *p, const ResampleAxis *a, const int64_t *source, Expr *i)
{
    int64_t up = a->in && a->out % a->in == 0 ? a->out / a->in : 0;
    int64_t down = a->out && a->in % a->out == 0 ? a->in / a->out : 0;
    bool divides = up > 0, multiplies = down > 0;
    for (int64_t o = 0; o < a->out; o++) {
        divides = divides && source[o] == o / up;
        multiplies = multiplies && source[o] == o * down + source[0];
    }
    if (divides) return ex_floordiv(p, i, ex_int(p, up));
    return multiplies ? ex_add(p, ex_mul(p, i, ex_int(p, down)), ex_int(p, source[0])) : NULL;
}

/* What a definition is made of so far: the input's index, the reduced taps and the product of their
 * weights. */
typedef struct Sampling {
    Expr *at[MAX_RANK], *weight, *inside;
    Var *vars[MAX_RANK];
    int var_count;
} Sampling;

static void sample_axis(Definer *d, const Resizing *z, int axis, Expr *i, Sampling *s)
{
    const ResampleAxis *a = &z->axes[axis];
    Pool *p = d->pool;
    s->at[axis] = i;
    if (a->in == a->out && a->scale == 1 && z->how.coordinates != COORDINATES_CROP) return;
    Taps t = resample_axis(d->graph->arena, &z->how, a);
    int64_t dims[2] = {a->out, t.taps};
    if (t.inside)
        s->inside = ex_and(p, s->inside,
                           ex_load(p, table(d, "inside", axis, DT_BOOL, 1, dims, t.inside), &i));
    if (t.taps == 1) {
        s->at[axis] = whole_factor(p, a, t.source, i);
        if (!s->at[axis])
            s->at[axis] = ex_load(p, table(d, "source", axis, DT_I64, 1, dims, t.source), &i);
        return;
    }
    Var *tap = define_var(d, arena_format(pool_arena(p), "tap%d", axis), t.taps);
    Expr *at[2] = {i, ex_var(p, tap)};
    s->vars[s->var_count++] = tap;
    s->at[axis] = ex_load(p, table(d, "source", axis, DT_I64, 2, dims, t.source), at);
    Expr *weight = ex_load(p, table(d, "weight", axis, DT_F32, 2, dims, t.weight), at);
    s->weight = s->weight ? ex_mul(p, s->weight, weight) : weight;
}

static void resize_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Infer in = infer_again(d);
    Resizing z;
    bool accepted = read_resizing(&in, &z);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Sampling s = {.inside = ex_int_of(p, DT_BOOL, 1)};
    bool empty = tensor_elements(out) == 0; /* then its other extents may be beyond any table */
    for (int i = 0; i < out->rank; i++) {
        if (empty)
            s.at[i] = ex_int(p, 0);
        else
            sample_axis(d, &z, i, ex_var(p, vars[i]), &s);
    }
    Expr *value = ex_load(p, x, s.at);
    if (s.weight) {
        Dtype wide = dtype_is_float(x->dtype) ? define_wide(x->dtype) : DT_F32;
        value = ex_mul(p, ex_cast(p, wide, value), ex_cast(p, wide, s.weight));
        value = ex_reduce(p, RE_SUM, s.vars, s.var_count, value);
    }
    value = ex_select(p, s.inside, value, ex_const(p, value->dtype, z.outside));
    define_rounded(d, out, vars, value);
}

#define TYPES_RESIZE (TYPES_NUMERIC | TYPE(DT_BOOL))

static const Slot resize_inputs[] = {
    SLOT("X", TYPES_RESIZE, "T1"),
    SLOT("scales", TYPE(DT_F32), NULL, .until = 10),
    SLOT("roi", TYPES_FLOAT, "T2", .optional = true, .since = 11),
    SLOT("scales", TYPE(DT_F32), NULL, .optional = true, .since = 11),
    SLOT("sizes", TYPE(DT_I64), NULL, .optional = true, .since = 11),
    {0}};
static const Slot resize_outputs[] = {SLOT("Y", TYPES_RESIZE, "T1"), {0}};
static const Slot upsample_inputs[] = {
    SLOT("X", TYPES_RESIZE, "T"), SLOT("scales", TYPE(DT_F32), NULL, .since = 9), {0}};
static const Slot upsample_outputs[] = {SLOT("Y", TYPES_RESIZE, "T"), {0}};
static const AttrSpec resize_attrs[] = {
    ATTR("antialias", INT, .since = 18),
    ATTR("axes", INTS, .since = 18),
    ATTR("coordinate_transformation_mode", STRING, .s = "half_pixel", .since = 11),
    ATTR("cubic_coeff_a", FLOAT, .f = -0.75, .since = 11),
    ATTR("exclude_outside", INT, .since = 11),
    ATTR("extrapolation_value", FLOAT, .since = 11),
    ATTR("keep_aspect_ratio_policy", STRING, .s = "stretch", .since = 18),
    ATTR("mode", STRING, .s = "nearest"),
    ATTR("nearest_mode", STRING, .s = "round_prefer_floor", .since = 11),
    {0}};
static const AttrSpec upsample_attrs[] = {
    ATTR("height_scale", FLOAT, .required = true, .until = 6),
    ATTR("mode", STRING, .s = "nearest"),
    ATTR("scales", FLOATS, .required = true, .since = 7, .until = 8),
    ATTR("width_scale", FLOAT, .required = true, .until = 6),
    {0}};

const Op ops_resize[] = {
    {.name = "Resize",
     .doc = "An image of another size, by nearest, linear or cubic interpolation.",
     .versions = (const int[]){10, 11, 13, 18, 19, 0},
     .inputs = resize_inputs,
     .outputs = resize_outputs,
     .attrs = resize_attrs,
     .infer = resize_infer,
     .define = resize_define,
     .examples =
         (const char *const[]){
             "Resize(x: f32[1, 1, 2, 4], _, f32[4] [1.0, 1.0, 2.0, 2.0], mode: \"nearest\")",
             "Resize(x: f32[1, 1, 4, 4], _, f32[4] [1.0, 1.0, 0.6, 1.5], mode: \"linear\")",
             "Resize(x: f32[1, 1, 4, 4], _, _, i64[4] [1, 1, 7, 3], mode: \"cubic\")", 0}},
    {.name = "Upsample",
     .doc = "A larger image, by nearest or linear interpolation.",
     .versions = (const int[]){1, 7, 9, 0},
     .last = 9,
     .inputs = upsample_inputs,
     .outputs = upsample_outputs,
     .attrs = upsample_attrs,
     .infer = resize_infer,
     .define = resize_define,
     .examples =
         (const char *const[]){
             "Upsample@9(x: f32[1, 1, 2, 3], f32[4] [1, 1, 2, 2])",
             "Upsample@9(x: f32[1, 1, 2, 2], f32[4] [1, 1, 3, 2], mode: \"linear\")", 0}},
    {0}};
