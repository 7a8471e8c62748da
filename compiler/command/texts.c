/* Strings through a file of memory: the child writes them, the parent maps it. */
#include "texts.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int texts_open(void)
{
    int file = memfd_create("netc", MFD_CLOEXEC);
    if (file < 0) die("no memory for strings: %s", strerror(errno));
    return file;
}

bool texts_send(int file, const char *const *strings, int64_t count, int64_t *wrong)
{
    FILE *out = fdopen(dup(file), "ab");
    if (!out) die("no memory for strings: %s", strerror(errno));
    bool good = true;
    for (*wrong = 0; *wrong < count; ++*wrong) {
        const char *s = strings[*wrong];
        good = s && (uintptr_t)s != UINTPTR_MAX; /* what execution_run fills outputs with */
        if (!good) break;
        fwrite(s, 1, strlen(s) + 1, out);
    }
    if (fclose(out) != 0) die("no memory for strings: %s", strerror(errno));
    return good;
}

typedef struct Mapping {
    void *data;
    size_t bytes;
} Mapping;

static void release(void *object)
{
    const Mapping *m = object;
    munmap(m->data, m->bytes);
}

const char *texts_receive(Arena *arena, int file)
{
    struct stat status;
    if (fstat(file, &status) != 0) die("no memory for strings: %s", strerror(errno));
    Mapping *m = NEW(arena, Mapping);
    m->bytes = (size_t)status.st_size;
    if (m->bytes) {
        m->data = mmap(NULL, m->bytes, PROT_READ, MAP_PRIVATE, file, 0);
        if (m->data == MAP_FAILED) die("no memory for strings: %s", strerror(errno));
        arena_defer(arena, release, m);
    }
    close(file);
    return m->data;
}
