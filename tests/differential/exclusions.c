/*
 * Where ONNX Runtime is known to do otherwise than ONNX says, or where netc refuses what cannot be
 * compiled: a reason for each, and to which cases it applies. Looked at only when a case differs,
 * so that an exclusion hides no more than it must.
 */
#include "outcome.h"

#include <math.h>

static bool has_text(const Case *c, const char *name, const char *value)
{
    const CaseAttr *a = case_attr(c, name);
    return a && a->s && strcmp(a->s, value) == 0;
}

static int64_t int_of(const Case *c, const char *name, int64_t usual)
{
    const CaseAttr *a = case_attr(c, name);
    return a ? a->i : usual;
}

static bool has_above_one(const Case *c, const char *name)
{
    const CaseAttr *a = case_attr(c, name);
    for (int i = 0; a && i < a->count; i++)
        if (a->ints[i] > 1) return true;
    return false;
}

static bool is_same_pad(const Case *c)
{
    return has_text(c, "auto_pad", "SAME_UPPER") || has_text(c, "auto_pad", "SAME_LOWER");
}

static bool is_dilated_same(const Case *c)
{
    return is_same_pad(c) && has_above_one(c, "dilations");
}
static bool is_symmetric_nearest(const Case *c)
{
    return has_text(c, "coordinate_transformation_mode", "half_pixel_symmetric") &&
           (!case_attr(c, "mode") || has_text(c, "mode", "nearest"));
}
static bool is_dilated_padded(const Case *c)
{
    return case_attr(c, "pads") && has_above_one(c, "dilations");
}
/* Strides so much above the kernel that ONNX's formula for the padding of SAME is below nothing.
 * Its pads are never negative (its shape inference makes nothing of less), and its reference
 * refuses. */
static bool is_same_below_nothing(const Case *c)
{
    const CaseAttr *kernel = case_attr(c, "kernel_shape"), *strides = case_attr(c, "strides"),
                   *dilations = case_attr(c, "dilations");
    const CaseInput *x = &c->inputs[0];
    for (int i = 0; is_same_pad(c) && strides && i < strides->count; i++) {
        int64_t stride = strides->ints[i], reach = dilations ? dilations->ints[i] : 1;
        int64_t span = (kernel->ints[i] - 1) * reach + 1, size = x->dims[2 + i];
        if ((size + stride - 1) / stride * stride - stride + span < size) return true;
    }
    return false;
}

static bool is_strided_same(const Case *c) { return is_same_pad(c) && has_above_one(c, "strides"); }

/* By scales that do not give whole lengths, or by a policy that changes the sizes. */
static bool is_fractional_corners(const Case *c)
{
    if (!has_text(c, "coordinate_transformation_mode", "align_corners")) return false;
    if (case_attr(c, "keep_aspect_ratio_policy")) return true;
    const CaseInput *x = &c->inputs[0], *scales = &c->inputs[2];
    const CaseAttr *axes = case_attr(c, "axes");
    for (int64_t i = 0; c->input_count > 2 && !scales->omitted && i < case_elements(scales); i++) {
        int64_t axis = axes ? axes->ints[i] : i;
        double length = (double)x->dims[axis] * dtype_get_double(DT_F32, scales->data, i);
        if (length != floor(length)) return true;
    }
    return false;
}

/* The lengths do not change, though the scales are not 1. */
static bool is_copied(const Case *c)
{
    const CaseInput *x = &c->inputs[0], *scales = &c->inputs[2];
    const CaseAttr *axes = case_attr(c, "axes");
    if (c->input_count < 3 || scales->omitted) return false;
    for (int64_t i = 0; i < case_elements(scales); i++) {
        int64_t size = x->dims[axes ? axes->ints[i] : i];
        if (floor((double)size * dtype_get_double(DT_F32, scales->data, i)) != (double)size)
            return false;
    }
    return true;
}

/* A region, and an axis whose length stays. */
static bool is_uncropped(const Case *c)
{
    if (!has_text(c, "coordinate_transformation_mode", "tf_crop_and_resize")) return false;
    const CaseInput *x = &c->inputs[0], *to = &c->inputs[c->input_count - 1];
    const CaseAttr *axes = case_attr(c, "axes");
    for (int64_t i = 0; i < case_elements(to); i++) {
        double same = to->dtype == DT_F32 ? 1 : (double)x->dims[axes ? axes->ints[i] : i];
        if (dtype_get_double(to->dtype, to->data, i) == same) return true;
    }
    return false;
}

static bool is_unbounded(const Case *c)
{
    bool least = c->input_count > 1 && !c->inputs[1].omitted;
    return dtype_is_float(c->inputs[0].dtype) && (!least || c->input_count < 3);
}

static bool is_64_bits(const Case *c)
{
    return c->inputs[0].dtype == DT_I64 || c->inputs[0].dtype == DT_U64;
}

static bool is_cropped_wrap(const Case *c)
{
    if (!has_text(c, "mode", "wrap")) return false;
    for (int64_t i = 0; i < case_elements(&c->inputs[1]); i++)
        if (dtype_get_int(DT_I64, c->inputs[1].data, i) < 0) return true;
    return false;
}

static bool is_antialiased_8_bit(const Case *c)
{
    return int_of(c, "antialias", 0) && dtype_info(c->inputs[0].dtype)->bits == 8;
}

