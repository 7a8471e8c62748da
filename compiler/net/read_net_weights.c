/*
 * Weights of a .net from files: the `weights` lines of its head, and --weights-from, which comes
 * first. A tensor belongs to the parameter that a line's list gives it to (read_net_binding.c),
 * else to that of its name, where layer[1].conv is layer.1.conv and layer1.conv too. What does not
 * fit, what is missing and what is left over is listed.
 */
#include "read_net_weights.h"

#include <unistd.h>

typedef struct Weights {
    LIST(WeightsFile *) files;
    Map *misfits;      /* parameters whose tensor does not fit, by path: not missing as well */
    bool missing_file; /* some file is not there: missing parameters are no news */
} Weights;

enum { MOST_LISTED = 1000 };

/* ---- opening ---- */

static WeightsFile *open_file(Reader *r, const char *path, Source source)
{
    WeightsFile *file = NEW(r->arena, WeightsFile);
    file->path = path, file->source = source;
    if (!datafile_read(r->arena, path, &file->tensors, r->diags)) return NULL;
    file->used = NEW_ARRAY(r->arena, bool, file->tensors.count);
    file->name_by_key = map_new(r->arena);
    DataNames names = {0};
    datafile_names(r->arena, path, &names);
    file->named = names.count > 0;
    for (int i = 0; i < names.count; i++)
        map_set(file->name_by_key, names.items[i].key, (void *)names.items[i].value);
    file->by_name = map_new(r->arena);
    for (int i = 0; i < file->tensors.count; i++)
        map_set(file->by_name, file->tensors.items[i].name, &file->tensors.items[i]);
    LIST_PUSH(r->arena, &r->weights->files, file);
    return file;
}

void weights_open(Reader *r)
{
    r->weights = NEW(r->arena, Weights);
    r->weights->misfits = map_new(r->arena);
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
            binding_read(r, file, &line->bindings.items[k]);
    }
}

/* ---- giving ---- */

enum { MOST_SPELT = 6 }; /* indices of a path that are tried both ways */

/* layer[1].conv[0] as others write it: index i as .0, or with its bit of `joined` without a dot. */
static const char *respelt(Arena *arena, const char *path, unsigned joined)
{
    char *copy = arena_string(arena, path), *to = copy;
    for (const char *c = path; *c; c++) {
        if (*c == '[' && !(joined & 1)) *to++ = '.';
        if (*c == '[') joined >>= 1;
        if (*c != '[' && *c != ']') *to++ = *c;
    }
    *to = '\0';
    return copy;
}

/* By a name of the file, in any spelling of the path. */
static const DataTensor *find_named(Reader *r, const WeightsFile *file, const char *path)
{
    int indices = 0;
    for (const char *c = path; *c; c++) indices += *c == '[' && indices < MOST_SPELT;
    const DataTensor *t = map_get(file->by_name, path);
    for (unsigned joined = 0; !t && joined < 1u << indices; joined++)
        t = map_get(file->by_name, respelt(r->arena, path, joined));
    return t;
}

/* What stands behind an instance's path in one of something inside it; NULL when it is not. */
static const char *behind(const char *path, const char *instance)
{
    size_t length = strlen(instance);
    bool inside = !strncmp(path, instance, length) && (path[length] == '.' || path[length] == '[');
    return inside ? path + length : NULL;
}

/* What a list gives to a parameter: by its own path, else by the longest of an instance around it.
 */
