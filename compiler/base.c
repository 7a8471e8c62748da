/* The arena, text, map, checked arithmetic and file helpers of base.h. */
#include "base.h"

#include "netc_string.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("netc: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_MACHINE);
}

/* ---- arena ---- */

typedef struct Chunk {
    struct Chunk *next;
    size_t used, size;
    max_align_t data[];
} Chunk;

typedef struct Deferred {
    struct Deferred *next;
    void (*release)(void *);
    void *object;
} Deferred;

struct Arena {
    Chunk *chunks;
    Deferred *deferred;
};

enum { CHUNK_BYTES = 1 << 16 };

Arena *arena_new(void)
{
    Arena *arena = calloc(1, sizeof *arena);
    if (!arena) die("out of memory");
    return arena;
}

void arena_free(Arena *arena)
{
    for (Deferred *d = arena->deferred; d; d = d->next) d->release(d->object);
    for (Chunk *c = arena->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

void *arena_alloc(Arena *arena, size_t bytes)
{
    const size_t align = _Alignof(max_align_t);
    if (bytes > SIZE_MAX / 2) die("out of memory (%zu bytes wanted)", bytes);
    bytes = (bytes + align - 1) / align * align;
    Chunk *c = arena->chunks;
    if (!c || c->size - c->used < bytes) {
        size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        c = calloc(1, sizeof *c + size);
        if (!c) die("out of memory (%zu bytes wanted)", bytes);
        c->size = size;
        if (arena->chunks && bytes > CHUNK_BYTES) { /* keep filling the current chunk */
            c->next = arena->chunks->next;
            arena->chunks->next = c;
        } else {
            c->next = arena->chunks;
            arena->chunks = c;
        }
    }
    void *p = (char *)c->data + c->used;
    c->used += bytes;
    return p;
}

void *arena_copy(Arena *arena, const void *bytes, size_t count)
{
    void *p = arena_alloc(arena, count);
    if (count) memcpy(p, bytes, count);
    return p;
}

char *arena_string(Arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_format(Arena *arena, const char *format, ...)
{
    va_list args;
    Text text = {0};
    va_start(args, format);
    text_vadd(&text, format, args);
    va_end(args);
    char *copy = arena_string(arena, text.data ? text.data : "");
    text_free(&text);
    return copy;
}

void arena_defer(Arena *arena, void (*release)(void *), void *object)
{
    Deferred *d = NEW(arena, Deferred);
    *d = (Deferred){arena->deferred, release, object};
    arena->deferred = d;
}

size_t array_bytes(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        die("out of memory (%zu items of %zu bytes)", n, size);
    return bytes;
}

void *list_grow(Arena *arena, void *items, int count, int *capacity, size_t size)
{
    if (*capacity > INT32_MAX / 2) die("a list of more than %d items", *capacity);
    *capacity = *capacity ? *capacity * 2 : 8;
    void *bigger = arena_alloc(arena, array_bytes((size_t)*capacity, size));
    if (count) memcpy(bigger, items, (size_t)count * size);
    return bigger;
}

/* ---- map: open addressing, doubled when half full ---- */

typedef struct Entry {
    const char *key;
    void *value;
} Entry;

struct Map {
    Arena *arena;
    Entry *entries;
    size_t size, used;
};

Map *map_new(Arena *arena)
{
    Map *map = NEW(arena, Map);
    map->arena = arena;
    map->size = 16;
    map->entries = NEW_ARRAY(arena, Entry, map->size);
    return map;
}

static Entry *map_find(const Map *map, const char *key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *p = key; *p; p++) hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    size_t i = hash & (map->size - 1);
    while (map->entries[i].key && strcmp(map->entries[i].key, key) != 0)
        i = (i + 1) & (map->size - 1);
    return &map->entries[i];
}

void *map_get(const Map *map, const char *key)
{
    const Entry *e = map_find(map, key);
    return e->key ? e->value : NULL;
}

void map_set(Map *map, const char *key, void *value)
{
    if (2 * (map->used + 1) > map->size) {
        Map old = *map;
        map->size *= 2;
        map->entries = NEW_ARRAY(map->arena, Entry, map->size);
        for (size_t i = 0; i < old.size; i++)
            if (old.entries[i].key) *map_find(map, old.entries[i].key) = old.entries[i];
    }
    Entry *e = map_find(map, key);
    if (!e->key) map->used++;
    *e = (Entry){key, value};
}

/* ---- text ---- */

static void text_reserve(Text *text, size_t more)
{
    size_t want = text->length + more + 1;
    if (want <= text->capacity) return;
    text->capacity = want > 2 * text->capacity ? want + 64 : 2 * text->capacity;
    text->data = realloc(text->data, text->capacity);
    if (!text->data) die("out of memory (%zu bytes of text)", text->capacity);
}

void text_put(Text *text, const void *bytes, size_t count)
{
    text_reserve(text, count);
    if (count) memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = 0;
}

void text_vadd(Text *text, const char *format, va_list args)
{
    assert(format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    assert(n >= 0);
    text_reserve(text, (size_t)n);
    vsnprintf(text->data + text->length, (size_t)n + 1, format, again);
    text->length += (size_t)n;
    va_end(again);
}

void text_add(Text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vadd(text, format, args);
    va_end(args);
}

void text_free(Text *text)
{
    free(text->data);
    *text = (Text){0};
}

bool ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

size_t utf8_encode(char bytes[4], uint32_t c) { return netc_utf8_encode(bytes, c); }

int utf8_decode(const char *text, size_t length, int *bytes)
{
    char start[5] = {0}; /* as text that is ended by NUL */
    uint32_t c;
    memcpy(start, text, length < 4 ? length : 4);
    size_t n = netc_utf8_decode(start, &c);
    *bytes = n ? (int)n : 1;
    return n ? (int)c : -1;
}

/* ---- checked arithmetic ---- */

bool checked_mul(int64_t a, int64_t b, int64_t *product)
{
    return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, product);
}

bool checked_add(int64_t a, int64_t b, int64_t *sum)
{
    return a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, sum);
}

bool checked_elements(const int64_t *dims, int rank, int64_t *elements)
{
    int64_t n = 1,
            extent = 1; /* extent: without the zero dimensions, which must not hide an overflow */
    for (int i = 0; i < rank; i++) {
        if (!checked_mul(n, dims[i], &n)) return false;
        if (!checked_mul(extent, dims[i] ? dims[i] : 1, &extent) || extent > INT64_MAX / 16)
            return false;
    }
    *elements = n;
    return true;
}

/* ---- files ---- */

static void unmap(void *object)
{
    File *f = object;
    if (f->bytes) munmap((void *)f->data, f->bytes);
}

const File *file_map(Arena *arena, const char *path)
{
    int fd =
        open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe is to be refused, not waited for */
    if (fd < 0) return NULL;
    struct stat st;
    void *data = NULL;
    int error = fstat(fd, &st) != 0   ? errno
                : S_ISREG(st.st_mode) ? 0
                : S_ISDIR(st.st_mode) ? EISDIR
                                      : EINVAL;
    if (!error && st.st_size > 0) {
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) error = errno;
    }
    close(fd);
    if (error) {
        errno = error;
        return NULL;
    }
    File *f = NEW(arena, File);
    *f = (File){arena_string(arena, path), data ? data : (const void *)"", (size_t)st.st_size};
    arena_defer(arena, unmap, f);
    return f;
}

