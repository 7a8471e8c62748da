/*
 * Where the extremes are: ArgMax and ArgMin along an axis, Hardmax, and OneHot, which goes the
 * other way. Before opset 13 Hardmax takes all dimensions from its axis on as one.
 */
#include "reduction.h"
#include "row.h"

/* The position of the first (or last) element that is the extreme, as a statistic of x's axes; NaN
 * is extreme. */
static Expr *position_of_extreme(Definer *d, const Reduction *r, const Axes *axes, Tensor *x,
                                 Tensor *extreme, bool last)
{
    Pool *p = d->pool;
    Expr *v = define_load(d, x, r->at), *at = axes_position(p, axes, r->at);
    Expr *hit = ex_eq(p, v, ex_load(p, extreme, r->kept));
    if (dtype_is_float(v->dtype)) hit = ex_or(p, hit, ex_unary(p, UN_ISNAN, v));
    Expr *miss = ex_int(p, last ? -1 : axes_extent(axes));
    return ex_reduce(p, last ? RE_MAX : RE_MIN, r->vars, r->var_count, ex_select(p, hit, at, miss));
}

static Tensor *define_extreme(Definer *d, const Axes *axes, Tensor *x, ReduceOp op)
{
    Tensor *extreme =
        define_statistic(d, op == RE_MAX ? "max" : "min", define_wide(x->dtype), axes);
    Reduction r = define_reduction(d, axes, true);
    define_tensor(d, extreme, r.result,
                  ex_reduce(d->pool, op, r.vars, r.var_count, define_load(d, x, r.at)));
    return extreme;
}

static int node_axis(const Node *n) { return attr_axis(n, n->inputs[0]->rank); }

static bool infer_arg(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), x->rank, &axis)) return false;
    if (x->dims[axis] == 0)
        return infer_error(in, "E0201", "dimension %d is empty: it has no extreme", axis);
    Axes axes = axes_one(x, axis);
    int64_t dims[MAX_RANK];
    int rank = axes_result(&axes, attr_int(in->node, "keepdims") != 0, dims);
    return infer_output(in, 0, DT_I64, rank, dims);
}

static void define_arg(Definer *d, ReduceOp op)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0];
    Axes axes = axes_one(x, node_axis(n));
    Tensor *extreme = define_extreme(d, &axes, x, op);
    Reduction r = define_reduction(d, &axes, attr_int(n, "keepdims") != 0);
    bool last = n->version >= 12 && attr_int(n, "select_last_index");
    define_tensor(d, node_output(n, 0), r.result,
                  position_of_extreme(d, &r, &axes, x, extreme, last));
}
static void define_arg_max(Definer *d) { define_arg(d, RE_MAX); }
static void define_arg_min(Definer *d) { define_arg(d, RE_MIN); }

static bool infer_hardmax(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), x->rank, &axis)) return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

static void define_hardmax(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0];
    Axes axes = n->version < 13 ? axes_from(x, node_axis(n)) : axes_one(x, node_axis(n));
    Tensor *extreme = define_extreme(d, &axes, x, RE_MAX),
           *where = define_statistic(d, "where", DT_I64, &axes);
    Reduction r = define_reduction(d, &axes, true);
    define_tensor(d, where, r.result, position_of_extreme(d, &r, &axes, x, extreme, false));

    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *kept[MAX_RANK];
    axes_kept_index(p, &axes, index, kept);
    Expr *hit = ex_eq(p, axes_position(p, &axes, index), ex_load(p, where, kept));
    define_rounded(d, node_output(n, 0), vars, ex_cast(p, define_wide(x->dtype), hit));
}

static bool infer_one_hot(Infer *in)
{
    const Node *n = in->node;
    const Tensor *indices = n->inputs[0], *depth = n->inputs[1], *values = n->inputs[2];
    int axis;
    if (!infer_axis(in, "axis", attr_int(n, "axis"), indices->rank + 1, &axis)) return false;
    if (!depth->data) return infer_unknown(in, 1);
    if (tensor_elements(depth) != 1 || tensor_elements(values) != 2)
        return infer_error(in, "E0201", "depth is one number and values are two, not %d and %d",
                           (int)tensor_elements(depth), (int)tensor_elements(values));
    if (indices->rank == MAX_RANK)
        return infer_error(in, "E0203", "the result has more than %d dimensions", MAX_RANK);
    int64_t dims[MAX_RANK];
    for (int i = 0, next = 0; i <= indices->rank; i++)
        dims[i] = i == axis ? dtype_get_int(depth->dtype, depth->data, 0) : indices->dims[next++];
    return infer_output(in, 0, values->dtype, indices->rank + 1, dims);
}

