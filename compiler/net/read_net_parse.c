/*
 * Runs the scanner and the parser over a .net file. Between the two it ends statements: at the end
 * of a line, at `;` and before `}`, unless a bracket is open or the next line continues. A bracket
 * left open ends where the next statement plainly begins, so that one mistake is one error. Syntax
 * errors are worded here.
 */
#include "read_net_parse.h"

#define YYSTYPE NET_YYSTYPE
#define YYLTYPE NetPlace
#include "net.lex.h"

typedef struct Token {
    int kind;
    NetPlace place;
    NET_YYSTYPE value;
} Token;

typedef struct Bracket {
    char open;
    bool params; /* of a block: `name = value` in it is no statement */
    NetPlace place;
} Bracket;

struct NetParser {
    Arena *arena;
    const File *file;
    Diags *diags;
    void *scanner;
    Token ahead[2]; /* scanned, not yet given to the parser */
    int ahead_count;
    Token last, before; /* given to the parser, and the one before it */
    int bad_line; /* the line of the last token that is none: the parser says nothing more of it */
    Bracket brackets[NET_MAX_NESTING];
    int bracket_count;
    Bracket unclosed;  /* the bracket that a statement's end closed; open 0: none */
    NetPlace position; /* of the scanner */
    int errors;
    int skipped_to; /* after an error, braces around its statement: it ends no deeper; -1: none */
    int first;      /* kind of the statement's first token */
    bool lost;      /* between nets and blocks, after an error: quiet until one of these begins */
    bool stopped;   /* after too many errors: the rest is not read */
    NetTokens *record;     /* NULL: nobody asks */
    int line;              /* of the token recorded last */
    const char *line_text; /* where it begins */
};

Arena *net_arena(NetParser *p) { return p->arena; }

Source net_source(NetParser *p, NetPlace place)
{
    return (Source){.file = p->file,
                    .line = place.first_line,
                    .column = place.first_column,
                    .end_line = place.last_line,
                    .end_column = place.last_column};
}

/* ---- errors ---- */

/* Counts an error; false when there were enough. */
static bool may_report(NetParser *p)
{
    if (p->stopped) return false;
    if (++p->errors >= NET_MAX_SYNTAX_ERRORS) p->stopped = true;
    return true;
}

void net_bad_token(NetParser *p, NetPlace place, const char *format, ...)
{
    p->bad_line = place.first_line;
    if (!may_report(p)) return;
    va_list args;
    va_start(args, format);
    diag_verror(p->diags, "E0402", net_source(p, place), format, args);
    va_end(args);
}

void net_too_deep(NetParser *p, NetPlace place, const char *what, int limit)
{
    if (may_report(p))
        diag_error(p->diags, "E0410", net_source(p, place), "nested too deeply: more than %d %s",
                   limit, what);
    p->stopped = true;
}

void net_yyerror(const NetPlace *place, NetParser *p, NetFile *file, const char *message)
{
    (void)file, (void)message;
    net_too_deep(p, *place, "open brackets", NET_MAX_NESTING);
}

static bool among(const char *name, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(name, list[i])) return true;
    return false;
}

static const char *const expression_starts[] = {"a name",
                                                "a whole number",
                                                "a number",
                                                "a string",
                                                "an element type",
                                                "`_`",
                                                "`(`",
                                                "`[`",
                                                "`-`",
                                                "`true`",
                                                "`false`",
                                                "`inf`",
                                                "`nan`",
                                                "`if`",
                                                "`not`",
                                                "`repeat`",
                                                "`graph`"};
static const char *const arithmetic[] = {"`+`", "`-`", "`*`", "`/`", "`//`", "`%`"};
static const char *const statement_starts[] = {"`assert`", "`const`", "`param`", "`return`",
                                               "an expression"};
static const char *const expression_continues[] = {
    "`|>`", "`==`", "`!=`",  "`<=`", "`>=`", "`<`", "`>`",  "`+`",  "`-`", "`*`", "`/`",
    "`//`", "`%`",  "`and`", "`or`", "`.`",  "`[`", "`as`", "`::`", "`@`", "`(`"};

