/*
 * In: the path of a file with tensors. Out: the tensors, by the reader of its format; or the other
 * way round. The formats are in files of their own; here is what they share: choosing one, and
 * making bytes of a file usable as elements.
 */
#include "datafile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool datafile_error(Diags *diags, const char *code, const File *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(diags, code, (Source){.file = file}, format, args);
    va_end(args);
    return false;
}

int64_t datafile_bytes(Dtype dtype, int rank, const int64_t *dims)
{
    int64_t elements;
    if (!checked_elements(dims, rank, &elements)) return -1;
    return (int64_t)dtype_bytes(dtype, elements);
}

/* ---- bytes of a file as elements ---- */

static size_t alignment(Dtype dtype)
{
    int bits = dtype_info(dtype)->bits;
    return bits <= 8 ? 1 : bits > 64 ? 8 : (size_t)bits / 8;
}

static bool bools_are_plain(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] > 1) return false;
    return true;
}

/* Copies in steps, giving back the file's pages of each: a large model is in memory once, not
 * twice. */
static void copy_from_file(uint8_t *to, const uint8_t *from, size_t bytes)
{
    enum { STEP = 4 << 20 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t done = 0, step; done < bytes; done += step) {
        step = bytes - done < STEP ? bytes - done : STEP;
        memcpy(to + done, from + done, step);
        uintptr_t begin = ((uintptr_t)(from + done) + page - 1) / page * page;
        uintptr_t end = (uintptr_t)(from + done + step) / page * page;
        if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
}

const void *datafile_copy(Arena *arena, Dtype dtype, int64_t elements, const void *bytes)
{
    size_t count = dtype_bytes(dtype, elements);
    uint8_t *copy = arena_copy(arena, bytes, count);
    for (size_t i = 0; dtype == DT_BOOL && i < count; i++) copy[i] = copy[i] != 0;
    return copy;
}

const void *datafile_adopt(Arena *arena, Dtype dtype, int64_t elements, const uint8_t *bytes)
{
    size_t count = dtype_bytes(dtype, elements);
    if (dtype == DT_BOOL && !bools_are_plain(bytes, count))
        return datafile_copy(arena, dtype, elements, bytes);
    if ((uintptr_t)bytes % alignment(dtype) == 0) return bytes;
    uint8_t *copy = arena_alloc(arena, count);
    copy_from_file(copy, bytes, count);
    return copy;
}

/* ---- choosing a format ---- */

static const char *file_stem(Arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path,
               *dot = strrchr(name, '.');
    return arena_format(arena, "%.*s",
                        (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name)), name);
}

static bool read_npy(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    DataTensor t;
    if (!npy_read(arena, file, &t, diags)) return false;
    t.name = file_stem(arena, file->path);
    LIST_PUSH(arena, out, t);
    return true;
}

static bool read_pb_list(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    DataList list = {0};
    if (!pb_read_list(arena, file, &list, diags)) return false;
    for (int i = 0; i < list.items.count; i++) {
        DataTensor t = list.items.items[i];
        bool several = *list.name && list.items.count > 1;
        t.name = several ? arena_format(arena, "%s_%d", list.name, i) : list.name;
        LIST_PUSH(arena, out, t);
    }
    return true;
}

static bool read_pb(Arena *arena, const File *file, DataTensors *out, Diags *diags)
{
    if (pb_is_list(file)) return read_pb_list(arena, file, out, diags);
    DataTensor t;
    if (!pb_read(arena, file, &t, diags)) return false;
    LIST_PUSH(arena, out, t);
    return true;
}

static const struct {
    const char *ending;
    const char *magic; /* how such files begin; NULL: only the name says it */
    bool (*read)(Arena *arena, const File *file, DataTensors *out, Diags *diags);
} formats[] = {
    {".npy", "\x93NUMPY", read_npy},          {".npz", "PK", npz_read},
    {".safetensors", NULL, safetensors_read}, {".pb", NULL, read_pb},
    {".onnx", NULL, onnx_read_initializers},
};

