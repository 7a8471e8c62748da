/*
 * The functions of the runtime that definitions may call where no expression says what an element
 * is: work whose steps depend on the data. Generated code calls them by name; constants are folded
 * by calling the same function here.
 *
 * Adding one: a function in a header of runtime/ that takes pointers to what it reads, pointers to
 * what it writes, then int64_t numbers, and fills all that it writes unless it fails; and a row in
 * calls.c.
 */
#ifndef NETC_CALLS_TABLE_H
#define NETC_CALLS_TABLE_H

#include "define.h"

typedef struct CallFunction {
    const char *name;   /* in the runtime */
    const char *header; /* in runtime/ */
    int (*run)(const void *const *reads, void *const *writes, const int64_t *numbers);
    bool quadratic; /* its work grows with the square of what it reads */
    bool fails;     /* it returns 0, or what NAME_run is to return; others return nothing */
} CallFunction;

const CallFunction *call_find(const char *name); /* which must be there */
/* The work of a call, in element operations, saturating. */
int64_t call_cost(const Call *call);

#endif
