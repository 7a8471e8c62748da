/* Random numbers for unit tests, the same in every run: G. Marsaglia's xorshift64. */
#ifndef NETC_TEST_NUMBERS_H
#define NETC_TEST_NUMBERS_H

#include <stdint.h>

/* The next number of a state, which is never 0. */
static inline uint64_t random_step(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* The numbers of the whole test: any bits, 0 .. n - 1, [0, 1). */
static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_bits(void) { return random_step(&random_state); }

static inline int64_t random_below(int64_t n) { return (int64_t)(random_bits() % (uint64_t)n); }

static inline double random_unit(void) { return (double)(random_bits() >> 11) * 0x1p-53; }

#endif
