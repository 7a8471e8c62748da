/*
 * Reverse differentiation of one node, as nodes of ONNX's own operators: what the operator Gradient
 * (ops/gradient.c) puts in the place of its node. An operator's rule is the function `gradient` of
 * its row; the operators that are one expression, element by element, need none: their expression
 * is differentiated. What is not differentiable at a point (a kink, a tie) has there the derivative
 * of one side, or the mean of both.
 */
#ifndef NETC_GRADIENT_H
#define NETC_GRADIENT_H

#include "expand.h"

typedef struct Gradient {
    Infer *in;        /* of the node Gradient, behind which new nodes come */
    const Node *node; /* the one to differentiate */
    Tensor **dy;      /* what comes from each output; NULL: nothing */
    const bool *wanted;
    Tensor **dx; /* for the rule to set: what goes to each input that is wanted */
} Gradient;

/* The rule of a node's operator; false after a diagnostic. */
bool gradient_of(Gradient *g);
/* For rules: there is none for this form of the operator. Always false. */
bool gradient_refuse(Gradient *g, const char *what);

/* ---- nodes: each gives its output, or NULL after a diagnostic or when an input is NULL ---- */

Tensor *gradient_1(Gradient *g, const char *op, Tensor *x);
Tensor *gradient_2(Gradient *g, const char *op, Tensor *x, Tensor *y);
Tensor *gradient_3(Gradient *g, const char *op, Tensor *x, Tensor *y, Tensor *z);
Tensor *gradient_scaled(Gradient *g, Tensor *x, double factor);
Tensor *gradient_zeros(Gradient *g, const Tensor *like);
/* The sum over axes that are kept as 1; all with count 0. */
Tensor *gradient_sum(Gradient *g, Tensor *x, int count, const int64_t *axes);
/* Summed to a shape that broadcasts to that of x. */
Tensor *gradient_sum_to(Gradient *g, Tensor *x, int rank, const int64_t *dims);
Tensor *gradient_transpose(Gradient *g, Tensor *x, const int64_t *order);
/* The last two dimensions swapped. */
Tensor *gradient_swap(Gradient *g, Tensor *x);
/* In the shape of t. */
static inline Tensor *gradient_reshape(Gradient *g, Tensor *x, const Tensor *t)
{
    return x ? expand_reshape(g->in, x, t->rank, t->dims) : NULL;
}
/* t, an attribute of the same name being set: for chains of nodes. */
Node *gradient_ints(Gradient *g, Node *n, const char *name, int count, const int64_t *values);
Node *gradient_int(Gradient *g, Node *n, const char *name, int64_t value);

/* ---- gradient_element.c ---- */

/* The rule of operators that have `element`. */
bool gradient_element(Gradient *g);

/* ---- rules that several operators share ---- */

/* The gradient in the shape of the input. */
bool gradient_reshaped(Gradient *g);

#endif