static bool find_bound(Reader *r, WeightsFile *file, const char *path, WeightView *v,
                       Source *source)
{
    size_t longest = 0;
    bool found = false;
    for (int i = 0; i < file->bindings.count; i++) {
        WeightBinding *b = &file->bindings.items[i];
        const char *rest = b->prefix ? behind(path, b->path) : NULL;
        const DataTensor *t = NULL;
        if (rest && strlen(b->path) >= longest)
            t = find_named(r, file, arena_format(r->arena, "%s%s", b->prefix, rest));
        if (t) {
            longest = strlen(b->path), found = b->taken = true;
            *v = weight_view(t), *source = b->source;
        } else if (!b->prefix && !strcmp(b->path, path)) {
            b->taken = true;
            *v = b->view, *source = b->source;
            return true;
        }
    }
    return found;
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

static const char *data_type_text(Arena *arena, const DataTensor *t)
{
    Tensor shape = {.dtype = t->dtype, .rank = t->rank, .dims = (int64_t *)t->dims};
    return tensor_type_text(arena, &shape);
}

static const char *view_type_text(Arena *arena, const WeightView *v)
{
    Tensor shape = {.dtype = v->from->dtype, .rank = v->rank, .dims = (int64_t *)v->dims};
    return tensor_type_text(arena, &shape);
}

static void bad_weight(Reader *r, const Tensor *param, const WeightsFile *file, const WeightView *v,
                       Source source)
{
    const DataTensor *t = v->tensor;
    Diagnostic *d = net_error(r, "E0503", param->source, "`%s` is %s, but \"%s\" in %s is %s",
                              param->name, tensor_type_text(r->arena, param), t->name, file->path,
                              data_type_text(r->arena, t));
    if (source.line)
        net_label(d, source, weight_view_is_plain(v) ? "taken from here" : "taken from here as %s",
                  view_type_text(r->arena, v));
    if (param->rank == 2 && v->rank == 2 && param->dims[0] == v->dims[1] &&
        param->dims[1] == v->dims[0])
        net_help(d,
                 "if it is stored the other way round: weights \"%s\" { %s = transpose(\"%s\") }",
                 file->path, param->name, t->name);
    r->weight_errors += d != NULL;
    map_set(r->weights->misfits, param->name, r);
}

static void give(Reader *r, Tensor *param, WeightsFile *file, const WeightView *v, Source source)
{
    file->used[v->tensor - file->tensors.items] = true;
    if (!same_shape(param, v->rank, v->dims)) {
        bad_weight(r, param, file, v, source);
        return;
    }
    DataTensor own = weight_view_tensor(r->arena, v, param->dtype);
    if (own.dtype != param->dtype)
        bad_weight(r, param, file, v, source);
    else
        param->data = own.data;
}

/* Two files have a tensor of that name; said of two files once. */
static void check_twice(Reader *r, const Tensor *param, int first)
{
    const WeightsFile *one = r->weights->files.items[first];
    for (int i = first + 1; one->source.line && i < r->weights->files.count; i++) {
        WeightsFile *file = r->weights->files.items[i];
        if (file->doubtful || !find_named(r, file, param->name)) continue;
        file->doubtful = true;
        Diagnostic *d = net_error(r, "E0504", file->source, "`%s` is in two files", param->name);
        net_label(d, file->source, "here");
        net_label(d, one->source, "and here");
        net_help(d, "the list of a line says which: weights \"%s\" { %s = \"%s\" }", file->path,
                 param->name, find_named(r, file, param->name)->name);
        r->weight_errors += d != NULL;
        return;
    }
}

static bool give_bound(Reader *r, Tensor *param)
{
    for (int i = 0; i < r->weights->files.count; i++) {
        WeightView v;
        Source source;
        if (!find_bound(r, r->weights->files.items[i], param->name, &v, &source)) continue;
        give(r, param, r->weights->files.items[i], &v, source);
        return true;
    }
    return false;
}

/* By name, from the files from..to-1. */
static bool give_named(Reader *r, Tensor *param, int from, int to)
{
    for (int i = from; i < to; i++) {
        const DataTensor *t = find_named(r, r->weights->files.items[i], param->name);
        if (!t) continue;
        WeightView v = weight_view(t);
        give(r, param, r->weights->files.items[i], &v, (Source){0});
        check_twice(r, param, i);
        return true;
    }
    return false;
}

void weights_give(Reader *r, Tensor *param)
{
    int count = r->weights->files.count;
    int own = count && !r->weights->files.items[0]->source.line; /* the command line's file */
    LIST_PUSH(r->arena, &r->params, param);
    if (!give_named(r, param, 0, own) && !give_bound(r, param)) give_named(r, param, own, count);
}

/* ---- what is left ---- */

/* A tensor that nothing took: of a near name and the parameter's shape, of a near name, of the
 * shape. */
static const char *nearest_tensor(Reader *r, const Tensor *param)
{
    LIST(const char *) names = {0}, alike = {0};
    for (int f = 0; f < r->weights->files.count; f++) {
        const WeightsFile *file = r->weights->files.items[f];
        for (int i = 0; i < file->tensors.count; i++) {
            const DataTensor *t = &file->tensors.items[i];
            if (file->used[i]) continue;
            LIST_PUSH(r->arena, &names, t->name);
            if (t->dtype == param->dtype && same_shape(param, t->rank, t->dims))
                LIST_PUSH(r->arena, &alike, t->name);
        }
    }
    const char *near = nearest_name(param->name, alike.items, alike.count);
    if (!near) near = nearest_name(param->name, names.items, names.count);
    return near || !alike.count ? near : alike.items[0];
}

static bool is_missing(Reader *r, const Tensor *param)
{
    return !param->data && !map_get(r->weights->misfits, param->name);
}

static void report_missing(Reader *r)
{
    int missing = 0;
    Diagnostic *d = NULL;
    for (int i = 0; i < r->params.count; i++) missing += is_missing(r, r->params.items[i]);
    if (!missing || !r->weights->files.count || r->weights->missing_file || r->options->init)
        return;
    d = net_error(r, "E0502", r->net->name.source, "%d of %d parameters are not in the weights",
                  missing, r->params.count);
    for (int i = 0, listed = 0; i < r->params.count && listed < MOST_LISTED; i++) {
        const Tensor *t = r->params.items[i];
        if (!is_missing(r, t)) continue;
        const char *near = nearest_tensor(r, t);
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

/* A binding that no parameter took. */
static void report_binding(Reader *r, const WeightBinding *b)
{
    LIST(const char *) names = {0};
    for (int i = 0; i < r->params.count; i++) LIST_PUSH(r->arena, &names, r->params.items[i]->name);
    Diagnostic *d = net_error(r, "E0501", b->source,
                              b->prefix ? "no parameter that the file has is in an instance `%s`"
                                        : "no parameter has the path `%s`",
                              b->path);
    if (!b->prefix) net_suggest(d, nearest_name(b->path, names.items, names.count));
}

void weights_finish(Reader *r)
{
    for (int i = 0; i < r->weights->files.count; i++) {
        const WeightsFile *file = r->weights->files.items[i];
        for (int k = 0; k < file->bindings.count; k++)
            if (!file->bindings.items[k].taken) report_binding(r, &file->bindings.items[k]);
    }
    report_missing(r);
    for (int i = 0; i < r->weights->files.count; i++) report_unused(r, r->weights->files.items[i]);
}

/* ---- names ---- */

bool weights_have_names(const Reader *r)
{
    for (int i = 0; i < r->weights->files.count; i++)
        if (r->weights->files.items[i]->named) return true;
    return false;
}

const char *weights_name(const Reader *r, const char *key)
{
    for (int i = 0; i < r->weights->files.count; i++) {
        const char *name = map_get(r->weights->files.items[i]->name_by_key, key);
        if (name) return name;
    }
    return NULL;
}
