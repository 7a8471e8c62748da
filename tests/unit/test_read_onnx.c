/*
 * What the text models of tests/onnx cannot show: where weights are in memory, subgraphs and what
 * they capture, attributes of every kind, nesting without end, and thousands of damaged files.
 */
#include "graph.h"
#include "onnx_writer.h"

#include "unit.h"

#define KIND(kind) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##kind

typedef struct Fixture {
    Arena *arena;
    Diags *diags;
    Scratch scratch;
} Fixture;

static Fixture *open_fixture(void)
{
    Arena *arena = arena_new();
    Fixture *f = NEW(arena, Fixture);
    f->arena = arena;
    f->diags = diags_new(arena);
    scratch_open(&f->scratch, "m.onnx");
    return f;
}

static void close_fixture(Fixture *f)
{
    scratch_close(&f->scratch);
    arena_free(f->arena);
}

static Graph *read_bytes(Fixture *f, const uint8_t *bytes, size_t count)
{
    ReadOptions options = {.dim_default = 1};
    scratch_write(&f->scratch, bytes, count);
    return read_model(f->arena, f->scratch.path, &options, f->diags);
}

static Graph *read_written(Fixture *f, const Onnx__ModelProto *model)
{
    size_t bytes;
    const uint8_t *packed = pack_model(f->arena, model, &bytes);
    return read_bytes(f, packed, bytes);
}

static bool was_said(const Fixture *f, const char *text)
{
    char *said = NULL;
    size_t length;
    FILE *out = open_memstream(&said, &length);
    diags_print(f->diags, out, false);
    fclose(out);
    bool found = strstr(said, text) != NULL;
    if (!found) print_message("not '%s' in: %s", text, said);
    free(said);
    return found;
}

static const int64_t TWO[] = {2};

/* ---- weights ---- */

/* Names of growing length put the data at every alignment. */
static void weights_stay_in_the_file_where_they_are_aligned(void **state)
{
    (void)state;
    enum { ELEMENTS = 5000 };
    int inside = 0, outside = 0;
    for (int length = 1; length <= 8; length++) {
        Fixture *f = open_fixture();
        float *values = NEW_ARRAY(f->arena, float, ELEMENTS);
        for (int i = 0; i < ELEMENTS; i++) values[i] = (float)i;
        Onnx__ModelProto *model = make_model(f->arena, 13);
        char *name = arena_format(f->arena, "%.*s", length, "wwwwwwww");
        ADD(f->arena, model->graph, initializer, make_floats(f->arena, name, ELEMENTS, values));
        ADD(f->arena, model->graph, output,
            make_value(f->arena, name, 1, 1, (const int64_t[]){ELEMENTS}));
        Graph *g = read_written(f, model);
        assert_non_null(g);
        const Tensor *t = g->outputs.items[0];
        assert_int_equal((uintptr_t)t->data % sizeof *values, 0);
        assert_memory_equal(t->data, values, ELEMENTS * sizeof *values);
        assert_true(t->kind == TENSOR_PARAM && t->trainable);
        const File *file = t->source.file;
        bool in_file = (const uint8_t *)t->data >= file->data &&
                       (const uint8_t *)t->data < file->data + file->bytes;
        inside += in_file, outside += !in_file;
        close_fixture(f);
    }
    assert_int_equal(inside, 2); /* of 8 names, at steps of one byte */
    assert_int_equal(outside, 6);
}

/* ---- subgraphs ---- */

/* if (c) then x + v else v, v captured; the then-branch has a `y` of its own, as the node's output
 * is called. */
