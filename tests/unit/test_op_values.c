/*
 * Operators' values: in the .net files of tests/ops1, ops2 and ops3 every tensor NAME with a
 * NAME_expected beside it must equal it. The nets have no inputs, so run by itself the interpreter
 * computes everything. Run with a folder: writes them there with the literals as inputs, and the
 * expected values as data, for `netc verify` (tests/ops1/values.sh).
 */
#include "unit.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "compare.h"
#include "datafile.h"
#include "evaluate.h"
#include "graph.h"

enum { BUDGET = 1 << 24 };
static const char suffix[] = "_expected";
static const char *const folders[] = {"ops1", "ops2", "ops3"};

static const char *tests_folder(void)
{
    const char *root = getenv("ROOT");
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests", root ? root : "../..");
    return path;
}

/*
 * Operators' values: in the .net files of tests/ops1, ops2 and ops3 every tensor NAME with a
 * NAME_expected beside it must equal it. The nets have no inputs, so run by itself the interpreter
 * computes everything. Run with a folder: writes them there with the literals as inputs, and the
 * expected values as data, for `netc verify` (tests/ops1/values.sh).
 */
static void evaluate_all(Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        const void **data = NEW_ARRAY(g->arena, const void *, n->output_count);
        int64_t budget = BUDGET;
        if (!evaluate_node(g, n, &budget, data))
            fail_msg("node '%s' (%s) cannot be evaluated", n->name, n->op_type);
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) n->outputs[k]->data = data[k];
    }
}

static const char *first_difference(Arena *arena, const Tensor *got, const Tensor *expected)
{
    if (got->dtype != expected->dtype || got->rank != expected->rank ||
        memcmp(got->dims, expected->dims, (size_t)got->rank * sizeof *got->dims))
        return arena_format(arena, "it is %s, expected %s", tensor_type_text(arena, got),
                            tensor_type_text(arena, expected));
    Tolerance tolerance = {.rtol = got->dtype == DT_F16 ? 2e-3 : 1e-5, .atol = 1e-7};
    Difference d =
        compare(arena, got->dtype, tensor_elements(got), got->data, expected->data, tolerance);
    if (!d.wrong) return NULL;
    return arena_format(arena, "element %lld is %s, expected %s", (long long)d.worst, d.got,
                        d.expected);
}

/* Compares all pairs of a graph; returns how many there are. */
static int compare_pairs(Graph *g, const char *path, int *wrong)
{
    int pairs = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *expected = g->tensors.items[i];
        size_t length = strlen(expected->name), tail = strlen(suffix);
        if (length <= tail || strcmp(expected->name + length - tail, suffix) != 0) continue;
        const char *name = arena_format(g->arena, "%.*s", (int)(length - tail), expected->name);
        const Tensor *got = graph_find(g, name);
        assert_non_null(got);
        const char *difference = first_difference(g->arena, got, expected);
        if (difference) print_error("%s: %s: %s\n", path, name, difference);
        pairs++;
        *wrong += difference != NULL;
    }
    return pairs;
}

static int check_file(const char *path, int *wrong)
{
    Arena *arena = arena_new();
    Diags *diags = diags_new(arena);
    ReadOptions options = {0};
    Graph *g = read_model(arena, path, &options, diags);
    bool inferred = g && infer(g, diags);
    if (!inferred) diags_print(diags, stderr, false);
    assert_true(inferred);
    evaluate_all(g);
    int pairs = compare_pairs(g, path, wrong);
    arena_free(arena);
    return pairs;
}

/* Calls visit for every .net file of the folders. */
static void visit_files(void (*visit)(const char *path, void *context), void *context)
{
    for (size_t f = 0; f < COUNT(folders); f++) {
        char folder[4200], path[4600];
        snprintf(folder, sizeof folder, "%s/%s", tests_folder(), folders[f]);
        DIR *dir = opendir(folder);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
            size_t length = strlen(entry->d_name);
            if (length < 5 || strcmp(entry->d_name + length - 4, ".net") != 0) continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            visit(path, context);
        }
        if (dir) closedir(dir);
    }
}

