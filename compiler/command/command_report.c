/* netc report: one page of everything that is known of a network and of what was made of it. */
#include "commands.h"
#include "report.h"
#include "rounding.h"

#include <errno.h>

enum { LARGEST_DRAWING = 4000 }; /* boxes; a page with more is no help */

static void add_drawing(Job *job, Report *r, const char *title, Drawing *d)
{
    if (d->boxes.count > LARGEST_DRAWING) return;
    drawing_place(d);
    ReportDrawing entry = {title, d};
    LIST_PUSH(job->arena, &r->drawings, entry);
}

/* Before the graph is optimised. With an overview where there are blocks, of those that are so many
 * that it says something. */
static void draw_layers(Job *job, Report *r)
{
    enum { ENOUGH = 8, DEEPEST = 4 };
    Drawing *all = drawing_of_graph(job->arena, r->written, 0), *blocks = all;
    for (int depth = 1; depth <= DEEPEST; depth++) {
        blocks = drawing_of_graph(job->arena, r->written, depth);
        if (blocks->boxes.count >= ENOUGH) break;
    }
    if (blocks->boxes.count < all->boxes.count) add_drawing(job, r, "Blocks", blocks);
    add_drawing(job, r, "Layers", all);
}

static void draw_kernels(Job *job, Report *r)
{
    const FigureTable *t = figures(job->arena, job->graph);
    add_drawing(job, r, "Kernels", drawing_of_program(job->arena, t, job->program));
}

/* Parameters are of no interest here, but the program that is made of them is. */
static bool collect(Job *job, Report *r)
{
    job->options->read.init = true;
    bool good = stages_run(job, STAGE_INFERRED);
    if (good) {
        r->written = figures(job->arena, job->graph);
        draw_layers(job, r);
        good = stages_go_on(job);
    }
    stages_report(job);
    if (!good) return false;
    r->program = job->program;
    draw_kernels(job, r);
    return true;
}

/* Compiles and runs, where weights are rounded. */
static int measure_rounding(const Job *job, Report *r)
{
    r->weights_type = weights_type_names[job->options->weights_type];
    if (job->options->weights_type == WEIGHTS_F32) return EXIT_DONE;
    Library library = library_get(job);
    int status = rounding_measure(job, &library, &r->rounding);
    library_release(&library);
    return status;
}

static int report(Job *job)
{
    const Options *o = job->options;
    Report r = {.file = o->operands[0], .version = NETC_VERSION};
    if (!collect(job, &r)) return EXIT_INPUT;
    if (o->profile_file) {
        const char *error = NULL;
        r.profile = profile_read(job->arena, o->profile_file, job->program, &error);
        if (!r.profile) return input_error("profile %s: %s", o->profile_file, error);
    }
    int status = measure_rounding(job, &r);
    if (status != EXIT_DONE) return status;
    Text page = {0};
    report_page(job->arena, &r, &page);
    if (!file_write(o->output, page.data, page.length))
        die("cannot write %s: %s", o->output, strerror(errno));
    text_free(&page);
    return EXIT_DONE;
}

const Command command_report = {
    .name = "report",
    .operands = "FILE -o PAGE.html",
    .title = "Writes a page about a network and the code made of it",
    .help = "One HTML file that needs no other and no network: the graph, the table of\n"
            "layers, where the work is, the memory plan against its lower bound, and which\n"
            "layers became one kernel, with its schedule. With --profile also the time of\n"
            "each kernel, as `netc bench FILE --profile --json >PROFILE` measured it with\n"
            "the same options. Parameters without weights are taken as random. With\n"
            "--weights-type the network is compiled and run with and without, and the page\n"
            "says how far rounding moves each output, on --input or on random numbers.\n",
    .least = 1,
    .most = 1,
    .needs_output = true,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_CODE | GROUP_CC | GROUP_RUN |
              GROUP_INPUT | GROUP_REPORT,
    .run = report,
};
