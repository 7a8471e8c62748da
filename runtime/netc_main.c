/* SPDX-License-Identifier: 0BSD */
/*
 * A program around one compiled model, which it reaches through netc_entry(): reads the inputs from
 * .npy or raw files, runs, and writes the outputs as .npy files or prints them. C11 and C++, POSIX.
 *
 * Exit codes: 0 done, 1 an input is wrong, 2 the command line is wrong, 3 the machine failed.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "netc.h"
#include "netc_file.h"
#include "netc_math.h"
#include "netc_narrow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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
    size_t bytes;    /* in a .npy file */
    int bits;        /* of types that share bytes in memory, which .npy files do not; 0: others */
} Type;

static const Type types[] = {
    {1, "f32", "f4", 4, 0},         {2, "u8", "u1", 1, 0},          {3, "i8", "i1", 1, 0},
    {4, "u16", "u2", 2, 0},         {5, "i16", "i2", 2, 0},         {6, "i32", "i4", 4, 0},
    {7, "i64", "i8", 8, 0},         {9, "bool", "b1", 1, 0},        {10, "f16", "f2", 2, 0},
    {11, "f64", "f8", 8, 0},        {12, "u32", "u4", 4, 0},        {13, "u64", "u8", 8, 0},
    {14, "c64", "c8", 8, 0},        {15, "c128", "c16", 16, 0},     {16, "bf16", "V2", 2, 0},
    {17, "f8e4m3fn", "V1", 1, 0},   {18, "f8e4m3fnuz", "V1", 1, 0}, {19, "f8e5m2", "V1", 1, 0},
    {20, "f8e5m2fnuz", "V1", 1, 0}, {21, "u4", "u1", 1, 4},         {22, "i4", "i1", 1, 4},
    {23, "f4e2m1", "V1", 1, 4},     {24, "f8e8m0", "V1", 1, 0},     {25, "u2", "u1", 1, 2},
    {26, "i2", "i1", 1, 2},
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

/* The header's type and shape against the tensor's; bf16 may also come as u2, narrower floats as
 * u1. */
static const char *npy_elements(const Content *c, const netc_tensor_info *t)
{
    const Type *type = type_of(t);
    size_t start;
    char *header = npy_header(c, &start);
    const char *descr = npy_value(c, header, "'descr'");
    const char *shape = npy_value(c, header, "'shape'");
    int descr_length = (int)strcspn(descr, ",}"), shape_length = (int)strcspn(shape, ")}");
    size_t n = strlen(type->npy);
    const char *name = descr + 2; /* after the quote and the byte order */
    int same_type = descr_length > 2 && (descr[1] == byte_order(type->bytes) || descr[1] == '=' ||
                                         (descr[1] == '|' && type->bytes == 1));
    same_type =
        same_type &&
        ((strncmp(name, type->npy, n) == 0 && name[n] == '\'') ||
         (type->npy[0] == 'V' && name[0] == 'u' && name[1] == type->npy[1] && name[2] == '\''));
    if (strncmp(npy_value(c, header, "'fortran_order'"), "True", 4) == 0 && t->rank > 1)
        stop(WRONG_INPUT, "'%s' is stored column by column (fortran_order); save it in C order",
             c->path);
    if (!same_type || !npy_same_shape(shape, t)) {
        fprintf(stderr, "%s: input '%s' is ", program, t->name);
        print_type(stderr, t);
        fprintf(stderr, ", but '%s' holds %.*s of shape %.*s)\n", c->path, descr_length, descr,
                shape_length, shape);
        exit(WRONG_INPUT);
    }
    if (c->bytes - start != element_count(t) * type->bytes)
        stop(WRONG_INPUT, "'%s' has %zu bytes of elements, not the %zu its header promises",
             c->path, c->bytes - start, element_count(t) * type->bytes);
    return c->data + start;
}

/* The header is padded so that the elements begin at a multiple of 64. */
static void write_npy(FILE *out, const netc_tensor_info *t, const void *data)
{
    const Type *type = type_of(t);
    char header[1024];
    int n = snprintf(header, sizeof header, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     byte_order(type->bytes), type->npy);
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
    for (size_t i = 0; type->bits && i < element_count(t); i++)
        fputc(packed_get(type, data, i), out);
    if (!type->bits) fwrite(data, 1, t->bytes, out);
}

/* ---- inputs ---- */

static void *read_input(const netc_tensor_info *t, const char *path)
{
    void *memory = aligned_memory(t->bytes, 64);
    Content c = read_file(path);
    if (is_npy(&c)) {
        const char *elements = npy_elements(&c, t);
        size_t count = element_count(t);
        size_t good =
            type_of(t)->bits ? pack(type_of(t), (uint8_t *)memory, elements, count) : count;
        if (good < count)
            stop(WRONG_INPUT, "'%s': element %zu is no value of %s", path, good, type_of(t)->name);
        if (!type_of(t)->bits) memcpy(memory, elements, t->bytes);
    } else if (c.bytes == t->bytes) {
        memcpy(memory, c.data, t->bytes);
    } else {
        fprintf(stderr, "%s: input '%s' is ", program, t->name);
        print_type(stderr, t);
        fprintf(stderr, ", %zu bytes, but '%s' is neither a .npy file nor that long: it has %zu\n",
                t->bytes, path, c.bytes);
        exit(WRONG_INPUT);
    }
    if (c.bytes) netc_file_unmap(c.data, c.bytes);
    return memory;
}

/* For timing: floats spread evenly over -1 to 1, other types 0. */
static void *made_up_input(const netc_tensor_info *t)
{
    float *memory = (float *)aligned_memory(t->bytes, 64);
    uint32_t seed = 1;
    for (size_t i = 0; t->dtype == 1 && i < t->bytes / sizeof *memory; i++) {
        seed = seed * 1664525u + 1013904223u;
        memory[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    return memory;
}

/* Weights in a file of their own are an input with this name. */
static int is_weights(const netc_tensor_info *t) { return strcmp(t->name, "netc.weights") == 0; }

/* --weights FILE; otherwise NAME.weights beside the program. */
static const void *map_weights(const netc_model *m, const netc_tensor_info *t, const char *given)
{
    char beside[4096];
    const char *slash = strrchr(program, '/');
    int folder = slash ? (int)(slash - program) + 1 : 0;
    size_t bytes = 0;
    if (t->bytes == 0) return aligned_memory(0, 64); /* an empty file cannot be mapped */
    snprintf(beside, sizeof beside, "%.*s%s.weights", folder, program, m->name);
    const char *path = given ? given : beside;
    const void *data = netc_file_map(path, &bytes);
    if (!data)
        stop(WRONG_INPUT, "cannot read the weights '%s': %s (--weights FILE names another)", path,
             strerror(errno));
    if (bytes != t->bytes)
        stop(WRONG_INPUT, "the weights '%s' have %zu bytes, not %zu: they belong to another model",
             path, bytes, t->bytes);
    return data;
}

/* ---- outputs ---- */

static void print_value(const Type *type, const void *data, size_t i)
{
    if (type->dtype == 7 || type->dtype == 13) { /* more digits than a double has */
        int64_t x;
        memcpy(&x, (const char *)data + i * 8, sizeof x);
        if (type->dtype == 7)
            printf("%" PRId64, x);
        else
            printf("%" PRIu64, (uint64_t)x);
    } else {
        printf("%.*g", type->dtype == 11 ? 17 : 9, element(type, data, i));
    }
}

/* All elements of a small tensor, a row of the last dimension a line; of a large one the first, and
 * its range. */
static void print_output(const netc_tensor_info *t, const void *data)
{
    const Type *type = type_of(t);
    size_t count = element_count(t), shown = count <= 1024 ? count : 8;
    size_t row = t->rank && t->dims[t->rank - 1] ? (size_t)t->dims[t->rank - 1] : 1;
    printf("%s: ", t->name);
    print_type(stdout, t);
    for (size_t i = 0; i < shown; i++) {
        printf("%s", i % row ? " " : "\n  ");
        print_value(type, data, i);
    }
    if (shown < count) {
        double low = INFINITY, high = -INFINITY, sum = 0;
        for (size_t i = 0; i < count; i++) {
            double x = element(type, data, i);
            low = x < low ? x : low;
            high = x > high ? x : high;
            sum += x;
        }
        printf(" ...\n  from %.9g to %.9g, mean %.9g; -o DIR writes all %zu elements", low, high,
               sum / (double)count, count);
    }
    printf("\n");
}

/* Whole or not at all: under another name first. The tensor's name may have characters no file
 * should. */
static void write_output(const char *folder, const netc_tensor_info *t, const void *data)
{
    char path[4096], part[4200];
    int first = snprintf(path, sizeof path, "%s/", folder);
    int n = snprintf(path, sizeof path, "%s/%s.npy", folder, t->name);
    if (n < 0 || (size_t)n >= sizeof path) stop(WRONG_USAGE, "'%s': name too long", folder);
    for (char *p = path + first; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
            *p = '_';
    snprintf(part, sizeof part, "%s.part", path);
    FILE *out = fopen(part, "wb");
    if (!out) stop(MACHINE, "cannot write '%s': %s", part, strerror(errno));
    write_npy(out, t, data);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed || rename(part, path) != 0) {
        int error = errno;
        remove(part);
        stop(MACHINE, "cannot write '%s': %s", path, strerror(error));
    }
}

/* ---- running ---- */

static void run(const netc_model *m, const void *const *in, void *const *out, void *workspace)
{
    int code = m->run(in, out, workspace);
    if (code != 0) stop(MACHINE, "%s returned error %d", m->name, code);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void time_runs(const netc_model *m, long times, const void *const *in, void *const *out,
                      void *workspace)
{
    double *seconds = (double *)aligned_memory((size_t)times * sizeof *seconds, 64);
    for (long i = 0; i < times; i++) {
        double start = seconds_now();
        run(m, in, out, workspace);
        seconds[i] = seconds_now() - start;
    }
    qsort(seconds, (size_t)times, sizeof *seconds, by_value);
    printf("%s: min %.4f ms, median %.4f ms of %ld runs\n", m->name, seconds[0] * 1e3,
           seconds[times / 2] * 1e3, times);
}

/* ---- the command line ---- */

typedef struct {
    const char *folder, *weights; /* -o, --weights; NULL: not given */
    long times;                   /* --time; 0: not given */
    char **inputs;
    int input_count;
} Options;

static void print_tensors(const char *what, const netc_tensor_info *t, int32_t count)
{
    printf("\n%s:\n", what);
    for (int32_t i = 0; i < count; i++) {
        if (is_weights(&t[i])) continue;
        printf("  %-20s ", t[i].name);
        print_type(stdout, &t[i]);
        printf("  %zu bytes\n", t[i].bytes);
    }
}

static void print_help(const netc_model *m)
{
    printf("usage: %s [-o DIR] [--time N] [--weights FILE] INPUT...\n"
           "Runs the network %s. An INPUT is a .npy file, or a file of exactly its elements.\n\n"
           "  -o DIR          write each output to DIR/OUTPUT.npy instead of printing it\n"
           "  --time N        run N more times and print the shortest and the median time;\n"
           "                  without any INPUT on made-up ones, and nothing else is printed\n"
           "  --weights FILE  where the weights are, if they are in a file (NAME.weights beside "
           "the program)\n"
           "  --help          print this\n",
           program, m->name);
    print_tensors("inputs", m->inputs, m->input_count);
    print_tensors("outputs", m->outputs, m->output_count);
    printf("\nworkspace: %zu bytes\n", m->workspace_bytes);
}

static const char *option_value(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc) stop(WRONG_USAGE, "%s wants a value; --help tells more", argv[*i]);
    return argv[++*i];
}

static long parse_times(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n < 1 || n > 100000000)
        stop(WRONG_USAGE, "--time wants a number of runs from 1 on, not '%s'", text);
    return n;
}

/* Moves the inputs to the front of argv. */
static Options parse_options(int argc, char **argv, const netc_model *m)
{
    Options o = {NULL, NULL, 0, argv, 0};
    int options = 1;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (!options || a[0] != '-' || !a[1]) {
            argv[o.input_count++] = argv[i];
        } else if (strcmp(a, "--") == 0) {
            options = 0;
        } else if (strcmp(a, "-o") == 0) {
            o.folder = option_value(argc, argv, &i);
        } else if (strcmp(a, "--weights") == 0) {
            o.weights = option_value(argc, argv, &i);
        } else if (strcmp(a, "--time") == 0) {
            o.times = parse_times(option_value(argc, argv, &i));
        } else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            print_help(m);
            exit(DONE);
        } else {
            stop(WRONG_USAGE, "unknown option '%s'; --help tells more", a);
        }
    }
    return o;
}

