/*
 * The examples in the operators' rows. Run by itself: every operator has a line of documentation
 * and an example, and every example is read, inferred and evaluated. Run with a folder: writes the
 * examples there as networks of many outputs, each with inputs and the interpreter's outputs, for
 * `netc verify` to compare generated code with (tests/ops1/examples.sh).
 */
#include "numbers.h"
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "datafile.h"
#include "evaluate.h"
#include "extents.h"
#include "missing.h"
#include "op.h"

enum { BUDGET = 1 << 24, PER_NETWORK = 40 };

/* An example, a call or `a, b = call`, as a statement of a network: its inputs, each with its type,
 * and the names of its outputs. */
typedef struct Example {
    const char *text;
    Text inputs, statement;
    int output_count;
    char outputs[8][32];
} Example;

/* "f32[2, 3]" at s when it declares an input: a type, and after it the end of the argument. Its
 * length, or 0. */
static size_t input_type(const char *s)
{
    char name[32];
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) && n < sizeof name - 1) name[n] = s[n], n++;
    name[n] = '\0';
    if (dtype_by_name(name) == DT_NONE || s[n] != '[') return 0;
    const char *end = strchr(s + n, ']');
    if (!end) return 0;
    size_t length = (size_t)(end + 1 - s);
    return s[length] == ',' || s[length] == ')' ? length : 0;
}

static size_t identifier(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_') n++;
    return n;
}

/* The names before the equals sign, or "result". Returns where the call begins. */
static const char *read_outputs(Example *e, const char *prefix)
{
    const char *s = e->text, *equals = strstr(s, " = ");
    bool named = equals && equals < strchr(s, '(');
    while (e->output_count == 0 || (named && s < equals)) {
        size_t n = named ? identifier(s) : 0;
        snprintf(e->outputs[e->output_count], sizeof *e->outputs, "%s%.*s", prefix,
                 named ? (int)n : 6, named ? s : "result");
        text_add(&e->statement, "%s%s", e->output_count ? ", " : "", e->outputs[e->output_count]);
        e->output_count++;
        s += n + strspn(s + n, ", ");
    }
    text_add(&e->statement, " = ");
    return named ? equals + 3 : e->text;
}

/* Names get a prefix, so that many examples fit in one network. */
static void read_example(Example *e, const char *prefix)
{
    for (const char *s = read_outputs(e, prefix); *s;) {
        const char *quote = *s == '"' ? strchr(s + 1, '"') : NULL;
        size_t n = quote ? (size_t)(quote + 1 - s) : identifier(s);
        size_t type = n && strncmp(s + n, ": ", 2) == 0 ? input_type(s + n + 2) : 0;
        if (!n) n = 1;
        if (type) {
            text_add(&e->inputs, "%s%s%.*s: %.*s", e->inputs.length ? ", " : "", prefix, (int)n, s,
                     (int)type, s + n + 2);
            text_add(&e->statement, "%s%.*s", prefix, (int)n, s);
            n += 2 + type;
        } else {
            text_put(&e->statement, s, n);
        }
        s += n;
    }
}

static void free_example(Example *e)
{
    text_free(&e->inputs);
    text_free(&e->statement);
}

/* ---- evaluating one ---- */

/* Small numbers of both signs, short strings. */
static void fill_at_random(Graph *g, Tensor *t)
{
    int64_t count = tensor_elements(t);
    void *data = arena_alloc(g->arena, dtype_bytes(t->dtype, count));
    bool is_signed = dtype_info(t->dtype)->class == CLASS_SIGNED;
    for (int64_t i = 0; i < count; i++) {
        double u = random_unit();
        static const char *const texts[] = {"", "a", "b", "ab", "B\303\251"};
        if (t->dtype == DT_STRING)
            ((const char **)data)[i] = texts[(int)(u * COUNT(texts))];
        else if (dtype_is_float(t->dtype))
            dtype_set_double(t->dtype, data, i, 4 * u - 2);
        else
            dtype_set_int(t->dtype, data, i,
                          (int64_t)(u * (is_signed ? 6 : 4)) - (is_signed ? 2 : 0));
    }
    t->data = data;
}

static void evaluate_all(Graph *g, const Example *e)
{
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        const void **data = NEW_ARRAY(g->arena, const void *, n->output_count);
        int64_t budget = BUDGET;
        if (!evaluate_node(g, n, &budget, data)) fail_msg("'%s' cannot be evaluated", e->text);
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) n->outputs[k]->data = data[k];
    }
}

/* The network of one example, its inputs filled and its outputs computed; NULL when it is refused.
 */
static Graph *evaluate_example(Arena *arena, Example *e, const char *prefix)
{
    read_example(e, prefix);
    const char *source = arena_format(
        arena, "net example(%s) -> (done: i64[]) {\n    %s\n    done = Constant(value_int: 1)\n}\n",
        e->inputs.length ? e->inputs.data : "", e->statement.data);
    File file = {.path = "example.net", .data = (const uint8_t *)source, .bytes = strlen(source)};
    Diags *diags = diags_new(arena);
    ReadOptions options = {0};
    Graph *g = read_net(arena, arena_copy(arena, &file, sizeof file), &options, diags);
    bool good = g && infer(g, diags);
    if (!good) {
        diags_print(diags, stderr, false);
        print_error("'%s' is refused\n", e->text);
        return NULL;
    }
    for (int i = 0; i < g->inputs.count; i++) fill_at_random(g, g->inputs.items[i]);
    evaluate_all(g, e);
    for (int i = 0; i < e->output_count; i++) assert_non_null(graph_find(g, e->outputs[i])->data);
    return g;
}