static void define_one_hot(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *indices = n->inputs[0], *values = n->inputs[2], *out = node_output(n, 0);
    int64_t axis = attr_int(n, "axis");
    if (!out) return;
    if (axis < 0) axis += indices->rank + 1;
    Var **vars = define_indices(d, indices->rank + 1, out->dims);
    Expr **index = define_index_exprs(d, vars, indices->rank + 1), *at[MAX_RANK];
    for (int i = 0, next = 0; i <= indices->rank; i++)
        if (i != axis) at[next++] = index[i];
    /* Indices count from the end when negative; those outside of the depth are nowhere hot. */
    Expr *hot = ex_cast(p, DT_I64, define_load(d, indices, at)),
         *depth = ex_int(p, out->dims[axis]);
    Expr *hit = ex_or(p, ex_eq(p, hot, index[axis]), ex_eq(p, ex_add(p, hot, depth), index[axis]));
    Expr *one = ex_int(p, 1), *zero = ex_int(p, 0);
    define_tensor(d, out, vars,
                  ex_select(p, hit, ex_load(p, values, &one), ex_load(p, values, &zero)));
}

#define ARG                                                                                        \
    VERSIONS(1, 11, 12, 13),                                                                       \
        INPUTS(SLOT("data", NUMERIC_NO_BF16, "T", .until = 12),                                    \
               SLOT("data", TYPES_NUMERIC, "T", .since = 13)),                                     \
        OUTPUTS(SLOT("reduced", TYPE(DT_I64), NULL)),                                              \
        ATTRS(ATTR("axis", INT), ATTR("keepdims", INT, .i = 1),                                    \
              ATTR("select_last_index", INT, .since = 12)),                                        \
        .infer = infer_arg

const Op ops_argminmax[] = {
    {.name = "ArgMax",
     .doc = "The position of the largest element along an axis.",
     ARG,
     .define = define_arg_max,
     EXAMPLES("ArgMax(x: f32[2, 3], axis: 1)",
              "ArgMax(x: i32[2, 3], keepdims: 0, select_last_index: 1)")},
    {.name = "ArgMin",
     .doc = "The position of the smallest element along an axis.",
     ARG,
     .define = define_arg_min,
     EXAMPLES("ArgMin(x: f32[2, 3], axis: -1)")},
    {.name = "Hardmax",
     .doc = "1 at the first largest element along an axis, 0 elsewhere.",
     VERSIONS(1, 11, 13),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 12),
            SLOT("input", TYPES_FLOAT, "T", .since = 13)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T")),
     ATTRS(ATTR("axis", INT, .i = 1, .until = 12), ATTR("axis", INT, .i = -1, .since = 13)),
     .infer = infer_hardmax,
     .define = define_hardmax,
     EXAMPLES("Hardmax(x: f32[2, 3])", "Hardmax(x: f32[2, 3], axis: 0)")},
    {.name = "OneHot",
     .doc = "For each index a row of the second value, at the index, and the first elsewhere.",
     VERSIONS(9, 11),
     INPUTS(SLOT("indices", NUMERIC_NO_BF16, "T1"), SLOT("depth", NUMERIC_NO_BF16, "T2"),
            SLOT("values", ANY_NO_BF16 | STRINGS, "T3")),
     OUTPUTS(SLOT("output", ANY_NO_BF16 | STRINGS, "T3")),
     ATTRS(ATTR("axis", INT, .i = -1)),
     .infer = infer_one_hot,
     .define = define_one_hot,
     EXAMPLES("OneHot(i: i64[3], i64[] 4, v: f32[2])",
              "OneHot(i: i32[3], i64[] 4, v: i32[2], axis: 0)")},
    {0},
};
