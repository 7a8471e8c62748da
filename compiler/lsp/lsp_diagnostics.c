/* publishDiagnostics: the records of a check, each with its notes and help in its text, and its
 * labels as related information. */
#include "lsp.h"

#include <stdlib.h>

/* Where the document imports the file; the document's start for files that those import. */
static Source import_place(const Document *doc, const File *file)
{
    for (int i = 0; i < doc->notes.all.count; i++) {
        const NetNote *note = &doc->notes.all.items[i];
        if (note->kind == NOTE_IMPORT && note->definition.file == file) return note->where;
    }
    return (Source){.file = doc->file};
}

static void message_json(Text *out, const Document *doc, const Diagnostic *d)
{
    Text message = {0};
    if (d->where.file && d->where.file != doc->file)
        text_add(&message, "%s:%d: ", d->where.file->path, d->where.line);
    text_add(&message, "%s", d->message);
    for (int i = 0; i < d->labels.count; i++)
        if (source_same(&d->labels.items[i].where, &d->where) &&
            !strstr(d->message, d->labels.items[i].text))
            text_add(&message, "\n%s", d->labels.items[i].text);
    for (int i = 0; i < d->notes.count; i++) text_add(&message, "\nnote: %s", d->notes.items[i]);
    for (int i = 0; i < d->help.count; i++) text_add(&message, "\nhelp: %s", d->help.items[i]);
    json_quote(out, message.data);
    text_free(&message);
}

static void related_one(Text *out, Arena *arena, const Documents *docs, const Source *where,
                        const char *text, bool *first)
{
    Text location = {0};
    if (location_json(&location, arena, docs, where)) {
        text_add(out, "%s{\"location\":%s,\"message\":", *first ? "" : ",", location.data);
        json_quote(out, text);
        text_add(out, "}");
        *first = false;
    }
    text_free(&location);
}

static void related_json(Text *out, Arena *arena, const Documents *docs, const Document *doc,
                         const Diagnostic *d)
{
    bool first = true;
    text_add(out, "[");
    if (d->where.file && d->where.file != doc->file)
        related_one(out, arena, docs, &d->where, d->message, &first);
    for (int i = 0; i < d->labels.count; i++)
        if (!source_same(&d->labels.items[i].where, &d->where))
            related_one(out, arena, docs, &d->labels.items[i].where, d->labels.items[i].text,
                        &first);
    text_add(out, "]");
}

static void diagnostic_json(Text *out, Arena *arena, const Documents *docs, const Document *doc,
                            const Diagnostic *d)
{
    static const int severities[] = {
        [SEVERITY_ERROR] = 1, [SEVERITY_WARNING] = 2, [SEVERITY_NOTE] = 3};
    Source where = d->where.file == doc->file ? d->where : import_place(doc, d->where.file);
    text_add(out, "{\"range\":");
    range_json(out, &where);
    text_add(out, ",\"severity\":%d,\"code\":\"%s\",\"source\":\"netc\",\"message\":",
             severities[d->severity], d->code);
    message_json(out, doc, d);
    text_add(out, ",\"relatedInformation\":");
    related_json(out, arena, docs, doc, d);
    text_add(out, "}");
}

static void document_json(Text *out, const Documents *docs, const Document *doc)
{
    Arena *arena = arena_new();
    Diagnostic *const *sorted = diags_sorted(doc->diags);
    text_add(out, "[");
    for (int i = 0; i < diags_count(doc->diags); i++) {
        if (i) text_add(out, ",");
        diagnostic_json(out, arena, docs, doc, sorted[i]);
    }
    text_add(out, "]");
    arena_free(arena);
}

static void publish(FILE *out, const char *uri, int64_t version, const char *diagnostics)
{
    Text params = {0};
    text_add(&params, "{\"uri\":");
    json_quote(&params, uri);
    if (version >= 0) text_add(&params, ",\"version\":%lld", (long long)version);
    text_add(&params, ",\"diagnostics\":%s}", diagnostics);
    rpc_notify(out, "textDocument/publishDiagnostics", params.data);
    text_free(&params);
}

void lsp_publish(FILE *out, Documents *docs, const Document *force)
{
    for (int i = 0; i < docs->all.count; i++) {
        Document *doc = docs->all.items[i];
        Text text = {0};
        document_json(&text, docs, doc);
        if (doc == force || !doc->published || strcmp(doc->published, text.data) != 0)
            publish(out, doc->uri, doc->version, text.data);
        free(doc->published);
        doc->published = text.data;
    }
}

void lsp_unpublish(FILE *out, const char *uri) { publish(out, uri, -1, "[]"); }
