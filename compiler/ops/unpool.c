/*
 * MaxUnpool: the values that MaxPool left, back at the positions its indices name, in an image of
 * zeros. Each element asks which pooled value of its plane is for it; the last one wins.
 */
#include "window.h"

#define LIMIT ((int64_t)1 << 31)

/* The extents that indices are numbered in: the input's of the pooling that this undoes. */
static bool read_unpooled(Infer *in, int64_t *dims)
{
    const Tensor *x = in->node->inputs[0];
    Window w;
    if (!window_attrs(in, x, NULL, &w)) return false;
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    for (int i = 0; i < w.rank; i++) {
        const WindowDim *d = &w.dim[i];
        dims[2 + i] = (d->in - 1) * d->stride - d->before - d->after + window_span(d);
        if (dims[2 + i] < 1 || dims[2 + i] >= LIMIT)
            return infer_error(in, "E0209", "spatial dimension %d would have %lld elements", i,
                               (long long)dims[2 + i]);
    }
    int64_t elements;
    return checked_elements(dims, x->rank, &elements) ||
           infer_error(in, "E0205", "the output is too large");
}

static bool unpool_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *indices = n->inputs[1];
    int64_t dims[MAX_RANK], count;
    if (!read_unpooled(in, dims)) return false;
    if (indices->rank != x->rank || memcmp(indices->dims, x->dims, (size_t)x->rank * sizeof *dims))
        return infer_error(in, "E0201", "indices %s and values %s must have one shape",
                           tensor_type_text(in->graph->arena, indices),
                           tensor_type_text(in->graph->arena, x));
    if (!node_input(n, 2)) return infer_output(in, 0, x->dtype, x->rank, dims);
    const int64_t *shape = infer_const_ints(in, 2, &count);
    if (!shape) return false;
    for (int i = 0; i < x->rank; i++)
        if (count != x->rank || shape[i] < dims[i])
            return infer_error(in, "E0201", "output_shape %s is not as large as the unpooled %s",
                               dims_text(in->graph->arena, shape, (int)min64(count, MAX_RANK)),
                               dims_text(in->graph->arena, dims, x->rank));
    return infer_output(in, 0, x->dtype, x->rank, shape);
}

static void unpool_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *indices = d->node->inputs[1], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Infer in = infer_again(d);
    int64_t dims[MAX_RANK];
    bool accepted = read_unpooled(&in, dims);
    assert(accepted);
    int spatial = x->rank - 2;
    Tensor *last = define_temporary(d, "last", DT_I64, x->rank, dims);
    Var **vars = define_indices(d, x->rank, dims), **over = define_indices(d, spatial, x->dims + 2);
    Expr **index = define_index_exprs(d, vars, x->rank), *at[MAX_RANK] = {index[0], index[1]};
    memcpy(at + 2, define_index_exprs(d, over, spatial), (size_t)spatial * sizeof *at);
    Expr *number = define_flatten(p, spatial, x->dims + 2, at + 2), *none = ex_int(p, -1);
    Expr *meant = ex_eq(p, ex_load(p, indices, at), define_flatten(p, x->rank, dims, index));
    Expr *latest = ex_reduce(p, RE_MAX, over, spatial, ex_select(p, meant, number, none));
    define_tensor(d, last, vars, ex_max(p, latest, none));

    vars = define_indices(d, out->rank, out->dims);
    index = define_index_exprs(d, vars, out->rank);
    Expr *inside = ex_int_of(p, DT_BOOL, 1), *zero = ex_const(p, x->dtype, 0);
    for (int i = 2; i < out->rank; i++)
        inside = ex_and(p, inside, ex_within(p, index[i], 0, dims[i]));
    number = ex_load(p, last, index);
    memcpy(at, index, 2 * sizeof *at);
    define_unflatten(p, number, spatial, x->dims + 2, at + 2);
    Expr *value = ex_select(p, ex_lt(p, number, ex_int(p, 0)), zero, ex_load(p, x, at));
    define_tensor(d, out, vars, ex_select(p, inside, value, zero));
}

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T1"),
                              SLOT("I", TYPE(DT_I64), "T2"),
                              SLOT("output_shape", TYPE(DT_I64), "T2", .optional = true),
                              {0}};
static const Slot outputs[] = {SLOT("output", TYPES_FLOAT, "T1"), {0}};
static const AttrSpec attrs[] = {
    ATTR("kernel_shape", INTS, .required = true), ATTR("pads", INTS), ATTR("strides", INTS), {0}};

const Op ops_unpool[] = {
    {.name = "MaxUnpool",
     .doc =
         "Pooled values back at the positions that MaxPool's indices name, in an image of zeros.",
     .versions = (const int[]){9, 11, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = unpool_infer,
     .define = unpool_define,
     .examples = (const char *const[]){"MaxUnpool(x: f32[1, 1, 2, 2], i64[1, 1, 2, 2] [5, 7, 13, "
                                       "15], kernel_shape: [2, 2], strides: [2, 2])",
                                       0}},
    {0}};
