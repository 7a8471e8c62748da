/*
 * netc summary: a row for each layer of an inferred graph, and the totals. Nothing is optimised
 * away before: the table shows the network as it was written. How rows are spelled is in
 * summary_text.c.
 */
#include "summary.h"

#include "commands.h"

/* Layers in the order of execution; or, as a tree, instances with what is in them. */
static SummaryRows make_rows(Arena *arena, const FigureTable *t, bool tree)
{
    SummaryRows rows = {0};
    for (int i = 0; tree && i < t->instances.count; i++) {
        const Instance *in = t->instances.items[i];
        SummaryRow row = {
            .label = in->name, .figures = &t->of_instances[i], .depth = in->depth - 1};
        LIST_PUSH(arena, &rows, row);
    }
    for (int i = 0; !tree && i < t->nodes.count; i++) {
        const Node *node = t->nodes.items[i];
        SummaryRow row = {.label = node->name, .figures = &t->layers[i]};
        LIST_PUSH(arena, &rows, row);
    }
    return rows;
}

static int summary(Job *job)
{
    const Options *o = job->options;
    const FigureTable *t = figures(job->arena, job->graph);
    SummaryRows rows = make_rows(job->arena, t, !o->flat && !o->csv);
    Text out = {0};
    if (o->json)
        summary_json(t, &out);
    else if (o->csv)
        summary_csv(job->arena, &rows, &out);
    else if (o->markdown)
        summary_markdown(job->arena, t, &rows, &out);
    else
        summary_table(job->arena, t, &rows, &out);
    fwrite(out.data, 1, out.length, stdout);
    text_free(&out);
    return EXIT_DONE;
}

const Command command_summary = {
    .name = "summary",
    .operands = "FILE",
    .title = "Tabulates a network's layers, parameters and multiply-adds",
    .help = "The rows are the tree of instances, each with the sums of what is in it; with\n"
            "--flat, and in CSV, the layers in the order of execution. KERNEL is the window,\n"
            "/ its stride, g groups, d dilation. PARAMETERS counts what is learned (not\n"
            "running statistics). FIELD is the receptive field: how much of the input,\n"
            "along each spatial dimension, one element of the output can depend on; `all`\n"
            "where it depends on everything. WEIGHT BYTES include running statistics.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_JSON | GROUP_CSV | GROUP_TABLE,
    .needs = STAGE_INFERRED,
    .run = summary,
};
