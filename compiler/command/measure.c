/* Building and running runtime/netc_bench.c, and reading what it prints. */
#include "measure.h"

#include "build.h"
#include "toolchain.h"

#include <errno.h>
#include <stdlib.h>

/* `NAME VALUE` of one line into the field that has that name. */
static void read_line(const char *line, const Program *p, Measurement *m)
{
    const struct {
        const char *name;
        double *value;
    } fields[] = {
        {"min", &m->min},           {"median", &m->median}, {"p99", &m->p99},
        {"resident", &m->resident}, {"clock", &m->clock},   {"multiply-adds", &m->multiply_adds},
        {"memory", &m->bandwidth},
    };
    int kernel;
    double seconds;
    if (sscanf(line, "runs %d", &m->runs) == 1) return;
    if (sscanf(line, "kernel %d %lf", &kernel, &seconds) == 2 && kernel >= 0 &&
        kernel < p->kernels.count)
        m->kernels[kernel] = seconds;
    if (sscanf(line, "alone %d %lf", &kernel, &seconds) == 2 && kernel >= 0 &&
        kernel < p->kernels.count)
        m->alone[kernel] = seconds;
    for (size_t i = 0; i < COUNT(fields); i++) {
        size_t n = strlen(fields[i].name);
        if (strncmp(line, fields[i].name, n) == 0 && line[n] == ' ')
            *fields[i].value = strtod(line + n, NULL);
    }
}

/* The program runs in a folder of its own. */
static const char *absolute(Arena *arena, const char *path)
{
    char *found = realpath(path, NULL);
    if (!found) die("cannot find %s: %s", path, strerror(errno));
    const char *copy = arena_string(arena, found);
    free(found);
    return copy;
}

/* LIBRARY SECONDS THREADS TIMEOUT [WEIGHTS] */
static Words program_words(const Job *job, const Library *library, const char *program)
{
    const Options *o = job->options;
    Words words = {0};
    LIST_PUSH(job->arena, &words, program);
    LIST_PUSH(job->arena, &words, absolute(job->arena, library->path));
    words_add(job->arena, &words,
              arena_format(job->arena, "%.6f %lld %.0f", o->seconds, (long long)o->threads,
                           o->timeout < 1 && o->timeout > 0 ? 1 : o->timeout));
    if (library->weights) LIST_PUSH(job->arena, &words, absolute(job->arena, library->weights));
    return words;
}

Measurement measure(const Job *job, const Library *library)
{
    const Options *o = job->options;
    Arena *arena = job->arena;
    const char *scratch = getenv("TMPDIR");
    Workdir *w = workdir_make(arena, scratch && *scratch ? scratch : "/tmp");
    Words words = program_words(job, library, build_bench(job, w));
    progress("running %s", job->graph->name);
    setenv("OMP_NUM_THREADS", arena_format(arena, "%lld", (long long)o->threads), 1);
    const char *printed = tool_run(arena, "the benchmark", &words, w->path);
    workdir_remove(w);
    int kernels = job->program->kernels.count;
    Measurement m = {.kernels = NEW_ARRAY(arena, double, kernels + 1),
                     .alone = NEW_ARRAY(arena, double, kernels + 1)};
    for (const char *line = printed; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        read_line(line, job->program, &m);
    }
    progress_clear();
    if (m.runs < 1) die("the benchmark says nothing of its runs");
    return m;
}
