/*
 * The lists of `weights` lines: which tensor of the file a parameter takes, turned (transpose), cut
 * (slice) or of another shape (reshape) on the way. A tensor is looked at through strides; its
 * elements are copied once, when a parameter takes it.
 */
#include "read_net_weights.h"

/* ---- views ---- */

static void set_plain(WeightView *v, int rank, const int64_t *dims)
{
    v->rank = rank, v->offset = 0;
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        v->dims[i] = dims[i], v->strides[i] = stride;
        stride *= dims[i];
    }
}

WeightView weight_view(const DataTensor *t)
{
    WeightView v = {.tensor = t, .from = t};
    set_plain(&v, t->rank, t->dims);
    return v;
}

static int64_t view_elements(const WeightView *v)
{
    int64_t elements = 1;
    for (int i = 0; i < v->rank; i++) elements *= v->dims[i];
    return elements;
}

bool weight_view_is_plain(const WeightView *v)
{
    int64_t stride = 1, elements = 1;
    for (int i = v->rank - 1; i >= 0; i--) {
        if (v->dims[i] != 1 && v->strides[i] != stride) return false;
        stride *= v->dims[i];
    }
    for (int i = 0; i < v->from->rank; i++) elements *= v->from->dims[i];
    return v->offset == 0 && stride == elements;
}

DataTensor weight_view_tensor(Arena *arena, const WeightView *v, Dtype dtype)
{
    DataTensor from = *v->from, to = from;
    npy_narrow(arena, &from, dtype);
    to = from;
    to.rank = v->rank;
    memcpy(to.dims, v->dims, sizeof to.dims);
    if (weight_view_is_plain(v)) return to;
    int64_t elements = view_elements(v), at[MAX_RANK] = {0}, index = v->offset;
    char *data = arena_alloc(arena, dtype_bytes(from.dtype, elements) + 1);
    for (int64_t i = 0; i < elements; i++) {
        dtype_copy(from.dtype, data, i, from.data, index);
        for (int d = v->rank - 1; d >= 0; d--) {
            index += v->strides[d];
            if (++at[d] < v->dims[d]) break;
            index -= at[d] * v->strides[d];
            at[d] = 0;
        }
    }
    to.data = data;
    return to;
}

/* ---- what turns and cuts ---- */

typedef struct Step {
    Reader *r;
    const NetExpr *e; /* the call */
    WeightView *v;
} Step;

/* An argument by name or place (from 1, behind the tensor); NULL when it is not given. */
static const NetExpr *step_arg(const Step *s, const char *name, int place)
{
    const NetArgs *args = &s->e->call->args;
    for (int i = 1; i < args->count; i++)
        if (args->items[i].name.text ? !strcmp(args->items[i].name.text, name) : i == place)
            return args->items[i].value;
    return NULL;
}

static bool step_int(const Step *s, const char *name, int place, int64_t otherwise, int64_t *value)
{
    const NetExpr *e = step_arg(s, name, place);
    *value = otherwise;
    return !e || eval_int(s->r, s->r->home->scope, e, name, value);
}

/* A list of integers; its length, or -1 after a diagnostic. */
static int step_list(const Step *s, const NetExpr *e, int64_t out[MAX_RANK])
{
    int count = e->kind == NET_LIST ? e->list.count : -1;
    for (int i = 0; i < count && count <= MAX_RANK; i++)
        if (!eval_int(s->r, s->r->home->scope, e->list.items[i], "an element", &out[i])) return -1;
    if (count >= 0 && count <= MAX_RANK) return count;
    net_error(s->r, "E0501", e->source, "expected a list of at most %d integers", MAX_RANK);
    return -1;
}

static Diagnostic *step_error(const Step *s, const char *what)
{
    Tensor shape = {.dtype = s->v->from->dtype, .rank = s->v->rank, .dims = s->v->dims};
    Diagnostic *d = net_error(s->r, "E0501", s->e->source, "%s", what);
    net_label(d, s->e->call->args.items[0].value->source, "%s",
              tensor_type_text(s->r->arena, &shape));
    return d;
}

static bool step_transpose(const Step *s)
{
    const NetExpr *list = step_arg(s, "perm", 1);
    int64_t perm[MAX_RANK] = {1, 0};
    bool seen[MAX_RANK] = {false};
    int count = list ? step_list(s, list, perm) : 2;
    if (count < 0) return false;
    bool good = count == s->v->rank;
    for (int i = 0; good && i < count; i++) {
        good = perm[i] >= 0 && perm[i] < count && !seen[perm[i]];
        if (good) seen[perm[i]] = true;
    }
    if (!good) {
        Diagnostic *d = step_error(s, list ? "the permutation names each axis once"
                                           : "only a matrix is transposed without a permutation");
        net_help(d, "transpose(\"name\", [2, 3, 1, 0]): axis i of the result is axis perm[i]");
        return false;
    }
    WeightView old = *s->v;
    for (int i = 0; i < count; i++)
        s->v->dims[i] = old.dims[perm[i]], s->v->strides[i] = old.strides[perm[i]];
    return true;
}

