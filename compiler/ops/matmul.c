/*
 * MatMul and Gemm: products of matrices. Gemm may transpose its factors, scales the product and
 * adds a scaled third matrix that broadcasts to it; factors of 1 leave no trace in the definition.
 */
#include "extents.h"
#include "gradient.h"
#include "matrix.h"

#define TYPES_PRODUCT (TYPES_FLOAT | TYPE(DT_I32) | TYPE(DT_I64) | TYPE(DT_U32) | TYPE(DT_U64))

static bool matmul_infer(Infer *in)
{
    const Tensor *a = in->node->inputs[0], *b = in->node->inputs[1];
    int rank;
    int64_t dims[MAX_RANK];
    return matrix_infer(in, a, b, &rank, dims) && infer_output(in, 0, a->dtype, rank, dims);
}

/* The dimension that is summed over: what lies outside the extent must not count. False after a
 * diagnostic. */
static bool fill_inner(Infer *in, int a_axis, int b_axis)
{
    Node *n = in->node;
    const int axes[] = {a_axis, b_axis};
    if (extents_at(n->inputs[0], a_axis) != extents_at(n->inputs[1], b_axis))
        return extents_refuse(in, extents_varying(n));
    for (int i = 0; i < 2; i++) {
        bool filled[MAX_RANK] = {[0] = false};
        filled[axes[i]] = true;
        n->inputs[i] = extents_fill(in, n->inputs[i], filled, RE_SUM);
        if (!n->inputs[i]) return false;
    }
    return true;
}

/* Rows of the left and columns of the right matrix may vary, what they are summed over if it is the
 * same in both, and stacks that are on one side only. */
static bool matmul_extents(Infer *in)
{
    Node *n = in->node;
    const Tensor *a = n->inputs[0], *b = n->inputs[1];
    if (a->rank < 2 || b->rank < 2 || (a->rank > 2 && b->rank > 2))
        return extents_refuse(in, extents_varying(n));
    if (!fill_inner(in, a->rank - 1, b->rank - 2) || !matmul_infer(in)) return false;
    int rank = a->rank > b->rank ? a->rank : b->rank;
    for (int d = 0; d < a->rank - 1; d++) extents_set(in, 0, rank - a->rank + d, extents_at(a, d));
    for (int d = 0; d < b->rank - 2; d++) extents_set(in, 0, d, extents_at(b, d));
    extents_set(in, 0, rank - 1, extents_at(b, b->rank - 1));
    return true;
}

static void matmul_define(Definer *d)
{
    Tensor *a = d->node->inputs[0], *b = d->node->inputs[1], *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    define_rounded(d, out, vars, matrix_sum(d, a, b, out->rank, index, NULL));
}

static int64_t matmul_macs(const Node *n) { return matrix_macs(n->outputs[0], n->inputs[0]); }

/* ---- Gemm ---- */

static int64_t gemm_inner(const Node *n) { return n->inputs[0]->dims[!attr_int(n, "transA")]; }

static bool gemm_addend_fits(const Tensor *c, const int64_t *dims)
{
    if (c->rank > 2) return false;
    for (int i = 0; i < c->rank; i++)
        if (c->dims[i] != 1 && c->dims[i] != dims[2 - c->rank + i]) return false;
    return true;
}

static bool gemm_check_factors(Infer *in, const Tensor *t)
{
    if (dtype_is_float(t->dtype)) return true;
    if (attr_float(in->node, "alpha") == (double)(int64_t)attr_float(in->node, "alpha") &&
        attr_float(in->node, "beta") == (double)(int64_t)attr_float(in->node, "beta"))
        return true;
    return infer_error(in, "E0306", "alpha and beta must be whole numbers for matrices of %s",
                       dtype_name(t->dtype));
}

static bool gemm_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *a = n->inputs[0], *b = n->inputs[1], *c = node_input(n, 2);
    Arena *arena = in->graph->arena;
    if (a->rank != 2 || b->rank != 2)
        return infer_error(in, "E0203", "Gemm multiplies two matrices, not %s and %s",
                           tensor_type_text(arena, a), tensor_type_text(arena, b));
    bool ta = attr_int(n, "transA"), tb = attr_int(n, "transB");
    int64_t left = a->dims[!ta], right = b->dims[tb], dims[2] = {a->dims[ta], b->dims[!tb]};
    if (left != right) {
        infer_error(in, "E0211", "the inner dimensions differ: %lld and %lld", (long long)left,
                    (long long)right);
        Diagnostic *e = infer_last_error(in);
        diag_note(e, "A '%s' is %s%s: %lld columns", a->name, tensor_type_text(arena, a),
                  ta ? ", transposed" : "", (long long)left);
        diag_note(e, "B '%s' is %s%s: %lld rows", b->name, tensor_type_text(arena, b),
                  tb ? ", transposed" : "", (long long)right);
        if (b->dims[!tb] == left) diag_help(e, "with transB: %d they agree", !tb);
        return false;
    }
    if (c && !gemm_addend_fits(c, dims))
        return infer_error(in, "E0201",
                           "C '%s' is %s, which does not broadcast to the product's %s", c->name,
                           tensor_type_text(arena, c), dims_text(arena, dims, 2));
    return gemm_check_factors(in, a) && infer_output(in, 0, a->dtype, 2, dims);
}

