/* Reading the values of baked inputs, holding them against what the model declares, and making
 * constants of them. */
#include "bake.h"

/* ---- values ---- */

ReadOptions bake_copy_options(Arena *arena, const ReadOptions *options)
{
    ReadOptions copy = *options;
    memset(&copy.dims, 0, sizeof copy.dims);
    memset(&copy.bakes, 0, sizeof copy.bakes);
    memset(&copy.lists, 0, sizeof copy.lists);
    memset(&copy.bounds, 0, sizeof copy.bounds);
    for (int i = 0; i < options->bounds.count; i++)
        LIST_PUSH(arena, &copy.bounds, options->bounds.items[i]);
    for (int i = 0; i < options->dims.count; i++)
        LIST_PUSH(arena, &copy.dims, options->dims.items[i]);
    for (int i = 0; i < options->bakes.count; i++)
        LIST_PUSH(arena, &copy.bakes, options->bakes.items[i]);
    for (int i = 0; i < options->lists.count; i++)
        LIST_PUSH(arena, &copy.lists, options->lists.items[i]);
    return copy;
}

static bool read_values(Arena *arena, ReadOptions *o, Diags *diags)
{
    bool good = true;
    for (int i = 0; i < o->bakes.count; i++) {
        BakeOption *bake = &o->bakes.items[i];
        if (bake->value) continue;
        DataTensor *value = NEW(arena, DataTensor);
        good &= datafile_read_one(arena, bake->path, value, diags);
        bake->value = value;
    }
    return good;
}

void bake_bind_dims(Arena *arena, ReadOptions *options, const Tensor *t, const DataTensor *data)
{
    for (int d = 0; t->dim_names && t->rank == data->rank && d < t->rank; d++) {
        if (!t->dim_names[d] || read_model_dim(options, t->dim_names[d])) continue;
        struct DimOption dim = {arena_string(arena, t->dim_names[d]), data->dims[d]};
        LIST_PUSH(arena, &options->dims, dim);
    }
}

/* Quiet about a model that cannot be read: reading all of it will say more. */
static void bind_open_dims(Arena *arena, const char *model, ReadOptions *o)
{
    Arena *scratch = arena_new();
    const Graph *declared = read_model_inputs(scratch, model, o, diags_new(scratch));
    for (int i = 0; declared && i < o->bakes.count; i++) {
        const Tensor *t = graph_find(declared, o->bakes.items[i].input);
        if (t && t->kind == TENSOR_INPUT) bake_bind_dims(arena, o, t, o->bakes.items[i].value);
    }
    arena_free(scratch);
}

bool bake_read(Arena *arena, const char *model, const ReadOptions *options, ReadOptions *out,
               Diags *diags)
{
    *out = bake_copy_options(arena, options);
    if (!read_values(arena, out, diags)) return false;
    if (!out->dim_default) bind_open_dims(arena, model, out);
    return true;
}

/* ---- constants ---- */

static void report_no_input(const Graph *g, const char *name, Diags *diags)
{
    const Tensor *t = graph_find(g, name);
    if (t && t->kind == TENSOR_VALUE) { /* made of inputs by the reader */
        Diagnostic *d = diag_error(diags, "E0131", t->source,
                                   "--bake %s: the input is a sequence or an optional", name);
        diag_help(d, "each of its elements is an input, %s_0 and on, and can be baked", name);
        return;
    }
    if (t) {
        diag_error(diags, "E0131", t->source, "--bake %s: '%s' has a value already", name, name);
        return;
    }
    const char **names = NEW_ARRAY(g->arena, const char *, g->inputs.count + 1);
    Text list = {0};
    for (int i = 0; i < g->inputs.count; i++) {
        names[i] = g->inputs.items[i]->name;
        text_add(&list, "%s'%s'", i ? ", " : "", names[i]);
    }
    Diagnostic *d = diag_error(diags, "E0131", (Source){0},
                               "--bake %s: the network has no input of that name", name);
    const char *near = nearest_name(name, names, g->inputs.count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_note(d, g->inputs.count ? "its inputs are %s" : "it has no inputs", list.data);
    text_free(&list);
}

static bool fits(Arena *arena, const Tensor *t, const BakeOption *bake, const DataTensor *v,
                 Diags *diags)
{
    bool same = v->dtype == t->dtype && v->rank == t->rank;
    for (int i = 0; same && i < t->rank; i++) same = v->dims[i] == t->dims[i];
    if (same) return true;
    const Tensor found = {.dtype = v->dtype, .rank = v->rank, .dims = (int64_t *)v->dims};
    diag_error(diags, "E0131", t->source, "--bake %s: the input is %s, but %s holds %s", t->name,
               tensor_type_text(arena, t), bake->path, tensor_type_text(arena, &found));
    return false;
}

static void bake_one(Graph *g, const BakeOption *bake, Diags *diags)
{
    int at = 0;
    while (at < g->inputs.count && strcmp(g->inputs.items[at]->name, bake->input) != 0) at++;
    if (at == g->inputs.count) {
        report_no_input(g, bake->input, diags);
        return;
    }
    Tensor *t = g->inputs.items[at];
    DataTensor value = *bake->value;
    npy_narrow(g->arena, &value, t->dtype);
    if (!fits(g->arena, t, bake, &value, diags)) return;
    t->kind = TENSOR_CONST;
    t->data = value.data;
    g->inputs.count--;
    memmove(&g->inputs.items[at], &g->inputs.items[at + 1],
            (size_t)(g->inputs.count - at) * sizeof *g->inputs.items);
}

void bake_inputs(Graph *g, const ReadOptions *options, Diags *diags)
{
    for (int i = 0; i < options->bakes.count; i++) bake_one(g, &options->bakes.items[i], diags);
}