static Onnx__ModelProto *branching_model(Arena *arena)
{
    static const float values[] = {1, 2};
    Onnx__ModelProto *model = make_model(arena, 13);
    Onnx__GraphProto *g = model->graph;
    Onnx__GraphProto *yes = MESSAGE(arena, GraphProto, graph_proto),
                     *no = MESSAGE(arena, GraphProto, graph_proto);
    yes->name = "yes";
    no->name = "no";
    ADD(arena, yes, node, make_node(arena, "Add", "add", "y", INPUTS("x", "v")));
    ADD(arena, yes, output, make_value(arena, "y", 1, 1, TWO));
    ADD(arena, no, output, make_value(arena, "v", 1, 1, TWO));
    Onnx__NodeProto *branch = make_node(arena, "If", "if", "y", INPUTS("c"));
    make_attribute(arena, branch, "then_branch", KIND(GRAPH))->g = yes;
    make_attribute(arena, branch, "else_branch", KIND(GRAPH))->g = no;
    ADD(arena, g, node, branch); /* before what it captures */
    ADD(arena, g, node, make_node(arena, "Relu", "relu", "v", INPUTS("w")));
    ADD(arena, g, initializer, make_floats(arena, "w", 2, values));
    ADD(arena, g, input, make_value(arena, "x", 1, 1, TWO));
    ADD(arena, g, input, make_value(arena, "c", 9, 0, NULL));
    ADD(arena, g, output, make_value(arena, "y", 1, 1, TWO));
    return model;
}

static void subgraphs_capture_outer_values(void **state)
{
    (void)state;
    Fixture *f = open_fixture();
    Graph *g = read_written(f, branching_model(f->arena));
    assert_non_null(g);
    check_graph(g, false);
    assert_string_equal(g->nodes.items[0]->name, "relu");
    const Node *branch = g->nodes.items[1];
    const Graph *yes = branch->attrs[0].graph, *no = branch->attrs[1].graph;
    assert_ptr_equal(yes->outer, g);
    assert_ptr_equal(yes->nodes.items[0]->inputs[0], graph_find(g, "x"));
    assert_ptr_equal(yes->nodes.items[0]->inputs[1], graph_find(g, "v"));
    assert_ptr_not_equal(yes->outputs.items[0], graph_find(g, "y"));
    assert_int_equal(graph_use_count(g, graph_find(g, "v")), 2);
    assert_string_equal(no->nodes.items[0]->op_type,
                        "Identity"); /* a graph's outputs are its own */
    assert_ptr_equal(no->nodes.items[0]->inputs[0], graph_find(g, "v"));
    Text text = {0};
    print_net(g, NULL, NULL, &text);
    assert_non_null(strstr(text.data, "y = If(c, then_branch: graph yes() -> (y: f32[2]) {\n       "
                                      " y = Add(x, v) as add\n    },"));
    text_free(&text);
    close_fixture(f);
}

/* A node reads its own output from inside: the shadowed name is no cycle, the captured one is. */
static void a_cycle_through_a_subgraph_is_found(void **state)
{
    (void)state;
    Fixture *f = open_fixture();
    Onnx__ModelProto *model = branching_model(f->arena);
    model->graph->node[1]->input[0] = "y";
    assert_null(read_written(f, model));
    assert_true(was_said(f, "2 nodes in a cycle: 'relu' -> 'if' -> 'relu'") ||
                was_said(f, "'if' -> 'relu' -> 'if'"));
    close_fixture(f);
}

/* ---- attributes ---- */

