/*
 * Weights of a .net from files: the `weights` lines of its head, and --weights-from, which comes
 * first. A tensor belongs to the parameter of its name, where layer[1].conv is layer.1.conv and
 * layer1.conv too; a line's list gives other names, and transposes. What does not fit, what is
 * missing and what is left over is listed.
 */
#include "datafile.h"
#include "read_net.h"

#include <unistd.h>

typedef struct Taken {
    const char *path; /* of a parameter, or the pattern of a binding's name */
    const DataTensor *tensor;
    bool transpose;
    Source source;
} Taken;

typedef struct WeightsFile {
    const char *path;
    Source source; /* of the line; none for the command line's */
    DataTensors tensors;
    Map *by_name; /* DataTensor */
    bool *used;
    LIST(Taken) bindings;
} WeightsFile;

typedef struct Weights {
    LIST(WeightsFile *) files;
    bool missing_file; /* some file is not there: missing parameters are no news */
} Weights;

enum { MOST_LISTED = 20 };

/* ---- opening ---- */

static void read_binding(Reader *r, WeightsFile *file, const NetBinding *binding)
{
    Taken taken = {.path = net_path_text(r->arena, binding->path), .source = binding->path->source};
    const NetExpr *value = binding->value;
    if (value->kind == NET_CALL && !strcmp(value->call->callee.text, "transpose") &&
        value->call->args.count == 1) {
        taken.transpose = true;
        value = value->call->args.items[0].value;
    }
    if (!taken.path || value->kind != NET_STRING) {
        Diagnostic *d = net_error(r, "E0501", binding->value->source,
                                  "expected the name of a tensor in the file");
        net_help(d, "conv1.weight = \"name\", or transpose(\"name\") for a matrix that is stored "
                    "the other way round");
        return;
    }
    taken.tensor = map_get(file->by_name, value->string.data);
    if (!taken.tensor) {
        LIST(const char *) names = {0};
        for (int i = 0; i < file->tensors.count; i++)
            LIST_PUSH(r->arena, &names, file->tensors.items[i].name);
        Diagnostic *d = net_error(r, "E0501", value->source, "%s has no tensor \"%s\"", file->path,
                                  value->string.data);
        net_suggest(d, nearest_name(value->string.data, names.items, names.count));
        return;
    }
    LIST_PUSH(r->arena, &file->bindings, taken);
}

static WeightsFile *open_file(Reader *r, const char *path, Source source)
{
    WeightsFile *file = NEW(r->arena, WeightsFile);
    file->path = path, file->source = source;
    if (!datafile_read(r->arena, path, &file->tensors, r->diags)) return NULL;
    file->used = NEW_ARRAY(r->arena, bool, file->tensors.count);
    file->by_name = map_new(r->arena);
    for (int i = 0; i < file->tensors.count; i++)
        map_set(file->by_name, file->tensors.items[i].name, &file->tensors.items[i]);
    LIST_PUSH(r->arena, &r->weights->files, file);
    return file;
}

void weights_open(Reader *r)
{
    r->weights = NEW(r->arena, Weights);
    if (r->options->weights) open_file(r, r->options->weights, (Source){0});
    for (int i = 0; i < r->home->ast->weights.count; i++) {
        const NetWeights *line = r->home->ast->weights.items[i];
        const char *path = module_beside(r, r->home, line->path.data);
        if (access(path, R_OK) != 0) {
            Diagnostic *d = diag_warning(r->diags, "W0004", line->source,
                                         "there is no file %s to take weights from", path);
            diag_note(d, "checking goes on without; code cannot be generated");
            r->weights->missing_file = true;
            continue;
        }
        WeightsFile *file = open_file(r, path, line->source);
        for (int k = 0; file && k < line->bindings.count; k++)
            read_binding(r, file, &line->bindings.items[k]);
    }
}

/* ---- giving ---- */

/* layer[1].conv as others write it: layer.1.conv, or layer1.conv */
static const char *without_brackets(Arena *arena, const char *path, bool dots)
{
    char *copy = arena_string(arena, path), *to = copy;
    for (const char *c = path; *c; c++) {
        if (*c == '[' && dots) *to++ = '.';
        if (*c != '[' && *c != ']') *to++ = *c;
    }
    *to = '\0';
    return copy;
}

static bool find_in(Reader *r, const WeightsFile *file, const char *path, Taken *taken)
{
    for (int i = 0; i < file->bindings.count; i++)
        if (!strcmp(file->bindings.items[i].path, path))
            return *taken = file->bindings.items[i], true;
    const DataTensor *t = map_get(file->by_name, path);
    if (!t) t = map_get(file->by_name, without_brackets(r->arena, path, true));
    if (!t) t = map_get(file->by_name, without_brackets(r->arena, path, false));
    *taken = (Taken){.path = path, .tensor = t};
    return t != NULL;
}

/* Equal but for dimensions of 1. */
static bool same_shape(const Tensor *p, int rank, const int64_t *dims)
{
    int a = 0, b = 0;
    for (;;) {
        while (a < p->rank && p->dims[a] == 1) a++;
        while (b < rank && dims[b] == 1) b++;
        if (a == p->rank || b == rank) return a == p->rank && b == rank;
        if (p->dims[a++] != dims[b++]) return false;
    }
}

static const void *transposed(Reader *r, const DataTensor *t)
{
    char *data = arena_alloc(r->arena, dtype_bytes(t->dtype, t->dims[0] * t->dims[1]) + 1);
    for (int64_t i = 0; i < t->dims[1]; i++)
        for (int64_t k = 0; k < t->dims[0]; k++)
            dtype_copy(t->dtype, data, i * t->dims[0] + k, t->data, k * t->dims[1] + i);
    return data;
}

