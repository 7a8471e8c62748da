/*
 * Gradients of convolutions and pools: transposed convolution by the same window, and convolution
 * by the window in which strides and dilations have changed places.
 */
#ifndef NETC_GRADIENT_WINDOW_H
#define NETC_GRADIENT_WINDOW_H

#include "gradient.h"
#include "window.h"

/* The window of the node; as window_infer. */
bool gradient_window_of(Gradient *g, const int64_t *kernel, Window *w);
/* op is Conv; `swapped`: strides for dilations and the other way about. */
Tensor *gradient_window_node(Gradient *g, const char *op, Tensor *x, Tensor *weights,
                             const Window *w, int64_t group, bool swapped);
/* dy through the weights to the input's shape. NULL after a diagnostic. */
Tensor *gradient_window_back(Gradient *g, Tensor *dy, Tensor *weights, const Window *w,
                             int64_t group);

#endif