typedef struct Count {
    int pairs, wrong;
} Count;

static void count_file(const char *path, void *context)
{
    Count *count = context;
    count->pairs += check_file(path, &count->wrong);
}

static void every_tensor_has_its_expected_value(void **state)
{
    (void)state;
    Count count = {0};
    visit_files(count_file, &count);
    print_message("%d values compared\n", count.pairs);
    assert_true(count.pairs > 300);
    assert_int_equal(count.wrong, 0);
}

/* ---- writing the cases with inputs ---- */

enum { MAX_LITERALS = 6 };

/* A statement, and the literal tensors among its inputs. */
typedef struct Case {
    const char *name;      /* of its first output */
    const char *statement; /* NAMES = CALL */
    int literal_count;
    struct Literal {
        const char *at;
        int type, length; /* bytes of the type, and of all */
    } literals[MAX_LITERALS];
} Case;

static const char *end_of_brackets(const char *s)
{
    int depth = 0;
    do {
        depth += (*s == '[') - (*s == ']');
        s++;
    } while (depth && *s);
    return s;
}

/* "f32[2] [1, 2]" or "f32[] 1" at s: fills the literal. */
static bool read_literal(const char *s, struct Literal *literal)
{
    char type[16] = "";
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (n == 0 || n >= sizeof type || s[n] != '[') return false;
    memcpy(type, s, n);
    if (dtype_by_name(type) == DT_NONE) return false;
    const char *end = end_of_brackets(s + n);
    *literal = (struct Literal){.at = s, .type = (int)(end - s)};
    if (*end++ != ' ') return false;
    end = *end == '[' ? end_of_brackets(end) : end + strcspn(end, ",) ");
    literal->length = (int)(end - s);
    return true;
}

/* Inputs follow a parenthesis or a comma; attributes have their names before them. */
static void find_literals(Case *c)
{
    for (const char *s = strchr(c->statement, '('); s && *s && c->literal_count < MAX_LITERALS;
         s++) {
        if (*s != '(' && strncmp(s, ", ", 2) != 0) continue;
        struct Literal *literal = &c->literals[c->literal_count];
        if (!read_literal(s + (*s == '(' ? 1 : 2), literal)) continue;
        c->literal_count++;
        s = literal->at + literal->length - 1;
    }
}

/* The statement with the literals of a mask as inputs NAME_input_0, NAME_input_1, ..., and the list
 * of those.
 */
static void write_statement(const Case *c, int mask, Text *statement, Text *inputs)
{
    const char *s = c->statement;
    for (int i = 0; i < c->literal_count; i++) {
        const struct Literal *literal = &c->literals[i];
        if (!(mask >> i & 1)) continue;
        text_add(statement, "%.*s%s_input_%d", (int)(literal->at - s), s, c->name, i);
        text_add(inputs, "%s%s_input_%d: %.*s", inputs->length ? ", " : "", c->name, i,
                 literal->type, literal->at);
        s = literal->at + literal->length;
    }
    text_add(statement, "%s", s);
}

static Graph *read_source(Arena *arena, const char *source)
{
    File file = {.path = "case.net", .data = (const uint8_t *)source, .bytes = strlen(source)};
    Diags *diags = diags_new(arena);
    ReadOptions options = {0};
    Graph *g = read_net(arena, arena_copy(arena, &file, sizeof file), &options, diags);
    return g && infer(g, diags) ? g : NULL;
}

static bool all_generate(const Graph *g)
{
    for (int i = 0; i < g->tensors.count; i++)
        if (!dtype_info(g->tensors.items[i]->dtype)->c) return false;
    return true;
}

/* Whether generated code can compute the case with these inputs. */
static bool is_accepted(const Case *c, int mask)
{
    Arena *arena = arena_new();
    Text statement = {0}, inputs = {0};
    write_statement(c, mask, &statement, &inputs);
    const Graph *g = read_source(
        arena,
        arena_format(arena, "opset 21\nnet t(%s) -> (done: i64[]) {\n%s\ndone = i64[] 1\n}\n",
                     inputs.data, statement.data));
    bool accepted = g && g->nodes.count && all_generate(g);
    text_free(&statement);
    text_free(&inputs);
    arena_free(arena);
    return accepted;
}

