/*
 * netc: the pipeline, as the picture in the design draws it.
 *
 *     model.onnx -- read_onnx --+
 *                               +--> Graph -- infer --> shaped Graph -- optimise --> Graph
 *     model.net  -- read_net  --+
 *         -- lower --> Program -- fuse, divide, winograd, bands, layout, schedule, parallel, prefetch --> Program
 *         -- plan --> with addresses
 *         -- emit --> C, header, weights
 *
 * A command says how far it needs the pipeline to run, and works on the result (command_*.c).
 */
#include "commands.h"

#include "extents.h"
#include "layers.h"
#include "optimise.h"
#include "weights.h"
#include "winograd.h"

/* clang-format off */
const Command *const command_list[] = {
    &command_check, &command_summary, &command_compile, &command_build, &command_run, &command_verify,
    &command_bench, &command_graph, &command_report,
    &command_print, &command_fmt, &command_export, &command_explain, &command_lsp,
    &command_ops, &command_targets, NULL};
/* clang-format on */

/* The model's graph with every type and shape known. */
static bool front(Job *job)
{
    const Options *o = job->options;
    progress("reading %s", o->operands[0]);
    job->graph = read_model(job->arena, o->operands[0], &o->read, job->diags);
    if (!job->graph || diags_errors(job->diags)) return false;
    check_graph(job->graph, false);

    progress("inferring shapes");
    if (!infer(job->graph, job->diags) || diags_errors(job->diags)) return false;
    check_graph(job->graph, true);
    return true;
}

/* The program of kernels over planned buffers, ready to be spelled. */
bool stages_go_on(Job *job)
{
    progress("optimising the graph");
    job->own_outputs = job->graph->outputs.count;
    if (!extents_expose(job->graph, job->diags)) return false;
    optimise(job->graph, job->options->exact);
    check_graph(job->graph, true);
    if (job->options->layers) layers_expose(job->graph);
    if (job->options->emit == EMIT_GRAPH) return true;

    progress("generating code");
    Program *p = lower(job->graph, job->options->target, job->diags);
    if (!p || diags_errors(job->diags)) return false;
    p->threads = (int)job->options->threads;
    p->exact = job->options->exact;
    fuse(p);
    if (!p->exact) divide(p);
    weights_narrow(p, job->options->weights_type, job->diags);
    if (!p->exact) winograd(p, job->options->winograd);
    bands(p);
    layout(p);
    schedule(p);
    parallel(p);
    prefetch(p);
    plan(p);
    check_program(p);
    job->program = p;
    return true;
}

bool stages_run(Job *job, Stage to)
{
    return (to < STAGE_INFERRED || front(job)) && (to < STAGE_PLANNED || stages_go_on(job));
}

void stages_report(const Job *job)
{
    progress_clear();
    if (job->options->json && (diags_errors(job->diags) || job->options->command == &command_check))
        diags_print_json(job->diags, stdout);
    else
        report_diags(job, job->diags);
}

/* Weak: a test that runs the stages has a main of its own. */
__attribute__((weak)) int main(int argc, char **argv)
{
    Job job = {.arena = arena_new()};
    job.diags = diags_new(job.arena);
    job.options = options_parse(job.arena, argc, argv);

    const Command *command = job.options->command;
    bool good = stages_run(&job, command->needs);
    stages_report(&job);
    int status = good ? command->run(&job) : EXIT_INPUT;
    progress_clear();
    if (fflush(stdout) != 0 || ferror(stdout)) die("cannot write to standard output");
    arena_free(job.arena);
    return status;
}
