/*
 * The differential test against ONNX Runtime: random one-node networks, each compiled by netc and
 * run, and run in ONNX Runtime, whose C library is loaded (ONNXRUNTIME says where it is).
 *
 *   differential [--cases N] [--seed S] [--family NAME] [--jobs N] [--out FOLDER] [--verbose]
 *
 * Case i has the seed S + i. What differs is printed with its seed, shrunk, and as a statement with
 * the value that is expected, in the form of tests/ops1; --out keeps those in files. Exits with 0
 * when nothing differs, 1 when something does, 77 when there is no ONNX Runtime.
 */
#include "outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workdir.h"

enum {
    MAX_OPS = 256,
    MAX_WORKERS = 64,
    SHRUNK = 1 /* of each operator, by each worker */,
    NOT_RUN = 77
};

typedef struct Arguments {
    int64_t cases, seed, jobs;
    const char *family, *out;
    bool verbose;
} Arguments;

typedef struct Stats {
    int op_count;
    struct OpStats {
        char name[40];
        int verdicts[VERDICTS], shrunk;
    } ops[MAX_OPS];
    int excluded[MAX_OPS];
} Stats;

typedef struct Worker {
    const Arguments *a;
    const char *folder;
    Stats *stats;
    Judge judge;
} Worker;

static const char *const verdict_names[VERDICTS] = {
    "agrees", "both refuse", "no oracle", "undefined", "excluded", "DIFFERS", "REFUSED", "CRASHED"};

/* ---- counting ---- */

static struct OpStats *op_stats(Stats *s, const char *name)
{
    for (int i = 0; i < s->op_count; i++)
        if (strcmp(s->ops[i].name, name) == 0) return &s->ops[i];
    assert(s->op_count < MAX_OPS);
    struct OpStats *o = &s->ops[s->op_count++];
    snprintf(o->name, sizeof o->name, "%s", name);
    return o;
}

static void merge(Stats *into, const Stats *from)
{
    for (int i = 0; i < from->op_count; i++) {
        struct OpStats *o = op_stats(into, from->ops[i].name);
        for (int v = 0; v < VERDICTS; v++) o->verdicts[v] += from->ops[i].verdicts[v];
    }
    for (int i = 0; i < MAX_OPS; i++) into->excluded[i] += from->excluded[i];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct OpStats *)a)->name, ((const struct OpStats *)b)->name);
}

/* The table; how many cases went wrong. */
static int print_stats(Stats *s)
{
    int total[VERDICTS] = {0}, wrong = 0, all = 0;
    qsort(s->ops, (size_t)s->op_count, sizeof *s->ops, by_name);
    printf("%-26s", "OPERATOR");
    for (int v = 0; v < VERDICTS; v++) printf(" %11s", verdict_names[v]);
    printf("\n");
    for (int i = 0; i < s->op_count; i++) {
        printf("%-26s", s->ops[i].name);
        for (int v = 0; v < VERDICTS; v++) {
            printf(" %11d", s->ops[i].verdicts[v]);
            total[v] += s->ops[i].verdicts[v];
        }
        printf("\n");
    }
    printf("%-26s", "total");
    for (int v = 0; v < VERDICTS; v++) {
        printf(" %11d", total[v]);
        all += total[v];
        if (is_mismatch((Verdict)v)) wrong += total[v];
    }
    printf("\n");
    for (int i = 0; exclusions[i].reason; i++)
        if (s->excluded[i])
            printf("excluded %d: %s%s%s\n", s->excluded[i],
                   exclusions[i].op ? exclusions[i].op : "", exclusions[i].op ? ": " : "",
                   exclusions[i].reason);
    printf("%d cases, %d compared, %d wrong\n", all, total[AGREES] + total[DIFFERS], wrong);
    return wrong;
}

/* ---- reporting ---- */

