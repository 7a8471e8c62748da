/*
 * Tensors made from attributes, shapes and known numbers: what they define is constant, so it
 * folds.
 */
#include "expand.h"
#include "extents.h"
#include "known.h"
#include "row.h"

#include <math.h>

/* ---- Constant ---- */

/* The attribute that holds the value; exactly one is given. */
static const Attr *constant_value(const Node *n)
{
    static const char *const names[] = {"value",      "value_float",  "value_floats", "value_int",
                                        "value_ints", "value_string", "value_strings"};
    const Attr *found = NULL;
    for (size_t i = 0; i < COUNT(names); i++)
        if (node_attr(n, names[i])) found = node_attr(n, names[i]);
    return found;
}

/* What an attribute that is not a tensor makes. */
static const struct ValueType {
    AttrKind kind;
    Dtype dtype;
    int rank;
} value_types[] = {{ATTR_FLOAT, DT_F32, 0},     {ATTR_FLOATS, DT_F32, 1},
                   {ATTR_INT, DT_I64, 0},       {ATTR_INTS, DT_I64, 1},
                   {ATTR_STRING, DT_STRING, 0}, {ATTR_STRINGS, DT_STRING, 1}};

static const struct ValueType *value_type(const Attr *value)
{
    for (size_t i = 0; i < COUNT(value_types); i++)
        if (value_types[i].kind == value->kind) return &value_types[i];
    return NULL;
}

static bool infer_constant(Infer *in)
{
    const Node *n = in->node;
    if (node_attr(n, "sparse_value"))
        return infer_error(in, "E0306", "constants given by sparse_value are not supported");
    const Attr *value = constant_value(n);
    if (!value) return infer_error(in, "E0303", "the constant has no value");
    const struct ValueType *type = value_type(value);
    int64_t count = value->count;
    if (value->kind == ATTR_STRING && !known_string(in, value, value->s)) return false;
    if (value->kind == ATTR_STRINGS && !known_strings(in, value)) return false;
    if (type) return infer_output(in, 0, type->dtype, type->rank, &count);
    if (!value->tensor->data) return infer_error(in, "E0502", "the constant's tensor has no data");
    return known_type(in, "value", value->tensor->dtype) != DT_NONE &&
           infer_output(in, 0, value->tensor->dtype, value->tensor->rank, value->tensor->dims);
}

static Tensor *tensor_of_value(Definer *d, const Tensor *value)
{
    return define_constant(d, "value", value->dtype, value->rank, value->dims, value->data);
}

static Tensor *tensor_of_list(Definer *d, const Attr *list, Dtype dtype)
{
    int64_t count = list->count;
    return define_constant(d, "value", dtype, 1, &count, known_list(d->graph->arena, list, dtype));
}

static Tensor *tensor_of_text(Definer *d, const Attr *value)
{
    const char *const text = value->s.data;
    return define_constant(d, "value", DT_STRING, 0, NULL,
                           arena_copy(d->graph->arena, &text, sizeof text));
}

static void define_value(Definer *d)
{
    Tensor *out = node_output(d->node, 0);
    const Attr *value = constant_value(d->node);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *body;
    switch (value->kind) {
    case ATTR_TENSOR: body = ex_load(d->pool, tensor_of_value(d, value->tensor), index); break;
    case ATTR_FLOAT: body = ex_const(d->pool, DT_F32, value->f); break;
    case ATTR_INT: body = ex_int(d->pool, value->i); break;
    case ATTR_STRING: body = ex_load(d->pool, tensor_of_text(d, value), index); break;
    default: body = ex_load(d->pool, tensor_of_list(d, value, out->dtype), index);
    }
    define_tensor(d, out, vars, body);
}

/* ---- ConstantOfShape ---- */

static bool infer_constant_of_shape(Infer *in)
{
    const Attr *value = node_attr(in->node, "value");
    int64_t rank;
    const int64_t *dims = infer_const_ints(in, 0, &rank);
    if (!dims) return false;
    if (rank > MAX_RANK)
        return infer_error(in, "E0203", "the result has %lld dimensions, more than %d",
                           (long long)rank, MAX_RANK);
    if (value && (!value->tensor->data || tensor_elements(value->tensor) != 1))
        return infer_error(in, "E0306", "value must be a tensor of one element");
    Dtype dtype = known_type(in, "value", value ? value->tensor->dtype : DT_F32);
    return dtype != DT_NONE && infer_output(in, 0, dtype, (int)rank, dims);
}

