/*
 * For unit tests that read files: scratch files with given bytes, and a generator of damage that is
 * the same in every run.
 */
#ifndef NETC_TEST_FILES_H
#define NETC_TEST_FILES_H

#include "base.h"
#include "numbers.h"

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

/* Damages a copy of a file in one of five ways; returns how many bytes are left. */
static inline size_t damage(uint8_t *bytes, size_t count, uint64_t *state)
{
    uint64_t kind = random_step(state) % 5, times = 1 + random_step(state) % 4;
    size_t at = random_step(state) % count, from = random_step(state) % count,
           run = random_step(state) % 32;
    if (kind == 0) return at;
    if (kind == 4 && at + run <= count && from + run <= count)
        memmove(bytes + at, bytes + from, run);
    for (; kind < 4 && times; times--) {
        at = random_step(state) % count;
        bytes[at] = kind == 1 ? (uint8_t)random_step(state)
                              : (uint8_t)(bytes[at] ^ 1u << random_step(state) % 8);
    }
    return count;
}

#endif
