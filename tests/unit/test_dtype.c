/*
 * Element types: facts of the table, and the conversion of single elements. The expected codes are
 * worked out by hand from the formats' definitions (sign, exponent, mantissa), not by the code
 * under test.
 */
#include "unit.h"

#include <math.h>

#include "dtype.h"

static uint16_t encode(Dtype dtype, double value)
{
    uint16_t code = 0;
    dtype_set_double(dtype, &code, 0, value);
    return code;
}

static double decode(Dtype dtype, uint16_t code) { return dtype_get_double(dtype, &code, 0); }

typedef struct Case {
    Dtype dtype;
    double value;
    uint16_t code;
} Case;

static const Case exact[] = {
    {DT_F16, 1, 0x3c00},          {DT_F16, -2, 0xc000},        {DT_F16, 65504, 0x7bff},
    {DT_F16, 0x1p-14, 0x0400},    {DT_F16, 0x1p-24, 0x0001},   {DT_F16, INFINITY, 0x7c00},
    {DT_BF16, 1, 0x3f80},         {DT_BF16, -3, 0xc040},       {DT_BF16, 0x1p-133, 0x0001},
    {DT_BF16, -INFINITY, 0xff80}, {DT_F8E4M3FN, 1, 0x38},      {DT_F8E4M3FN, 448, 0x7e},
    {DT_F8E4M3FN, 0x1p-9, 0x01},  {DT_F8E4M3FN, -0.5, 0xb0},   {DT_F8E4M3FNUZ, 1, 0x40},
    {DT_F8E4M3FNUZ, 240, 0x7f},   {DT_F8E5M2, 1, 0x3c},        {DT_F8E5M2, 57344, 0x7b},
    {DT_F8E5M2, INFINITY, 0x7c},  {DT_F8E5M2FNUZ, 1, 0x40},    {DT_F8E5M2FNUZ, 57344, 0x7f},
    {DT_F8E8M0, 1, 0x7f},         {DT_F8E8M0, 0x1p-127, 0x00}, {DT_F8E8M0, 0x1p127, 0xfe},
    {DT_F4E2M1, 0.5, 0x1},        {DT_F4E2M1, 6, 0x7},         {DT_F4E2M1, -1.5, 0xb},
};

static void exact_values_convert_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(exact); i++) {
        assert_int_equal(encode(exact[i].dtype, exact[i].value), exact[i].code);
        assert_true(decode(exact[i].dtype, exact[i].code) == exact[i].value);
    }
}

static const Case rounded[] = {
    {DT_F16, 2049, 0x6800},        /* half of the last place: to even, down */
    {DT_F16, 2051, 0x6802},        /* and up */
    {DT_F16, 65519, 0x7bff},       /* below the half to infinity */
    {DT_F16, 65520, 0x7c00},       /* the half itself */
    {DT_F16, 0x1p-25, 0x0000},     /* half of the smallest */
    {DT_F16, 0x1.8p-25, 0x0001},   /* above it */
    {DT_F16, 0x1.ffep-15, 0x0400}, /* a subnormal that rounds to a normal number */
    {DT_BF16, 0x1.01p0, 0x3f80},
    {DT_BF16, 0x1.03p0, 0x3f82},
    {DT_F8E4M3FN, 464, 0x7e}, /* half above the largest: to even */
    {DT_F8E4M3FN, 465, 0x7f}, /* NaN: there is no infinity */
    {DT_F8E4M3FNUZ, 1000, 0x80},
    {DT_F8E5M2, 61440, 0x7c},
    {DT_F8E5M2FNUZ, -1e9, 0x80},
    {DT_F4E2M1, 100, 0x7},
    {DT_F4E2M1, NAN, 0x8},
    {DT_F4E2M1, 2.5, 0x4},
    {DT_F4E2M1, 0.25, 0x0},
    {DT_F8E8M0, 3, 0x80}, /* half between 2 and 4: to the even code */
    {DT_F8E8M0, 3.5, 0x81},
    {DT_F8E8M0, 0, 0x00},
    {DT_F8E4M3FNUZ, -0.0, 0x00}, /* no negative zero */
    {DT_F16, -0.0, 0x8000},
};

static void values_between_round_to_even(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rounded); i++)
        assert_int_equal(encode(rounded[i].dtype, rounded[i].value), rounded[i].code);
}

static void every_code_survives_a_round_trip(void **state)
{
    (void)state;
    for (int t = 1; t < DT_COUNT; t++) {
        int bits = dtype_info((Dtype)t)->bits;
        if (!dtype_is_float((Dtype)t) || bits > 16) continue;
        for (int code = 0; code < 1 << bits; code++) {
            double value = decode((Dtype)t, (uint16_t)code);
            if (isnan(value))
                assert_true(isnan(decode((Dtype)t, encode((Dtype)t, value))));
            else
                assert_int_equal(encode((Dtype)t, value), code);
        }
    }
}

