/*
 * Small operators of ai.onnx.ml: thresholds, features picked by index, replaced values, scaling,
 * normalisation of rows, one-hot vectors, rows side by side.
 */
#include "known.h"
#include "reduction.h"
#include "row.h"

#define ML      .domain = "ai.onnx.ml"
#define NUMBERS (TYPE(DT_F32) | TYPE(DT_F64) | TYPES_INDEX)

static bool infer_same(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static bool infer_float(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    return infer_output(in, 0, DT_F32, x->rank, x->dims);
}

/* A list of numbers that an attribute holds, as a constant to load; at least one element. */
static Tensor *list_constant(Definer *d, const char *name, Dtype dtype)
{
    const Attr *a = node_attr(d->node, name);
    int64_t count = a->count;
    return define_constant(d, name, dtype, 1, &count, known_list(d->graph->arena, a, dtype));
}

/* How many elements a list has that holds one for each feature (the last dimension), or one for all
 * of them; 0 when it is absent. False after a diagnostic. */
static bool per_feature(Infer *in, const char *name)
{
    const Attr *a = node_attr(in->node, name);
    const Tensor *x = in->node->inputs[0];
    int64_t features = x->rank ? x->dims[x->rank - 1] : 1;
    if (!a || a->count == 1 || (a->count == features && a->count > 0)) return true;
    return infer_error(in, "E0306", "%s has %d elements; 1 or %lld are wanted", name, a->count,
                       (long long)features);
}

/* The list's element for a feature; `otherwise` when it is absent. */
static Expr *feature_value(Definer *d, const char *name, Dtype dtype, Expr *const *index,
                           double otherwise)
{
    const Attr *a = node_attr(d->node, name);
    const Tensor *x = d->node->inputs[0];
    if (!a) return ex_const(d->pool, dtype, otherwise);
    Expr *at = a->count == 1 ? ex_int(d->pool, 0) : index[x->rank - 1];
    return ex_load(d->pool, list_constant(d, name, dtype), &at);
}

/* ---- Binarizer ---- */

ELEMENT(binarize)
{
    Expr *threshold = ex_const(p, DT_F32, attr_float(n, "threshold"));
    Dtype dtype = x[0]->dtype == DT_F32 ? DT_F32 : DT_F64;
    Expr *above = ex_lt(p, ex_cast(p, dtype, threshold), ex_cast(p, dtype, x[0]));
    return ex_cast(p, x[0]->dtype, above);
}

/* ---- ArrayFeatureExtractor ---- */

/* A vector is a matrix of one row. */
static bool infer_extract(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t dims[MAX_RANK] = {1}, count = tensor_elements(in->node->inputs[1]);
    if (x->rank == 0 || x->dims[x->rank - 1] == 0)
        return infer_error(in, "E0203", "the input is %s; it has no features",
                           tensor_type_text(in->graph->arena, x));
    if (x->rank > 1) memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    int rank = x->rank > 1 ? x->rank : 2;
    dims[rank - 1] = count;
    return infer_output(in, 0, x->dtype, rank, dims);
}

static void define_extract(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *places = d->node->inputs[1], *out = node_output(d->node, 0);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK];
    define_unflatten(p, index[out->rank - 1], places->rank, places->dims, at);
    index[out->rank - 1] = define_wrap(p, ex_load(p, places, at), x->dims[x->rank - 1]);
    define_tensor(d, out, vars, ex_load(p, x, x->rank == 1 ? &index[1] : index));
}

/* ---- Imputer ---- */

static const char *imputed(const Node *n)
{
    return dtype_is_float(n->inputs[0]->dtype) ? "imputed_value_floats" : "imputed_value_int64s";
}

static bool infer_impute(Infer *in)
{
    if (!attr_given(in->node, imputed(in->node)))
        return infer_error(in, "E0303", "%s must say what values are replaced with",
                           imputed(in->node));
    return per_feature(in, imputed(in->node)) && infer_same(in);
}

static void define_impute(Definer *d)
{
    Pool *p = d->pool;
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    if (!out) return;
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *v = ex_load(p, x, index), *hit;
    if (dtype_is_float(x->dtype)) {
        double replaced = attr_float(n, "replaced_value_float");
        hit = replaced != replaced ? ex_unary(p, UN_ISNAN, v) : ex_eq(p, v, like(p, v, replaced));
    } else {
        hit = ex_eq(p, ex_cast(p, DT_I64, v), ex_int(p, attr_int(n, "replaced_value_int64")));
    }
    define_tensor(d, out, vars,
                  ex_select(p, hit, feature_value(d, imputed(n), x->dtype, index, 0), v));
}

/* ---- Scaler ---- */

static bool infer_scaler(Infer *in)
{
    return per_feature(in, "offset") && per_feature(in, "scale") && infer_float(in);
}

