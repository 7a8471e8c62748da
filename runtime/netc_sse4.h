/* SPDX-License-Identifier: 0BSD */
/*
 * The vector vocabulary with 4 lanes for SSE4.1: what intrinsics do better than netc_vector.h,
 * which has the rest and says what everything means. There is no fused multiply-add.
 */
#ifndef NETC_SSE4_H
#define NETC_SSE4_H

#ifndef __SSE4_1__
#error "netc: compile it with -msse4.1"
#endif
#ifdef NETC_LANES
#error "two instruction sets in one source: compile the models apart"
#endif
#define NETC_LANES 4

#include <smmintrin.h>
#include <stdint.h>

#define NETC_X86_FUNCTION static inline __attribute__((always_inline, unused))

#define netc_splat netc_splat
NETC_X86_FUNCTION __m128 netc_splat(float x) { return _mm_set1_ps(x); }

#define netc_load_bf16 netc_load_bf16
NETC_X86_FUNCTION __m128 netc_load_bf16(const uint16_t *p)
{
    __m128i h = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), h));
}

#define netc_larger netc_larger
NETC_X86_FUNCTION __m128 netc_larger(__m128 a, __m128 b) { return _mm_max_ps(a, b); }
NETC_X86_FUNCTION __m128 netc_smaller(__m128 a, __m128 b) { return _mm_min_ps(a, b); }

#define netc_sqrt netc_sqrt
NETC_X86_FUNCTION __m128 netc_sqrt(__m128 a) { return _mm_sqrt_ps(a); }

#define netc_round netc_round
NETC_X86_FUNCTION __m128 netc_round(__m128 a)
{
    return _mm_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
NETC_X86_FUNCTION __m128 netc_floor(__m128 a) { return _mm_floor_ps(a); }
NETC_X86_FUNCTION __m128 netc_ceil(__m128 a) { return _mm_ceil_ps(a); }
NETC_X86_FUNCTION __m128 netc_trunc(__m128 a)
{
    return _mm_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}

#define netc_blend netc_blend
NETC_X86_FUNCTION __m128 netc_blend(__m128 m, __m128 a, __m128 b) { return _mm_blendv_ps(b, a, m); }
NETC_X86_FUNCTION int netc_signs(__m128 m) { return _mm_movemask_ps(m); }

#include "netc_vector.h"

#endif