static const char *data_type_text(Arena *arena, const DataTensor *t)
{
    Tensor shape = {.dtype = t->dtype, .rank = t->rank, .dims = (int64_t *)t->dims};
    return tensor_type_text(arena, &shape);
}

static void bad_weight(Reader *r, const Tensor *param, const WeightsFile *file, const Taken *taken)
{
    const DataTensor *t = taken->tensor;
    Diagnostic *d = net_error(r, "E0503", param->source, "`%s` is %s, but \"%s\" in %s is %s",
                              param->name, tensor_type_text(r->arena, param), t->name, file->path,
                              data_type_text(r->arena, t));
    if (taken->source.line) net_label(d, taken->source, "taken from here");
    if (taken->transpose && t->rank != 2) net_note(d, "only a matrix can be transposed");
    if (param->rank == 2 && t->rank == 2 && param->dims[0] == t->dims[1] &&
        param->dims[1] == t->dims[0])
        net_help(d,
                 "if it is stored the other way round: weights \"%s\" { %s = transpose(\"%s\") }",
                 file->path, param->name, t->name);
}

static void give(Reader *r, Tensor *param, WeightsFile *file, const Taken *taken)
{
    const DataTensor *t = taken->tensor;
    DataTensor own = *t;
    bool turn = taken->transpose && t->rank == 2;
    int64_t dims[MAX_RANK];
    for (int i = 0; i < t->rank; i++) dims[i] = t->dims[turn ? 1 - i : i];
    file->used[t - file->tensors.items] = true;
    npy_narrow(r->arena, &own, param->dtype);
    if (own.dtype != param->dtype || !same_shape(param, t->rank, dims) || taken->transpose != turn)
        bad_weight(r, param, file, taken);
    else
        param->data = turn ? transposed(r, &own) : own.data;
}

void weights_give(Reader *r, Tensor *param)
{
    LIST_PUSH(r->arena, &r->params, param);
    for (int i = 0; i < r->weights->files.count; i++) {
        Taken taken;
        if (!find_in(r, r->weights->files.items[i], param->name, &taken)) continue;
        give(r, param, r->weights->files.items[i], &taken);
        return;
    }
}

/* ---- what is left ---- */

static const char *nearest_tensor(Reader *r, const char *name)
{
    LIST(const char *) names = {0};
    for (int f = 0; f < r->weights->files.count; f++) {
        const WeightsFile *file = r->weights->files.items[f];
        for (int i = 0; i < file->tensors.count; i++)
            if (!file->used[i]) LIST_PUSH(r->arena, &names, file->tensors.items[i].name);
    }
    return nearest_name(name, names.items, names.count);
}

static void report_missing(Reader *r)
{
    int missing = 0;
    Diagnostic *d = NULL;
    for (int i = 0; i < r->params.count; i++) missing += !r->params.items[i]->data;
    if (!missing || !r->weights->files.count || r->weights->missing_file || r->options->init)
        return;
    d = net_error(r, "E0502", r->net->name.source, "%d of %d parameters are not in the weights",
                  missing, r->params.count);
    for (int i = 0, listed = 0; i < r->params.count && listed < MOST_LISTED; i++) {
        const Tensor *t = r->params.items[i];
        if (t->data) continue;
        const char *near = nearest_tensor(r, t->name);
        net_note(d, "`%s`: %s%s%s%s", t->name, tensor_type_text(r->arena, t),
                 near ? "; perhaps \"" : "", near ? near : "", near ? "\"" : "");
        listed++;
    }
    if (missing > MOST_LISTED) net_note(d, "and %d more", missing - MOST_LISTED);
    net_help(d, "--init SEED fills them at random");
}

static bool ignorable(const char *name)
{
    static const char counter[] =
        "num_batches_tracked"; /* PyTorch's, of no use when a network runs */
    size_t length = strlen(name), tail = sizeof counter - 1;
    return length >= tail && !strcmp(name + length - tail, counter);
}

static void report_unused(Reader *r, const WeightsFile *file)
{
    int unused = 0;
    for (int i = 0; i < file->tensors.count; i++)
        unused += !file->used[i] && !ignorable(file->tensors.items[i].name);
    if (!unused) return;
    Source where = file->source.line ? file->source : r->net->name.source;
    Diagnostic *d =
        diag_warning(r->diags, "W0002", where, "%d tensors of %s are not used", unused, file->path);
    for (int i = 0, listed = 0; i < file->tensors.count && listed < MOST_LISTED; i++) {
        const DataTensor *t = &file->tensors.items[i];
        if (file->used[i] || ignorable(t->name)) continue;
        diag_note(d, "\"%s\": %s", t->name, data_type_text(r->arena, t));
        listed++;
    }
    if (unused > MOST_LISTED) diag_note(d, "and %d more", unused - MOST_LISTED);
}

void weights_finish(Reader *r)
{
    for (int i = 0; i < r->weights->files.count; i++) {
        const WeightsFile *file = r->weights->files.items[i];
        for (int k = 0; k < file->bindings.count; k++) {
            const Taken *taken = &file->bindings.items[k];
            bool known = false;
            for (int p = 0; p < r->params.count && !known; p++)
                known = !strcmp(r->params.items[p]->name, taken->path);
            if (!known)
                net_error(r, "E0501", taken->source, "no parameter has the path `%s`", taken->path);
        }
    }
    report_missing(r);
    for (int i = 0; i < r->weights->files.count; i++) report_unused(r, r->weights->files.items[i]);
}
