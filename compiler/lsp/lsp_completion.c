/* What can be written at the cursor: in a call its arguments, then names in scope, blocks, layers,
 * functions, operators and keywords. In: the tokens up to the cursor, which need not be a whole
 * file, and of files that are imported the names that the last check saw. The editor filters. */
#include "lsp.h"

#include "net.tab.h"
#include "read_net_layer.h"

/* CompletionItemKind of the protocol. */
enum { ITEM_FUNCTION = 3, ITEM_FIELD = 5, ITEM_VARIABLE = 6, ITEM_CLASS = 7, ITEM_KEYWORD = 14 };

typedef struct Completion {
    Text *out;
    Arena *arena;
    const Document *doc;
    NetTokens tokens;
    Map *seen;
    int count;
} Completion;

static void add_item(Completion *c, const char *label, int kind, const char *detail)
{
    if (map_get(c->seen, label)) return;
    map_set(c->seen, label, c);
    text_add(c->out, "%s{\"label\":", c->count++ ? "," : "");
    json_quote(c->out, label);
    text_add(c->out, ",\"kind\":%d", kind);
    if (detail) {
        text_add(c->out, ",\"detail\":");
        json_quote(c->out, detail);
    }
    text_add(c->out, "}");
}

static const char *token_text(Completion *c, int i)
{
    const NetToken *t = &c->tokens.items[i];
    return arena_format(c->arena, "%.*s", t->length, t->text);
}

static int kind_at(const Completion *c, int i)
{
    return i >= 0 && i < c->tokens.count ? c->tokens.items[i].kind : 0;
}

/* ---- the tokens ---- */

static bool in_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The text up to the cursor, without the word that is being written. */
static const File *text_before(Arena *arena, const Document *doc, int line, int column)
{
    size_t length;
    const char *start = source_line(doc->file, line, &length);
    size_t end = (size_t)(start - (const char *)doc->file->data) +
                 ((size_t)column - 1 < length ? (size_t)column - 1 : length);
    const char *text = (const char *)doc->file->data;
    if (!length && !*start) end = doc->file->bytes;
    while (end && in_word(text[end - 1])) end--;
    File *file = NEW(arena, File);
    *file = (File){doc->file->path, arena_copy(arena, text, end + 1), end};
    ((char *)file->data)[end] = '\0';
    return file;
}

/* The bracket that the cursor is in; -1: none. */
static int open_bracket(const Completion *c)
{
    int depth = 0;
    for (int i = c->tokens.count - 1; i >= 0; i--) {
        int kind = kind_at(c, i);
        if (kind == '}' || kind == ')' || kind == ']') depth++;
        if ((kind == '{' || kind == '(' || kind == '[') && depth-- == 0) return i;
    }
    return -1;
}

/* Where the net or block begins that the cursor is in; -1: none. */
static int definition_start(const Completion *c)
{
    int at = c->tokens.count - 1;
    while (at >= 0 && kind_at(c, at) != T_NET && kind_at(c, at) != T_BLOCK) at--;
    return at;
}

/* ---- arguments ---- */

static void add_argument(Completion *c, const char *name)
{
    add_item(c, arena_format(c->arena, "%s:", name), ITEM_FIELD, NULL);
}

static void add_arguments(Completion *c)
{
    int bracket = open_bracket(c);
    if (kind_at(c, bracket) != '(' || kind_at(c, bracket - 1) != T_NAME) return;
    const char *callee = token_text(c, bracket - 1);
    const NetDef *block = lsp_block(&c->doc->known, callee);
    const NetLayer *layer = block ? NULL : layer_find(callee);
    const Op *op = block || layer ? NULL : op_find("", callee);
    for (int i = 0; block && i < block->inputs.count; i++)
        add_argument(c, block->inputs.items[i].name.text);
    for (int i = 0; layer && i < LAYER_MAX_ARGS && layer->args[i].name; i++)
        add_argument(c, layer->args[i].name);
    for (const AttrSpec *a = op ? op->attrs : NULL; a && a->name; a++) add_argument(c, a->name);
}

/* ---- names ---- */

/* Names of inputs and dimensions, of blocks' parameters and of what statements assign, before the
 * cursor. */
static void add_local_names(Completion *c)
{
    int start = definition_start(c), head = start < 0 ? c->tokens.count : start;
    while (head < c->tokens.count && kind_at(c, head) != '{') head++;
    for (int i = start < 0 ? c->tokens.count : start + 2; i < c->tokens.count; i++) {
        int before = kind_at(c, i - 1), after = kind_at(c, i + 1);
        bool first = before == T_END || before == '{';
        bool listed = before == '(' || before == ',' || before == '[';
        bool named = (after == '=' && before != ':') || (after == ',' && first) ||
                     before == T_PARAM || before == T_CONST || (i < head && listed);
        if (kind_at(c, i) == T_NAME && named) add_item(c, token_text(c, i), ITEM_VARIABLE, NULL);
    }
}

static void add_file_names(Completion *c)
{
    for (int i = 0; i < c->doc->known.all.count; i++) {
        const NetNote *note = &c->doc->known.all.items[i];
        if (note->kind == NOTE_NAME && note->block)
            add_item(c, note->name, ITEM_FUNCTION, lsp_signature(c->arena, note));
    }
    for (int i = 0; i + 1 < c->tokens.count; i++)
        if (kind_at(c, i) == T_BLOCK && kind_at(c, i + 1) == T_NAME)
            add_item(c, token_text(c, i + 1), ITEM_FUNCTION, NULL);
}

static void add_language(Completion *c)
{
    const char *names[512];
    int count = layer_names(names, COUNT(names));
    for (int i = 0; i < count; i++) {
        NetNote note = {.kind = NOTE_CALL, .name = names[i]};
        add_item(c, names[i], ITEM_FUNCTION, lsp_signature(c->arena, &note));
    }
    count = function_names(names, COUNT(names));
    for (int i = 0; i < count; i++) add_item(c, names[i], ITEM_FUNCTION, NULL);
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++)
            if (!op->domain) add_item(c, op->name, ITEM_CLASS, op->doc);
    for (int i = 0; net_keyword(i); i++) add_item(c, net_keyword(i), ITEM_KEYWORD, NULL);
    for (int t = DT_NONE + 1; t < DT_COUNT; t++)
        add_item(c, dtype_name((Dtype)t), ITEM_KEYWORD, NULL);
}

void lsp_completion(Text *out, Arena *arena, const Document *doc, int line, int column)
{
    Completion c = {.out = out, .arena = arena, .doc = doc, .seen = map_new(arena)};
    net_tokens(arena, text_before(arena, doc, line, column), &c.tokens, diags_new(arena));
    text_add(out, "[");
    add_arguments(&c);
    add_local_names(&c);
    add_file_names(&c);
    add_language(&c);
    text_add(out, "]");
}
