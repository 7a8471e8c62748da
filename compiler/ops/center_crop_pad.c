/* CenterCropPad: some axes cropped or padded with zeros to given extents, around their centres. */
#include "op.h"

/* What is added to an output index to get the input's, and the output's shape. */
static bool read_shift(Infer *in, int64_t *shift, int64_t *dims)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int axis_count;
    int64_t count;
    const int64_t *axes = attr_ints(n, "axes", &axis_count),
                  *shape = infer_const_ints(in, 1, &count);
    if (!shape) return false;
    if (!axes || !axis_count) axes = NULL, axis_count = x->rank;
    if (count != axis_count)
        return infer_error(in, "E0201", "%lld extents for %d axes", (long long)count, axis_count);
    for (int i = 0; i < x->rank; i++) dims[i] = x->dims[i], shift[i] = 0;
    for (int i = 0; i < axis_count; i++) {
        int axis;
        if (!infer_axis(in, "axis", axes ? axes[i] : i, x->rank, &axis)) return false;
        if (shape[i] < 0)
            return infer_error(in, "E0205", "axis %d cannot have extent %lld", axis,
                               (long long)shape[i]);
        dims[axis] = shape[i];
        int64_t less = x->dims[axis] - shape[i];
        shift[axis] = less < 0 ? -(-less / 2) : less / 2;
    }
    return true;
}

static bool center_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t shift[MAX_RANK], dims[MAX_RANK];
    return read_shift(in, shift, dims) && infer_output(in, 0, x->dtype, x->rank, dims);
}

static void center_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Infer in = infer_again(d);
    int64_t shift[MAX_RANK], dims[MAX_RANK];
    bool accepted = read_shift(&in, shift, dims);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *inside = ex_int_of(p, DT_BOOL, 1);
    for (int i = 0; i < out->rank; i++) {
        index[i] = ex_add(p, index[i], ex_int(p, shift[i]));
        inside = ex_and(p, inside, ex_within(p, index[i], 0, x->dims[i]));
    }
    define_tensor(d, out, vars,
                  ex_select(p, inside, ex_load(p, x, index), ex_const(p, x->dtype, 0)));
}

#define TYPES_MOVED (TYPES_NUMERIC | TYPE(DT_BOOL) | TYPE(DT_STRING))

static const Slot inputs[] = {
    SLOT("input_data", TYPES_MOVED, "T"), SLOT("shape", TYPES_INDEX, "Tind"), {0}};
static const Slot outputs[] = {SLOT("output_data", TYPES_MOVED, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("axes", INTS), {0}};

const Op ops_center_crop_pad[] = {
    {.name = "CenterCropPad",
     .doc = "Axes cropped, or padded with zeros, to given extents around their centres.",
     .versions = (const int[]){18, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = center_infer,
     .define = center_define,
     .examples = (const char *const[]){"CenterCropPad(x: f32[5, 4], i64[2] [3, 7])", 0}},
    {0}};
