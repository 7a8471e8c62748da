/* Finding, reading and matching the files that a network is run on. */
#include "dataset.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- the words of the command line ---- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* input_0.pb, input_1.pb, ... of a folder. */
static void find_numbered(Arena *arena, const char *folder, const char *stem, FileNames *out)
{
    for (int i = 0;; i++) {
        const char *path = arena_format(arena, "%s/%s_%d.pb", folder, stem, i);
        if (access(path, F_OK) != 0) path = arena_format(arena, "%s/%s_%d.npy", folder, stem, i);
        if (access(path, F_OK) != 0) return;
        LIST_PUSH(arena, out, path);
    }
}

static void split_list(Arena *arena, const char *text, size_t length, FileNames *out)
{
    const char *end = text + length;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        size_t n = (size_t)((comma ? comma : end) - text);
        const char *word = arena_format(arena, "%.*s", (int)n, text);
        if (n) LIST_PUSH(arena, out, word);
        text += n + 1;
    }
}

/* The dataset that starts at words[0]; the number of words it takes, 0 when it is none. */
static int parse_one(Arena *arena, const char *const *words, int count, Dataset *d)
{
    const char *word = words[0], *colon = strchr(word, ':');
    d->name = word;
    if (is_folder(word)) {
        find_numbered(arena, word, "input", &d->inputs);
        find_numbered(arena, word, "output", &d->outputs);
        return d->outputs.count > 0;
    }
    if (ends_with(word, ".in.npy") && count > 1 && ends_with(words[1], ".out.npy")) {
        LIST_PUSH(arena, &d->inputs, word);
        LIST_PUSH(arena, &d->outputs, words[1]);
        return 2;
    }
    if (!colon) return 0;
    split_list(arena, word, (size_t)(colon - word), &d->inputs);
    split_list(arena, colon + 1, strlen(colon + 1), &d->outputs);
    return d->outputs.count > 0;
}

bool datasets_parse(Arena *arena, const char *const *words, int count, Datasets *out)
{
    for (int i = 0; i < count;) {
        Dataset d = {0};
        int taken = parse_one(arena, words + i, count - i, &d);
        if (taken == 0) {
            input_error(
                is_folder(words[i])
                    ? "the folder %s has no output_0.pb or output_0.npy"
                    : "%s is no dataset: a folder of input_K.pb and output_K.pb, a pair X.in.npy "
                      "X.out.npy, or IN,...:OUT,...",
                words[i]);
            return false;
        }
        LIST_PUSH(arena, out, d);
        i += taken;
    }
    return true;
}

/* ---- reading and matching ---- */

typedef struct NamedTensor {
    const char *name; /* behind NAME=; NULL: none given */
    const char *path;
    DataTensor tensor;
    bool placed;
} NamedTensor;
typedef LIST(NamedTensor) NamedTensors;

static bool read_files(Arena *arena, const FileNames *files, NamedTensors *out, Diags *diags)
{
    bool good = true;
    for (int i = 0; i < files->count; i++) {
        const char *path = files->items[i], *equals = strchr(path, '='), *name = NULL;
        if (equals && access(path, F_OK) != 0) {
            name = arena_format(arena, "%.*s", (int)(equals - path), path);
            path = equals + 1;
        }
        DataTensors read = {0};
        good &= datafile_read(arena, path, &read, diags);
        for (int k = 0; k < read.count; k++) {
            NamedTensor t = {name, path, read.items[k], false};
            if (ends_with(path, ".npy"))
                t.tensor.name = ""; /* a file's stem is no name of a tensor */
            LIST_PUSH(arena, out, t);
        }
    }
    return good;
}

static int find_wanted(Tensor *const *wanted, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(wanted[i]->name, name) == 0) return i;
    return -1;
}

/* Gives each wanted tensor its place in `read`, or leaves it NULL. Returns one whose NAME= is not
 * wanted, or NULL. */
