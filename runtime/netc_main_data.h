/* SPDX-License-Identifier: 0BSD */
/*
 * Part of netc_main.c: what it knows of tensors, their elements in memory and in .npy files. Comes
 * in: a tensor's description and a path. Stops the program when the one does not fit the other.
 */
#ifndef NETC_MAIN_DATA_H
#define NETC_MAIN_DATA_H

#include "netc.h"
#include "netc_file.h"
#include "netc_math.h"
#include "netc_narrow.h"
#include "netc_string.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DONE = 0, WRONG_INPUT = 1, WRONG_USAGE = 2, MACHINE = 3 };

static const char *program;

#ifdef __GNUC__
#define STOPS __attribute__((noreturn, format(printf, 2, 3)))
#else
#define STOPS
#endif
static void stop(int code, const char *format, ...) STOPS;
static void stop(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(code);
}

/* ---- element types ---- */

typedef struct {
    int32_t dtype; /* ONNX's */
    const char *name;
    const char *npy; /* NumPy's descr without its byte order; floats it lacks as it writes them */
    size_t bytes;    /* in a .npy file; of a string in memory */
    int bits;        /* of types that share bytes in memory, which .npy files do not; 0: others */
} Type;

static const Type types[] = {
    {1, "f32", "f4", 4, 0},     {2, "u8", "u1", 1, 0},          {3, "i8", "i1", 1, 0},
    {4, "u16", "u2", 2, 0},     {5, "i16", "i2", 2, 0},         {6, "i32", "i4", 4, 0},
    {7, "i64", "i8", 8, 0},     {8, "string", "U", 8, 0},       {9, "bool", "b1", 1, 0},
    {10, "f16", "f2", 2, 0},    {11, "f64", "f8", 8, 0},        {12, "u32", "u4", 4, 0},
    {13, "u64", "u8", 8, 0},    {14, "c64", "c8", 8, 0},        {15, "c128", "c16", 16, 0},
    {16, "bf16", "V2", 2, 0},   {17, "f8e4m3fn", "V1", 1, 0},   {18, "f8e4m3fnuz", "V1", 1, 0},
    {19, "f8e5m2", "V1", 1, 0}, {20, "f8e5m2fnuz", "V1", 1, 0}, {21, "u4", "u1", 1, 4},
    {22, "i4", "i1", 1, 4},     {23, "f4e2m1", "V1", 1, 4},     {24, "f8e8m0", "V1", 1, 0},
    {25, "u2", "u1", 1, 2},     {26, "i2", "i1", 1, 2},
};

static const Type *type_of(const netc_tensor_info *t)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].dtype == t->dtype) return &types[i];
    stop(MACHINE, "'%s' has element type %d, which this program cannot hold", t->name,
         (int)t->dtype);
}

static char byte_order(size_t bytes)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return bytes == 1 ? '|' : first ? '<' : '>';
}

/* ---- packed elements: the first in the low bits ---- */

static uint8_t packed_get(const Type *type, const void *data, size_t i)
{
    size_t bit = i * (size_t)type->bits;
    int code = ((const uint8_t *)data)[bit / 8] >> (bit % 8) & ((1 << type->bits) - 1);
    if (type->dtype == 22) return (uint8_t)netc_i4_from_i64(code);
    return type->dtype == 26 ? (uint8_t)netc_i2_from_i64(code) : (uint8_t)code;
}

/* Into zeros, from a byte an element. Returns the first that the type does not have, or count. */
static size_t pack(const Type *type, uint8_t *data, const char *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bit = i * (size_t)type->bits;
        int code = (uint8_t)from[i] & ((1 << type->bits) - 1);
        data[bit / 8] = (uint8_t)(data[bit / 8] | code << (bit % 8));
        if (packed_get(type, data, i) != (uint8_t)from[i]) return i;
    }
    return count;
}

