/* SPDX-License-Identifier: 0BSD */
/*
 * Scalar arithmetic for generated code: netc_OP_TYPE(x, y) for every operation and element type,
 * with the meaning the compiler's interpreter gives it and without undefined behaviour. Strict ISO
 * C99; C++ too. Floats are f32 and f64; f16 and bf16 are storage, converted to and from f32. bool
 * is a byte, 0 or 1.
 */
#ifndef NETC_MATH_H
#define NETC_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Before a definition: NETC_ALIGN(64) static const float w[] = ... Nothing in C99. */
#if defined(__cplusplus)
#define NETC_ALIGN(n) alignas(n)
#define NETC_RESTRICT __restrict
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define NETC_ALIGN(n) _Alignas(n)
#define NETC_RESTRICT restrict
#else
#define NETC_ALIGN(n)
#define NETC_RESTRICT restrict
#endif

/* For functions that several sources of one network share, and nobody else. */
#if defined(__GNUC__) && defined(__ELF__)
#define NETC_HIDDEN __attribute__((visibility("hidden")))
#else
#define NETC_HIDDEN
#endif

/* Clang warns of unused functions where a header was copied into the source. */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

#define NETC_UNARY(T, name, type, value)                                                           \
    static inline T netc_##name##_##type(T x) { return (T)(value); }
#define NETC_BINARY(T, name, type, value)                                                          \
    static inline T netc_##name##_##type(T x, T y) { return (T)(value); }
#define NETC_TEST(T, name, type, value)                                                            \
    static inline uint8_t netc_##name##_##type(T x, T y) { return (uint8_t)(value); }

/* clang-format off: it takes x * y in a macro's argument for a declaration */

/* ---- floats: s is the suffix of libm's names ---- */

