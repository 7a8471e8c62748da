/* SPDX-License-Identifier: 0BSD */
/*
 * Times one compiled network, a shared library with netc_entry(): `netc bench` builds this program
 * for the network's instruction set and reads the `NAME VALUE...` lines that it prints. Inputs are
 * made up. What the machine can do at most is measured in the same process: the multiply-adds of
 * this instruction set between the runs, the bandwidth of memory after them. C11 and C++, POSIX.
 *
 *     netc_bench LIBRARY SECONDS THREADS TIMEOUT [WEIGHTS]
 *
 * Exit codes: 0 done, 3 with a line on standard error: the network or the machine failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "netc.h"
#include "netc_file.h"

#ifndef NETC_HEADER
#define NETC_HEADER "netc_generic.h"
#endif
#include NETC_HEADER

#ifdef _OPENMP
#include <omp.h>
#endif
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    MOST_KERNELS = 1 << 16,
    MOST_RUNS = 1 << 20,
    KERNEL_RUNS = 1001, /* of which each kernel's times are kept: the first ones */
    WARM_UP = 3,
    MOST_SAMPLES = 10001, /* of what the core can do */
};

static void stop(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void stop(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(3);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void *memory(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes + 64) != 0) stop("out of memory for %zu bytes", bytes);
    return p;
}

/* ---- the network ---- */

typedef struct {
    const netc_model *model;
    void (**profile)(int kernel); /* the network's hook; NULL: it was built without */
    const void **in;
    void **out;
    void *workspace;
} Network;

static const void *map_weights(const char *path, size_t wanted)
{
    size_t bytes = 0;
    const void *data = path && wanted ? netc_file_map(path, &bytes) : memory(0);
    if (!data) stop("cannot read %s: %s", path, strerror(errno));
    if (bytes != wanted) stop("the weights have %zu bytes, not %zu", bytes, wanted);
    return data;
}

/* Floats spread evenly over -1 to 1, strings empty, other types 0. */
static void *made_up_input(const netc_tensor_info *t)
{
    enum { FLOAT = 1, STRING = 8 };
    void *block = memory(t->bytes);
    float *values = (float *)block;
    const char **strings = (const char **)block;
    uint32_t seed = 1;
    memset(block, 0, t->bytes);
    for (size_t i = 0; t->dtype == FLOAT && i < t->bytes / sizeof *values; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    for (size_t i = 0; t->dtype == STRING && i < t->bytes / sizeof *strings; i++) strings[i] = "";
    return block;
}

static void *symbol(void *library, const char *name, const char *suffix)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s", name, suffix);
    return dlsym(library, text);
}

static Network load(const char *path, const char *weights)
{
    Network n = {NULL, NULL, NULL, NULL, NULL};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) stop("%s", dlerror());
    void *entry = symbol(library, "netc_entry", "");
    if (!entry) stop("%s is not a compiled network", path);
    n.model = ((const netc_model *(*)(void))entry)();
    n.profile = (void (**)(int))symbol(library, n.model->name, "_profile");
    n.in = (const void **)memory((size_t)n.model->input_count * sizeof *n.in);
    n.out = (void **)memory((size_t)n.model->output_count * sizeof *n.out);
    for (int32_t i = 0; i < n.model->input_count; i++) {
        const netc_tensor_info *t = &n.model->inputs[i];
        n.in[i] = strcmp(t->name, "netc.weights") == 0 ? map_weights(weights, t->bytes)
                                                       : made_up_input(t);
    }
    for (int32_t i = 0; i < n.model->output_count; i++)
        n.out[i] = memory(n.model->outputs[i].bytes);
    n.workspace = memory(n.model->workspace_bytes);
    return n;
}

static void run(const Network *n)
{
    int status = n->model->run(n->in, n->out, n->workspace);
    if (status) stop("the network refuses its arguments with %d", status);
}

/* ---- times of kernels: the hook is called before the first and after each ---- */

static double *kernel_times; /* KERNEL_RUNS for each kernel */
static int kernel_count, kernel_run;
static double kernel_start, clock_cost;

static void after_kernel(int kernel)
{
    double end = now();
    if (kernel >= 0 && kernel < MOST_KERNELS && kernel_run >= 0 && kernel_run < KERNEL_RUNS) {
        double took = end - kernel_start - clock_cost;
        kernel_times[(size_t)kernel * KERNEL_RUNS + (size_t)kernel_run] = took > 0 ? took : 0;
    }
    if (kernel >= kernel_count) kernel_count = kernel + 1;
    kernel_start = now();
}

