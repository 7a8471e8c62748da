/* A 128-bit hash of a stream of bytes, to name cached results by their content. Fast, not
 * cryptographic. */
#ifndef NETC_HASH_H
#define NETC_HASH_H

#include "base.h"

typedef struct Hash {
    uint64_t lane[2];
    uint8_t block[16]; /* bytes that do not fill a step yet */
    size_t pending;
    uint64_t total;
} Hash;

Hash hash_start(void);
void hash_add(Hash *hash, const void *bytes, size_t count);
const char *hash_text(Arena *arena, const Hash *hash); /* 32 hexadecimal digits */

#endif