/* Drops from a list of tokens those of a group, when `mark` shows that the whole group is meant. */
static int drop_group(const char **names, int count, const char *mark, const char *const *group,
                      int group_count)
{
    if (!among(mark, names, count)) return count;
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!among(names[i], group, group_count)) names[kept++] = names[i];
    return kept;
}

/* "a, b or c": what the parser could have gone on with, in words. */
static const char *expected_text(NetParser *p, const char *const *expected, int count)
{
    const char **names = NEW_ARRAY(p->arena, const char *, count + 1);
    memcpy(names, expected, (size_t)count * sizeof *names);
    bool expression =
        among("`(`", names, count) && among("`-`", names, count) && among("`if`", names, count);
    bool operand = among("`(`", names, count) && among("a whole number", names, count);
    if (expression || operand)
        count = drop_group(names, count, "`(`", expression_starts, COUNT(expression_starts));
    else
        count = drop_group(names, count, "`*`", expression_continues, COUNT(expression_continues));
    if (expression || operand) names[count++] = "an expression";
    if (among("`return`", names, count)) {
        count = drop_group(names, count, "`return`", statement_starts, COUNT(statement_starts));
        names[count++] = "a statement";
    }
    if (among("the end of the file", names, count))
        return "a net, a block, a constant or an import";
    if (count == 2 && among("a string", names, 2) && among("a name", names, 2))
        return "a layer, block or operator";
    if (!count) return "an operator";
    Text text = {0};
    for (int i = 0; i < count; i++)
        text_add(&text, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", names[i]);
    const char *result = arena_string(p->arena, text.data);
    text_free(&text);
    return result;
}

static const char *found_text(NetParser *p, NetPlace place, const char *found)
{
    if (place.first_line != place.last_line || place.first_column >= place.last_column)
        return found;
    size_t length;
    const char *token = source_line(p->file, place.first_line, &length) + place.first_column - 1;
    length = (size_t)(place.last_column - place.first_column);
    if (length > 40) return found;
    return arena_format(p->arena, *token == '`' ? "%.*s" : "`%.*s`", (int)length, token);
}

static bool is_keyword(const char *token)
{
    return token[0] == '`' && token[1] >= 'a' && token[1] <= 'z';
}

/* A type of another language before its dimensions. */
static void help_type(NetParser *p, Diagnostic *d, const char *found)
{
    static const struct {
        const char *name, *dtype;
    } types[] = {
        {"float", "f32"},   {"float32", "f32"}, {"double", "f64"},
        {"float64", "f64"}, {"half", "f16"},    {"int", "i32 or i64"},
        {"int32", "i32"},   {"int64", "i64"},   {"long", "i64"},
        {"uint8", "u8"},    {"int8", "i8"},     {"Tensor", "f32[N, 3, 224, 224], for example"}};
    for (size_t i = 0; !strcmp(found, "`[`") && p->before.kind == T_NAME && i < COUNT(types); i++)
        if (!strcmp(p->before.value.name, types[i].name))
            diag_help(d, "the element type is written %s", types[i].dtype);
}

/* The innermost bracket that is open; 0: none is. */
static char open_bracket(const NetParser *p)
{
    return p->bracket_count ? p->brackets[p->bracket_count - 1].open : 0;
}

static void label_open(NetParser *p, Diagnostic *d)
{
    diag_label(d, net_source(p, p->brackets[p->bracket_count - 1].place), "this `%c` is not closed",
               open_bracket(p));
}

/* What the tokens before the error look like in other languages. */
static void help_before(NetParser *p, Diagnostic *d, const char *const *expected, int count)
{
    bool literal = p->last.kind == T_INT || p->last.kind == T_FLOAT || p->last.kind == T_STRING;
    char inside = open_bracket(p);
    if (p->last.kind == '=' && p->first == T_ASSERT) diag_help(d, "equality is `==`");
    if (p->last.kind == T_NAME && p->before.kind == T_NAME && (!inside || inside == '{'))
        diag_help(d, "a call has parentheses: %s(%s, ...)", p->before.value.name,
                  p->last.value.name);
    if (p->before.kind == T_NAME && inside == '(' && literal && among("`:`", expected, count) &&
        among("`,`", expected, count))
        diag_help(d, "a comma parts arguments; a named one is written `name: value`");
}

/* What the token that was found may have been meant to be. */
static void help_found(NetParser *p, Diagnostic *d, const char *found, const char *const *expected,
                       int count)
{
    bool equals = !strcmp(found, "`=`"), name = among("a name", expected, count);
    if (p->unclosed.open && !strcmp(found, "the end of the statement"))
        diag_label(d, net_source(p, p->unclosed.place), "this `%c` is not closed",
                   p->unclosed.open);
    else if (p->bracket_count && !strcmp(found, "the end of the file"))
        label_open(p, d);
    else if (equals && open_bracket(p) == '(')
        diag_help(d, "a named argument is written `name: value`");
    else if (equals && p->before.kind == T_DTYPE)
        diag_help(d, "an element type can be a name in backticks: `name`");
    else if (equals && among("`then`", expected, count))
        diag_help(d, "equality is `==`");
    else if (among("`|>`", expected, count) && among(found, arithmetic, COUNT(arithmetic)))
        diag_help(d, "a pipe ends before an operator: (x |> f) + y");
    else if (name && (is_keyword(found) || !strcmp(found, "an element type")))
        diag_help(d, "a word of the language can be a name in backticks: `name`");
}

static void help_syntax(NetParser *p, Diagnostic *d, const char *found, const char *const *expected,
                        int count)
{
    help_type(p, d, found);
    bool begins = p->last.kind == T_NET || p->last.kind == T_BLOCK || p->last.kind == T_IMPORT;
    if (begins && among("`}`", expected, count) && p->bracket_count) {
        label_open(p, d);
        return;
    }
    help_before(p, d, expected, count);
    help_found(p, d, found, expected, count);
}

/* Where the statement that has the error ends: behind all braces that open in it. What begins with
 * `net` or `block` goes on in its body. */
static void skip_statement(NetParser *p)
{
    int braces = 0;
    for (int i = 0; i < p->bracket_count; i++) braces += p->brackets[i].open == '{';
    bool head = p->first == T_NET || p->first == T_BLOCK;
    if (!head) p->skipped_to = braces - (p->last.kind == '{');
}

int net_syntax_error(NetParser *p, NetPlace place, const char *found, const char *const *expected,
                     int count)
{
    bool between = among("the end of the file", expected, count);
    if (between && p->lost) return 0;
    p->lost = between;
    skip_statement(p);
    if (place.first_line == p->bad_line || !may_report(p)) return 0;
    Source where = net_source(p, place);
    const char *wanted = expected_text(p, expected, count);
    Diagnostic *d = diag_error(p->diags, "E0401", where, "expected %s, found %s", wanted,
                               found_text(p, place, found));
    diag_label(d, where, "expected %s", wanted);
    help_syntax(p, d, found, expected, count);
    return 0;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

String net_unquote(NetParser *p, NetPlace place, const char *text, int length)
{
    static const char escapes[] = "n\nt\tr\r0\0\\\\\"\"``";
    char *data = arena_alloc(p->arena, (size_t)length + 1), *to = data;
    for (int i = 0; i < length; i++) {
        if (text[i] != '\\' || i + 1 == length) {
            *to++ = text[i];
            continue;
        }
        char c = text[++i];
        size_t e = 0;
        while (e < sizeof escapes - 1 && escapes[e] != c) e += 2;
        if (e < sizeof escapes - 1) {
            *to++ = escapes[e + 1];
        } else if (c == 'x' && i + 2 < length && hex_digit(text[i + 1]) >= 0 &&
                   hex_digit(text[i + 2]) >= 0) {
            *to++ = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        } else {
            net_bad_token(p, place,
                          "`\\%c` is not an escape; there are \\n \\t \\r \\0 \\\\ \\\" \\` \\xNN",
                          c);
        }
    }
    return (String){data, (size_t)(to - data)};
}

/* ---- tokens ---- */

static void scan_ahead(NetParser *p, int count)
{
    for (; p->ahead_count < count; p->ahead_count++) {
        Token *t = &p->ahead[p->ahead_count];
        t->place = p->position;
        t->kind = net_scan_lex(&t->value, &t->place, p->scanner);
        p->position = t->place;
    }
}

static bool ends_statement(int kind)
{
    static const int kinds[] = {T_NAME,  T_INT, T_FLOAT, T_STRING, T_DTYPE, T_OMITTED, T_TRUE,
                                T_FALSE, T_INF, T_NAN,   ')',      ']',     '}'};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kind == kinds[i]) return true;
    return false;
}

/* A token at the start of a line that goes on with the statement of the line before. */
static bool continues_statement(int kind)
{
    static const int kinds[] = {T_PIPE, T_ARROW, T_WHERE, T_THEN, T_ELSE, T_AS,       T_AND,
                                T_OR,   T_EQ,    T_NE,    T_LE,   T_GE,   T_FLOORDIV, '<',
                                '>',    '+',     '-',     '*',    '/',    '%',        '=',
                                ',',    ':',     '.',     ')',    ']',    '{'};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kind == kinds[i]) return true;
    return false;
}