static double element(const Type *type, const void *data, size_t i)
{
    uint8_t unpacked = type->bits ? packed_get(type, data, i) : 0;
    const void *p = type->bits ? (const void *)&unpacked : (const char *)data + i * type->bytes;
#define AS(T, dtype_number, value)                                                                 \
    case dtype_number: {                                                                           \
        T x;                                                                                       \
        memcpy(&x, p, sizeof x);                                                                   \
        return (double)(value);                                                                    \
    }
    switch (type->dtype) {
        AS(float, 1, x)
        AS(uint8_t, 2, x)
        AS(int8_t, 3, x)
        AS(uint16_t, 4, x)
        AS(int16_t, 5, x)
        AS(int32_t, 6, x)
        AS(int64_t, 7, x)
        AS(uint8_t, 9, x)
        AS(uint16_t, 10, netc_f32_from_f16(x))
        AS(double, 11, x)
        AS(uint32_t, 12, x)
        AS(uint64_t, 13, x)
        AS(float, 14, x)
        AS(double, 15, x)
        AS(uint16_t, 16, netc_f32_from_bf16(x))
        AS(uint8_t, 17, netc_f32_from_f8e4m3fn(x))
        AS(uint8_t, 18, netc_f32_from_f8e4m3fnuz(x))
        AS(uint8_t, 19, netc_f32_from_f8e5m2(x))
        AS(uint8_t, 20, netc_f32_from_f8e5m2fnuz(x))
        AS(uint8_t, 21, x)
        AS(int8_t, 22, x)
        AS(uint8_t, 23, netc_f32_from_f4e2m1(x))
        AS(uint8_t, 24, netc_f32_from_f8e8m0(x))
        AS(uint8_t, 25, x)
        AS(int8_t, 26, x)
    }
#undef AS
    return 0;
}

/* "f32[1, 3, 224, 224]" */
static void print_type(FILE *out, const netc_tensor_info *t)
{
    fprintf(out, "%s[", type_of(t)->name);
    for (int32_t d = 0; d < t->rank; d++) fprintf(out, "%s%" PRId64, d ? ", " : "", t->dims[d]);
    fprintf(out, "]");
}

static size_t element_count(const netc_tensor_info *t)
{
    size_t count = 1;
    if (!type_of(t)->bits) return t->bytes / type_of(t)->bytes;
    for (int32_t d = 0; d < t->rank; d++) count *= (size_t)t->dims[d];
    return count;
}

/* ---- memory and files ---- */

/* Zeroed. Blocks are chained and freed at the end of main. */
static void *last_block;

static void *aligned_memory(size_t bytes, size_t align)
{
    if (align < 64) align = 64;
    char *p = bytes < SIZE_MAX / 2 ? (char *)calloc(sizeof last_block + align + bytes, 1) : NULL;
    if (!p) stop(MACHINE, "out of memory for %zu bytes", bytes);
    memcpy(p, &last_block, sizeof last_block);
    last_block = p;
    p += sizeof last_block;
    return p + (align - (size_t)(uintptr_t)p % align) % align;
}

static void free_memory(void)
{
    while (last_block) {
        void *block = last_block;
        memcpy(&last_block, block, sizeof last_block);
        free(block);
    }
}

typedef struct {
    const char *path;
    const char *data;
    size_t bytes;
} Content;

