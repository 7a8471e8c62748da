/*
 * The files of a net: the one that is compiled, and those that it imports, each read once. In:
 * their syntax trees. Out: for each file the names of its blocks and constants, its own and the
 * imported ones. A file is looked for beside the importing one, in the folders of --import-path,
 * and in the library that the compiler carries.
 */
#include "read_net_notes.h"

#include "carried.h"

#include <errno.h>
#include <stdlib.h>

/* ---- finding files ---- */

static const File *carried(Reader *r, const char *path)
{
    static const char folder[] = "std/";
    if (strncmp(path, folder, sizeof folder - 1)) return NULL;
    const char *name = path + sizeof folder - 1;
    const CarriedFile *f = carried_find(library_files, name, strlen(name));
    if (!f) return NULL;
    File *file = NEW(r->arena, File);
    *file = (File){arena_string(r->arena, path), f->data, f->bytes};
    return file;
}

/* What tells one file from another, however its path is written. */
static const char *identity(Reader *r, const Module *m)
{
    if (m->carried) return arena_format(r->arena, ":%s", m->file->path);
    char *real = realpath(m->file->path, NULL);
    const char *copy = arena_string(r->arena, real ? real : m->file->path);
    free(real);
    return copy;
}

const char *module_beside(Reader *r, const Module *m, const char *path)
{
    const char *slash = strrchr(m->file->path, '/');
    if (*path == '/' || !slash) return path;
    return arena_format(r->arena, "%.*s/%s", (int)(slash - m->file->path), m->file->path, path);
}

/* The file of an import, in a module that is not read yet; NULL when there is none. `error` is what
 * hindered one that is there. */
static Module *find_file(Reader *r, const Module *from, const char *path, int *error)
{
    Module *m = NEW(r->arena, Module);
    *error = 0;
    for (int i = -1; !m->file && i < r->options->import_paths.count; i++) {
        const char *folder = i < 0 ? NULL : r->options->import_paths.items[i];
        const char *full = !folder        ? module_beside(r, from, path)
                           : *path == '/' ? path
                                          : arena_format(r->arena, "%s/%s", folder, path);
        if (from->carried && !folder)
            m->file = carried(r, full);
        else
            m->file = note_open(r, full);
        m->carried = m->file && from->carried && !folder;
        if (!m->file && !from->carried && errno != ENOENT && errno != ENOTDIR) *error = errno;
    }
    if (!m->file) m->carried = (m->file = carried(r, path)) != NULL;
    return m->file ? m : NULL;
}

static void no_file(Reader *r, const NetImport *import, int error)
{
    const char *names[256];
    int count = 0;
    for (const CarriedFile *f = library_files; f->name && count < (int)COUNT(names); f++)
        names[count++] = arena_format(r->arena, "std/%s", f->name);
    Diagnostic *d = error ? net_error(r, "E0416", import->source, "cannot read %s: %s",
                                      import->path.data, strerror(error))
                          : net_error(r, "E0416", import->source, "there is no file %s to import",
                                      import->path.data);
    const char *near = nearest_name(import->path.data, names, count);
    if (near)
        net_suggest(d, near);
    else if (!error)
        net_help(d, "paths are relative to the importing file, to the folders of --import-path, or "
                    "begin with std/ for netc's library");
}

/* ---- names ---- */

Block *module_block(const Scope *s, const char *name) { return map_get(s->module->blocks, name); }

static void add_block(Reader *r, Module *m, const char *name, Block block)
{
    if (!map_get(m->blocks, name)) LIST_PUSH(r->arena, &m->block_names, name);
    map_set(m->blocks, name, arena_copy(r->arena, &block, sizeof block));
}

/* E0404: a name of a file has two meanings. */
static void taken(Reader *r, Source where, const char *name, Source first, bool imported)
{
    Diagnostic *d = net_error(r, "E0404", where, "`%s` has two meanings in this file", name);
    net_label(d, where, "the second");
    net_label(d, first, "the first");
    if (imported)
        net_help(d,
                 "import \"file.net\" (name as other) gives a name of its own to what is imported");
}

static void read_blocks(Reader *r, Module *m)
{
    for (int i = 0; i < m->ast->blocks.count; i++) {
        const NetDef *def = m->ast->blocks.items[i];
        const char *name = def->name.text;
        const Block *first = map_get(m->blocks, name);
        bool layer = layer_find(name);
        if (first)
            taken(r, def->name.source, name, first->source, first->module != m);
        else if (layer || function_find(name))
            net_error(r, "E0404", def->name.source,
                      "a block cannot be called `%s`: %s has the name", name,
                      layer ? "a layer" : "a function");
        Block block = {def, m, def->name.source};
        Value v = block_value(&block, block.source);
        add_block(r, m, name, block);
        note_name(r, block.source, name, &v, block.source);
    }
}

static bool same_value(const Value *a, const Value *b)
{
    return a->kind == VALUE_TENSOR ? b->kind == a->kind && a->tensor == b->tensor
                                   : value_equal(a, b);
}

