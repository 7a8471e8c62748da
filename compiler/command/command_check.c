/* netc check: the pipeline up to infer has run and found no error; says so. */
#include "commands.h"

static int check(Job *job)
{
    const Graph *g = job->graph;
    int64_t parameters = 0;
    for (int i = 0; i < g->tensors.count; i++)
        if (g->tensors.items[i]->kind == TENSOR_PARAM && g->tensors.items[i]->trainable)
            parameters += tensor_elements(g->tensors.items[i]);
    if (!job->options->json)
        printf("%s: %s is well formed: %d nodes, %lld parameters\n", job->options->operands[0],
               g->name, g->nodes.count, (long long)parameters);
    return EXIT_DONE;
}

const Command command_check = {
    .name = "check",
    .operands = "FILE",
    .title = "Checks a network's syntax, types and shapes",
    .help = "Reads FILE (.net or .onnx), infers every type and shape, and reports all\n"
            "mistakes. Needs no weights. The exit code is 0 when the network is well\n"
            "formed, else 1. With --json the diagnostics go to standard output as JSON.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_JSON,
    .needs = STAGE_INFERRED,
    .run = check,
};
