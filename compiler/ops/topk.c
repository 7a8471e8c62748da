/*
 * TopK: the k largest or smallest elements along an axis, in order. Each element's rank is the
 * number of those that come before it (of equal ones the first comes first; NaN is the largest), so
 * the ranks are a permutation, and the result at k is the element of rank k. The work is quadratic
 * in the axis. K must be known, for the shape hangs on it.
 */
#include "row.h"

static bool count_wanted(Infer *in, int64_t *k)
{
    const Node *n = in->node;
    if (n->version < 10) {
        *k = attr_int(n, "k");
        return true;
    }
    int64_t count;
    const int64_t *value = infer_const_ints(in, 1, &count);
    if (!value) return false;
    if (count != 1)
        return infer_error(in, "E0203", "K must be one number, it is %lld", (long long)count);
    *k = value[0];
    return true;
}

static bool infer_top_k(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int axis;
    int64_t k = 0, dims[MAX_RANK];
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), x->rank, &axis) ||
        !count_wanted(in, &k))
        return false;
    if (k < 0 || k > x->dims[axis])
        return infer_error(in, "E0306", "%lld elements are wanted of the %lld along axis %d",
                           (long long)k, (long long)x->dims[axis], axis);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[axis] = k;
    return infer_output(in, 0, x->dtype, x->rank, dims) &&
           infer_output(in, 1, DT_I64, x->rank, dims);
}

/* a comes before b, where their values differ. */
static Expr *precedes(Pool *p, Expr *a, Expr *b, bool largest)
{
    Expr *high = largest ? a : b, *low = largest ? b : a;
    Expr *above = ex_lt(p, low, high);
    if (!dtype_is_float(a->dtype)) return above;
    Expr *is_nan = ex_unary(p, UN_ISNAN, high),
         *is_number = ex_unary(p, UN_NOT, ex_unary(p, UN_ISNAN, low));
    return ex_or(p, above, ex_and(p, is_nan, is_number));
}

static Expr *count_if(Pool *p, Var *over, Expr *condition)
{
    return ex_reduce(p, RE_SUM, &over, 1, ex_cast(p, DT_I64, condition));
}

static Tensor *define_ranks(Definer *d, Tensor *x, int axis)
{
    Pool *p = d->pool;
    bool largest = attr_int(d->node, "largest") || d->node->version < 11;
    Tensor *ranks = define_temporary(d, "rank", DT_I64, x->rank, x->dims);
    Var **vars = define_indices(d, x->rank, x->dims), *j = define_var(d, "j", x->dims[axis]);
    Expr **index = define_index_exprs(d, vars, x->rank), *here = index[axis], *there = ex_var(p, j);
    Expr *own = define_load(d, x, index);
    index[axis] = there;
    Expr *other = define_load(d, x, index);
    /* Of those before it what does not come after it counts, of those behind it what precedes it.
     */
    Expr *ahead =
        ex_select(p, ex_lt(p, there, here), ex_unary(p, UN_NOT, precedes(p, own, other, largest)),
                  precedes(p, other, own, largest));
    define_tensor(d, ranks, vars, count_if(p, j, ahead));
    return ranks;
}

static void define_top_k(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *values = node_output(n, 0), *places = node_output(n, 1);
    const Tensor *either = values ? values : places;
    if (!either) return;
    int axis = attr_axis(n, x->rank);
    Tensor *ranks = define_ranks(d, x, axis);
    if (!places) places = define_temporary(d, "indices", DT_I64, x->rank, either->dims);
    Var **vars = define_indices(d, x->rank, places->dims), *i = define_var(d, "i", x->dims[axis]);
    Expr **index = define_index_exprs(d, vars, x->rank), *wanted = index[axis], *at = ex_var(p, i);
    index[axis] = at;
    Expr *hit = ex_eq(p, ex_load(p, ranks, index), wanted);
    define_tensor(d, places, vars,
                  ex_reduce(p, RE_SUM, &i, 1, ex_select(p, hit, at, ex_int(p, 0))));
    if (!values) return;
    vars = define_indices(d, x->rank, places->dims);
    index = define_index_exprs(d, vars, x->rank);
    index[axis] = define_wrap(p, ex_load(p, places, index), x->dims[axis]);
    define_tensor(d, values, vars, ex_load(p, x, index));
}

#define TOP_K_SLOT(name)                                                                           \
    SLOT(name, FLOATS_NO_BF16, "T", .until = 10),                                                  \
        SLOT(name, NUMERIC_NO_BF16, "T", .since = 11, .until = 23),                                \
        SLOT(name, TYPES_NUMERIC, "T", .since = 24)

const Op ops_topk[] = {
    {.name = "TopK",
     .doc = "The largest or smallest elements along an axis, in order, and where they are.",
     VERSIONS(1, 10, 11, 24),
     INPUTS(TOP_K_SLOT("X"), SLOT("K", TYPE(DT_I64), NULL, .since = 10)),
     OUTPUTS(TOP_K_SLOT("Values"), SLOT("Indices", TYPE(DT_I64), NULL)),
     ATTRS(ATTR("axis", INT, .i = -1), ATTR("k", INT, .required = true, .until = 9),
           ATTR("largest", INT, .i = 1, .since = 11), ATTR("sorted", INT, .i = 1, .since = 11)),
     .infer = infer_top_k,
     .define = define_top_k,
     EXAMPLES("v, i = TopK(x: f32[2, 5], i64[1] [3])",
              "v, i = TopK(x: i32[4, 3], i64[1] [2], axis: 0, largest: 0)")},
    {0},
};
