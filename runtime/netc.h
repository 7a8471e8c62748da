/* SPDX-License-Identifier: 0BSD */
/*
 * The descriptor of a compiled network: its name, its inputs and outputs, the workspace it needs
 * and the function that runs it. Generated code fills one in; tools read it. C11, C99 and C++.
 */
#ifndef NETC_H
#define NETC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NETC_ABI 1

typedef struct {
    const char *name;
    int32_t dtype; /* ONNX TensorProto.DataType: 1 float, 2 uint8, 3 int8, 6 int32, 7 int64, ... */
    int32_t rank;
    const int64_t *dims; /* `rank` of them */
    size_t bytes;        /* of the whole tensor, row-major and dense; elements of 4 and 2 bits share
                            bytes, the first in the low bits; those of strings are const char * */
} netc_tensor_info;

typedef struct {
    uint32_t abi; /* NETC_ABI */
    const char *name;
    int32_t input_count, output_count;
    const netc_tensor_info *inputs, *outputs;
    size_t workspace_bytes, workspace_align;
    /* One pointer for each input and output, in the order above. 0: done; 1 and 2: a pointer was
     * null or misaligned, and nothing was written; more: strings that it cannot take, and no output
     * is to be used. Re-entrant: all its state is in the workspace. */
    int (*run)(const void *const *inputs, void *const *outputs, void *workspace);
} netc_model;

/* What a shared library made by `netc build` exports, and what the stand-alone program calls. */
const netc_model *netc_entry(void);

#ifdef __cplusplus
}
#endif

#endif
