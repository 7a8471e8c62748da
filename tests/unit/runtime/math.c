/*
 * The scalar arithmetic of netc_math.h: integers exhaustively on all pairs of 8-bit values and on
 * the edges of the wider types, against arithmetic in __int128 wrapped to the type; conversions;
 * f16 and bf16. Compiled by test_runtime.c under the undefined-behaviour sanitizer.
 */
#include "netc_math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

typedef __int128 Wide;

/* ---- what each operation means, in numbers without limits ---- */

static Wide floor_quotient(Wide x, Wide y) { return x / y - (x % y != 0 && (x < 0) != (y < 0)); }

/* x^y modulo 2^64, which is enough for every type. */
static Wide power(Wide x, Wide y)
{
    if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
    uint64_t product = 1, square = (uint64_t)x;
    for (; y; y /= 2, square *= square)
        if (y % 2) product *= square;
    return (Wide)product;
}

typedef enum Binary {
    ADD,
    SUB,
    MUL,
    DIV,
    TRUNCMOD,
    FLOORDIV,
    FLOORMOD,
    POW,
    MIN,
    MAX,
    AND,
    OR,
    XOR,
    SHL,
    SHR,
    EQ,
    NE,
    LT,
    LE,
    BINARIES
} Binary;
static const char *const names[BINARIES] = {
    "add", "sub", "mul", "div", "truncmod", "floordiv", "floormod", "pow", "min", "max",
    "and", "or",  "xor", "shl", "shr",      "eq",       "ne",       "lt",  "le"};

static Wide shifted(Binary op, Wide x, Wide y, int bits)
{
    if (y < 0 || y >= bits) return 0;
    return op == SHL ? (Wide)((unsigned __int128)x << y) : floor_quotient(x, (Wide)1 << y);
}

static Wide meaning(Binary op, Wide x, Wide y, int bits)
{
    switch (op) {
    case ADD: return x + y;
    case SUB: return x - y;
    case MUL: return (Wide)((unsigned __int128)x * (unsigned __int128)y);
    case DIV: return y == 0 ? 0 : x / y;
    case TRUNCMOD: return y == 0 ? 0 : x % y;
    case FLOORDIV: return y == 0 ? 0 : floor_quotient(x, y);
    case FLOORMOD: return y == 0 ? 0 : x - floor_quotient(x, y) * y;
    case POW: return power(x, y);
    case MIN: return x < y ? x : y;
    case MAX: return x > y ? x : y;
    case AND: return x & y;
    case OR: return x | y;
    case XOR: return x ^ y;
    case SHL:
    case SHR: return shifted(op, x, y, bits);
    case EQ: return x == y;
    case NE: return x != y;
    case LT: return x < y;
    case LE: return x <= y;
    default: fail(); return 0;
    }
}

static Wide negation(Wide x) { return -x; }
static Wide magnitude(Wide x) { return x < 0 ? -x : x; }

/* ---- every operation of a type on one pair ---- */

