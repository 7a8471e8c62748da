/*
 * What every stage stands on: the arena, growing text, checked sizes, whole-file input and output.
 *
 * Errors come in three kinds. The user's input: a diagnostic (diag.h). Our own mistake: assert(),
 * on in release builds too. The machine (memory, disk): die().
 */
#ifndef NETC_BASE_H
#define NETC_BASE_H

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT(array)      (sizeof(array) / sizeof *(array))
#define MAX_RANK          16 /* of any tensor; a model with more is refused by the readers */

/* The exit codes of the command. */
enum { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_MACHINE = 3 };

/* Prints "netc: ..." on standard error and exits with EXIT_MACHINE. */
_Noreturn void die(const char *format, ...) PRINTF(1, 2);

/* ---- memory: one arena per compilation, freed at once; a pass may have one of its own ---- */

typedef struct Arena Arena;
Arena *arena_new(void);
void arena_free(Arena *arena);
/* Zeroed, aligned for any type. Never NULL: dies when the machine has no memory. */
void *arena_alloc(Arena *arena, size_t bytes);
void *arena_copy(Arena *arena, const void *bytes, size_t count);
char *arena_string(Arena *arena, const char *text);
char *arena_format(Arena *arena, const char *format, ...) PRINTF(2, 3);
/* Runs `release(object)` when the arena is freed: for mappings and other libraries' memory. */
void arena_defer(Arena *arena, void (*release)(void *object), void *object);
#define NEW(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
#define NEW_ARRAY(arena, Type, n)                                                                  \
    ((Type *)arena_alloc((arena), array_bytes((size_t)(n), sizeof(Type))))
/* n * size; dies on overflow. */
size_t array_bytes(size_t n, size_t size);

/* A list that grows in an arena: struct { T *items; int count, capacity; } */
#define LIST(T)                                                                                    \
    struct {                                                                                       \
        T *items;                                                                                  \
        int count, capacity;                                                                       \
    }
#define LIST_PUSH(arena, list, item)                                                               \
    do {                                                                                           \
        if ((list)->count == (list)->capacity)                                                     \
            (list)->items = list_grow((arena), (list)->items, (list)->count, &(list)->capacity,    \
                                      sizeof *(list)->items);                                      \
        (list)->items[(list)->count++] = (item);                                                   \
    } while (0)
void *list_grow(Arena *arena, void *items, int count, int *capacity, size_t size);

/* A map from strings to pointers, in an arena. Keys are not copied. */
typedef struct Map Map;
Map *map_new(Arena *arena);
void *map_get(const Map *map, const char *key); /* NULL when absent */
void map_set(Map *map, const char *key, void *value);

/* ---- growing text ---- */

typedef struct Text {
    char *data; /* always ends in NUL once anything was added; NULL before */
    size_t length, capacity;
} Text;
void text_add(Text *text, const char *format, ...) PRINTF(2, 3);
void text_vadd(Text *text, const char *format, va_list args) PRINTF(2, 0);
void text_put(Text *text, const void *bytes, size_t count);
void text_free(Text *text);
bool ends_in(const char *text, const char *ending); /* and is longer */
/* The bytes of a character in UTF-8; returns how many. */
size_t utf8_encode(char bytes[4], uint32_t character);
/* Decodes the character at text[0..length): its code point (-1: not UTF-8) and its length in bytes.
 */
int utf8_decode(const char *text, size_t length, int *bytes);

/* ---- checked arithmetic on sizes from input: false on overflow or a negative operand ---- */

bool checked_mul(int64_t a, int64_t b, int64_t *product);
bool checked_add(int64_t a, int64_t b, int64_t *sum);
/* The product of `rank` dimensions, at most INT64_MAX / 16 so that a byte count fits as well. */
bool checked_elements(const int64_t *dims, int rank, int64_t *elements);

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static inline int64_t floor_mod(int64_t a, int64_t b)
{
    return a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
}
static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- files ---- */

/* A whole file, mapped read-only until the arena is freed. NULL (errno set) when it cannot be read.
 */
typedef struct File {
    const char *path;
    const uint8_t *data;
    size_t bytes;
} File;
const File *file_map(Arena *arena, const char *path);
/* Writes a whole file or nothing: a temporary beside it, then rename. False (errno set) on failure.
 */
bool file_write(const char *path, const void *data, size_t bytes);
/* The same for a file in several parts, which need not be in memory one after the other. */
typedef struct FilePart {
    const void *data;
    size_t bytes;
} FilePart;
bool file_write_parts(const char *path, const FilePart *parts, int count);

/* Of a clock that only runs forward, from some moment on. */
double seconds_now(void);

/* Levenshtein distance with early cut-off, for "did you mean": the nearest of `names`, or NULL when
 * none is near enough to be what was meant. */
const char *nearest_name(const char *name, const char *const *names, int count);

#endif