#define NETC_FLOAT(T, type, s)                                                                     \
    NETC_UNARY(T, neg, type, -x)                                                                   \
    NETC_UNARY(T, abs, type, fabs##s(x))                                                           \
    NETC_UNARY(T, exp, type, exp##s(x))                                                            \
    NETC_UNARY(T, log, type, log##s(x))                                                            \
    NETC_UNARY(T, sqrt, type, sqrt##s(x))                                                          \
    NETC_UNARY(T, sin, type, sin##s(x))                                                            \
    NETC_UNARY(T, cos, type, cos##s(x))                                                            \
    NETC_UNARY(T, tan, type, tan##s(x))                                                            \
    NETC_UNARY(T, asin, type, asin##s(x))                                                          \
    NETC_UNARY(T, acos, type, acos##s(x))                                                          \
    NETC_UNARY(T, atan, type, atan##s(x))                                                          \
    NETC_UNARY(T, sinh, type, sinh##s(x))                                                          \
    NETC_UNARY(T, cosh, type, cosh##s(x))                                                          \
    NETC_UNARY(T, tanh, type, tanh##s(x))                                                          \
    NETC_UNARY(T, asinh, type, asinh##s(x))                                                        \
    NETC_UNARY(T, acosh, type, acosh##s(x))                                                        \
    NETC_UNARY(T, atanh, type, atanh##s(x))                                                        \
    NETC_UNARY(T, erf, type, erf##s(x))                                                            \
    NETC_UNARY(T, floor, type, floor##s(x))                                                        \
    NETC_UNARY(T, ceil, type, ceil##s(x))                                                          \
    NETC_UNARY(T, trunc, type, trunc##s(x))                                                        \
    NETC_UNARY(T, round, type, rint##s(x)) /* half to even, the default rounding mode */           \
    static inline T netc_sigmoid_##type(T x)                                                       \
    {                                                                                              \
        T e = exp##s(-fabs##s(x));                                                                 \
        return (x < 0 ? e : 1) / (1 + e);                                                          \
    }                                                                                              \
    static inline uint8_t netc_isnan_##type(T x) { return (uint8_t)(x != x); }                     \
    static inline uint8_t netc_isinf_##type(T x) { return (uint8_t)(fabs##s(x) == (T)INFINITY); }  \
    NETC_BINARY(T, add, type, x + y)                                                               \
    NETC_BINARY(T, sub, type, x - y)                                                               \
    NETC_BINARY(T, mul, type, x *y)                                                                \
    NETC_BINARY(T, div, type, x / y)                                                               \
    NETC_BINARY(T, floordiv, type, floor##s(x / y))                                                \
    NETC_BINARY(T, truncmod, type, fmod##s(x, y))                                                  \
    static inline T netc_floormod_##type(T x, T y)                                                 \
    {                                                                                              \
        T r = fmod##s(x, y);                                                                       \
        return r != 0 && (r < 0) != (y < 0) ? r + y : r;                                           \
    }                                                                                              \
    NETC_BINARY(T, pow, type, pow##s(x, y))                                                        \
    NETC_BINARY(T, atan2, type, atan2##s(x, y))                                                    \
    NETC_BINARY(T, min, type, x < y || x != x ? x : y) /* NaN wins */                              \
    NETC_BINARY(T, max, type, x > y || x != x ? x : y)                                             \
    NETC_TEST(T, eq, type, x == y)                                                                 \
    NETC_TEST(T, ne, type, x != y)                                                                 \
    NETC_TEST(T, lt, type, x < y)                                                                  \
    NETC_TEST(T, le, type, x <= y)                                                                 \
    static inline T netc_fma_##type(T x, T y, T z) { return x * y + z; }
NETC_FLOAT(float, f32, f)
NETC_FLOAT(double, f64, )

/* ---- integers: they wrap. W is an unsigned type in which nothing is promoted to int ---- */

#define NETC_INTEGER(T, W, type, bits)                                                             \
    NETC_UNARY(T, neg, type, (W)0 - (W)x)                                                          \
    NETC_UNARY(T, bitnot, type, ~(W)x)                                                             \
    NETC_BINARY(T, add, type, (W)x + (W)y)                                                         \
    NETC_BINARY(T, sub, type, (W)x - (W)y)                                                         \
    NETC_BINARY(T, mul, type, (W)x *(W)y)                                                          \
    NETC_BINARY(T, and, type, x &y)                                                                \
    NETC_BINARY(T, or, type, x | y)                                                                \
    NETC_BINARY(T, xor, type, x ^ y)                                                               \
    NETC_BINARY(T, min, type, x < y ? x : y)                                                       \
    NETC_BINARY(T, max, type, x > y ? x : y)                                                       \
    NETC_TEST(T, eq, type, x == y)                                                                 \
    NETC_TEST(T, ne, type, x != y)                                                                 \
    NETC_TEST(T, lt, type, x < y)                                                                  \
    NETC_TEST(T, le, type, x <= y)                                                                 \
    /* a power with y >= 0 by squaring */                                                          \
    static inline T netc_power_##type(T x, T y)                                                    \
    {                                                                                              \
        W square = (W)x, product = 1;                                                              \
        for (; y > 0; y = (T)(y / 2), square *= square)                                            \
            if (y % 2 != 0) product *= square;                                                     \
        return (T)product;                                                                         \
    }

/* Division by zero gives 0. Shifts by the width or more, or by less than nothing, give 0. */
#define NETC_SIGNED(T, W, type, bits)                                                              \
    NETC_INTEGER(T, W, type, bits)                                                                 \
    NETC_UNARY(T, abs, type, x < 0 ? (W)0 - (W)x : (W)x)                                           \
    NETC_BINARY(T, div, type, y == 0 ? 0 : y == -1 ? netc_neg_##type(x) : x / y)                   \
    NETC_BINARY(T, truncmod, type, y == 0 || y == -1 ? 0 : x % y)                                  \
    NETC_BINARY(T, floordiv, type,                                                                 \
                netc_sub_##type(netc_div_##type(x, y),                                             \
                                (T)(netc_truncmod_##type(x, y) != 0 && (x < 0) != (y < 0))))       \
    NETC_BINARY(T, floormod, type,                                                                 \
                netc_truncmod_##type(x, y) != 0 && (x < 0) != (y < 0)                              \
                    ? netc_truncmod_##type(x, y) + y                                               \
                    : netc_truncmod_##type(x, y))                                                  \
    NETC_BINARY(T, shl, type, y < 0 || y >= bits ? 0 : (W)x << y)                                  \
    NETC_BINARY(T, shr, type, y<0 || y >= bits ? 0 : x<0 ? ~(~x >> y) : x>> y)                     \
    /* to a negative power: what is left of 1 / x^-y without its fraction */                       \
    NETC_BINARY(T, pow, type,                                                                      \
                y >= 0    ? netc_power_##type(x, y)                                                \
                : x == 1  ? 1                                                                      \
                : x == -1 ? (y % 2 != 0 ? -1 : 1)                                                  \
                          : 0)

#define NETC_UNSIGNED(T, W, type, bits)                                                            \
    NETC_INTEGER(T, W, type, bits)                                                                 \
    NETC_UNARY(T, abs, type, x)                                                                    \
    NETC_BINARY(T, div, type, y == 0 ? 0 : x / y)                                                  \
    NETC_BINARY(T, truncmod, type, y == 0 ? 0 : x % y)                                             \
    NETC_BINARY(T, floordiv, type, netc_div_##type(x, y))                                          \
    NETC_BINARY(T, floormod, type, netc_truncmod_##type(x, y))                                     \
    NETC_BINARY(T, shl, type, y >= bits ? 0 : (W)x << y)                                           \
    NETC_BINARY(T, shr, type, y >= bits ? 0 : x >> y)                                              \
    NETC_BINARY(T, pow, type, netc_power_##type(x, y))

NETC_SIGNED(int8_t, uint32_t, i8, 8)
NETC_SIGNED(int16_t, uint32_t, i16, 16)
NETC_SIGNED(int32_t, uint32_t, i32, 32)
NETC_SIGNED(int64_t, uint64_t, i64, 64)
NETC_UNSIGNED(uint8_t, uint32_t, u8, 8)
NETC_UNSIGNED(uint16_t, uint32_t, u16, 16)
NETC_UNSIGNED(uint32_t, uint32_t, u32, 32)
NETC_UNSIGNED(uint64_t, uint64_t, u64, 64)

/* ---- bool ---- */

NETC_UNARY(uint8_t, not, bool, x == 0)
NETC_BINARY(uint8_t, and, bool, x &&y)
NETC_BINARY(uint8_t, or, bool, x || y)
NETC_BINARY(uint8_t, xor, bool, (x != 0) != (y != 0))
NETC_BINARY(uint8_t, min, bool, x &&y)
NETC_BINARY(uint8_t, max, bool, x || y)
NETC_TEST(uint8_t, eq, bool, (x != 0) == (y != 0))
NETC_TEST(uint8_t, ne, bool, (x != 0) != (y != 0))
NETC_TEST(uint8_t, lt, bool, x == 0 && y != 0)
NETC_TEST(uint8_t, le, bool, x == 0 || y != 0)

/* clang-format on */

/* ---- float to integer: truncates to 64 bits (the nearest that fits, NaN to 0), then wraps ---- */

static inline int64_t netc_i64_from_f64(double x)
{
    return x != x ? 0 : x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}
static inline uint64_t netc_u64_from_f64(double x)
{
    return x >= 0x1p64 ? UINT64_MAX : x >= 0x1p63 ? (uint64_t)x : (uint64_t)netc_i64_from_f64(x);
}
static inline int64_t netc_i64_from_f32(float x) { return netc_i64_from_f64((double)x); }
static inline uint64_t netc_u64_from_f32(float x) { return netc_u64_from_f64((double)x); }

#define NETC_TRUNCATE(T, type)                                                                     \
    static inline T netc_##type##_from_f64(double x) { return (T)netc_i64_from_f64(x); }           \
    static inline T netc_##type##_from_f32(float x) { return netc_##type##_from_f64((double)x); }
NETC_TRUNCATE(int8_t, i8)
NETC_TRUNCATE(int16_t, i16)
NETC_TRUNCATE(int32_t, i32)
NETC_TRUNCATE(uint8_t, u8)
NETC_TRUNCATE(uint16_t, u16)
NETC_TRUNCATE(uint32_t, u32)

/* ---- f16 and bf16, stored as uint16_t ---- */

static inline uint32_t netc_bits_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float netc_f32_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline uint64_t netc_bits_f64(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double netc_f64_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#ifndef netc_f32_from_f16 /* else an instruction of the machine */
static inline float netc_f32_from_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, size = h & 0x7fff;
    if (size >= 0x7c00) return netc_f32_of_bits(sign | 0x7f800000 | (size & 0x3ff) << 13);
    if (size >= 0x0400) return netc_f32_of_bits(sign | ((size << 13) + (112u << 23)));
    /* denormal: a whole number of 2^-24 */
    return netc_f32_of_bits(sign | netc_bits_f32((float)size * 5.9604644775390625e-8f));
}
#endif
/* Rounds to nearest even; from 65520 on infinity. */
static inline uint16_t netc_f16_from_f32(float x)
{
    uint32_t bits = netc_bits_f32(x), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (size >> 13 & 0x3ff));
    if (size >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (size >= 0x38800000)
        return (uint16_t)(sign | (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13);
    /* denormal: adding 1/2 rounds to a whole number of 2^-24, which is then in the low bits */
    return (uint16_t)(sign | (netc_bits_f32(netc_f32_of_bits(size) + 0.5f) - 0x3f000000));
}

static inline float netc_f32_from_bf16(uint16_t h) { return netc_f32_of_bits((uint32_t)h << 16); }
/* Rounds to nearest even; a NaN keeps its high bits and stays one. */
static inline uint16_t netc_bf16_from_f32(float x)
{
    uint32_t bits = netc_bits_f32(x);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* From double in one rounding: first to an odd float, which no second rounding takes for a tie. */
static inline float netc_odd_f32(double x)
{
    float y = (float)x;
    uint32_t bits = netc_bits_f32(y);
    if (x != x || (double)y == x) return y;
    if (fabs((double)y) > fabs(x)) bits--;
    return netc_f32_of_bits(bits | 1);
}
static inline uint16_t netc_f16_from_f64(double x) { return netc_f16_from_f32(netc_odd_f32(x)); }
static inline uint16_t netc_bf16_from_f64(double x) { return netc_bf16_from_f32(netc_odd_f32(x)); }

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
