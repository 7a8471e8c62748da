/*
 * What the runtime does with strings (netc_string.h, netc_string_number.h): splitting, joining,
 * letter case, numbers; that rooms are filled to the last byte and never over it.
 */
#include "numbers.h"
#include "unit.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "casing.h"
#include "netc_string_number.h"

/* ---- UTF-8 ---- */

static void utf8(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\x80",
                                        "\xc3",
                                        "\xc0\x80",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xf0\x80\x80\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xff",
                                        "a\xe2\x82"};
    static const uint32_t characters[] = {1,      0x7f,   0x80,   0x7ff,   0x800,
                                          0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
    for (size_t i = 0; i < COUNT(wrong); i++) assert_false(netc_is_utf8(wrong[i]));
    for (size_t i = 0; i < COUNT(characters); i++) {
        char text[5] = {0};
        uint32_t back = 0;
        size_t bytes = netc_utf8_encode(text, characters[i]);
        assert_int_equal(netc_utf8_decode(text, &back), bytes);
        assert_int_equal(back, characters[i]);
        assert_int_equal(strlen(text), bytes);
    }
    char beyond[5] = {0};
    netc_utf8_encode(beyond, 0x80000041u);
    assert_false(netc_is_utf8(beyond));
}

/* ---- joining ---- */

static void joins_in_its_room(void **state)
{
    (void)state;
    static const char *const a[] = {"ab", "", "c"}, *const b[] = {"cd", "x", ""};
    const char *out[3];
    for (int64_t bytes = 0; bytes < 8; bytes++) {
        uint8_t *room = malloc((size_t)bytes + 1); /* for the sanitizers */
        room[bytes] = 77;
        int status = netc_concat_strings(a, b, out, room, 3, bytes);
        assert_int_equal(status, bytes < 5 ? NETC_NO_ROOM : 0);
        assert_int_equal(room[bytes], 77);
        if (!status) {
            assert_string_equal(out[0], "abcd");
            assert_ptr_equal(out[1], b[1]);
            assert_ptr_equal(out[2], a[2]);
        }
        free(room);
    }
}

/* ---- splitting ---- */

static void splits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *delimiter;
        int64_t splits;
        const char *parts[6];
    } cases[] = {
        {"a,b", ",", -1, {"a", "b"}},
        {"a,b", "", -1, {"a,b"}},
        {"", ",", -1, {""}},
        {"", "", -1, {NULL}},
        {" \t\n", "", -1, {NULL}},
        {",a,,b,", ",", -1, {"", "a", "", "b", ""}},
        {"  a  b \t c ", "", -1, {"a", "b", "c"}},
        {"  a  b \t c ", "", 1, {"a", "b \t c "}},
        {" a b", "", 0, {"a b"}},
        {"a::b:c", "::", -1, {"a", "b:c"}},
        {"a-b-c-d", "-", 2, {"a", "b", "c-d"}},
        {"a-b", "-", 0, {"a-b"}},
        {"a\302\240b\343\200\200c", "", -1, {"a", "b", "c"}},
        {"\303\251x\303\251", "\303\251", -1, {"", "x", ""}},
        {"aaa", "aa", -1, {"", "a"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum { MOST = 6 };
        const char *parts[MOST];
        int64_t count, longest, wanted = 0, bytes = (int64_t)strlen(cases[i].text) + 1;
        uint8_t *room = malloc((size_t)bytes);
        while (cases[i].parts[wanted]) wanted++;
        int status = netc_split_strings(&cases[i].text, &cases[i].delimiter, parts, &count,
                                        &longest, room, 1, MOST, cases[i].splits, bytes);
        assert_int_equal(status, 0);
        assert_int_equal(count, wanted);
        assert_int_equal(longest, wanted);
        for (int k = 0; k < MOST; k++)
            assert_string_equal(parts[k], k < wanted ? cases[i].parts[k] : "");
        status = netc_split_strings(&cases[i].text, &cases[i].delimiter, parts, &count, &longest,
                                    room, 1, MOST, cases[i].splits, bytes - 1);
        assert_int_equal(status, NETC_NO_ROOM);
        free(room);
    }
}

static void too_many_parts_are_refused(void **state)
{
    (void)state;
    static const char *const text[] = {"a b", "a b c"}, *const space[] = {""};
    const char *parts[4];
    int64_t counts[2], longest;
    uint8_t room[16];
    assert_int_equal(netc_split_strings(text, space, parts, counts, &longest, room, 2, 2, -1, 16),
                     NETC_NO_ROOM);
    assert_int_equal(netc_split_strings(text, space, parts, counts, &longest, room, 1, 2, -1, 16),
                     0);
}

static void ranks(void **state)
{
    (void)state;
    static const char *const x[] = {"b", "", "\303\251", "a", "b", "ab", ""};
    static const int64_t wanted[] = {4, 0, 6, 2, 4, 3, 0};
    int64_t ranks[7], order[14];
    netc_rank_strings(x, ranks, order, 7);
    for (int i = 0; i < 7; i++) assert_int_equal(ranks[i], wanted[i]);
}

/* ---- letter case and stop words ---- */

static void maps_case(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"abc XYZ 1", "ABC XYZ 1"},
        {"\303\251\303\274\303\237",
         "\303\211\303\234\303\237"}, /* é ü ß: ß has no single capital */
        {"\317\211\320\266", "\316\251\320\226"},
        {"\304\201\304\203", "\304\200\304\202"}, /* every other one: ā ă */
        {"\360\220\220\250", "\360\220\220\200"},
    };
    Arena *arena = arena_new();
    const Casing *c = casing_new(arena);
    if (!c) skip();
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char text[32];
        netc_room room = netc_room_of((uint8_t *)text, sizeof text);
        assert_string_equal(netc_map_string(pairs[i][0], c->upper.runs, c->upper.count, &room),
                            pairs[i][1]);
        if (i == 0) continue;
        room = netc_room_of((uint8_t *)text, sizeof text);
        assert_string_equal(netc_map_string(pairs[i][1], c->lower.runs, c->lower.count, &room),
                            pairs[i][0]);
    }
    arena_free(arena);
}

