/* Quantised values: rounding to them and centring them, as expressions. */
#include "quantize.h"

Expr *quantize_value(Pool *p, Expr *value, Expr *zero_point, Dtype dtype)
{
    const DtypeInfo *info = dtype_info(dtype);
    bool is_signed = info->class == CLASS_SIGNED;
    double lowest = is_signed ? -(double)(1 << (info->bits - 1)) : 0;
    double highest = lowest + (double)((1 << info->bits) - 1);
    value = ex_unary(p, UN_ROUND, value);
    if (zero_point) value = ex_add(p, value, ex_cast(p, value->dtype, zero_point));
    value = ex_max(p, ex_min(p, value, ex_const(p, value->dtype, highest)),
                   ex_const(p, value->dtype, lowest));
    return ex_cast(p, dtype, value);
}

Expr *quantize_centred(Pool *p, Expr *value, Expr *zero_point)
{
    value = ex_cast(p, DT_I32, value);
    return zero_point ? ex_binary(p, BI_SUB, value, ex_cast(p, DT_I32, zero_point)) : value;
}
