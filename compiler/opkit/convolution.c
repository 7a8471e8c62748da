/*
 * Convolution: the checks of Conv, ConvInteger and QLinearConv, and the sum of products that all
 * three are. Comes in: a node's input and weights. Goes out: geometry, or the sum as an expression;
 * bias and rounding are the operator's.
 */
#include "convolution.h"

const AttrSpec convolution_attrs[] = {ATTR("auto_pad", STRING, .s = "NOTSET"),
                                      ATTR("dilations", INTS),
                                      ATTR("group", INT, .i = 1),
                                      ATTR("kernel_shape", INTS),
                                      ATTR("pads", INTS),
                                      ATTR("strides", INTS),
                                      {0}};

static bool check_channels(Infer *in, const Convolution *c)
{
    const Tensor *x = c->x, *w = c->w;
    Arena *arena = in->graph->arena;
    int64_t ic = x->dims[1], oc = w->dims[0], wanted;
    if (c->group < 1)
        return infer_error(in, "E0306", "group is %lld; it must be at least 1",
                           (long long)c->group);
    if (oc % c->group) {
        infer_error(in, "E0210", "%lld output channels cannot be divided into %lld groups",
                    (long long)oc, (long long)c->group);
        diag_note(infer_last_error(in), "the weights '%s' are %s: output channels first", w->name,
                  tensor_type_text(arena, w));
        return false;
    }
    if (checked_mul(w->dims[1], c->group, &wanted) && wanted == ic) return true;
    infer_error(in, "E0210",
                "the input has %lld channels, but the weights '%s' are for %lld (%lld in each of "
                "%lld group%s)",
                (long long)ic, w->name, (long long)wanted, (long long)w->dims[1],
                (long long)c->group, c->group == 1 ? "" : "s");
    if (w->dims[1] > 0 && ic > 0 && ic % w->dims[1] == 0 && oc % (ic / w->dims[1]) == 0)
        diag_help(infer_last_error(in), "with group %lld they fit", (long long)(ic / w->dims[1]));
    return false;
}

bool convolution_infer(Infer *in, Tensor *x, Tensor *w, const Tensor *bias, Convolution *c)
{
    Arena *arena = in->graph->arena;
    *c = (Convolution){.x = x, .w = w, .group = attr_int(in->node, "group")};
    if (w->rank != x->rank)
        return infer_error(
            in, "E0203", "the weights '%s' have %d dimensions and the input has %d: %s over %s",
            w->name, w->rank, x->rank, tensor_type_text(arena, w), tensor_type_text(arena, x));
    if (x->rank < 3)
        return infer_error(
            in, "E0203",
            "the input is %s; it needs a batch, a channel and at least one spatial dimension",
            tensor_type_text(arena, x));
    if (!check_channels(in, c) || !window_infer(in, x, w->dims + 2, &c->window)) return false;
    if (bias && (bias->rank != 1 || bias->dims[0] != w->dims[0]))
        return infer_error(
            in, "E0201",
            "the bias '%s' is %s; one value for each of %lld output channels is wanted", bias->name,
            tensor_type_text(arena, bias), (long long)w->dims[0]);
    c->in_per_group = w->dims[1];
    c->out_per_group = w->dims[0] / c->group;
    return true;
}

bool convolution_output(Infer *in, const Convolution *c, Dtype dtype)
{
    int64_t dims[MAX_RANK] = {c->x->dims[0], c->w->dims[0]};
    for (int i = 0; i < c->window.rank; i++) dims[2 + i] = c->window.dim[i].out;
    return infer_output(in, 0, dtype, c->x->rank, dims);
}

Convolution convolution_of(const Definer *d, Tensor *x, Tensor *w)
{
    Infer in = infer_again(d);
    Convolution c;
    bool accepted = convolution_infer(&in, x, w, NULL, &c);
    assert(accepted);
    return c;
}

Expr *convolution_sum(Definer *d, const Convolution *c, Expr *const *index, ConvolutionValue *value)
{
    Pool *p = d->pool;
    const Window *window = &c->window;
    Expr *oc = index[1], *position[MAX_RANK];
    Var *vars[1 + MAX_RANK] = {define_var(d, "i", c->in_per_group)};
    memcpy(vars + 1, window_vars(d, window), (size_t)window->rank * sizeof *vars);
    Expr *ic = ex_var(p, vars[0]);
    Expr *w_at[MAX_RANK] = {oc, ic};
    for (int i = 0; i < window->rank; i++) w_at[2 + i] = ex_var(p, vars[1 + i]);
    if (c->group > 1) {
        Expr *group = ex_floordiv(p, oc, ex_int(p, c->out_per_group));
        ic = ex_add(p, ex_mul(p, group, ex_int(p, c->in_per_group)), ic);
    }
    window_positions(p, window, index + 2, vars + 1, position);
    Expr *x_at[MAX_RANK] = {index[0], ic};
    memcpy(x_at + 2, position, (size_t)window->rank * sizeof *x_at);
    Expr *x = define_load(d, c->x, x_at), *w = define_load(d, c->w, w_at);
    if (value) x = value(d, x, oc, false), w = value(d, w, oc, true);
    x = ex_select(p, window_inside(p, window, position), x, ex_const(p, x->dtype, 0));
    return ex_reduce(p, RE_SUM, vars, 1 + window->rank, ex_mul(p, x, w));
}

int64_t convolution_macs(const Tensor *out, const Tensor *w)
{
    int64_t macs = tensor_elements(out);
    for (int i = 1; i < w->rank; i++)
        if (!checked_mul(macs, w->dims[i], &macs)) return INT64_MAX;
    return macs;
}
