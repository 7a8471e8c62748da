/*
 * In: a regular expression in RE2's syntax. Out: its tree. Recursive descent; groups within groups
 * are bounded, and so are repetitions. Says nothing about what the expression matches.
 */
#include "regex.h"
#include "regex_set.h"

enum { LONGEST = 1 << 14, MOST_REPEATS = 1000, DEEPEST = 200, END = -1 };

typedef struct Flags {
    bool fold, lines, dot_all;
} Flags;

typedef struct Parser {
    Arena *arena;
    const char *start, *at;
    const char *why; /* the first mistake; NULL: none so far */
    const char *where;
    int depth;
    bool quoting; /* between \Q and \E */
    Flags flags;
    const Casing *casing; /* NULL until the first (?i) */
} Parser;

static void *fail(Parser *p, const char *where, const char *why)
{
    if (!p->why) p->why = why, p->where = where;
    return NULL;
}

static bool accept(Parser *p, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(p->at, text, n) != 0) return false;
    p->at += n;
    return true;
}

static RegexNode *new_node(Parser *p, RegexKind kind)
{
    RegexNode *n = NEW(p->arena, RegexNode);
    n->kind = kind;
    return n;
}

static RegexNode *set_node(Parser *p, CharSet *set)
{
    RegexNode *n = new_node(p, RX_SET);
    set_normalise(set);
    if (p->flags.fold) set_fold(p->arena, set, p->casing);
    n->set = set_without_surrogates(p->arena, set);
    return n;
}

static RegexNode *assertion_node(Parser *p, RegexAssertion assertion)
{
    RegexNode *n = new_node(p, RX_ASSERTION);
    n->assertion = assertion;
    return n;
}

/* ---- characters ---- */

/* The next character as it stands; END at the end. */
static int next_character(Parser *p)
{
    int bytes, c = *p->at ? utf8_decode(p->at, strlen(p->at) < 4 ? strlen(p->at) : 4, &bytes) : END;
    if (c == END && *p->at) fail(p, p->at, "it is not UTF-8");
    if (c != END) p->at += bytes;
    return c;
}

static int digit_value(char c, int base)
{
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 99;
    return value < base ? value : -1;
}

/* \x41, \x{1f600} */
static int hex_escape(Parser *p)
{
    const char *start = p->at;
    bool braces = accept(p, "{");
    int value = 0, digits = 0;
    for (; digit_value(*p->at, 16) >= 0 && (braces || digits < 2) && value <= 0x10ffff; digits++)
        value = value * 16 + digit_value(*p->at++, 16);
    bool good = digits && (braces ? accept(p, "}") : digits == 2) && value && value <= 0x10ffff;
    if (!good) fail(p, start, "this is no number of a character");
    return good ? value : END;
}

static int octal_escape(Parser *p)
{
    int value = 0;
    for (int digits = 0; digits < 3 && digit_value(*p->at, 8) >= 0; digits++)
        value = value * 8 + digit_value(*p->at++, 8);
    if (!value) fail(p, p->at, "NUL is in no string");
    return value ? value : END;
}

/* What stands for a character after a backslash. */
static int escaped_character(Parser *p)
{
    static const char letters[] = "aftnrv", values[] = "\a\f\t\n\r\v";
    const char *start = p->at, *letter = *start ? strchr(letters, *start) : NULL;
    if (letter) return p->at++, values[letter - letters];
    if (accept(p, "x")) return hex_escape(p);
    bool octal = *start == '0' || (*start >= '1' && *start <= '7' && digit_value(start[1], 8) >= 0);
    if (octal) return octal_escape(p);
    bool word = digit_value(*start, 10) >= 0 || (*start >= 'a' && *start <= 'z') ||
                (*start >= 'A' && *start <= 'Z');
    if (*start && !word && (unsigned char)*start < 0x80) return (unsigned char)*p->at++;
    fail(p, start,
         !*start                          ? "nothing follows the backslash"
         : *start == 'p' || *start == 'P' ? "classes of Unicode are not supported"
         : *start == 'C'                  ? "single bytes (\\C) are not supported"
         : digit_value(*start, 10) >= 0   ? "there are no backreferences"
                                          : "there is no such escape");
    return END;
}

/* \d, \D, \s, \S, \w, \W */
static bool accept_perl_class(Parser *p, CharSet *set)
{
    static const char letters[] = "dswDSW";
    const char *letter = p->at[0] == '\\' && p->at[1] ? strchr(letters, p->at[1]) : NULL;
    if (!letter) return false;
    bool negated = letter - letters >= 3;
    set_named(p->arena, set, &letters[(letter - letters) % 3], 1, negated);
    p->at += 2;
    return true;
}

