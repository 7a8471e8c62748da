/*
 * The vector vocabulary of one target: every function against double-precision libm over sweeps of
 * all floats and over special values, memory functions against guard pages. Compiled by
 * test_runtime.c for each target, with its flags and -DHEADER="netc_avx2.h". Prints the largest
 * errors in ulp.
 */
#include HEADER

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define LANES    NETC_LANES
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const float specials[] = {
    0.0f,
    -0.0f,
    1.0f,
    -1.0f,
    0.5f,
    -0.5f,
    1.5f,
    -1.5f,
    2.5f,
    -2.5f,
    0x1p-149f,
    -0x1p-149f,
    0x1p-126f,
    -0x1p-126f,
    0x1p-127f,
    0x1p23f,
    -0x1p23f,
    8388607.5f,
    -8388607.5f,
    0x1p24f,
    0x1p31f,
    -0x1p31f,
    0x1p63f,
    0x1.fffffep127f,
    -0x1.fffffep127f,
    88.72283f,
    88.72284f,
    -87.33655f,
    -103.97f,
    -103.98f,
    104.0f,
    -104.0f,
    9.010913f,
    9.011f,
    -9.02f,
    3.92f,
    3.95f,
    0.85f,
    -0.85f,
    0.84999996f,
    0x1.6a09e6p-1f,
    0x1.6a09e8p-1f,
    INFINITY,
    -INFINITY,
    NAN,
    -NAN,
    700.0f,
    -700.0f,
    1e-20f,
};

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool same(float a, float b)
{
    return (a != a && b != b) || (a == b && !signbit(a) == !signbit(b));
}

/* |y - r| in units of the last place of a float near r; infinity counts as 2^128. */
static double ulps(float y, double r)
{
    if (r != r || y != y) return r != r && y != y ? 0 : INFINITY;
    double limit = 0x1p128;
    double value = isinf(y) ? copysign(limit, y) : y;
    double exact = r > limit ? limit : r < -limit ? -limit : r;
    int e = exact == 0 ? -149 : ilogb(exact) - 23;
    return fabs(value - exact) / ldexp(1, e < -149 ? -149 : e > 104 ? 104 : e);
}

/* ---- functions of one value ---- */

typedef struct Function {
    const char *name;
    void (*run)(const float *x, float *y); /* all lanes */
    double (*reference)(double x);
    double bound; /* ulp; 0: exact, also the sign of zero */
} Function;

static double reference_neg(double x) { return -x; }
static double reference_sigmoid(double x) { return 1 / (1 + exp(-x)); }

#define RUN(name)                                                                                  \
    static void run_##name(const float *x, float *y) { netc_store(y, netc_##name(netc_load(x))); }
RUN(neg)
RUN(abs)
RUN(sqrt)
RUN(floor)
RUN(ceil)
RUN(round)
RUN(trunc)
RUN(exp) RUN(log) RUN(tanh) RUN(erf) RUN(sigmoid) RUN(sin) RUN(cos) RUN(tan) RUN(asin) RUN(acos)
    RUN(atan) RUN(sinh) RUN(cosh) RUN(asinh) RUN(acosh) RUN(atanh)

        static const Function functions[] = {
            {"neg", run_neg, reference_neg, 0}, {"abs", run_abs, fabs, 0},
            {"sqrt", run_sqrt, sqrt, 0.5},      {"floor", run_floor, floor, 0},
            {"ceil", run_ceil, ceil, 0},        {"round", run_round, rint, 0},
            {"trunc", run_trunc, trunc, 0},     {"exp", run_exp, exp, 1.5},
            {"log", run_log, log, 1.5},         {"tanh", run_tanh, tanh, 2.5},
            {"erf", run_erf, erf, 2},           {"sigmoid", run_sigmoid, reference_sigmoid, 2.5},
            {"sin", run_sin, sin, 2},           {"cos", run_cos, cos, 2},
            {"tan", run_tan, tan, 2},           {"asin", run_asin, asin, 2},
            {"acos", run_acos, acos, 2},        {"atan", run_atan, atan, 2},
            {"sinh", run_sinh, sinh, 3},        {"cosh", run_cosh, cosh, 3},
            {"asinh", run_asinh, asinh, 3},     {"acosh", run_acosh, acosh, 3},
            {"atanh", run_atanh, atanh, 3},
};

