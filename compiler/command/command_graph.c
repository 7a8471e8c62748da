/* netc graph: a network as a picture, in DOT or SVG: as written, optimised, or in kernels. */
#include "commands.h"
#include "drawing.h"
#include "toolchain.h"
#include "workdir.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether a program of that name is in a folder of PATH. */
static bool is_installed(Arena *arena, const char *name)
{
    const char *at = getenv("PATH");
    while (at && *at) {
        int length = (int)strcspn(at, ":");
        if (length && access(arena_format(arena, "%.*s/%s", length, at, name), X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

static void write_file(const char *path, const Text *text)
{
    if (!file_write(path, text->data, text->length))
        die("cannot write %s: %s", path, strerror(errno));
}

static void graphviz(Job *job, const Drawing *d, const char *path)
{
    Arena *arena = job->arena;
    Text text = {0};
    drawing_dot(d, &text);
    Workdir *w = workdir_beside(arena, path);
    workdir_write(w, "graph.dot", text.data, text.length);
    text_free(&text);
    Words words = {0};
    words_add(arena, &words, "dot -Tsvg -o graph.svg graph.dot");
    progress("placing the graph with Graphviz");
    tool_run(arena, "Graphviz", &words, w->path);
    progress_clear();
    workdir_plan(w, "graph.svg", path);
    workdir_publish(w);
}

static void write_svg(Job *job, Drawing *d, const char *path)
{
    int layout = job->options->drawing;
    if (job->options->outline && layout == LAYOUT_AUTO)
        layout = LAYOUT_NETC; /* bodies are its own */
    bool present = layout != LAYOUT_NETC && is_installed(job->arena, "dot");
    if (layout == LAYOUT_DOT && !present)
        die("Graphviz is not installed: there is no `dot` in PATH (Debian: graphviz); "
            "--layout netc draws without it");
    if (present) {
        graphviz(job, d, path);
        return;
    }
    if (layout == LAYOUT_AUTO)
        fprintf(stderr, "netc: note: Graphviz is not installed; drawn with netc's own layout\n");
    Text text = {0};
    drawing_place(d);
    drawing_svg(d, true, &text);
    write_file(path, &text);
    text_free(&text);
}

static void write_dot(const Drawing *d, const char *path)
{
    Text text = {0};
    drawing_dot(d, &text);
    if (path)
        write_file(path, &text);
    else
        fwrite(text.data, 1, text.length, stdout);
    text_free(&text);
}

/* Optimising folds parameters, so they need values; which ones a drawing does not show. */
static bool make_drawing(Job *job, Drawing **d)
{
    Options *o = job->options;
    bool compiles = o->optimised || o->kernels;
    if (compiles) o->read.init = true;
    if (o->optimised && !o->kernels) o->emit = EMIT_GRAPH;
    bool good = stages_run(job, compiles ? STAGE_PLANNED : STAGE_INFERRED);
    stages_report(job);
    if (!good) return false;
    const FigureTable *t = figures(job->arena, job->graph);
    if (o->kernels)
        *d = drawing_of_program(job->arena, t, job->program);
    else if (o->outline)
        *d = drawing_outline(job->arena, t);
    else
        *d = drawing_of_graph(job->arena, t, (int)min64(o->depth, INT32_MAX));
    return true;
}

static int graph(Job *job)
{
    const char *path = job->options->output;
    bool svg = path && ends_in(path, ".svg");
    if (path && !svg && !ends_in(path, ".dot") && !ends_in(path, ".gv")) {
        fprintf(stderr, "netc: -o wants a name in .svg, .dot or .gv, not '%s'\n", path);
        return EXIT_USAGE;
    }
    Drawing *d;
    if (!make_drawing(job, &d)) return EXIT_INPUT;
    if (svg)
        write_svg(job, d, path);
    else
        write_dot(d, path);
    return EXIT_DONE;
}

const Command command_graph = {
    .name = "graph",
    .operands = "FILE",
    .title = "Draws a network, in DOT or SVG",
    .help = "Boxes are layers, frames are instances of blocks. Writes DOT on standard output,\n"
            "or what -o names: .dot, .gv or .svg. An SVG is placed by Graphviz where it is\n"
            "installed, else by netc itself; --layout says which. --optimised and --kernels\n"
            "take random parameters where there are no weights, --outline is placed by netc.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_CODE | GROUP_DRAWING,
    .needs = STAGE_NONE,
    .run = graph,
};