static const NamedTensor *place(NamedTensors *read, Tensor *const *wanted, int count,
                                NamedTensor **placed)
{
    bool by_name = true;
    for (int i = 0; i < read->count; i++) {
        NamedTensor *t = &read->items[i];
        int at = find_wanted(wanted, count, t->name ? t->name : t->tensor.name);
        if (t->name && at < 0) return t;
        by_name &= at >= 0;
    }
    for (int pass = 0; pass < 2; pass++) {
        int next = 0;
        for (int i = 0; i < read->count; i++) {
            NamedTensor *t = &read->items[i];
            bool named = t->name || by_name;
            if (named != (pass == 0)) continue;
            while (next < count && placed[next]) next++;
            int at = named ? find_wanted(wanted, count, t->name ? t->name : t->tensor.name) : next;
            if (at >= count || placed[at]) continue;
            placed[at] = t;
            t->placed = true;
        }
    }
    return NULL;
}

static bool fits(const Job *job, const NamedTensor *t, const Tensor *wanted, const char *what)
{
    const DataTensor *d = &t->tensor;
    bool same =
        d->dtype == wanted->dtype && d->rank == wanted->rank &&
        (d->rank == 0 || memcmp(d->dims, wanted->dims, (size_t)d->rank * sizeof *d->dims) == 0);
    if (!same)
        input_error("%s: %s '%s' is %s here, but %s in the network", t->path, what, wanted->name,
                    arena_format(job->arena, "%s %s", dtype_name(d->dtype),
                                 dims_text(job->arena, d->dims, d->rank)),
                    arena_format(job->arena, "%s %s", dtype_name(wanted->dtype),
                                 dims_text(job->arena, wanted->dims, wanted->rank)));
    return same;
}

bool dataset_read(const Job *job, const FileNames *files, Tensor *const *wanted, int count,
                  const char *what, DataTensor *out)
{
    Diags *diags = diags_new(job->arena);
    NamedTensors read = {0};
    bool good = read_files(job->arena, files, &read, diags);
    report_diags(job, diags);
    NamedTensor **placed = NEW_ARRAY(job->arena, NamedTensor *, count + 1);
    if (!good) return false;
    const NamedTensor *stray = place(&read, wanted, count, placed);
    if (stray) {
        input_error("the network has no %s '%s' for %s", what, stray->name, stray->path);
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!placed[i]) {
            input_error("%s '%s' (%s) has no file", what, wanted[i]->name,
                        tensor_type_text(job->arena, wanted[i]));
            good = false;
        } else {
            good &= fits(job, placed[i], wanted[i], what);
            out[i] = placed[i]->tensor;
        }
    }
    for (int i = 0; i < read.count; i++)
        if (!read.items[i].placed) {
            input_error("%s: one %s too many; the network has %d", read.items[i].path, what, count);
            good = false;
        }
    return good;
}

/* ---- named dimensions ---- */

static bool dim_given(const ReadOptions *o, const char *name)
{
    for (int i = 0; i < o->dims.count; i++)
        if (strcmp(o->dims.items[i].name, name) == 0) return true;
    return false;
}

static void bind_dims_of(Arena *arena, ReadOptions *o, const Tensor *t, const DataTensor *data)
{
    for (int d = 0; t->dim_names && t->rank == data->rank && d < t->rank; d++) {
        if (!t->dim_names[d] || dim_given(o, t->dim_names[d]) || data->dims[d] < 1) continue;
        struct DimOption dim = {arena_string(arena, t->dim_names[d]), data->dims[d]};
        LIST_PUSH(arena, &o->dims, dim);
    }
}

void dataset_bind_dims(const Job *job, const FileNames *inputs)
{
    ReadOptions *o = &job->options->read;
    if (o->dim_default) return;
    Arena *scratch = arena_new();
    Diags *diags = diags_new(scratch);
    ReadOptions guess = {.dims = o->dims, .dim_default = 1};
    Graph *g = read_model(scratch, job->options->operands[0], &guess, diags);
    NamedTensors read = {0};
    if (g && read_files(scratch, inputs, &read, diags)) {
        NamedTensor **placed = NEW_ARRAY(scratch, NamedTensor *, g->inputs.count + 1);
        if (!place(&read, g->inputs.items, g->inputs.count, placed))
            for (int i = 0; i < g->inputs.count; i++)
                if (placed[i]) bind_dims_of(job->arena, o, g->inputs.items[i], &placed[i]->tensor);
    }
    arena_free(scratch);
}