static void define_constant_of_shape(Definer *d)
{
    Tensor *out = node_output(d->node, 0);
    const Attr *value = node_attr(d->node, "value");
    if (!out) return;
    Expr *zero[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(d->pool, 0);
    Expr *body = value ? ex_load(d->pool, tensor_of_value(d, value->tensor), zero)
                       : ex_const(d->pool, DT_F32, 0);
    define_tensor(d, out, define_indices(d, out->rank, out->dims), body);
}

/* ---- EyeLike ---- */

static bool infer_eye_like(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    if (x->rank != 2)
        return infer_error(in, "E0203", "the input must be a matrix, it is %s",
                           tensor_type_text(in->graph->arena, x));
    Dtype dtype = attr_given(in->node, "dtype")
                      ? known_type(in, "dtype", attr_int(in->node, "dtype"))
                      : x->dtype;
    return dtype != DT_NONE && infer_output(in, 0, dtype, 2, x->dims);
}

static void define_eye_like(Definer *d)
{
    Pool *p = d->pool;
    Tensor *out = node_output(d->node, 0);
    int64_t k = attr_int(d->node, "k");
    if (!out) return;
    Var **vars = define_indices(d, 2, out->dims);
    Expr *offset = ex_sub(p, ex_var(p, vars[1]), ex_var(p, vars[0]));
    Expr *hit = ex_eq(p, offset, ex_int(p, k));
    define_rounded(d, out, vars, ex_cast(p, define_wide(out->dtype), hit));
}

/* ---- Range ---- */

/* How many numbers there are from start up (or down) to limit; negative when that is beyond
 * counting. */
static int64_t range_count(Dtype dtype, const Tensor *start, const Tensor *limit,
                           const Tensor *delta)
{
    if (dtype_is_float(dtype)) {
        double span =
            dtype_get_double(dtype, limit->data, 0) - dtype_get_double(dtype, start->data, 0);
        double count = ceil(span / dtype_get_double(dtype, delta->data, 0));
        return count <= 0 ? 0 : count < 0x1p53 ? (int64_t)count : -1;
    }
    __int128 span =
        (__int128)dtype_get_int(dtype, limit->data, 0) - dtype_get_int(dtype, start->data, 0);
    __int128 step = dtype_get_int(dtype, delta->data, 0);
    if (span == 0 || (span < 0) != (step < 0)) return 0;
    __int128 count = (span + step + (step < 0 ? 1 : -1)) / step;
    return count > INT64_MAX ? -1 : (int64_t)count;
}

static bool infer_range(Infer *in)
{
    const Tensor *bound[3];
    for (int i = 0; i < 3; i++)
        if (!(bound[i] = known_number(in, i))) return false;
    Dtype dtype = bound[0]->dtype;
    if (dtype_get_double(dtype, bound[2]->data, 0) == 0)
        return infer_error(in, "E0306", "delta is 0");
    int64_t count = range_count(dtype, bound[0], bound[1], bound[2]);
    if (count < 0) return infer_error(in, "E0205", "the range has too many elements");
    return infer_output(in, 0, dtype, 1, &count);
}

static void define_range(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    Expr *zero[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(p, 0);
    Var **vars = define_indices(d, 1, out->dims);
    Expr *start = define_load(d, n->inputs[0], zero), *delta = define_load(d, n->inputs[2], zero);
    Expr *steps = ex_cast(p, start->dtype, ex_var(p, vars[0]));
    define_rounded(d, out, vars, ex_add(p, start, ex_mul(p, steps, delta)));
}

/* ---- Shape and Size ---- */

/* The dimensions first <= i < last that Shape lists: bounds count from the end when negative, and
 * are clamped. */
static void shape_bounds(const Node *n, int64_t *first, int64_t *last)
{
    int64_t rank = n->inputs[0]->rank;
    *first = n->version < 15 ? 0 : attr_int(n, "start");
    *last = n->version >= 15 && attr_given(n, "end") ? attr_int(n, "end") : rank;
    if (*first < 0) *first += rank;
    if (*last < 0) *last += rank;
    *first = min64(max64(*first, 0), rank);
    *last = min64(max64(*last, *first), rank);
}

static bool infer_shape(Infer *in)
{
    int64_t first, last;
    shape_bounds(in->node, &first, &last);
    int64_t count = last - first;
    return infer_output(in, 0, DT_I64, 1, &count);
}

static bool extents_of_shape(Infer *in)
{
    int64_t first, last;
    shape_bounds(in->node, &first, &last);
    Tensor *shape = extents_shape(in, in->node->inputs[0], (int)first, (int)last);
    return shape && infer_shape(in) && expand_bind(in, 0, shape);
}

static void define_shape(Definer *d)
{
    Pool *p = d->pool;
    const Tensor *x = d->node->inputs[0];
    int64_t first, last;
    shape_bounds(d->node, &first, &last);
    int64_t count = last - first;
    Var **vars = define_indices(d, 1, &count);
    Expr *body = ex_int(p, 0);
    for (int64_t i = last - 1; i >= first; i--) {
        Expr *here = ex_eq(p, ex_var(p, vars[0]), ex_int(p, i - first));
        body =
            i == last - 1 ? ex_int(p, x->dims[i]) : ex_select(p, here, ex_int(p, x->dims[i]), body);
    }
    define_tensor(d, node_output(d->node, 0), vars, body);
}

static bool infer_size(Infer *in) { return infer_output(in, 0, DT_I64, 0, NULL); }

static bool extents_of_size(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t one = 1;
    Tensor *size = expand_ints(in, 0, 1, &one);
    for (int d = 0; d < x->rank; d++)
        size = extents_binary(in, "Mul", size, extents_size(in, x, d));
    return size && expand_bind(in, 0, size);
}

static void define_size(Definer *d)
{
    Expr *size = ex_int(d->pool, tensor_elements(d->node->inputs[0]));
    define_tensor(d, node_output(d->node, 0), NULL, size);
}

/* ---- window functions: a sum of cosines over one period ---- */

typedef struct Window {
    const char *name;
    double constant, first, second;
} Window;

static const Window windows[] = {
    {"BlackmanWindow", 0.42, -0.5, 0.08},
    {"HammingWindow", 25.0 / 46, -21.0 / 46, 0},
    {"HannWindow", 0.5, -0.5, 0},
};

static bool infer_window(Infer *in)
{
    const Tensor *size = known_number(in, 0);
    if (!size) return false;
    int64_t count = dtype_get_int(size->dtype, size->data, 0);
    Dtype dtype = known_type(in, "output_datatype", attr_int(in->node, "output_datatype"));
    return dtype != DT_NONE && infer_output(in, 0, dtype, 1, &count);
}

static void define_window(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    const Window *w = windows;
    while (strcmp(w->name, n->op_type)) w++;
    Var **vars = define_indices(d, 1, out->dims);
    /* A symmetric window ends where it began. Of a single sample both are the peak. */
    double period = (double)out->dims[0] - (attr_int(n, "periodic") ? 0 : 1);
    Expr *turn = ex_mul(p, ex_cast(p, DT_F64, ex_var(p, vars[0])),
                        ex_const(p, DT_F64, period ? 2 * M_PI / period : 0));
    Expr *y = ex_const(p, DT_F64, w->constant);
    y = ex_add(p, y, ex_mul(p, ex_const(p, DT_F64, w->first), ex_unary(p, UN_COS, turn)));
    Expr *twice = ex_mul(p, ex_const(p, DT_F64, 2), turn);
    y = ex_add(p, y, ex_mul(p, ex_const(p, DT_F64, w->second), ex_unary(p, UN_COS, twice)));
    define_rounded(d, out, vars, period ? y : ex_const(p, DT_F64, 1));
}

#define WINDOW                                                                                     \
    VERSIONS(17), INPUTS(SLOT("size", TYPES_INDEX, "T1")),                                         \
        OUTPUTS(SLOT("output", TYPES_NUMERIC, "T2")),                                              \
        ATTRS(ATTR("output_datatype", INT, .i = DT_F32), ATTR("periodic", INT, .i = 1)),           \
        .infer = infer_window, .define = define_window
#define RANGE_TYPES (TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I16) | TYPES_INDEX)
#define RANGE_SLOT(name)                                                                           \
    SLOT(name, RANGE_TYPES, "T", .until = 26),                                                     \
        SLOT(name, RANGE_TYPES | TYPES_FLOAT, "T", .since = 27)

const Op ops_generators[] = {
    {.name = "BlackmanWindow",
     .doc = "The Blackman window of a given size.",
     WINDOW,
     EXAMPLES("BlackmanWindow(i64[] 8)")},
    {.name = "Constant",
     .doc = "The tensor, number, string or list of these given as an attribute.",
     VERSIONS(1, 9, 11, 12, 13, 19, 21, 23, 24, 25),
     .inputs = (const Slot[]){{0}},
     /* Until 8 it made floats alone, but exporters wrote shapes with it. */
     OUTPUTS(SLOT("output", ANY_NO_BF16 | STRINGS, "T", .until = 12),
             SLOT("output", ANY | STRINGS, "T", .since = 13, .until = 18),
             SLOT("output", ANY_8BIT | STRINGS, "T", .since = 19, .until = 20),
             SLOT("output", ANY_4BIT | STRINGS, "T", .since = 21, .until = 22),
             SLOT("output", ANY_FLOAT4 | STRINGS, "T", .since = 23, .until = 23),
             SLOT("output", ANY_E8M0 | STRINGS, "T", .since = 24, .until = 24),
             SLOT("output", ANY_2BIT | STRINGS, "T", .since = 25)),
     ATTRS(ATTR("value", TENSOR), ATTR("sparse_value", TYPE, .since = 11),
           ATTR("value_float", FLOAT, .since = 12), ATTR("value_floats", FLOATS, .since = 12),
           ATTR("value_int", INT, .since = 12), ATTR("value_ints", INTS, .since = 12),
           ATTR("value_string", STRING, .since = 12), ATTR("value_strings", STRINGS, .since = 12)),
     .infer = infer_constant,
     .define = define_value,
     EXAMPLES("Constant(value: f32[2] [1, 2])", "Constant(value_ints: [1, 2, 3])",
              "Constant(value_float: 0.5)", "Constant(value_strings: [\"a\", \"\"])")},
    {.name = "ConstantOfShape",
     .doc = "A tensor of a given shape, filled with one value.",
     VERSIONS(9, 20, 21, 23, 24, 25),
     INPUTS(SLOT("input", TYPE(DT_I64), "T1")),
     OUTPUTS(SLOT("output", ANY_NO_BF16, "T2", .until = 19),
             SLOT("output", ANY_8BIT, "T2", .since = 20, .until = 20),
             SLOT("output", ANY_4BIT, "T2", .since = 21, .until = 22),
             SLOT("output", ANY_FLOAT4, "T2", .since = 23, .until = 23),
             SLOT("output", ANY_E8M0, "T2", .since = 24, .until = 24),
             SLOT("output", ANY_2BIT, "T2", .since = 25)),
     ATTRS(ATTR("value", TENSOR)),
     .infer = infer_constant_of_shape,
     .define = define_constant_of_shape,
     EXAMPLES("ConstantOfShape(i64[2] [2, 3])", "ConstantOfShape(i64[1] [4], value: i32[1] [7])")},
    {.name = "EyeLike",
     .doc = "A matrix of the input's shape with ones on a diagonal.",
     VERSIONS(9, 22),
     INPUTS(SLOT("input", ANY_NO_BF16, "T1", .until = 21), SLOT("input", ANY, "T1", .since = 22)),
     OUTPUTS(SLOT("output", ANY_NO_BF16, "T2", .until = 21),
             SLOT("output", ANY, "T2", .since = 22)),
     ATTRS(ATTR("dtype", INT), ATTR("k", INT)),
     .infer = infer_eye_like,
     .define = define_eye_like,
     EXAMPLES("EyeLike(x: f32[3, 4])", "EyeLike(x: i32[3, 3], k: 1, dtype: f32)")},
    {.name = "HammingWindow",
     .doc = "The Hamming window of a given size.",
     WINDOW,
     EXAMPLES("HammingWindow(i64[] 8, periodic: 0)")},
    {.name = "HannWindow",
     .doc = "The Hann window of a given size.",
     WINDOW,
     EXAMPLES("HannWindow(i64[] 8)")},
    {.name = "Range",
     .doc = "The numbers from start to limit, limit excluded, delta apart.",
     VERSIONS(11, 27),
     INPUTS(RANGE_SLOT("start"), RANGE_SLOT("limit"), RANGE_SLOT("delta")),
     OUTPUTS(RANGE_SLOT("output")),
     .infer = infer_range,
     .define = define_range,
     EXAMPLES("Range(i64[] 0, i64[] 5, i64[] 1)", "Range(f32[] 3, f32[] 0, f32[] -0.5)")},
    {.name = "Shape",
     .doc = "The dimensions of a tensor, or some of them.",
     VERSIONS(1, 13, 15, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("data", STRINGS_AND_COMPLEX, "T")),
     OUTPUTS(SLOT("shape", TYPE(DT_I64), "T1")),
     ATTRS(ATTR("end", INT, .since = 15), ATTR("start", INT, .since = 15)),
     .infer = infer_shape,
     .extents = extents_of_shape,
     .define = define_shape,
     EXAMPLES("Shape(x: f32[2, 3, 4])", "Shape(x: f32[2, 3, 4], start: 1, end: -1)")},
    {.name = "Size",
     .doc = "The number of elements of a tensor.",
     VERSIONS(1, 13, 19, 21, 23, 24, 25),
     INPUTS(ANY_SLOTS("data", STRINGS_AND_COMPLEX, "T")),
     OUTPUTS(SLOT("size", TYPE(DT_I64), "T1")),
     .infer = infer_size,
     .extents = extents_of_size,
     .define = define_size,
     EXAMPLES("Size(x: f32[2, 3, 4])")},
    {0},
};
