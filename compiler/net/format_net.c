/*
 * Lays out the tokens of a .net file. In: tokens with their comments. Out: text. What fits on a
 * line stands on one; what does not is broken at its loosest operator, then inside its brackets.
 */
#include "format_net.h"

#include "net.tab.h"

enum { COLUMNS = 100, INDENT = 4, NEVER_FITS = 1 << 20 };

typedef struct Format {
    Arena *arena;
    FormatTokens tokens;
    Text *out;
    int column; /* characters of the line so far */
    int base;   /* the indentation of the statement */
    int indent; /* of the lines that go on with it */
    int line;   /* of the line that is being written */
    bool head;  /* the statement is a net, a block or weights */
} Format;

static const FormatToken *token(const Format *f, int i) { return &f->tokens.items[i]; }

static int kind_of(const Format *f, int i) { return f->tokens.items[i].kind; }

/* ---- writing ---- */

static void newline(Format *f, int indent)
{
    text_add(f->out, "\n%*s", indent, "");
    f->column = f->line = indent;
}

static void put(Format *f, const char *text, int length, int width)
{
    text_put(f->out, text, (size_t)length);
    f->column += width;
}

/* Comments between two tokens of a statement; the token then begins a line. */
static bool put_inner_comments(Format *f, const FormatToken *t)
{
    for (int i = 0; i < t->comments.count; i++) {
        const FormatComment *c = &t->comments.items[i];
        if (c->beside)
            put(f, "  ", 2, 2);
        else
            newline(f, f->indent);
        put(f, c->text, c->length, c->length);
    }
    if (t->comments.count) newline(f, f->indent);
    return t->comments.count > 0;
}

/* Comments that have lines of their own, before a statement or a closing brace. */
static void put_comments(Format *f, FormatToken *t, int indent, bool first)
{
    for (int i = 0; i < t->comments.count; i++) {
        const FormatComment *c = &t->comments.items[i];
        if (c->beside) {
            put(f, "  ", 2, 2);
        } else {
            if (c->apart && !(first && i == 0)) text_put(f->out, "\n", 1);
            if (f->out->length) newline(f, indent);
        }
        put(f, c->text, c->length, c->length);
    }
    t->comments.count = 0;
}

static bool at_line_start(const Format *f)
{
    return !f->out->length || strchr("\n ", f->out->data[f->out->length - 1]);
}

static void put_token(Format *f, int i)
{
    const FormatToken *t = token(f, i);
    if (!put_inner_comments(f, t) && t->space && !at_line_start(f)) put(f, " ", 1, 1);
    put(f, t->text, t->length, t->width);
}

/* ---- what fits ---- */

static int skip(const Format *f, int i)
{
    return token(f, i)->match > i ? token(f, i)->match + 1 : i + 1;
}

static int statement_end(const Format *f, int from, int to)
{
    int i = from;
    while (i < to && kind_of(f, i) != T_END) i = skip(f, i);
    return i;
}

/* A body of one statement may stand on one line. */
static bool is_small_body(const Format *f, int open)
{
    int close = token(f, open)->match, end = statement_end(f, open + 1, close);
    return end == close - 1 && !token(f, close)->comments.count;
}

/* Characters of tokens from..to-1 on one line, without the space before the first. */
static int flat_width(const Format *f, int from, int to)
{
    int width = 0;
    for (int i = from; i < to && width <= COLUMNS; i++) {
        const FormatToken *t = token(f, i);
        if (t->comments.count && i > from) return NEVER_FITS;
        if (t->lines || (t->kind == '{' && !is_small_body(f, i) && t->match != i + 1))
            return NEVER_FITS;
        width += t->width + (t->space && i > from);
    }
    return width;
}

/* The part of a statement that is being laid out: tokens from..to-1, and how many characters must
 * follow on its last line. */
typedef struct Part {
    int from, to, tail;
} Part;

static bool fits(const Format *f, Part p)
{
    bool space = p.from < p.to && token(f, p.from)->space && !at_line_start(f);
    return f->column + space + flat_width(f, p.from, p.to) + p.tail <= COLUMNS;
}

static void put_flat(Format *f, int from, int to)
{
    for (int i = from; i < to; i++) put_token(f, i);
}

