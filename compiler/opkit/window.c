/*
 * Sliding windows: from a node's attributes and its input's shape to checked geometry and output
 * sizes, and from that geometry to guarded loads. Comes in: a node being inferred or defined. It
 * knows no operator: what a window's values are multiplied with or reduced by is in ops/.
 */
#include "window.h"

/* Extents, strides and pads stay below this, so that products of two of them and sums with them
 * cannot overflow. */
#define LIMIT ((int64_t)1 << 31)

static bool check_range(Infer *in, const char *name, int dim, int64_t value, int64_t least)
{
    if (value >= least && value < LIMIT) return true;
    return infer_error(in, "E0306",
                       "%s: %lld for spatial dimension %d; it must be between %lld and %lld", name,
                       (long long)value, dim, (long long)least, (long long)LIMIT - 1);
}

/* `per_dim` values for each spatial dimension into out, or `fallback` where the attribute is
 * absent. */
static bool read_list(Infer *in, const char *name, int rank, int per_dim, int64_t least,
                      int64_t fallback, int64_t *out)
{
    int count;
    const int64_t *ints = attr_ints(in->node, name, &count);
    if (!ints) count = 0;
    if (count != 0 && count != rank * per_dim)
        return infer_error(
            in, "E0306", "%s has %d value%s, but the input has %d spatial dimension%s: %d wanted",
            name, count, count == 1 ? "" : "s", rank, rank == 1 ? "" : "s", rank * per_dim);
    for (int i = 0; i < rank * per_dim; i++) {
        out[i] = count ? ints[i] : fallback;
        if (!check_range(in, name, i % rank, out[i], least)) return false;
    }
    return true;
}

static bool read_kernel(Infer *in, int rank, const int64_t *kernel, int64_t *extents)
{
    int count;
    const int64_t *given = attr_ints(in->node, "kernel_shape", &count);
    if (!given && !kernel)
        return infer_error(in, "E0303", "kernel_shape is missing: the window's size must be given");
    if (!read_list(in, "kernel_shape", rank, 1, 1, 1, extents)) return false;
    for (int i = 0; kernel && i < rank; i++) {
        if (given && count && given[i] != kernel[i])
            return infer_error(
                in, "E0306",
                "kernel_shape says %lld in spatial dimension %d, but the weights have %lld",
                (long long)given[i], i, (long long)kernel[i]);
        extents[i] = kernel[i];
        if (!check_range(in, "the kernel", i, extents[i], 1)) return false;
    }
    int64_t volume;
    if (!checked_elements(extents, rank, &volume))
        return infer_error(in, "E0306", "a kernel of %s is too large",
                           dims_text(in->graph->arena, extents, rank));
    return true;
}

bool window_attrs(Infer *in, const Tensor *x, const int64_t *kernel, Window *w)
{
    int64_t extents[MAX_RANK], strides[MAX_RANK], dilations[MAX_RANK], pads[2 * MAX_RANK];
    if (x->rank < 3)
        return infer_error(
            in, "E0203",
            "the input is %s; it needs a batch, a channel and at least one spatial dimension",
            tensor_type_text(in->graph->arena, x));
    int rank = w->rank = x->rank - 2;
    if (!read_kernel(in, rank, kernel, extents) ||
        !read_list(in, "strides", rank, 1, 1, 1, strides) ||
        !read_list(in, "dilations", rank, 1, 1, 1, dilations) ||
        !read_list(in, "pads", rank, 2, 0, 0, pads))
        return false;
    for (int i = 0; i < rank; i++) {
        if (!check_range(in, "the input", i, x->dims[2 + i], 0)) return false;
        w->dim[i] = (WindowDim){.in = x->dims[2 + i],
                                .kernel = extents[i],
                                .stride = strides[i],
                                .dilation = dilations[i],
                                .before = pads[i],
                                .after = pads[rank + i]};
    }
    return true;
}

bool window_auto_pad(Infer *in, AutoPad *pad)
{
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text = attr_text(in->node, "auto_pad");
    if (!*text) text = names[0];
    for (unsigned i = 0; i < COUNT(names); i++)
        if (strcmp(text, names[i]) == 0) return *pad = (AutoPad)i, true;
    infer_error(in, "E0306",
                "auto_pad is '%s', which is not one of NOTSET, VALID, SAME_UPPER, SAME_LOWER",
                text);
    const char *near = nearest_name(text, names, COUNT(names));
    if (near) diag_help(infer_last_error(in), "did you mean '%s'?", near);
    return false;
}

/* ONNX: out = ceil(in / stride), and the padding that takes, its odd element at the end (upper) or
 * the start (lower). */
static void pad_same(WindowDim *d, bool upper)
{
    d->out = ceil_div(d->in, d->stride);
    int64_t total = max64((d->out - 1) * d->stride + window_span(d) - d->in, 0);
    d->before = upper ? total / 2 : total - total / 2;
    d->after = total - d->before;
}

