/*
 * RoiAlign: regions of an image, each divided into bins whose value is the mean or the maximum of
 * bilinear samples. Regions arrive at run time; the number of samples in a bin must be given, for
 * it is the extent of a reduction.
 */
#include "op.h"

enum { X, ROIS, BATCH };

static bool half_pixel(const Node *n)
{
    return n->version >= 16 &&
           strcmp(attr_text(n, "coordinate_transformation_mode"), "half_pixel") == 0;
}

static bool roi_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[X], *rois = n->inputs[ROIS], *batch = n->inputs[BATCH];
    Arena *arena = in->graph->arena;
    const char *mode = attr_text(n, "mode");
    int64_t height = attr_int(n, "output_height"), width = attr_int(n, "output_width"),
            ratio = attr_int(n, "sampling_ratio");
    if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != 4 || batch->rank != 1 ||
        batch->dims[0] != rois->dims[0])
        return infer_error(
            in, "E0201",
            "input %s, regions %s and batch indices %s do not fit: [n, c, h, w], [r, 4] and [r]",
            tensor_type_text(arena, x), tensor_type_text(arena, rois),
            tensor_type_text(arena, batch));
    if (strcmp(mode, "avg") && strcmp(mode, "max"))
        return infer_error(in, "E0306", "mode is '%s'; it must be avg or max", mode);
    if (height < 1 || width < 1 || ratio < 0 || ratio > 1 << 16)
        return infer_error(in, "E0306",
                           "output_height, output_width or sampling_ratio is out of range");
    if (ratio == 0) {
        infer_error(
            in, "E0602",
            "sampling_ratio 0 leaves the number of samples to the regions' sizes at run time");
        diag_help(infer_last_error(in), "give sampling_ratio a value, 2 for example");
        return false;
    }
    if (tensor_elements(x) == 0) return infer_error(in, "E0205", "the image is empty");
    int64_t dims[4] = {rois->dims[0], x->dims[1], height, width};
    return infer_output(in, 0, x->dtype, 4, dims);
}

/* The positions of samples along one axis (0: y, 1: x), a temporary [region, bin, sample]. */
static Tensor *sample_positions(Definer *d, int axis)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *rois = n->inputs[ROIS], *out;
    int64_t bins = n->outputs[0]->dims[2 + axis], samples = attr_int(n, "sampling_ratio");
    int64_t dims[3] = {rois->dims[0], bins, samples};
    Dtype dtype = define_wide(rois->dtype);
    Expr *scale = ex_const(p, dtype, attr_float(n, "spatial_scale"));
    out = define_temporary(d, axis ? "x" : "y", dtype, 3, dims);
    Var **vars = define_indices(d, 3, dims);
    Expr **index = define_index_exprs(d, vars, 3);
    Expr *ends[2]; /* a region is x1, y1, x2, y2 */
    for (int k = 0; k < 2; k++) {
        ends[k] = ex_mul(p, define_load(d, rois, (Expr *[]){index[0], ex_int(p, 1 - axis + 2 * k)}),
                         scale);
        if (half_pixel(n)) ends[k] = ex_sub(p, ends[k], ex_const(p, dtype, 0.5));
    }
    Expr *extent = ex_sub(p, ends[1], ends[0]);
    if (!half_pixel(n)) extent = ex_max(p, extent, ex_const(p, dtype, 1));
    Expr *bin = ex_div(p, extent, ex_const(p, dtype, (double)bins));
    Expr *step = ex_div(p, bin, ex_const(p, dtype, (double)samples));
    Expr *within = ex_add(p, ex_cast(p, dtype, index[2]), ex_const(p, dtype, 0.5));
    Expr *start = ex_add(p, ends[0], ex_mul(p, ex_cast(p, dtype, index[1]), bin));
    define_tensor(d, out, vars, ex_add(p, start, ex_mul(p, within, step)));
    return out;
}

/* One of the two taps (0, 1) of a sample at v: its place, its weight, and whether the sample counts
 * at all. */
