/*
 * Which files of the runtime a program's kernels need: as #include lines, as text, or as a list.
 */
#include "emit.h"

#include "calls.h"

typedef struct Parts {
    const CarriedFile *files[16]; /* ended by NULL */
    int count;
} Parts;

/* The quoted file of an #include line, or NULL. */
static const CarriedFile *included(const char *line)
{
    static const char directive[] = "#include \"";
    if (strncmp(line, directive, sizeof directive - 1) != 0) return NULL;
    const char *name = line + sizeof directive - 1, *end = strchr(name, '"');
    return end ? carried_find(runtime_files, name, (size_t)(end - name)) : NULL;
}

static bool add_part(Parts *parts, const CarriedFile *f)
{
    for (int i = 0; i < parts->count; i++)
        if (parts->files[i] == f) return false;
    assert(parts->count + 1 < (int)COUNT(parts->files));
    parts->files[parts->count++] = f;
    return true;
}

static bool add_named(Parts *parts, const char *name)
{
    return add_part(parts, carried_get(runtime_files, name));
}

/* A file of the runtime and what it includes; with `out`, its text with the includes expanded, each
 * once. */
static void collect(Parts *parts, const CarriedFile *f, Text *out)
{
    if (!add_part(parts, f)) return;
    for (const char *line = (const char *)f->data; *line;) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) + 1 : strlen(line);
        const CarriedFile *inner = included(line);
        if (inner)
            collect(parts, inner, out);
        else if (out)
            text_put(out, line, length);
        line += length;
    }
}

static void find_narrow(Expr *e, void *context)
{
    bool *found = context;
    *found |=
        dtype_info(e->dtype)->bits < 16 && (dtype_is_float(e->dtype) || dtype_is_packed(e->dtype));
}

static bool any_strings(const Program *p)
{
    for (int i = 0; i < p->buffers.count; i++)
        if (p->buffers.items[i]->dtype == DT_STRING) return true;
    return false;
}

/* The headers that the kernels need, beside netc.h, which the interface does. */
static Parts kernel_headers(const Program *p)
{
    bool uses_narrow = false;
    for (int i = 0; i < p->definitions.count; i++)
        ex_visit(p->definitions.items[i]->body, find_narrow, &uses_narrow);
    Parts headers = {0};
    add_named(&headers, p->target->header);
    if (uses_narrow) add_named(&headers, "netc_narrow.h");
    if (any_strings(p)) add_named(&headers, "netc_string.h");
    if (p->threads > 1) add_named(&headers, "netc_threads.h");
    for (int i = 0; i < p->definitions.count; i++)
        if (p->definitions.items[i]->call && p->definitions.items[i]->call->function)
            add_named(&headers, p->definitions.items[i]->call->function->header);
    return headers;
}

/* Before any function, so that no flag decides whether products and sums are fused. */
static void exact_head(const Program *p, Text *out)
{
    if (p->exact)
        text_add(out, "\n#define NETC_EXACT\n#if defined(__clang__)\n"
                      "#pragma STDC FP_CONTRACT OFF\n#elif defined(__GNUC__)\n"
                      "#pragma GCC optimize(\"fp-contract=off\")\n#endif\n\n");
}

void emit_runtime_includes(const Program *p, Text *out)
{
    Parts headers = kernel_headers(p);
    exact_head(p, out);
    for (int i = 0; i < headers.count; i++)
        text_add(out, "#include \"%s\"\n", headers.files[i]->name);
}

void emit_runtime_text(const Program *p, Text *out)
{
    Parts parts = {0}, headers = kernel_headers(p);
    add_named(&parts, "netc.h");
    exact_head(p, out);
    for (int i = 0; i < headers.count; i++) collect(&parts, headers.files[i], out);
}

const CarriedFile *const *emit_runtime_parts(const Program *p)
{
    Parts *parts = NEW(p->arena, Parts), headers = kernel_headers(p);
    collect(parts, carried_get(runtime_files, "netc.h"), NULL);
    for (int i = 0; i < headers.count; i++) collect(parts, headers.files[i], NULL);
    return parts->files;
}
