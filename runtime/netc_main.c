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

#include "netc_main_data.h"

#include <time.h>

/* ---- inputs ---- */

static void *read_input(const netc_tensor_info *t, const char *path)
{
    void *memory = aligned_memory(t->bytes, 64);
    Content c = read_file(path);
    if (is_string(t)) {
        (is_npy(&c) ? npy_strings : text_strings)(&c, t, (const char **)memory);
    } else if (is_npy(&c)) {
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

/* For timing: floats spread evenly over -1 to 1, other types 0, strings empty. */
static void *made_up_input(const netc_tensor_info *t)
{
    void *memory = aligned_memory(t->bytes, 64);
    uint32_t seed = 1;
    for (size_t i = 0; t->dtype == 1 && i < element_count(t); i++) {
        seed = seed * 1664525u + 1013904223u;
        ((float *)memory)[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    for (size_t i = 0; is_string(t) && i < element_count(t); i++) ((const char **)memory)[i] = "";
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

/* Quoted, so that nothing in it reaches a terminal but characters. */
static void print_string(const char *text)
{
    putchar('"');
    for (uint32_t c; *text;) {
        size_t bytes = netc_utf8_decode(text, &c);
        if (bytes && (c == '"' || c == '\\'))
            printf("\\%c", (char)c);
        else if (bytes && c >= ' ' && c != 127 && (c < 0x80 || c >= 0xa0))
            printf("%.*s", (int)bytes, text);
        else
            printf("\\x%02x", (unsigned)(unsigned char)*text), bytes = 1;
        text += bytes;
    }
    putchar('"');
}

static void print_value(const Type *type, const void *data, size_t i)
{
    if (type->dtype == 8) {
        print_string(((const char *const *)data)[i]);
    } else if (type->dtype == 7 || type->dtype == 13) { /* more digits than a double has */
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
    if (shown < count && is_string(t)) {
        printf(" ...\n  -o DIR writes all %zu elements", count);
    } else if (shown < count) {
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

/* The shape that a run found for t, where it depends on data: the output named T.shape. NULL: t is
 * as the descriptor says. */
static const int64_t *found_shape(const netc_model *m, const netc_tensor_info *t, void *const *out)
{
    size_t length = strlen(t->name);
    for (int32_t i = 0; i < m->output_count; i++) {
        const netc_tensor_info *s = &m->outputs[i];
        if (strncmp(s->name, t->name, length) != 0 || strcmp(s->name + length, ".shape") != 0)
            continue;
        if (s->dtype != 7 || s->rank != 1 || s->dims[0] != t->rank) continue;
        const int64_t *shape = (const int64_t *)out[i];
        for (int32_t d = 0; d < t->rank; d++)
            if (shape[d] < 0 || shape[d] > t->dims[d]) return NULL;
        return shape;
    }
    return NULL;
}

static void give_output(const netc_model *m, int32_t i, void *const *out, const char *folder)
{
    netc_tensor_info t = m->outputs[i];
    const int64_t *shape = found_shape(m, &t, out);
    if (shape) {
        t.dims = shape;
        t.bytes = type_of(&t)->bytes;
        for (int32_t d = 0; d < t.rank; d++) t.bytes *= (size_t)shape[d];
    }
    if (folder)
        write_output(folder, &t, out[i]);
    else
        print_output(&t, out[i]);
}

/* ---- running ---- */

static void run(const netc_model *m, const void *const *in, void *const *out, void *workspace)
{
    int code = m->run(in, out, workspace);
    if (code == NETC_NO_ROOM)
        stop(WRONG_INPUT,
             "the strings that %s makes take more room than there is; netc's option "
             "--string-bytes gives them more",
             m->name);
    if (code == NETC_NO_NUMBER)
        stop(WRONG_INPUT, "%s: a string that is to become a number is none", m->name);
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
           "Runs the network %s. An INPUT is a .npy file, or a file of exactly its elements;\n"
           "for strings, a text file of a string a line.\n\n"
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
        if (o.folder || !made_up || wanted == 0) give_output(m, i, out, o.folder);
    }
    if (o.times) time_runs(m, o.times, in, out, workspace);
    if (fflush(stdout) != 0) stop(MACHINE, "cannot write the output: %s", strerror(errno));
    free_memory();
    return DONE;
}