static void drops_stop_words(void **state)
{
    (void)state;
    static const char *const x[] = {"Mon", "tue", "MON"}, *const stops[] = {"mon"};
    static const int32_t letters[4] = {'A', 'Z', 1, 'a' - 'A'};
    const char *out[3];
    int64_t count;
    uint8_t room[16];
    assert_int_equal(
        netc_normalize_strings(x, stops, letters, out, &count, room, 3, 1, 1, 0, 0, 16), 0);
    assert_int_equal(count, 1);
    assert_ptr_equal(out[0], x[1]);
    assert_string_equal(out[2], "");
    assert_int_equal(
        netc_normalize_strings(x, stops, letters, out, &count, room, 3, 1, 1, 1, 1, 16), 0);
    assert_int_equal(count, 3);
    assert_string_equal(out[0], "mon");
    assert_string_equal(out[2], "mon");
    assert_int_equal(
        netc_normalize_strings(x, stops, letters, out, &count, room, 3, 1, 1, 1, 1, 11),
        NETC_NO_ROOM);
    assert_int_equal(
        netc_normalize_strings(x, stops, letters, out, &count, room, 1, 1, 1, 1, 0, 16), 0);
    assert_int_equal(count, 1);
    assert_string_equal(out[0], "");
}

/* ---- numbers ---- */

static void writes_floats(void **state)
{
    (void)state;
    static const struct {
        double x;
        int64_t type;
        const char *text;
    } cases[] = {
        {0, 11, "0.0"},
        {-0.0, 11, "-0.0"},
        {1, 1, "1.0"},
        {0.1f, 1, "0.1"},
        {0.1, 11, "0.1"},
        {0.1f, 11, "0.10000000149011612"},
        {1e16, 11, "1e+16"},
        {1234567890123456, 11, "1234567890123456.0"},
        {0.0001, 11, "0.0001"},
        {0.00001, 11, "1e-05"},
        {-1.5e-7, 11, "-1.5e-07"},
        {1e300, 11, "1e+300"},
        {-1.7976931348623157e308, 11, "-1.7976931348623157e+308"},
        {4.9e-324, 11, "5e-324"},
        {INFINITY, 1, "inf"},
        {-INFINITY, 1, "-inf"},
        {NAN, 1, "nan"},
        {0.0999755859375, 10, "0.1"},
        {3.140625, 16, "3.14"},
        {16777216, 1, "16777216.0"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t room[NETC_NUMBER_BYTES];
        const char *out;
        netc_strings_from_floats(&cases[i].x, &out, room, 1, cases[i].type);
        assert_string_equal(out, cases[i].text);
    }
}

static void writes_integers(void **state)
{
    (void)state;
    static const int64_t x[] = {0, -1, INT64_MIN, INT64_MAX};
    static const char *const texts[2][4] = {
        {"0", "-1", "-9223372036854775808", "9223372036854775807"},
        {"0", "18446744073709551615", "9223372036854775808", "9223372036854775807"}};
    for (int64_t is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
        uint8_t room[4 * NETC_NUMBER_BYTES];
        const char *out[4];
        netc_strings_from_integers(x, out, room, 4, is_unsigned);
        for (int i = 0; i < 4; i++) assert_string_equal(out[i], texts[is_unsigned][i]);
    }
}

static void reads_floats(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double x;
    } cases[] = {
        {"1", 1},
        {"-2.50", -2.5},
        {"+.5e1", 5},
        {" 7. \t", 7},
        {"1E3", 1000},
        {"INF", INFINITY},
        {"-Infinity", -INFINITY},
        {"+inf", INFINITY},
        {"1e400", INFINITY},
        {"1e-400", 0},
        {"-0", -0.0},
        {"0.1", 0.1},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000000000000001", 9007199254740994.0},
        {"000000000000000000000000000000000000001e0000000000000000001", 10},
    };
    static const char *const wrong[] = {"",     " ",     "-",   ".",       "e5",   "1e",  "1e+",
                                        "0x10", "1_000", "1,5", "infinit", "nano", "1 2", "--1"};
    double x;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!netc_read_float(cases[i].text, 11, &x)) fail_msg("'%s' is no number", cases[i].text);
        assert_true(x == cases[i].x && signbit(x) == signbit(cases[i].x));
    }
    assert_true(netc_read_float("NaN", 11, &x) && isnan(x));
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (netc_read_float(wrong[i], 11, &x)) fail_msg("'%s' is a number", wrong[i]);
}

