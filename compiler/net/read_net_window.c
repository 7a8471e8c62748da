/* Reads and checks the window arguments of convolution and pooling layers. */
#include "read_net_window.h"

static bool has_arg(const LayerCall *c, const char *name)
{
    for (int i = 0; i < LAYER_MAX_ARGS && c->layer->args[i].name; i++)
        if (!strcmp(c->layer->args[i].name, name)) return true;
    return false;
}

bool net_window_read(LayerCall *c, Window *w)
{
    w->spatial = c->x->rank - 2;
    for (int i = 0; i < w->spatial; i++) w->dilation[i] = 1;
    return arg_ints(c, "kernel", w->spatial, 1, 1, w->kernel) &&
           arg_ints(c, "stride", w->spatial, 1, 1, w->stride) &&
           (!has_arg(c, "dilation") || arg_ints(c, "dilation", w->spatial, 1, 1, w->dilation));
}

static int64_t span(const Window *w, int i) { return w->dilation[i] * (w->kernel[i] - 1) + 1; }

static bool same_pads(LayerCall *c, Window *w)
{
    const Value *v = arg_value(c, "pad");
    if (strcmp(v->s.data, "same") || strlen(v->s.data) != v->s.length) {
        net_error(c->r, "E0406", v->source, "`pad` is numbers or \"same\", not %s",
                  value_text(c->r->arena, v));
        return false;
    }
    for (int i = 0; i < w->spatial; i++) {
        int64_t in = c->x->dims[2 + i], out = ceil_div(in, w->stride[i]);
        int64_t total = max64((out - 1) * w->stride[i] + span(w, i) - in, 0);
        w->pads[i] = total / 2;
        w->pads[w->spatial + i] = total - total / 2;
    }
    return true;
}

/* Half of an even window lies beside each position: its maps move by half a place. */
static void warn_even(LayerCall *c, const Window *w)
{
    for (int i = 0; i < w->spatial; i++) {
        if (span(w, i) % 2 || w->pads[i] == w->pads[w->spatial + i]) continue;
        const Value *v = arg_value(c, "pad");
        Diagnostic *d = net_warning(
            c->r, "W0009", v->source,
            "`same` with a kernel that spans %lld pads %lld before and %lld "
            "behind",
            (long long)span(w, i), (long long)w->pads[i], (long long)w->pads[w->spatial + i]);
        net_label(d, arg_value(c, "kernel")->source, "even, so it has no middle");
        net_help(d,
                 "an odd kernel keeps places where they are; pad: [begins..., ends...] says which "
                 "side is meant");
        return;
    }
}

bool net_window_pads(LayerCall *c, Window *w)
{
    const Value *v = arg_value(c, "pad");
    if (v->kind == VALUE_STRING) {
        if (!same_pads(c, w)) return false;
        warn_even(c, w);
        return true;
    }
    bool ends = v->kind == VALUE_LIST && v->list.count == 2 * w->spatial && w->spatial > 0;
    if (ends) return arg_ints(c, "pad", 2 * w->spatial, 0, 0, w->pads);
    if (!arg_ints(c, "pad", w->spatial, 0, 0, w->pads)) return false;
    for (int i = 0; i < w->spatial; i++) w->pads[w->spatial + i] = w->pads[i];
    return true;
}

/* A note of where a spatial dimension got its size: "8 is left of 32 in `image`: 16 after
 * maxpool1, 8 after maxpool2". */
static void note_shrinking(LayerCall *c, Diagnostic *d, int i)
{
    enum { MOST = 8 };
    Text chain = {0};
    int steps = 0;
    const Tensor *t = c->x;
    while (t->producer && t->producer->input_count && t->producer->inputs[0]) {
        const Tensor *from = t->producer->inputs[0];
        if (from->rank != c->x->rank) break;
        if (from->dims[2 + i] != t->dims[2 + i] && ++steps <= MOST) {
            char *rest = chain.data ? arena_string(c->r->arena, chain.data) : NULL;
            chain.length = 0;
            text_add(&chain, "%lld after %s%s%s", (long long)t->dims[2 + i], t->producer->name,
                     rest ? ", " : "", rest ? rest : "");
        }
        t = from;
    }
    if (steps)
        net_note(d, "of the %lld of `%s` there is left: %s%s", (long long)t->dims[2 + i], t->name,
                 steps > MOST ? "..., " : "", chain.data);
    text_free(&chain);
}

bool net_window_fits(LayerCall *c, const Window *w)
{
    for (int i = 0; i < w->spatial; i++) {
        int64_t padded = c->x->dims[2 + i] + w->pads[i] + w->pads[w->spatial + i];
        if (span(w, i) <= padded) continue;
        Diagnostic *d = layer_error(
            c, "E0209", "the kernel of %s spans %lld, more than its padded input's %lld",
            c->layer->name, (long long)span(w, i), (long long)padded);
        net_label(d, arg_value(c, "kernel")->source, "spans %lld", (long long)span(w, i));
        note_shrinking(c, d, i);
        net_help(
            d, "a pad of %lld would make it fit; or an earlier stride or pooling shrinks too much",
            (long long)(w->pads[i] + ceil_div(span(w, i) - padded, 2)));
        return false;
    }
    return true;
}

/* Of the input, not of its padding, what no window reads at the end; windows that are narrower than
 * their stride are not meant to read all of it. */
static int64_t unread(const LayerCall *c, const Window *w, int i)
{
    if (w->stride[i] > span(w, i)) return 0;
    int64_t end = w->pads[w->spatial + i];
    int64_t rest = (c->x->dims[2 + i] + w->pads[i] + end - span(w, i)) % w->stride[i];
    return max64(rest - end, 0);
}

void net_window_warn_unread(LayerCall *c, const Window *w)
{
    static const char *const names[][3] = {
        {"positions"}, {"rows", "columns"}, {"planes", "rows", "columns"}};
    const Value *pad = arg_value(c, "pad");
    bool meant = pad->kind == VALUE_LIST && pad->list.count == 2 * w->spatial;
    for (int i = 0; i < w->spatial && w->spatial <= 3 && !meant; i++) {
        int64_t left = unread(c, w, i), in = c->x->dims[2 + i];
        if (!left) continue;
        bool square = w->spatial == 2 && i == 0 && unread(c, w, 1) == left && c->x->dims[3] == in;
        Diagnostic *d = net_warning(
            c->r, "W0008", c->e->source, "%s never reads the last %lld of %lld %s", c->layer->name,
            (long long)left, (long long)in, square ? "rows and columns" : names[w->spatial - 1][i]);
        net_label(d, c->x->source, "%s", tensor_type_text(c->r->arena, c->x));
        net_note(
            d, "windows of %lld start every %lld: %lld fit, with %lld left over",
            (long long)span(w, i), (long long)w->stride[i],
            (long long)((in + w->pads[i] + w->pads[w->spatial + i] - span(w, i)) / w->stride[i] +
                        1),
            (long long)left);
        if (has_arg(c, "ceil"))
            net_help(
                d, "ceil: true reads them in one more window; ceil: false says that they are to be "
                   "left out");
        else
            net_help(
                d,
                "a larger pad reads them; pad: [begins..., ends...] says that they are to be left "
                "out");
        return;
    }
}

void net_window_attrs(LayerCall *c, Node *n, const Window *w)
{
    node_ints(c->r, n, "kernel_shape", w->kernel, w->spatial);
    node_ints(c->r, n, "strides", w->stride, w->spatial);
    node_ints(c->r, n, "pads", w->pads, 2 * w->spatial);
}
