/*
 * The conversions of runtime/netc_narrow.h against the compiler's own (dtype.h): every code of
 * every type, and the encoding of floats at, beside and between all values, of a sweep of all f32
 * and of doubles that no f32 is.
 */
#include "unit.h"

#include <math.h>

#include "arith.h"
#include "netc_narrow.h"

typedef struct Format {
    Dtype dtype;
    float (*decode)(uint8_t code);
    uint8_t (*encode)(float x);
    uint8_t (*encode_double)(double x);
} Format;

#define FORMAT(DTYPE, type)                                                                        \
    {                                                                                              \
        DTYPE, netc_f32_from_##type, netc_##type##_from_f32, netc_##type##_from_f64                \
    }
static const Format formats[] = {
    FORMAT(DT_F8E4M3FN, f8e4m3fn),     FORMAT(DT_F8E4M3FNUZ, f8e4m3fnuz), FORMAT(DT_F8E5M2, f8e5m2),
    FORMAT(DT_F8E5M2FNUZ, f8e5m2fnuz), FORMAT(DT_F8E8M0, f8e8m0),         FORMAT(DT_F4E2M1, f4e2m1),
};

static int codes(const Format *f) { return 1 << dtype_info(f->dtype)->bits; }

static double value_of(const Format *f, int code)
{
    uint8_t byte = (uint8_t)code;
    return dtype_get_double(f->dtype, &byte, 0);
}

static void every_code_is_decoded(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(formats); k++)
        for (int code = 0; code < codes(&formats[k]); code++) {
            double got = formats[k].decode((uint8_t)code), wanted = value_of(&formats[k], code);
            bool same =
                isnan(wanted) ? isnan(got) : got == wanted && !signbit(got) == !signbit(wanted);
            if (!same)
                fail_msg("%s, code %d: %a, not %a", dtype_name(formats[k].dtype), code, got,
                         wanted);
        }
}

static void check_encoding(const Format *f, double x)
{
    uint8_t wanted = 0, got = f->encode_double(x);
    dtype_set_double(f->dtype, &wanted, 0, x);
    if (got != wanted)
        fail_msg("%a as %s: 0x%02x, not 0x%02x", x, dtype_name(f->dtype), got, wanted);
    if ((double)(float)x == x && f->encode((float)x) != wanted)
        fail_msg("%a as %s from f32", x, dtype_name(f->dtype));
}

/* Also the halves between neighbours, where rounding turns. */
static void values_and_halves_are_encoded(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(formats); k++)
        for (int code = 0; code + 1 < codes(&formats[k]); code++) {
            double x = value_of(&formats[k], code),
                   half = (x + value_of(&formats[k], code + 1)) / 2;
            const double around[] = {x, half};
            for (size_t i = 0; i < COUNT(around); i++) {
                check_encoding(&formats[k], around[i]);
                check_encoding(&formats[k], nextafter(around[i], INFINITY));
                check_encoding(&formats[k], nextafter(around[i], -INFINITY));
                check_encoding(&formats[k], nextafterf((float)around[i], INFINITY));
                check_encoding(&formats[k], nextafterf((float)around[i], -INFINITY));
            }
        }
}

static void a_sweep_is_encoded(void **state)
{
    (void)state;
    static const double ends[] = {0.0,      -0.0,     INFINITY,  -INFINITY, NAN,     1e300,
                                  -1e300,   1e-300,   -1e-300,   5e-324,    448,     464,
                                  465,      57344,    61440,     65536,     0x1p127, 0x1.8p127,
                                  0x1p-127, 0x1p-128, 0x1.8p-127};
    for (size_t k = 0; k < COUNT(formats); k++) {
        for (size_t i = 0; i < COUNT(ends); i++) check_encoding(&formats[k], ends[i]);
        for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 9973)
            check_encoding(&formats[k], netc_f32_of_bits((uint32_t)bits));
    }
}

static void integers_wrap(void **state)
{
    (void)state;
    for (int64_t x = -300; x <= 300; x++) {
        assert_int_equal(netc_i4_from_i64(x), arith_wrap(DT_I4, x));
        assert_int_equal(netc_u4_from_i64(x), arith_wrap(DT_U4, x));
        assert_int_equal(netc_i2_from_i64(x), arith_wrap(DT_I2, x));
        assert_int_equal(netc_u2_from_i64(x), arith_wrap(DT_U2, x));
        assert_int_equal(netc_i4_from_f32((float)x / 4), arith_wrap(DT_I4, x / 4));
        assert_int_equal(netc_u2_from_f64((double)x / 4), arith_wrap(DT_U2, x / 4));
    }
    assert_int_equal(netc_i4_from_f64(NAN), 0);
    assert_int_equal(netc_i4_from_i64(INT64_MIN), 0);
    assert_int_equal(netc_u4_from_i64(INT64_MAX), 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_decoded),
        cmocka_unit_test(values_and_halves_are_encoded),
        cmocka_unit_test(a_sweep_is_encoded),
        cmocka_unit_test(integers_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
