/*
 * Det: determinants of square matrices by elimination with row pivots. Each step is a few
 * temporaries: the largest element of the first column, its row, and what is left of the matrix
 * without them. The steps are unrolled, so the matrices must be small.
 */
#include "row.h"

enum { MAX_SIZE = 64 };

static bool infer_det(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    if (x->rank < 2 || x->dims[x->rank - 1] != x->dims[x->rank - 2])
        return infer_error(in, "E0203", "the input is %s; square matrices are wanted",
                           tensor_type_text(in->graph->arena, x));
    if (x->dims[x->rank - 1] > MAX_SIZE)
        return infer_error(in, "E0602", "matrices of %lld rows are too large to unroll; at most %d",
                           (long long)x->dims[x->rank - 1], MAX_SIZE);
    return infer_output(in, 0, x->dtype, x->rank - 2, x->dims);
}

/* What is left of the matrices before a step. */
typedef struct Rest {
    Definer *d;
    Tensor *t; /* [..., size, size] */
    int batch; /* the dimensions before those */
    int64_t size;
    Tensor *row; /* of the pivot; NULL before it is known */
} Rest;

static Expr *element(const Rest *r, Expr *const *batch, Expr *row, Expr *column)
{
    Expr *at[MAX_RANK];
    memcpy(at, batch, (size_t)r->batch * sizeof *at);
    at[r->batch] = row;
    at[r->batch + 1] = column;
    return define_load(r->d, r->t, at);
}

static Expr *pivot_row(const Rest *r, Expr *const *batch)
{
    return define_wrap(r->d->pool, ex_load(r->d->pool, r->row, batch), r->size);
}

/* The first row whose first element is the largest in magnitude. */
static Tensor *define_pivot(const Rest *r)
{
    Definer *d = r->d;
    Pool *p = d->pool;
    Tensor *largest =
        define_temporary(d, "largest", define_wide(r->t->dtype), r->batch, r->t->dims);
    Tensor *row = define_temporary(d, "pivot", DT_I64, r->batch, r->t->dims);
    for (int pass = 0; pass < 2; pass++) {
        Var **vars = define_indices(d, r->batch, r->t->dims), *i = define_var(d, "i", r->size);
        Expr **batch = define_index_exprs(d, vars, r->batch), *at = ex_var(p, i);
        Expr *size = ex_unary(p, UN_ABS, element(r, batch, at, ex_int(p, 0)));
        if (pass == 0) {
            define_tensor(d, largest, vars, ex_reduce(p, RE_MAX, &i, 1, size));
        } else {
            Expr *hit = ex_eq(p, size, ex_load(p, largest, batch));
            Expr *first = ex_select(p, hit, at, ex_int(p, r->size - 1));
            define_tensor(d, row, vars, ex_reduce(p, RE_MIN, &i, 1, first));
        }
    }
    return row;
}

/* The other rows, the first one in the pivot's place, less their multiple of the pivot's row. */
static Tensor *define_rest(const Rest *r)
{
    Definer *d = r->d;
    Pool *p = d->pool;
    int64_t dims[MAX_RANK];
    memcpy(dims, r->t->dims, (size_t)r->batch * sizeof *dims);
    dims[r->batch] = dims[r->batch + 1] = r->size - 1;
    Tensor *out = define_temporary(d, "rest", define_wide(r->t->dtype), r->batch + 2, dims);
    Var **vars = define_indices(d, r->batch + 2, dims);
    Expr **index = define_index_exprs(d, vars, r->batch + 2), *zero = ex_int(p, 0),
         *one = ex_int(p, 1);
    Expr *pivot = pivot_row(r, index), *next = ex_add(p, index[r->batch], one);
    Expr *row = ex_select(p, ex_eq(p, next, pivot), zero, next);
    Expr *column = ex_add(p, index[r->batch + 1], one);
    Expr *corner = element(r, index, pivot, zero), *nothing = like(p, corner, 0);
    Expr *factor = ex_select(p, ex_eq(p, corner, nothing), nothing,
                             ex_div(p, element(r, index, row, zero), corner));
    define_tensor(d, out, vars,
                  ex_sub(p, element(r, index, row, column),
                         ex_mul(p, factor, element(r, index, pivot, column))));
    return out;
}

/* The determinant before a step's pivot, times the pivot, with the sign of the exchange of rows. */
static void define_product(const Rest *r, Tensor *before, Tensor *out)
{
    Pool *p = r->d->pool;
    Var **vars = define_indices(r->d, r->batch, out->dims);
    Expr **batch = define_index_exprs(r->d, vars, r->batch), *row = pivot_row(r, batch);
    Expr *value = element(r, batch, row, ex_int(p, 0));
    value = ex_select(p, ex_eq(p, row, ex_int(p, 0)), value, ex_unary(p, UN_NEG, value));
    if (before) value = ex_mul(p, define_load(r->d, before, batch), value);
    define_rounded(r->d, out, vars, value);
}

static void define_det(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0), *product = NULL;
    if (!out) return;
    Rest r = {.d = d, .t = x, .batch = x->rank - 2, .size = x->dims[x->rank - 1]};
    if (r.size == 0) {
        Var **vars = define_indices(d, out->rank, out->dims);
        define_rounded(d, out, vars, ex_const(d->pool, define_wide(x->dtype), 1));
    }
    for (; r.size > 0; r.size--) {
        r.row = define_pivot(&r);
        Tensor *next = r.size > 1
                           ? define_temporary(d, "product", define_wide(x->dtype), r.batch, x->dims)
                           : out;
        define_product(&r, product, next);
        product = next;
        if (r.size > 1) r.t = define_rest(&r);
    }
}

const Op ops_det[] = {
    {.name = "Det",
     .doc = "The determinants of square matrices.",
     VERSIONS(11, 22),
     INPUTS(SLOT("X", FLOATS_NO_BF16, "T", .until = 21), SLOT("X", TYPES_FLOAT, "T", .since = 22)),
     OUTPUTS(SLOT("Y", TYPES_FLOAT, "T")),
     .infer = infer_det,
     .define = define_det,
     EXAMPLES("Det(x: f32[2, 3, 3])", "Det(x: f64[1, 1])")},
    {0},
};
