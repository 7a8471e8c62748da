/*
 * MaxPool, AveragePool and LpPool: a reduction over each window of every channel. MaxPool's second
 * output is where in the input the maximum lies. AveragePool divides by the number of elements it
 * counts, which is constant unless windows reach into padding that does not count, or past its end
 * in ceil_mode.
 */
#include "gradient_window.h"
#include "window.h"

static bool pool_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Window w;
    if (!window_infer(in, x, NULL, &w)) return false;
    int64_t dims[MAX_RANK] = {x->dims[0], x->dims[1]};
    for (int i = 0; i < w.rank; i++) dims[2 + i] = w.dim[i].out;
    return infer_output(in, 0, x->dtype, x->rank, dims) &&
           (in->node->output_count < 2 || infer_output(in, 1, DT_I64, x->rank, dims));
}

/* What the definitions of all poolings start from. */
typedef struct Pooling {
    Tensor *x;
    Window window;
    Var **vars, **k;
    Expr **index, *position[MAX_RANK];
} Pooling;

static Pooling pooling(Definer *d)
{
    Tensor *x = d->node->inputs[0],
           *out = d->node->outputs[0] ? d->node->outputs[0] : d->node->outputs[1];
    Pooling s = {
        .x = x, .window = window_of(d, x, NULL), .vars = define_indices(d, out->rank, out->dims)};
    s.index = define_index_exprs(d, s.vars, out->rank);
    s.k = window_vars(d, &s.window);
    window_positions(d->pool, &s.window, s.index + 2, s.k, s.position);
    return s;
}

static Expr *pooled_value(Definer *d, const Pooling *s, Expr *outside)
{
    return window_load(d, &s->window, s->x, s->index[0], s->index[1], s->position, outside);
}

/* ---- MaxPool ---- */

/* The first position, in row-major order of the whole input, that holds the window's maximum; a NaN
 * is found where it is. */
static Expr *first_maximum(Definer *d, const Pooling *s, Tensor *maximum)
{
    Pool *p = d->pool;
    Expr *at[MAX_RANK] = {s->index[0], s->index[1]};
    memcpy(at + 2, s->position, (size_t)s->window.rank * sizeof *at);
    Expr *x = define_load(d, s->x, at), *found = ex_eq(p, x, define_load(d, maximum, s->index));
    if (dtype_is_float(x->dtype)) found = ex_or(p, found, ex_unary(p, UN_ISNAN, x));
    /* Two selects, not one conjunction: the load must not be reached from the padding. */
    Expr *none = ex_int(p, INT64_MAX), *flat = define_flatten(p, s->x->rank, s->x->dims, at);
    Expr *candidate = ex_select(p, window_inside(p, &s->window, s->position),
                                ex_select(p, found, flat, none), none);
    return ex_reduce(p, RE_MIN, s->k, s->window.rank, candidate);
}

/* A row-major position as ONNX numbers it with storage_order 1: planes in order, the first spatial
 * dimension fastest. */
static Expr *column_major(Pool *p, const Tensor *x, Expr *flat)
{
    int rank = x->rank - 2;
    int64_t plane = 1;
    for (int i = 0; i < rank; i++) plane *= x->dims[2 + i];
    Expr *size = ex_int(p, plane), *at[MAX_RANK], *within = ex_int(p, 0);
    define_unflatten(p, ex_floormod(p, flat, size), rank, x->dims + 2, at);
    for (int i = rank - 1; i >= 0; i--)
        within = ex_add(p, ex_mul(p, within, ex_int(p, x->dims[2 + i])), at[i]);
    return ex_add(p, ex_mul(p, ex_floordiv(p, flat, size), size), within);
}

static void max_define(Definer *d)
{
    Tensor *out = node_output(d->node, 0), *indices = node_output(d->node, 1);
    Pooling s = pooling(d);
    Dtype wide = define_wide(s.x->dtype);
    if (!out) out = define_temporary(d, "max", s.x->dtype, indices->rank, indices->dims);
    Expr *value = pooled_value(d, &s, ex_identity(d->pool, RE_MAX, wide));
    define_rounded(d, out, s.vars, ex_reduce(d->pool, RE_MAX, s.k, s.window.rank, value));
    if (!indices) return;
    Expr *first = first_maximum(d, &s, out);
    if (attr_int(d->node, "storage_order")) {
        Tensor *rows = define_temporary(d, "row_major", DT_I64, out->rank, out->dims);
        define_tensor(d, rows, s.vars, first);
        first = column_major(d->pool, s.x, ex_load(d->pool, rows, s.index));
    }
    define_tensor(d, indices, s.vars, first);
}

/* ---- AveragePool ---- */

/* How many of the kernel's indices k put o * stride + k * dilation - before in lo..hi-1; NULL when
 * that is all of them for every output o. */
