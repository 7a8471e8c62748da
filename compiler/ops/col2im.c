/*
 * Col2Im: an image from the columns that windows over it left, summed where windows overlap. Each
 * element asks which windows cover it, as in a transposed convolution.
 */
#include "window.h"

#define LIMIT ((int64_t)1 << 31)

/* How many windows slide over dimension i of the image, after checking what it is made of. */
static bool count_windows(Infer *in, WindowDim *d, int i)
{
    const int64_t values[] = {d->out, d->kernel, d->stride, d->dilation, d->before, d->after};
    for (unsigned k = 0; k < COUNT(values); k++)
        if (values[k] < (k < 4) || values[k] >= LIMIT)
            return infer_error(
                in, "E0306",
                "image, block, strides, dilations or pads are out of range in dimension %d", i);
    int64_t room = d->out + d->before + d->after - window_span(d);
    if (room < 0)
        return infer_error(in, "E0209", "the block is larger than the padded image in dimension %d",
                           i);
    d->in = room / d->stride + 1;
    return true;
}

/* The geometry, as if the columns were windows sliding over the image: dim.in is the number of
 * windows, dim.out the image. */
static bool read_columns(Infer *in, Window *w, int64_t *windows)
{
    const Node *n = in->node;
    int64_t rank, block_rank;
    const int64_t *image = infer_const_ints(in, 1, &rank),
                  *block = image ? infer_const_ints(in, 2, &block_rank) : NULL;
    int strides_count, dilations_count, pads_count;
    const int64_t *strides = attr_ints(n, "strides", &strides_count),
                  *pads = attr_ints(n, "pads", &pads_count);
    const int64_t *dilations = attr_ints(n, "dilations", &dilations_count);
    if (!block) return false;
    if (rank < 1 || rank > MAX_RANK - 2 || block_rank != rank ||
        (strides_count && strides_count != rank) || (dilations_count && dilations_count != rank) ||
        (pads_count && pads_count != 2 * rank))
        return infer_error(
            in, "E0306",
            "image, block, strides, dilations and pads must be for the same 1 to %d dimensions",
            MAX_RANK - 2);
    w->rank = (int)rank;
    *windows = 1;
    for (int i = 0; i < rank; i++) {
        w->dim[i] = (WindowDim){.out = image[i],
                                .kernel = block[i],
                                .stride = strides_count ? strides[i] : 1,
                                .dilation = dilations_count ? dilations[i] : 1,
                                .before = pads_count ? pads[i] : 0,
                                .after = pads_count ? pads[rank + i] : 0};
        if (!count_windows(in, &w->dim[i], i)) return false;
        if (!checked_mul(*windows, w->dim[i].in, windows))
            return infer_error(in, "E0205", "the image is too large");
    }
    return true;
}

static bool col2im_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Window w;
    int64_t windows, extents[MAX_RANK], volume;
    if (!read_columns(in, &w, &windows)) return false;
    for (int i = 0; i < w.rank; i++) extents[i] = w.dim[i].kernel;
    if (!checked_elements(extents, w.rank, &volume))
        return infer_error(in, "E0205", "the block is too large");
    if (x->rank != 3 || x->dims[1] % volume || x->dims[2] != windows)
        return infer_error(
            in, "E0201", "the columns are %s; [batch, channels * %lld, %lld] is wanted",
            tensor_type_text(in->graph->arena, x), (long long)volume, (long long)windows);
    int64_t dims[MAX_RANK] = {x->dims[0], x->dims[1] / volume};
    for (int i = 0; i < w.rank; i++) dims[2 + i] = w.dim[i].out;
    return infer_output(in, 0, x->dtype, w.rank + 2, dims);
}

static void col2im_define(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = d->node->outputs[0];
    Pool *p = d->pool;
    Infer in = infer_again(d);
    Window w;
    int64_t windows;
    bool accepted = read_columns(&in, &w, &windows);
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims), **k = window_vars(d, &w);
    Expr **index = define_index_exprs(d, vars, out->rank), *guard = ex_int_of(p, DT_BOOL, 1);
    Expr *row = index[1], *column = ex_int(p, 0);
    for (int i = 0; i < w.rank; i++) {
        Expr *window = window_reaching(p, &w.dim[i], index[2 + i], k[i], &guard);
        row = ex_add(p, ex_mul(p, row, ex_int(p, w.dim[i].kernel)), ex_var(p, k[i]));
        column = ex_add(p, ex_mul(p, column, ex_int(p, w.dim[i].in)), window);
    }
    Expr *load = define_load(d, x, (Expr *[]){index[0], row, column});
    load = ex_select(p, guard, load, ex_const(p, load->dtype, 0));
    define_rounded(d, out, vars, ex_reduce(p, RE_SUM, k, w.rank, load));
}

static const Slot inputs[] = {SLOT("input", TYPES_NUMERIC, "T"),
                              SLOT("image_shape", TYPE(DT_I64), NULL),
                              SLOT("block_shape", TYPE(DT_I64), NULL),
                              {0}};
static const Slot outputs[] = {SLOT("output", TYPES_NUMERIC, "T"), {0}};
static const AttrSpec attrs[] = {
    ATTR("dilations", INTS), ATTR("pads", INTS), ATTR("strides", INTS), {0}};

const Op ops_col2im[] = {
    {.name = "Col2Im",
     .doc = "An image from the columns of sliding blocks, summed where blocks overlap.",
     .versions = (const int[]){18, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = col2im_infer,
     .define = col2im_define,
     .examples = (const char *const[]){"Col2Im(x: f32[1, 5, 5], i64[2] [5, 5], i64[2] [1, 5])", 0}},
    {0}};
