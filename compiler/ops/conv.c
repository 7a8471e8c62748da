/*
 * Conv and ConvTranspose: convolution over any number of spatial dimensions, and its transpose in
 * the gathering form, in which every output element sums the inputs that reach it.
 */
#include "convolution.h"
#include "gradient_window.h"

/* ---- Conv ---- */

static bool conv_infer(Infer *in)
{
    const Node *n = in->node;
    Convolution c;
    return convolution_infer(in, n->inputs[0], n->inputs[1], node_input(n, 2), &c) &&
           convolution_output(in, &c, n->inputs[0]->dtype);
}

static Expr *add_bias(Definer *d, Expr *sum, Tensor *bias, Expr *channel)
{
    return bias ? ex_add(d->pool, sum, define_load(d, bias, &channel)) : sum;
}

static void conv_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *out = n->outputs[0];
    Convolution c = convolution_of(d, n->inputs[0], n->inputs[1]);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Expr *sum = convolution_sum(d, &c, index, NULL);
    define_rounded(d, out, vars, add_bias(d, sum, node_input(n, 2), index[1]));
}

static int64_t conv_macs(const Node *n) { return convolution_macs(n->outputs[0], n->inputs[1]); }

/* ---- ConvTranspose: weights w[ic, oc / group, kernel...] ---- */

/* ONNX: out = stride * (in - 1) + output_padding + span - pads; or the other way about, pads from
 * output_shape. The odd element of padding is at the end for SAME_UPPER, else at the start. */
static void pad_for_output(WindowDim *d, int64_t extra, AutoPad pad)
{
    int64_t total = max64(d->stride * (d->in - 1) + extra + window_span(d) - d->out, 0);
    d->before = pad == PAD_SAME_UPPER ? total / 2 : total - total / 2;
    d->after = total - d->before;
}

/* output_padding and output_shape into lists of `rank`; *shape is NULL when it is absent. */
static bool read_output_attrs(Infer *in, int rank, const int64_t **extra, const int64_t **shape)
{
    int extra_count, shape_count;
    *extra = attr_ints(in->node, "output_padding", &extra_count);
    *shape = attr_ints(in->node, "output_shape", &shape_count);
    if (!extra_count) *extra = NULL;
    if (!shape_count) *shape = NULL;
    if (*shape && shape_count == rank + 2)
        *shape += 2, shape_count = rank; /* with batch and channels, as some write */
    if ((*extra && extra_count != rank) || (*shape && shape_count != rank))
        return infer_error(in, "E0306", "%s needs a value for each of %d spatial dimensions",
                           *shape && shape_count != rank ? "output_shape" : "output_padding", rank);
    for (int i = 0; i < rank; i++)
        if ((*extra && ((*extra)[i] < 0 || (*extra)[i] > INT32_MAX)) ||
            (*shape && ((*shape)[i] < 1 || (*shape)[i] > INT32_MAX)))
            return infer_error(
                in, "E0306",
                "output_padding or output_shape is out of range in spatial dimension %d", i);
    return true;
}

static bool transposed_window(Infer *in, Window *w)
{
    const Tensor *x = in->node->inputs[0], *weights = in->node->inputs[1];
    AutoPad pad;
    const int64_t *extra, *shape;
    if (!window_attrs(in, x, weights->dims + 2, w) || !window_auto_pad(in, &pad) ||
        !read_output_attrs(in, w->rank, &extra, &shape))
        return false;
    for (int i = 0; i < w->rank; i++) {
        WindowDim *d = &w->dim[i];
        int64_t more = extra ? extra[i] : 0;
        if (pad != PAD_EXPLICIT) d->before = d->after = 0;
        d->out = shape ? shape[i] : d->in * d->stride;
        if (shape || pad == PAD_SAME_UPPER || pad == PAD_SAME_LOWER)
            pad_for_output(d, more, pad);
        else
            d->out = d->stride * (d->in - 1) + more + window_span(d) - d->before - d->after;
        if (d->out < 1) {
            infer_error(in, "E0209", "padding leaves nothing of the output in spatial dimension %d",
                        i);
            diag_note(infer_last_error(in),
                      "stride %lld * (input %lld - 1) + kernel span %lld + output padding %lld - "
                      "padding %lld - %lld = %lld",
                      (long long)d->stride, (long long)d->in, (long long)window_span(d),
                      (long long)more, (long long)d->before, (long long)d->after,
                      (long long)d->out);
            return false;
        }
    }
    return true;
}

