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

double quantize_largest(Dtype dtype)
{
    static const double largest[DT_COUNT] = {
        [DT_F8E4M3FN] = 448,     [DT_F8E4M3FNUZ] = 240, [DT_F8E5M2] = 57344,
        [DT_F8E5M2FNUZ] = 57344, [DT_F4E2M1] = 6,       [DT_F8E8M0] = 0x1p127,
    };
    return largest[dtype];
}

Expr *quantize_saturated(Pool *p, Expr *value, Dtype dtype)
{
    double highest = quantize_largest(dtype), lowest = dtype == DT_F8E8M0 ? 0x1p-127 : -highest;
    value = ex_max(p, value, ex_const(p, value->dtype, lowest));
    return ex_min(p, value, ex_const(p, value->dtype, highest));
}

Expr *quantize_centred(Pool *p, Expr *value, Expr *zero_point)
{
    value = ex_cast(p, DT_I32, value);
    return zero_point ? ex_binary(p, BI_SUB, value, ex_cast(p, DT_I32, zero_point)) : value;
}
