/*
 * One network, compiled by netc and run by ONNX Runtime, on the same input, in turns, in one
 * process:
 *
 *     referee --input IN.npy --reference REF.npy [--netc LIB.so] [--runtime ONNXRUNTIME.so --model
 * M.onnx]
 *             [--threads N] [--seconds S]
 *
 * prints `NAME VALUE` lines: median milliseconds of a run of each, their ratio, and the largest
 * difference of each from the reference (f64). With one of the two alone: its peak resident size
 * after a few runs. ONNX Runtime comes by dlopen; its functions by their place in the table of its
 * C API (onnxruntime_c_api.h, struct OrtApi), which only ever grows at its end.
 *
 * Exit codes: 0 done, 1 the outputs do not agree, 3 something cannot be loaded or run.
 */
#include "netc.h"

#include <dlfcn.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_DIMS = 16, MOST_ROUNDS = 100000 };

_Noreturn static void stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn static void stop(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("referee: ", stderr);
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

static void *memory(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 4096, bytes + 64) != 0) stop("out of memory");
    memset(p, 0, bytes + 64);
    return p;
}

/* ---- .npy files, as export.py writes them: version 1, little-endian, C order ---- */

typedef struct Array {
    int64_t dims[MOST_DIMS];
    size_t rank, count;
    void *data;
} Array;

static Array read_npy(const char *path, const char *type, size_t size)
{
    Array a = {.count = 1};
    unsigned char start[10];
    char header[4096];
    FILE *file = fopen(path, "rb");
    if (!file || fread(start, sizeof start, 1, file) != 1) stop("cannot read %s", path);
    size_t length = start[8] | (size_t)start[9] << 8;
    if (length >= sizeof header || fread(header, length, 1, file) != 1)
        stop("%s has no header of a .npy file", path);
    header[length] = '\0';
    char *shape = strstr(header, "'shape': (");
    if (!strstr(header, type) || !shape) stop("%s does not hold %s", path, type);
    for (char *p = shape + strlen("'shape': ("); *p != ')' && a.rank < MOST_DIMS;) {
        a.dims[a.rank] = strtoll(p, &p, 10);
        a.count *= (size_t)a.dims[a.rank++];
        p += strspn(p, ", ");
    }
    a.data = memory(a.count * size);
    if (fread(a.data, size, a.count, file) != a.count) stop("%s is cut off", path);
    fclose(file);
    return a;
}

/* ---- a contestant: something that fills `out` ---- */

typedef struct Contestant {
    void (*run)(struct Contestant *c);
    float *out;
    double *times; /* of each round, seconds a run */
    /* netc */
    const netc_model *model;
    const void *in[1];
    void *outs[1];
    void *workspace;
    /* ONNX Runtime */
    void *session, *input, *output;
} Contestant;

static void run_netc(Contestant *c)
{
    if (c->model->run(c->in, c->outs, c->workspace)) stop("the compiled network refuses to run");
}

static Contestant load_netc(const char *path, const Array *input, const Array *reference)
{
    Contestant c = {.run = run_netc};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) stop("%s", dlerror());
    const netc_model *(*entry)(void) = (const netc_model *(*)(void))dlsym(library, "netc_entry");
    if (!entry) stop("%s has no netc_entry", path);
    c.model = entry();
    if (c.model->input_count != 1 || c.model->output_count != 1 ||
        c.model->inputs[0].bytes != input->count * sizeof(float) ||
        c.model->outputs[0].bytes != reference->count * sizeof(float))
        stop("%s is not the network of the input and the reference", path);
    c.out = memory(c.model->outputs[0].bytes);
    c.in[0] = input->data;
    c.outs[0] = c.out;
    c.workspace = memory(c.model->workspace_bytes);
    return c;
}

/* ---- ONNX Runtime ---- */

