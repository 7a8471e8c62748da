/* netc compile: the generated C, header and weights, with the runtime's files they include, in a
 * folder. */
#include "generate.h"

static int compile(Job *job)
{
    if (job->options->emit != EMIT_FILES) return generate_print_stage(job);
    const char *folder = job->options->output;
    const Generated *g = generate(job, false, false);
    bool parts = !job->options->bundle;
    progress("writing %s", folder);
    Workdir *w = workdir_make(job->arena, folder);
    for (const char *const *name = generated_files(job->arena, g, parts); *name; name++)
        workdir_plan(w, *name, arena_format(job->arena, "%s/%s", folder, *name));
    generated_write(g, w, parts);
    workdir_publish(w);
    return EXIT_DONE;
}

const Command command_compile = {
    .name = "compile",
    .operands = "FILE -o DIR",
    .title = "Compiles a network to C",
    .help = "Writes NAME.c and NAME.h into DIR, the runtime files they include, and, unless\n"
            "the weights are inline, NAME.weights (with NAME_weights.S for `--weights\n"
            "object`). NAME is the network's name, for an ONNX file the file's, or\n"
            "--prefix. With --emit one stage of the compilation is printed instead, and -o\n"
            "is not needed.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_CODE | GROUP_SOURCE,
    .needs_output = true,
    .needs = STAGE_PLANNED,
    .run = compile,
};
