/* SPDX-License-Identifier: 0BSD */
/*
 * Element types of less than 16 bits for generated code: conversions of the 8- and 4-bit floats,
 * held as their codes in uint8_t, and of the 4- and 2-bit integers, held in a byte each. Floats
 * round to nearest even; what is too large becomes infinity, NaN where the type has none, the
 * largest value where it has neither. Strict ISO C99; C++ too. Packs nothing.
 */
#ifndef NETC_NARROW_H
#define NETC_NARROW_H

#include "netc_math.h"

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

/* ---- floats: sign, exponent with a bias, mantissa, gradual underflow ---- */

/* The constants of a format. Codes: `largest` finite value, `infinity` (-1: none), `nan`; `beyond`
 * is what too large values become; `unsigned_zero`: -0 is the code of NaN. */
typedef struct netc_narrow_format {
    int exponent_bits, mantissa_bits, bias, largest, infinity, nan, beyond, unsigned_zero;
} netc_narrow_format;

static inline float netc_narrow_decode(const netc_narrow_format *f, uint8_t code)
{
    int width = f->exponent_bits + f->mantissa_bits, size = code & ((1 << width) - 1);
    uint32_t sign = (uint32_t)(code >> width & 1) << 31;
    int exponent = size >> f->mantissa_bits;
    if (sign && size == 0 && f->unsigned_zero) return netc_f32_of_bits(0x7fc00000);
    if (size > f->largest)
        return netc_f32_of_bits(sign | (size == f->infinity ? 0x7f800000u : 0x7fc00000u));
    if (exponent == 0) { /* a whole number of the smallest denormal */
        uint32_t unit = (uint32_t)(128 - f->bias - f->mantissa_bits) << 23;
        return netc_f32_of_bits(sign | netc_bits_f32((float)size * netc_f32_of_bits(unit)));
    }
    return netc_f32_of_bits(sign | (((uint32_t)size << (23 - f->mantissa_bits)) +
                                    ((uint32_t)(127 - f->bias) << 23)));
}

static inline int netc_narrow_magnitude(const netc_narrow_format *f, uint64_t bits)
{
    int exponent = (int)(bits >> 52) - 1023, least = 1 - f->bias;
    int from = exponent < least ? least : exponent; /* denormals share the least exponent */
    int drop = 52 - f->mantissa_bits + (from - exponent);
    uint64_t significand, whole, rest, half;
    if (exponent > f->bias + 1) return f->beyond;
    if (drop > 54) return 0;
    significand = (bits & 0xfffffffffffff) | (uint64_t)1 << 52;
    half = (uint64_t)1 << (drop - 1);
    whole = significand >> drop;
    rest = significand & (2 * half - 1);
    if (rest > half || (rest == half && (whole & 1))) whole++;
    /* a mantissa that rounds up carries into the exponent by plain addition */
    {
        int code = ((from + f->bias - 1) << f->mantissa_bits) + (int)whole;
        return code > f->largest ? f->beyond : code;
    }
}

static inline uint8_t netc_narrow_encode(const netc_narrow_format *f, double x)
{
    uint64_t bits = netc_bits_f64(x), size = bits & 0x7fffffffffffffff;
    int code, sign = (int)(bits >> 63) << (f->exponent_bits + f->mantissa_bits);
    if (x != x) return (uint8_t)f->nan;
    code = netc_narrow_magnitude(f, size);
    return (uint8_t)(f->unsigned_zero && code == 0 ? 0 : code | sign);
}

#define NETC_NARROW_FLOAT(type, ...)                                                               \
    static inline float netc_f32_from_##type(uint8_t code)                                         \
    {                                                                                              \
        static const netc_narrow_format format = {__VA_ARGS__};                                    \
        return netc_narrow_decode(&format, code);                                                  \
    }                                                                                              \
    static inline uint8_t netc_##type##_from_f64(double x)                                         \
    {                                                                                              \
        static const netc_narrow_format format = {__VA_ARGS__};                                    \
        return netc_narrow_encode(&format, x);                                                     \
    }                                                                                              \
    static inline uint8_t netc_##type##_from_f32(float x) { return netc_##type##_from_f64((double)x); }

NETC_NARROW_FLOAT(f8e4m3fn, 4, 3, 7, 0x7e, -1, 0x7f, 0x7f, 0)
NETC_NARROW_FLOAT(f8e4m3fnuz, 4, 3, 8, 0x7f, -1, 0x80, 0x80, 1)
NETC_NARROW_FLOAT(f8e5m2, 5, 2, 15, 0x7b, 0x7c, 0x7f, 0x7c, 0)
NETC_NARROW_FLOAT(f8e5m2fnuz, 5, 2, 16, 0x7f, -1, 0x80, 0x80, 1)
NETC_NARROW_FLOAT(f4e2m1, 2, 1, 1, 0x7, -1, 0x8, 0x7, 0) /* NaN becomes -0 */

/* f8e8m0: 2^(code - 127), 255 is NaN. Ties go to the even code; what is below or beyond the range becomes its end, negative
 * numbers NaN. */
static inline float netc_f32_from_f8e8m0(uint8_t code)
{
    if (code == 255) return netc_f32_of_bits(0x7fc00000);
    return netc_f32_of_bits(code ? (uint32_t)code << 23 : 0x00400000u);
}
static inline uint8_t netc_f8e8m0_from_f64(double x)
{
    uint64_t bits = netc_bits_f64(x), fraction = bits & 0xfffffffffffff, half = (uint64_t)1 << 51;
    int code = (int)(bits >> 52) - 1023 + 127;
    if (x != x || x < 0) return 255;
    if (x <= 5.877471754111438e-39) return 0; /* 2^-127 */
    if (code >= 254) return 254;
    return (uint8_t)(code + (fraction > half || (fraction == half && (code & 1))));
}
static inline uint8_t netc_f8e8m0_from_f32(float x) { return netc_f8e8m0_from_f64((double)x); }

/* ---- integers: they wrap ---- */

static inline uint8_t netc_u4_from_i64(int64_t x) { return (uint8_t)(x & 15); }
static inline uint8_t netc_u2_from_i64(int64_t x) { return (uint8_t)(x & 3); }
static inline int8_t netc_i4_from_i64(int64_t x) { return (int8_t)((int)((x & 15) ^ 8) - 8); }
static inline int8_t netc_i2_from_i64(int64_t x) { return (int8_t)((int)((x & 3) ^ 2) - 2); }

#define NETC_NARROW_INTEGER(T, type)                                                               \
    static inline T netc_##type##_from_f64(double x)                                               \
    {                                                                                              \
        return netc_##type##_from_i64(netc_i64_from_f64(x));                                       \
    }                                                                                              \
    static inline T netc_##type##_from_f32(float x) { return netc_##type##_from_f64((double)x); }
NETC_NARROW_INTEGER(uint8_t, u4)
NETC_NARROW_INTEGER(uint8_t, u2)
NETC_NARROW_INTEGER(int8_t, i4)
NETC_NARROW_INTEGER(int8_t, i2)

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