static bool transposed_channels(Infer *in, int64_t *group)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *w = n->inputs[1], *bias = node_input(n, 2);
    Arena *arena = in->graph->arena;
    int64_t oc;
    *group = attr_int(n, "group");
    if (x->rank < 3 || w->rank != x->rank)
        return infer_error(
            in, "E0203",
            "input %s and weights %s need a batch, channels and the same spatial dimensions",
            tensor_type_text(arena, x), tensor_type_text(arena, w));
    if (*group < 1 || x->dims[1] % *group)
        return infer_error(in, "E0210", "%lld input channels cannot be divided into %lld groups",
                           (long long)x->dims[1], (long long)*group);
    if (x->dims[1] != w->dims[0])
        return infer_error(
            in, "E0210", "the input has %lld channels, but the weights '%s' are for %lld: %s",
            (long long)x->dims[1], w->name, (long long)w->dims[0], tensor_type_text(arena, w));
    if (!checked_mul(w->dims[1], *group, &oc))
        return infer_error(in, "E0306", "group %lld is too large", (long long)*group);
    if (bias && (bias->rank != 1 || bias->dims[0] != oc))
        return infer_error(
            in, "E0201",
            "the bias '%s' is %s; one value for each of %lld output channels is wanted", bias->name,
            tensor_type_text(arena, bias), (long long)oc);
    return true;
}

static bool transposed_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int64_t group;
    Window w;
    if (!transposed_channels(in, &group) || !transposed_window(in, &w)) return false;
    int64_t dims[MAX_RANK] = {x->dims[0], n->inputs[1]->dims[1] * group};
    for (int i = 0; i < w.rank; i++) dims[2 + i] = w.dim[i].out;
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

/* A single input element meets each weight for one output element: nothing to sum over. */
static bool is_spread(const WindowDim *d)
{
    return d->in == 1 && d->out == d->kernel && d->dilation == 1 && d->before == 0;
}

static void transposed_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *w = n->inputs[1], *out = n->outputs[0];
    Infer in = infer_again(d);
    Window window;
    bool accepted = transposed_window(&in, &window);
    assert(accepted);
    Pool *p = d->pool;
    int64_t group = attr_int(n, "group"), in_per_group = x->dims[1] / group,
            out_per_group = w->dims[1];
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Var *reduced[1 + MAX_RANK] = {define_var(d, "i", in_per_group)},
                     **kernel = window_vars(d, &window);
    int count = 1;
    Expr *ic = ex_var(p, reduced[0]), *oc = index[1];
    if (group > 1) {
        Expr *g = ex_floordiv(p, oc, ex_int(p, out_per_group));
        ic = ex_add(p, ex_mul(p, g, ex_int(p, in_per_group)), ic);
        oc = ex_floormod(p, oc, ex_int(p, out_per_group));
    }
    Expr *guard = ex_int_of(p, DT_BOOL, 1), *x_at[MAX_RANK] = {index[0], ic},
         *w_at[MAX_RANK] = {ic, oc};
    for (int i = 0; i < window.rank; i++) {
        x_at[2 + i] = ex_int(p, 0);
        w_at[2 + i] = index[2 + i];
        if (is_spread(&window.dim[i])) continue;
        x_at[2 + i] = window_reaching(p, &window.dim[i], index[2 + i], kernel[i], &guard);
        w_at[2 + i] = ex_var(p, kernel[i]);
        reduced[count++] = kernel[i];
    }
    Expr *load = define_load(d, x, x_at);
    load = ex_select(p, guard, load, ex_const(p, load->dtype, 0));
    Expr *sum = ex_reduce(p, RE_SUM, reduced, count, ex_mul(p, load, define_load(d, w, w_at)));
    define_rounded(d, out, vars, add_bias(d, sum, node_input(n, 2), index[1]));
}

/* Every input element meets every weight of its channel once. */
static int64_t transposed_macs(const Node *n)
{
    return convolution_macs(n->inputs[0], n->inputs[1]);
}

static const Slot conv_inputs[] = {SLOT("X", TYPES_FLOAT, "T"),
                                   SLOT("W", TYPES_FLOAT, "T"),
                                   SLOT("B", TYPES_FLOAT, "T", .optional = true),
                                   {0}};
