/* Compiling generated files in a folder and linking them into one result. */
#include "build.h"

#include "toolchain.h"

#include <stdlib.h>

BuildKind build_kind(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".o") == 0) return BUILD_OBJECT;
    if (dot && strcmp(dot, ".a") == 0) return BUILD_ARCHIVE;
    if (dot && strcmp(dot, ".so") == 0) return BUILD_SHARED;
    return BUILD_PROGRAM;
}

/* The object of a source file, compiled in the folder; its name. */
static const char *compile_one(const Job *job, const Workdir *w, const char *source,
                               const char *more)
{
    Words words = cc_words(job->arena, job->options);
    char *object = arena_string(job->arena, source);
    object[strlen(object) - 1] = 'o';
    words_add(job->arena, &words, more);
    words_add(job->arena, &words, arena_format(job->arena, "-c -o %s %s", object, source));
    progress("compiling %s", source);
    tool_run(job->arena, "the C compiler", &words, w->path);
    return object;
}

static void add_objects(const Job *job, Words *words, const Words *objects)
{
    for (int i = 0; i < objects->count; i++) LIST_PUSH(job->arena, words, objects->items[i]);
}

static void link_objects(const Job *job, const Workdir *w, const Words *objects, const char *how,
                         const char *result, const char *libraries)
{
    Words words = cc_words(job->arena, job->options);
    words_add(job->arena, &words, how);
    words_add(job->arena, &words, arena_format(job->arena, "-o %s", result));
    add_objects(job, &words, objects);
    words_add(job->arena, &words, libraries);
    progress("linking");
    tool_run(job->arena, "the C compiler", &words, w->path);
}

static void archive_objects(const Job *job, const Workdir *w, const Words *objects,
                            const char *result)
{
    Words words = {0};
    const char *ar = getenv("AR");
    words_add(job->arena, &words, ar && *ar ? ar : "ar");
    words_add(job->arena, &words,
              arena_format(job->arena, "rcsD %s", result)); /* D: the same bytes every time */
    add_objects(job, &words, objects);
    tool_run(job->arena, "the archiver", &words, w->path);
}

/* A program of the runtime, with all headers, into the folder. */
static void write_program(const Workdir *w, const char *name)
{
    for (const CarriedFile *f = runtime_files; f->name; f++)
        if (strcmp(f->name, name) == 0 || f->name[strlen(f->name) - 1] == 'h')
            workdir_write(w, f->name, f->data, f->bytes);
}

/* The stand-alone main reaches the network through netc_entry, as any other tool does. */
static const char *compile_main(const Job *job, const Workdir *w)
{
    write_program(w, "netc_main.c");
    return compile_one(job, w, "netc_main.c", "");
}

const char *build_bench(const Job *job, const Workdir *w)
{
    write_program(w, "netc_bench.c");
    Words words = cc_words(job->arena, job->options);
    words_add(job->arena, &words,
              arena_format(job->arena, "-DNETC_HEADER=\"%s\" netc_bench.c -o netc_bench -lm -ldl",
                           job->options->target->header));
    tool_run(job->arena, "the C compiler", &words, w->path);
    return workdir_file(w, "netc_bench");
}

void build(const Job *job, const Generated *g, BuildKind kind, const Workdir *w, const char *result)
{
    Words objects = {0};
    progress("writing the generated code");
    generated_write(g, w, !g->options.bundle);
    const char *object = compile_one(job, w, g->source, "");
    LIST_PUSH(job->arena, &objects, object);
    if (g->assembler) {
        object = compile_one(job, w, g->assembler, "");
        LIST_PUSH(job->arena, &objects, object);
    }
    switch (kind) {
    case BUILD_PROGRAM:
        object = compile_main(job, w);
        LIST_PUSH(job->arena, &objects, object);
        link_objects(job, w, &objects, "", result, "-lm");
        break;
    case BUILD_SHARED: link_objects(job, w, &objects, "-shared", result, "-lm"); break;
    case BUILD_ARCHIVE: archive_objects(job, w, &objects, result); break;
    case BUILD_OBJECT: link_objects(job, w, &objects, "-r -nostdlib", result, ""); break;
    }
}
