/* Rows of a tensor's elements as doubles and int64_t, and back: fast for the common types, exact
 * for all. */
#include "interp_rows.h"

/* The types whose C type converts to a value and back as it is. */
#define PLAIN_TYPES(X)                                                                             \
    X(DT_F32, float, f)                                                                            \
    X(DT_F64, double, f)                                                                           \
    X(DT_I64, int64_t, i)                                                                          \
    X(DT_U64, int64_t, i) X(DT_I32, int32_t, i) X(DT_U32, uint32_t, i) X(DT_I16, int16_t, i)       \
        X(DT_U16, uint16_t, i) X(DT_I8, int8_t, i) X(DT_U8, uint8_t, i) X(DT_BOOL, uint8_t, i)     \
            X(DT_STRING, int64_t, i) /* by their addresses */

static Value element(Dtype dtype, const void *data, int64_t at)
{
    return dtype_is_float(dtype) ? (Value){.f = dtype_get_double(dtype, data, at)}
                                 : (Value){.i = dtype_get_int(dtype, data, at)};
}

void rows_load(Dtype dtype, const void *data, int64_t first, int64_t step, int n, Value *out)
{
#define CASE(DT, T, member)                                                                        \
    case DT: {                                                                                     \
        const T *x = (const T *)data + first;                                                      \
        if (step == 1)                                                                             \
            for (int k = 0; k < n; k++) out[k].member = x[k];                                      \
        else                                                                                       \
            for (int k = 0; k < n; k++) out[k].member = x[k * step];                               \
        break;                                                                                     \
    }
    switch (dtype) {
        PLAIN_TYPES(CASE)
    default:
        for (int k = 0; k < n; k++) out[k] = element(dtype, data, first + k * step);
    }
#undef CASE
}

void rows_gather(Dtype dtype, const void *data, const int64_t *at, int n, Value *out)
{
#define CASE(DT, T, member)                                                                        \
    case DT:                                                                                       \
        for (int k = 0; k < n; k++)                                                                \
            if (at[k] >= 0)                                                                        \
                out[k].member = ((const T *)data)[at[k]];                                          \
            else                                                                                   \
                out[k].i = 0;                                                                      \
        break;
    switch (dtype) {
        PLAIN_TYPES(CASE)
    default:
        for (int k = 0; k < n; k++)
            out[k] = at[k] >= 0 ? element(dtype, data, at[k]) : (Value){.i = 0};
    }
#undef CASE
}

/* Zero, which a guard gives, is the empty string. */
static void store_strings(const char **data, int64_t first, int64_t step, int n, const Value *x,
                          int x_stride)
{
    for (int k = 0; k < n; k++) {
        const char *text = (const char *)(intptr_t)x[k * x_stride].i;
        data[first + k * step] = text ? text : "";
    }
}

void rows_store(Dtype dtype, void *data, int64_t first, int64_t step, int n, const Value *x,
                int x_stride)
{
#define CASE(DT, T, member)                                                                        \
    case DT: {                                                                                     \
        T *out = (T *)data + first;                                                                \
        for (int k = 0; k < n; k++) out[k * step] = (T)x[k * x_stride].member;                     \
        break;                                                                                     \
    }
    if (dtype == DT_STRING) {
        store_strings(data, first, step, n, x, x_stride);
        return;
    }
    switch (dtype) {
        PLAIN_TYPES(CASE)
    default:
        for (int k = 0; k < n; k++) {
            if (dtype_is_float(dtype))
                dtype_set_double(dtype, data, first + k * step, x[k * x_stride].f);
            else
                dtype_set_int(dtype, data, first + k * step, x[k * x_stride].i);
        }
    }
#undef CASE
}
