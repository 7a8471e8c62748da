/*
 * What classical models do to their scores at last: ai.onnx.ml's post_transform, by name.
 */
#ifndef NETC_POST_TRANSFORM_H
#define NETC_POST_TRANSFORM_H

#include "op.h"

/* The names in ONNX's order, ended by NULL: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT. */
extern const char *const post_transforms[];
/* False after a diagnostic that there is no such transform. */
bool post_transform_check(Infer *in, const char *name);
/* Where the scores [row, score] are to be defined, so that post_transform_define makes `out` of
 * them: `out` itself when there is nothing to do. */
Tensor *post_transform_scores(Definer *d, const char *name, Tensor *out);
void post_transform_define(Definer *d, const char *name, Tensor *scores, Tensor *out);

#endif
