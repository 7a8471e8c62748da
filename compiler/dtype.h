/*
 * Element types. The numbers are ONNX's TensorProto.DataType, which is also what the generated
 * descriptor reports.
 */
#ifndef NETC_DTYPE_H
#define NETC_DTYPE_H

#include "base.h"

typedef enum Dtype {
    DT_NONE = 0, /* not yet inferred */
    DT_F32 = 1,
    DT_U8 = 2,
    DT_I8 = 3,
    DT_U16 = 4,
    DT_I16 = 5,
    DT_I32 = 6,
    DT_I64 = 7,
    DT_STRING = 8,
    DT_BOOL = 9, /* one byte, 0 or 1 */
    DT_F16 = 10,
    DT_F64 = 11,
    DT_U32 = 12,
    DT_U64 = 13,
    DT_C64 = 14,
    DT_C128 = 15,
    DT_BF16 = 16,
    DT_F8E4M3FN = 17,
    DT_F8E4M3FNUZ = 18,
    DT_F8E5M2 = 19,
    DT_F8E5M2FNUZ = 20,
    DT_U4 = 21,
    DT_I4 = 22,
    DT_F4E2M1 = 23,
    DT_F8E8M0 = 24,
    DT_U2 = 25,
    DT_I2 = 26,
    DT_COUNT
} Dtype;

typedef enum DtypeClass {
    CLASS_NONE,
    CLASS_FLOAT,
    CLASS_SIGNED,
    CLASS_UNSIGNED,
    CLASS_BOOL,
    CLASS_OTHER
} DtypeClass;

typedef struct DtypeInfo {
    const char *name; /* in .net and in messages: "f32" */
    const char *onnx; /* ONNX's: "float" */
    const char *c;    /* what holds one in generated C: "float", the code of a narrower one; NULL:
                         cannot be there */
    int bits;         /* of one element as stored; 4- and 2-bit types are packed */
    DtypeClass class;
} DtypeInfo;

/* Of any value up to DT_COUNT - 1. */
const DtypeInfo *dtype_info(Dtype dtype);
static inline const char *dtype_name(Dtype dtype) { return dtype_info(dtype)->name; }
Dtype dtype_by_name(const char *name); /* by its .net name; DT_NONE when there is none */
static inline bool dtype_is_float(Dtype t) { return dtype_info(t)->class == CLASS_FLOAT; }
static inline bool dtype_is_integer(Dtype t)
{
    return dtype_info(t)->class == CLASS_SIGNED || dtype_info(t)->class == CLASS_UNSIGNED;
}
/* Bytes that hold n elements, in memory and, but for strings, in ONNX's raw encoding. */
size_t dtype_bytes(Dtype dtype, int64_t elements);
static inline bool dtype_is_packed(Dtype t)
{
    return dtype_info(t)->bits > 0 && dtype_info(t)->bits < 8;
}

/* An element of a DT_STRING tensor's data is a const char *, here as in generated code: never NULL,
 * UTF-8, ended by NUL. This is text of a file, which may hold any bytes. */
typedef struct String {
    const char *data; /* `length` bytes, then NUL */
    size_t length;
} String;
/* What keeps it from being an element, such as "is not UTF-8"; NULL: nothing. */
const char *string_flaw(String s);

/* Sets of types, as bit masks, for operator schemas. */
#define TYPE(t)        (1u << (t))
#define TYPES_FLOAT    (TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_F16) | TYPE(DT_BF16))
#define TYPES_SIGNED   (TYPE(DT_I8) | TYPE(DT_I16) | TYPE(DT_I32) | TYPE(DT_I64))
#define TYPES_UNSIGNED (TYPE(DT_U8) | TYPE(DT_U16) | TYPE(DT_U32) | TYPE(DT_U64))
#define TYPES_INTEGER  (TYPES_SIGNED | TYPES_UNSIGNED)
#define TYPES_NUMERIC  (TYPES_FLOAT | TYPES_INTEGER)
#define TYPES_INDEX    (TYPE(DT_I32) | TYPE(DT_I64))
#define TYPES_ALL      (~TYPE(DT_NONE))

/* One element, converted: floats of every width as double, bools as 0 or 1. `data` is in memory
 * form. */
double dtype_get_double(Dtype dtype, const void *data, int64_t index);
int64_t dtype_get_int(Dtype dtype, const void *data,
                      int64_t index); /* floats truncate; u64 by its bits */
void dtype_set_double(Dtype dtype, void *data, int64_t index,
                      double value); /* rounds to nearest even; float types only */
void dtype_set_int(Dtype dtype, void *data, int64_t index,
                   int64_t value); /* wraps to the type; integer and bool types only */
/* Element `index` of `from` becomes element `at` of `to`, bit by bit; its neighbours in a shared
 * byte stay. */
void dtype_copy(Dtype dtype, void *to, int64_t at, const void *from, int64_t index);
/* The same elements: numbers by their bytes, strings by their characters. */
bool dtype_same(Dtype dtype, const void *a, const void *b, int64_t elements);

#endif
