/* In: the path of a model. Out: its Graph, by the reader that the file's extension names. */
#include "graph.h"

#include <errno.h>

static const struct {
    const char *extension;
    Graph *(*read)(Arena *arena, const File *file, const ReadOptions *options, Diags *diags);
} readers[] = {
    {".onnx", read_onnx},
    {".net", read_net},
};

Graph *read_model(Arena *arena, const char *path, const ReadOptions *options, Diags *diags)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    for (size_t i = 0; dot && i < COUNT(readers); i++) {
        if (strcmp(dot, readers[i].extension) != 0) continue;
        const File *file = file_map(arena, path);
        if (file) return readers[i].read(arena, file, options, diags);
        diag_error(diags, "E0101", (Source){0}, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    Diagnostic *d = diag_error(diags, "E0102", (Source){0}, "%s is neither .onnx nor .net", path);
    diag_help(d, "netc tells an ONNX model from a .net file by the ending of its name");
    return NULL;
}