static void print_kernels(const char *what)
{
    int runs = kernel_run < KERNEL_RUNS ? kernel_run : KERNEL_RUNS;
    for (int k = 0; k < kernel_count && k < MOST_KERNELS; k++) {
        double *times = kernel_times + (size_t)k * KERNEL_RUNS;
        printf("%s %d %.9g\n", what, k, median(times, runs));
    }
}

/* ---- what the core can do ---- */

#define TEN_CHAINS(X)    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#define TWELVE_CHAINS(X) TEN_CHAINS(X) X(10) X(11)

/* Independent chains of multiply-adds: as many as the registers of a small set hold, or fewer,
 * which lie better on the ports of some machines. */
#define DECLARE(k) netc_f s##k = netc_splat(0.1f * k);
#define STEP(k)    s##k = netc_fma(s##k, x, y);
#define END(k)                                                                                     \
    netc_store(ends, s##k);                                                                        \
    sum += ends[0];
#define MULTIPLY_ADDS(name, EACH_CHAIN)                                                            \
    static float name(long steps)                                                                  \
    {                                                                                              \
        netc_f x = netc_splat(0.999f), y = netc_splat(1e-3f);                                      \
        EACH_CHAIN(DECLARE)                                                                        \
        for (long i = 0; i < steps; i += 2) {                                                      \
            EACH_CHAIN(STEP) EACH_CHAIN(STEP)                                                      \
        }                                                                                          \
        float ends[16] = {0}, sum = 0;                                                             \
        EACH_CHAIN(END)                                                                            \
        return sum;                                                                                \
    }
MULTIPLY_ADDS(ten_chains, TEN_CHAINS)
MULTIPLY_ADDS(twelve_chains, TWELVE_CHAINS)

/* A chain of additions, one a cycle. */
static uint64_t additions(long steps)
{
    uint64_t x = 1, y = 3;
    for (long i = 0; i < steps; i += 8) {
#define ADD(k)                                                                                     \
    x += y;                                                                                        \
    __asm__ volatile("" : "+r"(x), "+r"(y));
        ADD(0) ADD(1) ADD(2) ADD(3) ADD(4) ADD(5) ADD(6) ADD(7)
    }
    return x;
}

static volatile float sink;

/* Steps of each chain in a second, by all threads. */
static double chain_rate(float (*chains)(long steps), int count, int threads)
{
    enum { STEPS = 100000 };
    double start = now();
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads)
#endif
    for (int t = 0; t < threads; t++) sink = chains(STEPS);
    return (double)NETC_LANES * count * STEPS * threads / (now() - start);
}

static double addition_rate(void)
{
    enum { STEPS = 200000 };
    double start = now();
    sink = (float)additions(STEPS);
    return STEPS / (now() - start);
}

/* Clocks change with the load of the machine and with what a core computes: the rates of
 * multiply-adds and the clock are those between the runs, a sample now and then, medians. */
typedef struct {
    double ten[MOST_SAMPLES], twelve[MOST_SAMPLES], clock[MOST_SAMPLES], last;
    int count;
} Rates;

static void sample_rates(Rates *r, int threads)
{
    const double apart = 0.02; /* seconds */
    if (r->count == MOST_SAMPLES || (r->count > 0 && now() - r->last < apart)) return;
    r->ten[r->count] = chain_rate(ten_chains, 10, threads);
    r->twelve[r->count] = chain_rate(twelve_chains, 12, threads);
    r->clock[r->count++] = addition_rate();
    r->last = now();
}

static void print_rates(Rates *r)
{
    double ten = median(r->ten, r->count), twelve = median(r->twelve, r->count);
    printf("multiply-adds %.9g\nclock %.9g\n", ten > twelve ? ten : twelve,
           median(r->clock, r->count));
}

/* ---- timing ---- */

/* What two looks at the clock cost: taken off each time. */
static double measure_clock(void)
{
    double costs[101];
    for (int i = 0; i < 101; i++) {
        double start = now();
        costs[i] = now() - start;
    }
    return median(costs, 101);
}

static double resident_bytes(void)
{
    struct rusage usage;
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld kB", &kilobytes) == 1) break;
    if (status) fclose(status);
    if (!kilobytes && getrusage(RUSAGE_SELF, &usage) == 0) kilobytes = usage.ru_maxrss;
    return 1024.0 * (double)kilobytes;
}

