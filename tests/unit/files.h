/*
 * For unit tests that read files: scratch files with given bytes, and a generator of damage that is
 * the same in every run.
 */
#ifndef NETC_TEST_FILES_H
#define NETC_TEST_FILES_H

#include "base.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct Scratch {
    char folder[64];
    char path[128];
} Scratch;

static inline void scratch_open(Scratch *s, const char *name)
{
    snprintf(s->folder, sizeof s->folder, "/tmp/netc-test-XXXXXX");
    if (!mkdtemp(s->folder)) die("no scratch folder");
    snprintf(s->path, sizeof s->path, "%s/%s", s->folder, name);
}

static inline void scratch_write(const Scratch *s, const void *bytes, size_t count)
{
    if (!file_write(s->path, bytes, count)) die("cannot write %s", s->path);
}

static inline void scratch_close(const Scratch *s)
{
    unlink(s->path);
    rmdir(s->folder);
}

/* xorshift64 */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* Damages a copy of a file in one of five ways; returns how many bytes are left. */
static inline size_t damage(uint8_t *bytes, size_t count, uint64_t *state)
{
    uint64_t kind = next_random(state) % 5, times = 1 + next_random(state) % 4;
    size_t at = next_random(state) % count, from = next_random(state) % count,
           run = next_random(state) % 32;
    if (kind == 0) return at;
    if (kind == 4 && at + run <= count && from + run <= count)
        memmove(bytes + at, bytes + from, run);
    for (; kind < 4 && times; times--) {
        at = next_random(state) % count;
        bytes[at] = kind == 1 ? (uint8_t)next_random(state)
                              : (uint8_t)(bytes[at] ^ 1u << next_random(state) % 8);
    }
    return count;
}

#endif
