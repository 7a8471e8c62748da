/*
 * Collects diagnostics and puts them in order. In: what stages report. Out: records for diag_text.c
 * and diag_json.c, which write them. Also the few questions both ask of the source text.
 */
#include "diag_codes.h"
#include "diag_record.h"

#include <stdlib.h>

Diags *diags_new(Arena *arena)
{
    Diags *diags = NEW(arena, Diags);
    diags->arena = arena;
    return diags;
}

int diags_errors(const Diags *diags) { return diags->errors; }

int diags_count(const Diags *diags) { return diags->all.count; }

Diagnostic *diags_last(const Diags *diags)
{
    return diags->all.count ? diags->all.items[diags->all.count - 1] : NULL;
}

void diags_forget(Diags *diags, int count)
{
    while (diags->all.count > count)
        diags->errors -= diags->all.items[--diags->all.count]->severity == SEVERITY_ERROR;
}

static const char *format_in(Arena *arena, const char *format, va_list args)
{
    Text text = {0};
    text_vadd(&text, format, args);
    const char *result = arena_string(arena, text.data ? text.data : "");
    text_free(&text);
    return result;
}

static Diagnostic *diag_add(Diags *diags, Severity severity, const char *code, Source where,
                            const char *format, va_list args)
{
    assert(diag_code_find(code)); /* a code without a row in diag_codes.c */
    Diagnostic *d = NEW(diags->arena, Diagnostic);
    d->arena = diags->arena;
    d->severity = severity;
    d->code = code;
    d->where = where;
    d->message = format_in(diags->arena, format, args);
    d->sequence = diags->all.count;
    LIST_PUSH(diags->arena, &diags->all, d);
    return d;
}

Diagnostic *diag_verror(Diags *diags, const char *code, Source where, const char *format,
                        va_list args)
{
    diags->errors++;
    return diag_add(diags, SEVERITY_ERROR, code, where, format, args);
}

Diagnostic *diag_vwarning(Diags *diags, const char *code, Source where, const char *format,
                          va_list args)
{
    return diag_add(diags, SEVERITY_WARNING, code, where, format, args);
}

Diagnostic *diag_error(Diags *diags, const char *code, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diagnostic *d = diag_verror(diags, code, where, format, args);
    va_end(args);
    return d;
}

Diagnostic *diag_warning(Diags *diags, const char *code, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diagnostic *d = diag_vwarning(diags, code, where, format, args);
    va_end(args);
    return d;
}

void diag_label(Diagnostic *d, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    DiagLabel label = {where, format_in(d->arena, format, args)};
    va_end(args);
    LIST_PUSH(d->arena, &d->labels, label);
}

void diag_note(Diagnostic *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    LIST_PUSH(d->arena, &d->notes, format_in(d->arena, format, args));
    va_end(args);
}

void diag_help(Diagnostic *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    LIST_PUSH(d->arena, &d->help, format_in(d->arena, format, args));
    va_end(args);
}

void diag_needs_input(Diagnostic *d, const char *name) { LIST_PUSH(d->arena, &d->needs, name); }

InputNames diags_needed_inputs(const Diags *diags)
{
    InputNames names = {0};
    Map *seen = map_new(diags->arena);
    for (int i = 0; i < diags->all.count; i++) {
        const Diagnostic *d = diags->all.items[i];
        for (int k = 0; k < d->needs.count; k++) {
            const char *name = d->needs.items[k];
            if (map_get(seen, name)) continue;
            map_set(seen, name, (void *)name);
            LIST_PUSH(diags->arena, &names, name);
        }
    }
    return names;
}

/* ---- order ---- */

static const char *file_name(const Source *where) { return where->file ? where->file->path : ""; }

static int compare_places(const void *left, const void *right)
{
    const Diagnostic *a = *(Diagnostic *const *)left, *b = *(Diagnostic *const *)right;
    int order = strcmp(file_name(&a->where), file_name(&b->where));
    if (!order) order = a->where.line - b->where.line;
    if (!order) order = a->where.column - b->where.column;
    return order ? order : a->sequence - b->sequence;
}

Diagnostic *const *diags_sorted(const Diags *diags)
{
    Diagnostic **sorted =
        arena_copy(diags->arena, diags->all.items, (size_t)diags->all.count * sizeof *sorted);
    if (diags->all.count) qsort(sorted, (size_t)diags->all.count, sizeof *sorted, compare_places);
    return sorted;
}

bool source_same(const Source *a, const Source *b)
{
    bool elements =
        a->element && b->element ? !strcmp(a->element, b->element) : a->element == b->element;
    return elements && a->file == b->file && a->line == b->line && a->column == b->column &&
           a->end_line == b->end_line && a->end_column == b->end_column;
}

const char *severity_name(Severity severity)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"};
    return names[severity];
}

/* ---- the source text ---- */

const char *source_line(const File *file, int line, size_t *length)
{
    const char *at = (const char *)file->data, *end = at + file->bytes;
    for (int n = 1; at && n < line; n++) {
        const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        at = newline ? newline + 1 : end;
    }
    const char *newline = at && at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    *length = at ? (size_t)((newline ? newline : end) - at) : 0;
    if (*length && at[*length - 1] == '\r') --*length;
    return at ? at : "";
}

int source_characters(const Source *where, int line, int bytes)
{
    size_t length;
    const char *text = source_line(where->file, line, &length);
    int characters = 0, step;
    for (size_t at = 0; at < (size_t)bytes; at += (size_t)step, characters++) {
        step = 1;
        if (at < length) utf8_decode(text + at, length - at, &step);
    }
    return characters;
}
