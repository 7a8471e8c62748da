/*
 * Linear models of ai.onnx.ml: LinearRegressor, and LinearClassifier, which also names the class of
 * the highest score, a number or a string. Coefficients are attributes, a row for each target or
 * class.
 */
#include "known.h"
#include "post_transform.h"
#include "row.h"

/* scores[row, target] = sum(x * coefficients) + intercept */
typedef struct Model {
    int64_t targets, features;
} Model;

static bool read_model_size(Infer *in, int64_t targets, Model *m)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int64_t wanted;
    int coefficients, intercepts;
    attr_floats(n, "coefficients", &coefficients);
    attr_floats(n, "intercepts", &intercepts);
    if (x->rank < 1 || x->rank > 2)
        return infer_error(in, "E0203", "the input is %s; rows of features are wanted",
                           tensor_type_text(in->graph->arena, x));
    *m = (Model){targets, x->dims[x->rank - 1]};
    if (targets < 1 || !checked_mul(targets, m->features, &wanted) || coefficients != wanted)
        return infer_error(in, "E0306", "%d coefficients do not fit %lld targets of %lld features",
                           coefficients, (long long)targets, (long long)m->features);
    if (intercepts != 0 && intercepts != targets)
        return infer_error(in, "E0306", "%d intercepts do not fit %lld targets", intercepts,
                           (long long)targets);
    return post_transform_check(in, attr_text(n, "post_transform"));
}

static Tensor *table(Definer *d, const char *name, Dtype dtype, int rank, const int64_t *dims)
{
    int count;
    const double *values = attr_floats(d->node, name, &count);
    void *data = arena_alloc(d->graph->arena, dtype_bytes(dtype, count) + 1);
    for (int i = 0; i < count; i++) dtype_set_double(dtype, data, i, values[i]);
    return define_constant(d, name, dtype, rank, dims, data);
}

static Dtype score_type(const Tensor *x) { return x->dtype == DT_F32 ? DT_F32 : DT_F64; }

/* out[row, target], where row is absent of a vector that has none. With `both` there is one target,
 * and its scores are those of two classes, the first with the other sign. */
static void define_scores(Definer *d, const Model *m, Tensor *out, bool both)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0];
    Dtype dtype = score_type(x);
    const int64_t dims[] = {m->targets, m->features};
    Tensor *coefficients = table(d, "coefficients", dtype, 2, dims);
    Var **vars = define_indices(d, 2, out->dims), *f = define_var(d, "f", m->features);
    Expr **index = define_index_exprs(d, vars, 2), *feature = ex_var(p, f);
    Expr *target = both ? ex_int(p, 0) : index[1];
    Expr *value =
        x->rank == 1 ? ex_load(p, x, &feature) : ex_load(p, x, (Expr *[]){index[0], feature});
    Expr *weight = ex_load(p, coefficients, (Expr *[]){target, feature});
    Expr *body = ex_reduce(p, RE_SUM, &f, 1, ex_mul(p, ex_cast(p, dtype, value), weight));
    if (attr_given(d->node, "intercepts"))
        body = ex_add(p, body, ex_load(p, table(d, "intercepts", dtype, 1, dims), &target));
    if (both)
        body = ex_select(p, ex_eq(p, index[1], ex_int(p, 0)), ex_unary(p, UN_NEG, body), body);
    define_rounded(d, out, vars, body);
}

static void define_model(Definer *d, const Model *m, Tensor *out, bool both)
{
    const char *transform = attr_text(d->node, "post_transform");
    Tensor *scores = post_transform_scores(d, transform, out);
    define_scores(d, m, scores, both);
    post_transform_define(d, transform, scores, out);
}

static int64_t rows(const Tensor *x) { return x->rank == 2 ? x->dims[0] : 1; }

/* ---- LinearRegressor ---- */

static bool infer_regressor(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Model m;
    return read_model_size(in, attr_int(in->node, "targets"), &m) &&
           infer_output(in, 0, DT_F32, 2, (int64_t[]){rows(x), m.targets});
}

static void define_regressor(Definer *d)
{
    Infer in = infer_again(d);
    Model m;
    bool accepted = read_model_size(&in, attr_int(d->node, "targets"), &m);
    assert(accepted);
    if (node_output(d->node, 0)) define_model(d, &m, node_output(d->node, 0), false);
}

/* ---- LinearClassifier ---- */

/* The names of the classes: one list of numbers or of strings. */
static const Attr *class_labels(const Node *n)
{
    const Attr *ints = node_attr(n, "classlabels_ints");
    return ints ? ints : node_attr(n, "classlabels_strings");
}

/* Two classes may have the coefficients of one. */
static bool read_classifier(Infer *in, Model *m, int64_t *classes)
{
    int intercepts, coefficients;
    const Tensor *x = in->node->inputs[0];
    const Attr *list = class_labels(in->node);
    int labels = list ? list->count : 0;
    if (list && list->kind == ATTR_STRINGS && !known_strings(in, list)) return false;
    attr_floats(in->node, "intercepts", &intercepts);
    attr_floats(in->node, "coefficients", &coefficients);
    if (labels < 2)
        return infer_error(in, "E0306",
                           "classlabels_ints or classlabels_strings must name two classes at "
                           "least, not %d",
                           labels);
    *classes = labels;
    bool single = labels == 2 && x->rank > 0 && coefficients == x->dims[x->rank - 1];
    return read_model_size(in, single ? 1 : labels, m);
}