enum OrtFunction {
    ORT_ERROR_MESSAGE = 2,
    ORT_CREATE_ENV = 3,
    ORT_CREATE_SESSION = 7,
    ORT_RUN = 9,
    ORT_CREATE_OPTIONS = 10,
    ORT_OPTIMIZATION_LEVEL = 23,
    ORT_INTRA_THREADS = 24,
    ORT_INTER_THREADS = 25,
    ORT_CREATE_TENSOR = 49,
    ORT_CPU_MEMORY_INFO = 69,
};
enum { ORT_VERSION = 13, ORT_ALL_OPTIMIZATIONS = 99, ORT_WARNINGS = 2, ORT_FLOAT = 1 };

static void *const *ort;

#define ORT(function, ...) ort_check(((void *(*)())ort[function])(__VA_ARGS__))
static void ort_check(void *status)
{
    if (status) stop("ONNX Runtime: %s", ((char *(*)(void *))ort[ORT_ERROR_MESSAGE])(status));
}

static void run_ort(Contestant *c)
{
    static const char *const input_name = "input", *const output_name = "output";
    ORT(ORT_RUN, c->session, NULL, &input_name, (const void *const *)&c->input, (size_t)1,
        &output_name, (size_t)1, &c->output);
}

static Contestant load_ort(const char *path, const char *model, int threads, const Array *input,
                           const Array *reference)
{
    typedef struct {
        void *const *(*get_api)(uint32_t version);
        const char *(*version)(void);
    } OrtBase;
    Contestant c = {.run = run_ort};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) stop("%s", dlerror());
    const OrtBase *(*base)(void) = (const OrtBase *(*)(void))dlsym(library, "OrtGetApiBase");
    if (!base || !(ort = base()->get_api(ORT_VERSION))) stop("%s is not ONNX Runtime", path);
    printf("runtime %s\n", base()->version());
    void *env, *options, *where;
    size_t bytes = reference->count * sizeof(float);
    ORT(ORT_CREATE_ENV, ORT_WARNINGS, "referee", &env);
    ORT(ORT_CREATE_OPTIONS, &options);
    ORT(ORT_INTRA_THREADS, options, threads);
    ORT(ORT_INTER_THREADS, options, 1);
    ORT(ORT_OPTIMIZATION_LEVEL, options, ORT_ALL_OPTIMIZATIONS);
    ORT(ORT_CREATE_SESSION, env, model, options, &c.session);
    ORT(ORT_CPU_MEMORY_INFO, 0, 0, &where);
    c.out = memory(bytes);
    ORT(ORT_CREATE_TENSOR, where, input->data, input->count * sizeof(float), input->dims,
        input->rank, ORT_FLOAT, &c.input);
    ORT(ORT_CREATE_TENSOR, where, c.out, bytes, reference->dims, reference->rank, ORT_FLOAT,
        &c.output);
    return c;
}

/* ---- judging ---- */

/* Largest difference from the reference, and the largest magnitude in it. */
static double error_of(const Contestant *c, const Array *reference, double *scale)
{
    const double *wanted = reference->data;
    double worst = 0;
    *scale = 0;
    for (size_t i = 0; i < reference->count; i++) {
        double d = fabs((double)c->out[i] - wanted[i]);
        if (!(d <= worst)) worst = isnan(d) ? INFINITY : d;
        if (fabs(wanted[i]) > *scale) *scale = fabs(wanted[i]);
    }
    return worst;
}

static bool print_error(const char *name, const Contestant *c, const Array *reference)
{
    enum { LOOSE = 1000 };
    double scale, error = error_of(c, reference, &scale);
    printf("%s_error %.4g\n", name, error);
    return error <= scale / LOOSE;
}

/* ---- timing ---- */

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

static void run_for(Contestant *c, double seconds)
{
    for (double start = now(); now() - start < seconds;) c->run(c);
}

/* The time of one of so many runs. With threads, those that the other one has left spinning get time
 * to go to sleep first (ONNX Runtime's take some 50 ms), then its own wake up. */
static double burst(Contestant *c, int runs, int threads)
{
    const struct timespec asleep = {0, 150 * 1000 * 1000};
    if (threads > 1) {
        nanosleep(&asleep, NULL);
        run_for(c, 20e-3);
    }
    double start = now();
    for (int i = 0; i < runs; i++) c->run(c);
    return (now() - start) / runs;
}

