/* SPDX-License-Identifier: 0BSD */
/*
 * Transcendental functions in the vector vocabulary (netc_vector.h): exp, log, tanh, erf and
 * sigmoid as polynomials, for every float incl. infinities, NaN and denormals; the others, with
 * NETC_EXACT all, lane by lane through libm.
 *
 * Coefficients: weighted minimax fits (Lawson's iteration at Chebyshev points), rounded to float
 * one by one from the lowest with the rest fitted again. The error named at each is that of the
 * polynomial relative to the function; the tests print the whole, in ulp.
 */
#ifndef NETC_VECTOR_MATH_H
#define NETC_VECTOR_MATH_H

#ifndef NETC_EXACT

/* a * 2^n for a whole n, -252 <= n <= 254: in two factors, so that the result may be denormal. */
#ifndef netc_scale
NETC_VECTOR_FUNCTION netc_f netc_scale(netc_f a, netc_f n)
{
    netc_i whole = __builtin_convertvector(n, netc_i);
    netc_u half = (netc_u)(whole >> 1);
    return a * (netc_f)((half + 127u) << 23) * (netc_f)(((netc_u)whole - half + 127u) << 23);
}
#endif

/* Adding this to |x| < 2^22 rounds x to a whole number, which is then in the low bits. */
#define NETC_ROUNDER 0x1.8p23f

/* x = n ln 2 + r with |r| <= ln(2) / 2. ln 2 in two parts: n times the first is exact. */
NETC_VECTOR_FUNCTION netc_f netc_exp_reduce(netc_f x, netc_f n)
{
    netc_f r = netc_fma(n, netc_splat(-0x1.62ep-1f), x);
    return netc_fma(n, netc_splat(-0x1.0bfbe8p-15f), r);
}

/* e^r - 1 for |r| <= ln(2) / 2: 1.4e-8. */
NETC_VECTOR_FUNCTION netc_f netc_expm1_poly(netc_f r)
{
    netc_f p = netc_splat(0x1.6d6db0p-10f);
    p = netc_fma(p, r, netc_splat(0x1.1227eep-7f));
    p = netc_fma(p, r, netc_splat(0x1.5554ccp-5f));
    p = netc_fma(p, r, netc_splat(0x1.5554b0p-3f));
    p = netc_fma(p, r, netc_splat(0.5f));
    return netc_fma(p, r * r, r);
}

/* Beyond the clamps the result is 0 or infinity. */
NETC_VECTOR_FUNCTION netc_f netc_exp(netc_f x)
{
    x = netc_max(netc_splat(-104.0f), netc_min(netc_splat(89.0f), x));
    netc_f t = netc_fma(x, netc_splat(0x1.715476p+0f), netc_splat(NETC_ROUNDER));
    netc_f n = t - NETC_ROUNDER;
    return netc_scale(netc_expm1_poly(netc_exp_reduce(x, n)) + 1.0f, n);
}

/* x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); log(1 + f) = f - f^2 / 2 + f^3 p(f): 7.7e-10. */
NETC_VECTOR_FUNCTION netc_f netc_log(netc_f x)
{
    const netc_f zero = netc_splat(0.0f), infinity = netc_splat((float)INFINITY);
    netc_m tiny = netc_lt(x, netc_splat(0x1p-126f));
    netc_f normal = netc_select(tiny, x * 0x1p23f, x);
    netc_i steps = (netc_i)((netc_u)normal - 0x3f3504f3u) >> 23;
    netc_f n = __builtin_convertvector(steps, netc_f) - netc_select(tiny, netc_splat(23.0f), zero);
    netc_f f = (netc_f)((netc_u)normal - ((netc_u)steps << 23)) - 1.0f;

    netc_f p = netc_splat(0x1.14760cp-4f);
    p = netc_fma(p, f, netc_splat(-0x1.de02bcp-4f));
    p = netc_fma(p, f, netc_splat(0x1.e6bf3ap-4f));
    p = netc_fma(p, f, netc_splat(-0x1.fc2886p-4f));
    p = netc_fma(p, f, netc_splat(0x1.233ba8p-3f));
    p = netc_fma(p, f, netc_splat(-0x1.555c46p-3f));
    p = netc_fma(p, f, netc_splat(0x1.99a476p-3f));
    p = netc_fma(p, f, netc_splat(-0x1.000006p-2f));
    p = netc_fma(p, f, netc_splat(0x1.555548p-2f));
    netc_f f2 = f * f;
    netc_f y = netc_fma(n, netc_splat(0x1.0bfbe8p-15f), p * f * f2);
    y = netc_fma(netc_splat(-0.5f), f2, y);
    y = netc_fma(n, netc_splat(0x1.62ep-1f), y + f);

    y = netc_select(netc_lt(x, infinity), y, x);
    y = netc_select(netc_eq(x, zero), -infinity, y);
    return netc_select(netc_lt(x, zero), netc_splat((float)NAN), y);
}