static bool read_file(Arena *arena, const char *path, DataTensors *out, Diags *diags)
{
    const File *file = file_map(arena, path);
    if (!file)
        return datafile_error(diags, "E0101", NULL, "cannot read %s: %s", path, strerror(errno));
    for (size_t i = 0; i < COUNT(formats); i++)
        if (ends_in(path, formats[i].ending)) return formats[i].read(arena, file, out, diags);
    for (size_t i = 0; i < COUNT(formats); i++) {
        size_t n = formats[i].magic ? strlen(formats[i].magic) : SIZE_MAX;
        if (n <= file->bytes && memcmp(file->data, formats[i].magic, n) == 0)
            return formats[i].read(arena, file, out, diags);
    }
    datafile_error(
        diags, "E0102", file,
        "%s is no file of tensors: .npy, .npz, .safetensors, .pb, .onnx or a folder of .npy", path);
    return false;
}

/* ---- folders ---- */

static int is_npy(const struct dirent *entry) { return ends_in(entry->d_name, ".npy"); }

static bool read_folder(Arena *arena, const char *path, DataTensors *out, Diags *diags)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_npy, alphasort);
    if (count < 0)
        return datafile_error(diags, "E0101", NULL, "cannot read %s: %s", path, strerror(errno));
    if (count == 0) datafile_error(diags, "E0102", NULL, "no .npy in the folder %s", path);
    bool ok = count > 0;
    for (int i = 0; i < count; i++) {
        ok &= read_file(arena, arena_format(arena, "%s/%s", path, entries[i]->d_name), out, diags);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

bool datafile_read(Arena *arena, const char *path, DataTensors *out, Diags *diags)
{
    struct stat st;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return folder ? read_folder(arena, path, out, diags) : read_file(arena, path, out, diags);
}

bool datafile_read_one(Arena *arena, const char *path, DataTensor *out, Diags *diags)
{
    DataTensors all = {0};
    if (!datafile_read(arena, path, &all, diags)) return false;
    if (all.count != 1)
        return datafile_error(diags, "E0102", NULL, "%s holds %d tensors where one is wanted", path,
                              all.count);
    *out = all.items[0];
    return true;
}

/* ---- writing ---- */

static bool make_parts(Arena *arena, const char *path, const DataTensor *tensors, int count,
                       const DataNames *names, FileParts *parts, Diags *diags)
{
    if (ends_in(path, ".safetensors"))
        return safetensors_write(arena, tensors, count, names, parts, diags);
    bool npy = ends_in(path, ".npy");
    if (!npy && !ends_in(path, ".pb"))
        return datafile_error(diags, "E0102", NULL,
                              "cannot write %s: neither .npy, .pb nor .safetensors", path);
    if (count != 1)
        return datafile_error(diags, "E0125", NULL,
                              "cannot write %d tensors to %s, which holds one", count, path);
    return npy ? npy_write(arena, tensors, parts, diags) : pb_write(arena, tensors, parts, diags);
}

bool datafile_write(const char *path, const DataTensor *tensors, int count, Diags *diags)
{
    return datafile_write_named(path, tensors, count, &(DataNames){0}, diags);
}

bool datafile_write_named(const char *path, const DataTensor *tensors, int count,
                          const DataNames *names, Diags *diags)
{
    Arena *arena = arena_new();
    FileParts parts = {0};
    bool ok = make_parts(arena, path, tensors, count, names, &parts, diags);
    if (ok && !file_write_parts(path, parts.items, parts.count))
        ok = datafile_error(diags, "E0101", NULL, "cannot write %s: %s", path, strerror(errno));
    arena_free(arena);
    return ok;
}

bool datafile_read_list(Arena *arena, const char *path, DataList *out)
{
    const File *file = ends_in(path, ".pb") ? file_map(arena, path) : NULL;
    return file && pb_is_list(file) && pb_read_list(arena, file, out, diags_new(arena));
}

void datafile_names(Arena *arena, const char *path, DataNames *out)
{
    const File *file = ends_in(path, ".safetensors") ? file_map(arena, path) : NULL;
    if (file && !safetensors_names(arena, file, out)) *out = (DataNames){0};
}
