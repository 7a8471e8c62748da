/*
 * Element types: the table of their facts, and the exact conversion of single elements between
 * memory and double or int64. Comes in: bytes in ONNX's raw encoding. Does not convert whole
 * tensors.
 */
#include "dtype.h"

#include <math.h>

static const DtypeInfo infos[DT_COUNT] = {
    [DT_NONE] = {"none", "undefined", NULL, 0, CLASS_NONE},
    [DT_F32] = {"f32", "float", "float", 32, CLASS_FLOAT},
    [DT_U8] = {"u8", "uint8", "uint8_t", 8, CLASS_UNSIGNED},
    [DT_I8] = {"i8", "int8", "int8_t", 8, CLASS_SIGNED},
    [DT_U16] = {"u16", "uint16", "uint16_t", 16, CLASS_UNSIGNED},
    [DT_I16] = {"i16", "int16", "int16_t", 16, CLASS_SIGNED},
    [DT_I32] = {"i32", "int32", "int32_t", 32, CLASS_SIGNED},
    [DT_I64] = {"i64", "int64", "int64_t", 64, CLASS_SIGNED},
    [DT_STRING] = {"string", "string", "const char *", 64, CLASS_OTHER},
    [DT_BOOL] = {"bool", "bool", "uint8_t", 8, CLASS_BOOL},
    [DT_F16] = {"f16", "float16", "uint16_t", 16, CLASS_FLOAT},
    [DT_F64] = {"f64", "double", "double", 64, CLASS_FLOAT},
    [DT_U32] = {"u32", "uint32", "uint32_t", 32, CLASS_UNSIGNED},
    [DT_U64] = {"u64", "uint64", "uint64_t", 64, CLASS_UNSIGNED},
    [DT_C64] = {"c64", "complex64", NULL, 64, CLASS_OTHER},
    [DT_C128] = {"c128", "complex128", NULL, 128, CLASS_OTHER},
    [DT_BF16] = {"bf16", "bfloat16", "uint16_t", 16, CLASS_FLOAT},
    [DT_F8E4M3FN] = {"f8e4m3fn", "float8e4m3fn", "uint8_t", 8, CLASS_FLOAT},
    [DT_F8E4M3FNUZ] = {"f8e4m3fnuz", "float8e4m3fnuz", "uint8_t", 8, CLASS_FLOAT},
    [DT_F8E5M2] = {"f8e5m2", "float8e5m2", "uint8_t", 8, CLASS_FLOAT},
    [DT_F8E5M2FNUZ] = {"f8e5m2fnuz", "float8e5m2fnuz", "uint8_t", 8, CLASS_FLOAT},
    [DT_U4] = {"u4", "uint4", "uint8_t", 4, CLASS_UNSIGNED},
    [DT_I4] = {"i4", "int4", "int8_t", 4, CLASS_SIGNED},
    [DT_F4E2M1] = {"f4e2m1", "float4e2m1", "uint8_t", 4, CLASS_FLOAT},
    [DT_F8E8M0] = {"f8e8m0", "float8e8m0", "uint8_t", 8, CLASS_FLOAT},
    [DT_U2] = {"u2", "uint2", "uint8_t", 2, CLASS_UNSIGNED},
    [DT_I2] = {"i2", "int2", "int8_t", 2, CLASS_SIGNED},
};

const DtypeInfo *dtype_info(Dtype dtype)
{
    assert((unsigned)dtype < DT_COUNT);
    return &infos[dtype];
}

Dtype dtype_by_name(const char *name)
{
    for (int t = 1; t < DT_COUNT; t++)
        if (strcmp(infos[t].name, name) == 0) return (Dtype)t;
    return DT_NONE;
}

size_t dtype_bytes(Dtype dtype, int64_t elements)
{
    assert(elements >= 0);
    int bits = dtype_info(dtype)->bits;
    if (bits >= 8) return array_bytes((size_t)elements, (size_t)bits / 8);
    size_t per_byte = bits ? 8 / (size_t)bits : 1;
    return (size_t)elements / per_byte + ((size_t)elements % per_byte != 0);
}

/* ---- the narrow floats: sign, exponent with a bias, mantissa, gradual underflow ---- */

typedef struct Minifloat {
    int exponent_bits, mantissa_bits, bias;
    int largest;  /* the code of the largest finite value; what is beyond it becomes `beyond` */
    int infinity; /* -1: the format has none */
    int nan;      /* f4 has none: NaN becomes -0, as the reference implementations have it */
    int beyond;
    bool unsigned_zero; /* -0 is the code of NaN, so a negative zero loses its sign */
} Minifloat;

