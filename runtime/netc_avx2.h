/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary with 8 lanes for AVX2 with FMA and F16C: what intrinsics do better than
 * netc_vector.h, which has the rest and says what everything means.
 */
#ifndef NETC_AVX2_H
#define NETC_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "netc: compile it with -mavx2 -mfma -mf16c"
#endif
#ifdef NETC_LANES
#error "two instruction sets in one source: compile the models apart"
#endif
#define NETC_LANES 8

#include <immintrin.h>
#include <stdint.h>

#define NETC_X86_FUNCTION static inline __attribute__((always_inline, unused))

#define netc_splat netc_splat
NETC_X86_FUNCTION __m256 netc_splat(float x) { return _mm256_set1_ps(x); }

#define netc_load_part netc_load_part
NETC_X86_FUNCTION __m256i netc_first(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
NETC_X86_FUNCTION __m256 netc_load_part(const float *p, int n)
{
    return _mm256_maskload_ps(p, netc_first(n));
}
NETC_X86_FUNCTION void netc_store_part(float *p, __m256 v, int n)
{
    _mm256_maskstore_ps(p, netc_first(n), v);
}

#define netc_fma netc_fma
NETC_X86_FUNCTION __m256 netc_fma(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }

#define netc_larger netc_larger
NETC_X86_FUNCTION __m256 netc_larger(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
NETC_X86_FUNCTION __m256 netc_smaller(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }

#define netc_sqrt netc_sqrt
NETC_X86_FUNCTION __m256 netc_sqrt(__m256 a) { return _mm256_sqrt_ps(a); }

#define netc_round netc_round
NETC_X86_FUNCTION __m256 netc_round(__m256 a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
NETC_X86_FUNCTION __m256 netc_floor(__m256 a) { return _mm256_floor_ps(a); }
NETC_X86_FUNCTION __m256 netc_ceil(__m256 a) { return _mm256_ceil_ps(a); }
NETC_X86_FUNCTION __m256 netc_trunc(__m256 a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

#define netc_blend netc_blend
NETC_X86_FUNCTION __m256 netc_blend(__m256 m, __m256 a, __m256 b)
{
    return _mm256_blendv_ps(b, a, m);
}
NETC_X86_FUNCTION int netc_signs(__m256 m) { return _mm256_movemask_ps(m); }

#define netc_load_f16 netc_load_f16
NETC_X86_FUNCTION __m256 netc_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
#define netc_load_bf16 netc_load_bf16
NETC_X86_FUNCTION __m256 netc_load_bf16(const uint16_t *p)
{
    __m128i h = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}
#define netc_f32_from_f16 netc_f32_from_f16
NETC_X86_FUNCTION float netc_f32_from_f16(uint16_t h)
{
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(h)));
}
NETC_X86_FUNCTION void netc_store_f16(uint16_t *p, __m256 v)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#include "netc_vector.h"

#endif
