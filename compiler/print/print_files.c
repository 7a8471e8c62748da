/*
 * In: an inferred graph, and where it is to go. Out: NAME.net, and NAME.safetensors beside it with
 * the weights, and with the names that nodes and tensors have in the graph where instance paths are
 * others.
 */
#include "print_structure.h"

#include "print_files.h"

#include <errno.h>

/* Operators alone: the weights are the graph's tensors, under their names. */
static void print_flat(const Graph *g, const char *weights_file, PrintedNet *out)
{
    Tensors weights = {0};
    *out = (PrintedNet){0};
    print_net(g, weights_file, &weights, &out->text);
    for (int i = 0; i < weights.count; i++) {
        const Tensor *t = weights.items[i];
        DataTensor data = {.name = t->name, .dtype = t->dtype, .rank = t->rank, .data = t->data};
        memcpy(data.dims, t->dims, (size_t)t->rank * sizeof *t->dims);
        LIST_PUSH(g->arena, &out->weights, data);
    }
}

static void print_either(Graph *g, bool flat, const char *weights_file, PrintedNet *out)
{
    if (flat || !print_structure(g, weights_file, out)) print_flat(g, weights_file, out);
}

void print_text(Graph *g, bool flat, Text *out)
{
    PrintedNet net;
    print_either(g, flat, NULL, &net);
    *out = net.text;
}

bool print_files(Graph *g, bool flat, const char *path, Diags *diags)
{
    size_t length = strlen(path);
    bool net_ending = length > 4 && strcmp(path + length - 4, ".net") == 0;
    const char *weights_path =
        arena_format(g->arena, "%.*s.safetensors", (int)(net_ending ? length - 4 : length), path);
    const char *slash = strrchr(weights_path, '/');
    PrintedNet net;
    print_either(g, flat, slash ? slash + 1 : weights_path, &net);
    bool beside = net.weights.count || net.names.count;
    bool ok = !beside || datafile_write_named(weights_path, net.weights.items, net.weights.count,
                                              &net.names, diags);
    if (ok && !file_write(path, net.text.data, net.text.length))
        ok = datafile_error(diags, "E0101", NULL, "cannot write %s: %s", path, strerror(errno));
    text_free(&net.text);
    return ok;
}