/* ---- breaking ---- */

static void lay(Format *f, Part p);
static void lay_body(Format *f, int open);

/* The first token of that kind outside brackets; `to` when there is none. */
static int find(const Format *f, int from, int to, int kind)
{
    while (from < to && kind_of(f, from) != kind) from = skip(f, from);
    return from;
}

/* A space and then the part, whose further lines begin where it does. */
static void lay_aligned(Format *f, Part p)
{
    int outer = f->indent;
    bool commented = token(f, p.from)->comments.count;
    if (!commented && token(f, p.from)->space && !at_line_start(f)) put(f, " ", 1, 1);
    if (!commented) f->indent = f->column;
    lay(f, p);
    f->indent = outer;
}

/* then, else and else if under the if. */
static void lay_if(Format *f, Part p)
{
    int start = f->column, depth = 0, from = p.from + 1, outer = f->indent;
    put_token(f, p.from);
    for (int i = from; i <= p.to; i = i < p.to ? skip(f, i) : i + 1) {
        int kind = i < p.to ? kind_of(f, i) : T_END;
        if (kind == T_IF && kind_of(f, i - 1) != T_ELSE) depth++;
        bool mine = depth == 0 && (kind == T_THEN || kind == T_ELSE || i == p.to);
        if (kind == T_ELSE && depth) depth--;
        if (!mine) continue;
        if (from < i) lay_aligned(f, (Part){from, i, i == p.to ? p.tail : 0});
        if (i == p.to) break;
        f->indent = start;
        if (!put_inner_comments(f, token(f, i))) newline(f, start);
        put(f, token(f, i)->text, token(f, i)->length, token(f, i)->width);
        from = i + 1;
        if (kind == T_ELSE && from < p.to && kind_of(f, from) == T_IF) put_token(f, from++);
    }
    f->indent = outer;
}

/* A line for each stage with arguments; others stay on the line of the stage before them. */
static void lay_pipe(Format *f, Part p)
{
    int at = find(f, p.from, p.to, T_PIPE), outer = f->indent;
    lay(f, (Part){p.from, at, 3});
    for (bool first = true; at < p.to; first = false) {
        int next = find(f, at + 1, p.to, T_PIPE);
        bool bare = find(f, at, next, '(') == next && !token(f, at)->comments.count;
        Part stage = {at, next, next == p.to ? p.tail : 0};
        bool stays = first ? !token(f, at)->comments.count : bare && fits(f, stage);
        if (first && stays) {
            put(f, " ", at_line_start(f) ? 0 : 1, at_line_start(f) ? 0 : 1);
            f->indent = f->column;
        } else if (!stays && !token(f, at)->comments.count) {
            newline(f, f->indent);
        }
        put_token(f, at);
        lay_aligned(f, (Part){at + 1, next, stage.tail});
        at = next;
    }
    f->indent = outer;
}

/* Loosest first. */
static const struct {
    int kinds[6];
} operators[] = {
    {{T_OR}},
    {{T_AND}},
    {{T_EQ, T_NE, T_LE, T_GE, '<', '>'}},
    {{'+', '-'}},
    {{'*', '/', T_FLOORDIV, '%'}},
};

static bool is_operator(const Format *f, int level, int i, int from)
{
    if (i == from || !token(f, i)->space || !token(f, i + 1)->space) return false;
    for (size_t k = 0; k < COUNT(operators[level].kinds); k++)
        if (operators[level].kinds[k] && operators[level].kinds[k] == kind_of(f, i)) return true;
    return false;
}

static int find_operator(const Format *f, int level, int from, int to)
{
    int i = from;
    while (i < to && !is_operator(f, level, i, from)) i = skip(f, i);
    return i;
}

