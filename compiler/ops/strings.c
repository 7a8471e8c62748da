/*
 * Operators on strings: joined in pairs, cut at delimiters, matched with a regular expression,
 * brought to one letter case and rid of stop words. What is new is made by functions of the runtime
 * in a room of bytes whose size is known: --string-bytes for each string, shared among them.
 */
#include "casing.h"
#include "extents.h"
#include "known.h"
#include "netc_string.h"
#include "regex.h"
#include "row.h"

/* The room for `count` strings; false after a diagnostic. */
static bool room_size(Infer *in, int64_t count, int64_t *bytes)
{
    return checked_mul(count, graph_string_bytes(in->graph), bytes) ||
           infer_error(in, "E0205", "%lld strings are too many to have room for", (long long)count);
}

static Tensor *room_for(Definer *d, int64_t count)
{
    Infer in = infer_again(d);
    int64_t bytes = 0;
    bool fits = room_size(&in, count, &bytes);
    assert(fits);
    return define_room(d, bytes);
}

/* ---- StringConcat ---- */

static bool infer_concat(Infer *in)
{
    int rank;
    int64_t dims[MAX_RANK], elements, bytes;
    return infer_broadcast(in, &rank, dims) && infer_output(in, 0, DT_STRING, rank, dims) &&
           checked_elements(dims, rank, &elements) && room_size(in, elements, &bytes);
}

/* Input i in the shape of the output: of the addresses, not of the characters. */
static Tensor *broadcast_input(Definer *d, int i, const Tensor *out)
{
    Tensor *x = d->node->inputs[i];
    Tensor *whole = define_temporary(d, i ? "second" : "first", DT_STRING, out->rank, out->dims);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    define_tensor(d, whole, vars, define_broadcast_load(d, x, out->rank, index));
    return whole;
}

static void define_concat(Definer *d)
{
    Tensor *out = node_output(d->node, 0);
    if (!out) return;
    int64_t count = tensor_elements(out);
    Tensor *a = broadcast_input(d, 0, out), *b = broadcast_input(d, 1, out),
           *room = room_for(d, count);
    define_call(d, "netc_concat_strings", CALL_TENSORS(a, b), CALL_TENSORS(out, room),
                CALL_NUMBERS(count, room->dims[0]));
}

/* ---- StringSplit ---- */

static int64_t most_splits(const Node *n)
{
    int64_t splits = attr_given(n, "maxsplit") ? attr_int(n, "maxsplit") : -1;
    return splits < 0 ? -1 : splits;
}

/* As many parts as a string can have that has the room of one: between two there is a delimiter, or
 * white space and neither is empty. */
static int64_t most_parts(const Graph *g, const Node *n)
{
    int64_t splits = most_splits(n), bytes = graph_string_bytes(g);
    int64_t delimiter = (int64_t)strlen(attr_text(n, "delimiter"));
    int64_t parts = bytes / max64(delimiter, 1) + 1;
    if (!delimiter) parts = (bytes + 1) / 2;
    return splits >= 0 && splits < parts ? splits + 1 : parts;
}

static bool infer_split(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    const Attr *delimiter = node_attr(n, "delimiter");
    int64_t dims[MAX_RANK], bytes;
    if (delimiter && !known_string(in, delimiter, delimiter->s)) return false;
    if (x->rank == MAX_RANK)
        return infer_error(in, "E0203", "the result has more than %d dimensions", MAX_RANK);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    bool empty = tensor_elements(x) == 0;
    dims[x->rank] = empty ? 0 : most_parts(in->graph, n);
    if (!infer_output(in, 0, DT_STRING, x->rank + 1, dims) ||
        !infer_output(in, 1, DT_I64, x->rank, x->dims) ||
        !room_size(in, tensor_elements(x), &bytes))
        return false;
    if (empty) return true;
    if (!extents_count(in, 2)) return false;
    extents_set(in, 0, x->rank, n->outputs[2]);
    return true;
}

static Tensor *text_constant(Definer *d, const char *suffix, const char *text)
{
    int64_t one = 1;
    return define_constant(d, suffix, DT_STRING, 1, &one,
                           arena_copy(d->graph->arena, &text, sizeof text));
}

static void define_split(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0];
    int64_t dims[MAX_RANK], count = tensor_elements(x), most = most_parts(d->graph, n);
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[x->rank] = count ? most : 0;
    Tensor *room = room_for(d, count);
    Tensor *parts = define_target(d, 0, "parts", DT_STRING, x->rank + 1, dims);
    Tensor *counts = define_target(d, 1, "counts", DT_I64, x->rank, x->dims);
    Tensor *longest = define_target(d, 2, "longest", DT_I64, 0, NULL);
    Tensor *delimiter = text_constant(d, "delimiter", attr_text(n, "delimiter"));
    define_call(d, "netc_split_strings", CALL_TENSORS(x, delimiter),
                CALL_TENSORS(parts, counts, longest, room),
                CALL_NUMBERS(count, most, most_splits(n), room->dims[0]));
}