typedef struct Worst {
    double error;
    float x, y;
} Worst;

static void check_values(const Function *f, const float *x, int count, Worst *worst)
{
    float y[LANES];
    f->run(x, y);
    for (int i = 0; i < count; i++) {
        double r = f->reference((double)x[i]);
        double error = ulps(y[i], r);
        if (f->bound == 0 && !same(y[i], (float)r)) error = INFINITY;
        if (error > worst->error) *worst = (Worst){error, x[i], y[i]};
    }
}

/* Every `step`th of the 2^32 floats, neighbours in the lanes of one vector. */
static void sweep(const Function *f, uint64_t step, Worst *worst)
{
    float x[LANES];
    int n = 0;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += step) {
        x[n++] = of_bits((uint32_t)bits);
        if (n == LANES) check_values(f, x, n, worst), n = 0;
    }
}

static void test_functions(void **state)
{
    (void)state;
    const char *every = getenv("NETC_SWEEP");
    uint64_t step = every ? strtoull(every, NULL, 0) : 4099;
    int failed = 0;
    for (size_t k = 0; k < COUNT(functions); k++) {
        const Function *f = &functions[k];
        Worst worst = {0, 0, 0};
        for (size_t i = 0; i < COUNT(specials); i++) {
            float x[LANES];
            for (int lane = 0; lane < LANES; lane++)
                x[lane] = specials[(i + (size_t)lane) % COUNT(specials)];
            check_values(f, x, LANES, &worst);
        }
        sweep(f, step, &worst);
        printf("%-8s %6.3f ulp at %a\n", f->name, worst.error, (double)worst.x);
        if (worst.error > f->bound) {
            printf("%s(%a) = %a, expected %a, %g ulp > %g\n", f->name, (double)worst.x,
                   (double)worst.y, f->reference((double)worst.x), worst.error, f->bound);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* ---- functions of two and three values, on all pairs of special values ---- */

static float expected_min(float a, float b) { return a != a || b != b ? NAN : fminf(a, b); }
static float expected_max(float a, float b) { return a != a || b != b ? NAN : fmaxf(a, b); }

static void check_pair(float a, float b)
{
    netc_f x = netc_splat(a), y = netc_splat(b);
    float r[LANES];
    uint8_t truth[LANES];
#define SAME(call, value)                                                                          \
    netc_store(r, call);                                                                           \
    for (int i = 0; i < LANES; i++)                                                                \
        if (!same(r[i], value))                                                                    \
            fail_msg(#call " of %a, %a gives %a", (double)a, (double)b, (double)r[i]);
#define TRUTH(call, value)                                                                         \
    netc_store_m(truth, call);                                                                     \
    for (int i = 0; i < LANES; i++)                                                                \
        if (truth[i] != (value))                                                                   \
            fail_msg(#call " of %a, %a gives %d", (double)a, (double)b, truth[i]);
    SAME(netc_add(x, y), a + b)
    SAME(netc_sub(x, y), a - b)
    SAME(netc_mul(x, y), a * b)
    SAME(netc_div(x, y), a / b)
    SAME(netc_truncmod(x, y), fmodf(a, b))
    SAME(netc_pow(x, y), powf(a, b))
    SAME(netc_atan2(x, y), atan2f(a, b))
    SAME(netc_select(netc_lt(x, y), x, y), a < b ? a : b)
    TRUTH(netc_lt(x, y), a < b)
    TRUTH(netc_le(x, y), a <= b)
    TRUTH(netc_eq(x, y), a == b)
    TRUTH(netc_ne(x, y), a != b)
    TRUTH(netc_isnan(x), a != a)
    TRUTH(netc_isinf(x), fabsf(a) == INFINITY)
    TRUTH(netc_and_m(netc_lt(x, y), netc_isinf(y)), a < b && fabsf(b) == INFINITY)
    TRUTH(netc_or_m(netc_lt(x, y), netc_isinf(y)), a < b || fabsf(b) == INFINITY)
    TRUTH(netc_xor_m(netc_lt(x, y), netc_isinf(y)), (a < b) != (fabsf(b) == INFINITY))
    TRUTH(netc_not_m(netc_lt(x, y)), !(a < b))
    TRUTH(netc_eq_m(netc_lt(x, y), netc_isinf(y)), (a < b) == (fabsf(b) == INFINITY))
    TRUTH(netc_ne_m(netc_lt(x, y), netc_isinf(y)), (a < b) != (fabsf(b) == INFINITY))
    TRUTH(netc_lt_m(netc_lt(x, y), netc_isinf(y)), (a < b) < (fabsf(b) == INFINITY))
    TRUTH(netc_le_m(netc_lt(x, y), netc_isinf(y)), (a < b) <= (fabsf(b) == INFINITY))
    TRUTH(netc_min_m(netc_lt(x, y), netc_isinf(y)), a < b && fabsf(b) == INFINITY)
    TRUTH(netc_max_m(netc_lt(x, y), netc_isinf(y)), a < b || fabsf(b) == INFINITY)
    if (a != 0 || b != 0) { /* either zero may win */
        SAME(netc_min(x, y), expected_min(a, b))
        SAME(netc_max(x, y), expected_max(a, b))
    }
}

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(specials); i++)
        for (size_t j = 0; j < COUNT(specials); j++) check_pair(specials[i], specials[j]);
}

static uint32_t random_bits(void)
{
    static uint32_t seed = 1;
    seed = seed * 1664525u + 1013904223u;
    return seed;
}

/* Fused or not, as the target is: within the rounding of the product, or exact. */
static void test_fma(void **state)
{
    (void)state;
    int fused = 0, total = 0;
    for (int k = 0; k < 20000; k++) {
        float a[LANES], b[LANES], c[LANES], r[LANES];
        for (int i = 0; i < LANES; i++) {
            a[i] = (float)(int32_t)random_bits() * 0x1p-31f;
            b[i] = (float)(int32_t)random_bits() * 0x1p-31f;
            c[i] = (float)(int32_t)random_bits() * 0x1p-31f;
        }
        netc_store(r, netc_fma(netc_load(a), netc_load(b), netc_load(c)));
        for (int i = 0; i < LANES; i++, total++) {
            volatile float product = a[i] * b[i];
            volatile float unfused = product + c[i];
            if (r[i] == fmaf(a[i], b[i], c[i]))
                fused++;
            else
                assert_true(r[i] == unfused);
        }
    }
    printf("fma      %s\n", fused == total ? "fused" : "not fused");
#if defined(NETC_AVX2_H) || defined(NETC_AVX512_H)
    assert_int_equal(fused, total);
#endif
}

/* ---- truth values ---- */

static void test_masks(void **state)
{
    (void)state;
    for (int k = 0; k < 200; k++) {
        uint8_t in[LANES], out[LANES + 1];
        int any = 0, all = 1, n = (int)(random_bits() >> 16) % (LANES + 1);
        for (int i = 0; i < LANES; i++) {
            in[i] = (uint8_t)(k == 0 ? 0 : k == 1 ? 1 : random_bits() >> 24 & 1);
            any |= in[i], all &= in[i];
        }
        assert_int_equal(netc_any_m(netc_load_m(in)), any);
        assert_int_equal(netc_all_m(netc_load_m(in)), all);
        memset(out, 7, sizeof out);
        netc_store_m_part(out, netc_load_m(in), n);
        for (int i = 0; i <= LANES; i++) assert_int_equal(out[i], i < n ? in[i] : 7);
        memset(out, 7, sizeof out);
        netc_store_m(out, netc_load_m_part(in, n));
        for (int i = 0; i <= LANES; i++)
            assert_int_equal(out[i], i < n ? in[i] : i < LANES ? 0 : 7);
    }
    assert_true(netc_all_m(netc_splat_m(3)));
    assert_false(netc_any_m(netc_splat_m(0)));
}

/* ---- memory: what ends at an unmapped page, and what begins after one ---- */

static char *guarded; /* one page between two that cannot be touched */
static size_t page;

static void map_guarded(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    char *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + page, page, PROT_READ | PROT_WRITE), 0);
    guarded = p + page;
}

/* The last, or the first, n elements `stride` apart in the guarded page, filled with 1, 2, ...; the
 * rest with -1. */
static float *place(int n, int stride, bool at_end)
{
    float *all = (float *)(void *)guarded;
    size_t count = page / sizeof *all, span = n ? (size_t)(n - 1) * (size_t)stride + 1 : 0;
    for (size_t i = 0; i < count; i++) all[i] = -1;
    float *p = at_end ? all + count - span : all;
    for (int i = 0; i < n; i++) p[i * stride] = (float)(i + 1);
    return p;
}

static void check_loaded(netc_f v, int n)
{
    float r[LANES];
    netc_store(r, v);
    for (int i = 0; i < LANES; i++) assert_true(same(r[i], i < n ? (float)(i + 1) : 0.0f));
}

/* n elements of 101, 102, ... at p, and nothing else changed: -1 in between and around. */
static void check_stored(const float *p, int n, int stride)
{
    const float *all = (const float *)(void *)guarded;
    ptrdiff_t first = p - all;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)(page / sizeof *all); i++) {
        ptrdiff_t k = i - first;
        bool mine = k >= 0 && k % stride == 0 && k / stride < n;
        assert_true(all[i] == (mine ? (float)(101 + k / stride) : -1.0f));
    }
}

