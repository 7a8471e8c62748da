/*
 * GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one value for each channel, reduced over all
 * spatial dimensions, which stay with extent 1.
 */
#include "gradient.h"
#include "op.h"

static bool global_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    if (x->rank < 2)
        return infer_error(in, "E0203", "the input is %s; it needs a batch and a channel dimension",
                           tensor_type_text(in->graph->arena, x));
    int64_t dims[MAX_RANK] = {x->dims[0], x->dims[1]};
    for (int i = 2; i < x->rank; i++) {
        dims[i] = 1;
        if (x->dims[i] == 0)
            return infer_error(in, "E0205",
                               "spatial dimension %d of '%s' is empty: nothing to pool", i - 2,
                               x->name);
    }
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

/* x with reduction variables for its spatial dimensions; *elements is how many each channel has. */
static Expr *channel_value(Definer *d, Var *const *vars, Var **reduced, int64_t *elements)
{
    Tensor *x = d->node->inputs[0];
    Var **spatial = define_indices(d, x->rank, x->dims);
    Expr *at[MAX_RANK] = {ex_var(d->pool, vars[0]), ex_var(d->pool, vars[1])};
    *elements = 1;
    for (int i = 2; i < x->rank; i++) {
        reduced[i - 2] = spatial[i];
        at[i] = ex_var(d->pool, spatial[i]);
        *elements *= x->dims[i];
    }
    return define_load(d, x, at);
}

static void define_global(Definer *d, Expr *(*reduce)(Definer *d, Expr *x, Var **over, int count,
                                                      int64_t elements))
{
    Tensor *out = d->node->outputs[0];
    Var **vars = define_indices(d, out->rank, out->dims), *over[MAX_RANK];
    int64_t elements;
    Expr *x = channel_value(d, vars, over, &elements);
    define_rounded(d, out, vars, reduce(d, x, over, out->rank - 2, elements));
}

static Expr *mean(Definer *d, Expr *x, Var **over, int count, int64_t elements)
{
    Expr *sum = ex_reduce(d->pool, RE_SUM, over, count, x);
    return ex_div(d->pool, sum, ex_const(d->pool, x->dtype, (double)elements));
}

static Expr *maximum(Definer *d, Expr *x, Var **over, int count, int64_t elements)
{
    (void)elements;
    return ex_reduce(d->pool, RE_MAX, over, count, x);
}

static Expr *norm(Definer *d, Expr *x, Var **over, int count, int64_t elements)
{
    (void)elements;
    double p = d->node->version < 2 ? attr_float(d->node, "p") : (double)attr_int(d->node, "p");
    return define_norm(d->pool, x, p, over, count);
}

static void average_define(Definer *d) { define_global(d, mean); }
static void max_define(Definer *d) { define_global(d, maximum); }
static void lp_define(Definer *d) { define_global(d, norm); }

static bool lp_infer(Infer *in)
{
    if (in->node->version < 2 ? attr_float(in->node, "p") > 0 : attr_int(in->node, "p") > 0)
        return global_infer(in);
    return infer_error(in, "E0306", "p of an Lp norm must be positive");
}

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T"), {0}},
                  outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec lp_attrs[] = {
    ATTR("p", FLOAT, .f = 2, .until = 1), ATTR("p", INT, .i = 2, .since = 2), {0}};

static bool average_gradient(Gradient *g)
{
    const Tensor *x = g->node->inputs[0];
    int64_t area = tensor_elements(x) / max64(1, x->dims[0] * x->dims[1]);
    Tensor *part = gradient_scaled(g, g->dy[0], 1 / (double)max64(area, 1));
    g->dx[0] = gradient_2(g, "Expand", part, expand_ints(g->in, 1, x->rank, x->dims));
    return g->dx[0] != NULL;
}

const Op ops_global_pool[] = {
    {.name = "GlobalAveragePool",
     .doc = "The mean of every channel.",
     .versions = (const int[]){1, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .infer = global_infer,
     .define = average_define,
     .gradient = average_gradient,
     .examples = (const char *const[]){"GlobalAveragePool(x: f32[2, 3, 4, 5])", 0}},
    {.name = "GlobalMaxPool",
     .doc = "The maximum of every channel.",
     .versions = (const int[]){1, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .infer = global_infer,
     .define = max_define,
     .examples = (const char *const[]){"GlobalMaxPool(x: f32[2, 3, 4, 5])", 0}},
    {.name = "GlobalLpPool",
     .doc = "The Lp norm of every channel.",
     .versions = (const int[]){1, 2, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = lp_attrs,
     .infer = lp_infer,
     .define = lp_define,
     .examples = (const char *const[]){"GlobalLpPool(x: f32[2, 3, 4, 5], p: 2)", 0}},
    {0}};