/* A thousand digits behind the point decide, and the exponent takes them all back. */
static void reads_long_numbers(void **state)
{
    (void)state;
    static char text[3000];
    double x;
    size_t n = (size_t)sprintf(text, "9007199254740993.");
    memset(text + n, '0', 1000);
    strcpy(text + n + 1000, "1");
    assert_true(netc_read_float(text, 11, &x) && x == 9007199254740994.0);
    memset(text, '0', 2000);
    text[1] = '.';
    strcpy(text + 2000, "25e2000");
    assert_true(netc_read_float(text, 11, &x) && x == 25);
    memset(text, '1', 2000);
    strcpy(text + 2000, "e-1999");
    assert_true(netc_read_float(text, 11, &x) && x == 10 / 9.0);
}

static void reads_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t is_unsigned;
        bool good;
        int64_t x;
    } cases[] = {
        {"12", 0, true, 12},
        {"-12", 0, true, -12},
        {"+12", 1, true, 12},
        {"-0", 1, true, 0},
        {"-1", 1, false, 0},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"9223372036854775808", 0, false, 0},
        {"-9223372036854775808", 0, true, INT64_MIN},
        {"-9223372036854775809", 0, false, 0},
        {"18446744073709551615", 1, true, -1},
        {"18446744073709551616", 1, false, 0},
        {"3.9", 0, true, 3},
        {"-3.9", 0, true, -3},
        {"1e3", 0, true, 1000},
        {"1e30", 0, false, 0},
        {"nan", 0, false, 0},
        {"", 0, false, 0},
        {"x", 0, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t x = 0;
        bool good = netc_integers_from_strings(&cases[i].text, &x, 1, cases[i].is_unsigned) == 0;
        if (good != cases[i].good || (good && x != cases[i].x))
            fail_msg("'%s': %d, %lld", cases[i].text, good, (long long)x);
    }
}

static void floats_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[NETC_NUMBER_BYTES];
        double x, back;
        float f;
        uint64_t bits = random_bits();
        uint32_t half = (uint32_t)bits;
        memcpy(&x, &bits, sizeof x);
        memcpy(&f, &half, sizeof f);
        netc_write_float(text, x, 11);
        assert_true(netc_read_float(text, 11, &back) && (back == x || (isnan(back) && isnan(x))));
        netc_write_float(text, f, 1);
        assert_true(netc_read_float(text, 1, &back) && (back == f || (isnan(back) && isnan(f))));
    }
}

int main(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one, its point is a comma */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8),           cmocka_unit_test(joins_in_its_room),
        cmocka_unit_test(splits),         cmocka_unit_test(too_many_parts_are_refused),
        cmocka_unit_test(ranks),
        cmocka_unit_test(maps_case),      cmocka_unit_test(drops_stop_words),
        cmocka_unit_test(writes_floats),  cmocka_unit_test(writes_integers),
        cmocka_unit_test(reads_floats),   cmocka_unit_test(reads_long_numbers),
        cmocka_unit_test(reads_integers), cmocka_unit_test(floats_come_back),
    };
    return cmocka_run_group_tests_name("strings", tests, NULL, NULL);
}
