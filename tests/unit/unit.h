/*
 * What unit tests share: cmocka with the headers that it wants before it, and an arena for each
 * test. It tests nothing itself.
 */
#ifndef NETC_TEST_UNIT_H
#define NETC_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base.h"

static Arena *arena __attribute__((unused)); /* from open_arena to close_arena */

static inline int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static inline int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A test with an arena of its own: `set_up`, in the file, is open_arena and what else it wants. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, close_arena)

#endif
