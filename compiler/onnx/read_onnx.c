/*
 * In: an ONNX model file. Out: a Graph, its functions inlined and its nodes in order, not yet
 * inferred. Here the model's head: versions and opset imports. Nothing is rewritten or simplified:
 * Constant nodes stay nodes.
 */
#include "read_onnx.h"

#include "wire.h"

bool reader_full(const Reader *r)
{
    return r->nodes > MOST_NODES || diags_errors(r->file.diags) >= MOST_MESSAGES;
}

const char *text_or_empty(const char *text) { return text ? text : ""; }

Source element(Reader *r, const char *format, ...)
{
    Text text = {0};
    va_list args;
    va_start(args, format);
    text_vadd(&text, format, args);
    va_end(args);
    Source source = {.file = r->file.file, .element = arena_string(r->file.arena, text.data)};
    text_free(&text);
    return source;
}

void read_error(Reader *r, const char *code, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(r->file.diags, code, where, format, args);
    va_end(args);
}

/* ---- opset imports ---- */

int opset_version(const Opsets *opsets, const char *domain)
{
    for (int i = 0; i < opsets->list.count; i++)
        if (strcmp(opsets->list.items[i].domain, domain) == 0) return opsets->list.items[i].version;
    return 0;
}

static const char *domain_text(const char *domain) { return *domain ? domain : "ai.onnx"; }

const Opsets *read_opsets(Reader *r, Onnx__OperatorSetIdProto *const *imports, size_t count,
                          Source where)
{
    Opsets *opsets = NEW(r->scratch, Opsets);
    for (size_t i = 0; i < count && !reader_full(r); i++) {
        const char *domain = domain_of(imports[i]->domain);
        int64_t version = imports[i]->version;
        int before = opset_version(opsets, domain);
        if (version < 1 || version > INT32_MAX)
            read_error(r, "E0106", where, "opset version %lld of %s", (long long)version,
                       domain_text(domain));
        else if (before && before != version)
            read_error(r, "E0106", where, "%s is imported twice, as version %d and as version %lld",
                       domain_text(domain), before, (long long)version);
        else if (!before)
            LIST_PUSH(r->scratch, &opsets->list, ((struct Opset){domain, (int)version}));
    }
    return opsets;
}

static void check_newest(Reader *r, Source where, const Opsets *opsets)
{
    int version = opset_version(opsets, "");
    if (version > NEWEST_OPSET)
        diag_warning(r->file.diags, "W0005", where,
                     "opset %d of ai.onnx is newer than %d, the newest netc knows: its operators "
                     "are read as those of %d",
                     version, NEWEST_OPSET, NEWEST_OPSET);
    if (r->model->ir_version > NEWEST_IR)
        diag_warning(r->file.diags, "W0005", where,
                     "IR version %lld is newer than %d, the newest netc knows",
                     (long long)r->model->ir_version, NEWEST_IR);
}

/* ---- the model ---- */

static bool check_head(Reader *r, Source where)
{
    const Onnx__ModelProto *m = r->model;
    if (!m->graph && !m->has_ir_version)
        read_error(r, "E0106", where,
                   r->file.file->bytes ? "not an ONNX model: it has no IR version and no graph"
                                       : "the file is empty");
    else if (!m->graph)
        read_error(r, "E0106", where, "the model has no graph");
    else if (m->ir_version < 3)
        read_error(r, "E0106", where, "IR version %lld; netc reads 3 (2017) and newer",
                   (long long)m->ir_version);
    else if (!m->n_opset_import)
        read_error(r, "E0106", where,
                   "the model imports no opset, so its operators have no version");
    else
        return true;
    return false;
}

/* The stem of the file: the graph in it is hardly ever named after what it is. */
static const char *graph_name(Reader *r)
{
    const char *path = r->file.file->path, *slash = strrchr(path, '/');
    const char *stem = slash ? slash + 1 : path, *dot = strrchr(stem, '.');
    int length = (int)(dot ? dot - stem : (ptrdiff_t)strlen(stem));
    return length ? arena_format(r->scratch, "%.*s", length, stem) : "net";
}

static Graph *read_main_graph(Reader *r, Source where)
{
    const Opsets *opsets = read_opsets(r, r->model->opset_import, r->model->n_opset_import, where);
    check_newest(r, where, opsets);
    read_functions(r);
    Graph *g = graph_new(r->file.arena, graph_name(r));
    g->string_bytes = r->options->string_bytes;
    g->bounds = r->options->bounds.items;
    g->bound_count = r->options->bounds.count;
    g->opset = opset_version(opsets, "") ? opset_version(opsets, "") : DEFAULT_OPSET;
    Scope *s = scope_new(r, g, NULL);
    s->opsets = opsets;
    if (!r->model->graph->n_output) read_error(r, "E0106", where, "the graph has no outputs");
    read_graph(r, s, r->model->graph);
    report_symbols(r);
    report_list_options(r);
    return g;
}

Graph *read_onnx(Arena *arena, const File *file, const ReadOptions *options, Diags *diags)
{
    Arena *scratch = arena_new();
    Reader r = {.file = {.arena = arena, .file = file, .diags = diags},
                .scratch = scratch,
                .options = options};
    r.functions = map_new(scratch);
    r.taken = map_new(scratch);
    r.calls = map_new(scratch);
    r.symbol_by_name = map_new(scratch);
    int errors = diags_errors(diags);
    Source where = {.file = file};
    Graph *g = NULL;
    r.model = wire_read(scratch, file, &onnx__model_proto__descriptor, diags);
    if (r.model && check_head(&r, where)) g = read_main_graph(&r, where);
    arena_free(scratch);
    return diags_errors(diags) == errors ? g : NULL;
}