/* Between neighbours: halves go to the even code, the rest to the nearer. */
static void every_gap_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (int t = 1; t < DT_COUNT; t++) {
        Dtype dtype = (Dtype)t;
        int bits = dtype_info(dtype)->bits;
        if (!dtype_is_float(dtype) || bits > 16) continue;
        for (uint16_t code = 0; isfinite(decode(dtype, code + 1)) && code + 1 < 1 << (bits - 1);
             code++) {
            double low = decode(dtype, code), high = decode(dtype, code + 1),
                   half = (low + high) / 2;
            assert_true(low < high);
            assert_int_equal(encode(dtype, half), code + code % 2);
            assert_int_equal(encode(dtype, nextafter(half, low)), code);
            assert_int_equal(encode(dtype, nextafter(half, high)), code + 1);
        }
    }
}

static void integers_wrap_and_pack(void **state)
{
    (void)state;
    uint8_t bytes[2] = {0xff, 0xff};
    dtype_set_int(DT_I4, bytes, 0, -3);
    dtype_set_int(DT_I4, bytes, 1, 5);
    dtype_set_int(DT_I4, bytes, 2, 9);
    assert_int_equal(bytes[0], 0x5d);
    assert_int_equal(bytes[1], 0xf9);
    assert_int_equal(dtype_get_int(DT_I4, bytes, 0), -3);
    assert_int_equal(dtype_get_int(DT_I4, bytes, 2), -7);
    assert_int_equal(dtype_get_int(DT_U4, bytes, 0), 13);
    memset(bytes, 0, sizeof bytes);
    for (int i = 0; i < 8; i++) dtype_set_int(DT_I2, bytes, i, i);
    assert_int_equal(bytes[0], 0xe4);
    assert_int_equal(dtype_get_int(DT_I2, bytes, 6), -2);
    assert_int_equal(dtype_get_int(DT_U2, bytes, 7), 3);
    int8_t small;
    dtype_set_int(DT_I8, &small, 0, 200);
    assert_int_equal(small, -56);
    float huge[] = {1e30f, -1e30f, NAN, -2.7f};
    assert_true(dtype_get_int(DT_F32, huge, 0) == INT64_MAX);
    assert_true(dtype_get_int(DT_F32, huge, 1) == INT64_MIN);
    assert_int_equal(dtype_get_int(DT_F32, huge, 2), 0);
    assert_int_equal(dtype_get_int(DT_F32, huge, 3), -2);
    uint64_t large = UINT64_MAX;
    assert_true(dtype_get_double(DT_U64, &large, 0) == 0x1p64);
}

static void copies_leave_neighbours(void **state)
{
    (void)state;
    const uint8_t from[] = {0x21, 0x43};
    uint8_t to[] = {0xab, 0xcd};
    dtype_copy(DT_I4, to, 1, from, 2);
    dtype_copy(DT_F4E2M1, to, 2, from, 1);
    assert_int_equal(to[0], 0x3b);
    assert_int_equal(to[1], 0xc2);
    dtype_copy(DT_U2, to, 5, from, 0);
    assert_int_equal(to[1], 0xc6);
    const double wide[] = {1, 2};
    double copy[] = {0, 0};
    dtype_copy(DT_F64, copy, 0, wide, 1);
    assert_true(copy[0] == 2 && copy[1] == 0);
}

static void sizes_and_names(void **state)
{
    (void)state;
    assert_int_equal(dtype_bytes(DT_F32, 3), 12);
    assert_int_equal(dtype_bytes(DT_I4, 3), 2);
    assert_int_equal(dtype_bytes(DT_U2, 5), 2);
    assert_int_equal(dtype_bytes(DT_BOOL, 7), 7);
    assert_int_equal(dtype_bytes(DT_STRING, 2), 2 * sizeof(char *));
    assert_int_equal(dtype_bytes(DT_F64, 0), 0);
    for (int t = 1; t < DT_COUNT; t++) assert_int_equal(dtype_by_name(dtype_name((Dtype)t)), t);
    assert_int_equal(dtype_by_name("float"), DT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_values_convert_both_ways),
        cmocka_unit_test(values_between_round_to_even),
        cmocka_unit_test(every_code_survives_a_round_trip),
        cmocka_unit_test(every_gap_rounds_to_nearest_even),
        cmocka_unit_test(integers_wrap_and_pack),
        cmocka_unit_test(copies_leave_neighbours),
        cmocka_unit_test(sizes_and_names),
    };
    return cmocka_run_group_tests_name("dtype", tests, NULL, NULL);
}
