/*
 * In: the external_data entries of a TensorProto. Out: the bytes they name, in a mapped file. The
 * location comes from an untrusted model: it must lead to a regular file in the model's folder or
 * below it, links followed.
 */
#include "onnx_tensor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

typedef struct External {
    const char *location;
    int64_t offset, length; /* length -1: not given */
} External;

static bool PRINTF(3, 4) external_error(OnnxFile *f, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(f->diags, "E0105", where, format, args);
    va_end(args);
    return false;
}

/* A decimal number of bytes; -1 when it is none. */
static int64_t parse_bytes(const char *text)
{
    int64_t value = 0;
    if (!*text) return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return -1;
        if (!checked_mul(value, 10, &value) || !checked_add(value, *text - '0', &value)) return -1;
    }
    return value;
}

static bool read_entries(OnnxFile *f, const Onnx__TensorProto *t, Source where, External *e)
{
    *e = (External){.length = -1};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key, *value = t->external_data[i]->value;
        if (!key || !value)
            return external_error(f, where, "external data with an entry without %s",
                                  key ? "value" : "key");
        int64_t *number = strcmp(key, "offset") == 0   ? &e->offset
                          : strcmp(key, "length") == 0 ? &e->length
                                                       : NULL;
        if (strcmp(key, "location") == 0) e->location = value;
        if (number && (*number = parse_bytes(value)) < 0)
            return external_error(f, where, "external data with %s '%s', not a number of bytes",
                                  key, value);
    }
    return (e->location && *e->location) ||
           external_error(f, where, "external data without a location");
}

/* Relative, and no step upwards, before the file system is asked anything. */
static bool location_is_plain(const char *location)
{
    if (location[0] == '/') return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0)) return false;
    }
    return true;
}

/* The path of the location with all links followed, when that is inside the folder. */
static const char *resolve(OnnxFile *f, Source where, const char *location)
{
    const char *slash = strrchr(f->file->path, '/');
    const char *folder =
        slash ? arena_format(f->arena, "%.*s", (int)(slash - f->file->path + 1), f->file->path)
              : "./";
    char root[PATH_MAX], path[PATH_MAX];
    bool found =
        realpath(folder, root) && realpath(arena_format(f->arena, "%s%s", folder, location), path);
    if (!found) {
        external_error(f, where, "external data in '%s': %s", location, strerror(errno));
        return NULL;
    }
    size_t length = strlen(root);
    if (length == 1) length = 0; /* the root folder: its slash is the separator */
    if (strncmp(root, path, length) != 0 || path[length] != '/') {
        external_error(f, where, "external data in '%s', which is a link out of the model's folder",
                       location);
        return NULL;
    }
    return arena_string(f->arena, path);
}

static const File *map_location(OnnxFile *f, Source where, const char *location)
{
    if (!f->external) f->external = map_new(f->arena);
    const File *file = map_get(f->external, location);
    if (file) return file;
    if (!location_is_plain(location)) {
        external_error(f, where, "external data in '%s', outside the model's folder", location);
        return NULL;
    }
    const char *path = resolve(f, where, location);
    if (!path) return NULL;
    file = file_map(f->arena, path);
    if (!file)
        external_error(f, where, "external data in '%s': %s", location, strerror(errno));
    else
        map_set(f->external, arena_string(f->arena, location), (void *)file);
    return file;
}

const uint8_t *onnx_external_data(OnnxFile *f, const Onnx__TensorProto *t, Source where,
                                  int64_t bytes)
{
    External e;
    if (!read_entries(f, t, where, &e)) return NULL;
    const File *file = map_location(f, where, e.location);
    if (!file) return NULL;
    if (e.length >= 0 && e.length != bytes) {
        external_error(f, where, "external data of %lld bytes, but the tensor takes %lld",
                       (long long)e.length, (long long)bytes);
        return NULL;
    }
    if ((uint64_t)e.offset > file->bytes || (uint64_t)bytes > file->bytes - (uint64_t)e.offset) {
        external_error(f, where, "external data from byte %lld, %lld bytes, but '%s' has %zu",
                       (long long)e.offset, (long long)bytes, e.location, file->bytes);
        return NULL;
    }
    return file->data + e.offset;
}