static void test_memory(void **state)
{
    (void)state;
    map_guarded();
    float values[LANES];
    for (int i = 0; i < LANES; i++) values[i] = (float)(101 + i);
    netc_f v = netc_load(values);
    for (int at_end = 0; at_end < 2; at_end++) {
        for (int n = 0; n <= LANES; n++) {
            check_loaded(netc_load_part(place(n, 1, at_end), n), n);
            float *p = place(n, 1, at_end);
            netc_store_part(p, v, n);
            check_stored(p, n, 1);
            for (int stride = 1; stride < 8; stride++) {
                check_loaded(netc_load_stride_part(place(n, stride, at_end), stride, n), n);
                p = place(n, stride, at_end);
                netc_store_stride_part(p, v, stride, n);
                check_stored(p, n, stride);
            }
        }
        check_loaded(netc_load(place(LANES, 1, at_end)), LANES);
        float *p = place(LANES, 1, at_end);
        netc_store(p, v);
        check_stored(p, LANES, 1);
        for (int stride = 1; stride < 8; stride++) {
            check_loaded(netc_load_stride(place(LANES, stride, at_end), stride), LANES);
            p = place(LANES, stride, at_end);
            netc_store_stride(p, v, stride);
            check_stored(p, LANES, stride);
        }
    }
    float backward[3 * LANES];
    for (int i = 0; i < 3 * LANES; i++) backward[i] = (float)(3 * LANES - i) / 3;
    check_loaded(netc_load_stride(backward + 3 * LANES - 3, -3), LANES);
    munmap(guarded - page, 3 * page);
}

