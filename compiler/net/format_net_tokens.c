/*
 * Tokens for netc fmt. In: a .net file without syntax errors. Out: its tokens with their comments,
 * which bracket belongs to which, and where a space stands between two on one line. Comments and
 * blank lines are found in the text between tokens, which is nothing else.
 */
#include "format_net.h"
#include "net.tab.h"

/* ---- comments ---- */

/* What stands between two tokens: comments, blank lines, `;` that ended a statement. */
static void read_gap(Arena *arena, const char *at, const char *end, FormatToken *token)
{
    int newlines = 0;
    bool first = true;
    token->fresh = memchr(at, '\n', (size_t)(end - at)) != NULL;
    while (at < end) {
        if (*at == '#') {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            const char *stop = newline ? newline : end;
            FormatComment c = {.text = at, .beside = !newlines && !first, .apart = newlines > 1};
            while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r')) stop--;
            c.length = (int)(stop - at);
            LIST_PUSH(arena, &token->comments, c);
            at = newline ? newline : end;
            newlines = 0;
        } else {
            newlines += *at == '\n';
            at++;
        }
        first = false;
    }
    token->apart = newlines > 1;
}

/* Whether text stands before the gap on its line: at the beginning of the file there is none. */
static void fix_first(FormatToken *token)
{
    if (token->comments.count) token->comments.items[0].beside = false;
}

static int characters(const char *text, int bytes)
{
    int count = 0;
    for (int i = 0; i < bytes; i++) count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* ---- brackets ---- */

static void match_brackets(Arena *arena, FormatTokens *tokens)
{
    LIST(int) open = {0};
    for (int i = 0; i < tokens->count; i++) {
        int kind = tokens->items[i].kind;
        tokens->items[i].match = -1;
        if (kind == '(' || kind == '[' || kind == '{') LIST_PUSH(arena, &open, i);
        if ((kind != ')' && kind != ']' && kind != '}') || !open.count) continue;
        int from = open.items[--open.count];
        tokens->items[from].match = i;
        tokens->items[i].match = from;
    }
}

static bool is_comma(const FormatTokens *tokens, int i) { return tokens->items[i].kind == ','; }

/* Brackets that are laid out in lines of their own: bodies that begin a line, and lists whose last
 * item has a comma. */
static void mark_lines(FormatTokens *tokens)
{
    for (int i = 0; i + 1 < tokens->count; i++) {
        FormatToken *t = &tokens->items[i];
        if (t->match <= i + 1) continue;
        t->lines = t->kind == '{' ? tokens->items[i + 1].fresh : is_comma(tokens, t->match - 1);
    }
}

/* ---- spaces ---- */

static bool among(int kind, const int *kinds, int count)
{
    for (int i = 0; i < count; i++)
        if (kinds[i] == kind) return true;
    return false;
}

static bool ends_operand(int kind)
{
    static const int kinds[] = {T_NAME, T_INT,   T_FLOAT, T_STRING, T_OMITTED, T_DTYPE, T_TRUE,
                                T_INF,  T_FALSE, T_NAN,   ')',      ']',       '}'};
    return among(kind, kinds, COUNT(kinds));
}

/* The dimensions of f32[2] [1, 2] or f32[] -1: what follows is no index and no difference. */
static bool ends_type(const FormatTokens *tokens, int i)
{
    const FormatToken *t = &tokens->items[i];
    return t->kind == ']' && t->match > 0 && tokens->items[t->match - 1].kind == T_DTYPE;
}

/* The bracket of the carried names of a repeat, which is no call's. */
static int carried_bracket(const FormatTokens *tokens, int repeat)
{
    int i = repeat + 1;
    i = tokens->items[i].match > i ? tokens->items[i].match + 1 : i + 1;
    while (i < tokens->count && tokens->items[i].kind != '(' && tokens->items[i].kind != '{')
        i = tokens->items[i].match > i ? tokens->items[i].match + 1 : i + 1;
    return i;
}

static bool space_between(const FormatTokens *tokens, int i, bool unary_before)
{
    static const int tight_after[] = {'(', '[', '.', '@', T_DOMAIN};
    static const int tight_before[] = {')', ']', ',', ':', '.', '@', T_DOMAIN, T_END, T_EOF};
    int before = tokens->items[i - 1].kind, kind = tokens->items[i].kind;
    if (among(before, tight_after, COUNT(tight_after)) || unary_before) return false;
    if (among(kind, tight_before, COUNT(tight_before))) return false;
    if (kind == '}') return before != '{';
    if (kind == '(')
        return before != T_NAME && !(before == T_INT && i > 1 && tokens->items[i - 2].kind == '@');
    if (kind != '[') return true;
    return !(before == T_NAME || before == T_OMITTED || before == T_DTYPE || before == ')' ||
             before == ']') ||
           ends_type(tokens, i - 1);
}

static void place_spaces(FormatTokens *tokens)
{
    bool unary = false;
    int carried = -1;
    for (int i = 1; i < tokens->count; i++) {
        FormatToken *t = &tokens->items[i];
        int before = tokens->items[i - 1].kind;
        t->space = space_between(tokens, i, unary) || i == carried;
        unary = t->kind == '-' && (!ends_operand(before) || ends_type(tokens, i - 1));
        if (t->kind == T_REPEAT) carried = carried_bracket(tokens, i);
    }
}

/* ---- all of it ---- */

bool format_tokens(Arena *arena, const File *file, FormatTokens *out, Diags *diags)
{
    NetTokens raw = {0};
    if (!net_tokens(arena, file, &raw, diags)) return false;
    const char *end = (const char *)file->data;
    for (int i = 0; i < raw.count; i++) {
        const NetToken *from = &raw.items[i];
        FormatToken t = {.kind = from->kind, .text = from->text, .length = from->length};
        t.width = characters(t.text, t.length);
        bool ends = t.kind == T_END;
        const char *until = t.kind == T_EOF ? (const char *)file->data + file->bytes : from->text;
        if (!ends) read_gap(arena, end, until, &t);
        if (!out->count) fix_first(&t);
        if (!ends) end = from->text + from->length;
        LIST_PUSH(arena, out, t);
    }
    if (!out->count || out->items[out->count - 1].kind != T_EOF) {
        FormatToken eof = {.kind = T_EOF, .text = end};
        read_gap(arena, end, (const char *)file->data + file->bytes, &eof);
        if (!out->count) fix_first(&eof);
        LIST_PUSH(arena, out, eof);
    }
    match_brackets(arena, out);
    mark_lines(out);
    place_spaces(out);
    return true;
}
