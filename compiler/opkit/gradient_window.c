/* Windows run backwards: what a window's output sends to each input position. */
#include "gradient_window.h"

static void set_window(Gradient *g, Node *n, const Window *w, bool swapped)
{
    int64_t strides[MAX_RANK], dilations[MAX_RANK], pads[2 * MAX_RANK];
    for (int i = 0; i < w->rank; i++) {
        strides[i] = swapped ? w->dim[i].dilation : w->dim[i].stride;
        dilations[i] = swapped ? w->dim[i].stride : w->dim[i].dilation;
        pads[i] = w->dim[i].before;
        pads[i + w->rank] = w->dim[i].after;
    }
    gradient_ints(g, n, "strides", w->rank, strides);
    gradient_ints(g, n, "dilations", w->rank, dilations);
    gradient_ints(g, n, "pads", 2 * w->rank, pads);
}

Tensor *gradient_window_node(Gradient *g, const char *op, Tensor *x, Tensor *weights,
                             const Window *w, int64_t group, bool swapped)
{
    Node *n = expand_node(g->in, op, 2);
    n->inputs[0] = x;
    n->inputs[1] = weights;
    set_window(g, n, w, swapped);
    return expand_done(g->in, gradient_int(g, n, "group", group));
}

Tensor *gradient_window_back(Gradient *g, Tensor *dy, Tensor *weights, const Window *w,
                             int64_t group)
{
    int64_t rest[MAX_RANK];
    for (int i = 0; i < w->rank; i++) {
        const WindowDim *d = &w->dim[i];
        rest[i] = d->in - ((d->out - 1) * d->stride + window_span(d) - d->before - d->after);
        if (rest[i] < 0) {
            gradient_refuse(g, "its last window reaches beyond the padding");
            return NULL;
        }
    }
    Node *n = expand_node(g->in, "ConvTranspose", 2);
    n->inputs[0] = dy;
    n->inputs[1] = weights;
    set_window(g, n, w, false);
    gradient_ints(g, n, "output_padding", w->rank, rest);
    return expand_done(g->in, gradient_int(g, n, "group", group));
}

bool gradient_window_of(Gradient *g, const int64_t *kernel, Window *w)
{
    Infer in = {g->in->graph, (Node *)g->node, g->in->diags};
    return window_infer(&in, g->node->inputs[0], kernel, w);
}