static Expr *sample_tap(Pool *p, Expr *v, Expr *tap, int64_t extent, Expr **weight, Expr **counts)
{
    Dtype dtype = v->dtype;
    Expr *zero = ex_const(p, dtype, 0), *end = ex_const(p, dtype, (double)extent),
         *last = ex_const(p, dtype, (double)extent - 1);
    Expr *inside = ex_and(p, ex_le(p, ex_const(p, dtype, -1), v), ex_le(p, v, end));
    *counts = *counts ? ex_and(p, *counts, inside) : inside;
    v = ex_min(p, ex_max(p, v, zero), last);
    Expr *low = ex_unary(p, UN_FLOOR, v), *rest = ex_sub(p, v, low), *one = ex_const(p, dtype, 1);
    Expr *w = ex_select(p, ex_eq(p, tap, ex_int(p, 0)), ex_sub(p, one, rest), rest);
    *weight = *weight ? ex_mul(p, *weight, w) : w;
    Expr *at = ex_add(p, ex_cast(p, DT_I64, low), tap);
    return ex_min(p, ex_max(p, at, ex_int(p, 0)), ex_int(p, extent - 1));
}

static void roi_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[X], *out = n->outputs[0];
    Pool *p = d->pool;
    int64_t samples = attr_int(n, "sampling_ratio");
    bool mean = strcmp(attr_text(n, "mode"), "avg") == 0;
    Tensor *positions[2] = {sample_positions(d, 0), sample_positions(d, 1)};
    Var **vars = define_indices(d, 4, out->dims);
    Var *over[4] = {define_var(d, "sy", samples), define_var(d, "sx", samples),
                    define_var(d, "ty", 2), define_var(d, "tx", 2)};
    Expr **index = define_index_exprs(d, vars, 4), *weight = NULL, *counts = NULL,
         *at[4] = {NULL, index[1]};
    at[0] = define_wrap(p, ex_load(p, n->inputs[BATCH], &index[0]), x->dims[0]);
    for (int i = 0; i < 2; i++) {
        Expr *v = ex_load(p, positions[i], (Expr *[]){index[0], index[2 + i], ex_var(p, over[i])});
        at[2 + i] = sample_tap(p, v, ex_var(p, over[2 + i]), x->dims[2 + i], &weight, &counts);
    }
    Dtype wide = define_wide(x->dtype);
    Expr *value = ex_mul(p, define_load(d, x, at), ex_cast(p, wide, weight));
    value = ex_select(p, counts, value, ex_const(p, wide, 0));
    /* The maximum is that of the weighted taps, not of the samples: so ONNX defines it. */
    value = ex_reduce(p, mean ? RE_SUM : RE_MAX, over, 4, value);
    if (mean) value = ex_div(p, value, ex_const(p, wide, (double)(samples * samples)));
    define_rounded(d, out, vars, value);
}

/* ---- MaxRoiPool ---- */

static bool pool_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[X], *rois = n->inputs[ROIS];
    int count;
    const int64_t *shape = attr_ints(n, "pooled_shape", &count);
    if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != 5)
        return infer_error(
            in, "E0201", "input %s and regions %s do not fit: [n, c, h, w] and [r, 5]",
            tensor_type_text(in->graph->arena, x), tensor_type_text(in->graph->arena, rois));
    if (count != 2 || shape[0] < 1 || shape[1] < 1)
        return infer_error(in, "E0306", "pooled_shape must be two positive extents");
    if (tensor_elements(x) == 0) return infer_error(in, "E0205", "the image is empty");
    return infer_output(in, 0, x->dtype, 4,
                        (int64_t[]){rois->dims[0], x->dims[1], shape[0], shape[1]});
}

/* Whether position k of the image is in a region's bin along an axis (0: y, 1: x). A region is
 * sample, x1, y1, x2, y2, its corners rounded to elements; it is never empty. */
