/* netc bench: how fast the compiled network is here, and what share of what the machine can do. */
#include "cost.h"
#include "json.h"
#include "measure.h"
#include "rounding.h"
#include "work.h"

#include <math.h>

typedef struct Bench {
    const Job *job;
    Measurement m;
    double netc_seconds, cc_seconds; /* compiling: this program, the C compiler */
    double macs, bytes;              /* of the network; bytes: weights, inputs and outputs */
    double *kernel_macs;
    Cost *costs; /* predicted, of each kernel */
    RoundingErrors rounding;
} Bench;

/* ---- for people ---- */

/* "1.23 ms", three digits or more. */
static const char *time_text(Arena *arena, double seconds)
{
    static const struct {
        double least;
        const char *unit;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {0, "ns"}};
    int u = 0;
    while (seconds < units[u].least) u++;
    double value = seconds / (units[u].least > 0 ? units[u].least : 1e-9);
    return arena_format(arena, "%.*f %s",
                        value < 10    ? 3
                        : value < 100 ? 2
                                      : 1,
                        value, units[u].unit);
}

static const char *bytes_text(Arena *arena, double bytes)
{
    return bytes < 1e6 ? arena_format(arena, "%.1f kB", bytes / 1e3)
                       : arena_format(arena, "%.1f MB", bytes / 1e6);
}

static double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

static void print_totals(const Bench *b)
{
    Arena *a = b->job->arena;
    const Program *p = b->job->program;
    const Measurement *m = &b->m;
    printf("%s for %s, %lld thread%s: %.3f million multiply-adds in %d kernels\n",
           b->job->options->operands[0], p->target->name, (long long)b->job->options->threads,
           b->job->options->threads == 1 ? "" : "s", b->macs / 1e6, p->kernels.count);
    printf("  time      median %s, min %s, p99 %s of %d runs\n", time_text(a, m->median),
           time_text(a, m->min), time_text(a, m->p99), m->runs);
    printf("  speed     %.1f GFLOP/s, %.1f %% of the %.1f that multiply-adds reach here\n",
           2e-9 * b->macs / m->median, percent(b->macs / m->median, m->multiply_adds),
           2e-9 * m->multiply_adds);
    printf("  traffic   %.2f GB/s of weights, inputs and outputs, %.1f %% of the %.1f that reading "
           "memory reaches here\n",
           1e-9 * b->bytes / m->median, percent(b->bytes / m->median, m->bandwidth),
           1e-9 * m->bandwidth);
    printf("  memory    %s resident at most: weights %s, workspace %s (at least %s)\n",
           bytes_text(a, m->resident), bytes_text(a, (double)p->weight_bytes),
           bytes_text(a, (double)p->workspace_bytes), bytes_text(a, (double)p->lower_bound));
    for (int i = 0; i < b->rounding.count; i++)
        printf(
            "  rounding  output '%s' differs by at most %.3g from that with f32 weights, %.2g of "
            "its largest\n",
            b->rounding.items[i].output, b->rounding.items[i].absolute,
            b->rounding.items[i].relative);
    printf("  compiled  in %.2f s by netc", b->netc_seconds);
    if (b->cc_seconds > 0) printf(", %.2f s by the C compiler", b->cc_seconds);
    printf("\n");
}

static void print_kernel(const Bench *b, int k, double all)
{
    const Kernel *kernel = b->job->program->kernels.items[k];
    const Cost *cost = &b->costs[k];
    double seconds = fmax(b->m.kernels[k], 1e-9), cycles = seconds * b->m.clock;
    double macs = b->kernel_macs[k] / seconds, bytes = work_bytes(kernel) / seconds;
    printf("%10.2f ", 1e6 * b->m.kernels[k]);
    if (b->job->options->threads > 1)
        printf("%10.2f %7.2f ", 1e6 * b->m.alone[k], b->m.alone[k] / seconds);
    printf("%5.1f%% %9.1f %6.1f%% %7.2f %6.0f%% %10.2f %10.2f %6.2f %-10s  %s",
           percent(b->m.kernels[k], all), 2e-9 * macs, percent(macs, b->m.multiply_adds),
           1e-9 * bytes, percent(bytes, b->m.bandwidth), cycles / 1e3, cost->cycles / 1e3,
           cycles / cost->cycles, cost_bound_name(cost->bound), kernel->title);
    for (int i = 0; i < kernel->nodes.count; i++)
        printf("%s%s", i ? " + " : ": ", kernel->nodes.items[i]->op_type);
    printf("\n");
}

static void print_profile(const Bench *b)
{
    const Measurement *m = &b->m;
    int count = b->job->program->kernels.count;
    double sum = 0, alone = 0, predicted = 0;
    for (int k = 0; k < count; k++) {
        sum += m->kernels[k];
        alone += m->alone[k];
        predicted += b->costs[k].cycles;
    }
    printf("\n%10s ", "TIME us");
    if (b->job->options->threads > 1) printf("%10s %7s ", "ALONE us", "SCALING");
    printf("%6s %9s %7s %7s %7s %10s %10s %6s %-10s  %s\n", "SHARE", "GFLOP/s", "OF PEAK", "GB/s",
           "OF PEAK", "KCYCLES", "PREDICTED", "RATIO", "BOUND", "KERNEL");
    for (int k = 0; k < count; k++) print_kernel(b, k, sum);
    printf("%10.2f in all kernels; ", 1e6 * sum);
    if (b->job->options->threads > 1)
        printf("%.2f by one thread alone, a scaling of %.2f; ", 1e6 * alone,
               alone / fmax(sum, 1e-9));
    printf("%.2f predicted for one core at the %.2f GHz that it has here\n",
           1e6 * predicted / m->clock, 1e-9 * m->clock);
}