static bool step_slice(const Step *s)
{
    int64_t axis, from, to;
    if (!step_int(s, "axis", 1, 0, &axis)) return false;
    if (axis < 0) axis += s->v->rank;
    if (axis < 0 || axis >= s->v->rank) {
        step_error(s, "there is no such axis to slice");
        return false;
    }
    int64_t size = s->v->dims[axis];
    if (!step_int(s, "from", 2, 0, &from) || !step_int(s, "to", 3, size, &to)) return false;
    if (from < 0) from += size;
    if (to < 0) to += size;
    if (from < 0 || from > to || to > size) {
        step_error(s, arena_format(s->r->arena, "%lld to %lld is no part of %lld elements",
                                   (long long)from, (long long)to, (long long)size));
        return false;
    }
    s->v->offset += from * s->v->strides[axis];
    s->v->dims[axis] = to - from;
    return true;
}

static bool step_reshape(const Step *s)
{
    int64_t dims[MAX_RANK], elements;
    const NetExpr *list = step_arg(s, "shape", 1);
    int count = list ? step_list(s, list, dims) : 0;
    if (count < 0) return false;
    if (!list || !checked_elements(dims, count, &elements) || elements != view_elements(s->v)) {
        step_error(s, "a reshape keeps the number of elements");
        return false;
    }
    if (!weight_view_is_plain(s->v)) {
        DataTensor *copy = NEW(s->r->arena, DataTensor);
        *copy = weight_view_tensor(s->r->arena, s->v, s->v->from->dtype);
        s->v->from = copy;
    }
    set_plain(s->v, count, dims);
    return true;
}

static const struct {
    const char *name;
    const char *args[4];
    bool (*apply)(const Step *s);
} steps[] = {
    {"transpose", {"perm"}, step_transpose},
    {"slice", {"axis", "from", "to"}, step_slice},
    {"reshape", {"shape"}, step_reshape},
};

static bool known_args(Reader *r, const NetCall *call, const char *const *names)
{
    for (int i = 1; i < call->args.count; i++) {
        const NetName *name = &call->args.items[i].name;
        bool known = !name->text && names[i - 1];
        for (int k = 0; name->text && names[k]; k++) known |= !strcmp(name->text, names[k]);
        if (known) continue;
        net_error(r, "E0406", call->args.items[i].value->source, "%s takes no such argument",
                  call->callee.text);
        return false;
    }
    return true;
}

/* ---- one line of a list ---- */

static bool no_tensor(Reader *r, const NetExpr *e, const WeightsFile *file)
{
    LIST(const char *) names = {0};
    for (int i = 0; i < file->tensors.count; i++)
        LIST_PUSH(r->arena, &names, file->tensors.items[i].name);
    Diagnostic *d =
        net_error(r, "E0501", e->source, "%s has no tensor \"%s\"", file->path, e->string.data);
    net_suggest(d, nearest_name(e->string.data, names.items, names.count));
    return false;
}

static bool read_view(Reader *r, const WeightsFile *file, const NetExpr *e, WeightView *v)
{
    if (e->kind == NET_STRING) {
        const DataTensor *t = map_get(file->by_name, e->string.data);
        if (!t) return no_tensor(r, e, file);
        *v = weight_view(t);
        return true;
    }
    bool call = e->kind == NET_CALL && e->call->args.count && !e->call->args.items[0].name.text;
    for (size_t i = 0; call && i < COUNT(steps); i++) {
        if (strcmp(steps[i].name, e->call->callee.text)) continue;
        return known_args(r, e->call, steps[i].args) &&
               read_view(r, file, e->call->args.items[0].value, v) &&
               steps[i].apply(&(Step){r, e, v});
    }
    Diagnostic *d = net_error(r, "E0501", e->source, "expected the name of a tensor in the file");
    net_help(d, "conv1.weight = \"name\", or transpose(\"name\"), slice(\"name\", axis: 0, from: "
                "0, to: 64), reshape(\"name\", [64, 3, 7, 7])");
    return false;
}

/* "features.0" where tensors are called features.0.weight and so on. */
static bool is_prefix(const WeightsFile *file, const NetExpr *e)
{
    if (e->kind != NET_STRING || map_get(file->by_name, e->string.data)) return false;
    size_t length = strlen(e->string.data);
    for (int i = 0; i < file->tensors.count; i++) {
        const char *name = file->tensors.items[i].name;
        if (!strncmp(name, e->string.data, length) && strchr("./", name[length]) && name[length])
            return true;
    }
    return false;
}

void binding_read(Reader *r, WeightsFile *file, const NetBinding *binding)
{
    WeightBinding b = {.path = net_path_text(r->arena, binding->path),
                       .source = binding->path->source};
    if (!b.path) {
        net_error(r, "E0501", b.source, "expected the path of a parameter");
        return;
    }
    for (int i = 0; i < file->bindings.count; i++) {
        if (strcmp(file->bindings.items[i].path, b.path)) continue;
        Diagnostic *d = net_error(r, "E0504", b.source, "`%s` is given twice", b.path);
        net_label(d, b.source, "the second time");
        net_label(d, file->bindings.items[i].source, "the first");
        return;
    }
    if (is_prefix(file, binding->value))
        b.prefix = binding->value->string.data;
    else if (!read_view(r, file, binding->value, &b.view))
        return;
    LIST_PUSH(r->arena, &file->bindings, b);
}