/* Antialiased, and an axis keeps its length though its scale is not 1. */
static bool is_partly_copied(const Case *c)
{
    const CaseInput *x = &c->inputs[0], *scales = &c->inputs[2];
    const CaseAttr *axes = case_attr(c, "axes");
    if (!int_of(c, "antialias", 0) || c->input_count < 3 || scales->omitted) return false;
    for (int64_t i = 0; i < case_elements(scales); i++) {
        int64_t size = x->dims[axes ? axes->ints[i] : i];
        double scale = dtype_get_double(DT_F32, scales->data, i);
        if (scale != 1 && floor((double)size * scale) == (double)size) return true;
    }
    return false;
}

static bool has_nan(const Case *c)
{
    const CaseInput *x = &c->inputs[0];
    for (int64_t i = 0; dtype_is_float(x->dtype) && i < case_elements(x); i++)
        if (isnan(dtype_get_double(x->dtype, x->data, i))) return true;
    return false;
}

static bool is_integer(const Case *c) { return dtype_is_integer(c->inputs[0].dtype); }
static bool is_double_tanh(const Case *c)
{
    return c->inputs[0].dtype == DT_F64 && has_text(c, "approximate", "tanh");
}

static bool is_clipped(const Case *c) { return case_attr(c, "clip"); }
static bool has_no_terms(const Case *c)
{
    return case_elements(&c->inputs[0]) == 0 || case_elements(&c->inputs[1]) == 0;
}

static bool is_empty_product(const Case *c) { return case_attr(c, "beta") && has_no_terms(c); }

static bool is_wide_fmod(const Case *c)
{
    Dtype t = c->inputs[0].dtype;
    return int_of(c, "fmod", 0) && (t == DT_I64 || t == DT_U64);
}

static bool is_float_to_4_bits(const Case *c)
{
    int64_t to = int_of(c, "to", 0);
    return dtype_is_float(c->inputs[0].dtype) && (to == DT_I4 || to == DT_U4);
}

static bool is_unsaturated(const Case *c) { return int_of(c, "saturate", 1) == 0; }
static bool is_adaptive(const Case *c) { return int_of(c, "sampling_ratio", 0) == 0; }

static const char same_below_nothing[] =
    "auto_pad SAME with strides above the kernel: it pads by less than nothing, so skips elements";

const Exclusion exclusions[] = {
    {"MaxPool", "a dilated window that meets padding alone: it has the lowest number, not -inf",
     is_dilated_padded},
    {"MaxPool", "auto_pad SAME with dilations: it pads as if nothing were dilated",
     is_dilated_same},
    {"AveragePool", "auto_pad SAME with dilations: it pads as if nothing were dilated",
     is_dilated_same},
    {"LpPool", "auto_pad SAME with dilations: it pads as if nothing were dilated", is_dilated_same},
    {"MaxPool", same_below_nothing, is_same_below_nothing},
    {"AveragePool", same_below_nothing, is_same_below_nothing},
    {"LpPool", same_below_nothing, is_same_below_nothing},
    {"ConvTranspose",
     "auto_pad SAME with strides above the kernel: it makes the output smaller than "
     "input x stride",
     is_strided_same},
    {"Resize",
     "align_corners where size x scale is not whole: it takes the rounded length, ONNX's reference "
     "the product",
     is_fractional_corners},
    {"Resize", "scales that leave every length as it is: it copies", is_copied},
    {"Resize", "tf_crop_and_resize of an axis whose scale is 1: it takes no region of that axis",
     is_uncropped},
    {"Resize", "half_pixel_symmetric: which of two pixels that are equally near",
     is_symmetric_nearest},
    {"Resize", "antialias along an axis that keeps its length: it copies", is_partly_copied},
    {"Resize", "antialias of 8-bit integers: it rounds, ONNX truncates", is_antialiased_8_bit},
    {"Clip", "an infinity without a bound: it makes the largest number of it", is_unbounded},
    {"Clip", "64-bit integers: it forgets some of the last elements", is_64_bits},
    {"Pad", "wrap with negative pads: it leaves zeros", is_cropped_wrap},
    {"LSTM", "clip: it does not clip what comes into the output's activation", is_clipped},
    {"MatMulInteger", "a product without terms: it writes nothing", has_no_terms},
    {"MatMul", "a product without terms: it writes nothing", has_no_terms},
    {"Gelu", "the tanh form of doubles: its constants are single precision", is_double_tanh},
    {"ReduceMax", "NaN: it may pass over it", has_nan},
    {"ReduceMin", "NaN: it may pass over it", has_nan},
    {"ReduceLogSumExp", "integers: it computes exponentials and logarithms in them", is_integer},
    {"Gemm", "beta of a product without terms: it leaves it out", is_empty_product},
    {"Mod", "fmod of 64-bit integers: it computes in double", is_wide_fmod},
    {"Cast", "float to 4 bits: it rounds, ONNX truncates", is_float_to_4_bits},
    {"Cast", "saturate 0 to 8-bit floats: from float16 it makes NaN of what E5M2 has infinity for",
     is_unsaturated},
    {"RoiAlign",
     "netc refuses: sampling_ratio 0 leaves the number of samples to regions that are known at run "
     "time",
     is_adaptive},
    {0}};
