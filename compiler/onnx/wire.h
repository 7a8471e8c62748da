/*
 * Protocol buffer files, checked before they are unpacked. Long tensor data stays in the mapped
 * file: the unpacked message says where it is (TensorProto.mapped).
 */
#ifndef NETC_WIRE_H
#define NETC_WIRE_H

#include "diag.h"
#include "onnx.pb-c.h"

/* The message of type `type` that `file` holds, in `arena`; NULL after a diagnostic. Strings hold
 * no NUL, and no enum, count or nesting is trusted to be anything but small enough to unpack. */
void *wire_read(Arena *arena, const File *file, const ProtobufCMessageDescriptor *type,
                Diags *diags);

/* Whether the file is well formed as a message of that type and has the field `number`. Says
 * nothing. */
bool wire_looks_like(const File *file, const ProtobufCMessageDescriptor *type, uint32_t number);

#endif
