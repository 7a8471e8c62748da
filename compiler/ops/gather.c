/*
 * Gather, GatherElements and GatherND: index maps with loaded indices. Negative indices count from
 * the end. Constant indices are checked here; those that arrive at run time are clamped, so that no
 * input can reach outside the data.
 */
#include "extents.h"
#include "gradient.h"
#include "indices.h"

/* indices[at...] into an extent. One constant index becomes a plain number; folding may have found
 * it after the check. */
static Expr *gathered(Definer *d, Tensor *indices, Expr *const *at, int64_t extent)
{
    if (tensor_is_const(indices) && tensor_elements(indices) == 1) {
        int64_t value = dtype_get_int(indices->dtype, indices->data, 0);
        return define_wrap(d->pool, ex_int(d->pool, value), extent);
    }
    return define_wrap(d->pool, ex_load(d->pool, indices, at), extent);
}

static bool not_empty(Infer *in, const Tensor *data, const Tensor *indices, int axis)
{
    if (data->dims[axis] > 0 || tensor_elements(indices) == 0) return true;
    return infer_error(in, "E0213", "dimension %d of '%s' is empty: nothing to gather from", axis,
                       data->name);
}

/* ---- Gather: data's dimension `axis` replaced by the dimensions of the indices ---- */

static bool gather_infer(Infer *in)
{
    const Tensor *data = in->node->inputs[0], *indices = in->node->inputs[1];
    int axis, rank = data->rank + indices->rank - 1;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), data->rank, &axis)) return false;
    if (rank > MAX_RANK)
        return infer_error(in, "E0203",
                           "the output would have %d dimensions; at most %d are possible", rank,
                           MAX_RANK);
    int64_t dims[MAX_RANK];
    memcpy(dims, data->dims, (size_t)axis * sizeof *dims);
    memcpy(dims + axis, indices->dims, (size_t)indices->rank * sizeof *dims);
    memcpy(dims + axis + indices->rank, data->dims + axis + 1,
           (size_t)(data->rank - axis - 1) * sizeof *dims);
    return not_empty(in, data, indices, axis) &&
           indices_check(in, indices, 0, 1, data->dims[axis]) &&
           infer_output(in, 0, data->dtype, rank, dims);
}

static bool gather_extents(Infer *in)
{
    Node *n = in->node;
    const Tensor *data = n->inputs[0];
    int axis;
    if (!infer_axis(in, "axis", attr_int(n, "axis"), data->rank, &axis)) return false;
    Tensor *along = extents_at(data, axis);
    if (along && !(n->inputs[1] = extents_wrap(in, n->inputs[1], along))) return false;
    if (!gather_infer(in)) return false;
    const Tensor *indices = n->inputs[1];
    for (int i = 0; i < axis; i++) extents_set(in, 0, i, extents_at(data, i));
    for (int i = 0; i < indices->rank; i++) extents_set(in, 0, axis + i, extents_at(indices, i));
    for (int i = axis + 1; i < data->rank; i++)
        extents_set(in, 0, i + indices->rank - 1, extents_at(data, i));
    return true;
}

static int axis_of(const Node *n) { return attr_axis(n, n->inputs[0]->rank); }

static void gather_define(Definer *d)
{
    Tensor *data = d->node->inputs[0], *indices = d->node->inputs[1], *out = d->node->outputs[0];
    int axis = axis_of(d->node);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK];
    for (int i = 0; i < data->rank; i++)
        at[i] = i < axis ? index[i] : i > axis ? index[i + indices->rank - 1] : NULL;
    at[axis] = gathered(d, indices, index + axis, data->dims[axis]);
    define_tensor(d, out, vars, ex_load(d->pool, data, at));
}

/* ---- GatherElements: an index of its own for every element of the output ---- */