/* What is too large becomes infinity, NaN where there is none, the largest value where there is
 * neither. ONNX's saturating casts clamp before they convert. */
static const Minifloat minifloats[DT_COUNT] = {
    [DT_F16] = {5, 10, 15, 0x7bff, 0x7c00, 0x7e00, 0x7c00, false},
    [DT_BF16] = {8, 7, 127, 0x7f7f, 0x7f80, 0x7fc0, 0x7f80, false},
    [DT_F8E4M3FN] = {4, 3, 7, 0x7e, -1, 0x7f, 0x7f, false},
    [DT_F8E4M3FNUZ] = {4, 3, 8, 0x7f, -1, 0x80, 0x80, true},
    [DT_F8E5M2] = {5, 2, 15, 0x7b, 0x7c, 0x7f, 0x7c, false},
    [DT_F8E5M2FNUZ] = {5, 2, 16, 0x7f, -1, 0x80, 0x80, true},
    [DT_F4E2M1] = {2, 1, 1, 0x7, -1, 0x8, 0x7, false},
};

static double minifloat_decode(const Minifloat *m, int code)
{
    int sign_bit = 1 << (m->exponent_bits + m->mantissa_bits);
    int magnitude = code & (sign_bit - 1);
    if (m->unsigned_zero && code == sign_bit) return NAN;
    double value;
    if (magnitude <= m->largest) {
        int exponent = magnitude >> m->mantissa_bits;
        int mantissa = magnitude & ((1 << m->mantissa_bits) - 1);
        if (exponent)
            mantissa += 1 << m->mantissa_bits;
        else
            exponent = 1;
        value = ldexp(mantissa, exponent - m->bias - m->mantissa_bits);
    } else {
        value = magnitude == m->infinity ? INFINITY : NAN;
    }
    return code & sign_bit ? -value : value;
}

/* The code of a finite or infinite magnitude, rounded to nearest even. */
static int minifloat_encode_magnitude(const Minifloat *m, double magnitude)
{
    if (isinf(magnitude)) return m->beyond;
    int exponent;
    frexp(magnitude, &exponent);
    exponent -= 1; /* 1 <= magnitude / 2^exponent < 2 */
    if (magnitude == 0 || exponent < 1 - m->bias) exponent = 1 - m->bias;
    if (exponent > m->bias + 1) return m->beyond;
    /* A mantissa that rounds up carries into the exponent by plain addition. */
    int mantissa = (int)nearbyint(ldexp(magnitude, m->mantissa_bits - exponent));
    int code = ((exponent + m->bias - 1) << m->mantissa_bits) + mantissa;
    return code > m->largest ? m->beyond : code;
}

static int minifloat_encode(const Minifloat *m, double value)
{
    int sign_bit = 1 << (m->exponent_bits + m->mantissa_bits);
    if (isnan(value)) return m->nan;
    int code = minifloat_encode_magnitude(m, fabs(value));
    return signbit(value) && !(m->unsigned_zero && code == 0) ? code | sign_bit : code;
}

/* f8e8m0: no sign and no mantissa, 2^(code - 127); code 255 is NaN. Ties go to the even code. */
static double e8m0_decode(int code) { return code == 255 ? NAN : ldexp(1, code - 127); }

static int e8m0_encode(double value)
{
    if (isnan(value) || value < 0) return 255;
    if (value <= ldexp(1, -127)) return 0;
    if (value >= ldexp(1, 127)) return 254;
    int exponent;
    double fraction = frexp(value, &exponent) * 2; /* 1 <= fraction < 2 */
    int code = exponent - 1 + 127;
    return code + (fraction > 1.5 || (fraction == 1.5 && code % 2));
}

/* ---- packed integers: the first element in the low bits ---- */

static int packed_get(int bits, const uint8_t *data, int64_t index)
{
    int per_byte = 8 / bits;
    return data[index / per_byte] >> (index % per_byte * bits) & ((1 << bits) - 1);
}

static void packed_set(int bits, uint8_t *data, int64_t index, int code)
{
    int per_byte = 8 / bits, shift = (int)(index % per_byte) * bits;
    int mask = ((1 << bits) - 1) << shift;
    uint8_t *byte = &data[index / per_byte];
    *byte = (uint8_t)((*byte & ~mask) | (code << shift & mask));
}

static int sign_extend(int code, int bits)
{
    return code >= 1 << (bits - 1) ? code - (1 << bits) : code;
}

static int float_code(Dtype dtype, const void *data, int64_t index)
{
    int bits = dtype_info(dtype)->bits;
    if (bits == 16) return ((const uint16_t *)data)[index];
    return bits == 8 ? ((const uint8_t *)data)[index] : packed_get(bits, data, index);
}

