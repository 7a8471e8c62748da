/*
 * Operators whose element hangs on its position in the tensor: running sums and products, and
 * triangles.
 */
#include "known.h"
#include "row.h"

static int cumulative_axis(const Node *n)
{
    const Tensor *axis = n->inputs[1];
    int64_t i = dtype_get_int(axis->dtype, axis->data, 0);
    return (int)(i < 0 ? i + n->inputs[0]->rank : i);
}

static bool infer_cumulative(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *axis = known_number(in, 1);
    int checked;
    if (!axis ||
        !infer_axis(in, "axis", dtype_get_int(axis->dtype, axis->data, 0), x->rank, &checked))
        return false;
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* Everything along the axis is reduced, with the identity in place of what comes later. */
static void define_cumulative(Definer *d, ReduceOp op)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0];
    int axis = cumulative_axis(n);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank);
    Var *other = define_var(d, "j", x->dims[axis]);
    Expr *here = index[axis], *there = ex_var(p, other);
    bool reverse = attr_int(n, "reverse"), exclusive = attr_int(n, "exclusive");
    Expr *low = reverse ? here : there, *high = reverse ? there : here;
    Expr *taken = exclusive ? ex_lt(p, low, high) : ex_le(p, low, high);
    index[axis] = there;
    Expr *v = define_load(d, x, index);
    Expr *term = ex_select(p, taken, v, ex_identity(p, op, v->dtype));
    define_rounded(d, node_output(n, 0), vars, ex_reduce(p, op, &other, 1, term));
}
static void define_cum_sum(Definer *d) { define_cumulative(d, RE_SUM); }
static void define_cum_prod(Definer *d) { define_cumulative(d, RE_PRODUCT); }

static bool infer_trilu(Infer *in)
{
    const Tensor *x = in->node->inputs[0], *k = node_input(in->node, 1);
    if (x->rank < 2)
        return infer_error(in, "E0203", "the input must have 2 dimensions or more, it is %s",
                           tensor_type_text(in->graph->arena, x));
    if (k && tensor_elements(k) != 1)
        return infer_error(in, "E0203", "k must be one number, it is %s",
                           tensor_type_text(in->graph->arena, k));
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* On diagonal k, counted to the right of the main one, and beyond it. */
static void define_trilu(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *offset = node_input(n, 1);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank), *zero[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(p, 0);
    Expr *diagonal = ex_sub(p, index[x->rank - 1], index[x->rank - 2]), *k = ex_int(p, 0);
    if (offset && offset->data)
        k = ex_int(p, dtype_get_int(offset->dtype, offset->data, 0));
    else if (offset)
        k = ex_load(p, offset, zero);
    Expr *kept = attr_int(n, "upper") ? ex_le(p, k, diagonal) : ex_le(p, diagonal, k);
    Expr *v = define_load(d, x, index);
    define_rounded(d, node_output(n, 0), vars,
                   ex_select(p, kept, v, ex_cast(p, v->dtype, ex_int(p, 0))));
}

#define CUMULATIVE_SLOTS(name)                                                                     \
    SLOT(name, TYPE(DT_F32) | TYPE(DT_F64) | INTEGERS_32_64, "T", .until = 13),                    \
        SLOT(name, TYPES_FLOAT | INTEGERS_32_64, "T", .since = 14)
#define CUMULATIVE                                                                                 \
    INPUTS(CUMULATIVE_SLOTS("x"), SLOT("axis", TYPES_INDEX, "T2")),                                \
        OUTPUTS(CUMULATIVE_SLOTS("y")), ATTRS(ATTR("exclusive", INT), ATTR("reverse", INT)),       \
        .infer = infer_cumulative

const Op ops_scan[] = {
    {.name = "CumProd",
     .doc = "The running product along an axis.",
     VERSIONS(26),
     CUMULATIVE,
     .define = define_cum_prod,
     EXAMPLES("CumProd@26(x: f32[2, 3], i64[] 1)")},
    {.name = "CumSum",
     .doc = "The running sum along an axis.",
     VERSIONS(11, 14),
     CUMULATIVE,
     .define = define_cum_sum,
     EXAMPLES("CumSum(x: f32[2, 3], i64[] 1)",
              "CumSum(x: i32[5], i64[] 0, exclusive: 1, reverse: 1)")},
    {.name = "Trilu",
     .doc = "The upper or lower triangle of matrices, zero elsewhere.",
     VERSIONS(14),
     INPUTS(SLOT("input", ANY, "T"), SLOT("k", TYPE(DT_I64), NULL, .optional = true)),
     OUTPUTS(SLOT("output", ANY, "T")),
     ATTRS(ATTR("upper", INT, .i = 1)),
     .infer = infer_trilu,
     .define = define_trilu,
     EXAMPLES("Trilu(x: f32[3, 4])", "Trilu(x: i32[3, 3], i64[] -1, upper: 0)")},
    {0},
};
