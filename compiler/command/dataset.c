/* Finding, reading and matching the files that a network is run on. */
#include "dataset.h"

#include "bake.h"

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

typedef LIST(DataFile) DataFiles;

/* The path of FILE or NAME=FILE; *name is NULL without one. */
static const char *split_name(Arena *arena, const char *word, const char **name)
{
    const char *equals = strchr(word, '=');
    *name = NULL;
    if (!equals || access(word, F_OK) == 0) return word;
    *name = arena_format(arena, "%.*s", (int)(equals - word), word);
    return equals + 1;
}

static bool read_files(Arena *arena, const FileNames *files, DataFiles *out, Diags *diags)
{
    bool good = true;
    for (int i = 0; i < files->count; i++) {
        const char *name, *path = split_name(arena, files->items[i], &name);
        DataTensors read = {0};
        good &= datafile_read(arena, path, &read, diags);
        for (int k = 0; k < read.count; k++) {
            DataFile t = {name, path, read.items[k], false};
            if (name && read.count > 1) /* the elements of a sequence */
                t.name = arena_format(arena, "%s_%d", name, k);
            if (ends_with(path, ".npy"))
                t.tensor.name = ""; /* a file's stem is no name of a tensor */
            LIST_PUSH(arena, out, t);
        }
    }
    return good;
}

static int find_wanted(const Wanted *wanted, const char *name)
{
    for (int i = 0; i < wanted->count; i++)
        if (strcmp(wanted->tensors[i]->name, name) == 0) return i;
    return -1;
}

/* The only element of a sequence may have the sequence's name. */
static int find_place(const Wanted *wanted, const DataFile *t)
{
    const char *name = t->name ? t->name : t->tensor.name;
    int at = find_wanted(wanted, name);
    for (int i = 0; at < 0 && *name && i < wanted->count; i++) {
        const char *other = wanted->tensors[i]->name;
        size_t length = strlen(name);
        if (strncmp(other, name, length) == 0 && strcmp(other + length, "_0") == 0) at = i;
    }
    return at;
}

static int baked_count(const Wanted *wanted)
{
    int count = 0;
    for (int i = 0; wanted->baked && i < wanted->count; i++) count += wanted->baked[i];
    return count;
}

/* Gives each wanted tensor its place in `read`, or leaves it NULL. Returns one whose NAME= is not
 * wanted, or NULL. */
static const DataFile *place(DataFiles *read, const Wanted *wanted, const DataFile **placed)
{
    bool by_name = true, skip = read->count <= wanted->count - baked_count(wanted);
    for (int i = 0; i < read->count; i++) {
        DataFile *t = &read->items[i];
        int at = find_place(wanted, t);
        if (t->name && at < 0) return t;
        by_name &= at >= 0;
    }
    for (int pass = 0; pass < 2; pass++) {
        int next = 0;
        for (int i = 0; i < read->count; i++) {
            DataFile *t = &read->items[i];
            bool named = t->name || by_name;
            if (named != (pass == 0)) continue;
            while (next < wanted->count &&
                   (placed[next] || (skip && wanted->baked && wanted->baked[next])))
                next++;
            int at = named ? find_place(wanted, t) : next;
            if (at >= wanted->count || placed[at]) continue;
            placed[at] = t;
            t->placed = true;
        }
    }
    return NULL;
}

/* Reads the files: out[i] is for tensor i, or NULL. A file goes where NAME says; the rest by the
 * names of their tensors when every one of them is wanted, else in order, where what is baked is
 * passed over unless there are files for it too. False after errors on standard error: a file that
 * cannot be read or is for nothing. */
static bool match_files(const Job *job, const FileNames *files, const Wanted *wanted,
                        const DataFile **out)
{
    Diags *diags = diags_new(job->arena);
    DataFiles read = {0};
    bool good = read_files(job->arena, files, &read, diags);
    report_diags(job, diags);
    if (!good) return false;
    const DataFile *stray = place(&read, wanted, out);
    for (int i = 0; i < read.count; i++) {
        DataFile *file = &read.items[i];
        for (int k = 0; k < wanted->count; k++)
            if (out[k] == file) npy_narrow(job->arena, &file->tensor, wanted->tensors[k]->dtype);
    }
    if (stray) {
        input_error("the network has no %s '%s' for %s", wanted->what, stray->name, stray->path);
        return false;
    }
    for (int i = 0; i < read.count; i++)
        if (!read.items[i].placed) {
            input_error("%s: one %s too many; the network has %d", read.items[i].path, wanted->what,
                        wanted->count);
            good = false;
        }
    return good;
}