#define PAIR(T, type, bits)                                                                        \
    static void check_##type(T x, T y)                                                             \
    {                                                                                              \
        static T (*const run[])(T, T) = {                                                          \
            netc_add_##type,      netc_sub_##type,      netc_mul_##type,      netc_div_##type,     \
            netc_truncmod_##type, netc_floordiv_##type, netc_floormod_##type, netc_pow_##type,     \
            netc_min_##type,      netc_max_##type,      netc_and_##type,      netc_or_##type,      \
            netc_xor_##type,      netc_shl_##type,      netc_shr_##type};                          \
        static uint8_t (*const test[])(T, T) = {netc_eq_##type, netc_ne_##type, netc_lt_##type,    \
                                                netc_le_##type};                                   \
        for (Binary op = ADD; op < BINARIES; op++) {                                               \
            Wide got = op < EQ ? (Wide)run[op](x, y) : (Wide)test[op - EQ](x, y);                  \
            T want = (T)meaning(op, x, y, bits);                                                   \
            if (got != (Wide)want)                                                                 \
                fail_msg("netc_%s_" #type " of %lld, %lld gives %lld, not %lld", names[op],        \
                         (long long)x, (long long)y, (long long)got, (long long)want);             \
        }                                                                                          \
        T negated = (T)negation(x), size = (T)magnitude(x), flipped = (T)(-1 - (Wide)x);           \
        assert_true(netc_neg_##type(x) == negated && netc_abs_##type(x) == size);                  \
        assert_true(netc_bitnot_##type(x) == flipped);                                             \
    }
PAIR(int8_t, i8, 8)
PAIR(uint8_t, u8, 8)
PAIR(int16_t, i16, 16)
PAIR(uint16_t, u16, 16)
PAIR(int32_t, i32, 32)
PAIR(uint32_t, u32, 32)
PAIR(int64_t, i64, 64)
PAIR(uint64_t, u64, 64)

static void test_8_bits(void **state)
{
    (void)state;
    for (int x = 0; x < 256; x++)
        for (int y = 0; y < 256; y++) {
            check_i8((int8_t)x, (int8_t)y);
            check_u8((uint8_t)x, (uint8_t)y);
        }
}

/* Each type's edges: near 0, and 2^k - 2 .. 2^k + 2 for every k. */
static void test_wide(void **state)
{
    (void)state;
    uint64_t edge[64 * 5 + 10];
    int count = 0;
    for (int k = 0; k < 64; k++)
        for (int d = -2; d <= 2; d++) edge[count++] = (UINT64_C(1) << k) + (uint64_t)(int64_t)d;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            uint64_t x = edge[i], y = edge[j];
            check_i16((int16_t)x, (int16_t)y);
            check_u16((uint16_t)x, (uint16_t)y);
            check_i32((int32_t)x, (int32_t)y);
            check_u32((uint32_t)x, (uint32_t)y);
            check_i64((int64_t)x, (int64_t)y);
            check_u64(x, y);
            check_i64((int64_t)(0 - x), (int64_t)y);
            check_i32((int32_t)(0 - x), (int32_t)y);
        }
}

static void test_bool(void **state)
{
    (void)state;
    for (int x = 0; x < 2; x++)
        for (int y = 0; y < 2; y++) {
            uint8_t a = (uint8_t)x, b = (uint8_t)y;
            assert_int_equal(netc_and_bool(a, b), x & y);
            assert_int_equal(netc_or_bool(a, b), x | y);
            assert_int_equal(netc_xor_bool(a, b), x ^ y);
            assert_int_equal(netc_min_bool(a, b), x & y);
            assert_int_equal(netc_max_bool(a, b), x | y);
            assert_int_equal(netc_eq_bool(a, b), x == y);
            assert_int_equal(netc_ne_bool(a, b), x != y);
            assert_int_equal(netc_lt_bool(a, b), x < y);
            assert_int_equal(netc_le_bool(a, b), x <= y);
            assert_int_equal(netc_not_bool(a), !x);
        }
}

/* ---- conversions ---- */

/* Through 64 bits, where it saturates, then wrapping: as the interpreter folds it. */
static void test_from_float(void **state)
{
    (void)state;
#define FITS(T, type)                                                                              \
    assert_true(netc_##type##_from_f32(NAN) == 0 && netc_##type##_from_f64((double)NAN) == 0);     \
    for (int i = -300000; i <= 300000; i++) {                                                      \
        double x = i / 4.0;                                                                        \
        T want = (T)(int64_t)x;                                                                    \
        assert_true(netc_##type##_from_f64(x) == want);                                            \
        assert_true(netc_##type##_from_f32((float)x) == want);                                     \
    }
    FITS(int8_t, i8)
    FITS(uint8_t, u8)
    FITS(int16_t, i16)
    FITS(uint16_t, u16)
    FITS(int32_t, i32)
    FITS(uint32_t, u32)
    FITS(int64_t, i64)
    FITS(uint64_t, u64)
    assert_true(netc_i64_from_f32(INFINITY) == INT64_MAX && netc_i64_from_f64(-1e300) == INT64_MIN);
    assert_true(netc_i64_from_f64(-0x1p63) == INT64_MIN && netc_i64_from_f64(0x1p63) == INT64_MAX);
    assert_true(netc_u64_from_f32(INFINITY) == UINT64_MAX &&
                netc_u64_from_f64(0x1p63) == UINT64_C(1) << 63);
    assert_true(netc_u64_from_f64(-1) == UINT64_MAX && netc_u32_from_f64(0x1p32 + 5) == 5);
    assert_true(netc_i32_from_f64(2147483647.5) == INT32_MAX && netc_i8_from_f32(-129) == 127);
}

static float of_bits(uint32_t bits) { return netc_f32_of_bits(bits); }

/* What the 5 bits of exponent and 10 of fraction say. */
static double half_value(uint16_t h)
{
    int e = h >> 10 & 31, m = h & 1023;
    double size = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
    return h & 0x8000 ? -size : size;
}

/* Nearest of the halves around it, ties to the even one: h is, if no neighbour is nearer. */
static void check_half(float x)
{
    uint16_t h = netc_f16_from_f32(x);
    if (x != x) {
        assert_true((h & 0x7c00) == 0x7c00 && (h & 0x3ff) != 0);
        return;
    }
    assert_true(!(h & 0x8000) == !signbit(x));
    double size = fabs((double)x), mine = (h & 0x7fff) == 0x7c00 ? 65536 : fabs(half_value(h));
    if (isinf(size)) size = 65536;
    for (int d = -1; d <= 1; d += 2) {
        int near = (h & 0x7fff) + d;
        if (near < 0 || near > 0x7c00) continue;
        double other = near == 0x7c00 ? 65536 : half_value((uint16_t)near);
        double mine_off = fabs(mine - size), other_off = fabs(other - size);
        bool beyond = size >= 65536; /* nothing is nearer than infinity */
        assert_true(beyond || mine_off < other_off || (mine_off == other_off && h % 2 == 0));
    }
    if (size >= 65520) assert_int_equal(h & 0x7fff, 0x7c00);
}

static void test_f16(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float x = netc_f32_from_f16((uint16_t)h);
        double want = half_value((uint16_t)h);
        assert_true(x == want || (x != x && want != want));
        assert_true(!signbit(x) == !(h & 0x8000));
        if (x == x) assert_int_equal(netc_f16_from_f32(x), h);
    }
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 1021)
        check_half(of_bits((uint32_t)bits));
    for (uint32_t h = 0; h < 0x7c00; h++) { /* ties and their neighbours */
        float middle = (float)((half_value((uint16_t)h) +
                                (h == 0x7bff ? 65536 : half_value((uint16_t)(h + 1)))) /
                               2);
        check_half(middle), check_half(-middle);
        check_half(nextafterf(middle, 0)), check_half(nextafterf(middle, INFINITY));
    }
}

static void test_bf16(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float x = netc_f32_from_bf16((uint16_t)h);
        if (x == x)
            assert_int_equal(netc_bf16_from_f32(x), h);
        else
            assert_true(isnan(netc_f32_from_bf16(netc_bf16_from_f32(x))));
        if (x != x || (h & 0x7fff) == 0x7f80) continue;
        uint32_t low = h << 16; /* a tie goes to the even one; beside it, to the nearer */
        assert_int_equal(netc_bf16_from_f32(of_bits(low + 0x8000)), h + h % 2);
        assert_int_equal(netc_bf16_from_f32(of_bits(low + 0x7fff)), h);
        assert_int_equal(netc_bf16_from_f32(of_bits(low + 0x8001)), h + 1);
    }
    assert_true(isnan(netc_f32_from_bf16(netc_bf16_from_f32(of_bits(0x7f800001)))));
}

/* A double beside a tie of halves, nearer to it than a float can say, must not round as the tie. */
static void test_half_from_f64(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        double low = half_value((uint16_t)h), tie = (low + half_value((uint16_t)(h + 1))) / 2;
        assert_int_equal(netc_f16_from_f64(tie), h + h % 2);
        assert_int_equal(netc_f16_from_f64(nextafter(tie, 0)), h);
        assert_int_equal(netc_f16_from_f64(nextafter(-tie, -INFINITY)), 0x8000 + h + 1);
    }
    assert_int_equal(netc_bf16_from_f64(1 + 0x1p-8), 0x3f80);
    assert_int_equal(netc_bf16_from_f64(1 + 0x1p-8 + 0x1p-50), 0x3f81);
    assert_int_equal(netc_f16_from_f64(1e300), 0x7c00);
    assert_true(isnan(netc_f32_from_f16(netc_f16_from_f64((double)NAN))));
}

/* ---- floats ---- */

static void test_floats(void **state)
{
    (void)state;
    assert_true(isnan(netc_max_f32(NAN, 1)) && isnan(netc_max_f32(1, NAN)));
    assert_true(isnan(netc_min_f64((double)NAN, 1)) && isnan(netc_min_f64(1, (double)NAN)));
    assert_true(netc_max_f32(2, 1) == 2 && netc_min_f32(2, 1) == 1);
    assert_true(netc_round_f32(2.5f) == 2 && netc_round_f32(3.5f) == 4 &&
                netc_round_f64(-0.5) == 0);
    assert_true(netc_floormod_f32(-7, 3) == 2 && netc_floormod_f32(7, -3) == -2);
    assert_true(netc_truncmod_f32(-7, 3) == -1 && netc_truncmod_f64(7, -3) == 1);
    assert_true(netc_floordiv_f32(-7, 2) == -4);
    assert_true(netc_sigmoid_f32(0) == 0.5f && netc_sigmoid_f32(-INFINITY) == 0);
    assert_true(netc_sigmoid_f64((double)INFINITY) == 1 && netc_sigmoid_f32(-100) > 0);
    assert_true(netc_isinf_f32(-INFINITY) && !netc_isinf_f32(1) && !netc_isinf_f64((double)NAN));
    assert_true(netc_isnan_f64((double)NAN) && !netc_isnan_f32(INFINITY));
    assert_true(netc_abs_f32(-0.0f) == 0 && !signbit(netc_abs_f32(-0.0f)));
    assert_true(netc_lt_f32(1, 2) && !netc_lt_f32(NAN, 2) && netc_ne_f32(NAN, NAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_8_bits),        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_bool),          cmocka_unit_test(test_from_float),
        cmocka_unit_test(test_f16),           cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_half_from_f64), cmocka_unit_test(test_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