static void every_operator_is_documented(void **state)
{
    (void)state;
    int lacking = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++) {
            bool complete =
                op->doc && op->versions && (!op->define || (op->examples && op->examples[0]));
            if (!complete)
                print_error("%s lacks documentation, versions or an example\n", op->name);
            lacking += !complete;
            for (const int *v = op->versions; *v; v++)
                if (v[1] && v[1] <= v[0]) fail_msg("the versions of %s are not in order", op->name);
        }
    assert_int_equal(lacking, 0);
}

static void every_example_is_evaluated(void **state)
{
    (void)state;
    int count = 0, refused = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++)
            for (const char *const *text = op->examples; text && *text; text++, count++) {
                Arena *arena = arena_new();
                Example e = {.text = *text};
                refused += !evaluate_example(arena, &e, "");
                free_example(&e);
                arena_free(arena);
            }
    print_message("%d examples\n", count);
    assert_int_equal(refused, 0);
}

/* ---- writing them as networks ---- */

typedef struct Network {
    const char *folder;
    int number, examples, inputs, outputs;
    Text input_list, output_list, body;
} Network;

static void write_tensor(const Network *w, const char *what, int index, const Tensor *t)
{
    Arena *arena = arena_new();
    Diags *diags = diags_new(arena);
    const char *path = arena_format(arena, "%s/data%d/%s_%d.pb", w->folder, w->number, what, index);
    DataTensor data = {.name = t->name, .dtype = t->dtype, .rank = t->rank, .data = t->data};
    int64_t extents[MAX_RANK];
    for (int d = 0; d < t->rank; d++)
        extents[d] =
            t->extents && t->extents[d] ? dtype_get_int(DT_I64, t->extents[d]->data, 0) : -1;
    extents_exact(arena, t, extents, data.dims, &data.data);
    if (!datafile_write(path, &data, 1, diags)) die("cannot write %s", path);
    arena_free(arena);
}

static void finish_network(Network *w)
{
    if (!w->examples) return;
    Text net = {0};
    text_add(&net, "net examples%d(%s) -> (%s) {\n%s}\n", w->number,
             w->input_list.length ? w->input_list.data : "", w->output_list.data, w->body.data);
    char path[4096];
    snprintf(path, sizeof path, "%s/examples%d.net", w->folder, w->number);
    if (!file_write(path, net.data, net.length)) die("cannot write %s", path);
    text_free(&net);
    text_free(&w->input_list);
    text_free(&w->output_list);
    text_free(&w->body);
    w->number++;
    w->examples = w->inputs = w->outputs = 0;
}

static void add_example(Network *w, const char *text)
{
    char path[4096], prefix[32];
    snprintf(path, sizeof path, "%s/data%d", w->folder, w->number);
    mkdir(path, 0777);
    snprintf(prefix, sizeof prefix, "e%d_", w->examples);
    Arena *arena = arena_new();
    Example e = {.text = text};
    const Graph *g = evaluate_example(arena, &e, prefix);
    if (!g) exit(EXIT_FAILURE);
    for (int i = 0; i < g->inputs.count; i++)
        write_tensor(w, "input", w->inputs++, g->inputs.items[i]);
    for (int i = 0; i < e.output_count; i++) {
        const Tensor *y = graph_find(g, e.outputs[i]);
        write_tensor(w, "output", w->outputs++, y);
        Tensor bounds = *y;
        bounds.extents = NULL;
        text_add(&w->output_list, "%s%s: %s", w->output_list.length ? ", " : "", y->name,
                 tensor_type_text(arena, &bounds));
    }
    if (e.inputs.length)
        text_add(&w->input_list, "%s%s", w->input_list.length ? ", " : "", e.inputs.data);
    text_add(&w->body, "    %s\n", e.statement.data);
    free_example(&e);
    arena_free(arena);
    if (++w->examples == PER_NETWORK) finish_network(w);
}

static int write_networks(const char *folder)
{
    Network w = {.folder = folder};
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++)
            for (const char *const *text = op->examples; text && *text; text++)
                if (op->define) add_example(&w, *text);
    finish_network(&w);
    return 0;
}

static void no_operator_is_both_there_and_missing(void **state)
{
    (void)state;
    for (const MissingOp *m = missing_ops; m->name; m++) {
        if (op_find(m->domain, m->name)) fail_msg("%s is not missing any more", m->name);
        assert_ptr_equal(missing_find(m->domain, m->name), m);
        assert_true(strlen(m->reason) > 0);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2) return write_networks(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_is_documented),
        cmocka_unit_test(no_operator_is_both_there_and_missing),
        cmocka_unit_test(every_example_is_evaluated),
    };
    return cmocka_run_group_tests_name("operator examples", tests, NULL, NULL);
}