typedef struct Network {
    const char *folder, *data;
    Text inputs, outputs, body;
    int input_count, output_count;
} Network;

static void write_literal(const Network *w, const char *what, int index, const char *literal,
                          int length)
{
    Arena *arena = arena_new();
    const Graph *g = read_source(
        arena,
        arena_format(
            arena, "net t() -> (done: i64[]) {\nv = Constant@25(value: %.*s)\ndone = i64[] 1\n}\n",
            length, literal));
    if (!g) die("a literal is refused: %.*s", length, literal);
    const Tensor *t = graph_find(g, "v");
    DataTensor data = {.name = "", .dtype = t->dtype, .rank = t->rank, .data = t->data};
    memcpy(data.dims, t->dims, (size_t)t->rank * sizeof *t->dims);
    const char *path = arena_format(arena, "%s/%s_%d.pb", w->data, what, index);
    if (!datafile_write(path, &data, 1, diags_new(arena))) die("cannot write %s", path);
    arena_free(arena);
}

/* Its expected values are the statements after it. */
static const char *add_outputs(Network *w, const char *line)
{
    for (const char *value;
         (value = strstr(line, "_expected = Constant@25(value: ")) && value < strchr(line, '\n');
         line = strchr(line, '\n') + 1) {
        const char *literal = strchr(value, ':') + 2, *end = strchr(literal, '\n') - 1;
        const char *name = line + strspn(line, " ");
        text_add(&w->outputs, "%s%.*s", w->outputs.length ? ", " : "", (int)(value - name), name);
        write_literal(w, "output", w->output_count++, literal, (int)(end - literal));
    }
    return line;
}

static const char *add_case(Network *w, Arena *arena, const char *line, const char *end)
{
    Case c = {.name = arena_format(arena, "%.*s", (int)strcspn(line + 4, " ,"), line + 4),
              .statement = arena_format(arena, "%.*s", (int)(end - line), line)};
    find_literals(&c);
    int mask = (1 << c.literal_count) - 1;
    while (mask > 0 && !is_accepted(&c, mask)) mask--;
    line = end + 1;
    if (mask == 0) return line;
    write_statement(&c, mask, &w->body, &w->inputs);
    text_add(&w->body, "\n");
    for (int i = 0; i < c.literal_count; i++)
        if (mask >> i & 1)
            write_literal(w, "input", w->input_count++, c.literals[i].at, c.literals[i].length);
    return add_outputs(w, line);
}

static void write_file(const char *path, void *context)
{
    Arena *arena = arena_new();
    const File *file = file_map(arena, path);
    const char *text = arena_format(arena, "%.*s", (int)file->bytes, (const char *)file->data);
    const char *stem = arena_format(arena, "%s", strrchr(path, '/') + 1);
    Network w = {.folder = context};
    w.data = arena_format(arena, "%s/%.*s", w.folder, (int)strlen(stem) - 4, stem);
    mkdir(w.data, 0777);
    const char *line = text;
    while (line && *line) {
        const char *end = strchr(line, '\n'), *equals = strstr(line, " = ");
        bool statement = strncmp(line, "    ", 4) == 0 && isalpha((unsigned char)line[4]) &&
                         equals && end && equals < end &&
                         !memmem(line, (size_t)(equals - line), "_expected", 9);
        line = statement ? add_case(&w, arena, line, end) : end ? end + 1 : NULL;
    }
    if (w.output_count) {
        Text net = {0};
        text_add(&net, "opset 21\n\nnet values(%s) -> (%s) {\n%s}\n", w.inputs.data, w.outputs.data,
                 w.body.data);
        if (!file_write(arena_format(arena, "%s/%s", w.folder, stem), net.data, net.length))
            die("cannot write %s", stem);
        text_free(&net);
    }
    text_free(&w.inputs);
    text_free(&w.outputs);
    text_free(&w.body);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        visit_files(write_file, argv[1]);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_tensor_has_its_expected_value)};
    return cmocka_run_group_tests_name("operator values", tests, NULL, NULL);
}