/* out = (in + pads - span) / stride + 1, rounded down or up; rounded up, a window that would start
 * behind the input and its leading padding is dropped. */
static bool slide(Infer *in, WindowDim *d, int index, bool ceil)
{
    int64_t room = d->in + d->before + d->after - window_span(d);
    if (room < 0) {
        infer_error(
            in, "E0209",
            "the kernel is larger than its padded input in spatial dimension %d: %lld > %lld",
            index, (long long)window_span(d), (long long)(room + window_span(d)));
        Diagnostic *e = infer_last_error(in);
        if (d->dilation > 1)
            diag_note(e, "kernel %lld with dilation %lld spans (%lld - 1) * %lld + 1 = %lld",
                      (long long)d->kernel, (long long)d->dilation, (long long)d->kernel,
                      (long long)d->dilation, (long long)window_span(d));
        diag_note(e, "input %lld + padding %lld + %lld = %lld", (long long)d->in,
                  (long long)d->before, (long long)d->after, (long long)(room + window_span(d)));
        diag_help(e, "pad by at least %lld more, or use a smaller kernel", (long long)-room);
        return false;
    }
    d->out = (ceil ? ceil_div(room, d->stride) : room / d->stride) + 1;
    if (ceil && (d->out - 1) * d->stride >= d->in + d->before) d->out--;
    return true;
}

bool window_infer(Infer *in, const Tensor *x, const int64_t *kernel, Window *w)
{
    AutoPad pad;
    if (!window_attrs(in, x, kernel, w) || !window_auto_pad(in, &pad)) return false;
    bool ceil =
        op_attr(in->node->op, in->node->version, "ceil_mode") && attr_int(in->node, "ceil_mode");
    for (int i = 0; i < w->rank; i++) {
        WindowDim *d = &w->dim[i];
        if (pad != PAD_EXPLICIT) d->before = d->after = 0;
        if (pad == PAD_SAME_UPPER || pad == PAD_SAME_LOWER)
            pad_same(d, pad == PAD_SAME_UPPER);
        else if (!slide(in, d, i, ceil))
            return false;
    }
    return true;
}

Window window_of(const Definer *d, const Tensor *x, const int64_t *kernel)
{
    Infer in = infer_again(d);
    Window w;
    bool accepted = window_infer(&in, x, kernel, &w);
    assert(accepted);
    return w;
}

int64_t window_volume(const Window *w)
{
    int64_t volume = 1;
    for (int i = 0; i < w->rank; i++) volume *= w->dim[i].kernel;
    return volume;
}

Var **window_vars(Definer *d, const Window *w)
{
    static const char *const names[] = {"kz", "ky", "kx"};
    Arena *arena = pool_arena(d->pool);
    Var **vars = NEW_ARRAY(arena, Var *, w->rank);
    for (int i = 0; i < w->rank; i++) {
        const char *name = w->rank <= 3 ? names[3 - w->rank + i] : arena_format(arena, "k%d", i);
        vars[i] = define_var(d, name, w->dim[i].kernel);
    }
    return vars;
}

void window_positions(Pool *p, const Window *w, Expr *const *out, Var *const *k, Expr **position)
{
    for (int i = 0; i < w->rank; i++) {
        const WindowDim *d = &w->dim[i];
        Expr *start = ex_mul(p, out[i], ex_int(p, d->stride));
        Expr *step = ex_mul(p, ex_var(p, k[i]), ex_int(p, d->dilation));
        position[i] = ex_add(p, ex_add(p, start, step), ex_int(p, -d->before));
    }
}

Expr *window_reaching(Pool *p, const WindowDim *d, Expr *out, Var *k, Expr **guard)
{
    Expr *back = ex_mul(p, ex_var(p, k), ex_int(p, -d->dilation));
    Expr *at = ex_add(p, ex_add(p, out, ex_int(p, d->before)), back),
         *stride = ex_int(p, d->stride);
    if (d->stride > 1)
        *guard = ex_and(p, *guard, ex_eq(p, ex_floormod(p, at, stride), ex_int(p, 0)));
    at = ex_floordiv(p, at, stride);
    *guard = ex_and(p, *guard, ex_within(p, at, 0, d->in));
    return at;
}

Expr *window_inside(Pool *p, const Window *w, Expr *const *position)
{
    Expr *inside = ex_int_of(p, DT_BOOL, 1);
    for (int i = 0; i < w->rank; i++)
        inside = ex_and(p, inside, ex_within(p, position[i], 0, w->dim[i].in));
    return inside;
}

Expr *window_load(Definer *d, const Window *w, Tensor *x, Expr *n, Expr *c, Expr *const *position,
                  Expr *outside)
{
    Expr *at[MAX_RANK] = {n, c};
    memcpy(at + 2, position, (size_t)w->rank * sizeof *at);
    return ex_select(d->pool, window_inside(d->pool, w, position), define_load(d, x, at), outside);
}