static Expr *in_bin(Definer *d, Expr *region, Expr *bin, int64_t bins, int axis, Expr *k)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *rois = n->inputs[ROIS];
    Dtype dtype = define_wide(rois->dtype);
    Expr *scale = ex_const(p, dtype, attr_float(n, "spatial_scale")),
         *half = ex_const(p, dtype, 0.5), *ends[2];
    for (int i = 0; i < 2; i++) {
        Expr *corner = define_load(d, rois, (Expr *[]){region, ex_int(p, 2 - axis + 2 * i)});
        ends[i] = ex_unary(p, UN_FLOOR, ex_add(p, ex_mul(p, corner, scale), half));
    }
    Expr *one = ex_const(p, dtype, 1),
         *extent = ex_max(p, ex_add(p, ex_sub(p, ends[1], ends[0]), one), one);
    Expr *size = ex_div(p, extent, ex_const(p, dtype, (double)bins)), *at = ex_cast(p, dtype, bin);
    Expr *start = ex_add(p, ex_unary(p, UN_FLOOR, ex_mul(p, at, size)), ends[0]);
    Expr *end = ex_add(p, ex_unary(p, UN_CEIL, ex_mul(p, ex_add(p, at, one), size)), ends[0]);
    k = ex_cast(p, dtype, k);
    return ex_and(p, ex_le(p, start, k), ex_lt(p, k, end));
}

static void pool_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[X], *rois = n->inputs[ROIS], *out = n->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, 4, out->dims);
    Var *over[2] = {define_var(d, "y", x->dims[2]), define_var(d, "x", x->dims[3])};
    Expr **index = define_index_exprs(d, vars, 4),
         *sample = ex_load(p, rois, (Expr *[]){index[0], ex_int(p, 0)});
    Expr *at[4] = {define_wrap(p, sample, x->dims[0]), index[1], ex_var(p, over[0]),
                   ex_var(p, over[1])};
    Expr *inside = in_bin(d, index[0], index[2], out->dims[2], 0, at[2]);
    inside = ex_and(p, inside, in_bin(d, index[0], index[3], out->dims[3], 1, at[3]));
    Expr *value = define_load(d, x, at), *none = ex_identity(p, RE_MAX, value->dtype);
    value = ex_reduce(p, RE_MAX, over, 2, ex_select(p, inside, value, none));
    define_rounded(d, out, vars,
                   ex_select(p, ex_eq(p, value, none), ex_const(p, value->dtype, 0), value));
}

static const Slot pool_inputs[] = {
    SLOT("X", TYPES_FLOAT, "T"), SLOT("rois", TYPES_FLOAT, "T"), {0}};
static const Slot pool_outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec pool_attrs[] = {
    ATTR("pooled_shape", INTS, .required = true), ATTR("spatial_scale", FLOAT, .f = 1), {0}};
static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T1"),
                              SLOT("rois", TYPES_FLOAT, "T1"),
                              SLOT("batch_indices", TYPE(DT_I64), "T2"),
                              {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T1"), {0}};
static const AttrSpec attrs[] = {
    ATTR("coordinate_transformation_mode", STRING, .s = "half_pixel", .since = 16),
    ATTR("mode", STRING, .s = "avg"),
    ATTR("output_height", INT, .i = 1),
    ATTR("output_width", INT, .i = 1),
    ATTR("sampling_ratio", INT),
    ATTR("spatial_scale", FLOAT, .f = 1),
    {0}};

const Op ops_roi_align[] = {
    {.name = "RoiAlign",
     .doc = "Regions of an image as bins: the mean or maximum of bilinear samples in each.",
     .versions = (const int[]){10, 16, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = roi_infer,
     .define = roi_define,
     .examples = (const char *const[]){"RoiAlign(x: f32[1, 2, 6, 6], f32[2, 4] [0, 0, 5, 5, 1, 2, "
                                       "4, 3], i64[2] [0, 0], output_height: 2, "
                                       "output_width: 2, sampling_ratio: 2)",
                                       0}},
    {.name = "MaxRoiPool",
     .doc = "The maximum of each bin of regions of an image.",
     .versions = (const int[]){1, 22, 0},
     .inputs = pool_inputs,
     .outputs = pool_outputs,
     .attrs = pool_attrs,
     .infer = pool_infer,
     .define = pool_define,
     .examples = (const char *const[]){"MaxRoiPool(x: f32[1, 2, 6, 6], f32[2, 5] [0, 0, 0, 5, 5, "
                                       "0, 1, 2, 4, 3], pooled_shape: [2, 2])",
                                       0}},
    {0}};
