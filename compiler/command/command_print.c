/* netc print: the graph in the .net language, on standard output or in a file. */
#include "commands.h"
#include "generate.h"

#include <errno.h>
#include <sys/stat.h>

/* A device or a pipe: no file beside it, and nothing to replace. */
static bool is_stream(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* -o FILE; of a folder, the network's name in it. NULL: standard output. */
static const char *output_path(const Job *job)
{
    const char *path = job->options->output;
    struct stat status;
    size_t length = path ? strlen(path) : 0;
    bool slash = length && path[length - 1] == '/';
    if (!path || (!slash && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)))) return path;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        die("cannot make %s: %s", path, strerror(errno));
    return arena_format(job->arena, "%s%s%s.net", path, slash ? "" : "/",
                        make_identifier(job->arena, job->graph->name));
}

static int print(Job *job)
{
    const char *path = output_path(job);
    if (path && !is_stream(path)) {
        if (print_net_files(job->graph, path, job->diags)) return EXIT_DONE;
        report_diags(job, job->diags);
        return EXIT_MACHINE;
    }
    Text text = {0};
    print_net(job->graph, NULL, NULL, &text);
    FILE *file = path ? fopen(path, "w") : stdout;
    bool good = file && fwrite(text.data, 1, text.length, file) == text.length;
    if (path && file) good &= fclose(file) == 0;
    if (!good) die("cannot write %s: %s", path ? path : "standard output", strerror(errno));
    text_free(&text);
    return EXIT_DONE;
}

const Command command_print = {
    .name = "print",
    .operands = "FILE",
    .title = "Prints a network in the .net language",
    .help = "Writes FILE (.net or .onnx), with every type and shape, as .net text that netc\n"
            "reads back to the same graph: what is compiled from it is the same C. With\n"
            "-o DIR/NAME.net, or -o DIR/ for the network's own name, long weights go to\n"
            "DIR/NAME.safetensors; on standard output they are left out.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT,
    .needs = STAGE_INFERRED,
    .run = print,
};