static bool lay_operators(Format *f, Part p)
{
    int level = 0, outer = f->indent;
    while (level < (int)COUNT(operators) && find_operator(f, level, p.from, p.to) == p.to) level++;
    if (level == (int)COUNT(operators)) return false;
    if (!token(f, p.from)->comments.count) f->indent = f->column;
    for (int from = p.from, first = 1; from < p.to; first = 0) {
        int next =
            first ? find_operator(f, level, from, p.to) : find_operator(f, level, from + 1, p.to);
        Part operand = {from, next, next == p.to ? p.tail : 0};
        if (first) {
            lay(f, operand);
        } else {
            bool alone = f->indent + flat_width(f, from, next) + operand.tail <= COLUMNS;
            if (!fits(f, operand) && alone && !token(f, from)->comments.count)
                newline(f, f->indent);
            put_token(f, from);
            lay_aligned(f, (Part){from + 1, next, operand.tail});
        }
        from = next;
    }
    f->indent = outer;
    return true;
}

/* Items between commas, as many to a line as fit; lists inside a list each on a line. */
static void lay_items(Format *f, Part p)
{
    int outer = f->indent;
    bool lists = p.from < p.to && kind_of(f, p.from) == '[';
    f->indent = f->column;
    for (int from = p.from; from < p.to;) {
        int comma = find(f, from, p.to, ',');
        Part item = {from, comma, comma == p.to ? p.tail : 1};
        if (from > p.from && !token(f, from)->comments.count && (lists || !fits(f, item)))
            newline(f, f->indent);
        lay(f, item);
        if (comma < p.to) put_token(f, comma);
        from = comma + 1;
    }
    f->indent = outer;
}

/* Items between commas, each on a line, the bracket behind them too. */
static void lay_lines(Format *f, int open)
{
    int outer = f->indent, line = f->line, close = token(f, open)->match;
    f->indent = line + INDENT;
    for (int from = open + 1; from < close;) {
        int comma = find(f, from, close, ',');
        if (!token(f, from)->comments.count) newline(f, f->indent);
        f->line = f->indent;
        lay(f, (Part){from, comma, 1});
        put_token(f, comma);
        from = comma + 1;
    }
    put_comments(f, &f->tokens.items[close], f->indent, false);
    newline(f, line);
    f->indent = outer;
    put_token(f, close);
}

/* Width of what follows a closing bracket and cannot be parted from it: brackets, `as` and its
 * name. */
static int width_behind(const Format *f, Part p, int close)
{
    int to = close + 1;
    while (to < p.to && (!token(f, to)->space || kind_of(f, to) == T_AS))
        to = kind_of(f, to) == T_AS ? to + 2 : skip(f, to);
    return 1 + flat_width(f, close + 1, to) + (to >= p.to ? p.tail : 0);
}

/* Anything else: heads, calls, types, one after another. */
static void lay_sequence(Format *f, Part p)
{
    for (int i = p.from; i < p.to; i = skip(f, i)) {
        const FormatToken *t = token(f, i);
        bool breaks = i > p.from && (t->kind == T_ARROW || t->kind == T_WHERE);
        if (breaks && !t->comments.count) {
            int end = i + 1;
            while (end < p.to && kind_of(f, end) != T_WHERE && kind_of(f, end) != '{')
                end = skip(f, end);
            if (!fits(f, (Part){i, end, 2})) newline(f, f->base + INDENT);
        }
        if (t->kind == '{') {
            lay_body(f, i);
            continue;
        }
        put_token(f, i);
        if (t->match <= i) continue;
        if (t->lines) {
            lay_lines(f, i);
            continue;
        }
        lay_items(f, (Part){i + 1, t->match, width_behind(f, p, t->match)});
        put_token(f, t->match);
    }
}

/* NAME: VALUE, NAME = VALUE, return VALUE: what stands before the value, which can be broken. */
static int value_start(const Format *f, Part p)
{
    int first = kind_of(f, p.from), equals = find(f, p.from, p.to, '=');
    if (first == T_RETURN || first == T_ASSERT) return p.from + 1;
    if (first == T_NET || first == T_BLOCK) return p.from;
    if (equals < p.to) return equals + 1;
    bool named = first == T_NAME && p.from + 1 < p.to && kind_of(f, p.from + 1) == ':';
    return named ? p.from + 2 : p.from;
}