static void set_float_code(Dtype dtype, void *data, int64_t index, int code)
{
    int bits = dtype_info(dtype)->bits;
    if (bits == 16)
        ((uint16_t *)data)[index] = (uint16_t)code;
    else if (bits == 8)
        ((uint8_t *)data)[index] = (uint8_t)code;
    else
        packed_set(bits, data, index, code);
}

/* ---- elements ---- */

/* The types that C has. */
#define NATIVE_INTEGERS(X)                                                                         \
    X(DT_U8, uint8_t)                                                                              \
    X(DT_I8, int8_t)                                                                               \
    X(DT_U16, uint16_t) X(DT_I16, int16_t) X(DT_U32, uint32_t) X(DT_I32, int32_t)                  \
        X(DT_U64, uint64_t) X(DT_I64, int64_t)

double dtype_get_double(Dtype dtype, const void *data, int64_t index)
{
    switch (dtype) {
    case DT_F32: return ((const float *)data)[index];
    case DT_F64: return ((const double *)data)[index];
    case DT_U64: return (double)((const uint64_t *)data)[index];
    case DT_F8E8M0: return e8m0_decode(float_code(dtype, data, index));
    default:
        if (dtype_is_float(dtype))
            return minifloat_decode(&minifloats[dtype], float_code(dtype, data, index));
        return (double)dtype_get_int(dtype, data, index);
    }
}

/* C leaves the conversion of what does not fit undefined: the nearest bound, and 0 for NaN. */
static int64_t truncate_double(double value)
{
    if (isnan(value)) return 0;
    if (value >= 0x1p63) return value < 0x1p64 ? (int64_t)(uint64_t)value : INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

int64_t dtype_get_int(Dtype dtype, const void *data, int64_t index)
{
    switch (dtype) {
#define GET(type, C)                                                                               \
    case type: return (int64_t)((const C *)data)[index];
        NATIVE_INTEGERS(GET)
#undef GET
    case DT_BOOL: return ((const uint8_t *)data)[index] != 0;
    case DT_U4:
    case DT_U2: return packed_get(infos[dtype].bits, data, index);
    case DT_I4:
    case DT_I2: return sign_extend(packed_get(infos[dtype].bits, data, index), infos[dtype].bits);
    default:
        assert(dtype_is_float(dtype));
        return truncate_double(dtype_get_double(dtype, data, index));
    }
}

void dtype_set_double(Dtype dtype, void *data, int64_t index, double value)
{
    switch (dtype) {
    case DT_F32: ((float *)data)[index] = (float)value; break;
    case DT_F64: ((double *)data)[index] = value; break;
    case DT_F8E8M0: set_float_code(dtype, data, index, e8m0_encode(value)); break;
    default:
        assert(dtype_is_float(dtype));
        set_float_code(dtype, data, index, minifloat_encode(&minifloats[dtype], value));
    }
}

void dtype_set_int(Dtype dtype, void *data, int64_t index, int64_t value)
{
    switch (dtype) {
#define SET(type, C)                                                                               \
    case type: ((C *)data)[index] = (C)value; break;
        NATIVE_INTEGERS(SET)
#undef SET
    case DT_BOOL: ((uint8_t *)data)[index] = value != 0; break;
    default:
        assert(dtype_is_integer(dtype));
        packed_set(infos[dtype].bits, data, index, (int)(value & 15));
    }
}

void dtype_copy(Dtype dtype, void *to, int64_t at, const void *from, int64_t index)
{
    if (dtype_is_packed(dtype)) {
        packed_set(infos[dtype].bits, to, at, packed_get(infos[dtype].bits, from, index));
        return;
    }
    size_t size = dtype_bytes(dtype, 1);
    memcpy((char *)to + (size_t)at * size, (const char *)from + (size_t)index * size, size);
}

bool dtype_same(Dtype dtype, const void *a, const void *b, int64_t elements)
{
    if (dtype != DT_STRING) {
        size_t bytes = dtype_bytes(dtype, elements);
        return bytes == 0 || memcmp(a, b, bytes) == 0; /* also what the last byte holds beyond them */
    }
    const char *const *x = a, *const *y = b;
    for (int64_t i = 0; i < elements; i++)
        if (x[i] != y[i] && strcmp(x[i], y[i]) != 0) return false;
    return true;
}

/* ---- strings ---- */

const char *string_flaw(String s)
{
    if (memchr(s.data, 0, s.length)) return "has a NUL";
    int bytes;
    for (size_t at = 0; at < s.length; at += (size_t)bytes)
        if (utf8_decode(s.data + at, s.length - at, &bytes) < 0) return "is not UTF-8";
    return NULL;
}