/* The next line begins what can only be a new statement, even where a bracket is open. */
static bool begins_statement(const NetParser *p)
{
    int kind = p->ahead[0].kind;
    bool word = kind == T_RETURN || kind == T_ASSERT || kind == T_PARAM || kind == T_CONST ||
                kind == T_NET || kind == T_OPSET || kind == T_WEIGHTS || kind == T_IMPORT;
    if (kind == T_BLOCK) return p->ahead[1].kind == T_NAME;
    return word || ((kind == T_NAME || kind == T_OMITTED) && p->ahead[1].kind == '=');
}

/* In braces of a statement that has an error: their statements end unseen. */
static bool inside_skipped(const NetParser *p)
{
    int braces = 0;
    for (int i = 0; i < p->bracket_count; i++) braces += p->brackets[i].open == '{';
    return p->skipped_to >= 0 && braces > p->skipped_to;
}

static bool statement_ends(NetParser *p)
{
    const Token *next = &p->ahead[0];
    int last = p->last.kind;
    if (!last || last == T_END || last == '{') return false;
    if (inside_skipped(p)) return next->kind == T_EOF;
    bool line = next->place.first_line > p->last.place.last_line;
    bool open = p->bracket_count && p->brackets[p->bracket_count - 1].open != '{';
    bool hard = next->kind == T_EOF || next->kind == '}' || next->kind == ';';
    bool params = open && last == ',' && p->brackets[p->bracket_count - 1].params;
    if (open) return hard || (line && !params && begins_statement(p));
    if (line && begins_statement(p) && last != ',') return true;
    return hard || (line && ends_statement(last) && !continues_statement(next->kind));
}