static void add_expected(const Case *c, const Outcome *theirs, const char *stem, Text *out)
{
    for (int i = 0; i < theirs->count && theirs->status == STATUS_GOOD; i++) {
        const struct OutcomeTensor *t = &theirs->outputs[i];
        text_add(out, i ? "    %s_%d_expected" : "    %s_expected", stem, i);
        text_add(out, " = Constant@25(value: ");
        case_literal(t->dtype, t->rank, t->dims, theirs->data + t->at, out);
        text_add(out, ")\n");
    }
    (void)c;
}

static void keep(const Worker *w, const Case *c, const Text *statement)
{
    Text net = {0};
    Arena *arena = arena_new();
    const char *path =
        arena_format(arena, "%s/%s_%llu.net", w->a->out, c->op, (unsigned long long)c->seed);
    text_add(&net, "net found() -> (done: i64[]) {\n%s    done = i64[] 1\n}\n", statement->data);
    if (!make_folders(w->a->out) || !file_write(path, net.data, net.length))
        die("cannot write %s", path);
    text_free(&net);
    arena_free(arena);
}

/* The shrunk case, run once more. */
static void report(Worker *w, const Case *c, Verdict v, Text *out)
{
    Case less = shrink(&w->judge, c, v);
    Text why = {0}, statement = {0};
    int exclusion;
    judge_run(&w->judge, &less, 1);
    verdict(&less, w->judge.ours, w->judge.theirs, &exclusion, &why);
    char stem[60];
    snprintf(stem, sizeof stem, "found_%llu", (unsigned long long)c->seed);
    text_add(&statement, "    ");
    case_statement(&less, stem, &statement);
    text_add(&statement, "\n");
    add_expected(&less, w->judge.theirs, stem, &statement);
    text_add(out, "  shrunk: %s\n%s", why.data ? why.data : "", statement.data);
    if (w->a->out) keep(w, c, &statement);
    text_free(&why);
    text_free(&statement);
}

static void take_verdict(Worker *w, const Case *c, Verdict v, int exclusion, const Text *why)
{
    struct OpStats *o = op_stats(w->stats, c->op);
    o->verdicts[v]++;
    if (exclusion >= 0) w->stats->excluded[exclusion]++;
    if (!is_mismatch(v) && !w->a->verbose) return;
    Text out = {0};
    text_add(&out, "%s %s seed %llu target %s, weights %s%s: %s\n", verdict_names[v], c->op,
             (unsigned long long)c->seed, w->judge.compiled->target->name,
             weights_type_names[c->weights], c->exact ? ", exact" : "",
             why->data ? why->data : "");
    if (is_mismatch(v) && o->shrunk++ < SHRUNK) report(w, c, v, &out);
    fwrite(out.data, 1, out.length, stdout);
    fflush(stdout);
    text_free(&out);
}

/* ---- running ---- */

static void run_batch(Worker *w, uint64_t first, int count)
{
    Arena *arena = arena_new();
    Case *cases = NEW_ARRAY(arena, Case, count);
    struct {
        Verdict v;
        int exclusion;
        Text why;
    } results[BATCH] = {0};
    for (int i = 0; i < count; i++) case_draw(&cases[i], arena, first + (uint64_t)i, w->a->family);
    judge_run(&w->judge, cases, count);
    for (int i = 0; i < count; i++)
        results[i].v = verdict(&cases[i], &w->judge.ours[i], &w->judge.theirs[i],
                               &results[i].exclusion, &results[i].why);
    for (int i = 0; i < count; i++) {
        take_verdict(w, &cases[i], results[i].v, results[i].exclusion, &results[i].why);
        text_free(&results[i].why);
    }
    arena_free(arena);
}

static int runnable_targets(const Target **targets)
{
    int count = 0;
    for (const Target *const *t = target_list; *t; t++)
        if ((*t)->runs_here()) targets[count++] = *t;
    return count;
}

