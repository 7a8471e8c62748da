/*
 * Tensors of ONNX's wire format as DataTensors: every encoding of TensorProto and
 * SparseTensorProto.
 */
#ifndef NETC_ONNX_TENSOR_H
#define NETC_ONNX_TENSOR_H

#include "datafile.h"
#include "onnx.pb-c.h"

/* What the tensors of one file share. */
typedef struct OnnxFile {
    Arena *arena;
    const File *file;
    Diags *diags;
    Map *external; /* File by location; NULL at first */
} OnnxFile;

/* False after a diagnostic at `where`. The name is the message's own, "" when it has none. */
bool onnx_tensor_read(OnnxFile *f, const Onnx__TensorProto *t, Source where, DataTensor *out);
/* Densified. */
bool onnx_sparse_read(OnnxFile *f, const Onnx__SparseTensorProto *t, Source where, DataTensor *out);
/* The bytes that external_data names, exactly `bytes` of them: in a regular file in the model's
 * folder or below it. */
const uint8_t *onnx_external_data(OnnxFile *f, const Onnx__TensorProto *t, Source where,
                                  int64_t bytes);

/* "f32[3, 4]", in the file's arena. */
const char *data_type_text(Arena *arena, const DataTensor *t);

#endif
