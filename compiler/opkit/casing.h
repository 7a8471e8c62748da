/*
 * Unicode's simple case mapping, a character for a character, as the C library has it for its
 * locale C.UTF-8: no ß to SS, no rules of one language. As runs of characters, which generated code
 * searches too (netc_string.h).
 */
#ifndef NETC_CASING_H
#define NETC_CASING_H

#include "base.h"

/* Runs in order, four numbers each: first, last, step from one to the next, what is added. */
typedef struct CaseMap {
    const int32_t *runs;
    int64_t count;
} CaseMap;

typedef struct Casing {
    CaseMap lower, upper;
} Casing;

/* NULL when the C library has no such locale. */
const Casing *casing_new(Arena *arena);

#endif
