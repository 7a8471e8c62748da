/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary with 16 lanes for AVX-512 (F, VL, BW, DQ): truth values in mask registers,
 * and what intrinsics do better than netc_vector.h, which has the rest and says what everything
 * means.
 */
#ifndef NETC_AVX512_H
#define NETC_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512VL__) || !defined(__AVX512BW__) ||                   \
    !defined(__AVX512DQ__)
#error "netc: compile it with -mavx512f -mavx512vl -mavx512bw -mavx512dq"
#endif
#ifdef NETC_LANES
#error "two instruction sets in one source: compile the models apart"
#endif
#define NETC_LANES 16

#include <immintrin.h>
#include <stdint.h>

#define NETC_X86_FUNCTION static inline __attribute__((always_inline, unused))

#define netc_splat netc_splat
NETC_X86_FUNCTION __m512 netc_splat(float x) { return _mm512_set1_ps(x); }

/* ---- truth values: a bit each ---- */

typedef __mmask16 netc_m;
NETC_X86_FUNCTION netc_m netc_lt(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
NETC_X86_FUNCTION netc_m netc_le(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
NETC_X86_FUNCTION netc_m netc_eq(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
NETC_X86_FUNCTION netc_m netc_ne(__m512 a, __m512 b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ);
}
NETC_X86_FUNCTION netc_m netc_and_m(netc_m a, netc_m b) { return (netc_m)(a & b); }
NETC_X86_FUNCTION netc_m netc_or_m(netc_m a, netc_m b) { return (netc_m)(a | b); }
NETC_X86_FUNCTION netc_m netc_xor_m(netc_m a, netc_m b) { return (netc_m)(a ^ b); }
NETC_X86_FUNCTION netc_m netc_not_m(netc_m a) { return (netc_m)~a; }
NETC_X86_FUNCTION netc_m netc_splat_m(int truth) { return (netc_m)(truth ? 0xffff : 0); }
NETC_X86_FUNCTION int netc_any_m(netc_m m) { return m != 0; }
NETC_X86_FUNCTION int netc_all_m(netc_m m) { return m == 0xffff; }

#define netc_select netc_select
NETC_X86_FUNCTION __m512 netc_select(netc_m m, __m512 a, __m512 b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

/* The first n lanes. */
NETC_X86_FUNCTION netc_m netc_first(int n) { return (netc_m)((1u << n) - 1); }

NETC_X86_FUNCTION netc_m netc_load_m_part(const uint8_t *p, int n)
{
    __m128i bytes = _mm_maskz_loadu_epi8(netc_first(n), p);
    return _mm_test_epi8_mask(bytes, bytes);
}
NETC_X86_FUNCTION void netc_store_m_part(uint8_t *p, netc_m m, int n)
{
    _mm_mask_storeu_epi8(p, netc_first(n), _mm_maskz_set1_epi8(m, 1));
}
NETC_X86_FUNCTION netc_m netc_load_m(const uint8_t *p) { return netc_load_m_part(p, 16); }
NETC_X86_FUNCTION void netc_store_m(uint8_t *p, netc_m m) { netc_store_m_part(p, m, 16); }

/* ---- memory ---- */

#define netc_load_part netc_load_part
NETC_X86_FUNCTION __m512 netc_load_part(const float *p, int n)
{
    return _mm512_maskz_loadu_ps(netc_first(n), p);
}
NETC_X86_FUNCTION void netc_store_part(float *p, __m512 v, int n)
{
    _mm512_mask_storeu_ps(p, netc_first(n), v);
}

#define netc_load_f16 netc_load_f16
NETC_X86_FUNCTION __m512 netc_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
#define netc_load_bf16 netc_load_bf16
NETC_X86_FUNCTION __m512 netc_load_bf16(const uint16_t *p)
{
    __m256i h = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}
#define netc_f32_from_f16 netc_f32_from_f16
NETC_X86_FUNCTION float netc_f32_from_f16(uint16_t h)
{
    return _mm512_cvtss_f32(_mm512_cvtph_ps(_mm256_castsi128_si256(_mm_cvtsi32_si128(h))));
}
NETC_X86_FUNCTION void netc_store_f16(uint16_t *p, __m512 v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

/* ---- arithmetic ---- */

#define netc_fma netc_fma
NETC_X86_FUNCTION __m512 netc_fma(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }

#define netc_larger netc_larger
NETC_X86_FUNCTION __m512 netc_larger(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
NETC_X86_FUNCTION __m512 netc_smaller(__m512 a, __m512 b) { return _mm512_min_ps(a, b); }

#define netc_sqrt netc_sqrt
NETC_X86_FUNCTION __m512 netc_sqrt(__m512 a) { return _mm512_sqrt_ps(a); }

#define netc_round netc_round
NETC_X86_FUNCTION __m512 netc_round(__m512 a) { return _mm512_roundscale_ps(a, 8); }
NETC_X86_FUNCTION __m512 netc_floor(__m512 a) { return _mm512_roundscale_ps(a, 9); }
NETC_X86_FUNCTION __m512 netc_ceil(__m512 a) { return _mm512_roundscale_ps(a, 10); }
NETC_X86_FUNCTION __m512 netc_trunc(__m512 a) { return _mm512_roundscale_ps(a, 11); }

#define netc_scale netc_scale
NETC_X86_FUNCTION __m512 netc_scale(__m512 a, __m512 n) { return _mm512_scalef_ps(a, n); }

#include "netc_vector.h"

#endif
