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
#define TYPES_8BIT (TYPE(DT_I8) | TYPE(DT_U8))

/* An f32 value already divided by the scale, as a quantised value: rounded half to even, the zero
 * point (of any type, or NULL) added, clamped to the type. */
Expr *quantize_value(Pool *p, Expr *value, Expr *zero_point, Dtype dtype);
/* An integer value less its zero point (or NULL), as i32. */
Expr *quantize_centred(Pool *p, Expr *value, Expr *zero_point);

#endif