/* One name of another file under a name of this one's; false when there is nothing of that name. */
static bool import_name(Reader *r, Module *m, const Module *from, const char *name, NetName own)
{
    const Block *block = map_get(from->blocks, name), *first = map_get(m->blocks, own.text);
    const Binding *value = map_get(from->scope->names, name),
                  *bound = map_get(m->scope->names, own.text);
    if (!block && !value) return false;
    bool same = block && first ? block->def == first->def
                               : bound && value && same_value(&bound->value, &value->value);
    if ((first || bound) && !same) {
        taken(r, own.source, own.text, first ? first->source : bound->source, true);
    } else if (block) {
        Value v = block_value(block, own.source);
        add_block(r, m, own.text, (Block){block->def, block->module, own.source});
        note_name(r, own.source, own.text, &v, block->def->name.source);
    } else if (!bound) {
        net_scope_bind(r, m->scope, own, value->value, true);
    }
    return true;
}

/* What the file itself defines: what it imports is its own affair. */
static void import_all(Reader *r, Module *m, const Module *from, const NetImport *import)
{
    for (int i = 0; i < from->ast->blocks.count; i++) {
        const char *name = from->ast->blocks.items[i]->name.text;
        import_name(r, m, from, name, (NetName){name, import->source});
    }
    for (int i = 0; i < from->ast->consts.count; i++) {
        const char *name = from->ast->consts.items[i]->targets.items[0].text;
        import_name(r, m, from, name, (NetName){name, import->source});
    }
}

static void no_name(Reader *r, const Module *from, const NetName *name)
{
    LIST(const char *) names = {0};
    for (int i = 0; i < from->block_names.count; i++)
        LIST_PUSH(r->arena, &names, from->block_names.items[i]);
    for (int i = 0; i < from->scope->name_list.count; i++)
        LIST_PUSH(r->arena, &names, from->scope->name_list.items[i]);
    Diagnostic *d = net_error(r, "E0403", name->source, "%s defines no block or constant `%s`",
                              from->file->path, name->text);
    const char *near = nearest_name(name->text, names.items, names.count);
    if (near) {
        net_suggest(d, near);
        return;
    }
    Text list = {0};
    for (int i = 0; i < from->ast->blocks.count && i < 20; i++)
        text_add(&list, "%s%s", i ? ", " : "", from->ast->blocks.items[i]->name.text);
    if (list.data) net_note(d, "its blocks are %s", list.data);
    text_free(&list);
}

/* Whatever the import should have given is unknown, without a further word. */
static void broken_import(Reader *r, Module *m, const NetImport *import)
{
    if (!import->names.count) m->broken = true;
    for (int i = 0; i < import->names.count; i++)
        net_scope_bind(r, m->scope, import->names.items[i].own, poison, true);
}

/* ---- reading ---- */

/* E0417 when the file is one of those that wait for this import. */
static bool in_cycle(Reader *r, const Module *from, const NetImport *import, const char *id)
{
    const Module *at = from;
    while (at && strcmp(at->id, id)) at = at->importer;
    if (!at) return false;
    Diagnostic *d = net_error(r, "E0417", import->source, "%s imports itself%s", at->file->path,
                              at == from ? "" : " through other files");
    for (const Module *m = from; m != at; m = m->importer)
        net_label(d, m->import->source, "which is imported here");
    net_help(d, "what both files need can stand in a third one that both import");
    return true;
}

/* The file of an import, read; NULL after a diagnostic. */
static Module *open_import(Reader *r, Module *from, const NetImport *import)
{
    int error;
    Module *m = find_file(r, from, import->path.data, &error);
    if (!m || strlen(import->path.data) != import->path.length) {
        no_file(r, import, error);
        return NULL;
    }
    m->id = identity(r, m);
    if (in_cycle(r, from, import, m->id)) return NULL;
    Module *known = map_get(r->modules, m->id);
    if (known) return known->bad ? NULL : known;
    m->importer = from, m->import = import, m->depth = from->depth + 1;
    if (m->depth > NET_MAX_IMPORTS) {
        net_error(r, "E0410", import->source, "files import files more than %d deep",
                  NET_MAX_IMPORTS);
        return NULL;
    }
    m->bad = !module_parse(r, m);
    if (!m->bad) module_define(r, m);
    m->importer = NULL;
    return m->bad ? NULL : m;
}

static void read_import(Reader *r, Module *m, const NetImport *import)
{
    const Module *from = open_import(r, m, import);
    if (!from) {
        broken_import(r, m, import);
        return;
    }
    note_import(r, import->source, from->file);
    if (!import->names.count) import_all(r, m, from, import);
    for (int i = 0; i < import->names.count; i++) {
        const NetImportName *item = &import->names.items[i];
        if (import_name(r, m, from, item->name.text, item->own)) continue;
        no_name(r, from, &item->name);
        net_scope_bind(r, m->scope, item->own, poison, true);
    }
}

bool module_parse(Reader *r, Module *m)
{
    if (!m->id) m->id = identity(r, m);
    map_set(r->modules, m->id, m);
    m->ast = net_parse(r->arena, m->file, r->diags);
    m->blocks = map_new(r->arena);
    m->scope = net_scope_new(r, NULL, "", NULL);
    m->scope->module = m;
    return m->ast != NULL;
}

void module_define(Reader *r, Module *m)
{
    for (int i = 0; i < m->ast->imports.count; i++) read_import(r, m, m->ast->imports.items[i]);
    read_blocks(r, m);
    for (int i = 0; i < m->ast->consts.count; i++)
        body_declare(r, m->scope, m->ast->consts.items[i]);
}
