/*
 * Products of quantised values: MatMulInteger and ConvInteger sum in i32; QLinearMatMul and
 * QLinearConv scale the sum and round it to a quantised value again. The sums are those of MatMul
 * and Conv over centred values.
 */
#include "convolution.h"
#include "matrix.h"
#include "quantize.h"

/* Places of the two factors' zero points and scales, of the result's, and of the bias, among the
 * inputs; -1: none. */
typedef struct Places {
    int x, w, x_zero, w_zero, x_scale, w_scale, y_scale, y_zero, bias;
} Places;

static const Places integer_places = {0, 1, 2, 3, -1, -1, -1, -1, -1};
static const Places linear_places = {0, 3, 2, 5, 1, 4, 6, 7, 8};

/* The integer forms have four inputs. */
static const Places *places(const Node *n)
{
    return op_input(n->op, n->version, 4) ? &linear_places : &integer_places;
}

static Tensor *input_at(const Node *n, int place)
{
    return place < 0 ? NULL : node_input(n, place);
}

static bool is_single(const Tensor *t) { return t->rank == 0 || (t->rank == 1 && t->dims[0] == 1); }

/* A parameter of a factor: its only value, or the one for this row, column or channel. */
static Expr *parameter(Definer *d, Tensor *t, Expr *which)
{
    Expr *zero = ex_int(d->pool, 0);
    return t->rank == 0 ? ex_load(d->pool, t, NULL)
                        : ex_load(d->pool, t, is_single(t) ? &zero : &which);
}

static bool check_parameter(Infer *in, int place, int64_t many, const char *what)
{
    const Tensor *t = input_at(in->node, place);
    if (!t || is_single(t) || (t->rank == 1 && t->dims[0] == many)) return true;
    return infer_error(in, "E0201", "'%s' is %s; one value, or one for each of %lld %s is wanted",
                       t->name, tensor_type_text(in->graph->arena, t), (long long)many, what);
}

static Dtype result_type(const Node *n)
{
    const Places *at = places(n);
    return at->y_zero < 0 ? DT_I32 : n->inputs[at->y_zero]->dtype;
}

/* The sum as the result: as it is, or times x_scale * w_scale / y_scale, rounded. */
static void define_result(Definer *d, Var *const *vars, Expr *sum, Expr *x_scale, Expr *w_scale)
{
    const Node *n = d->node;
    const Places *at = places(n);
    Pool *p = d->pool;
    Expr *zero = ex_int(p, 0);
    if (at->y_scale >= 0) {
        Expr *scale = ex_mul(p, ex_cast(p, DT_F32, x_scale), ex_cast(p, DT_F32, w_scale));
        scale = ex_div(p, scale, ex_cast(p, DT_F32, parameter(d, n->inputs[at->y_scale], zero)));
        Expr *value = ex_mul(p, ex_cast(p, DT_F32, sum), scale);
        sum = quantize_value(p, value, parameter(d, n->inputs[at->y_zero], zero), result_type(n));
    }
    define_tensor(d, n->outputs[0], vars, sum);
}

/* ---- convolution ---- */

static bool conv_infer(Infer *in)
{
    const Node *n = in->node;
    const Places *at = places(n);
    Tensor *x = n->inputs[at->x], *w = n->inputs[at->w];
    Convolution c;
    if (!convolution_infer(in, x, w, input_at(n, at->bias), &c)) return false;
    return check_parameter(in, at->x_zero, 1, "inputs") &&
           check_parameter(in, at->x_scale, 1, "inputs") &&
           check_parameter(in, at->y_zero, 1, "outputs") &&
           check_parameter(in, at->y_scale, 1, "outputs") &&
           check_parameter(in, at->w_zero, w->dims[0], "output channels") &&
           check_parameter(in, at->w_scale, w->dims[0], "output channels") &&
           convolution_output(in, &c, result_type(n));
}

static Expr *conv_value(Definer *d, Expr *load, Expr *oc, bool of_weights)
{
    const Places *at = places(d->node);
    Tensor *zero = input_at(d->node, of_weights ? at->w_zero : at->x_zero);
    return quantize_centred(d->pool, load, zero ? parameter(d, zero, oc) : NULL);
}

static void conv_define(Definer *d)
{
    const Node *n = d->node;
    const Places *at = places(n);
    Tensor *out = n->outputs[0], *bias = input_at(n, at->bias);
    Convolution c = convolution_of(d, n->inputs[at->x], n->inputs[at->w]);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *oc = index[1];
    Expr *sum = convolution_sum(d, &c, index, conv_value);
    if (bias) sum = ex_add(d->pool, sum, ex_load(d->pool, bias, &oc));
    bool linear = at->x_scale >= 0;
    define_result(d, vars, sum, linear ? parameter(d, n->inputs[at->x_scale], oc) : NULL,
                  linear ? parameter(d, n->inputs[at->w_scale], oc) : NULL);
}

