/*
 * Shapes that depend on data. A tensor's dims are bounds; a dimension may have an extent, a tensor
 * of one i64 that a run computes (graph.h). infer sets both: an operator that counts (NonZero) has
 * the count as one more output, and its first output's extent is that. Every other operator refuses
 * an input that varies unless it has a function `extents`, which is called in place of `infer`,
 * calls that, and says what becomes of the extents; where elements outside them would count, it
 * has them filled first. So extents are ordinary tensors with ordinary definitions, and after
 * infer nothing but the network's outputs has to know of them.
 *
 * An operator that makes a shape of its own: extents_count in its `infer`, and a definition of the
 * count beside that of the elements (ops/nonzero.c is the smallest). An operator that can take such
 * shapes: extents_elementwise, extents_as_first, or a function of its own in its file.
 */
#ifndef NETC_EXTENTS_H
#define NETC_EXTENTS_H

#include "infer.h"

/* The extent of dimension d; NULL: the dimension is what it is. */
Tensor *extents_at(const Tensor *t, int d);
/* The first input of the node that varies; NULL: none. */
const Tensor *extents_varying(const Node *n);
/* E0310: the operator cannot take t; says where its extents come from. Always false. */
bool extents_refuse(Infer *in, const Tensor *t);
/* Output `i` of the node, behind the outputs that the schema of ONNX gives it, is a count of one
 * i64: made when it is not there. False after a diagnostic. */
bool extents_count(Infer *in, int i);
/* Dimension d of output `i` has that extent (NULL: none). */
void extents_set(Infer *in, int i, int d, Tensor *extent);
/* Every dimension of output `i` has the extent that input `from` has there. */
void extents_copy(Infer *in, int i, const Tensor *from);

/* For Op.extents: broadcasting, element by element; output dimensions are those of the first input;
 * whatever `infer` hands on of its inputs keeps its extents. */
bool extents_elementwise(Infer *in);
bool extents_as_first(Infer *in);

/* ---- for operators that do more; results are NULL after a diagnostic ---- */

/* x with what lies outside the extents of those axes replaced by the identity of a reduction
 * ("sum", "product", "max", "min"): these axes have no extents then. */
Tensor *extents_fill(Infer *in, Tensor *x, const bool *axes, ReduceOp op);
/* x with that extent in a dimension. */
Tensor *extents_crop(Infer *in, Tensor *x, int d, Tensor *extent);
/* Indices into so many, of which negative ones count from the end, as ones that are not negative. */
Tensor *extents_wrap(Infer *in, Tensor *indices, Tensor *extent);
/* a op b of numbers, by the name of an ONNX operator. */
Tensor *extents_binary(Infer *in, const char *op_type, Tensor *a, Tensor *b);
/* The size of dimension d when the network runs: its extent or a constant. */
Tensor *extents_size(Infer *in, const Tensor *t, int d);
/* The shape from dimension `first` to `last`, without it, as a vector. */
Tensor *extents_shape(Infer *in, const Tensor *t, int first, int last);

/* ---- for the stages ---- */

/* The value of a constant whose shape was bounds: exact. */
void extents_exact(Arena *arena, const Tensor *t, const int64_t *extents, int64_t *dims,
                   const void **data);
/* Outputs of the network that vary become dense in their run-time shape, and have it as one more
 * output NAME.shape behind those there are. False after diagnostics. */
bool extents_expose(Graph *g, Diags *diags);

#endif
