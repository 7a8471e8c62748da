/* The sliding window of the .net layers for convolution and pooling: kernel, stride, padding and
 * dilation of each dimension. */
#ifndef NETC_READ_NET_WINDOW_H
#define NETC_READ_NET_WINDOW_H

#include "read_net_layer.h"

typedef struct Window {
    int spatial;
    int64_t kernel[MAX_SPATIAL], stride[MAX_SPATIAL], dilation[MAX_SPATIAL];
    int64_t pads[2 * MAX_SPATIAL]; /* as ONNX has them: all begins, then all ends */
} Window;

/* kernel, stride and dilation from the arguments; the stride is 1 unless given, and dilation 1
 * where the layer has none. Each returns false after a diagnostic. */
bool net_window_read(LayerCall *c, Window *w);
/* Argument pad: one number, one or two for each dimension, or "same": out = ceil(in / stride), an
 * odd element at the end. */
bool net_window_pads(LayerCall *c, Window *w);
/* The kernel fits into the padded input. */
bool net_window_fits(LayerCall *c, const Window *w);
/* W0008: the stride leaves a part of the input out, and neither `ceil` nor pads of both ends say
 * so. */
void net_window_warn_unread(LayerCall *c, const Window *w);
/* kernel_shape, strides and pads. */
void net_window_attrs(LayerCall *c, Node *n, const Window *w);

#endif
