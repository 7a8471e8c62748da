/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary over GCC's and Clang's vector extensions: NETC_LANES floats in a netc_f, a
 * truth value for each in a netc_m. Included by the header of an instruction set (netc_generic.h,
 * netc_avx2.h, ...), which has set NETC_LANES and may have defined single functions better than
 * they are here: it says so by `#define netc_fma netc_fma`. netc_scalar.h has the same names for
 * one float. C11 and C++.
 *
 * Memory need not be aligned beyond float. `_part` functions take n, 0 <= n <= NETC_LANES, touch
 * nothing past n elements and give 0 in the other lanes.
 */
#ifndef NETC_VECTOR_H
#define NETC_VECTOR_H

#ifndef NETC_LANES
#error "include the header of an instruction set (netc_generic.h, ...), not netc_vector.h"
#endif

#include "netc_math.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Always inlined, so that no vector crosses a call: the ABI of that depends on the flags. Where the
 * machine has no vectors gcc warns of it all the same, also at the uses. */
#ifdef __clang__
#pragma clang diagnostic push
#ifdef __ALTIVEC__ /* for PowerPC it warns that comparisons may one day change their type */
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wdeprecated-altivec-src-compat"
#endif
#else
#pragma GCC diagnostic ignored "-Wpsabi"
#endif
#define NETC_VECTOR_FUNCTION static inline __attribute__((always_inline, unused))

#define NETC_PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define NETC_UNROLL(n) NETC_PRAGMA(clang loop unroll_count(n))
#else
#define NETC_UNROLL(n) NETC_PRAGMA(GCC unroll n)
#endif
/* Asks for `lines` cache lines of 64 bytes from p on. */
#define NETC_PREFETCH(p, lines)                                                                    \
    do {                                                                                           \
        NETC_UNROLL(32)                                                                            \
        for (int line_ = 0; line_ < (lines); line_++)                                              \
            __builtin_prefetch((const char *)(p) + 64 * line_, 0, 2);                              \
    } while (0)
/* For `lines` lines, `apart` elements from one another, that are needed at once. */
#define NETC_PREFETCH_NEAR(p, lines, apart)                                                        \
    do {                                                                                           \
        NETC_UNROLL(32)                                                                            \
        for (int line_ = 0; line_ < (lines); line_++)                                              \
            __builtin_prefetch((p) + (apart) * line_, 0, 3);                                       \
    } while (0)

/* Once per step of a contraction, on its pointers: without it gcc keeps loads of later steps in
 * registers across the loop and spills the accumulators. Clang does better alone. */
#if defined(__GNUC__) && !defined(__clang__)
#define NETC_PIN(p) __asm__ volatile("" : "+r"(p))
#else
#define NETC_PIN(p) ((void)0)
#endif

typedef float netc_f __attribute__((vector_size(4 * NETC_LANES)));
typedef int32_t netc_i __attribute__((vector_size(4 * NETC_LANES)));
typedef uint32_t netc_u __attribute__((vector_size(4 * NETC_LANES)));
typedef uint16_t netc_h __attribute__((vector_size(2 * NETC_LANES)));

/* ---- what is spelled lane by lane ---- */

/* The lanes of a, then those of b, by number. */
#ifdef __clang__
#define NETC_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NETC_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (netc_i){__VA_ARGS__})
#endif

/* NETC_EVERY is whether all lanes are true, in a form that folds at compile time.
 * NETC_FOLD combines halves, quarters, ... so that lane 0 has all; NETC_EVEN takes p[0], p[2], ...
 * from the vectors at p and at p + NETC_LANES - 1. */
#if NETC_LANES == 4
#define NETC_EVERY(m) (m[0] & m[1] & m[2] & m[3])
#define NETC_FOLD(v, combine)                                                                      \
    v = combine(v, NETC_SHUFFLE(v, v, 2, 3, 0, 1));                                                \
    v = combine(v, NETC_SHUFFLE(v, v, 1, 0, 3, 2));