/* m / (m + 2) with m = e^(2|x|) - 1, which is precise near 0; it is 1 from |x| = 9.02 on. */
NETC_VECTOR_FUNCTION netc_f netc_tanh(netc_f x)
{
    netc_f a = netc_min(netc_splat(18.2f), netc_abs(x) * 2.0f);
    netc_f t = netc_fma(a, netc_splat(0x1.715476p+0f), netc_splat(NETC_ROUNDER));
    netc_f n = t - NETC_ROUNDER;
    netc_f power = (netc_f)(((netc_u)t << 23) + 0x3f800000u);
    netc_f m = netc_fma(power, netc_expm1_poly(netc_exp_reduce(a, n)), power - 1.0f);
    return netc_copysign(m / (m + 2.0f), x);
}

/* 1 / (1 + e^-x), by e^-|x| so that small results are as precise as large ones. */
NETC_VECTOR_FUNCTION netc_f netc_sigmoid(netc_f x)
{
    netc_f e = netc_exp(-netc_abs(x));
    return netc_select(netc_lt(x, netc_splat(0.0f)), e, netc_splat(1.0f)) / (1.0f + e);
}

/* |x| < 0.85: x + x p(x^2), 6.8e-9. Above: 1 - e^q(|x|), 2.1e-9; it is 1 from 3.92 on. */
NETC_VECTOR_FUNCTION netc_f netc_erf(netc_f x)
{
    netc_f s = x * x;
    netc_f p = netc_splat(-0x1.4cd860p-11f);
    p = netc_fma(p, s, netc_splat(0x1.4b7630p-8f));
    p = netc_fma(p, s, netc_splat(-0x1.b735eap-6f));
    p = netc_fma(p, s, netc_splat(0x1.ce256ap-4f));
    p = netc_fma(p, s, netc_splat(-0x1.812726p-2f));
    p = netc_fma(p, s, netc_splat(0x1.06eba8p-3f));
    netc_f small = netc_fma(p, x, x);

    netc_f t = netc_min(netc_splat(3.95f), netc_abs(x));
    netc_f q = netc_splat(0x1.ab2394p-13f);
    q = netc_fma(q, t, netc_splat(-0x1.98a9d0p-9f));
    q = netc_fma(q, t, netc_splat(0x1.70f3dep-6f));
    q = netc_fma(q, t, netc_splat(-0x1.ac2378p-4f));
    q = netc_fma(q, t, netc_splat(-0x1.45e5ccp-1f));
    q = netc_fma(q, t, netc_splat(-0x1.20c89cp+0f));
    q = netc_fma(q, t, netc_splat(-0x1.b65eecp-14f));
    netc_f u = netc_fma(q, netc_splat(0x1.715476p+0f), netc_splat(NETC_ROUNDER));
    netc_f n = u - NETC_ROUNDER;
    netc_f power = (netc_f)(((netc_u)u << 23) + 0x3f800000u);
    netc_f large = (1.0f - power) - power * netc_expm1_poly(netc_exp_reduce(q, n));
    return netc_select(netc_lt(t, netc_splat(0.85f)), small, netc_copysign(large, x));
}

#endif

/* ---- lane by lane ---- */

#define NETC_LANES_1(name)                                                                         \
    NETC_VECTOR_FUNCTION netc_f netc_##name(netc_f x)                                              \
    {                                                                                              \
        float lane[NETC_LANES];                                                                    \
        netc_store(lane, x);                                                                       \
        for (int i = 0; i < NETC_LANES; i++) lane[i] = netc_##name##_f32(lane[i]);                 \
        return netc_load(lane);                                                                    \
    }
#define NETC_LANES_2(name)                                                                         \
    NETC_VECTOR_FUNCTION netc_f netc_##name(netc_f x, netc_f y)                                    \
    {                                                                                              \
        float lane[NETC_LANES], other[NETC_LANES];                                                 \
        netc_store(lane, x);                                                                       \
        netc_store(other, y);                                                                      \
        for (int i = 0; i < NETC_LANES; i++) lane[i] = netc_##name##_f32(lane[i], other[i]);       \
        return netc_load(lane);                                                                    \
    }
#ifdef NETC_EXACT
NETC_LANES_1(exp)
NETC_LANES_1(log)
NETC_LANES_1(tanh)
NETC_LANES_1(sigmoid)
NETC_LANES_1(erf)
#endif
#ifndef netc_sqrt
NETC_LANES_1(sqrt)
#endif
NETC_LANES_1(sin)
NETC_LANES_1(cos)
NETC_LANES_1(tan)
NETC_LANES_1(asin)
NETC_LANES_1(acos)
NETC_LANES_1(atan)
NETC_LANES_1(sinh)
NETC_LANES_1(cosh)
NETC_LANES_1(asinh)
NETC_LANES_1(acosh)
NETC_LANES_1(atanh)
NETC_LANES_2(pow)
NETC_LANES_2(atan2)
NETC_LANES_2(floordiv)
NETC_LANES_2(floormod)
NETC_LANES_2(truncmod)

#endif
