/*
 * LRN: local response normalisation across channels, as AlexNet used it. Each element is divided by
 * a power of the sum of squares of its neighbours in a window of channels.
 */
#include "op.h"

static bool lrn_infer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    int64_t size = attr_int(in->node, "size");
    if (x->rank < 2)
        return infer_error(in, "E0203", "the input is %s; it needs a batch and a channel dimension",
                           tensor_type_text(in->graph->arena, x));
    if (size < 1 || size > INT32_MAX)
        return infer_error(in, "E0306", "size is %lld; it must be between 1 and %d",
                           (long long)size, INT32_MAX);
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* x / (bias + alpha / size * sum of squares)^beta over channels c - floor((size - 1) / 2) .. c +
 * ceil((size - 1) / 2). */
static void lrn_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = n->outputs[0];
    Pool *p = d->pool;
    int64_t size = attr_int(n, "size");
    Dtype wide = define_wide(x->dtype);
    Var **vars = define_indices(d, x->rank, x->dims), *k = define_var(d, "k", size);
    Expr **index = define_index_exprs(d, vars, x->rank), *at[MAX_RANK];
    memcpy(at, index, (size_t)x->rank * sizeof *at);
    at[1] = ex_add(p, ex_add(p, index[1], ex_var(p, k)), ex_int(p, -((size - 1) / 2)));
    Expr *near = define_load(d, x, at), *zero = ex_const(p, wide, 0);
    near = ex_select(p, ex_within(p, at[1], 0, x->dims[1]), ex_mul(p, near, near), zero);
    Expr *sum = ex_reduce(p, RE_SUM, &k, 1, near);
    Expr *scale = ex_mul(p, ex_const(p, wide, attr_float(n, "alpha") / (double)size), sum);
    Expr *base = ex_add(p, ex_const(p, wide, attr_float(n, "bias")), scale);
    Expr *power = ex_binary(p, BI_POW, base, ex_const(p, wide, attr_float(n, "beta")));
    define_rounded(d, out, vars, ex_div(p, define_load(d, x, index), power));
}

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T"), {0}},
                  outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("alpha", FLOAT, .f = 0.0001f),
                                 ATTR("beta", FLOAT, .f = 0.75f),
                                 ATTR("bias", FLOAT, .f = 1),
                                 ATTR("size", INT, .required = true),
                                 {0}};

const Op ops_lrn[] = {{.name = "LRN",
                       .doc = "Local response normalisation: x / (bias + alpha / size * sum of "
                              "squares over nearby channels)^beta.",
                       .versions = (const int[]){1, 13, 0},
                       .inputs = inputs,
                       .outputs = outputs,
                       .attrs = attrs,
                       .infer = lrn_infer,
                       .define = lrn_define,
                       .examples = (const char *const[]){"LRN(x: f32[1, 6, 3, 3], size: 5)", 0}},
                      {0}};