static void define_scaler(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    if (!out) return;
    Dtype dtype = x->dtype == DT_F32 ? DT_F32 : DT_F64;
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank);
    Expr *v = ex_sub(p, ex_cast(p, dtype, ex_load(p, x, index)),
                     feature_value(d, "offset", dtype, index, 0));
    define_rounded(d, out, vars, ex_mul(p, v, feature_value(d, "scale", dtype, index, 1)));
}

/* ---- Normalizer ---- */

static bool infer_normalizer(Infer *in)
{
    const char *norm = attr_text(in->node, "norm");
    const Tensor *x = in->node->inputs[0];
    if (strcmp(norm, "MAX") && strcmp(norm, "L1") && strcmp(norm, "L2"))
        return infer_error(in, "E0306", "norm is '%s'; it must be MAX, L1 or L2", norm);
    if (x->rank < 1 || x->rank > 2)
        return infer_error(in, "E0203", "the input is %s; rows of features are wanted",
                           tensor_type_text(in->graph->arena, x));
    return infer_float(in);
}

/* A row of zeros stays. */
static void define_normalizer(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    const char *norm = attr_text(d->node, "norm");
    if (!out) return;
    Dtype dtype = x->dtype == DT_F32 ? DT_F32 : DT_F64;
    Axes axes = axes_one(x, x->rank - 1);
    Tensor *size = define_statistic(d, "norm", dtype, &axes);
    Reduction r = define_reduction(d, &axes, true);
    Expr *v = ex_cast(p, dtype, ex_load(p, x, r.at));
    Expr *sum = strcmp(norm, "MAX")
                    ? define_norm(p, v, norm[1] - '0', r.vars, r.var_count)
                    : ex_reduce(p, RE_MAX, r.vars, r.var_count, ex_unary(p, UN_ABS, v));
    define_tensor(d, size, r.result, sum);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *at[MAX_RANK];
    axes_kept_index(p, &axes, index, at);
    Expr *divisor = ex_load(p, size, at);
    v = ex_cast(p, dtype, ex_load(p, x, index));
    define_rounded(d, out, vars,
                   ex_select(p, ex_eq(p, divisor, like(p, v, 0)), v, ex_div(p, v, divisor)));
}

/* ---- OneHotEncoder ---- */

/* Categories of numbers or of strings, as the input has. */
static const char *categories_name(const Tensor *x)
{
    return x->dtype == DT_STRING ? "cats_strings" : "cats_int64s";
}

static bool infer_one_hot(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    const Attr *a = node_attr(in->node, categories_name(x));
    int64_t dims[MAX_RANK];
    if (!a || a->count == 0)
        return infer_error(in, "E0303", "%s must list the categories of the input, which is %s",
                           categories_name(x), tensor_type_text(in->graph->arena, x));
    if (x->dtype == DT_STRING && !known_strings(in, a)) return false;
    if (x->rank == MAX_RANK)
        return infer_error(in, "E0203", "the result has more than %d dimensions", MAX_RANK);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[x->rank] = a->count;
    return infer_output(in, 0, DT_F32, x->rank + 1, dims);
}

/* What is in no category is nowhere hot: a refusal of it, which `zeros: 0` asks for, cannot be
 * given by a function of tensors. */
static void define_one_hot(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    if (!out) return;
    Dtype dtype = x->dtype == DT_STRING ? DT_STRING : DT_I64;
    Tensor *categories = list_constant(d, categories_name(x), dtype);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *category = ex_load(p, categories, &index[out->rank - 1]);
    Expr *hit = ex_eq(p, ex_cast(p, dtype, ex_load(p, x, index)), category);
    define_tensor(d, out, vars, ex_cast(p, DT_F32, hit));
}

/* ---- FeatureVectorizer ---- */

/* Columns of input i: its inputdimensions, or all. */
static int64_t columns(const Node *n, int i)
{
    const Tensor *x = n->inputs[i];
    const Attr *a = node_attr(n, "inputdimensions");
    return a ? a->ints[i] : x->dims[x->rank - 1];
}

static bool infer_vectorize(Infer *in)
{
    const Node *n = in->node;
    const Attr *a = node_attr(n, "inputdimensions");
    if (a && a->count != n->input_count)
        return infer_error(in, "E0306", "inputdimensions has %d elements for %d inputs", a->count,
                           n->input_count);
    int64_t dims[2] = {n->inputs[0]->rank == 2 ? n->inputs[0]->dims[0] : 1, 0};
    for (int i = 0; i < n->input_count; i++) {
        const Tensor *x = n->inputs[i];
        if (x->rank < 1 || x->rank > 2 || (x->rank == 2 ? x->dims[0] : 1) != dims[0] ||
            columns(n, i) < 0 || columns(n, i) > x->dims[x->rank - 1])
            return infer_error(in, "E0201", "'%s' is %s; %lld rows of %lld features are wanted",
                               x->name, tensor_type_text(in->graph->arena, x), (long long)dims[0],
                               (long long)(x->rank < 1 ? 0 : columns(n, i)));
        if (!checked_add(dims[1], columns(n, i), &dims[1]))
            return infer_error(in, "E0205", "the result is too large");
    }
    return infer_output(in, 0, DT_F32, 2, dims);
}