static void lay(Format *f, Part p)
{
    if (p.from >= p.to) return;
    if (fits(f, p)) {
        put_flat(f, p.from, p.to);
        return;
    }
    int value = value_start(f, p);
    if (value > p.from && value < p.to && flat_width(f, p.from, value) < COLUMNS) {
        put_flat(f, p.from, value);
        lay_aligned(f, (Part){value, p.to, p.tail});
        return;
    }
    put_inner_comments(f, token(f, p.from));
    f->tokens.items[p.from].comments.count = 0;
    if (token(f, p.from)->space && !at_line_start(f)) put(f, " ", 1, 1);
    if (kind_of(f, p.from) == T_IF)
        lay_if(f, p);
    else if (kind_of(f, p.from) != T_NET && find(f, p.from, p.to, T_PIPE) < p.to)
        lay_pipe(f, p);
    else if (find(f, p.from, p.to, ',') < p.to && kind_of(f, p.from) != T_NET)
        lay_items(f, p);
    else if (!lay_operators(f, p))
        lay_sequence(f, p);
}

/* ---- statements ---- */

static bool is_big(const Format *f, int from)
{
    return kind_of(f, from) == T_NET || kind_of(f, from) == T_BLOCK;
}

/* Whether a blank line must stand before a statement that the file does not have there. */
static bool lacks_blank(const Format *f, int before, int from)
{
    const FormatToken *t = token(f, from);
    bool apart = t->apart;
    for (int i = 0; i < t->comments.count; i++) apart |= t->comments.items[i].apart;
    return before >= 0 && !apart && (is_big(f, before) || is_big(f, from));
}

static void lay_statements(Format *f, int from, int to, int indent)
{
    int base = f->base, outer = f->indent, before = -1;
    bool head = f->head;
    for (int end; from < to; before = from, from = end + 1) {
        FormatToken *t = &f->tokens.items[from];
        end = statement_end(f, from, to);
        if (lacks_blank(f, before, from)) {
            int own = 0;
            while (own < t->comments.count && t->comments.items[own].beside) own++;
            if (own < t->comments.count)
                t->comments.items[own].apart = true;
            else
                t->apart = true;
        }
        bool commented = t->comments.count;
        put_comments(f, t, indent, before < 0);
        if (t->apart && (before >= 0 || commented)) text_put(f->out, "\n", 1);
        if (f->out->length) newline(f, indent);
        f->base = indent, f->indent = indent + INDENT;
        f->head = is_big(f, from) || kind_of(f, from) == T_WEIGHTS;
        lay(f, (Part){from, end, 0});
    }
    f->base = base, f->indent = outer, f->head = head;
}

static void lay_body(Format *f, int open)
{
    int close = token(f, open)->match, base = f->head ? f->base : f->line;
    put_token(f, open);
    if (close == open + 1 && !token(f, close)->comments.count) {
        put_token(f, close);
        return;
    }
    lay_statements(f, open + 1, close, base + INDENT);
    put_comments(f, &f->tokens.items[close], base + INDENT, close == open + 1);
    newline(f, base);
    put(f, "}", 1, 1);
}

/* Nothing was lost and nothing added: what came out has the same tokens and comments. */
static void check_same(Arena *arena, const FormatTokens *before, int comments, const Text *text)
{
    FormatTokens after = {0};
    File file = {"", (const uint8_t *)text->data, text->length};
    if (!text->length) file.data = (const uint8_t *)"";
    bool parsed = format_tokens(arena, &file, &after, diags_new(arena));
    assert(parsed && after.count == before->count);
    for (int i = 0; i < after.count; i++) {
        const FormatToken *a = &before->items[i], *b = &after.items[i];
        assert(a->kind == b->kind && a->length == b->length &&
               !memcmp(a->text, b->text, a->length));
        comments -= b->comments.count;
    }
    assert(comments == 0);
}

bool format_net(Arena *arena, const File *file, Text *out, Diags *diags)
{
    Text text = {0};
    Format f = {.arena = arena, .out = &text};
    if (!format_tokens(arena, file, &f.tokens, diags)) return false;
    int last = f.tokens.count - 1, comments = 0;
    for (int i = 0; i <= last; i++) comments += f.tokens.items[i].comments.count;
    lay_statements(&f, 0, last, 0);
    put_comments(&f, &f.tokens.items[last], 0, last == 0);
    if (text.length) text_put(&text, "\n", 1);
    check_same(arena, &f.tokens, comments, &text);
    text_put(out, text.data ? text.data : "", text.length);
    text_free(&text);
    return true;
}