static Dtype label_type(const Node *n)
{
    return class_labels(n)->kind == ATTR_INTS ? DT_I64 : DT_STRING;
}

static bool infer_classifier(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Model m;
    int64_t classes, count = rows(x);
    return read_classifier(in, &m, &classes) &&
           infer_output(in, 0, label_type(in->node), 1, &count) &&
           infer_output(in, 1, DT_F32, 2, (int64_t[]){count, classes});
}

/* The class of the first of the highest scores. */
static void define_labels(Definer *d, Tensor *scores, Tensor *out)
{
    Pool *p = d->pool;
    const Attr *labels = class_labels(d->node);
    const int64_t count = labels->count;
    Tensor *table = define_constant(d, "classes", out->dtype, 1, &count,
                                    known_list(d->graph->arena, labels, out->dtype));
    Tensor *most = define_temporary(d, "most", scores->dtype, 1, scores->dims);
    Var **vars = define_indices(d, 1, scores->dims), *c = define_var(d, "c", count);
    Expr **row = define_index_exprs(d, vars, 1), *at = ex_var(p, c);
    Expr *score = ex_load(p, scores, (Expr *[]){row[0], at});
    define_tensor(d, most, vars, ex_reduce(p, RE_MAX, &c, 1, score));
    vars = define_indices(d, 1, scores->dims);
    row = define_index_exprs(d, vars, 1);
    c = define_var(d, "c", count), at = ex_var(p, c);
    Expr *hit = ex_eq(p, ex_load(p, scores, (Expr *[]){row[0], at}), ex_load(p, most, row));
    Expr *first = ex_reduce(p, RE_MIN, &c, 1, ex_select(p, hit, at, ex_int(p, count - 1)));
    first = define_wrap(p, first, count);
    define_tensor(d, out, vars, ex_load(p, table, &first));
}

static void define_classifier(Definer *d)
{
    Infer in = infer_again(d);
    Model m;
    int64_t classes;
    bool accepted = read_classifier(&in, &m, &classes);
    assert(accepted);
    Tensor *labels = node_output(d->node, 0), *scores = node_output(d->node, 1);
    const int64_t dims[] = {rows(d->node->inputs[0]), classes};
    if (!scores) scores = define_temporary(d, "probabilities", DT_F32, 2, dims);
    define_model(d, &m, scores, m.targets < classes);
    if (labels) define_labels(d, scores, labels);
}

static int64_t linear_macs(const Node *n)
{
    int coefficients;
    int64_t macs;
    attr_floats(n, "coefficients", &coefficients);
    return checked_mul(rows(n->inputs[0]), coefficients, &macs) ? macs : INT64_MAX;
}

#define NUMBERS (TYPE(DT_F32) | TYPE(DT_F64) | TYPES_INDEX)

const Op ops_linear[] = {
    {.name = "LinearClassifier",
     .domain = "ai.onnx.ml",
     .doc = "Scores that are linear in the features, and the class of the highest.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T1")),
     OUTPUTS(SLOT("Y", TYPE(DT_I64) | STRINGS, NULL), SLOT("Z", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("classlabels_ints", INTS), ATTR("classlabels_strings", STRINGS),
           ATTR("coefficients", FLOATS, .required = true), ATTR("intercepts", FLOATS),
           ATTR("multi_class", INT), ATTR("post_transform", STRING, .s = "NONE")),
     .infer = infer_classifier,
     .define = define_classifier,
     .macs = linear_macs,
     EXAMPLES(
         "y, z = \"ai.onnx.ml\"::LinearClassifier(x: f32[3, 2], coefficients: [1.0, -1.0, 0.5, "
         "2.0], intercepts: [0.0, 0.25], classlabels_ints: [7, 9], post_transform: "
         "\"SOFTMAX\")",
         "y, z = \"ai.onnx.ml\"::LinearClassifier(x: f32[3, 2], coefficients: [1.0, -1.0, 0.5, "
         "2.0, 0.25, 0.0], classlabels_strings: [\"cat\", \"dog\", \"\"])")},
    {.name = "LinearRegressor",
     .domain = "ai.onnx.ml",
     .doc = "Targets that are linear in the features.",
     VERSIONS(1),
     INPUTS(SLOT("X", NUMBERS, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("coefficients", FLOATS), ATTR("intercepts", FLOATS),
           ATTR("post_transform", STRING, .s = "NONE"), ATTR("targets", INT, .i = 1)),
     .infer = infer_regressor,
     .define = define_regressor,
     .macs = linear_macs,
     EXAMPLES("\"ai.onnx.ml\"::LinearRegressor(x: f32[3, 2], coefficients: [1.0, -1.0, 0.5, 2.0], "
              "targets: 2, intercepts: [0.0, 0.25])")},
    {0},
};
