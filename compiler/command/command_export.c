/* netc export: the network as an ONNX model, for every other tool. */
#include "commands.h"
#include "optimise.h"
#include "write_onnx.h"

static int export_model(Job *job)
{
    const Options *o = job->options;
    if (o->optimised) optimise(job->graph, false);
    progress("writing %s", o->output);
    bool good = write_onnx(job->graph, o->output, o->external, job->diags);
    progress_clear();
    report_diags(job, job->diags);
    return good ? EXIT_DONE : EXIT_INPUT;
}

const Command command_export = {
    .name = "export",
    .operands = "FILE -o MODEL.onnx",
    .title = "Writes a network as an ONNX model",
    .help = "Writes FILE (.net or .onnx), with its weights, every type and shape, as an ONNX\n"
            "model. Blocks and repeats are expanded, nodes named by their instance paths;\n"
            "control flow and lists are gone, named dimensions have their sizes, baked inputs\n"
            "are constants. Weights of 2 GB and more, or with --external of any size, go to\n"
            "MODEL.onnx.data.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_EXPORT,
    .needs_output = true,
    .needs = STAGE_INFERRED,
    .run = export_model,
};
