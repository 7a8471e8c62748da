/*
 * Quantised values: q stands for (q - zero_point) * scale. What QuantizeLinear, DequantizeLinear
 * and the operators that compute on quantised values share.
 */
#ifndef NETC_QUANTIZE_H
#define NETC_QUANTIZE_H

#include "op.h"

/* The types that quantised values have in definitions: integers of up to 16 bits. */
#define TYPES_QUANTIZED                                                                            \
    (TYPE(DT_I8) | TYPE(DT_U8) | TYPE(DT_I16) | TYPE(DT_U16) | TYPE(DT_I4) | TYPE(DT_U4) |         \
     TYPE(DT_I2) | TYPE(DT_U2))
/* and the floats that QuantizeLinear rounds to. */
#define TYPES_QUANTIZED_FLOAT                                                                      \
    (TYPE(DT_F8E4M3FN) | TYPE(DT_F8E4M3FNUZ) | TYPE(DT_F8E5M2) | TYPE(DT_F8E5M2FNUZ) |             \
     TYPE(DT_F4E2M1))
#define TYPES_8BIT (TYPE(DT_I8) | TYPE(DT_U8))

/* An f32 value already divided by the scale, as a quantised value: rounded half to even, the zero
 * point (of any type, or NULL) added, clamped to the type. */
Expr *quantize_value(Pool *p, Expr *value, Expr *zero_point, Dtype dtype);
/* The largest finite magnitude of the float types whose conversions may saturate; 0: others. */
double quantize_largest(Dtype dtype);
/* A float clamped to the finite values of such a type. */
Expr *quantize_saturated(Pool *p, Expr *value, Dtype dtype);
/* An integer value less its zero point (or NULL), as i32. */
Expr *quantize_centred(Pool *p, Expr *value, Expr *zero_point);

#endif