static int64_t conv_macs(const Node *n)
{
    return convolution_macs(n->outputs[0], n->inputs[places(n)->w]);
}

/* ---- matrix product: parameters for each row of the first factor, each column of the second ----
 */

/* Whether t is one value, a vector for the factor's rows or columns, or broadcasts to the factor as
 * [..., m, 1] or [..., 1, n]. */
static bool check_matrix_parameter(Infer *in, int place, const Tensor *factor, int own)
{
    const Tensor *t = input_at(in->node, place);
    if (!t || is_single(t)) return true;
    if (t->rank == 1 && own < 0) return check_parameter(in, place, 1, "values");
    if (t->rank == 1)
        return check_parameter(in, place, factor->dims[own],
                               own == factor->rank - 1 ? "columns" : "rows");
    bool fits = t->rank == factor->rank;
    for (int i = 0; fits && i < t->rank; i++)
        fits = t->dims[i] == 1 || (t->dims[i] == factor->dims[i] && (i == own || i < t->rank - 2));
    if (fits) return true;
    return infer_error(in, "E0201", "'%s' is %s, which does not fit the factor %s", t->name,
                       tensor_type_text(in->graph->arena, t),
                       tensor_type_text(in->graph->arena, factor));
}

/* The factor's dimension that its parameters may be for: rows of the first, columns of the second;
 * -1 for vectors. */
static int own_dimension(const Tensor *t, int factor)
{
    return t->rank < 2 ? -1 : t->rank - 2 + factor;
}

static bool matmul_infer(Infer *in)
{
    const Node *n = in->node;
    const Places *at = places(n);
    const Tensor *a = n->inputs[at->x], *b = n->inputs[at->w];
    int rank, row = own_dimension(a, 0), column = own_dimension(b, 1);
    int64_t dims[MAX_RANK];
    return matrix_infer(in, a, b, &rank, dims) && check_matrix_parameter(in, at->x_zero, a, row) &&
           check_matrix_parameter(in, at->x_scale, a, row) &&
           check_matrix_parameter(in, at->w_zero, b, column) &&
           check_matrix_parameter(in, at->w_scale, b, column) &&
           check_parameter(in, at->y_zero, 1, "results") &&
           check_parameter(in, at->y_scale, 1, "results") &&
           infer_output(in, 0, result_type(n), rank, dims);
}

/* A parameter at an index of its factor. */
static Expr *matrix_parameter(Definer *d, Tensor *t, const Tensor *of, int factor, Expr *const *at)
{
    Pool *p = d->pool;
    Expr *where[MAX_RANK];
    if (t->rank < 2)
        return parameter(
            d, t, own_dimension(of, factor) < 0 ? ex_int(p, 0) : at[own_dimension(of, factor)]);
    for (int i = 0; i < t->rank; i++) where[i] = t->dims[i] == 1 ? ex_int(p, 0) : at[i];
    return ex_load(p, t, where);
}

static Expr *matmul_value(Definer *d, Expr *load, int factor, Expr *const *index)
{
    const Places *at = places(d->node);
    Tensor *zero = input_at(d->node, factor ? at->w_zero : at->x_zero);
    const Tensor *of = d->node->inputs[factor ? at->w : at->x];
    return quantize_centred(d->pool, load,
                            zero ? matrix_parameter(d, zero, of, factor, index) : NULL);
}

/* The scale of a factor for the result's index. */
static Expr *result_scale(Definer *d, int factor, int rank, Expr *const *index)
{
    const Places *places_of = places(d->node);
    Tensor *t = d->node->inputs[factor ? places_of->w : places_of->x];
    Tensor *scale = d->node->inputs[factor ? places_of->w_scale : places_of->x_scale];
    Pool *p = d->pool;
    const Tensor *a = d->node->inputs[places_of->x], *b = d->node->inputs[places_of->w];
    int stack = rank - (a->rank > 1) - (b->rank > 1), own = (int)max64(t->rank - 2, 0);
    Expr *at[MAX_RANK] = {ex_int(p, 0)};
    for (int i = 0; i < own; i++) at[i] = t->dims[i] == 1 ? ex_int(p, 0) : index[stack - own + i];
    if (t->rank > 1) at[own] = at[own + 1] = factor ? index[rank - 1] : index[stack];
    return matrix_parameter(d, scale, t, factor, at);
}