static bool gemm_extents(Infer *in)
{
    Node *n = in->node;
    const Tensor *a = n->inputs[0], *b = n->inputs[1], *c = node_input(n, 2);
    if (a->rank != 2 || b->rank != 2) return gemm_infer(in);
    bool ta = attr_int(n, "transA"), tb = attr_int(n, "transB");
    Tensor *extents[] = {extents_at(a, ta), extents_at(b, !tb)};
    for (int d = 0; c && d < c->rank; d++) { /* C has one row or column, or as many */
        int of = 2 - c->rank + d;
        bool one = c->dims[d] == 1 && !extents_at(c, d);
        if (of >= 0 && !one && extents_at(c, d) != extents[of]) return extents_refuse(in, c);
    }
    if (!fill_inner(in, !ta, tb) || !gemm_infer(in)) return false;
    extents_set(in, 0, 0, extents[0]);
    extents_set(in, 0, 1, extents[1]);
    return true;
}

static Expr *scaled(Pool *p, double factor, Expr *x)
{
    return factor == 1 ? x : ex_mul(p, ex_const(p, x->dtype, factor), x);
}

static void gemm_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *a = n->inputs[0], *b = n->inputs[1], *c = node_input(n, 2), *out = n->outputs[0];
    Pool *p = d->pool;
    Var **vars = define_indices(d, 2, out->dims), *k = define_var(d, "k", gemm_inner(n));
    Expr **index = define_index_exprs(d, vars, 2), *inner = ex_var(p, k);
    Expr *a_at[2] = {index[0], inner}, *at_at[2] = {inner, index[0]};
    Expr *b_at[2] = {inner, index[1]}, *bt_at[2] = {index[1], inner};
    Expr *x = define_load(d, a, attr_int(n, "transA") ? at_at : a_at);
    Expr *y = define_load(d, b, attr_int(n, "transB") ? bt_at : b_at);
    Expr *body = scaled(p, attr_float(n, "alpha"), ex_reduce(p, RE_SUM, &k, 1, ex_mul(p, x, y)));
    double beta = attr_float(n, "beta");
    if (c && beta != 0) {
        Expr *addend = ex_cast(p, body->dtype, define_broadcast_load(d, c, 2, index));
        body = ex_add(p, body, scaled(p, beta, addend));
    }
    define_rounded(d, out, vars, body);
}

static int64_t gemm_macs(const Node *n)
{
    int64_t macs;
    return checked_mul(tensor_elements(n->outputs[0]), gemm_inner(n), &macs) ? macs : INT64_MAX;
}

/* ---- gradients ---- */

/* A vector as the matrix that it is treated as. */
static Tensor *as_matrix(Gradient *g, Tensor *t, bool column)
{
    if (t->rank > 1) return t;
    return expand_reshape(g->in, t, 2,
                          column ? (int64_t[]){t->dims[0], 1} : (int64_t[]){1, t->dims[0]});
}

static Tensor *matmul_dy(Gradient *g, const Tensor *a, const Tensor *b)
{
    const Tensor *y = g->node->outputs[0];
    int64_t dims[MAX_RANK];
    int batch = y->rank - (a->rank > 1) - (b->rank > 1);
    memcpy(dims, y->dims, (size_t)batch * sizeof *dims);
    dims[batch] = a->rank > 1 ? a->dims[a->rank - 2] : 1;
    dims[batch + 1] = b->rank > 1 ? b->dims[b->rank - 1] : 1;
    return expand_reshape(g->in, g->dy[0], batch + 2, dims);
}

static Tensor *matmul_side(Gradient *g, Tensor *left, Tensor *right, const Tensor *matrix,
                           const Tensor *to)
{
    Tensor *dx = gradient_2(g, "MatMul", left, right);
    return gradient_reshape(g, gradient_sum_to(g, dx, matrix->rank, matrix->dims), to);
}

