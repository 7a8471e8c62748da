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

static const char *object_name(Arena *arena, const char *source)
{
    char *object = arena_string(arena, source);
    object[strlen(object) - 1] = 'o';
    return object;
}

static Words compile_words(const Job *job, const char *source)
{
    Words words = cc_words(job->arena, job->options);
    words_add(job->arena, &words,
              arena_format(job->arena, "-c -o %s %s", object_name(job->arena, source), source));
    return words;
}

static Words sources_of(Arena *arena, const Generated *g)
{
    Words sources = {0};
    LIST_PUSH(arena, &sources, g->source);
    for (int i = 0; i < g->text.part_count; i++) LIST_PUSH(arena, &sources, g->parts[i]);
    if (g->assembler) LIST_PUSH(arena, &sources, g->assembler);
    return sources;
}

Words build_objects(Arena *arena, const Generated *g)
{
    Words names = sources_of(arena, g);
    for (int i = 0; i < names.count; i++) names.items[i] = object_name(arena, names.items[i]);
    return names;
}

/* All sources at once, the parts first: they take longest. */
static void compile_all(const Job *job, const Generated *g, const Workdir *w)
{
    Words sources = sources_of(job->arena, g);
    Words *commands = NEW_ARRAY(job->arena, Words, sources.count);
    for (int i = 0; i < sources.count; i++)
        commands[sources.count - 1 - i] = compile_words(job, sources.items[i]);
    progress("compiling %s", g->source);
    tools_run(job->arena, "the C compiler", commands, sources.count, w->path);
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
    static const char source[] = "netc_main.c";
    write_program(w, source);
    Words words = compile_words(job, source);
    tool_run(job->arena, "the C compiler", &words, w->path);
    return object_name(job->arena, source);
}

const char *build_bench(const Job *job, const Workdir *w)
{
    write_program(w, "netc_bench.c");
    Words words = cc_words(job->arena, job->options);
    words_add(job->arena, &words,
              arena_format(job->arena, "-DNETC_HEADER=\"%s\" netc_bench.c -o netc_bench -lm -ldl",
                           job->options->target->header));
    tool_run(job->arena, "the C compiler", &words, w->path);
    return "./netc_bench";
}

void build(const Job *job, const Generated *g, BuildKind kind, const Workdir *w, const char *result)
{
    Words objects = build_objects(job->arena, g);
    progress("writing the generated code");
    generated_write(g, w, !g->options.bundle);
    compile_all(job, g, w);
    switch (kind) {
    case BUILD_PROGRAM:
        LIST_PUSH(job->arena, &objects, compile_main(job, w));
        link_objects(job, w, &objects, "", result, "-lm");
        break;
    case BUILD_SHARED: link_objects(job, w, &objects, "-shared", result, "-lm"); break;
    case BUILD_ARCHIVE: archive_objects(job, w, &objects, result); break;
    case BUILD_OBJECT: link_objects(job, w, &objects, "-r -nostdlib", result, ""); break;
    }
}