/* ---- RegexFullMatch ---- */

static const RegexTable *compile_pattern(Infer *in)
{
    const Attr *pattern = node_attr(in->node, "pattern");
    const char *why;
    size_t at;
    if (!pattern) {
        infer_error(in, "E0303", "the attribute pattern is missing");
        return NULL;
    }
    if (!known_string(in, pattern, pattern->s)) return NULL;
    const RegexTable *table = regex_compile(in->graph->arena, pattern->s.data, &why, &at);
    if (!table)
        infer_error(in, "E0306", "the pattern \"%s\" cannot be compiled: at byte %zu, %s",
                    pattern->s.data, at, why);
    return table;
}

static bool infer_match(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    return compile_pattern(in) && infer_output(in, 0, DT_BOOL, x->rank, x->dims);
}

static void define_match(Definer *d)
{
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    Infer in = infer_again(d);
    if (!out) return;
    const RegexTable *t = compile_pattern(&in);
    assert(t);
    const int64_t bytes = 256, table[] = {t->states, t->classes};
    Tensor *classes = define_constant(d, "classes", DT_U8, 1, &bytes, t->class_of),
           *next = define_constant(d, "next", DT_U16, 2, table, t->next),
           *accepts = define_constant(d, "accepts", DT_U8, 1, table, t->accepts);
    define_call(d, "netc_match_strings", CALL_TENSORS(x, classes, next, accepts), CALL_TENSORS(out),
                CALL_NUMBERS(tensor_elements(x), t->classes));
}

/* ---- StringNormalizer ---- */

typedef struct Normalization {
    CaseMap map;        /* of characters, where case is changed or does not count */
    bool change;        /* of the output */
    bool sensitive;     /* stop words are compared as they are */
    const char **stops; /* mapped unless `sensitive` */
    int64_t stop_count;
    int64_t elements, bytes;
} Normalization;

/* Languages that map some letters in their own way. */
static bool is_own_locale(const char *locale)
{
    static const char *const own[] = {"tr", "az", "lt"};
    for (size_t i = 0; i < COUNT(own); i++)
        if (strncmp(locale, own[i], 2) == 0 && (!locale[2] || strchr("_-.@", locale[2])))
            return true;
    return false;
}

static bool read_case(Infer *in, Normalization *z)
{
    const char *action = attr_text(in->node, "case_change_action"),
               *locale = attr_text(in->node, "locale");
    bool lower = strcmp(action, "LOWER") == 0, upper = strcmp(action, "UPPER") == 0;
    if (!lower && !upper && strcmp(action, "NONE") != 0)
        return infer_error(in, "E0306",
                           "case_change_action is \"LOWER\", \"UPPER\" or \"NONE\", not \"%s\"",
                           action);
    z->change = lower || upper;
    z->sensitive = attr_int(in->node, "is_case_sensitive");
    if (!z->change && (z->sensitive || !z->stop_count)) return true;
    if (is_own_locale(locale))
        return infer_error(in, "E0602", "letter case in the locale \"%s\" is not supported",
                           locale);
    const Casing *casing = casing_new(in->graph->arena);
    if (!casing) return infer_error(in, "E0602", "this machine has no tables of letter case");
    z->map = upper ? casing->upper : casing->lower;
    return true;
}

/* Stop words as they are compared. */
static void map_stops(Arena *arena, Normalization *z)
{
    for (int64_t i = 0; i < z->stop_count && z->map.count && !z->sensitive; i++) {
        size_t bytes = 4 * strlen(z->stops[i]) + 1;
        netc_room room = netc_room_of(arena_alloc(arena, bytes), (int64_t)bytes);
        z->stops[i] = netc_map_string(z->stops[i], z->map.runs, z->map.count, &room);
    }
}

static bool read_normalization(Infer *in, Normalization *z)
{
    const Tensor *x = in->node->inputs[0];
    const Attr *stops = node_attr(in->node, "stopwords");
    bool row = x->rank == 1 || (x->rank == 2 && x->dims[0] == 1);
    *z = (Normalization){.stop_count = stops ? stops->count : 0};
    if (!row)
        return infer_error(in, "E0203", "the input is %s; one row of strings is wanted",
                           tensor_type_text(in->graph->arena, x));
    if (stops && !(z->stops = known_strings(in, stops))) return false;
    z->elements = tensor_elements(x);
    if (!read_case(in, z) || !room_size(in, z->elements, &z->bytes)) return false;
    map_stops(in->graph->arena, z);
    return true;
}

