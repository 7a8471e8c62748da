/* compare.c: the rule of `netc verify`, at its edges. */
#include "unit.h"

#include <math.h>

#include "compare.h"

static const Tolerance usual = {.rtol = 1e-3, .atol = 1e-7};

static Difference floats(float got, float expected, Tolerance t)
{
    return compare(arena, DT_F32, 1, &got, &expected, t);
}

static void test_rule(void **state)
{
    (void)state;
    assert_int_equal(floats(1.0009f, 1, usual).wrong, 0);
    assert_int_equal(floats(1.0011f, 1, usual).wrong, 1);
    assert_int_equal(floats(-1.0009f, -1, usual).wrong, 0);
    assert_int_equal(floats(1, -1, usual).wrong, 1);
    assert_int_equal(floats(0.9e-7f, 0, usual).wrong, 0);
    assert_int_equal(floats(1.2e-7f, 0, usual).wrong, 1);
    /* relative to what is expected, not to what came out */
    assert_int_equal(floats(2, 1, (Tolerance){.rtol = 0.9}).wrong, 1);
    assert_int_equal(floats(1, 2, (Tolerance){.rtol = 0.6}).wrong, 0);
    assert_int_equal(floats(1, 1, (Tolerance){0}).wrong, 0);
}

static void test_not_finite(void **state)
{
    (void)state;
    Tolerance loose = {.rtol = 100, .atol = 100};
    assert_int_equal(floats(NAN, NAN, usual).wrong, 0);
    assert_int_equal(floats(NAN, 1, loose).wrong, 1);
    assert_int_equal(floats(1, NAN, loose).wrong, 1);
    assert_int_equal(floats(INFINITY, INFINITY, usual).wrong, 0);
    assert_int_equal(floats(INFINITY, -INFINITY, loose).wrong, 1);
    assert_int_equal(floats(1, INFINITY, loose).wrong, 1);
    assert_int_equal(floats(INFINITY, 1, loose).wrong, 1);
    assert_int_equal(floats(0.0f, -0.0f, (Tolerance){0}).wrong, 0);
}

static void test_scale(void **state)
{
    (void)state;
    const float expected[] = {100, 0.001f, -200}, got[] = {100, 0.1f, -200};
    Tolerance scaled = {.rtol = 1e-3, .scale = true};
    assert_int_equal(compare(arena, DT_F32, 3, got, expected, usual).wrong, 1);
    assert_int_equal(compare(arena, DT_F32, 3, got, expected, scaled).wrong, 0);
    scaled.rtol = 4e-4; /* of 200: 0.08, less than the 0.099 that it is off */
    assert_int_equal(compare(arena, DT_F32, 3, got, expected, scaled).wrong, 1);
}

static void test_worst(void **state)
{
    (void)state;
    const float expected[] = {1, 1000, 1}, got[] = {1.01f, 1005, 1};
    Difference d = compare(arena, DT_F32, 3, got, expected, usual);
    assert_int_equal(d.wrong, 2);
    assert_int_equal(d.worst, 0); /* ten times its tolerance; the other five times */
    assert_string_equal(d.expected, "1");
    d = compare(arena, DT_F32, 3, expected, expected, usual);
    assert_int_equal(d.worst, -1);
    assert_null(d.got);
}

static void test_integers(void **state)
{
    (void)state;
    const int64_t big[] = {INT64_MAX, 5, -7}, other[] = {INT64_MAX - 1, 5, 7};
    Difference d = compare(arena, DT_I64, 3, big, other, (Tolerance){.rtol = 10, .atol = 10});
    assert_int_equal(d.wrong, 2);
    assert_int_equal(d.worst, 2);
    const uint64_t top = UINT64_MAX, one = 1;
    assert_string_equal(compare(arena, DT_U64, 1, &top, &one, usual).got, "18446744073709551615");
    const uint8_t yes = 1, no = 0, odd = 255;
    assert_int_equal(compare(arena, DT_BOOL, 1, &yes, &yes, usual).wrong, 0);
    assert_int_equal(compare(arena, DT_BOOL, 1, &yes, &no, usual).wrong, 1);
    assert_int_equal(compare(arena, DT_BOOL, 1, &odd, &yes, usual).wrong, 1);
}

static void test_index(void **state)
{
    (void)state;
    const int64_t dims[] = {2, 3, 4};
    assert_string_equal(index_text(arena, 23, dims, 3), "[1, 2, 3]");
    assert_string_equal(index_text(arena, 4, dims, 3), "[0, 1, 0]");
    assert_string_equal(index_text(arena, 0, dims, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),     cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_scale),    cmocka_unit_test(test_worst),
        cmocka_unit_test(test_integers), cmocka_unit_test(test_index),
    };
    return cmocka_run_group_tests_name("compare", tests, open_arena, close_arena);
}