static int wanted_inputs(const netc_model *m)
{
    int count = 0;
    for (int32_t i = 0; i < m->input_count; i++) count += !is_weights(&m->inputs[i]);
    return count;
}

static const void **gather_inputs(const netc_model *m, const Options *o, int made_up)
{
    const void **in = (const void **)aligned_memory((size_t)m->input_count * sizeof *in, 64);
    int next = 0;
    for (int32_t i = 0; i < m->input_count; i++) {
        const netc_tensor_info *t = &m->inputs[i];
        if (is_weights(t))
            in[i] = map_weights(m, t, o->weights);
        else if (made_up)
            in[i] = made_up_input(t);
        else
            in[i] = read_input(t, o->inputs[next++]);
    }
    return in;
}

int main(int argc, char **argv)
{
    program = argc ? argv[0] : "model";
    const netc_model *m = netc_entry();
    if (m->abi != NETC_ABI)
        stop(MACHINE, "the model has ABI %u, this program %d", (unsigned)m->abi, NETC_ABI);
    Options o = parse_options(argc, argv, m);
    int wanted = wanted_inputs(m), made_up = o.times > 0 && o.input_count == 0;
    if (o.input_count != wanted && !made_up)
        stop(WRONG_USAGE, "%s wants %d input%s, not %d; --help lists them", m->name, wanted,
             wanted == 1 ? "" : "s", o.input_count);
    if (o.folder && mkdir(o.folder, 0777) != 0 && errno != EEXIST)
        stop(MACHINE, "cannot make '%s': %s", o.folder, strerror(errno));

    const void **in = gather_inputs(m, &o, made_up);
    void **out = (void **)aligned_memory((size_t)m->output_count * sizeof *out, 64);
    for (int32_t i = 0; i < m->output_count; i++) out[i] = aligned_memory(m->outputs[i].bytes, 64);
    void *workspace = aligned_memory(m->workspace_bytes, m->workspace_align);
    run(m, in, out, workspace);
    for (int32_t i = 0; i < m->output_count; i++) {
        if (o.folder)
            write_output(o.folder, &m->outputs[i], out[i]);
        else if (!made_up || wanted == 0)
            print_output(&m->outputs[i], out[i]);
    }
    if (o.times) time_runs(m, o.times, in, out, workspace);
    if (fflush(stdout) != 0) stop(MACHINE, "cannot write the output: %s", strerror(errno));
    free_memory();
    return DONE;
}