/* dA = dY B^T, dB = A^T dY, summed over the batches that were repeated. */
static bool matmul_gradient(Gradient *g)
{
    Tensor *a = g->node->inputs[0], *b = g->node->inputs[1];
    Tensor *left = as_matrix(g, a, false), *right = as_matrix(g, b, true), *dy = matmul_dy(g, a, b);
    if (!left || !right || !dy) return false;
    if (g->wanted[0] && !(g->dx[0] = matmul_side(g, dy, gradient_swap(g, right), left, a)))
        return false;
    return !g->wanted[1] || (g->dx[1] = matmul_side(g, gradient_swap(g, left), dy, right, b));
}

static Tensor *gemm_product(Gradient *g, Tensor *a, bool turn_a, Tensor *b, bool turn_b)
{
    Node *n = expand_node(g->in, "Gemm", 2);
    n->inputs[0] = a;
    n->inputs[1] = b;
    gradient_int(g, gradient_int(g, n, "transA", turn_a), "transB", turn_b);
    return gradient_scaled(g, expand_done(g->in, n), attr_float(g->node, "alpha"));
}

static bool gemm_gradient(Gradient *g)
{
    const Node *n = g->node;
    Tensor *a = n->inputs[0], *b = n->inputs[1], *c = node_input(n, 2), *dy = g->dy[0];
    bool turn_a = attr_int(n, "transA"), turn_b = attr_int(n, "transB");
    if (g->wanted[0] && !(g->dx[0] = turn_a ? gemm_product(g, b, turn_b, dy, true)
                                            : gemm_product(g, dy, false, b, !turn_b)))
        return false;
    if (g->wanted[1] && !(g->dx[1] = turn_b ? gemm_product(g, dy, true, a, turn_a)
                                            : gemm_product(g, a, !turn_a, dy, false)))
        return false;
    if (!c || !g->wanted[2]) return true;
    Tensor *sum = gradient_sum_to(g, dy, c->rank, c->dims);
    return (g->dx[2] = gradient_scaled(g, sum, attr_float(n, "beta"))) != NULL;
}

static const Slot matmul_inputs[] = {
    SLOT("A", TYPES_PRODUCT, "T"), SLOT("B", TYPES_PRODUCT, "T"), {0}};
static const Slot gemm_inputs[] = {SLOT("A", TYPES_PRODUCT, "T"),
                                   SLOT("B", TYPES_PRODUCT, "T"),
                                   SLOT("C", TYPES_PRODUCT, "T", .until = 10),
                                   SLOT("C", TYPES_PRODUCT, "T", .optional = true, .since = 11),
                                   {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_PRODUCT, "T"), {0}};
static const AttrSpec gemm_attrs[] = {
    ATTR("alpha", FLOAT, .f = 1), ATTR("beta", FLOAT, .f = 1), ATTR("broadcast", INT, .until = 6),
    ATTR("transA", INT),          ATTR("transB", INT),         {0}};

const Op ops_matmul[] = {
    {.name = "MatMul",
     .doc = "Matrix product, as numpy's matmul: leading dimensions are stacks of matrices and "
            "broadcast.",
     .versions = (const int[]){1, 9, 13, 0},
     .inputs = matmul_inputs,
     .outputs = outputs,
     .infer = matmul_infer,
     .extents = matmul_extents,
     .define = matmul_define,
     .gradient = matmul_gradient,
     .macs = matmul_macs,
     .examples = (const char *const[]){"MatMul(a: f32[3, 4], b: f32[4, 5])",
                                       "MatMul(a: f32[2, 1, 3, 4], b: f32[5, 4, 2])",
                                       "MatMul(a: f32[4], b: f32[2, 4, 3])", 0}},
    {.name = "Gemm",
     .doc = "alpha * A B + beta * C, with A and B transposed on demand and C broadcast to the "
            "product.",
     .versions = (const int[]){1, 6, 7, 9, 11, 13, 0},
     .inputs = gemm_inputs,
     .outputs = outputs,
     .attrs = gemm_attrs,
     .infer = gemm_infer,
     .extents = gemm_extents,
     .define = gemm_define,
     .gradient = gemm_gradient,
     .macs = gemm_macs,
     .examples = (const char *const[]){"Gemm(a: f32[2, 3], b: f32[3, 4], c: f32[4])",
                                       "Gemm(a: f32[3, 2], b: f32[4, 3], c: f32[2, 1], alpha: 0.5, "
                                       "beta: 2.0, transA: 1, transB: 1)",
                                       0}},
    {0}};