static Expr *counted(Pool *p, const WindowDim *d, Expr *o, int64_t lo, int64_t hi)
{
    if (-d->before >= lo && (d->out - 1) * d->stride + window_span(d) - d->before <= hi)
        return NULL;
    Expr *start = ex_add(p, ex_mul(p, o, ex_int(p, d->stride)), ex_int(p, -d->before)),
         *step = ex_int(p, d->dilation);
    Expr *below = ex_add(p, ex_int(p, lo + d->dilation - 1), ex_unary(p, UN_NEG, start));
    Expr *end = ex_add(p, ex_int(p, hi + d->dilation - 1), ex_unary(p, UN_NEG, start));
    Expr *first = ex_max(p, ex_floordiv(p, below, step), ex_int(p, 0));
    Expr *past = ex_min(p, ex_floordiv(p, end, step), ex_int(p, d->kernel));
    return ex_add(p, past, ex_unary(p, UN_NEG, first));
}

static void average_define(Definer *d)
{
    Pool *p = d->pool;
    Pooling s = pooling(d);
    const Node *n = d->node;
    bool padding_counts =
        op_attr(n->op, n->version, "count_include_pad") && attr_int(n, "count_include_pad");
    Dtype wide = define_wide(s.x->dtype);
    int64_t fixed = 1;
    Expr *varying = ex_int(p, 1);
    for (int i = 0; i < s.window.rank; i++) {
        const WindowDim *w = &s.window.dim[i];
        Expr *count = padding_counts ? counted(p, w, s.index[2 + i], -w->before, w->in + w->after)
                                     : counted(p, w, s.index[2 + i], 0, w->in);
        if (count)
            varying = ex_mul(p, varying, count);
        else
            fixed *= w->kernel;
    }
    Expr *count = ex_cast(p, wide, ex_mul(p, varying, ex_int(p, fixed)));
    Expr *sum = ex_reduce(p, RE_SUM, s.k, s.window.rank, pooled_value(d, &s, ex_const(p, wide, 0)));
    define_rounded(d, n->outputs[0], s.vars, ex_div(p, sum, count));
}

/* ---- LpPool ---- */

static bool lp_infer(Infer *in)
{
    if (in->node->version < 2 ? attr_float(in->node, "p") > 0 : attr_int(in->node, "p") > 0)
        return pool_infer(in);
    return infer_error(in, "E0306", "p of an Lp norm must be positive");
}

static void lp_define(Definer *d)
{
    Pooling s = pooling(d);
    double p = d->node->version < 2 ? attr_float(d->node, "p") : (double)attr_int(d->node, "p");
    Expr *x = pooled_value(d, &s, ex_const(d->pool, define_wide(s.x->dtype), 0));
    define_rounded(d, d->node->outputs[0], s.vars, define_norm(d->pool, x, p, s.k, s.window.rank));
}

