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

bool net_window_pads(LayerCall *c, Window *w)
{
    const Value *v = arg_value(c, "pad");
    if (v->kind == VALUE_STRING) return same_pads(c, w);
    bool ends = v->kind == VALUE_LIST && v->list.count == 2 * w->spatial && w->spatial > 0;
    if (ends) return arg_ints(c, "pad", 2 * w->spatial, 0, 0, w->pads);
    if (!arg_ints(c, "pad", w->spatial, 0, 0, w->pads)) return false;
    for (int i = 0; i < w->spatial; i++) w->pads[w->spatial + i] = w->pads[i];
    return true;
}

bool net_window_fits(LayerCall *c, const Window *w)
{
    for (int i = 0; i < w->spatial; i++) {
        int64_t padded = c->x->dims[2 + i] + w->pads[i] + w->pads[w->spatial + i];
        if (span(w, i) <= padded) continue;
        Diagnostic *d =
            layer_error(c, "the kernel of %s spans %lld, more than its padded input's %lld",
                        c->layer->name, (long long)span(w, i), (long long)padded);
        net_label(d, arg_value(c, "kernel")->source, "spans %lld", (long long)span(w, i));
        net_help(
            d, "a pad of %lld would make it fit; or an earlier stride or pooling shrinks too much",
            (long long)(w->pads[i] + ceil_div(span(w, i) - padded, 2)));
        return false;
    }
    return true;
}

void net_window_attrs(LayerCall *c, Node *n, const Window *w)
{
    node_ints(c->r, n, "kernel_shape", w->kernel, w->spatial);
    node_ints(c->r, n, "strides", w->stride, w->spatial);
    node_ints(c->r, n, "pads", w->pads, 2 * w->spatial);
}