/* Of a shape that depends on data the bounds are known. */
static bool same_shape(const DataTensor *d, const Tensor *wanted)
{
    if (d->rank != wanted->rank) return false;
    for (int i = 0; i < d->rank; i++)
        if (d->dims[i] != wanted->dims[i] && (!wanted->shape || d->dims[i] > wanted->dims[i]))
            return false;
    return true;
}

/* Whether a tensor has its file, of its type and shape; false after an error. */
static bool has_file(const Job *job, const DataFile *file, const Tensor *wanted, const char *what)
{
    if (!file) {
        input_error("%s '%s' (%s) has no file", what, wanted->name,
                    tensor_type_text(job->arena, wanted));
        return false;
    }
    const DataTensor *d = &file->tensor;
    bool same = d->dtype == wanted->dtype && same_shape(d, wanted);
    if (!same)
        input_error("%s: %s '%s' is %s here, but %s in the network", file->path, what, wanted->name,
                    arena_format(job->arena, "%s %s", dtype_name(d->dtype),
                                 dims_text(job->arena, d->dims, d->rank)),
                    arena_format(job->arena, "%s %s", dtype_name(wanted->dtype),
                                 dims_text(job->arena, wanted->dims, wanted->rank)));
    return same;
}

bool dataset_outputs(const Job *job, const FileNames *files, DataTensor *out)
{
    const Wanted wanted = {"output", job->graph->outputs.items, job->own_outputs, NULL};
    const DataFile **placed = NEW_ARRAY(job->arena, const DataFile *, wanted.count + 1);
    bool good = match_files(job, files, &wanted, placed);
    for (int i = 0; i < wanted.count && good; i++) {
        good = has_file(job, placed[i], wanted.tensors[i], wanted.what);
        if (good) out[i] = placed[i]->tensor;
    }
    return good;
}

/* ---- inputs ---- */

static bool has_list(const ReadOptions *o, const char *name, int position)
{
    for (int i = 0; i < o->lists.count; i++) {
        const ListOption *list = &o->lists.items[i];
        if (list->input && name ? strcmp(list->input, name) == 0
                                : !list->input && !name && list->position == position)
            return true;
    }
    return false;
}

void given_lists(Arena *arena, const FileNames *files, ReadOptions *options)
{
    for (int i = 0; i < files->count; i++) {
        const char *name, *path = split_name(arena, files->items[i], &name);
        DataList list;
        if (!datafile_read_list(arena, path, &list)) continue;
        if (!name && *list.name) name = list.name;
        if (has_list(options, name, i)) continue;
        ListOption option = {name, i, list.items.count, list.inner, list.items.items};
        LIST_PUSH(arena, &options->lists, option);
    }
}

bool given_read(const Job *job, const Graph *declared, const FileNames *files, Given *out)
{
    const ReadOptions *o = &job->options->read;
    const Wanted all = {"input", declared->inputs.items, declared->inputs.count, NULL};
    bool *baked = NEW_ARRAY(job->arena, bool, all.count + 1);
    for (int i = 0; i < o->bakes.count; i++) {
        int at = find_wanted(&all, o->bakes.items[i].input);
        if (at >= 0) baked[at] = true;
    }
    *out = (Given){declared, o, NEW_ARRAY(job->arena, const DataFile *, all.count + 1)};
    const Wanted wanted = {all.what, all.tensors, all.count, baked};
    return match_files(job, files, &wanted, out->files);
}

const DataFile *given_find(const Given *given, const char *input)
{
    const Graph *g = given->declared;
    for (int i = 0; i < g->inputs.count; i++)
        if (strcmp(g->inputs.items[i]->name, input) == 0) return given->files[i];
    return NULL;
}

void given_bind_dims(Arena *arena, const Given *given, ReadOptions *options)
{
    const Graph *g = given->declared;
    for (int i = 0; i < g->inputs.count && !options->dim_default; i++)
        if (given->files[i])
            bake_bind_dims(arena, options, g->inputs.items[i], &given->files[i]->tensor);
}

bool given_inputs(const Job *job, const Given *given, DataTensor *out)
{
    const Graph *g = job->graph;
    bool good = true;
    for (int i = 0; i < g->inputs.count; i++) {
        const DataFile *file = given_find(given, g->inputs.items[i]->name);
        bool fits = has_file(job, file, g->inputs.items[i], "input");
        if (fits) out[i] = file->tensor;
        good &= fits;
    }
    return good;
}