/* ---- [...] ---- */

/* [:alpha:], [:^alpha:] */
static bool accept_posix_class(Parser *p, CharSet *set)
{
    const char *end = p->at[0] == '[' && p->at[1] == ':' ? strstr(p->at, ":]") : NULL;
    if (!end || end < p->at + 2) return false;
    const char *name = p->at + 2;
    bool negated = *name == '^';
    name += negated;
    if (end < name || !set_named(p->arena, set, name, (size_t)(end - name), negated))
        fail(p, p->at, "there is no such class");
    p->at = end + 2;
    return true;
}

static int class_character(Parser *p)
{
    return accept(p, "\\") ? escaped_character(p) : next_character(p);
}

static void class_range(Parser *p, CharSet *set)
{
    const char *start = p->at;
    int from = class_character(p), to = from;
    if (p->at[0] == '-' && p->at[1] && p->at[1] != ']') {
        p->at++;
        to = class_character(p);
    }
    if (from == END || to == END)
        fail(p, start, "the class does not end");
    else if (from > to)
        fail(p, start, "the range is the wrong way round");
    else
        set_add(p->arena, set, (uint32_t)from, (uint32_t)to);
}

/* After the opening bracket. */
static RegexNode *class_node(Parser *p)
{
    const char *start = p->at - 1;
    bool negated = accept(p, "^"), first = true;
    CharSet set = {0};
    for (; !p->why && (*p->at != ']' || first); first = false) {
        if (!*p->at) return fail(p, start, "the class does not end");
        if (!accept_posix_class(p, &set) && !accept_perl_class(p, &set)) class_range(p, &set);
    }
    if (p->why) return NULL;
    p->at++;
    RegexNode *n = set_node(p, &set);
    if (n && negated) {
        CharSet others = set_complement(p->arena, &n->set);
        n->set = set_without_surrogates(p->arena, &others);
    }
    return n;
}

/* ---- groups ---- */

static RegexNode *alternation(Parser *p);

/* i, m, s, U and their opposites, up to `:` or `)`, which is left. */
static bool read_flags(Parser *p)
{
    bool value = true;
    for (;; p->at++) {
        switch (*p->at) {
        case 'i':
            if (!p->casing && !(p->casing = casing_new(p->arena)))
                return fail(p, p->at, "this machine has no case mapping for it");
            p->flags.fold = value;
            break;
        case 'm': p->flags.lines = value; break;
        case 's': p->flags.dot_all = value; break;
        case 'U': break; /* greed makes no difference */
        case '-': value = false; break;
        case ':':
        case ')': return true;
        default: return fail(p, p->at, "there is no such flag or group");
        }
    }
}

static bool read_name(Parser *p)
{
    const char *start = p->at;
    while (*p->at && *p->at != '>') p->at++;
    if (p->at == start || !accept(p, ">")) return fail(p, start, "the group's name is wrong");
    return true;
}

/* After the opening bracket. Flags hold to the end of the group around them. */
static RegexNode *group(Parser *p)
{
    const char *start = p->at - 1;
    const Flags outer = p->flags;
    if (accept(p, "?P<") ||
        (p->at[0] == '?' && p->at[1] == '<' && !strchr("=!", p->at[2]) && accept(p, "?<"))) {
        if (!read_name(p)) return NULL;
    } else if (accept(p, "?")) {
        if (!read_flags(p)) return NULL;
        if (accept(p, ")")) return new_node(p, RX_EMPTY);
        p->at++;
    }
    if (++p->depth > DEEPEST) return fail(p, start, "groups are nested too deep");
    RegexNode *n = alternation(p);
    p->depth--;
    p->flags = outer;
    if (n && !accept(p, ")")) return fail(p, start, "the group does not end");
    return n;
}

/* ---- atoms, repetitions, sequences, alternatives ---- */

static RegexNode *escape(Parser *p)
{
    static const struct {
        char letter;
        RegexAssertion assertion;
    } assertions[] = {
        {'A', RX_TEXT_BEGIN}, {'z', RX_TEXT_END}, {'b', RX_BOUNDARY}, {'B', RX_NO_BOUNDARY}};
    CharSet set = {0};
    if (accept_perl_class(p, &set)) return set_node(p, &set);
    p->at++;
    for (size_t i = 0; i < COUNT(assertions); i++)
        if (*p->at == assertions[i].letter)
            return p->at++, assertion_node(p, assertions[i].assertion);
    int c = escaped_character(p);
    if (c == END) return NULL;
    set_add(p->arena, &set, (uint32_t)c, (uint32_t)c);
    return set_node(p, &set);
}

