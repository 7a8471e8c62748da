/* In: the path of a model. Out: its Graph, by the reader that the file's extension names; inputs
 * that are to be baked have their values read first. */
#include "bake.h"

#include <errno.h>

static const struct {
    const char *extension;
    Graph *(*read)(Arena *arena, const File *file, const ReadOptions *options, Diags *diags);
} readers[] = {
    {".onnx", read_onnx},
    {".net", read_net},
};

static Graph *read_by_name(Arena *arena, const char *path, const ReadOptions *options, Diags *diags)
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

const int64_t *read_model_dim(const ReadOptions *options, const char *name)
{
    for (int i = 0; i < options->dims.count; i++)
        if (!strcmp(options->dims.items[i].name, name)) return &options->dims.items[i].size;
    return NULL;
}

Graph *read_model_inputs(Arena *arena, const char *path, const ReadOptions *options, Diags *diags)
{
    ReadOptions open = {.dims = options->dims,
                        .lists = options->lists,
                        .import_paths = options->import_paths,
                        .dim_default = 1,
                        .string_bytes = options->string_bytes,
                        .inputs_only = true};
    return read_by_name(arena, path, &open, diags);
}

Graph *read_model(Arena *arena, const char *path, const ReadOptions *options, Diags *diags)
{
    ReadOptions own = *options;
    if (own.bakes.count && !bake_read(arena, path, options, &own, diags)) return NULL;
    return read_by_name(arena, path, &own, diags);
}
