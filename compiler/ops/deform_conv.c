/*
 * DeformConv: a convolution whose taps are moved by offsets that arrive at run time, and may be
 * masked. What each tap reads, a bilinear sample, is a temporary; the convolution is a plain sum of
 * products over it.
 */
#include "convolution.h"

enum { X, W, OFFSET, BIAS, MASK };

static bool check_offsets(Infer *in, const Convolution *c, int i, int64_t per_tap)
{
    const Tensor *t = node_input(in->node, i);
    int64_t channels = per_tap * window_volume(&c->window),
            groups = attr_int(in->node, "offset_group");
    int64_t dims[MAX_RANK] = {c->x->dims[0]};
    if (groups < 1 || c->x->dims[1] % groups)
        return infer_error(in, "E0210",
                           "%lld input channels cannot be divided into %lld groups of offsets",
                           (long long)c->x->dims[1], (long long)groups);
    if (!checked_mul(channels, groups, &dims[1]))
        return infer_error(in, "E0205", "the offsets are too many");
    for (int k = 0; k < c->window.rank; k++) dims[2 + k] = c->window.dim[k].out;
    if (!t || (t->rank == c->x->rank && memcmp(t->dims, dims, (size_t)t->rank * sizeof *dims) == 0))
        return true;
    return infer_error(in, "E0201", "'%s' is %s; %s is wanted", t->name,
                       tensor_type_text(in->graph->arena, t),
                       dims_text(in->graph->arena, dims, c->x->rank));
}

static bool deform_infer(Infer *in)
{
    const Node *n = in->node;
    Convolution c;
    if (!convolution_infer(in, n->inputs[X], n->inputs[W], node_input(n, BIAS), &c)) return false;
    if (c.window.rank != 2)
        return infer_error(in, "E0203", "taps can be moved in images, not in %d spatial dimensions",
                           c.window.rank);
    return check_offsets(in, &c, OFFSET, 2) && check_offsets(in, &c, MASK, 1) &&
           convolution_output(in, &c, n->inputs[X]->dtype);
}

/* One axis of a bilinear sample at v: where tap t (0, 1) reads, and its weight. */
static Expr *bilinear_tap(Pool *p, Expr *v, Expr *t, int64_t extent, Expr **weight, Expr **inside)
{
    /* Beyond one element outside every sample is zero; so far away that it would not fit an index,
     * too. */
    v = ex_min(p, ex_max(p, v, ex_const(p, v->dtype, -2)),
               ex_const(p, v->dtype, (double)extent + 1));
    Expr *low = ex_unary(p, UN_FLOOR, v), *rest = ex_sub(p, v, low);
    Expr *w =
        ex_select(p, ex_eq(p, t, ex_int(p, 0)), ex_sub(p, ex_const(p, v->dtype, 1), rest), rest);
    *weight = *weight ? ex_mul(p, *weight, w) : w;
    Expr *at = ex_add(p, ex_cast(p, DT_I64, low), t);
    *inside = ex_and(p, *inside, ex_within(p, at, 0, extent));
    return at;
}