static void define_vectorize(Definer *d)
{
    Pool *p = d->pool;
    const Node *n = d->node;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    Var **vars = define_indices(d, 2, out->dims);
    Expr **index = define_index_exprs(d, vars, 2), *body = NULL;
    int64_t end = out->dims[1];
    for (int i = n->input_count - 1; i >= 0; i--) {
        int64_t start = end - columns(n, i);
        Tensor *x = n->inputs[i];
        Expr *at[] = {index[0], ex_add(p, index[1], ex_int(p, -start))};
        Expr *v = ex_cast(p, DT_F32, ex_load(p, x, x->rank == 1 ? &at[1] : at));
        body = body ? ex_select(p, ex_lt(p, index[1], ex_int(p, end)), v, body) : v;
        end = start;
    }
    define_tensor(d, out, vars, body);
}

#define EXAMPLE(call) "\"ai.onnx.ml\"::" call

const Op ops_ml[] = {
    {.name = "ArrayFeatureExtractor",
     ML,
     .doc = "The features (of the last dimension) at given indices.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS | STRINGS, "T"), SLOT("Y", TYPE(DT_I64), NULL)),
     OUTPUTS(SLOT("Z", NUMBERS | STRINGS, "T")),
     .infer = infer_extract,
     .define = define_extract,
     EXAMPLES(EXAMPLE("ArrayFeatureExtractor(x: f32[2, 4], i64[3] [3, 0, 1])"),
              EXAMPLE("ArrayFeatureExtractor(x: i32[4], i64[1, 2] [3, 0])"),
              EXAMPLE("ArrayFeatureExtractor(x: string[2, 3], i64[2] [2, 0])"))},
    {.name = "Binarizer",
     ML,
     .doc = "1 where the input is above a threshold, else 0.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T")),
     OUTPUTS(SLOT("Y", NUMBERS, "T")),
     ATTRS(ATTR("threshold", FLOAT)),
     .infer = infer_elementwise,
     .define = define_elementwise,
     .element = binarize,
     EXAMPLES(EXAMPLE("Binarizer(x: f32[5], threshold: 0.5)"), EXAMPLE("Binarizer(x: i64[5])"))},
    {.name = "FeatureVectorizer",
     ML,
     .doc = "The columns of all inputs side by side.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T1", .variadic = true)),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("inputdimensions", INTS)),
     .infer = infer_vectorize,
     .define = define_vectorize,
     EXAMPLES(EXAMPLE("FeatureVectorizer(x: i64[2, 3], y: i64[2, 1], inputdimensions: [2, 1])"))},
    {.name = "Imputer",
     ML,
     .doc = "One value replaced by another, which may differ by feature.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T")),
     OUTPUTS(SLOT("Y", NUMBERS, "T")),
     ATTRS(ATTR("imputed_value_floats", FLOATS), ATTR("imputed_value_int64s", INTS),
           ATTR("replaced_value_float", FLOAT), ATTR("replaced_value_int64", INT)),
     .infer = infer_impute,
     .define = define_impute,
     EXAMPLES(EXAMPLE("Imputer(x: i64[2, 3], imputed_value_int64s: [7, 8, 9])"),
              EXAMPLE("Imputer(x: f32[4], imputed_value_floats: [0.5])"))},
    {.name = "Normalizer",
     ML,
     .doc = "Rows divided by their largest magnitude, sum of magnitudes or length.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("norm", STRING, .s = "MAX")),
     .infer = infer_normalizer,
     .define = define_normalizer,
     EXAMPLES(EXAMPLE("Normalizer(x: f32[2, 3])"), EXAMPLE("Normalizer(x: i64[3], norm: \"L2\")"))},
    {.name = "OneHotEncoder",
     ML,
     .doc = "A vector for each element: 1 at its category, 0 elsewhere.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS | STRINGS, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("cats_int64s", INTS), ATTR("cats_strings", STRINGS), ATTR("zeros", INT, .i = 1)),
     .infer = infer_one_hot,
     .define = define_one_hot,
     EXAMPLES(EXAMPLE("OneHotEncoder(x: i64[3], cats_int64s: [-1, 0, 2])"),
              EXAMPLE("OneHotEncoder(x: string[4], cats_strings: [\"a\", \"\"])"))},
    {.name = "Scaler",
     ML,
     .doc = "An offset subtracted, then multiplied by a scale, each for a feature or all.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("offset", FLOATS), ATTR("scale", FLOATS)),
     .infer = infer_scaler,
     .define = define_scaler,
     EXAMPLES(EXAMPLE("Scaler(x: i64[2, 3], offset: [1.0, 2.0, 3.0], scale: [0.5])"))},
    {0},
};