/* Batches go round the targets that run here. */
static void work(Worker *w, int number, const Compiled *all, int targets)
{
    w->judge.ours = outcomes_new(BATCH);
    w->judge.theirs = outcomes_new(BATCH);
    w->judge.noise = tmpfile();
    if (!w->judge.noise) die("no temporary file: %s", strerror(errno));
    int64_t batches = ceil_div(w->a->cases, BATCH);
    for (int64_t b = number; b < batches; b += w->a->jobs) {
        int64_t first = b * BATCH;
        w->judge.compiled = &all[b % targets];
        run_batch(w, (uint64_t)(w->a->seed + first), (int)min64(BATCH, w->a->cases - first));
    }
    fclose(w->judge.noise);
}

static void run_workers(const Arguments *a, const char *folder, Stats *stats)
{
    const Target *targets[64];
    Compiled all[64];
    int count = runnable_targets(targets), failed = 0;
    for (int i = 0; i < count; i++) {
        all[i] = (Compiled){folder, targets[i], "-O0 -Wall -Wextra -Werror -Wno-unknown-pragmas"};
        compiled_prepare(&all[i]);
    }
    for (int j = 0; j < a->jobs; j++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0) die("cannot start a process: %s", strerror(errno));
        if (pid > 0) continue;
        Worker w = {.a = a, .folder = folder, .stats = &stats[j]};
        work(&w, j, all, count);
        _exit(0);
    }
    for (int j = 0; j < a->jobs; j++) {
        int status;
        while (wait(&status) < 0 && errno == EINTR) continue;
        failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    if (failed) die("a worker ended early");
}

static Arguments parse(int argc, char **argv)
{
    Arguments a = {.cases = 5000, .seed = 1, .jobs = 2};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--verbose") == 0) {
            a.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--cases") == 0)
            a.cases = atoll(value);
        else if (strcmp(argv[i], "--seed") == 0)
            a.seed = atoll(value);
        else if (strcmp(argv[i], "--jobs") == 0)
            a.jobs = atoll(value);
        else if (strcmp(argv[i], "--family") == 0)
            a.family = value;
        else if (strcmp(argv[i], "--out") == 0)
            a.out = value;
        else
            a.cases = 0;
        i++;
    }
    bool good = a.cases > 0 && a.jobs > 0 && a.jobs <= MAX_WORKERS &&
                (!a.family || case_is_family(a.family));
    if (good) return a;
    fprintf(stderr, "usage: differential [--cases N] [--seed S] [--family NAME] [--jobs N] [--out "
                    "FOLDER] [--verbose]\n");
    exit(EXIT_USAGE);
}

int main(int argc, char **argv)
{
    Arguments a = parse(argc, argv);
    const char *why, *version = onnxruntime_load(getenv("ONNXRUNTIME"), &why);
    if (!version) {
        printf("not run: no ONNX Runtime: %s (ONNXRUNTIME=FILE names its library)\n", why);
        return NOT_RUN;
    }
    Arena *arena = arena_new();
    const char *scratch = getenv("TMPDIR");
    const char *folder =
        arena_format(arena, "%s/netc-differential.XXXXXX", scratch && *scratch ? scratch : "/tmp");
    if (!mkdtemp((char *)folder)) die("cannot make a folder: %s", strerror(errno));
    printf("%lld cases from seed %lld against ONNX Runtime %s\n", (long long)a.cases,
           (long long)a.seed, version);
    Stats *stats = mmap(NULL, sizeof *stats * MAX_WORKERS, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stats == MAP_FAILED) die("out of memory");
    run_workers(&a, folder, stats);
    for (int j = 1; j < a.jobs; j++) merge(&stats[0], &stats[j]);
    for (const Target *const *t = target_list; *t; t++)
        remove_folder(arena_format(arena, "%s/%s", folder, (*t)->name));
    remove_folder(folder);
    int wrong = print_stats(&stats[0]);
    arena_free(arena);
    return wrong ? EXIT_INPUT : EXIT_DONE;
}