static Content read_file(const char *path)
{
    Content c = {path, "", 0};
    struct stat status;
    if (stat(path, &status) != 0) stop(WRONG_INPUT, "cannot read '%s': %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode)) stop(WRONG_INPUT, "'%s' is not a file", path);
    if (status.st_size == 0) return c;
    c.data = (const char *)netc_file_map(path, &c.bytes);
    if (!c.data) stop(WRONG_INPUT, "cannot read '%s': %s", path, strerror(errno));
    return c;
}

/* ---- .npy ---- */

#define NPY_MAGIC "\x93NUMPY"

static int is_npy(const Content *c) { return c->bytes >= 10 && memcmp(c->data, NPY_MAGIC, 6) == 0; }

/* The text after 'key': in the header, which is a Python dictionary. */
static const char *npy_value(const Content *c, const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (at) at = strchr(at + strlen(key), ':');
    if (!at) stop(WRONG_INPUT, "'%s': not a .npy file: its header has no %s", c->path, key);
    return at + 1 + strspn(at + 1, " ");
}

/* The header's text, in memory of its own; *start is where the elements begin. */
static char *npy_header(const Content *c, size_t *start)
{
    const unsigned char *p = (const unsigned char *)c->data;
    size_t first = p[6] == 1 ? 10 : 12, length = p[8] | (size_t)p[9] << 8;
    if (first == 12 && c->bytes >= 12) length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (c->bytes < first || length > c->bytes - first)
        stop(WRONG_INPUT, "'%s': not a .npy file: its header is cut off", c->path);
    char *header = (char *)aligned_memory(length + 1, 1);
    memcpy(header, c->data + first, length);
    *start = first + length;
    return header;
}

static int npy_same_shape(const char *shape, const netc_tensor_info *t)
{
    int32_t rank = 0;
    if (*shape != '(') return 0;
    for (const char *p = shape + 1; *p && *p != ')'; rank++) {
        char *end;
        long long dim = strtoll(p, &end, 10);
        if (end == p || rank >= t->rank || dim != t->dims[rank]) return 0;
        p = end + strspn(end, ", L");
    }
    return rank == t->rank;
}

typedef struct {
    const char *descr, *shape; /* in the header */
    const char *elements;
    size_t bytes; /* of the elements */
} Npy;

static Npy npy_open(const Content *c, const netc_tensor_info *t)
{
    size_t start;
    char *header = npy_header(c, &start);
    const Npy n = {npy_value(c, header, "'descr'"), npy_value(c, header, "'shape'"),
                   c->data + start, c->bytes - start};
    if (strncmp(npy_value(c, header, "'fortran_order'"), "True", 4) == 0 && t->rank > 1)
        stop(WRONG_INPUT, "'%s' is stored column by column (fortran_order); save it in C order",
             c->path);
    return n;
}

/* Of a type that is right or not, with so many bytes an element. */
static void npy_check(const Content *c, const Npy *n, const netc_tensor_info *t, int same_type,
                      size_t size)
{
    if (!same_type || !npy_same_shape(n->shape, t)) {
        fprintf(stderr, "%s: input '%s' is ", program, t->name);
        print_type(stderr, t);
        fprintf(stderr, ", but '%s' holds %.*s of shape %.*s)\n", c->path,
                (int)strcspn(n->descr, ",}"), n->descr, (int)strcspn(n->shape, ")}"), n->shape);
        exit(WRONG_INPUT);
    }
    if (n->bytes / size != element_count(t) || n->bytes % size)
        stop(WRONG_INPUT, "'%s' has %zu bytes of elements, not the %zu its header promises",
             c->path, n->bytes, element_count(t) * size);
}

static int in_order(char order, size_t bytes)
{
    return order == byte_order(bytes) || order == '=' || (order == '|' && bytes == 1);
}

/* The elements as they are; bf16 may also come as u2, narrower floats as u1. */
static const char *npy_elements(const Content *c, const netc_tensor_info *t)
{
    const Type *type = type_of(t);
    Npy npy = npy_open(c, t);
    size_t n = strlen(type->npy);
    const char *name = npy.descr + 2; /* after the quote and the byte order */
    int same_type = strcspn(npy.descr, ",}") > 2 && in_order(npy.descr[1], type->bytes);
    same_type =
        same_type &&
        ((strncmp(name, type->npy, n) == 0 && name[n] == '\'') ||
         (type->npy[0] == 'V' && name[0] == 'u' && name[1] == type->npy[1] && name[2] == '\''));
    npy_check(c, &npy, t, same_type, type->bytes);
    return npy.elements;
}

/* The header is padded so that the elements begin at a multiple of 64. `width` is of strings. */
static void write_npy_header(FILE *out, const netc_tensor_info *t, const char *width)
{
    const Type *type = type_of(t);
    char header[1024];
    int n =
        snprintf(header, sizeof header, "{'descr': '%c%s%s', 'fortran_order': False, 'shape': (",
                 byte_order(type->bytes), type->npy, width);
    for (int32_t d = 0; d < t->rank && n < 900; d++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%" PRId64 "%s", t->dims[d],
                      d + 1 < t->rank ? ", "
                      : t->rank == 1  ? ","
                                      : "");
    n += snprintf(header + n, sizeof header - (size_t)n, "), }");
    while ((10 + n + 1) % 64) header[n++] = ' ';
    header[n++] = '\n';
    fwrite(NPY_MAGIC "\x01\x00", 1, 8, out);
    fputc(n & 255, out);
    fputc(n >> 8, out);
    fwrite(header, 1, (size_t)n, out);
}

/* ---- strings: in memory UTF-8, in files of a fixed width, a character in 4 bytes ---- */

static int is_string(const netc_tensor_info *t) { return t->dtype == 8; }

static void check_string(const char *path, size_t i, const char *text, size_t bytes)
{
    if (strlen(text) != bytes || !netc_is_utf8(text))
        stop(WRONG_INPUT, "'%s': element %zu is not a string: UTF-8 without a NUL", path, i);
}

/* One element, NULs at its end dropped. */
static const char *npy_string(const Content *c, const char *from, size_t width, size_t unit,
                              size_t i)
{
    char *text = (char *)aligned_memory(width * 4 + 1, 1), *end = text;
    for (size_t k = 0; k < width; k++) {
        uint32_t code = (unsigned char)from[k];
        if (unit == 4) memcpy(&code, from + 4 * k, sizeof code);
        if (unit == 4)
            end += netc_utf8_encode(end, code);
        else
            *end++ = from[k];
    }
    while (end > text && !end[-1]) end--;
    check_string(c->path, i, text, (size_t)(end - text));
    return text;
}

static void npy_strings(const Content *c, const netc_tensor_info *t, const char **out)
{
    const Npy n = npy_open(c, t);
    int named = strcspn(n.descr, ",}") > 3; /* a quote, the byte order, U or S, digits */
    size_t unit = named && n.descr[2] == 'U' ? 4 : 1, width = 0;
    for (const char *p = n.descr + 3; named && *p >= '0' && *p <= '9' && width <= n.bytes; p++)
        width = 10 * width + (size_t)(*p - '0');
    named = named && in_order(n.descr[1], unit) && (unit == 4 || n.descr[2] == 'S') && width > 0;
    npy_check(c, &n, t, named, named ? width * unit : 1);
    for (size_t i = 0; i < element_count(t); i++)
        out[i] = npy_string(c, n.elements + i * width * unit, width, unit, i);
}

/* A text file: a string a line. */
static void text_strings(const Content *c, const netc_tensor_info *t, const char **out)
{
    const char *at = c->data, *end = c->data + c->bytes;
    size_t i = 0, lines = 0;
    for (const char *p = at; p < end; p++) lines += *p == '\n' || p + 1 == end;
    if (lines != element_count(t))
        stop(WRONG_INPUT,
             "input '%s' has %zu strings, but '%s' is neither a .npy file nor has "
             "that many lines: it has %zu",
             t->name, element_count(t), c->path, lines);
    for (; at < end; at++, i++) {
        const char *newline = (const char *)memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);
        char *text = (char *)aligned_memory(n + 1, 1);
        memcpy(text, at, n);
        check_string(c->path, i, text, n);
        out[i] = text;
        at += n;
    }
}

