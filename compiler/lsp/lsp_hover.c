/* What is under the cursor: hover, with shapes and counts of what a name means, and the page of a
 * diagnostic there; and the definition of a name. Both read the notes of the last check; in a block
 * that nothing calls there are none, and what the tokens say has to do. */
#include "lsp.h"

#include "diag_codes.h"
#include "net.tab.h"
#include "read_net_layer.h"

enum { MOST_SHOWN = 5 };

/* ---- notes ---- */

static bool covers(const Source *where, const File *file, int line, int column)
{
    if (where->file != file || where->line < 1) return false;
    bool after = line > where->line || (line == where->line && column >= where->column);
    bool before =
        line < where->end_line || (line == where->end_line && column <= where->end_column);
    return after && before;
}

/* The innermost note at the place, the first of several instances; NULL when there is none. */
static const NetNote *note_at(const Document *doc, int line, int column)
{
    const NetNote *best = NULL;
    for (int i = 0; i < doc->notes.all.count; i++) {
        const NetNote *note = &doc->notes.all.items[i];
        if (!covers(&note->where, doc->file, line, column)) continue;
        if (note->kind == NOTE_IMPORT) return note;
        if (!best || note->where.line > best->where.line ||
            (note->where.line == best->where.line && note->where.column > best->where.column))
            best = note;
    }
    return best;
}

const NetDef *lsp_block(const NetNotes *notes, const char *name)
{
    for (int i = 0; i < notes->all.count; i++) {
        const NetNote *note = &notes->all.items[i];
        if (note->block && note->name && !strcmp(note->name, name)) return note->block;
    }
    return NULL;
}

/* ---- without notes: calls by the names that are written ---- */

static int column_of(const Document *doc, const NetToken *t)
{
    size_t length;
    return (int)(t->text - source_line(doc->file, t->line, &length)) + 1;
}

/* The token of a call's name at the place: behind a pipe, or before a parenthesis. -1: none. */
static int callee_at(const Document *doc, const NetTokens *tokens, int line, int column)
{
    for (int i = 1; i + 1 < tokens->count; i++) {
        const NetToken *t = &tokens->items[i];
        if (t->kind != T_NAME || t->line != line) continue;
        int start = column_of(doc, t);
        if (column < start || column > start + t->length) continue;
        return t[-1].kind == T_PIPE || t[1].kind == '(' ? i : -1;
    }
    return -1;
}

/* Layers, operators and blocks; NULL for all else. */
static const NetNote *call_at(Arena *arena, const Document *doc, int line, int column)
{
    NetTokens tokens = {0};
    net_tokens(arena, doc->file, &tokens, diags_new(arena));
    int at = callee_at(doc, &tokens, line, column);
    if (at < 0) return NULL;
    const NetToken *t = &tokens.items[at];
    NetNote *note = NEW(arena, NetNote);
    *note = (NetNote){.kind = NOTE_CALL};
    int start = column_of(doc, t);
    note->where = (Source){.file = doc->file,
                           .line = line,
                           .column = start,
                           .end_line = line,
                           .end_column = start + t->length};
    note->name = arena_format(arena, "%.*s", t->length, t->text);
    note->block = lsp_block(&doc->notes, note->name);
    if (note->block) note->definition = note->block->name.source;
    if (at > 1 && t[-1].kind == T_DOMAIN && t[-2].kind == T_STRING)
        note->domain = arena_format(arena, "%.*s", t[-2].length - 2, t[-2].text + 1);
    else if (op_find("", note->name))
        note->domain = "";
    return lsp_signature(arena, note) ? note : NULL;
}

static const NetNote *meaning_at(Arena *arena, const Document *doc, int line, int column)
{
    const NetNote *note = note_at(doc, line, column);
    return note ? note : call_at(arena, doc, line, column);
}

/* ---- signatures ---- */

static const char *layer_signature(Arena *arena, const NetLayer *layer)
{
    const char *text = arena_format(arena, "%s(", layer->name);
    for (int i = 0; i < LAYER_MAX_ARGS && layer->args[i].name; i++)
        text = arena_format(arena, "%s%s%s%s", text, i ? ", " : "", layer->args[i].name,
                            i && !layer->args[i].required ? "?" : "");
    return arena_format(arena, "%s)", text);
}

static const char *kind_text(const NetParam *p)
{
    if (p->kind.text) return p->kind.text;
    return p->type && !p->type->shaped ? dtype_name(p->type->dtype) : NULL;
}

static const char *block_signature(Arena *arena, const NetDef *block)
{
    const char *text = arena_format(arena, "block %s(", block->name.text);
    for (int i = 0; i < block->inputs.count; i++) {
        const NetParam *p = &block->inputs.items[i];
        const char *kind = kind_text(p);
        text = arena_format(arena, "%s%s%s%s%s%s", text, i ? ", " : "", p->name.text,
                            p->value ? "?" : "", kind ? ": " : "", kind ? kind : "");
    }
    return arena_format(arena, "%s)", text);
}

static const char *operator_signature(Arena *arena, const Op *op)
{
    int version = 0;
    for (const int *v = op->versions; v && *v; v++) version = *v;
    const char *text = arena_format(arena, "%s(", op->name);
    const Slot *slot;
    for (int i = 0; i < MAX_RANK && (slot = op_input(op, version, i)); i++) {
        text = arena_format(arena, "%s%s%s%s", text, i ? ", " : "", slot->name,
                            slot->variadic   ? "..."
                            : slot->optional ? "?"
                                             : "");
        if (slot->variadic) break;
    }
    for (const AttrSpec *a = op->attrs; a && a->name; a++)
        if (a == op_attr(op, version, a->name))
            text = arena_format(arena, "%s, %s%s", text, a->name, a->required ? "" : "?");
    return arena_format(arena, "%s)\n# %s", text, op->doc);
}

