/*
 * Shorthand for the rows of operator tables: lists by version, type masks, and the signature of an
 * elementwise operator's expression. Holds no facts about any operator.
 */
#ifndef NETC_OPS_ROW_H
#define NETC_OPS_ROW_H

#include "op.h"

/* Type masks of the schemas. */
#define FLOATS_NO_BF16 (TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_F16))
#define FLOATS_8BIT                                                                                \
    (TYPE(DT_F8E4M3FN) | TYPE(DT_F8E4M3FNUZ) | TYPE(DT_F8E5M2) | TYPE(DT_F8E5M2FNUZ))
#define NUMERIC_NO_BF16 (FLOATS_NO_BF16 | TYPES_INTEGER)
/* The integers that arithmetic had before it had all of them. */
#define INTEGERS_32_64 (TYPES_INDEX | TYPE(DT_U32) | TYPE(DT_U64))
#define BOOLS          TYPE(DT_BOOL)
/* Everything that is stored as numbers. */
#define ANY_NO_BF16 (NUMERIC_NO_BF16 | BOOLS)
#define ANY         (TYPES_NUMERIC | BOOLS)
#define ANY_8BIT    (ANY | FLOATS_8BIT)
#define ANY_4BIT    (ANY_8BIT | TYPE(DT_U4) | TYPE(DT_I4))
#define ANY_FLOAT4  (ANY_4BIT | TYPE(DT_F4E2M1))
#define ANY_E8M0    (ANY_FLOAT4 | TYPE(DT_F8E8M0))
#define ANY_2BIT    (ANY_E8M0 | TYPE(DT_U2) | TYPE(DT_I2))

#define STRINGS             TYPE(DT_STRING)
#define STRINGS_AND_COMPLEX (STRINGS | TYPE(DT_C64) | TYPE(DT_C128))
/* A slot of everything there was: how ONNX's types grew. */
#define ANY_SLOTS(name, extra, variable, ...)                                                      \
    SLOT(name, ANY_NO_BF16 | (extra), variable, .until = 12, ##__VA_ARGS__),                       \
        SLOT(name, ANY | (extra), variable, .since = 13, .until = 18, ##__VA_ARGS__),              \
        SLOT(name, ANY_8BIT | (extra), variable, .since = 19, .until = 20, ##__VA_ARGS__),         \
        SLOT(name, ANY_4BIT | (extra), variable, .since = 21, .until = 22, ##__VA_ARGS__),         \
        SLOT(name, ANY_FLOAT4 | (extra), variable, .since = 23, .until = 23, ##__VA_ARGS__),       \
        SLOT(name, ANY_E8M0 | (extra), variable, .since = 24, .until = 24, ##__VA_ARGS__),         \
        SLOT(name, ANY_2BIT | (extra), variable, .since = 25, ##__VA_ARGS__)

#define VERSIONS(...)                                                                              \
    .versions = (const int[]) { __VA_ARGS__, 0 }
#define INPUTS(...)                                                                                \
    .inputs = (const Slot[])                                                                       \
    {                                                                                              \
        __VA_ARGS__, { 0 }                                                                         \
    }
#define OUTPUTS(...)                                                                               \
    .outputs = (const Slot[])                                                                      \
    {                                                                                              \
        __VA_ARGS__, { 0 }                                                                         \
    }
#define ATTRS(...)                                                                                 \
    .attrs = (const AttrSpec[])                                                                    \
    {                                                                                              \
        __VA_ARGS__, { 0 }                                                                         \
    }
#define EXAMPLES(...)                                                                              \
    .examples = (const char *const[]) { __VA_ARGS__, NULL }

/* A hint for in-place execution that opset 1 had. */
#define CONSUMED_INPUTS ATTR("consumed_inputs", INTS, .until = 5)

/* Defines an elementwise operator's expression of x[0..count). */
#define ELEMENT(name)                                                                              \
    static Expr *name(Pool *p __attribute__((unused)), const Node *n __attribute__((unused)),      \
                      Expr *const *x, int count __attribute__((unused)))

/* A constant of the type of an expression. */
static inline Expr *like(Pool *p, const Expr *x, double value)
{
    return ex_const(p, x->dtype, value);
}

#endif
