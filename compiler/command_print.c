/* netc print: the graph in the .net language, on standard output or in a file. */
#include "commands.h"

#include <errno.h>
#include <sys/stat.h>

/* Whole or not at all where that can be; a device or pipe is written as it is. */
static bool write_text(const char *path, const Text *text)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return file_write(path, text->data, text->length);
    FILE *file = fopen(path, "w");
    bool good = file && fwrite(text->data, 1, text->length, file) == text->length;
    return file && fclose(file) == 0 && good;
}

static int print(Job *job)
{
    Text text = {0};
    print_net(job->graph, &text);
    const char *path = job->options->output;
    if (!path)
        fwrite(text.data, 1, text.length, stdout);
    else if (!write_text(path, &text))
        die("cannot write %s: %s", path, strerror(errno));
    text_free(&text);
    return EXIT_DONE;
}

const Command command_print = {
    .name = "print",
    .operands = "FILE",
    .title = "Prints a network in the .net language",
    .help = "Writes FILE (.net or .onnx), with every type and shape, as .net text that netc reads\n"
            "back to the same graph: on standard output, or in the file named with -o.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_OUTPUT,
    .needs = STAGE_INFERRED,
    .run = print,
};