/* ---- half precision in memory ---- */

/* By the definition of the format. */
static float widened(int code)
{
    int exponent = code >> 10 & 31, mantissa = code & 1023;
    double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    if (exponent == 31) size = mantissa ? (double)NAN : (double)INFINITY;
    return (float)(code & 0x8000 ? -size : size);
}

static void test_half(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h += LANES) {
        uint16_t in[LANES], out[LANES];
        float r[LANES];
        for (int i = 0; i < LANES; i++) in[i] = (uint16_t)(h + (uint32_t)i);
        netc_store(r, netc_load_f16(in));
        for (int i = 0; i < LANES; i++) {
            assert_true(same(r[i], widened(in[i])));
            assert_true(same(netc_f32_from_f16(in[i]), widened(in[i])));
        }
        netc_store(r, netc_load_bf16(in));
        for (int i = 0; i < LANES; i++) assert_true(same(r[i], netc_f32_from_bf16(in[i])));
        for (int i = 0; i < LANES; i++)
            r[i] = of_bits((h + (uint32_t)i) << 16 ^ random_bits() >> 16);
        netc_store_f16(out, netc_load(r));
        for (int i = 0; i < LANES; i++) assert_int_equal(out[i], netc_f16_from_f32(r[i]));
        netc_store_bf16(out, netc_load(r));
        for (int i = 0; i < LANES; i++) assert_int_equal(out[i], netc_bf16_from_f32(r[i]));
    }
}
static void test_half_part(void **state)
{
    (void)state;
    uint16_t in[LANES], out[LANES + 1];
    for (int i = 0; i < LANES; i++) in[i] = (uint16_t)(0x3c00 + i);
    for (int n = 0; n <= LANES; n++) {
#define PART(half)                                                                                 \
    memset(out, 0xff, sizeof out);                                                                 \
    netc_store_##half(out, netc_load_##half##_part(in, n));                                        \
    for (int i = 0; i <= LANES; i++)                                                               \
        assert_int_equal(out[i], i < n ? in[i] : i < LANES ? 0 : 0xffff);                          \
    memset(out, 0xff, sizeof out);                                                                 \
    netc_store_##half##_part(out, netc_load_##half(in), n);                                        \
    for (int i = 0; i <= LANES; i++) assert_int_equal(out[i], i < n ? in[i] : 0xffff);
        PART(f16)
        PART(bf16)
    }
}
static void test_half_apart(void **state)
{
    (void)state;
    uint16_t in[4 * LANES], out[LANES];
    for (int i = 0; i < 4 * LANES; i++) in[i] = (uint16_t)(0x3c00 + i);
    for (int stride = -3; stride <= 4; stride++)
        for (int n = 0; n <= LANES; n++) {
            const uint16_t *p = stride < 0 ? in + 4 * LANES - 1 : in;
#define APART(half)                                                                                \
    netc_store_##half(out, n < LANES ? netc_load_stride_##half##_part(p, stride, n)                \
                                     : netc_load_stride_##half(p, stride));                        \
    for (int i = 0; i < LANES; i++) assert_int_equal(out[i], i < n ? p[i * stride] : 0);
            APART(f16)
            APART(bf16)
        }
}