static bool write_all(int fd, const char *data, size_t bytes)
{
    while (bytes) {
        ssize_t n = write(fd, data, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        bytes -= (size_t)n;
    }
    return true;
}

bool file_write(const char *path, const void *data, size_t bytes)
{
    return file_write_parts(path, &(FilePart){data, bytes}, 1);
}

bool file_write_parts(const char *path, const FilePart *parts, int count)
{
    Text temporary = {0};
    text_add(&temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok = fd >= 0;
    for (int i = 0; ok && i < count; i++) ok = write_all(fd, parts[i].data, parts[i].bytes);
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && ok) ok = false, error = errno;
    if (ok && rename(temporary.data, path) != 0) ok = false, error = errno;
    if (!ok && fd >= 0) unlink(temporary.data);
    text_free(&temporary);
    errno = error;
    return ok;
}

/* ---- names ---- */

static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= LONGEST || m >= LONGEST) return LONGEST;
    int row[LONGEST];
    for (size_t j = 0; j <= m; j++) row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int substitute = diagonal + (a[i - 1] != b[j - 1]);
            int other = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = substitute < other ? substitute : other;
        }
    }
    return row[m];
}

const char *nearest_name(const char *name, const char *const *names, int count)
{
    const char *best = NULL;
    int least = 1 + (int)strlen(name) / 3;
    for (int i = 0; i < count; i++) {
        int d = edit_distance(name, names[i]);
        if (d >= (int)strlen(name)) continue; /* nothing in common */
        if (d < least || (d == least && !best)) best = names[i], least = d;
    }
    return best;
}

/* ---- time ---- */

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