static int burst_runs(Contestant *c)
{
    enum { TRIES = 5 };
    double start = now();
    for (int i = 0; i < TRIES; i++) c->run(c);
    double once = (now() - start) / TRIES;
    return once < 1e-3 ? (int)(1e-3 / once) + 1 : 1;
}

static void compete(Contestant *netc, Contestant *theirs, int threads, double seconds)
{
    int rounds = 0, netc_runs = burst_runs(netc), their_runs = burst_runs(theirs);
    netc->times = memory(MOST_ROUNDS * sizeof *netc->times);
    theirs->times = memory(MOST_ROUNDS * sizeof *theirs->times);
    for (double start = now(); rounds < MOST_ROUNDS && (rounds < 5 || now() - start < seconds);
         rounds++) {
        netc->times[rounds] = burst(netc, netc_runs, threads);
        theirs->times[rounds] = burst(theirs, their_runs, threads);
    }
    double ours = median(netc->times, rounds), other = median(theirs->times, rounds);
    printf("rounds %d\nnetc_ms %.6g\nruntime_ms %.6g\nratio %.4f\n", rounds, 1e3 * ours,
           1e3 * other, ours / other);
}

static double resident_megabytes(void)
{
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld kB", &kilobytes) == 1) break;
    if (status) fclose(status);
    return (double)kilobytes * 1024e-6;
}

static void stay_here(void)
{
    cpu_set_t here;
    int cpu = sched_getcpu();
    CPU_ZERO(&here);
    if (cpu >= 0) CPU_SET(cpu, &here);
    if (cpu >= 0) sched_setaffinity(0, sizeof here, &here);
}

/* ---- the command line ---- */

typedef struct Arguments {
    const char *input, *reference, *netc, *runtime, *model, *threads, *seconds;
} Arguments;

static Arguments read_arguments(int argc, char **argv)
{
    Arguments a = {.threads = "1", .seconds = "3"};
    const struct {
        const char *name, **value;
    } options[] = {
        {"--input", &a.input},     {"--reference", &a.reference}, {"--netc", &a.netc},
        {"--runtime", &a.runtime}, {"--model", &a.model},         {"--threads", &a.threads},
        {"--seconds", &a.seconds},
    };
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof options / sizeof *options && strcmp(argv[i], options[k].name) != 0) k++;
        if (k == sizeof options / sizeof *options || i + 1 == argc)
            stop("unknown option %s, or one without its value; the head of referee.c says what "
                 "there is",
                 argv[i]);
        *options[k].value = argv[i + 1];
    }
    if (!a.input || !a.reference || (!a.netc && !a.runtime) || (a.runtime && !a.model))
        stop("an option is missing; the head of referee.c says what there is");
    return a;
}

int main(int argc, char **argv)
{
    enum { MEMORY_RUNS = 3 };
    Arguments a = read_arguments(argc, argv);
    int threads = atoi(a.threads);
    bool good = true;
    if (threads == 1) stay_here();
    Array input = read_npy(a.input, "'<f4'", sizeof(float)),
          reference = read_npy(a.reference, "'<f8'", sizeof(double));
    Contestant netc = {0}, runtime = {0};
    if (a.netc) netc = load_netc(a.netc, &input, &reference);
    if (a.runtime) runtime = load_ort(a.runtime, a.model, threads, &input, &reference);
    for (int i = 0; i < MEMORY_RUNS; i++) {
        if (a.netc) netc.run(&netc);
        if (a.runtime) runtime.run(&runtime);
    }
    if (a.netc) good &= print_error("netc", &netc, &reference);
    if (a.runtime) good &= print_error("runtime", &runtime, &reference);
    if (a.netc && a.runtime)
        compete(&netc, &runtime, threads, atof(a.seconds));
    else
        printf("resident_mb %.1f\n", resident_megabytes());
    return good ? 0 : 1;
}