static bool elements_infer(Infer *in)
{
    const Tensor *data = in->node->inputs[0], *indices = in->node->inputs[1];
    int axis;
    if (!infer_axis(in, "axis", attr_int(in->node, "axis"), data->rank, &axis)) return false;
    bool fits = indices->rank == data->rank;
    for (int i = 0; fits && i < data->rank; i++)
        fits = i == axis || indices->dims[i] <= data->dims[i];
    if (!fits)
        return infer_error(
            in, "E0201",
            "indices %s do not fit data %s: same rank, and no larger except along axis %d",
            tensor_type_text(in->graph->arena, indices), tensor_type_text(in->graph->arena, data),
            axis);
    return not_empty(in, data, indices, axis) &&
           indices_check(in, indices, 0, 1, data->dims[axis]) &&
           infer_output(in, 0, data->dtype, data->rank, indices->dims);
}

static void elements_define(Definer *d)
{
    Tensor *data = d->node->inputs[0], *indices = d->node->inputs[1], *out = d->node->outputs[0];
    int axis = axis_of(d->node);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    index[axis] = gathered(d, indices, index, data->dims[axis]);
    define_tensor(d, out, vars, ex_load(d->pool, data, index));
}

/* ---- GatherND: rows of the indices are positions in data's dimensions after the first batch_dims
 * ---- */

static bool nd_infer(Infer *in)
{
    const Tensor *data = in->node->inputs[0], *indices = in->node->inputs[1];
    Arena *arena = in->graph->arena;
    int64_t batch = attr_int(in->node, "batch_dims");
    if (data->rank < 1 || indices->rank < 1 || batch < 0 ||
        batch >= min64(data->rank, indices->rank))
        return infer_error(in, "E0203", "batch_dims %lld does not fit data %s and indices %s",
                           (long long)batch, tensor_type_text(arena, data),
                           tensor_type_text(arena, indices));
    int64_t depth = indices->dims[indices->rank - 1];
    if (depth < 1 || depth > data->rank - batch)
        return infer_error(in, "E0201", "rows of %lld indices do not fit data %s", (long long)depth,
                           tensor_type_text(arena, data));
    for (int i = 0; i < batch; i++)
        if (data->dims[i] != indices->dims[i])
            return infer_error(in, "E0201", "data %s and indices %s differ in batch dimension %d",
                               tensor_type_text(arena, data), tensor_type_text(arena, indices), i);
    int64_t dims[2 * MAX_RANK];
    int rank = indices->rank - 1, from = (int)(batch + depth);
    memcpy(dims, indices->dims, (size_t)rank * sizeof *dims);
    for (int i = from; i < data->rank; i++) dims[rank++] = data->dims[i];
    if (rank > MAX_RANK)
        return infer_error(in, "E0203",
                           "the output would have %d dimensions; at most %d are possible", rank,
                           MAX_RANK);
    for (int i = 0; i < depth; i++)
        if (!not_empty(in, data, indices, (int)batch + i) ||
            !indices_check(in, indices, i, depth, data->dims[batch + i]))
            return false;
    return infer_output(in, 0, data->dtype, rank, dims);
}

/* Rows of indices may vary, and what is behind the dimensions that they index. */
static bool nd_extents(Infer *in)
{
    const Tensor *data = in->node->inputs[0], *indices = in->node->inputs[1];
    if (!nd_infer(in)) return false;
    int rows = indices->rank - 1, depth = (int)indices->dims[rows];
    bool batched = attr_int(in->node, "batch_dims") != 0;
    if (extents_at(indices, rows) || (batched && tensor_varies(indices)))
        return extents_refuse(in, indices);
    for (int i = 0; i < data->rank; i++)
        if ((i < depth || batched) && extents_at(data, i)) return extents_refuse(in, data);
    for (int i = 0; i < rows; i++) extents_set(in, 0, i, extents_at(indices, i));
    for (int i = depth; i < data->rank && !batched; i++)
        extents_set(in, 0, rows + i - depth, extents_at(data, i));
    return true;
}

