/*
 * The hash: two 64-bit lanes, each a multiply-and-rotate chain over its half of every 16 bytes,
 * crossed at each step so that either half reaches both lanes.
 */
#include "hash.h"

static const uint64_t prime[2] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu};

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static uint64_t finish(uint64_t x)
{
    x = (x ^ x >> 32) * prime[0];
    x = (x ^ x >> 29) * prime[1];
    return x ^ x >> 32;
}

Hash hash_start(void) { return (Hash){.lane = {prime[1], prime[0]}}; }

static void step(Hash *h, const uint8_t *bytes)
{
    uint64_t a, b;
    memcpy(&a, bytes, 8);
    memcpy(&b, bytes + 8, 8);
    uint64_t x = rotate(h->lane[0] ^ a, 27) * prime[0];
    uint64_t y = rotate(h->lane[1] ^ b, 31) * prime[1];
    h->lane[0] = x + rotate(y, 17);
    h->lane[1] = y + rotate(x, 41);
}

void hash_add(Hash *h, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;
    h->total += count;
    if (h->pending) {
        size_t take = count < 16 - h->pending ? count : 16 - h->pending;
        memcpy(h->block + h->pending, p, take);
        h->pending += take;
        p += take;
        count -= take;
        if (h->pending < 16) return;
        step(h, h->block);
        h->pending = 0;
    }
    for (; count >= 16; p += 16, count -= 16) step(h, p);
    memcpy(h->block, p, count);
    h->pending = count;
}

const char *hash_text(Arena *arena, const Hash *hash)
{
    Hash h = *hash;
    memset(h.block + h.pending, 0, 16 - h.pending);
    step(&h, h.block);
    uint64_t a = finish(h.lane[0] ^ h.total), b = finish(h.lane[1] + rotate(h.total, 32));
    return arena_format(arena, "%016llx%016llx", (unsigned long long)(a + b),
                        (unsigned long long)(b ^ rotate(a, 23)));
}