const char *lsp_signature(Arena *arena, const NetNote *note)
{
    const Op *op = note->domain ? op_find(note->domain, note->name) : NULL;
    const NetLayer *layer = note->value.kind == VALUE_LAYER ? note->value.layer : NULL;
    if (note->kind == NOTE_CALL && !layer) layer = layer_find(note->name);
    if (note->block) return block_signature(arena, note->block);
    if (op) return operator_signature(arena, op);
    return layer ? layer_signature(arena, layer) : NULL;
}

/* ---- hover ---- */

typedef struct Instances {
    const char *shown[MOST_SHOWN]; /* different values */
    int distinct, count;
    int64_t parameters, macs;
} Instances;

/* A tuple as its items. */
static const char *note_value(Arena *arena, const NetNote *note)
{
    const Value *v = &note->value;
    if (value_has_poison(v) || v->kind == VALUE_OMITTED || v->kind == VALUE_BLOCK ||
        v->kind == VALUE_LAYER)
        return NULL;
    if (v->kind != VALUE_TUPLE) return value_text(arena, v);
    const char *text = "";
    for (int i = 0; i < v->list.count && i < MAX_RANK; i++)
        text = arena_format(arena, "%s%s%s", text, i ? ", " : "",
                            value_text(arena, &v->list.items[i]));
    return text;
}

static void add_instance(Arena *arena, Instances *all, const NetNote *note)
{
    all->count++;
    all->parameters += note->parameters, all->macs += note->macs;
    const char *text = note_value(arena, note);
    for (int i = 0; text && i < all->distinct && i < MOST_SHOWN; i++)
        if (!strcmp(all->shown[i], text)) return;
    if (text && all->distinct < MOST_SHOWN) all->shown[all->distinct] = text;
    all->distinct += text != NULL;
}

/* Of a name in a block or a repeat: all that it was. */
static Instances collect(Arena *arena, const Document *doc, const NetNote *first)
{
    Instances all = {0};
    for (int i = 0; i < doc->notes.all.count; i++) {
        const NetNote *note = &doc->notes.all.items[i];
        if (note->kind == first->kind && source_same(&note->where, &first->where))
            add_instance(arena, &all, note);
    }
    return all;
}

static void add_counts(Text *out, const Instances *all)
{
    if (all->parameters || all->macs)
        text_add(out, "\n%lld parameters, %lld multiply-adds", (long long)all->parameters,
                 (long long)all->macs);
    if (all->count > 1)
        text_add(out, "%s %d instances", all->parameters || all->macs ? " in" : "\nin", all->count);
}

static void add_note(Text *out, Arena *arena, const Document *doc, const NetNote *note)
{
    const char *signature = lsp_signature(arena, note);
    Instances all = collect(arena, doc, note);
    if (note->kind == NOTE_CALL && !signature) signature = note->name;
    if (note->kind == NOTE_NAME && !signature && !all.distinct) return;
    text_add(out, "```net\n");
    if (note->kind == NOTE_IMPORT) text_add(out, "# %s\n", note->definition.file->path);
    if (signature) text_add(out, "%s\n", signature);
    for (int i = 0; i < all.distinct && i < MOST_SHOWN; i++)
        text_add(out, note->kind == NOTE_CALL ? "-> %s%s\n" : "%s%s\n",
                 note->kind == NOTE_CALL ? "" : arena_format(arena, "%s: ", note->name),
                 all.shown[i]);
    if (all.distinct > MOST_SHOWN) text_add(out, "# and other types\n");
    text_add(out, "```\n");
    if (note->kind != NOTE_IMPORT) add_counts(out, &all);
}

static void add_page(Text *out, const char *code)
{
    text_add(out, "%s**%s**: %s\n", out->length ? "\n\n---\n" : "", code,
             diag_code_find(code)->title);
    text_add(out, "\n%s", (const char *)diag_code_page(code)->data);
}

static void add_pages(Text *out, const Document *doc, int line, int column)
{
    for (int i = 0; i < doc->diags->all.count; i++) {
        const Diagnostic *d = doc->diags->all.items[i];
        if (covers(&d->where, doc->file, line, column)) add_page(out, d->code);
    }
}

void lsp_hover(Text *out, Arena *arena, const Document *doc, int line, int column)
{
    const NetNote *note = meaning_at(arena, doc, line, column);
    Text text = {0};
    if (note) add_note(&text, arena, doc, note);
    add_pages(&text, doc, line, column);
    if (text.length) {
        text_add(out, "{\"contents\":{\"kind\":\"markdown\",\"value\":");
        json_quote(out, text.data);
        text_add(out, "}");
        if (note) {
            text_add(out, ",\"range\":");
            range_json(out, &note->where);
        }
        text_add(out, "}");
    }
    text_free(&text);
}

void lsp_definition(Text *out, Arena *arena, const Documents *docs, const Document *doc, int line,
                    int column)
{
    const NetNote *note = meaning_at(arena, doc, line, column);
    if (note && note->definition.file) location_json(out, arena, docs, &note->definition);
}