/* ---- for programs ---- */

static void json_number(Text *out, const char *name, double value)
{
    text_add(out, ", \"%s\": %.9g", name, value);
}

static void json_kernels(const Bench *b, Text *out)
{
    const Program *p = b->job->program;
    text_add(out, ", \"kernels\": [");
    for (int k = 0; k < p->kernels.count; k++) {
        text_add(out, "%s\n  {\"name\": ", k ? "," : "");
        json_quote(out, p->kernels.items[k]->title);
        json_number(out, "seconds", b->m.kernels[k]);
        if (b->job->options->threads > 1) json_number(out, "seconds_alone", b->m.alone[k]);
        json_number(out, "multiply_adds", b->kernel_macs[k]);
        json_number(out, "bytes", work_bytes(p->kernels.items[k]));
        json_number(out, "predicted_cycles", b->costs[k].cycles);
        text_add(out, ", \"bound\": ");
        json_quote(out, cost_bound_name(b->costs[k].bound));
        text_add(out, "}");
    }
    text_add(out, "]");
}

static void print_json(const Bench *b)
{
    const Program *p = b->job->program;
    const Measurement *m = &b->m;
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"threads", (double)b->job->options->threads},
        {"runs", m->runs},
        {"min_seconds", m->min},
        {"median_seconds", m->median},
        {"p99_seconds", m->p99},
        {"multiply_adds", b->macs},
        {"compulsory_bytes", b->bytes},
        {"gflops", 2e-9 * b->macs / m->median},
        {"peak_gflops", 2e-9 * m->multiply_adds},
        {"peak_bytes_per_second", m->bandwidth},
        {"clock_hz", m->clock},
        {"resident_bytes", m->resident},
        {"weight_bytes", (double)p->weight_bytes},
        {"workspace_bytes", (double)p->workspace_bytes},
        {"workspace_lower_bound", (double)p->lower_bound},
        {"netc_seconds", b->netc_seconds},
        {"cc_seconds", b->cc_seconds},
    };
    Text out = {0};
    text_add(&out, "{\"network\": ");
    json_quote(&out, b->job->graph->name);
    text_add(&out, ", \"target\": ");
    json_quote(&out, p->target->name);
    for (size_t i = 0; i < COUNT(numbers); i++)
        json_number(&out, numbers[i].name, numbers[i].value);
    rounding_json(b->job->options, &b->rounding, &out);
    if (b->job->options->profile) json_kernels(b, &out);
    text_add(&out, "}\n");
    fwrite(out.data, 1, out.length, stdout);
    text_free(&out);
}

/* ---- the command ---- */

static double interface_bytes(const Graph *g)
{
    double bytes = 0;
    for (int i = 0; i < g->inputs.count + g->outputs.count; i++) {
        const Tensor *t =
            i < g->inputs.count ? g->inputs.items[i] : g->outputs.items[i - g->inputs.count];
        bytes += (double)dtype_bytes(t->dtype, tensor_elements(t));
    }
    return bytes;
}

/* What kernels have to do, and the model's word on how long that takes. */
static void predict(Bench *b)
{
    const Program *p = b->job->program;
    b->kernel_macs = work_macs(b->job->arena, p);
    b->costs = NEW_ARRAY(b->job->arena, Cost, p->kernels.count + 1);
    for (int k = 0; k < p->kernels.count; k++) {
        b->macs += b->kernel_macs[k];
        b->costs[k] = cost_of(p->pool, p->kernels.items[k], p->target, cost_resident(p));
    }
}

static int bench(Job *job)
{
    double start = seconds_now();
    bool good = stages_run(job, STAGE_PLANNED);
    stages_report(job);
    if (!good) return EXIT_INPUT;
    Bench b = {.job = job, .netc_seconds = seconds_now() - start};
    Library library = library_get(job);
    b.cc_seconds = library.seconds;
    int status = rounding_measure(job, &library, &b.rounding);
    if (status == EXIT_DONE) b.m = measure(job, &library);
    library_release(&library);
    if (status != EXIT_DONE) return status;
    predict(&b);
    b.bytes = (double)job->program->weight_bytes + interface_bytes(job->graph);
    if (job->options->json) {
        print_json(&b);
        return EXIT_DONE;
    }
    print_totals(&b);
    if (job->options->profile) print_profile(&b);
    return EXIT_DONE;
}

const Command command_bench = {
    .name = "bench",
    .operands = "FILE",
    .title = "Times a compiled network against what the machine can do",
    .help = "Compiles, warms up, and runs on made-up inputs in a process of its own, whose\n"
            "peak resident size is reported. The machine's peak of multiply-adds (with the\n"
            "instructions of the target) and of reading memory is measured there, too. A\n"
            "single thread stays on one core. Times of the C compiler are those of when it\n"
            "compiled the network, which the cache keeps. With --profile the time of each\n"
            "kernel: rates count the multiply-adds of the layers, also where Winograd's\n"
            "algorithm does with fewer; bytes are of all inputs and outputs of a kernel,\n"
            "which a cache may hold, so that they can come faster than from memory. Beside\n"
            "that the cycles, thousands, and what the cost model predicts for one core. With\n"
            "--threads also the time of each by one thread alone, of the same code, and the\n"
            "scaling, which is the quotient of the two.\n"
            "With --weights-type, how far the rounded weights move each output, on --input or\n"
            "on random numbers.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_CODE | GROUP_CC | GROUP_RUN | GROUP_BENCH |
              GROUP_INPUT | GROUP_JSON,
    .run = bench,
};