static RegexNode *literal(Parser *p)
{
    CharSet set = {0};
    int c = next_character(p);
    if (c == END) return NULL;
    set_add(p->arena, &set, (uint32_t)c, (uint32_t)c);
    return set_node(p, &set);
}

static RegexNode *dot(Parser *p)
{
    CharSet set = {0};
    if (!p->flags.dot_all) set_add(p->arena, &set, '\n', '\n');
    set = set_complement(p->arena, &set);
    return set_node(p, &set);
}

static RegexNode *atom(Parser *p)
{
    const char *start = p->at;
    if (p->quoting) return literal(p);
    switch (*start) {
    case '\\': return escape(p);
    case '(': return p->at++, group(p);
    case '[': return p->at++, class_node(p);
    case '.': return p->at++, dot(p);
    case '^': return p->at++, assertion_node(p, p->flags.lines ? RX_LINE_BEGIN : RX_TEXT_BEGIN);
    case '$': return p->at++, assertion_node(p, p->flags.lines ? RX_LINE_END : RX_TEXT_END);
    case '*':
    case '+':
    case '?': return fail(p, start, "there is nothing to repeat");
    default: return literal(p);
    }
}

static int read_count(Parser *p)
{
    int value = -1;
    for (; *p->at >= '0' && *p->at <= '9'; p->at++)
        value = value < 0              ? *p->at - '0'
                : value > MOST_REPEATS ? value
                                       : value * 10 + (*p->at - '0');
    return value;
}

/* {n}, {n,}, {n,m}; what is none of these is a text that begins with a brace. */
static bool read_counts(Parser *p, int *least, int *most)
{
    const char *start = p->at;
    p->at++;
    *least = *most = read_count(p);
    bool open = accept(p, ",");
    if (open) *most = read_count(p);
    if (*least >= 0 && accept(p, "}")) return true;
    p->at = start;
    return false;
}

static bool accept_repeat(Parser *p, int *least, int *most)
{
    if (p->quoting) return false;
    *least = 0, *most = -1;
    if (accept(p, "*")) return true;
    if (accept(p, "+")) return *least = 1, true;
    if (accept(p, "?")) return *most = 1, true;
    return *p->at == '{' && read_counts(p, least, most);
}

static RegexNode *repetition(Parser *p)
{
    RegexNode *inner = atom(p);
    if (p->quoting && accept(p, "\\E")) p->quoting = false;
    const char *start = p->at;
    int least, most, again;
    if (!inner || !accept_repeat(p, &least, &most)) return inner;
    accept(p, "?"); /* as few as possible: the same for a full match */
    if (least > MOST_REPEATS || most > MOST_REPEATS || (most >= 0 && least > most))
        return fail(p, start, "a repetition goes from few to many, 1000 at most");
    RegexNode *n = new_node(p, RX_REPEAT);
    n->least = least, n->most = most;
    LIST_PUSH(p->arena, &n->children, inner);
    start = p->at;
    if (accept_repeat(p, &again, &again)) return fail(p, start, "a repetition cannot be repeated");
    return n;
}

/* \Q and \E stand for nothing themselves. */
static void skip_quotes(Parser *p)
{
    for (;;) {
        if (!p->quoting && accept(p, "\\Q"))
            p->quoting = true;
        else if (p->quoting && accept(p, "\\E"))
            p->quoting = false;
        else
            return;
    }
}

static RegexNode *concatenation(Parser *p)
{
    RegexNode *n = new_node(p, RX_CONCATENATION);
    for (skip_quotes(p); *p->at && (p->quoting || !strchr("|)", *p->at)); skip_quotes(p)) {
        RegexNode *child = repetition(p);
        if (!child) return NULL;
        LIST_PUSH(p->arena, &n->children, child);
    }
    return n;
}

static RegexNode *alternation(Parser *p)
{
    RegexNode *n = new_node(p, RX_ALTERNATION);
    do {
        RegexNode *child = concatenation(p);
        if (!child) return NULL;
        LIST_PUSH(p->arena, &n->children, child);
    } while (accept(p, "|"));
    return n;
}

RegexNode *regex_parse(Arena *arena, const char *pattern, const char **why, size_t *at)
{
    Parser p = {.arena = arena, .start = pattern, .at = pattern};
    bool fits = strlen(pattern) <= LONGEST;
    RegexNode *n = fits ? alternation(&p) : fail(&p, pattern, "it is longer than 16384 bytes");
    if (n && *p.at) n = fail(&p, p.at, "there is no group that ends here");
    *why = p.why;
    *at = p.why ? (size_t)(p.where - pattern) : 0;
    return p.why ? NULL : n;
}