/* Runs for so long; the times of runs, and how many there were. */
static int time_runs(const Network *n, double seconds, int threads, double *times, Rates *rates)
{
    int runs = 0;
    for (double start = now(); runs < MOST_RUNS && (runs < 3 || now() - start < seconds); runs++) {
        kernel_run = runs;
        double begin = now();
        run(n);
        double took = now() - begin - clock_cost;
        times[runs] = took > 0 ? took : 0;
        if (rates) sample_rates(rates, threads);
    }
    kernel_run = runs;
    return runs;
}

/* The kernels again, by one thread: beside the others they say how well they are shared out. */
static void time_kernels_alone(const Network *n, double seconds, int threads, double *times)
{
#ifdef _OPENMP
    omp_set_num_threads(1);
    for (int i = 0; i < WARM_UP; i++) run(n);
    time_runs(n, seconds, 1, times, NULL);
    print_kernels("alone");
    omp_set_num_threads(threads);
#else
    (void)n, (void)seconds, (void)threads, (void)times;
#endif
}

static void time_network(const Network *n, double seconds, int threads, unsigned timeout)
{
    double *times = (double *)memory(MOST_RUNS * sizeof *times);
    Rates *rates = (Rates *)calloc(1, sizeof *rates);
    if (!rates) stop("out of memory");
    alarm(timeout);
    for (int i = 0; i < WARM_UP; i++) run(n);
    alarm(0);
    printf("resident %.0f\n", resident_bytes());
    if (n->profile) {
        kernel_times = (double *)memory((size_t)KERNEL_RUNS * MOST_KERNELS * sizeof *kernel_times);
        *n->profile = after_kernel;
    }
    int runs = time_runs(n, seconds, threads, times, rates);
    print_rates(rates);
    if (n->profile) print_kernels("kernel");
    qsort(times, (size_t)runs, sizeof *times, by_value);
    printf("runs %d\nmin %.9g\nmedian %.9g\np99 %.9g\n", runs, times[0], times[runs / 2],
           times[(size_t)((double)(runs - 1) * 0.99)]);
    if (n->profile && threads > 1) time_kernels_alone(n, seconds, threads, times);
    free(rates);
    free(times);
}

/* ---- what memory can do ---- */

/* Reads a word of every line of 64 bytes. */
static uint64_t sweep(const char *block, size_t bytes)
{
    uint64_t sum = 0, word;
    __asm__ volatile("" : "+r"(block) : : "memory"); /* it is not known what is there */
    for (size_t i = 0; i + 64 <= bytes; i += 64) {
        memcpy(&word, block + i, sizeof word);
        sum += word;
    }
    return sum;
}

/* Of reading, from a block that no cache holds. */
static double memory_rate(int threads)
{
    long cache = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
    cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
    size_t bytes = (size_t)256 << 20, share;
    if (cache > (128 << 20)) bytes = 2 * (size_t)cache;
    if (bytes > (size_t)1 << 30) bytes = (size_t)1 << 30;
    char *block = (char *)malloc(bytes);
    double best = 1e9;
    if (!block) return 0;
    memset(block, 1, bytes); /* not 0: those pages would all be one */
    share = bytes / (size_t)threads / 4096 * 4096;
    for (int repeat = 0; repeat < 5; repeat++) {
        double start = now();
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads)
#endif
        for (int t = 0; t < threads; t++) sink = (float)sweep(block + (size_t)t * share, share);
        double took = now() - start;
        if (took < best) best = took;
    }
    free(block);
    return (double)share * threads / best;
}

/* On the core where it is: one thread's times do not suffer from moving. */
static void stay_here(void)
{
#ifdef __linux__
    cpu_set_t here;
    int cpu = sched_getcpu();
    CPU_ZERO(&here);
    if (cpu >= 0) CPU_SET(cpu, &here);
    if (cpu >= 0) sched_setaffinity(0, sizeof here, &here);
#endif
}

int main(int argc, char **argv)
{
    if (argc < 5) stop("usage: netc_bench LIBRARY SECONDS THREADS TIMEOUT [WEIGHTS]");
    int threads = atoi(argv[3]);
    if (threads < 2) stay_here();
    Network n = load(argv[1], argc > 5 ? argv[5] : NULL);
    clock_cost = measure_clock();
    time_network(&n, atof(argv[2]), threads, (unsigned)atoi(argv[4]));
    printf("memory %.9g\n", memory_rate(threads));
    return fflush(stdout) == 0 ? 0 : 3;
}