static const Slot conv_outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec transposed_attrs[] = {ATTR("auto_pad", STRING, .s = "NOTSET"),
                                            ATTR("dilations", INTS),
                                            ATTR("group", INT, .i = 1),
                                            ATTR("kernel_shape", INTS),
                                            ATTR("output_padding", INTS),
                                            ATTR("output_shape", INTS),
                                            ATTR("pads", INTS),
                                            ATTR("strides", INTS),
                                            {0}};

/* ---- gradient ---- */

/* [n, groups * c, space...] as [c, groups * n, space...], or with `outer` [groups * c, n, ...]. */
static Tensor *turned(Gradient *g, Tensor *x, int64_t groups, bool outer)
{
    int64_t n = x->dims[0], c = x->dims[1] / groups, split[MAX_RANK + 1] = {n, groups, c},
            order[MAX_RANK + 1] = {outer ? 1 : 2, outer ? 2 : 1, 0}, joined[MAX_RANK];
    joined[0] = outer ? groups * c : c;
    joined[1] = outer ? n : groups * n;
    for (int i = 2; i < x->rank; i++) split[i + 1] = joined[i] = x->dims[i], order[i + 1] = i + 1;
    Tensor *t = expand_reshape(g->in, x, x->rank + 1, split);
    t = gradient_transpose(g, t, order);
    return t ? expand_reshape(g->in, t, x->rank, joined) : NULL;
}

/* The convolution of x by dy, batch and channels having changed places, as long as the kernel. */
static Tensor *conv_weights(Gradient *g, const Convolution *c)
{
    int rank = c->x->rank;
    int64_t order[MAX_RANK];
    Tensor *x = turned(g, c->x, c->group, false), *dy = turned(g, g->dy[0], c->group, true);
    Tensor *t = x && dy ? gradient_window_node(g, "Conv", x, dy, &c->window, c->group, true) : NULL;
    for (int i = 0; i < rank; i++) order[i] = i < 2 ? 1 - i : i;
    t = gradient_transpose(g, t, order);
    for (int i = 2; i < rank && t; i++) t = expand_take(g->in, t, i, 0, c->w->dims[i], false);
    return t;
}

static bool conv_gradient(Gradient *g)
{
    const Node *n = g->node;
    int64_t axes[MAX_RANK] = {0};
    Convolution c;
    Infer in = {g->in->graph, (Node *)n, g->in->diags};
    if (!convolution_infer(&in, n->inputs[0], n->inputs[1], node_input(n, 2), &c)) return false;
    if (c.x->rank == MAX_RANK) return gradient_refuse(g, "it has too many dimensions");
    if (g->wanted[0] && !(g->dx[0] = gradient_window_back(g, g->dy[0], c.w, &c.window, c.group)))
        return false;
    if (g->wanted[1] && !(g->dx[1] = conv_weights(g, &c))) return false;
    if (n->input_count < 3 || !g->wanted[2]) return true;
    for (int i = 2; i < c.x->rank; i++) axes[i - 1] = i;
    g->dx[2] = gradient_reshape(g, gradient_sum(g, g->dy[0], c.x->rank - 1, axes), n->inputs[2]);
    return g->dx[2] != NULL;
}

const Op ops_conv[] = {
    {.name = "Conv",
     .doc = "Convolution of x[n, ic, spatial...] with w[oc, ic / group, kernel...], plus a bias "
            "for each output channel.",
     .versions = (const int[]){1, 11, 22, 0},
     .inputs = conv_inputs,
     .outputs = conv_outputs,
     .attrs = convolution_attrs,
     .infer = conv_infer,
     .define = conv_define,
     .gradient = conv_gradient,
     .macs = conv_macs,
     .examples =
         (const char *const[]){
             "Conv(x: f32[1, 3, 8, 8], w: f32[4, 3, 3, 3], b: f32[4], pads: [1, 1, 1, 1])",
             "Conv(x: f32[1, 4, 9], w: f32[8, 2, 3], group: 2, strides: [2])", 0}},
    {.name = "ConvTranspose",
     .doc = "Transposed convolution (fractionally strided) of x[n, ic, spatial...] with w[ic, oc / "
            "group, kernel...].",
     .versions = (const int[]){1, 11, 22, 0},
     .inputs = conv_inputs,
     .outputs = conv_outputs,
     .attrs = transposed_attrs,
     .infer = transposed_infer,
     .define = transposed_define,
     .macs = transposed_macs,
     .examples = (const char *const[]){"ConvTranspose(x: f32[1, 3, 4, 4], w: f32[3, 2, 4, 4], "
                                       "strides: [2, 2], pads: [1, 1, 1, 1])",
                                       0}},
    {0}};