static void close_brackets(NetParser *p)
{
    p->unclosed.open = 0;
    for (; p->bracket_count && p->brackets[p->bracket_count - 1].open != '{'; p->bracket_count--)
        p->unclosed = p->brackets[p->bracket_count - 1];
}

static void track_brackets(NetParser *p, const Token *t)
{
    if (t->kind == '(' || t->kind == '[' || t->kind == '{') {
        if (p->bracket_count == NET_MAX_NESTING)
            net_too_deep(p, t->place, "open brackets", NET_MAX_NESTING);
        else
            p->brackets[p->bracket_count++] = (Bracket){
                (char)t->kind, p->last.kind == T_NAME && p->before.kind == T_BLOCK, t->place};
    } else if (t->kind == ')' || t->kind == ']' || t->kind == '}') {
        char open = t->kind == ')' ? '(' : t->kind == ']' ? '[' : '{';
        int at = p->bracket_count;
        while (at && p->brackets[at - 1].open != open) at--;
        if (at) p->bracket_count = at - 1;
    }
}

static Token end_token(const NetParser *p)
{
    NetPlace place = p->last.place;
    place.first_line = place.last_line, place.first_column = place.last_column;
    return (Token){.kind = T_END, .place = place};
}

/* What begins with this token, where one begins. */
static void note_statement(NetParser *p, const Token *t)
{
    if (t->kind == T_END) p->skipped_to = -1;
    if (p->last.kind && p->last.kind != T_END && p->last.kind != '{') return;
    p->first = t->kind;
    bool item = t->kind == T_NET || t->kind == T_BLOCK || t->kind == T_IMPORT;
    if (item || t->kind == T_WEIGHTS) p->lost = false;
}

