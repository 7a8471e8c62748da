/*
 * Convolution as Conv and its quantised forms share it: weights w[oc, ic / group, kernel...] over
 * x[n, ic, spatial...].
 */
#ifndef NETC_CONVOLUTION_H
#define NETC_CONVOLUTION_H

#include "window.h"

typedef struct Convolution {
    Tensor *x, *w;
    Window window;
    int64_t group, in_per_group, out_per_group; /* channels */
} Convolution;

/* The attributes that all of them have. */
extern const AttrSpec convolution_attrs[];
/* Checks that weights, groups and bias (may be NULL) fit the input; the output is [n, oc,
 * window.dim[].out...]. False after a diagnostic. */
bool convolution_infer(Infer *in, Tensor *x, Tensor *w, const Tensor *bias, Convolution *c);
/* Sets output 0 to the convolution's shape with this type. */
bool convolution_output(Infer *in, const Convolution *c, Dtype dtype);
/* The convolution of a node that convolution_infer accepted. */
Convolution convolution_of(const Definer *d, Tensor *x, Tensor *w);
/* sum(i, kernel...: x * w) at the output's index. The values of x and w are what `value` makes of
 * their loads (NULL: the loads as they are): value(d, load, oc, of_weights). Padding counts as the
 * number 0. */
typedef Expr *ConvolutionValue(Definer *d, Expr *load, Expr *oc, bool of_weights);
Expr *convolution_sum(Definer *d, const Convolution *c, Expr *const *index,
                      ConvolutionValue *value);
/* Multiply-adds: output elements x input channels of a group x kernel volume. */
int64_t convolution_macs(const Tensor *out, const Tensor *w);

#endif