static void nd_define(Definer *d)
{
    Tensor *data = d->node->inputs[0], *indices = d->node->inputs[1], *out = d->node->outputs[0];
    int batch = (int)attr_int(d->node, "batch_dims"), depth = (int)indices->dims[indices->rank - 1];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *at[MAX_RANK], *row[MAX_RANK];
    memcpy(row, index, (size_t)(indices->rank - 1) * sizeof *row);
    memcpy(at, index, (size_t)batch * sizeof *at);
    for (int i = 0; i < depth; i++) {
        row[indices->rank - 1] = ex_int(d->pool, i);
        at[batch + i] = gathered(d, indices, row, data->dims[batch + i]);
    }
    for (int i = batch + depth; i < data->rank; i++)
        at[i] = index[indices->rank - 1 + i - batch - depth];
    define_tensor(d, out, vars, ex_load(d->pool, data, at));
}

/* Everything is added where it came from. */
static bool gather_gradient(Gradient *g)
{
    Tensor *x = g->node->inputs[0], *indices = g->node->inputs[1];
    int axis = axis_of(g->node);
    int64_t dims[MAX_RANK], along[MAX_RANK], count = tensor_elements(indices);
    for (int i = 0; i < x->rank; i++) dims[i] = x->dims[i], along[i] = 1;
    dims[axis] = along[axis] = count;
    Tensor *at = expand_reshape(g->in, indices, x->rank, along);
    Node *n = expand_node(g->in, "ScatterElements", 3);
    n->inputs[0] = gradient_zeros(g, x);
    n->inputs[1] = gradient_2(g, "Expand", at, expand_ints(g->in, 1, x->rank, dims));
    n->inputs[2] = expand_reshape(g->in, g->dy[0], x->rank, dims);
    static const char add[] = "add";
    node_add_attr(g->in->graph, n, "reduction", ATTR_STRING)->s = (String){add, strlen(add)};
    return (g->dx[0] = expand_done(g->in, gradient_int(g, n, "axis", axis))) != NULL;
}

static const Slot inputs[] = {
    SLOT("data", TYPES_ALL, "T"), SLOT("indices", TYPES_INDEX, "Tind"), {0}};
static const Slot nd_inputs[] = {
    SLOT("data", TYPES_ALL, "T"), SLOT("indices", TYPE(DT_I64), NULL), {0}};
static const Slot outputs[] = {SLOT("output", TYPES_ALL, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("axis", INT), {0}};
static const AttrSpec nd_attrs[] = {ATTR("batch_dims", INT, .since = 12), {0}};

const Op ops_gather[] = {
    {.name = "Gather",
     .doc = "Slices of data along `axis`, picked by index.",
     .versions = (const int[]){1, 11, 13, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = gather_infer,
     .extents = gather_extents,
     .define = gather_define,
     .gradient = gather_gradient,
     .examples = (const char *const[]){"Gather(x: f32[5, 3], i: i64[2])",
                                       "Gather(x: f32[5, 3], i64[2, 2] [[0, 4], [-1, 2]])",
                                       "Gather(x: f32[2, 5, 3], i64[2] [3, 1], axis: 1)", 0}},
    {.name = "GatherElements",
     .doc = "Elements of data, each picked along `axis` by an index of its own.",
     .versions = (const int[]){11, 13, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = elements_infer,
     .define = elements_define,
     .examples =
         (const char *const[]){"GatherElements(x: f32[2, 2], i64[2, 2] [[0, 0], [1, -2]], axis: 1)",
                               0}},
    {.name = "GatherND",
     .doc = "Elements or slices of data, each picked by a row of indices.",
     .versions = (const int[]){11, 12, 13, 0},
     .inputs = nd_inputs,
     .outputs = outputs,
     .attrs = nd_attrs,
     .infer = nd_infer,
     .extents = nd_extents,
     .define = nd_define,
     .examples = (const char *const[]){"GatherND(x: f32[2, 2, 3], i64[2, 2] [[0, 1], [1, 0]])", 0}},
    {0}};
