/*
 * CausalConvWithState: a depthwise convolution over a sequence in which an element sees only what
 * is before it. What lies before the first element is the state, the end of the sequence so far: it
 * comes as an input (zeros when it is absent) and its successor is the second output.
 */
#include "row.h"

enum { X, W, BIAS, PAST };
enum { Y, PRESENT };

static bool has_shape(const Tensor *t, int rank, const int64_t *dims)
{
    return !t || (t->rank == rank && memcmp(t->dims, dims, (size_t)rank * sizeof *dims) == 0);
}

static bool infer_causal_conv(Infer *in)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    const Tensor *x = n->inputs[X], *w = n->inputs[W], *bias = node_input(n, BIAS),
                 *past = node_input(n, PAST);
    const char *activation = attr_text(n, "activation");
    if (x->rank != 3 || w->rank != 3 || w->dims[0] != x->dims[1] || w->dims[1] != 1 ||
        w->dims[2] < 1)
        return infer_error(in, "E0201",
                           "the input is %s and the weight %s; [batch, channel, position] and "
                           "[channel, 1, width] are wanted",
                           tensor_type_text(arena, x), tensor_type_text(arena, w));
    const int64_t state[] = {x->dims[0], x->dims[1], w->dims[2] - 1};
    if (!has_shape(bias, 1, &w->dims[0]) || !has_shape(past, 3, state))
        return infer_error(in, "E0201", "'%s' is %s; %s is wanted",
                           has_shape(bias, 1, &w->dims[0]) ? past->name : bias->name,
                           tensor_type_text(arena, has_shape(bias, 1, &w->dims[0]) ? past : bias),
                           has_shape(bias, 1, &w->dims[0]) ? dims_text(arena, state, 3)
                                                           : dims_text(arena, w->dims, 1));
    if (strcmp(activation, "none") && strcmp(activation, "silu") && strcmp(activation, "swish"))
        return infer_error(in, "E0306", "activation is '%s'; it must be none, silu or swish",
                           activation);
    return infer_output(in, Y, x->dtype, 3, x->dims) &&
           infer_output(in, PRESENT, x->dtype, 3, state);
}

/* The sequence with the state before it, at a position counted from the state's start. */
static Expr *extended(Definer *d, int64_t before, Expr *const *index, Expr *position)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[X], *past = node_input(d->node, PAST);
    Expr *fresh =
        ex_load(p, x, (Expr *[]){index[0], index[1], ex_sub(p, position, ex_int(p, before))});
    Expr *old = past ? ex_load(p, past, (Expr *[]){index[0], index[1], position})
                     : ex_const(p, x->dtype, 0);
    return ex_select(p, ex_le(p, ex_int(p, before), position), fresh, old);
}

/* With a state from outside the extended sequence is written out, so that the convolution reads one
 * tensor; else the state is the convolution's padding. */
static Tensor *define_extended(Definer *d, int64_t before)
{
    const Tensor *x = d->node->inputs[X];
    if (!node_input(d->node, PAST)) return NULL;
    const int64_t dims[] = {x->dims[0], x->dims[1], x->dims[2] + before};
    Tensor *out = define_temporary(d, "extended", x->dtype, 3, dims);
    Var **vars = define_indices(d, 3, dims);
    Expr **index = define_index_exprs(d, vars, 3);
    define_tensor(d, out, vars, extended(d, before, index, index[2]));
    return out;
}

static void define_causal_conv(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[X], *w = n->inputs[W], *bias = node_input(n, BIAS);
    Tensor *y = node_output(n, Y), *present = node_output(n, PRESENT);
    int64_t before = w->dims[2] - 1;
    Tensor *sequence = y ? define_extended(d, before) : NULL;
    Dtype wide = define_wide(x->dtype);
    if (y) {
        Var **vars = define_indices(d, 3, y->dims), *k = define_var(d, "k", w->dims[2]);
        Expr **index = define_index_exprs(d, vars, 3), *tap = ex_var(p, k);
        Expr *position = ex_add(p, index[2], tap);
        Expr *at[] = {index[0], index[1], position};
        Expr *value = sequence ? ex_load(p, sequence, at) : extended(d, before, index, position);
        Expr *weight = define_load(d, w, (Expr *[]){index[1], ex_int(p, 0), tap});
        Expr *sum = ex_reduce(p, RE_SUM, &k, 1, ex_mul(p, ex_cast(p, wide, value), weight));
        if (bias) sum = ex_add(p, define_load(d, bias, &index[1]), sum);
        sum = ex_cast(p, wide, ex_cast(p, x->dtype, sum)); /* the convolution's own rounding */
        if (strcmp(attr_text(n, "activation"), "none"))
            sum = ex_mul(p, sum, ex_unary(p, UN_SIGMOID, sum));
        define_rounded(d, y, vars, sum);
    }
    if (!present) return;
    Var **vars = define_indices(d, 3, present->dims);
    Expr **index = define_index_exprs(d, vars, 3);
    Expr *position = ex_add(p, index[2], ex_int(p, x->dims[2]));
    define_tensor(d, present, vars, extended(d, before, index, position));
}

static int64_t causal_conv_macs(const Node *n)
{
    int64_t macs = tensor_elements(n->inputs[X]);
    return checked_mul(macs, n->inputs[W]->dims[2], &macs) ? macs : INT64_MAX;
}

#define CAUSAL_FLOATS (TYPE(DT_F32) | TYPE(DT_F16) | TYPE(DT_BF16))

const Op ops_causal_conv[] = {
    {.name = "CausalConvWithState",
     .doc = "A depthwise convolution of a sequence and its past, whose end it passes on.",
     VERSIONS(27),
     INPUTS(SLOT("input", CAUSAL_FLOATS, "T"), SLOT("weight", CAUSAL_FLOATS, "T"),
            SLOT("bias", CAUSAL_FLOATS, "T", .optional = true),
            SLOT("past_state", CAUSAL_FLOATS, "T", .optional = true)),
     OUTPUTS(SLOT("output", CAUSAL_FLOATS, "T"), SLOT("present_state", CAUSAL_FLOATS, "T")),
     ATTRS(ATTR("activation", STRING, .s = "none")),
     .infer = infer_causal_conv,
     .define = define_causal_conv,
     .macs = causal_conv_macs,
     EXAMPLES(
         "y, s = CausalConvWithState@27(x: f32[2, 3, 5], w: f32[3, 1, 4], activation: \"silu\")",
         "y, s = CausalConvWithState@27(x: f32[2, 3, 2], w: f32[3, 1, 4], b: f32[3], "
         "past: f32[2, 3, 3])")},
    {0},
};