static bool infer_normalizer(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    Normalization z;
    int64_t dims[2] = {1, 1};
    if (!read_normalization(in, &z)) return false;
    dims[x->rank - 1] = max64(z.elements, 1);
    if (!infer_output(in, 0, DT_STRING, x->rank, dims)) return false;
    if (!z.stop_count || !z.elements) return true;
    if (!extents_count(in, 1)) return false;
    extents_set(in, 0, x->rank - 1, in->node->outputs[1]);
    return true;
}

static void define_normalizer(Definer *d)
{
    static const int32_t no_runs[4];
    Tensor *x = d->node->inputs[0];
    Infer in = infer_again(d);
    Normalization z;
    bool accepted = read_normalization(&in, &z);
    assert(accepted);
    int64_t dims[2] = {1, 1}, runs = 4 * max64(z.map.count, 1);
    dims[x->rank - 1] = max64(z.elements, 1);
    Tensor *out = define_target(d, 0, "kept", DT_STRING, x->rank, dims),
           *count = define_target(d, 1, "count", DT_I64, 0, NULL), *room = define_room(d, z.bytes),
           *map = define_constant(d, "case", DT_I32, 1, &runs, z.map.count ? z.map.runs : no_runs),
           *stops = z.stop_count
                        ? define_constant(d, "stopwords", DT_STRING, 1, &z.stop_count, z.stops)
                        : text_constant(d, "stopwords", "");
    define_call(
        d, "netc_normalize_strings", CALL_TENSORS(x, stops, map), CALL_TENSORS(out, count, room),
        CALL_NUMBERS(z.elements, z.stop_count, z.map.count, z.change, z.sensitive, z.bytes));
}

#define COUNT_SLOT SLOT("count", TYPE(DT_I64), NULL, .optional = true)

const Op ops_strings[] = {
    {.name = "RegexFullMatch",
     .doc = "Whether all of a string matches a regular expression, of RE2's syntax.",
     VERSIONS(20),
     INPUTS(SLOT("X", STRINGS, "T1")),
     OUTPUTS(SLOT("Y", BOOLS, "T2")),
     ATTRS(ATTR("pattern", STRING)),
     .infer = infer_match,
     .extents = extents_elementwise,
     .define = define_match,
     EXAMPLES("RegexFullMatch(x: string[6], pattern: \"a?b*\")",
              "RegexFullMatch(x: string[2, 3], pattern: \"(?i)\\\\w.|\")")},
    {.name = "StringConcat",
     .doc = "The strings of two tensors joined in pairs, with broadcasting.",
     VERSIONS(20),
     INPUTS(SLOT("X", STRINGS, "T"), SLOT("Y", STRINGS, "T")),
     OUTPUTS(SLOT("Z", STRINGS, "T")),
     .infer = infer_concat,
     .extents = extents_elementwise,
     .define = define_concat,
     EXAMPLES("StringConcat(x: string[2, 3], y: string[3])",
              "StringConcat(x: string[], y: string[])")},
    {.name = "StringNormalizer",
     .doc = "A row of strings without stop words, in upper or lower case.",
     VERSIONS(10),
     INPUTS(SLOT("X", STRINGS, NULL)),
     OUTPUTS(SLOT("Y", STRINGS, NULL), COUNT_SLOT),
     ATTRS(ATTR("case_change_action", STRING, .s = "NONE"), ATTR("is_case_sensitive", INT),
           ATTR("locale", STRING), ATTR("stopwords", STRINGS)),
     .infer = infer_normalizer,
     .define = define_normalizer,
     EXAMPLES("StringNormalizer(x: string[7], case_change_action: \"UPPER\")",
              "StringNormalizer(x: string[1, 7], stopwords: [\"a\", \"AB\"])",
              "StringNormalizer(x: string[7], stopwords: [\"a\", \"B\"], is_case_sensitive: 1, "
              "case_change_action: \"LOWER\")")},
    {.name = "StringSplit",
     .doc = "The parts of strings between delimiters or white space, and how many each has.",
     VERSIONS(20),
     INPUTS(SLOT("X", STRINGS, "T1")),
     OUTPUTS(SLOT("Y", STRINGS, "T2"), SLOT("Z", TYPE(DT_I64), "T3"),
             SLOT("longest", TYPE(DT_I64), NULL, .optional = true)),
     ATTRS(ATTR("delimiter", STRING), ATTR("maxsplit", INT)),
     .infer = infer_split,
     .define = define_split,
     EXAMPLES("y, z = StringSplit(x: string[2, 3])",
              "y, z = StringSplit(x: string[4], delimiter: \"b\", maxsplit: 1)")},
    {0},
};
