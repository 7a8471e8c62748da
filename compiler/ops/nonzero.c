/*
 * NonZero and Compress: what is not zero, or what a condition picks. The positions that count are
 * put side by side by the runtime's netc_compact; everything else about them is index arithmetic.
 */
#include "extents.h"
#include "row.h"

/* positions[k] of the k-th true element of `mask`, and how many there are, which is output `count`
 * of the node. */
static Tensor *define_positions(Definer *d, Tensor *mask, int count)
{
    int64_t n = tensor_elements(mask);
    Tensor *positions = define_temporary(d, "positions", DT_I64, 1, &n);
    Tensor *total = define_target(d, count, "count", DT_I64, 0, NULL);
    define_call(d, "netc_compact", CALL_TENSORS(mask), CALL_TENSORS(positions, total),
                CALL_NUMBERS(n));
    return positions;
}

/* ---- NonZero: by dimension of the input the indices of what is not 0, in row-major order ---- */

static bool infer_nonzero(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t dims[2] = {x->rank, tensor_elements(x)};
    if (!infer_output(in, 0, DT_I64, 2, dims) || !extents_count(in, 1)) return false;
    extents_set(in, 0, 1, in->node->outputs[1]);
    return true;
}

static void define_nonzero(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    Tensor *mask = define_temporary(d, "mask", DT_BOOL, x->rank, x->dims);
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr *value = define_load(d, x, define_index_exprs(d, vars, x->rank));
    define_tensor(d, mask, vars,
                  ex_binary(p, BI_NE, value, ex_cast(p, value->dtype, ex_int(p, 0))));
    Tensor *positions = define_positions(d, mask, 1);
    if (!out) return;
    vars = define_indices(d, 2, out->dims);
    Expr *axis = ex_var(p, vars[0]), *k = ex_var(p, vars[1]), *at[MAX_RANK], *body = ex_int(p, 0);
    define_unflatten(p, ex_load(p, positions, &k), x->rank, x->dims, at);
    for (int i = 0; i < x->rank; i++)
        body = ex_select(p, ex_binary(p, BI_EQ, axis, ex_int(p, i)), at[i], body);
    define_tensor(d, out, vars, body);
}

/* ---- Compress: slices along an axis, or elements, where the condition holds ---- */

static bool infer_compress(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *condition = n->inputs[1];
    int64_t dims[MAX_RANK], along = tensor_elements(x);
    int axis = 0, rank = 1;
    if (condition->rank != 1)
        return infer_error(in, "E0203", "the condition must be a vector, it is %s",
                           tensor_type_text(in->graph->arena, condition));
    if (attr_given(n, "axis")) {
        if (!infer_axis(in, "axis", attr_int(n, "axis"), x->rank, &axis)) return false;
        rank = x->rank;
        memcpy(dims, x->dims, (size_t)rank * sizeof *dims);
        along = x->dims[axis];
    }
    if (condition->dims[0] > along)
        return infer_error(in, "E0201", "the condition has %lld elements for %lld to choose from",
                           (long long)condition->dims[0], (long long)along);
    dims[axis] = condition->dims[0];
    if (!infer_output(in, 0, x->dtype, rank, dims) || !extents_count(in, 1)) return false;
    extents_set(in, 0, axis, n->outputs[1]);
    return true;
}

static void define_compress(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    Tensor *positions = define_positions(d, n->inputs[1], 1);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK];
    if (attr_given(n, "axis")) {
        int axis = attr_axis(n, x->rank);
        index[axis] =
            define_wrap(d->pool, ex_load(d->pool, positions, &index[axis]), x->dims[axis]);
        memcpy(at, index, (size_t)x->rank * sizeof(Expr *));
    } else {
        Expr *flat = define_wrap(d->pool, ex_load(d->pool, positions, index), tensor_elements(x));
        define_unflatten(d->pool, flat, x->rank, x->dims, at);
    }
    define_tensor(d, out, vars, ex_load(d->pool, x, at));
}

#define COUNT_SLOT SLOT("count", TYPE(DT_I64), NULL, .optional = true)

const Op ops_nonzero[] = {
    {.name = "Compress",
     .doc = "Slices along `axis`, or elements, where a condition holds.",
     VERSIONS(9, 11),
     INPUTS(SLOT("input", ANY_2BIT | STRINGS, "T"), SLOT("condition", BOOLS, "T1")),
     OUTPUTS(SLOT("output", ANY_2BIT | STRINGS, "T"), COUNT_SLOT),
     ATTRS(ATTR("axis", INT)),
     .infer = infer_compress,
     .define = define_compress,
     EXAMPLES("Compress(x: f32[3, 2], c: bool[3], axis: 0)", "Compress(x: f32[3, 2], c: bool[5])",
              "Compress(x: string[5], c: bool[5])")},
    {.name = "NonZero",
     .doc = "The indices of what is not zero, by dimension.",
     VERSIONS(9, 13),
     INPUTS(SLOT("X", ANY_NO_BF16, "T", .until = 12), SLOT("X", ANY_2BIT, "T", .since = 13)),
     OUTPUTS(SLOT("Y", TYPE(DT_I64), NULL), COUNT_SLOT),
     .infer = infer_nonzero,
     .define = define_nonzero,
     EXAMPLES("NonZero(x: bool[2, 3])", "NonZero(x: f32[4])")},
    {0},
};