#define NETC_EVEN(a, b)   NETC_SHUFFLE(a, b, 0, 2, 5, 7)
#define NETC_GATHER(p, s) ((netc_f){(p)[0], (p)[s], (p)[2 * (s)], (p)[3 * (s)]})
#elif NETC_LANES == 8
#define NETC_EVERY(m) (m[0] & m[1] & m[2] & m[3] & m[4] & m[5] & m[6] & m[7])
#define NETC_FOLD(v, combine)                                                                      \
    v = combine(v, NETC_SHUFFLE(v, v, 4, 5, 6, 7, 0, 1, 2, 3));                                    \
    v = combine(v, NETC_SHUFFLE(v, v, 2, 3, 0, 1, 6, 7, 4, 5));                                    \
    v = combine(v, NETC_SHUFFLE(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
#define NETC_EVEN(a, b) NETC_SHUFFLE(a, b, 0, 2, 4, 6, 9, 11, 13, 15)
#define NETC_GATHER(p, s)                                                                          \
    ((netc_f){(p)[0], (p)[s], (p)[2 * (s)], (p)[3 * (s)], (p)[4 * (s)], (p)[5 * (s)],              \
              (p)[6 * (s)], (p)[7 * (s)]})
#else
#define NETC_EVERY(m)                                                                              \
    (m[0] & m[1] & m[2] & m[3] & m[4] & m[5] & m[6] & m[7] & m[8] & m[9] & m[10] & m[11] & m[12] & \
     m[13] & m[14] & m[15])
#define NETC_FOLD(v, combine)                                                                      \
    v = combine(v, NETC_SHUFFLE(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));      \
    v = combine(v, NETC_SHUFFLE(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));      \
    v = combine(v, NETC_SHUFFLE(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));      \
    v = combine(v, NETC_SHUFFLE(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
#define NETC_EVEN(a, b)                                                                            \
    NETC_SHUFFLE(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31)
#define NETC_GATHER(p, s)                                                                          \
    ((netc_f){(p)[0], (p)[s], (p)[2 * (s)], (p)[3 * (s)], (p)[4 * (s)], (p)[5 * (s)],              \
              (p)[6 * (s)], (p)[7 * (s)], (p)[8 * (s)], (p)[9 * (s)], (p)[10 * (s)],               \
              (p)[11 * (s)], (p)[12 * (s)], (p)[13 * (s)], (p)[14 * (s)], (p)[15 * (s)]})
#endif

/* ---- truth values: all bits of a lane, where the instruction set has no masks of its own ---- */

#ifndef netc_select
typedef netc_i netc_m;
NETC_VECTOR_FUNCTION netc_m netc_lt(netc_f a, netc_f b) { return (netc_m)(a < b); }
NETC_VECTOR_FUNCTION netc_m netc_le(netc_f a, netc_f b) { return (netc_m)(a <= b); }
NETC_VECTOR_FUNCTION netc_m netc_eq(netc_f a, netc_f b) { return (netc_m)(a == b); }
NETC_VECTOR_FUNCTION netc_m netc_ne(netc_f a, netc_f b) { return (netc_m)(a != b); }
NETC_VECTOR_FUNCTION netc_m netc_and_m(netc_m a, netc_m b) { return a & b; }
NETC_VECTOR_FUNCTION netc_m netc_or_m(netc_m a, netc_m b) { return a | b; }
NETC_VECTOR_FUNCTION netc_m netc_xor_m(netc_m a, netc_m b) { return a ^ b; }
NETC_VECTOR_FUNCTION netc_m netc_not_m(netc_m a) { return ~a; }
NETC_VECTOR_FUNCTION netc_m netc_splat_m(int truth) { return (netc_m){0} - (int32_t)(truth != 0); }
NETC_VECTOR_FUNCTION netc_f netc_select(netc_m m, netc_f a, netc_f b)
{
#ifdef netc_blend
    return netc_blend((netc_f)m, a, b);
#else
    return (netc_f)((m & (netc_i)a) | (~m & (netc_i)b));
#endif
}
NETC_VECTOR_FUNCTION int netc_any_m(netc_m m)
{
#ifdef netc_blend
    return netc_signs((netc_f)m) != 0;
#else
    int any = 0;
    for (int i = 0; i < NETC_LANES; i++) any |= m[i];
    return any != 0;
#endif
}
NETC_VECTOR_FUNCTION int netc_all_m(netc_m m) { return !netc_any_m(~m); }
/* Truth values as bool tensors hold them: a byte each, 0 or 1. */
NETC_VECTOR_FUNCTION netc_m netc_load_m(const uint8_t *p)
{
    netc_m m = {0};
    for (int i = 0; i < NETC_LANES; i++) m[i] = -(p[i] != 0);
    return m;
}
NETC_VECTOR_FUNCTION void netc_store_m_part(uint8_t *p, netc_m m, int n)
{
    for (int i = 0; i < n; i++) p[i] = (uint8_t)(m[i] & 1);
}
NETC_VECTOR_FUNCTION void netc_store_m(uint8_t *p, netc_m m)
{
    netc_store_m_part(p, m, NETC_LANES);
}
NETC_VECTOR_FUNCTION netc_m netc_load_m_part(const uint8_t *p, int n)
{
    netc_m m = {0};
    for (int i = 0; i < n; i++) m[i] = -(p[i] != 0);
    return m;
}
#endif

NETC_VECTOR_FUNCTION netc_m netc_eq_m(netc_m a, netc_m b) { return netc_not_m(netc_xor_m(a, b)); }
NETC_VECTOR_FUNCTION netc_m netc_ne_m(netc_m a, netc_m b) { return netc_xor_m(a, b); }
NETC_VECTOR_FUNCTION netc_m netc_lt_m(netc_m a, netc_m b) { return netc_and_m(netc_not_m(a), b); }
NETC_VECTOR_FUNCTION netc_m netc_le_m(netc_m a, netc_m b) { return netc_or_m(netc_not_m(a), b); }
NETC_VECTOR_FUNCTION netc_m netc_min_m(netc_m a, netc_m b) { return netc_and_m(a, b); }
NETC_VECTOR_FUNCTION netc_m netc_max_m(netc_m a, netc_m b) { return netc_or_m(a, b); }

/* ---- memory ---- */

#ifndef netc_load
NETC_VECTOR_FUNCTION netc_f netc_load(const float *p)
{
    netc_f v;
    memcpy(&v, p, sizeof v);
    return v;
}
NETC_VECTOR_FUNCTION void netc_store(float *p, netc_f v) { memcpy(p, &v, sizeof v); }
#endif

#ifndef netc_splat
/* x - 0 is x for every x, also -0: so the compiler drops the subtraction. */
NETC_VECTOR_FUNCTION netc_f netc_splat(float x) { return x - (netc_f){0}; }
#endif

#ifndef netc_load_part
NETC_VECTOR_FUNCTION netc_f netc_load_part(const float *p, int n)
{
    netc_f v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}
NETC_VECTOR_FUNCTION void netc_store_part(float *p, netc_f v, int n)
{
    memcpy(p, &v, (size_t)n * sizeof *p);
}
#endif

/* Lanes `stride` elements apart. */
NETC_VECTOR_FUNCTION netc_f netc_load_stride_part(const float *p, ptrdiff_t stride, int n)
{
    if (stride == 2) {
        const int span = n > 0 ? 2 * n - 1 : 0, rest = span - (NETC_LANES - 1);
        netc_f low = netc_load_part(p, span < NETC_LANES ? span : NETC_LANES),
               high = netc_splat(0.0f);
        if (rest > 0) high = netc_load_part(p + NETC_LANES - 1, rest);
        return NETC_EVEN(low, high);
    }
    float lane[NETC_LANES] = {0};
    for (int i = 0; i < n; i++) lane[i] = p[i * stride];
    return netc_load(lane);
}
NETC_VECTOR_FUNCTION void netc_store_stride_part(float *p, netc_f v, ptrdiff_t stride, int n)
{
    float lane[NETC_LANES];
    netc_store(lane, v);
    for (int i = 0; i < n; i++) p[i * stride] = lane[i];
}
/* Every second element is common: two loads, the second ending at the last element. */
NETC_VECTOR_FUNCTION netc_f netc_load_stride(const float *p, ptrdiff_t stride)
{
    if (stride == 2) return NETC_EVEN(netc_load(p), netc_load(p + NETC_LANES - 1));
    return NETC_GATHER(p, stride);
}
NETC_VECTOR_FUNCTION void netc_store_stride(float *p, netc_f v, ptrdiff_t stride)
{
    NETC_UNROLL(NETC_LANES) /* else every lane takes the whole vector through memory */
    for (int i = 0; i < NETC_LANES; i++) p[i * stride] = v[i];
}

/* f16 and bf16 in memory. */
#ifndef netc_load_f16
NETC_VECTOR_FUNCTION netc_f netc_load_f16(const uint16_t *p)
{
    netc_h h;
    memcpy(&h, p, sizeof h);
    netc_u code = __builtin_convertvector(h, netc_u), size = code & 0x7fffu;
    netc_u special = (netc_u)(size >= 0x7c00u), normal = (netc_u)(size >= 0x0400u);
    /* 1/2 and a whole number of 2^-24, less 1/2, is a denormal; infinities keep their mantissa */
    netc_u small = (netc_u)((netc_f)(size + 0x3f000000u) - 0.5f);
    netc_u whole = (size << 13) + (112u << 23) + (special & 112u << 23);
    return (netc_f)((code & 0x8000u) << 16 | (normal & whole) | (~normal & small));
}
NETC_VECTOR_FUNCTION void netc_store_f16(uint16_t *p, netc_f v)
{
    for (int i = 0; i < NETC_LANES; i++) p[i] = netc_f16_from_f32(v[i]);
}
#endif
#ifndef netc_load_bf16
NETC_VECTOR_FUNCTION netc_f netc_load_bf16(const uint16_t *p)
{
    netc_h h;
    memcpy(&h, p, sizeof h);
    return (netc_f)(__builtin_convertvector(h, netc_u) << 16);
}
#endif
NETC_VECTOR_FUNCTION void netc_store_bf16(uint16_t *p, netc_f v)
{
    netc_u bits = (netc_u)v;
    netc_u whole = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16, nan = bits >> 16 | 0x40u;
    netc_u is_nan = (netc_u)(v != v);
    netc_h h = __builtin_convertvector((is_nan & nan) | (~is_nan & whole), netc_h);
    memcpy(p, &h, sizeof h);
}

#define NETC_HALF_PART(half)                                                                       \
    NETC_VECTOR_FUNCTION netc_f netc_load_##half##_part(const uint16_t *p, int n)                  \
    {                                                                                              \
        uint16_t lane[NETC_LANES] = {0};                                                           \
        memcpy(lane, p, (size_t)n * sizeof *p);                                                    \
        return netc_load_##half(lane);                                                             \
    }                                                                                              \
    NETC_VECTOR_FUNCTION void netc_store_##half##_part(uint16_t *p, netc_f v, int n)               \
    {                                                                                              \
        uint16_t lane[NETC_LANES];                                                                 \
        netc_store_##half(lane, v);                                                                \
        memcpy(p, lane, (size_t)n * sizeof *p);                                                    \
    }                                                                                              \
    NETC_VECTOR_FUNCTION netc_f netc_load_stride_##half##_part(const uint16_t *p,                  \
                                                               ptrdiff_t stride, int n)            \
    {                                                                                              \
        uint16_t lane[NETC_LANES] = {0};                                                           \
        for (int i = 0; i < n; i++) lane[i] = p[i * stride];                                       \
        return netc_load_##half(lane);                                                             \
    }                                                                                              \
    NETC_VECTOR_FUNCTION netc_f netc_load_stride_##half(const uint16_t *p, ptrdiff_t stride)       \
    {                                                                                              \
        return netc_load_stride_##half##_part(p, stride, NETC_LANES);                              \
    }
NETC_HALF_PART(f16)
NETC_HALF_PART(bf16)

/* ---- arithmetic ---- */

NETC_VECTOR_FUNCTION netc_f netc_add(netc_f a, netc_f b) { return a + b; }
NETC_VECTOR_FUNCTION netc_f netc_sub(netc_f a, netc_f b) { return a - b; }
NETC_VECTOR_FUNCTION netc_f netc_mul(netc_f a, netc_f b) { return a * b; }
NETC_VECTOR_FUNCTION netc_f netc_div(netc_f a, netc_f b) { return a / b; }
NETC_VECTOR_FUNCTION netc_f netc_neg(netc_f a) { return -a; }
NETC_VECTOR_FUNCTION netc_f netc_abs(netc_f a) { return (netc_f)((netc_u)a & 0x7fffffffu); }

#ifndef netc_fma
NETC_VECTOR_FUNCTION netc_f netc_fma(netc_f a, netc_f b, netc_f c) { return a * b + c; }
#endif

/* The larger and the smaller; b where one is NaN. */
#ifndef netc_larger
NETC_VECTOR_FUNCTION netc_f netc_larger(netc_f a, netc_f b)
{
    return netc_select(netc_lt(b, a), a, b);
}
NETC_VECTOR_FUNCTION netc_f netc_smaller(netc_f a, netc_f b)
{
    return netc_select(netc_lt(a, b), a, b);
}
#endif

/* Constant in the source, and none of it NaN. With NETC_EXACT nothing may depend on what the C
 * compiler finds out: of zeros of either sign, operands in other places choose another. */
NETC_VECTOR_FUNCTION int netc_known_numbers(netc_f v)
{
#ifdef NETC_EXACT
    (void)v;
    return 0;
#else
    netc_i number = (netc_i)(v == v);
    int all = NETC_EVERY(number);
    return __builtin_constant_p(all) && all;
#endif
}

/* NaN wins, from either side. With a constant, one instruction where the machine has it. */
NETC_VECTOR_FUNCTION netc_f netc_max(netc_f a, netc_f b)
{
    if (netc_known_numbers(a)) return netc_larger(a, b);
    if (netc_known_numbers(b)) return netc_larger(b, a);
    return netc_select(netc_ne(a, a), a, netc_larger(a, b));
}
NETC_VECTOR_FUNCTION netc_f netc_min(netc_f a, netc_f b)
{
    if (netc_known_numbers(a)) return netc_smaller(a, b);
    if (netc_known_numbers(b)) return netc_smaller(b, a);
    return netc_select(netc_ne(a, a), a, netc_smaller(a, b));
}

NETC_VECTOR_FUNCTION netc_f netc_copysign(netc_f magnitude, netc_f sign)
{
    return (netc_f)(((netc_u)magnitude & 0x7fffffffu) | ((netc_u)sign & 0x80000000u));
}

NETC_VECTOR_FUNCTION netc_m netc_isnan(netc_f a) { return netc_ne(a, a); }
NETC_VECTOR_FUNCTION netc_m netc_isinf(netc_f a)
{
    return netc_eq(netc_abs(a), netc_splat((float)INFINITY));
}

/* To an integer. Adding 2^23 leaves no room for a fraction; from there on there is none. */
#ifndef netc_round
NETC_VECTOR_FUNCTION netc_f netc_round(netc_f a)
{
    const netc_f big = netc_splat(0x1p23f);
    netc_f size = netc_abs(a);
    netc_f whole = netc_copysign((size + big) - big, a);
    return netc_select(netc_lt(size, big), whole, a);
}
NETC_VECTOR_FUNCTION netc_f netc_floor(netc_f a)
{
    netc_f r = netc_round(a);
    return netc_copysign(netc_select(netc_lt(a, r), r - 1.0f, r), a);
}
NETC_VECTOR_FUNCTION netc_f netc_ceil(netc_f a) { return -netc_floor(-a); }
NETC_VECTOR_FUNCTION netc_f netc_trunc(netc_f a)
{
    return netc_copysign(netc_floor(netc_abs(a)), a);
}
#endif

/* ---- across the lanes: halves are combined, then quarters, ... ---- */

#define NETC_ACROSS(name, combine)                                                                 \
    NETC_VECTOR_FUNCTION float netc_##name(netc_f v)                                               \
    {                                                                                              \
        NETC_FOLD(v, combine)                                                                      \
        return v[0];                                                                               \
    }
NETC_ACROSS(sum, netc_add)
NETC_ACROSS(product, netc_mul)
NETC_ACROSS(hmax, netc_max)
NETC_ACROSS(hmin, netc_min)

/* The sum across each of NETC_LANES vectors, in its lane: the vectors are added in pairs, then the
 * sums of pairs, with the halves that belong together side by side. */
#if NETC_LANES == 4
#define NETC_PAIRS(a, b) (NETC_SHUFFLE(a, b, 0, 4, 1, 5) + NETC_SHUFFLE(a, b, 2, 6, 3, 7))
#define NETC_FOURS(a, b) (NETC_SHUFFLE(a, b, 0, 1, 4, 5) + NETC_SHUFFLE(a, b, 2, 3, 6, 7))
#elif NETC_LANES == 8
#define NETC_PAIRS(a, b)                                                                           \
    (NETC_SHUFFLE(a, b, 0, 8, 1, 9, 4, 12, 5, 13) + NETC_SHUFFLE(a, b, 2, 10, 3, 11, 6, 14, 7, 15))
#define NETC_FOURS(a, b)                                                                           \
    (NETC_SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + NETC_SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15))
#else
#define NETC_PAIRS(a, b)                                                                           \
    (NETC_SHUFFLE(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +                \
     NETC_SHUFFLE(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31))
#define NETC_FOURS(a, b)                                                                           \
    (NETC_SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +                \
     NETC_SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
#endif
NETC_VECTOR_FUNCTION netc_f netc_sums_of_4(netc_f a, netc_f b, netc_f c, netc_f d)
{
    netc_f ab = NETC_PAIRS(a, b), cd = NETC_PAIRS(c, d);
    return NETC_FOURS(ab, cd);
}
#if NETC_LANES == 4
NETC_VECTOR_FUNCTION netc_f netc_sums(netc_f a, netc_f b, netc_f c, netc_f d)
{
    return netc_sums_of_4(a, b, c, d);
}
#elif NETC_LANES == 8
NETC_VECTOR_FUNCTION netc_f netc_sums(netc_f a, netc_f b, netc_f c, netc_f d, netc_f e, netc_f f,
                                      netc_f g, netc_f h)
{
    netc_f low = netc_sums_of_4(a, b, c, d), high = netc_sums_of_4(e, f, g, h);
    return NETC_SHUFFLE(low, high, 0, 1, 2, 3, 8, 9, 10, 11) +
           NETC_SHUFFLE(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
}
#else
NETC_VECTOR_FUNCTION netc_f netc_sums_of_8(netc_f a, netc_f b, netc_f c, netc_f d, netc_f e,
                                           netc_f f, netc_f g, netc_f h)
{
    netc_f low = netc_sums_of_4(a, b, c, d), high = netc_sums_of_4(e, f, g, h);
    return NETC_SHUFFLE(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           NETC_SHUFFLE(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
NETC_VECTOR_FUNCTION netc_f netc_sums(netc_f a, netc_f b, netc_f c, netc_f d, netc_f e, netc_f f,
                                      netc_f g, netc_f h, netc_f i, netc_f j, netc_f k, netc_f l,
                                      netc_f m, netc_f n, netc_f o, netc_f p)
{
    netc_f low = netc_sums_of_8(a, b, c, d, e, f, g, h),
           high = netc_sums_of_8(i, j, k, l, m, n, o, p);
    return NETC_SHUFFLE(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           NETC_SHUFFLE(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
#endif

#include "netc_vector_math.h"

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
