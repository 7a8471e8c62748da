/* hash.c: one stream has one hash however it is cut; a bit, a length or an order more or less has
 * another. */
#include "unit.h"

#include <stdlib.h>

#include "hash.h"

enum { LENGTH = 200 };

static const char *hash_of(const void *bytes, size_t count)
{
    Hash hash = hash_start();
    hash_add(&hash, bytes, count);
    return hash_text(arena, &hash);
}

static void test_pieces(void **state)
{
    (void)state;
    uint8_t bytes[LENGTH];
    for (int i = 0; i < LENGTH; i++) bytes[i] = (uint8_t)(i * 37);
    const char *whole = hash_of(bytes, LENGTH);
    assert_int_equal(strlen(whole), 32);
    for (size_t piece = 1; piece < 40; piece++) {
        Hash hash = hash_start();
        for (size_t at = 0; at < LENGTH; at += piece)
            hash_add(&hash, bytes + at, at + piece < LENGTH ? piece : LENGTH - at);
        assert_string_equal(hash_text(arena, &hash), whole);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each half too: a weak lane would show there. */
static void test_distinct(void **state)
{
    (void)state;
    enum { COUNT_ALL = LENGTH * 8 + LENGTH };
    static const char *all[COUNT_ALL];
    int count = 0;
    uint8_t bytes[LENGTH] = {0};
    for (size_t n = 0; n < LENGTH; n++) all[count++] = hash_of(bytes, n);
    for (int bit = 0; bit < LENGTH * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        all[count++] = hash_of(bytes, LENGTH);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < count && half; i++) all[i] += 16;
        qsort(all, (size_t)count, sizeof *all, by_text);
        for (int i = 1; i < count; i++) assert_int_not_equal(strncmp(all[i - 1], all[i], 16), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces),
                                       cmocka_unit_test(test_distinct)};
    return cmocka_run_group_tests_name("hash", tests, open_arena, close_arena);
}
