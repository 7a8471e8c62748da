/*
 * Sliding windows: the geometry that convolution and pooling of every rank share, read from ONNX's
 * attributes kernel_shape, strides, dilations, pads, auto_pad and ceil_mode, and the loads that
 * follow from it. Transposed convolution, which scatters, has its own output size and uses the
 * parts that agree.
 */
#ifndef NETC_WINDOW_H
#define NETC_WINDOW_H

#include "op.h"

typedef struct WindowDim {
    int64_t in, out; /* extents of the input and of the output */
    int64_t kernel, stride, dilation;
    int64_t before, after; /* padding, never negative */
} WindowDim;

typedef struct Window {
    int rank; /* spatial dimensions: the input's rank less 2 */
    WindowDim dim[MAX_RANK];
} Window;

/* Kernel, stride, dilation and explicit padding of the node, whose input is x[n, c, spatial...].
 * `kernel` gives the spatial extents; NULL: the attribute kernel_shape has them. False after a
 * diagnostic. */
bool window_attrs(Infer *in, const Tensor *x, const int64_t *kernel, Window *w);
/* The same, then auto_pad and output size of a convolution or pooling. False after a diagnostic. */
bool window_infer(Infer *in, const Tensor *x, const int64_t *kernel, Window *w);
/* The window of a node that window_infer accepted. */
Window window_of(const Definer *d, const Tensor *x, const int64_t *kernel);
/* auto_pad of the node; false after a diagnostic when it is none of ONNX's four. */
typedef enum AutoPad { PAD_EXPLICIT, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } AutoPad;
bool window_auto_pad(Infer *in, AutoPad *pad);

/* Input elements from the first to the last that one window touches. */
static inline int64_t window_span(const WindowDim *d) { return (d->kernel - 1) * d->dilation + 1; }
/* The product of the kernel's extents. */
int64_t window_volume(const Window *w);

/* A reduction variable for each kernel dimension: "kx"; "ky", "kx"; "kz", "ky", "kx"; ... */
Var **window_vars(Definer *d, const Window *w);
/* The input positions that outputs at `out` read under kernel indices k. */
void window_positions(Pool *p, const Window *w, Expr *const *out, Var *const *k, Expr **position);
/* The other way about, for transposed windows: the input position that reaches `out` through kernel
 * index k is (out + before - k * dilation) / stride, where that divides and is in 0..in-1; both
 * conditions are added to *guard. */
Expr *window_reaching(Pool *p, const WindowDim *d, Expr *out, Var *k, Expr **guard);
/* Whether they are inside the input; constant true where no position can be outside. */
Expr *window_inside(Pool *p, const Window *w, Expr *const *position);
/* x[n, c, position...], and `outside` where that is in the padding. Widened as define_load does. */
Expr *window_load(Definer *d, const Window *w, Tensor *x, Expr *n, Expr *c, Expr *const *position,
                  Expr *outside);

#endif
