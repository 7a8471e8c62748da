/* Collects the notes of read_net_notes.h while a net is read, and gives the reader files that an
 * editor holds. */
#include "read_net_notes.h"

#include <stdlib.h>

static void add(Reader *r, NetNote note)
{
    NetNotes *notes = r->options->notes;
    if (note.where.file == notes->home && note.where.line && notes->all.count < NET_MAX_NOTES)
        LIST_PUSH(notes->arena, &notes->all, note);
}

void note_name(Reader *r, Source where, const char *name, const Value *value, Source definition)
{
    if (!r->options->notes) return;
    add(r, (NetNote){.kind = NOTE_NAME,
                     .where = where,
                     .definition = definition,
                     .name = name,
                     .value = *value,
                     .block = value->kind == VALUE_BLOCK ? value->block.def : NULL});
}

void note_import(Reader *r, Source where, const File *file)
{
    if (!r->options->notes) return;
    Source start = {.file = file, .line = 1, .column = 1, .end_line = 1, .end_column = 1};
    add(r, (NetNote){.kind = NOTE_IMPORT, .where = where, .definition = start});
}

NoteMark note_mark(const Reader *r) { return (NoteMark){r->params.count, r->graph->nodes.count}; }

/* What a name that is called means: the block, by its own name or that of a parameter. */
static const NetDef *called_block(Reader *r, const Scope *s, const NetCall *call)
{
    const Block *block = call->domain ? NULL : module_block(s, call->callee.text);
    if (block) return block->def;
    const Binding *b = net_scope_find(r, s, call->callee.text);
    return b && b->value.kind == VALUE_BLOCK ? b->value.block.def : NULL;
}

static bool is_operator(const NetCall *call)
{
    char first = call->callee.text[0];
    return call->domain || call->version || (first >= 'A' && first <= 'Z');
}

static void add_work(const Node *node, int64_t *macs)
{
    bool known = node->op && node->op->macs;
    for (int i = 0; known && i < node->output_count; i++)
        known = !node->outputs[i] || (node->outputs[i]->rank >= 0 && !node->outputs[i]->poisoned);
    int64_t sum;
    if (known && checked_add(*macs, node->op->macs(node), &sum)) *macs = sum;
}

void note_call(Reader *r, const Scope *s, const NetExpr *e, const Value *value, NoteMark before)
{
    if (!r->options->notes || e->call->callee.source.file != r->options->notes->home) return;
    const NetCall *call = e->call;
    NetNote note = {.kind = NOTE_CALL,
                    .where = call->callee.source,
                    .name = call->callee.text,
                    .value = *value,
                    .block = called_block(r, s, call)};
    if (note.block) note.definition = note.block->name.source;
    if (!note.block && is_operator(call)) note.domain = call->domain ? call->domain : "";
    for (int i = before.params; i < r->params.count; i++)
        if (r->params.items[i]->trainable) note.parameters += tensor_elements(r->params.items[i]);
    for (int i = before.nodes; i < r->graph->nodes.count; i++)
        add_work(r->graph->nodes.items[i], &note.macs);
    add(r, note);
}

/* ---- files ---- */

static bool same_file(const char *a, const char *b)
{
    if (!strcmp(a, b)) return true;
    char *left = realpath(a, NULL), *right = realpath(b, NULL);
    bool same = left && right && !strcmp(left, right);
    free(left), free(right);
    return same;
}

const File *note_open(Reader *r, const char *path)
{
    const OpenFiles *open = r->options->open;
    for (int i = 0; open && i < open->all.count; i++)
        if (same_file(open->all.items[i]->path, path)) return open->all.items[i];
    return file_map(r->arena, path);
}
