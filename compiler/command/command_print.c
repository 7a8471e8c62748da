/* netc print: the graph in the .net language, on standard output or in a file. */
#include "commands.h"

#include "c_name.h"
#include "print_files.h"

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
                        c_name_from(job->arena, job->graph->name));
}

static int print(Job *job)
{
    bool flat = job->options->flat;
    const char *path = output_path(job);
    if (path && !is_stream(path)) {
        if (print_files(job->graph, flat, path, job->diags)) return EXIT_DONE;
        report_diags(job, job->diags);
        return EXIT_MACHINE;
    }
    Text text;
    print_text(job->graph, flat, &text);
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
    .help = "Writes FILE (.net or .onnx) as .net text from which netc compiles the same C:\n"
            "layers where they make just the same nodes, blocks and repeats where structure\n"
            "is repeated. With -o DIR/NAME.net, or -o DIR/ for the network's own name,\n"
            "weights go to DIR/NAME.safetensors, with the names that FILE gives to nodes and\n"
            "tensors; on standard output both are left out. --flat prints operators alone,\n"
            "under these names, with every type and shape.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT | GROUP_PRINT,
    .needs = STAGE_INFERRED,
    .run = print,
};