static size_t characters(const char *text, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t code; *text; n++) {
        size_t bytes = netc_utf8_decode(text, &code);
        if (out) out[n] = bytes ? code : 0xfffd;
        text += bytes ? bytes : 1;
    }
    return n;
}

static void write_strings(FILE *out, const netc_tensor_info *t, const char *const *strings)
{
    size_t width = 1, count = element_count(t);
    char digits[24];
    for (size_t i = 0; i < count; i++) {
        size_t n = characters(strings[i], NULL);
        if (n > width) width = n;
    }
    uint32_t *row = (uint32_t *)aligned_memory(width * sizeof *row, 1);
    snprintf(digits, sizeof digits, "%zu", width);
    write_npy_header(out, t, digits);
    for (size_t i = 0; i < count; i++) {
        memset(row, 0, width * sizeof *row);
        characters(strings[i], row);
        fwrite(row, sizeof *row, width, out);
    }
}

static void write_npy(FILE *out, const netc_tensor_info *t, const void *data)
{
    const Type *type = type_of(t);
    if (is_string(t)) {
        write_strings(out, t, (const char *const *)data);
        return;
    }
    write_npy_header(out, t, "");
    for (size_t i = 0; type->bits && i < element_count(t); i++)
        fputc(packed_get(type, data, i), out);
    if (!type->bits) fwrite(data, 1, t->bytes, out);
}

#endif