#define TYPES_MAX (TYPES_FLOAT | TYPE(DT_I8) | TYPE(DT_U8))

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T"), {0}},
                  max_inputs[] = {SLOT("X", TYPES_MAX, "T"), {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const Slot max_outputs[] = {SLOT("Y", TYPES_MAX, "T"),
                                   SLOT("Indices", TYPE(DT_I64), "I", .optional = true, .since = 8),
                                   {0}};
static const AttrSpec max_attrs[] = {ATTR("auto_pad", STRING, .s = "NOTSET"),
                                     ATTR("ceil_mode", INT, .since = 10),
                                     ATTR("dilations", INTS, .since = 10),
                                     ATTR("kernel_shape", INTS, .required = true),
                                     ATTR("pads", INTS),
                                     ATTR("storage_order", INT, .since = 8),
                                     ATTR("strides", INTS),
                                     {0}};
static const AttrSpec average_attrs[] = {ATTR("auto_pad", STRING, .s = "NOTSET"),
                                         ATTR("ceil_mode", INT, .since = 10),
                                         ATTR("count_include_pad", INT, .since = 7),
                                         ATTR("dilations", INTS, .since = 19),
                                         ATTR("kernel_shape", INTS, .required = true),
                                         ATTR("pads", INTS),
                                         ATTR("strides", INTS),
                                         {0}};
static const AttrSpec lp_attrs[] = {ATTR("auto_pad", STRING, .s = "NOTSET"),
                                    ATTR("ceil_mode", INT, .since = 18),
                                    ATTR("dilations", INTS, .since = 18),
                                    ATTR("kernel_shape", INTS, .until = 1),
                                    ATTR("kernel_shape", INTS, .required = true, .since = 2),
                                    ATTR("p", FLOAT, .f = 2, .until = 1),
                                    ATTR("p", INT, .i = 2, .since = 2),
                                    ATTR("pads", INTS),
                                    ATTR("strides", INTS),
                                    {0}};

/* ---- gradients ---- */

static Tensor *ones(Gradient *g, const Tensor *like, int64_t batch, int64_t channels,
                    const Window *w, bool kernel)
{
    int64_t dims[MAX_RANK] = {batch, channels};
    for (int i = 0; i < w->rank; i++) dims[i + 2] = kernel ? w->dim[i].kernel : w->dim[i].in;
    return gradient_2(g, "Expand", expand_number(g->in, like->dtype, 1),
                      expand_ints(g->in, 1, w->rank + 2, dims));
}

/* Every element of a window gets its part of the window's derivative. */
static bool average_gradient(Gradient *g)
{
    const Tensor *x = g->node->inputs[0];
    Window w;
    Tensor *part = g->dy[0];
    if (!gradient_window_of(g, NULL, &w)) return false;
    if (op_attr(g->node->op, g->node->version, "count_include_pad") &&
        attr_int(g->node, "count_include_pad")) {
        part = gradient_scaled(g, part, 1 / (double)window_volume(&w));
    } else {
        Tensor *count = gradient_window_node(g, "Conv", ones(g, x, 1, 1, &w, false),
                                             ones(g, x, 1, 1, &w, true), &w, 1, false);
        part = gradient_2(g, "Div", part, count);
    }
    Tensor *kernel = ones(g, x, x->dims[1], 1, &w, true);
    return part && kernel &&
           (g->dx[0] = gradient_window_back(g, part, kernel, &w, x->dims[1])) != NULL;
}

/* The positions of the maxima, by the same pool with that output. */
static Tensor *max_positions(Gradient *g)
{
    Graph *graph = g->in->graph;
    Node *n = expand_node(g->in, "MaxPool", 1);
    n->inputs[0] = g->node->inputs[0];
    n->version = (int)max64(g->node->version, 8); /* has had the output since */
    n->attrs = g->node->attrs;
    n->attr_count = g->node->attr_count;
    n->outputs = NEW_ARRAY(graph->arena, Tensor *, 2);
    n->output_count = 2;
    for (int i = 0; i < 2; i++) {
        const char *name =
            graph_unique_name(graph, arena_format(graph->arena, "%s.maxima", n->name));
        node_set_output(n, i, graph_add_tensor(graph, TENSOR_VALUE, name, DT_NONE, -1, NULL));
    }
    return infer_append(graph, n, g->in->diags) ? expand_resolve(n->outputs[1]) : NULL;
}

static bool max_gradient(Gradient *g)
{
    Tensor *x = g->node->inputs[0], *dy = g->dy[0];
    int64_t all = tensor_elements(x), count = tensor_elements(dy);
    if (op_attr(g->node->op, g->node->version, "storage_order") &&
        attr_int(g->node, "storage_order"))
        return gradient_refuse(g, "its storage_order is by columns");
    Tensor *at = max_positions(g), *zero = gradient_zeros(g, x);
    if (!at || !zero) return false;
    Node *n = expand_node(g->in, "ScatterElements", 3);
    n->inputs[0] = expand_reshape(g->in, zero, 1, &all);
    n->inputs[1] = expand_reshape(g->in, at, 1, &count);
    n->inputs[2] = expand_reshape(g->in, dy, 1, &count);
    static const char add[] = "add";
    node_add_attr(g->in->graph, n, "reduction", ATTR_STRING)->s = (String){add, strlen(add)};
    return (g->dx[0] = gradient_reshape(g, expand_done(g->in, n), x)) != NULL;
}

const Op ops_pool[] = {
    {.name = "MaxPool",
     .doc = "The maximum of each window of every channel, and on demand where it is; padding never "
            "wins.",
     .versions = (const int[]){1, 8, 10, 11, 12, 22, 0},
     .inputs = max_inputs,
     .outputs = max_outputs,
     .attrs = max_attrs,
     .infer = pool_infer,
     .define = max_define,
     .gradient = max_gradient,
     .examples =
         (const char *const[]){"MaxPool(x: f32[1, 2, 6, 6], kernel_shape: [2, 2], strides: [2, 2])",
                               "MaxPool(x: f32[1, 2, 7, 7], kernel_shape: [3, 3], strides: [2, 2], "
                               "pads: [1, 1, 1, 1], ceil_mode: 1)",
                               0}},
    {.name = "AveragePool",
     .doc = "The mean of each window of every channel, without the padding unless "
            "count_include_pad is set.",
     .versions = (const int[]){1, 7, 10, 11, 19, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = average_attrs,
     .infer = pool_infer,
     .define = average_define,
     .gradient = average_gradient,
     .examples =
         (const char *const[]){
             "AveragePool(x: f32[1, 2, 6, 6], kernel_shape: [2, 2], strides: [2, 2])",
             "AveragePool(x: f32[1, 2, 5, 5], kernel_shape: [3, 3], pads: [1, 1, 1, 1])", 0}},
    {.name = "LpPool",
     .doc = "The Lp norm of each window of every channel.",
     .versions = (const int[]){1, 2, 11, 18, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = lp_attrs,
     .infer = lp_infer,
     .define = lp_define,
     .examples =
         (const char *const[]){"LpPool(x: f32[1, 2, 6, 6], kernel_shape: [3, 3], p: 2)", 0}},
    {0}};