static void matmul_define(Definer *d)
{
    const Node *n = d->node;
    const Places *at = places(n);
    Tensor *out = n->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *sum = matrix_sum(d, n->inputs[at->x], n->inputs[at->w], out->rank, index, matmul_value);
    bool linear = at->x_scale >= 0;
    define_result(d, vars, sum, linear ? result_scale(d, 0, out->rank, index) : NULL,
                  linear ? result_scale(d, 1, out->rank, index) : NULL);
}

static int64_t matmul_macs(const Node *n)
{
    return matrix_macs(n->outputs[0], n->inputs[places(n)->x]);
}

#define SCALE(slot_name) SLOT(slot_name, TYPES_FLOAT, "TS")

static const Slot integer_inputs[] = {SLOT("A", TYPES_8BIT, "T1"),
                                      SLOT("B", TYPES_8BIT, "T2"),
                                      SLOT("a_zero_point", TYPES_8BIT, "T1", .optional = true),
                                      SLOT("b_zero_point", TYPES_8BIT, "T2", .optional = true),
                                      {0}};
static const Slot integer_outputs[] = {SLOT("Y", TYPE(DT_I32), "T3"), {0}};
static const Slot matmul_inputs[] = {SLOT("a", TYPES_8BIT, "T1"),
                                     SCALE("a_scale"),
                                     SLOT("a_zero_point", TYPES_8BIT, "T1"),
                                     SLOT("b", TYPES_8BIT, "T2"),
                                     SCALE("b_scale"),
                                     SLOT("b_zero_point", TYPES_8BIT, "T2"),
                                     SCALE("y_scale"),
                                     SLOT("y_zero_point", TYPES_8BIT, "T3"),
                                     {0}};
static const Slot conv_inputs[] = {SLOT("x", TYPES_8BIT, "T1"),
                                   SCALE("x_scale"),
                                   SLOT("x_zero_point", TYPES_8BIT, "T1"),
                                   SLOT("w", TYPES_8BIT, "T2"),
                                   SCALE("w_scale"),
                                   SLOT("w_zero_point", TYPES_8BIT, "T2"),
                                   SCALE("y_scale"),
                                   SLOT("y_zero_point", TYPES_8BIT, "T3"),
                                   SLOT("B", TYPE(DT_I32), "T4", .optional = true),
                                   {0}};
static const Slot linear_outputs[] = {SLOT("y", TYPES_8BIT, "T3"), {0}};

const Op ops_qlinear[] = {
    {.name = "MatMulInteger",
     .doc = "Matrix product of 8-bit integers less their zero points, in i32.",
     .versions = (const int[]){10, 0},
     .inputs = integer_inputs,
     .outputs = integer_outputs,
     .infer = matmul_infer,
     .define = matmul_define,
     .macs = matmul_macs,
     .examples = (const char *const[]){"MatMulInteger(a: u8[2, 3], b: i8[3, 4])", 0}},
    {.name = "ConvInteger",
     .doc = "Convolution of 8-bit integers less their zero points, in i32.",
     .versions = (const int[]){10, 0},
     .inputs = integer_inputs,
     .outputs = integer_outputs,
     .attrs = convolution_attrs,
     .infer = conv_infer,
     .define = conv_define,
     .macs = conv_macs,
     .examples =
         (const char *const[]){
             "ConvInteger(x: u8[1, 2, 5, 5], w: i8[3, 2, 3, 3], pads: [1, 1, 1, 1])", 0}},
    {.name = "QLinearMatMul",
     .doc = "Matrix product of quantised values, quantised again.",
     .versions = (const int[]){10, 21, 0},
     .inputs = matmul_inputs,
     .outputs = linear_outputs,
     .infer = matmul_infer,
     .define = matmul_define,
     .macs = matmul_macs,
     .examples =
         (const char *const[]){
             "QLinearMatMul(a: u8[2, 3], f32[] 0.01, u8[] 113, b: u8[3, 4], f32[] 0.02, "
             "u8[] 114, f32[] 0.1, u8[] 118)",
             0}},
    {.name = "QLinearConv",
     .doc = "Convolution of quantised values, quantised again.",
     .versions = (const int[]){10, 0},
     .inputs = conv_inputs,
     .outputs = linear_outputs,
     .attrs = convolution_attrs,
     .infer = conv_infer,
     .define = conv_define,
     .macs = conv_macs,
     .examples =
         (const char *const[]){
             "QLinearConv(x: u8[1, 1, 5, 5], f32[] 0.01, u8[] 132, w: u8[2, 1, 3, 3], "
             "f32[2] [0.01, 0.02], u8[2] [100, 120], f32[] 0.1, u8[] 123)",
             0}},
    {0}};