static void attributes_of_every_kind(void **state)
{
    (void)state;
    static const float halves[] = {0.5f, -1};
    Fixture *f = open_fixture();
    Arena *arena = f->arena;
    Onnx__ModelProto *model = make_model(arena, 13);
    Onnx__NodeProto *n = make_node(arena, "Any", NULL, "y", INPUTS("x"));
    make_attribute(arena, n, "f", KIND(FLOAT))->f = 0.1f;
    n->attribute[0]->has_f = true;
    Onnx__AttributeProto *i = make_attribute(arena, n, "i", KIND(UNDEFINED)),
                         *s = make_attribute(arena, n, "s", KIND(STRING));
    i->has_i = true;
    i->i = -7;
    s->has_s = true;
    s->s = (ProtobufCBinaryData){3, (uint8_t *)"a\0b"};
    make_attribute(arena, n, "t", KIND(TENSOR))->t = make_floats(arena, "", 2, halves);
    Onnx__AttributeProto *floats = make_attribute(arena, n, "floats", KIND(FLOATS)),
                         *ints = make_attribute(arena, n, "ints", KIND(INTS));
    ADD(arena, floats, floats, 0.5f);
    ADD(arena, ints, ints, INT64_MIN);
    ADD(arena, ints, ints, 3);
    Onnx__AttributeProto *strings = make_attribute(arena, n, "strings", KIND(STRINGS));
    ADD(arena, strings, strings, ((ProtobufCBinaryData){1, (uint8_t *)"q"}));
    make_attribute(arena, n, "none", KIND(INTS));
    make_attribute(arena, n, "zero", KIND(INT)); /* as writers do that leave defaults out */
    make_attribute(arena, n, "type", KIND(TYPE_PROTO))->tp = MESSAGE(arena, TypeProto, type_proto);
    ADD(arena, model->graph, node, n);
    ADD(arena, model->graph, input, make_value(arena, "x", 1, 1, TWO));
    ADD(arena, model->graph, output, make_value(arena, "y", 1, 1, TWO));
    Graph *g = read_written(f, model);
    assert_non_null(g);
    Text text = {0};
    print_net(g, NULL, NULL, &text);
    const char *expected = "y = Any(x, f: 0.1, i: -7, s: \"a\\x00b\", t: f32[2] [0.5, -1.0], "
                           "floats: [0.5], ints: [-9223372036854775808, 3], "
                           "strings: [\"q\"], none: [], zero: 0, type: type()) as Any";
    if (!strstr(text.data, expected)) fail_msg("%s", text.data);
    text_free(&text);
    close_fixture(f);
}

/* ---- limits ---- */

static void nesting_is_limited(void **state)
{
    (void)state;
    static const struct {
        int depth;
        const char *said; /* NULL: it is read */
    } cases[] = {
        {10, NULL}, {33, "nested more than 100 deep"}, {2000, "nested more than 100 deep"}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        Fixture *f = open_fixture();
        Onnx__ModelProto *model = make_model(f->arena, 13);
        Onnx__GraphProto *g = model->graph;
        ADD(f->arena, g, input, make_value(f->arena, "c", 9, 0, NULL));
        for (int i = 0; i <= cases[k].depth; i++) {
            const char *output = arena_format(f->arena, "y%d", i);
            Onnx__NodeProto *node = make_node(f->arena, "If", NULL, output, INPUTS("c"));
            ADD(f->arena, g, output, make_value(f->arena, output, 1, 1, TWO));
            ADD(f->arena, g, node, node);
            if (i == cases[k].depth) break;
            Onnx__AttributeProto *a = make_attribute(f->arena, node, "then_branch", KIND(GRAPH));
            g = a->g = MESSAGE(f->arena, GraphProto, graph_proto);
        }
        Graph *read = read_written(f, model);
        assert_true(cases[k].said ? !read && was_said(f, cases[k].said) : read != NULL);
        close_fixture(f);
    }
}

static void calls_are_limited(void **state)
{
    (void)state;
    Fixture *f = open_fixture();
    Onnx__ModelProto *model = make_model(f->arena, 13);
    for (int i = 0; i < 5000; i++) { /* each calls the next */
        Onnx__FunctionProto *function = MESSAGE(f->arena, FunctionProto, function_proto);
        function->name = arena_format(f->arena, "F%d", i);
        ADD(f->arena, function, input, "i");
        ADD(f->arena, function, output, "o");
        ADD(f->arena, function, node,
            make_node(f->arena, arena_format(f->arena, "F%d", i + 1), NULL, "o", INPUTS("i")));
        ADD(f->arena, model, functions, function);
    }
    ADD(f->arena, model->graph, node, make_node(f->arena, "F0", NULL, "y", INPUTS("x")));
    ADD(f->arena, model->graph, input, make_value(f->arena, "x", 1, 1, TWO));
    ADD(f->arena, model->graph, output, make_value(f->arena, "y", 1, 1, TWO));
    assert_null(read_written(f, model));
    assert_true(was_said(f, "graphs and functions nested more than 40 deep"));
    close_fixture(f);
}

/* A chain of nodes in the wrong order, all of one name: neither the sort nor the names may be
 * quadratic or recursive. */