/* [n, channel, ky, kx, y, x]: what that tap reads there. */
static Tensor *define_samples(Definer *d, const Convolution *c)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    const WindowDim *wy = &c->window.dim[0], *wx = &c->window.dim[1];
    Tensor *x = c->x, *offset = n->inputs[OFFSET], *mask = node_input(n, MASK);
    int64_t dims[6] = {x->dims[0], x->dims[1], wy->kernel, wx->kernel, wy->out, wx->out};
    int64_t per_group = max64(x->dims[1] / attr_int(n, "offset_group"), 1);
    Dtype wide = define_wide(x->dtype);
    Tensor *out = define_temporary(d, "samples", wide, 6, dims);
    Var **vars = define_indices(d, 6, dims),
        *over[2] = {define_var(d, "ty", 2), define_var(d, "tx", 2)};
    Expr **i = define_index_exprs(d, vars, 6), *position[2], *at[4] = {i[0], i[1]};
    Expr *tap = ex_floordiv(p, i[1], ex_int(p, per_group)); /* its number among all groups' taps */
    tap = ex_add(p, ex_mul(p, tap, ex_int(p, wy->kernel)), i[2]);
    tap = ex_add(p, ex_mul(p, tap, ex_int(p, wx->kernel)), i[3]);
    window_positions(p, &c->window, i + 4, vars + 2, position);
    Expr *weight = NULL, *inside = ex_int_of(p, DT_BOOL, 1);
    for (int k = 0; k < 2; k++) {
        Expr *channel = ex_add(p, ex_mul(p, tap, ex_int(p, 2)), ex_int(p, k));
        Expr *moved = define_load(d, offset, (Expr *[]){i[0], channel, i[4], i[5]});
        moved = ex_add(p, ex_cast(p, wide, position[k]), moved);
        at[2 + k] = bilinear_tap(p, moved, ex_var(p, over[k]), x->dims[2 + k], &weight, &inside);
    }
    Expr *value =
        ex_select(p, inside, ex_mul(p, define_load(d, x, at), weight), ex_const(p, wide, 0));
    value = ex_reduce(p, RE_SUM, over, 2, value);
    if (mask) value = ex_mul(p, value, define_load(d, mask, (Expr *[]){i[0], tap, i[4], i[5]}));
    define_tensor(d, out, vars, value);
    return out;
}

static void deform_define(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *w = n->inputs[W], *bias = node_input(n, BIAS), *out = n->outputs[0];
    Convolution c = convolution_of(d, n->inputs[X], w);
    Tensor *samples = define_samples(d, &c);
    Var **vars = define_indices(d, 4, out->dims), **k = window_vars(d, &c.window);
    Var *over[3] = {define_var(d, "i", c.in_per_group), k[0], k[1]};
    Expr **index = define_index_exprs(d, vars, 4), *inner = ex_var(p, over[0]), *ic = inner;
    Expr *ky = ex_var(p, k[0]), *kx = ex_var(p, k[1]);
    if (c.group > 1) {
        Expr *group = ex_floordiv(p, index[1], ex_int(p, c.out_per_group));
        ic = ex_add(p, ex_mul(p, group, ex_int(p, c.in_per_group)), inner);
    }
    Expr *x = ex_load(p, samples, (Expr *[]){index[0], ic, ky, kx, index[2], index[3]});
    Expr *weight = define_load(d, w, (Expr *[]){index[1], inner, ky, kx});
    Expr *sum = ex_reduce(p, RE_SUM, over, 3, ex_mul(p, x, weight));
    if (bias) sum = ex_add(p, sum, define_load(d, bias, &index[1]));
    define_rounded(d, out, vars, sum);
}

static int64_t deform_macs(const Node *n) { return convolution_macs(n->outputs[0], n->inputs[W]); }

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T"),
                              SLOT("W", TYPES_FLOAT, "T"),
                              SLOT("offset", TYPES_FLOAT, "T"),
                              SLOT("B", TYPES_FLOAT, "T", .optional = true),
                              SLOT("mask", TYPES_FLOAT, "T", .optional = true),
                              {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec attrs[] = {ATTR("dilations", INTS),
                                 ATTR("group", INT, .i = 1),
                                 ATTR("kernel_shape", INTS),
                                 ATTR("offset_group", INT, .i = 1),
                                 ATTR("pads", INTS),
                                 ATTR("strides", INTS),
                                 {0}};

const Op ops_deform_conv[] = {
    {.name = "DeformConv",
     .doc = "A convolution whose taps are moved by offsets, sampled bilinearly, and masked.",
     .versions = (const int[]){19, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = deform_infer,
     .define = deform_define,
     .macs = deform_macs,
     .examples =
         (const char *const[]){
             "DeformConv(x: f32[1, 2, 4, 4], w: f32[2, 2, 2, 2], o: f32[1, 8, 3, 3])", 0}},
    {0}};
