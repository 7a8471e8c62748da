/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary of netc_vector.h with a single lane: a netc_f is a float, a netc_m an int,
 * 0 or 1. Strict ISO C99, for any compiler and machine; C11 and C++ too. Its functions are libm's.
 */
#ifndef NETC_SCALAR_H
#define NETC_SCALAR_H

#include "netc_math.h"
#include <stddef.h>

#ifdef NETC_LANES
#error "two instruction sets in one source: compile the models apart"
#endif
#define NETC_LANES 1

#define NETC_UNROLL(n)
#define NETC_PIN(p)      ((void)0)

typedef float netc_f;
typedef int netc_m;

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

static inline netc_f netc_load(const float *p) { return *p; }
static inline void netc_store(float *p, netc_f v) { *p = v; }
static inline netc_f netc_load_part(const float *p, int n) { return n > 0 ? *p : 0.0f; }
static inline void netc_store_part(float *p, netc_f v, int n)
{
    if (n > 0) *p = v;
}
static inline netc_f netc_load_stride(const float *p, ptrdiff_t stride)
{
    (void)stride;
    return *p;
}
static inline void netc_store_stride(float *p, netc_f v, ptrdiff_t stride)
{
    (void)stride;
    *p = v;
}
static inline netc_f netc_load_stride_part(const float *p, ptrdiff_t stride, int n)
{
    (void)stride;
    return netc_load_part(p, n);
}
static inline void netc_store_stride_part(float *p, netc_f v, ptrdiff_t stride, int n)
{
    (void)stride;
    netc_store_part(p, v, n);
}
static inline netc_f netc_splat(float x) { return x; }

#define NETC_SCALAR_HALF(half)                                                                     \
    static inline netc_f netc_load_##half(const uint16_t *p) { return netc_f32_from_##half(*p); }  \
    static inline void netc_store_##half(uint16_t *p, netc_f v)                                    \
    {                                                                                              \
        *p = netc_##half##_from_f32(v);                                                            \
    }                                                                                              \
    static inline netc_f netc_load_##half##_part(const uint16_t *p, int n)                         \
    {                                                                                              \
        return n > 0 ? netc_load_##half(p) : 0.0f;                                                 \
    }                                                                                              \
    static inline void netc_store_##half##_part(uint16_t *p, netc_f v, int n)                      \
    {                                                                                              \
        if (n > 0) netc_store_##half(p, v);                                                        \
    }                                                                                              \
    static inline netc_f netc_load_stride_##half(const uint16_t *p, ptrdiff_t stride)              \
    {                                                                                              \
        (void)stride;                                                                              \
        return netc_load_##half(p);                                                                \
    }                                                                                              \
    static inline netc_f netc_load_stride_##half##_part(const uint16_t *p, ptrdiff_t stride,       \
                                                        int n)                                     \
    {                                                                                              \
        (void)stride;                                                                              \
        return netc_load_##half##_part(p, n);                                                      \
    }
NETC_SCALAR_HALF(f16)
NETC_SCALAR_HALF(bf16)

static inline netc_m netc_lt(netc_f a, netc_f b) { return a < b; }
static inline netc_m netc_le(netc_f a, netc_f b) { return a <= b; }
static inline netc_m netc_eq(netc_f a, netc_f b) { return a == b; }
static inline netc_m netc_ne(netc_f a, netc_f b) { return a != b; }
static inline netc_m netc_and_m(netc_m a, netc_m b) { return a & b; }
static inline netc_m netc_or_m(netc_m a, netc_m b) { return a | b; }
static inline netc_m netc_xor_m(netc_m a, netc_m b) { return a ^ b; }
static inline netc_m netc_not_m(netc_m a) { return !a; }
static inline netc_m netc_splat_m(int truth) { return truth != 0; }
static inline netc_f netc_select(netc_m m, netc_f a, netc_f b) { return m ? a : b; }
static inline int netc_any_m(netc_m m) { return m; }
static inline int netc_all_m(netc_m m) { return m; }
static inline netc_m netc_load_m(const uint8_t *p) { return *p != 0; }
static inline void netc_store_m(uint8_t *p, netc_m m) { *p = (uint8_t)m; }
static inline netc_m netc_load_m_part(const uint8_t *p, int n) { return n > 0 && *p != 0; }
static inline void netc_store_m_part(uint8_t *p, netc_m m, int n)
{
    if (n > 0) *p = (uint8_t)m;
}
static inline netc_m netc_eq_m(netc_m a, netc_m b) { return a == b; }
static inline netc_m netc_ne_m(netc_m a, netc_m b) { return a != b; }
static inline netc_m netc_lt_m(netc_m a, netc_m b) { return a < b; }
static inline netc_m netc_le_m(netc_m a, netc_m b) { return a <= b; }
static inline netc_m netc_min_m(netc_m a, netc_m b) { return a & b; }
static inline netc_m netc_max_m(netc_m a, netc_m b) { return a | b; }
static inline netc_m netc_isnan(netc_f a) { return a != a; }
static inline netc_m netc_isinf(netc_f a) { return netc_isinf_f32(a); }

static inline netc_f netc_fma(netc_f a, netc_f b, netc_f c) { return a * b + c; }

#define NETC_SCALAR_1(name)                                                                        \
    static inline netc_f netc_##name(netc_f x) { return netc_##name##_f32(x); }
#define NETC_SCALAR_2(name)                                                                        \
    static inline netc_f netc_##name(netc_f x, netc_f y) { return netc_##name##_f32(x, y); }
NETC_SCALAR_1(neg)
NETC_SCALAR_1(abs)
NETC_SCALAR_1(exp)
NETC_SCALAR_1(log)
NETC_SCALAR_1(sqrt)
NETC_SCALAR_1(sin)
NETC_SCALAR_1(cos)
NETC_SCALAR_1(tan)
NETC_SCALAR_1(asin)
NETC_SCALAR_1(acos)
NETC_SCALAR_1(atan)
NETC_SCALAR_1(sinh)
NETC_SCALAR_1(cosh)
NETC_SCALAR_1(tanh)
NETC_SCALAR_1(asinh)
NETC_SCALAR_1(acosh)
NETC_SCALAR_1(atanh)
NETC_SCALAR_1(erf)
NETC_SCALAR_1(sigmoid)
NETC_SCALAR_1(floor)
NETC_SCALAR_1(ceil)
NETC_SCALAR_1(round)
NETC_SCALAR_1(trunc)
NETC_SCALAR_2(add)
NETC_SCALAR_2(sub)
NETC_SCALAR_2(mul)
NETC_SCALAR_2(div)
NETC_SCALAR_2(floordiv)
NETC_SCALAR_2(floormod)
NETC_SCALAR_2(truncmod)
NETC_SCALAR_2(pow)
NETC_SCALAR_2(atan2)
NETC_SCALAR_2(min)
NETC_SCALAR_2(max)

/* Of NETC_LANES vectors, each in its lane. */
static inline netc_f netc_sums(netc_f v) { return v; }
static inline float netc_sum(netc_f v) { return v; }
static inline float netc_product(netc_f v) { return v; }
static inline float netc_hmax(netc_f v) { return v; }
static inline float netc_hmin(netc_f v) { return v; }

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