static void long_chains_are_read(void **state)
{
    (void)state;
    enum { NODES = 20000 };
    Fixture *f = open_fixture();
    Onnx__ModelProto *model = make_model(f->arena, 13);
    model->graph->n_node = NODES;
    model->graph->node = NEW_ARRAY(f->arena, Onnx__NodeProto *, NODES);
    for (int i = 0; i < NODES; i++)
        model->graph->node[NODES - 1 - i] =
            make_node(f->arena, "Relu", NULL, arena_format(f->arena, "v%d", i + 1),
                      INPUTS(arena_format(f->arena, "v%d", i)));
    ADD(f->arena, model->graph, input, make_value(f->arena, "v0", 1, 1, TWO));
    ADD(f->arena, model->graph, output,
        make_value(f->arena, arena_format(f->arena, "v%d", NODES), 1, 1, TWO));
    Graph *g = read_written(f, model);
    assert_non_null(g);
    check_graph(g, false);
    assert_int_equal(g->nodes.count, NODES);
    assert_string_equal(g->nodes.items[0]->inputs[0]->name, "v0");
    close_fixture(f);
}

/* ---- damage ---- */

/* Read, checked, inferred and printed, or refused with an error: nothing else. */
static void survive(const uint8_t *bytes, size_t count)
{
    Fixture *f = open_fixture();
    Graph *g = read_bytes(f, bytes, count);
    assert_int_equal(g == NULL, diags_errors(f->diags) > 0);
    if (g) {
        check_graph(g, false);
        if (infer(g, f->diags)) check_graph(g, true);
        Text text = {0};
        print_net(g, NULL, NULL, &text);
        text_free(&text);
    }
    close_fixture(f);
}

static Onnx__ModelProto *rich_model(Arena *arena)
{
    static float many[300];
    Onnx__ModelProto *model = branching_model(arena);
    Onnx__FunctionProto *function = MESSAGE(arena, FunctionProto, function_proto);
    function->name = "Scaled";
    ADD(arena, function, input, "i");
    ADD(arena, function, output, "o");
    ADD(arena, function, attribute, "slope");
    ADD(arena, function, opset_import, model->opset_import[0]);
    Onnx__NodeProto *leaky = make_node(arena, "LeakyRelu", "leaky", "o", INPUTS("i"));
    make_attribute(arena, leaky, "alpha", KIND(FLOAT))->ref_attr_name = "slope";
    ADD(arena, function, node, leaky);
    ADD(arena, model, functions, function);
    Onnx__NodeProto *call = make_node(arena, "Scaled", "call", "z", INPUTS("long"));
    Onnx__AttributeProto *slope = make_attribute(arena, call, "slope", KIND(FLOAT));
    slope->has_f = true;
    slope->f = 0.5f;
    ADD(arena, model->graph, node, call);
    ADD(arena, model->graph, initializer,
        make_floats(arena, "long", COUNT(many), many)); /* long enough to stay in the file */
    ADD(arena, model->graph, output, make_value(arena, "z", 1, 1, (const int64_t[]){COUNT(many)}));
    return model;
}

static void damage_is_survived(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    uint64_t random = 7;
    size_t size;
    const uint8_t *packed = pack_model(arena, rich_model(arena), &size);
    uint8_t *bytes = arena_alloc(arena, size);
    survive(packed, size);
    survive(packed, 0);
    for (int i = 0; i < 4000; i++) {
        memcpy(bytes, packed, size);
        size_t part =
            i % 2 ? size : size - sizeof(float[300]); /* half of them where the structure is */
        size_t left = damage(bytes, part, &random);
        survive(bytes, left == part ? size : left);
    }
    for (int i = 0; i < 500; i++) {
        for (size_t at = 0; at < size; at++) bytes[at] = (uint8_t)random_step(&random);
        survive(bytes, random_step(&random) % size);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_stay_in_the_file_where_they_are_aligned),
        cmocka_unit_test(subgraphs_capture_outer_values),
        cmocka_unit_test(a_cycle_through_a_subgraph_is_found),
        cmocka_unit_test(attributes_of_every_kind),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(calls_are_limited),
        cmocka_unit_test(long_chains_are_read),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
