/* netc build: generated code through the C compiler, into a program, an archive, an object or a
 * shared library. */
#include "build.h"

/* What goes beside the result: weights that are read at run time; for code to link with, its
 * headers. */
static void plan_companions(const Generated *g, BuildKind kind, Workdir *w)
{
    bool linked = kind == BUILD_ARCHIVE || kind == BUILD_OBJECT;
    const char *const names[] = {
        g->options.weights == WEIGHTS_FILE ? g->weights : NULL,
        linked ? g->header : NULL,
        linked && !g->options.bundle ? "netc.h" : NULL,
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i])
            workdir_plan(w, names[i], arena_format(w->arena, "%s/%s", w->parent, names[i]));
}

static int build_command(Job *job)
{
    if (job->options->emit != EMIT_FILES) return generate_print_stage(job);
    const char *place = job->options->output;
    BuildKind kind = build_kind(place);
    const Generated *g = generate(job, kind == BUILD_SHARED || kind == BUILD_PROGRAM, true);
    Workdir *w = workdir_beside(job->arena, place);
    const char *result = "netc-result"; /* no generated file has a '-' in its name */
    workdir_plan(w, result, place);
    plan_companions(g, kind, w);
    build(job, g, kind, w, result);
    workdir_publish(w);
    return EXIT_DONE;
}

const Command command_build = {
    .name = "build",
    .operands = "FILE -o OUT",
    .title = "Compiles a network to a program, an archive, an object or a shared library",
    .help = "OUT.so, OUT.a and OUT.o are a shared library (it exports netc_entry), an\n"
            "archive and an object; any other OUT is a program that reads its inputs from\n"
            ".npy or raw files and writes its outputs (OUT --help). Beside OUT go the\n"
            "header, for .a and .o, and NAME.weights for `--weights file`.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_CODE | GROUP_SOURCE | GROUP_CC,
    .needs_output = true,
    .needs = STAGE_PLANNED,
    .run = build_command,
};