/* Tokens come in the order of their lines. */
static void record_token(NetParser *p, const Token *t)
{
    const char *end = (const char *)p->file->data + p->file->bytes;
    for (; p->line < t->place.first_line; p->line++) {
        const char *newline = memchr(p->line_text, '\n', (size_t)(end - p->line_text));
        p->line_text = newline ? newline + 1 : end;
    }
    NetToken token = {.kind = t->kind, .line = p->line};
    token.text = p->line_text + t->place.first_column - 1;
    if (t->kind != T_END && t->kind != T_EOF)
        token.length = t->place.last_column - t->place.first_column;
    LIST_PUSH(p->arena, p->record, token);
}

int net_yylex(NET_YYSTYPE *value, NetPlace *place, NetParser *p)
{
    scan_ahead(p, 2);
    Token t;
    if (!p->stopped && statement_ends(p)) {
        close_brackets(p);
        t = end_token(p);
    } else {
        t = p->ahead[0];
        p->ahead[0] = p->ahead[1];
        if (t.kind != T_EOF) p->ahead_count--;
        track_brackets(p, &t);
        if (t.kind == ';') t.kind = p->last.kind == T_END ? ';' : T_END;
    }
    if (t.kind == ';' || (t.kind == T_END && p->last.kind == T_END))
        return net_yylex(value, place, p);
    if (p->stopped) t.kind = T_EOF;
    if (t.kind == T_EOF && p->last.kind)
        t.place = end_token(p).place; /* where something is missing, not after blank lines */
    note_statement(p, &t);
    p->before = p->last;
    p->last = t;
    if (p->record) record_token(p, &t);
    *value = t.value, *place = t.place;
    return t.kind;
}

static NetFile *parse(Arena *arena, const File *file, Diags *diags, NetTokens *record)
{
    NetParser *p = NEW(arena, NetParser);
    p->arena = arena, p->file = file, p->diags = diags, p->record = record;
    p->position = (NetPlace){1, 1, 1, 1};
    p->skipped_to = -1;
    p->line = 1, p->line_text = (const char *)file->data;
    if (file->bytes > INT32_MAX / 2) {
        diag_error(diags, "E0101", (Source){.file = file},
                   "the file has %zu bytes; a .net file may have 1 GB", file->bytes);
        return NULL;
    }
    NetFile *result = NEW(arena, NetFile);
    net_scan_lex_init_extra(p, &p->scanner);
    net_scan__scan_bytes((const char *)file->data, (int)file->bytes, p->scanner);
    int status = net_yyparse(p, result);
    net_scan_lex_destroy(p->scanner);
    return status == 0 && p->errors == 0 ? result : NULL;
}

NetFile *net_parse(Arena *arena, const File *file, Diags *diags)
{
    return parse(arena, file, diags, NULL);
}

bool net_tokens(Arena *arena, const File *file, NetTokens *tokens, Diags *diags)
{
    return parse(arena, file, diags, tokens) != NULL;
}
