/*
 * The functions of runtime/netc_calls.h against what they say: nothing, everything, ties, NaN,
 * boxes that only touch; and that they write all of their outputs and nothing behind them.
 */
#include "unit.h"

#include <stdlib.h>

#include "base.h"
#include "netc_calls.h"

enum { GUARD = -77, MOST = 64 };

static void fill(int64_t *to, int count)
{
    for (int i = 0; i < count; i++) to[i] = GUARD;
}

static void expect(const int64_t *got, const int64_t *wanted, int count)
{
    for (int i = 0; i < count; i++) assert_int_equal(got[i], wanted[i]);
    assert_int_equal(got[count], GUARD);
}

static void compacts(void **state)
{
    (void)state;
    static const struct {
        uint8_t mask[4];
        int64_t positions[4], n, count;
    } cases[] = {
        {{0}, {0}, 0, 0},
        {{0, 0, 0}, {0, 0, 0}, 3, 0},
        {{1, 255, 2, 1}, {0, 1, 2, 3}, 4, 4},
        {{0, 1, 0, 1}, {1, 3, 0, 0}, 4, 2},
        {{1, 0, 0, 0}, {0, 0, 0, 0}, 4, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t positions[5], count;
        fill(positions, 5);
        netc_compact(cases[i].mask, positions, &count, cases[i].n);
        assert_int_equal(count, cases[i].count);
        expect(positions, cases[i].positions, (int)cases[i].n);
    }
}

typedef struct Uniques {
    int64_t keys[8], rows, length, sorted;
    int64_t count, first[8], inverse[8], counts[8];
} Uniques;

static void finds_distinct_rows(void **state)
{
    (void)state;
    static const Uniques cases[] = {
        {{0}, 0, 1, 1, 0, {0}, {0}, {0}},
        {{5}, 1, 1, 1, 1, {0}, {0}, {1}},
        {{2, 1, 1, 3, 4, 3},
         6,
         1,
         1,
         4,
         {1, 0, 3, 4, 0, 0},
         {1, 0, 0, 2, 3, 2},
         {2, 1, 2, 1, 0, 0}},
        {{2, 1, 1, 3, 4, 3},
         6,
         1,
         0,
         4,
         {0, 1, 3, 4, 0, 0},
         {0, 1, 1, 2, 3, 2},
         {1, 2, 2, 1, 0, 0}},
        {{7, 7, 7}, 3, 1, 0, 1, {0, 0, 0}, {0, 0, 0}, {3, 0, 0}},
        {{INT64_MAX, INT64_MIN, 0}, 3, 1, 1, 3, {1, 2, 0}, {2, 0, 1}, {1, 1, 1}},
        {{1, 0, 1, 0, 0, 9, 1, 0}, 4, 2, 1, 2, {2, 0, 0, 0}, {1, 1, 0, 1}, {1, 3, 0, 0}},
        {{0}, 3, 0, 1, 1, {0, 0, 0}, {0, 0, 0}, {3, 0, 0}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Uniques *c = &cases[i];
        int64_t first[9], inverse[9], counts[9], scratch[17], count;
        fill(first, 9), fill(inverse, 9), fill(counts, 9), fill(scratch, 17);
        netc_unique(c->keys, first, inverse, counts, &count, scratch, c->rows, c->length,
                    c->sorted);
        assert_int_equal(count, c->count);
        expect(first, c->first, (int)c->rows);
        expect(inverse, c->inverse, (int)c->rows);
        expect(counts, c->counts, (int)c->rows);
        assert_int_equal(scratch[2 * c->rows], GUARD);
    }
}

/* Against a sort that is known to be right; stable means: by position where keys are equal. */
static int64_t *sorted_keys;
static int by_key(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    if (sorted_keys[x] != sorted_keys[y]) return sorted_keys[x] < sorted_keys[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void sorts_stably(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 40; n++) {
        int64_t keys[MOST], order[MOST], spare[MOST], wanted[MOST];
        for (int64_t i = 0; i < n; i++) keys[i] = (i * 7919 + n) % 5, order[i] = wanted[i] = i;
        sorted_keys = keys;
        qsort(wanted, (size_t)n, sizeof *wanted, by_key);
        order[n] = GUARD;
        netc_merge_sort(order, spare, n, netc_row_behind, keys, 1);
        expect(order, wanted, (int)n);
    }
}

typedef struct Boxes {
    float boxes[4][4], scores[4];
    int64_t n, most, centred, count, chosen[4];
    float overlap, least;
} Boxes;

#define UNIT                                                                                       \
    {                                                                                              \
        0, 0, 1, 1                                                                                 \
    }
static void suppresses(void **state)
{
    (void)state;
    static const Boxes cases[] = {
        /* no boxes; none wanted */
        {{{0}}, {0}, 0, 3, 0, 0, {0}, 0.5f, -INFINITY},
        {{UNIT}, {1}, 1, 0, 0, 0, {0}, 0.5f, -INFINITY},
        /* ties: the first */
        {{UNIT, UNIT, {2, 2, 3, 3}}, {1, 1, 1}, 3, 3, 0, 2, {0, 2}, 0.5f, -INFINITY},
        /* as much as the threshold is not more than it; corners in any order; touching */
        {{UNIT, {0, 0, 1, 0.5f}}, {1, 2}, 2, 3, 0, 2, {1, 0}, 0.5f, -INFINITY},
        {{UNIT, {1, 1, 0, 0}, {0, 1, 1, 2}}, {3, 2, 1}, 3, 3, 0, 2, {0, 2}, 0, -INFINITY},
        /* centre and extents */
        {{{0.5f, 0.5f, 1, 1}, {0.5f, 0.6f, 1, 1}, {5, 5, 1, 1}},
         {1, 2, 3},
         3,
         2,
         1,
         2,
         {2, 1},
         0.5f,
         -INFINITY},
        /* scores: more than the least; NaN is not, and is last where all are taken */
        {{UNIT, {2, 2, 3, 3}, {4, 4, 5, 5}}, {0.5f, 0.6f, NAN}, 3, 3, 0, 1, {1}, 0.5f, 0.5f},
        {{UNIT, {2, 2, 3, 3}, {4, 4, 5, 5}},
         {NAN, 0.6f, -INFINITY},
         3,
         3,
         0,
         3,
         {1, 2, 0},
         0.5f,
         -INFINITY},
        /* NaN in a box overlaps nothing; boxes of no area neither */
        {{UNIT, {NAN, 0, 1, 1}, {0, 0, 0, 1}}, {3, 2, 1}, 3, 3, 0, 3, {0, 1, 2}, 0, -INFINITY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Boxes *c = &cases[i];
        int64_t selected[13], found, scratch[13];
        fill(selected, 13), fill(scratch, 13);
        netc_select_boxes(c->boxes[0], c->scores, &c->most, &c->overlap, &c->least, selected,
                          &found, scratch, 1, 1, c->n, c->n, c->centred);
        assert_int_equal(found, c->count);
        for (int64_t k = 0; k < c->n; k++) {
            assert_int_equal(selected[3 * k], 0);
            assert_int_equal(selected[3 * k + 2], k < found ? c->chosen[k] : 0);
        }
        assert_int_equal(selected[3 * c->n], GUARD);
        assert_int_equal(scratch[3 * c->n], GUARD);
    }
}

/* Rows are no more than there is room for, whatever the limit of a run says. */
static void suppresses_by_class(void **state)
{
    (void)state;
    const float boxes[2][2][4] = {{UNIT, {2, 2, 3, 3}}, {UNIT, {2, 2, 3, 3}}};
    const float scores[2][2][2] = {{{1, 2}, {2, 1}}, {{1, 2}, {2, 1}}}, overlap = 0,
                any = -INFINITY;
    const int64_t most[2] = {1, INT64_MAX};
    const int64_t wanted[] = {0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0};
    int64_t selected[16], found, scratch[6];
    for (int i = 0; i < 2; i++) {
        fill(selected, 16);
        netc_select_boxes(boxes[0][0], scores[0][0], &most[i], &overlap, &any, selected, &found,
                          scratch, 2, 2, 2, 4, 0);
        assert_int_equal(found, 4);
        if (i == 0) expect(selected, wanted, 12);
        assert_int_equal(selected[12], GUARD);
    }
}

static void packs(void **state)
{
    (void)state;
    const uint16_t x[2][3][2] = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
    static const struct {
        int64_t shape[3];
        uint16_t wanted[12];
    } cases[] = {
        {{2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {{2, 2, 1}, {1, 3, 7, 9}},
        {{1, 3, 2}, {1, 2, 3, 4, 5, 6}},
        {{2, 0, 2}, {0}},
        {{0, 3, 2}, {0}},
        {{2, 3, 0}, {0}},
    };
    const int64_t dims[] = {2, 3, 2};
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint16_t y[13];
        memset(y, 0xff, sizeof y);
        netc_pack(x, cases[i].shape, dims, y, 3, 2);
        for (int k = 0; k < 12; k++) assert_int_equal(y[k], cases[i].wanted[k]);
        assert_int_equal(y[12], 0xffff);
    }
    double scalar = 0;
    netc_pack(&(double){2.5}, dims, dims, &scalar, 0, 8);
    assert_true(scalar == 2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compacts),
        cmocka_unit_test(finds_distinct_rows),
        cmocka_unit_test(sorts_stably),
        cmocka_unit_test(suppresses),
        cmocka_unit_test(suppresses_by_class),
        cmocka_unit_test(packs),
    };
    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