/* ---- across the lanes ---- */

static void test_across(void **state)
{
    (void)state;
    float x[LANES];
    double sum = 0, product = 1;
    for (int i = 0; i < LANES; i++) {
        x[i] = 1 + (float)((i * 7) % LANES) / 8;
        sum += (double)x[i], product *= (double)x[i];
    }
    assert_true(fabs((double)netc_sum(netc_load(x)) - sum) < 1e-5 * sum);
    assert_true(fabs((double)netc_product(netc_load(x)) - product) < 1e-5 * product);
    for (int i = 0; i < LANES; i++) {
        float y[LANES];
        memcpy(y, x, sizeof y);
        y[i] = 100;
        assert_true(netc_hmax(netc_load(y)) == 100);
        y[i] = -100;
        assert_true(netc_hmin(netc_load(y)) == -100);
        y[i] = NAN;
        assert_true(isnan(netc_hmax(netc_load(y))) && isnan(netc_hmin(netc_load(y))));
    }
}

/* Of LANES vectors that lie one after the other. */
static netc_f sums_of(const float *x)
{
#define ROW(k)  netc_load(x + (k)*LANES)
#define FOUR(k) ROW(k), ROW(k + 1), ROW(k + 2), ROW(k + 3)
#if NETC_LANES == 1
    return netc_sums(ROW(0));
#elif NETC_LANES == 4
    return netc_sums(FOUR(0));
#elif NETC_LANES == 8
    return netc_sums(FOUR(0), FOUR(4));
#else
    return netc_sums(FOUR(0), FOUR(4), FOUR(8), FOUR(12));
#endif
}

static void test_sums(void **state)
{
    (void)state;
    float x[LANES * LANES], got[LANES];
    for (int i = 0; i < LANES * LANES; i++) x[i] = (float)((i * 37) % 101);
    netc_store(got, sums_of(x));
    for (int k = 0; k < LANES; k++) {
        float sum = 0;
        for (int i = 0; i < LANES; i++) sum += x[k * LANES + i];
        assert_true(got[k] == sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_fma),       cmocka_unit_test(test_masks),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_across),
        cmocka_unit_test(test_sums),      cmocka_unit_test(test_half),
        cmocka_unit_test(test_half_part), cmocka_unit_test(test_half_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
