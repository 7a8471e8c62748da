/* The documents of document.h: opening, replacing, checking, and the places in them. */
#include "document.h"

#include "infer.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- URIs ---- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | (c > '9' ? 0x20 : 0)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The path of file://...; another URI as it stands. */
static const char *uri_path(Arena *arena, const char *uri)
{
    if (strncmp(uri, "file://", 7) != 0) return uri;
    const char *from = uri + 7 + strcspn(uri + 7, "/"); /* past the host */
    char *path = arena_string(arena, from), *to = path;
    for (; *from; from++) {
        int high = *from == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        bool escaped = low >= 0 && (high || low);
        *to++ = escaped ? (char)(high << 4 | low) : *from;
        if (escaped) from += 2;
    }
    *to = '\0';
    return path;
}

static const char *path_uri(Arena *arena, const char *path)
{
    Text text = {0};
    text_add(&text, "file://");
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        text_add(&text, plain || strchr("/._~-", c) ? "%c" : "%%%02X", c);
    }
    const char *uri = arena_string(arena, text.data);
    text_free(&text);
    return uri;
}

/* Where `make install` puts a file of the library; NULL when it is not there. */
static const char *installed_path(Arena *arena, const char *name)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) return NULL;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    const char *path = arena_format(arena, "%s/../share/netc/%s", program, name);
    return access(path, R_OK) == 0 ? path : NULL;
}

/* That of the document, or file://... with the real path; NULL: it is on no disk. */
static const char *file_uri(Arena *arena, const Documents *docs, const File *file)
{
    for (int i = 0; i < docs->all.count; i++)
        if (docs->all.items[i]->file == file) return docs->all.items[i]->uri;
    const char *path = file->path;
    if (!strncmp(path, "std/", 4) && access(path, R_OK) != 0) path = installed_path(arena, path);
    char *real = path ? realpath(path, NULL) : NULL;
    const char *uri = real ? path_uri(arena, real) : NULL;
    free(real);
    return uri;
}

/* ---- places ---- */

/* How many UTF-16 units the first `bytes` bytes are. */
static int utf16_units(const char *text, size_t length, size_t bytes)
{
    int units = 0, step = 1;
    for (size_t at = 0; at < bytes && at < length; at += (size_t)step)
        units += utf8_decode(text + at, length - at, &step) > 0xffff ? 2 : 1;
    return units;
}

void document_place(const Document *doc, Position at, int *line, int *column)
{
    size_t length, byte = 0;
    *line = at.line < INT_MAX - 1 ? (int)at.line + 1 : INT_MAX;
    const char *text = source_line(doc->file, *line, &length);
    int step;
    for (int64_t units = 0; units < at.character && byte < length; byte += (size_t)step)
        units += utf8_decode(text + byte, length - byte, &step) > 0xffff ? 2 : 1;
    *column = (int)byte + 1;
}

static void position_json(Text *out, const Source *where, int line, int column)
{
    size_t length;
    const char *text = source_line(where->file, line, &length);
    text_add(out, "{\"line\":%d,\"character\":%d}", line - 1,
             utf16_units(text, length, (size_t)column - 1));
}

void range_json(Text *out, const Source *where)
{
    Source start = {.file = where->file, .line = 1, .column = 1, .end_line = 1, .end_column = 1};
    if (!where->file || where->line < 1 || where->end_line < 1) where = &start;
    if (!where->file) {
        text_add(out, "{\"start\":{\"line\":0,\"character\":0},"
                      "\"end\":{\"line\":0,\"character\":0}}");
        return;
    }
    text_add(out, "{\"start\":");
    position_json(out, where, where->line, where->column);
    text_add(out, ",\"end\":");
    position_json(out, where, where->end_line, where->end_column);
    text_add(out, "}");
}

bool location_json(Text *out, Arena *arena, const Documents *docs, const Source *where)
{
    const char *uri = where->file ? file_uri(arena, docs, where->file) : NULL;
    if (!uri) return false;
    text_add(out, "{\"uri\":");
    json_quote(out, uri);
    text_add(out, ",\"range\":");
    range_json(out, where);
    text_add(out, "}");
    return true;
}

/* ---- checking ---- */

static void read_text(const Documents *docs, Document *doc)
{
    doc->checked = arena_new();
    doc->diags = diags_new(doc->checked);
    doc->notes = (NetNotes){.arena = doc->checked, .home = doc->file};
    OpenFiles open = {0};
    for (int i = 0; i < docs->all.count; i++)
        LIST_PUSH(doc->checked, &open.all, docs->all.items[i]->file);
    ReadOptions options = *docs->options;
    options.notes = &doc->notes;
    options.open = &open;
    Graph *g = read_net(doc->checked, doc->file, &options, doc->diags);
    if (g && !diags_errors(doc->diags)) infer(g, doc->diags);
}

static void check(const Documents *docs, Document *doc)
{
    Arena *before = doc->checked;
    read_text(docs, doc);
    if (doc->notes.all.count) {
        if (doc->known_arena) arena_free(doc->known_arena);
        doc->known = doc->notes, doc->known_arena = NULL;
    } else if (doc->known.all.count && !doc->known_arena) {
        doc->known_arena = before;
        return;
    }
    if (before) arena_free(before);
}

static void check_all(Documents *docs)
{
    for (int i = 0; i < docs->all.count; i++) check(docs, docs->all.items[i]);
}

/* ---- opening and closing ---- */

Document *documents_find(const Documents *docs, const char *uri)
{
    for (int i = 0; i < docs->all.count; i++)
        if (!strcmp(docs->all.items[i]->uri, uri)) return docs->all.items[i];
    return NULL;
}

static void set_text(Document *doc, const char *uri, const char *text)
{
    Arena *old = doc->arena;
    doc->arena = arena_new();
    doc->uri = arena_string(doc->arena, uri);
    File *file = NEW(doc->arena, File);
    *file = (File){uri_path(doc->arena, doc->uri), (uint8_t *)arena_string(doc->arena, text),
                   strlen(text)};
    doc->file = file;
    if (old) arena_free(old);
}

void documents_set(Documents *docs, const char *uri, int64_t version, const char *text)
{
    Document *doc = documents_find(docs, uri);
    if (!doc) {
        doc = calloc(1, sizeof *doc);
        if (!doc) die("out of memory");
        LIST_PUSH(docs->arena, &docs->all, doc);
    }
    set_text(doc, uri, text);
    doc->version = version;
    check_all(docs);
}

static void free_document(Document *doc)
{
    if (doc->known_arena) arena_free(doc->known_arena);
    arena_free(doc->checked);
    arena_free(doc->arena);
    free(doc->published);
    free(doc);
}

void documents_close(Documents *docs, Document *doc)
{
    for (int i = 0; i < docs->all.count; i++)
        if (docs->all.items[i] == doc) docs->all.items[i] = docs->all.items[--docs->all.count];
    free_document(doc);
    check_all(docs);
}

void documents_free(Documents *docs)
{
    for (int i = 0; i < docs->all.count; i++) free_document(docs->all.items[i]);
    docs->all.count = 0;
}
