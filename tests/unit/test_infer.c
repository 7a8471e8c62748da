/*
 * Inference on small graphs: shapes and types, the schema's checks at a version, folding of shape
 * chains, and diagnostics: one for each mistake, naming both sides and where they come from.
 */
#include "unit.h"

#include <stdlib.h>

#include "op.h"

static Graph *graph;
static Diags *diags;

static int set_up(void **state)
{
    open_arena(state);
    graph = graph_new(arena, "g");
    graph->opset = 17;
    diags = diags_new(arena);
    return 0;
}

/* ---- building ---- */

static Tensor *input(const char *name, Dtype dtype, int rank, const int64_t *dims)
{
    Tensor *t = graph_add_tensor(graph, TENSOR_INPUT, name, dtype, rank, dims);
    LIST_PUSH(arena, &graph->inputs, t);
    return t;
}

static Tensor *ints(const char *name, int64_t count, const int64_t *values)
{
    return graph_add_const(graph, name, DT_I64, 1, &count,
                           arena_copy(arena, values, (size_t)count * sizeof *values));
}

static Node *node_of(int version, const char *op, const char *name, Tensor *const *inputs,
                     int count)
{
    Node *n = graph_add_node(graph, op, "", version, name, count, 1);
    memcpy(n->inputs, inputs, (size_t)count * sizeof *inputs);
    node_set_output(n, 0,
                    graph_add_tensor(graph, TENSOR_VALUE, arena_format(arena, "%s_out", name),
                                     DT_NONE, -1, NULL));
    return n;
}

#define NODE(op, name, ...)                                                                        \
    node_of(17, op, name, (Tensor *[]){__VA_ARGS__},                                               \
            (int)(sizeof(Tensor *[]){__VA_ARGS__} / sizeof(Tensor *)))

static void output(Tensor *t) { LIST_PUSH(arena, &graph->outputs, t); }

#define DIMS(...)                                                                                  \
    (int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), (int64_t[]) { __VA_ARGS__ }

static void assert_type(const Tensor *t, const char *want)
{
    assert_string_equal(tensor_type_text(arena, t), want);
}

/* All diagnostics as text. */
static const char *messages(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    diags_print(diags, file, false);
    fclose(file);
    char *copy = arena_string(arena, text);
    free(text);
    return copy;
}

static void assert_says(const char *part)
{
    if (!strstr(messages(), part)) fail_msg("\"%s\" is not in:\n%s", part, messages());
}

static void assert_errors(int count)
{
    infer(graph, diags);
    if (diags_errors(diags) != count)
        fail_msg("%d errors, not %d:\n%s", diags_errors(diags), count, messages());
}

/* ---- types and shapes ---- */

static void shapes_broadcast(void **state)
{
    (void)state;
    Tensor *a = input("a", DT_F32, DIMS(2, 1, 4)), *b = input("b", DT_F32, DIMS(3, 1));
    Node *sum = NODE("Add", "sum", a, b), *less = NODE("Less", "less", sum->outputs[0], b);
    output(less->outputs[0]);
    assert_errors(0);
    assert_type(sum->outputs[0], "f32[2, 3, 4]");
    assert_type(less->outputs[0], "bool[2, 3, 4]");
    check_graph(graph, true);
}

/* As exporters write "flatten all but the batch". */
static void shape_chains_fold(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(2, 3, 4, 5));
    Node *shape = NODE("Shape", "shape", x);
    Node *batch = NODE("Gather", "batch", shape->outputs[0], ints("zero", 1, (int64_t[]){0}));
    Node *join = NODE("Concat", "join", batch->outputs[0], ints("rest", 1, (int64_t[]){-1}));
    Attr *axis = node_add_attr(graph, join, "axis", ATTR_INT);
    axis->i = 0;
    Node *reshape = NODE("Reshape", "reshape", x, join->outputs[0]);
    output(reshape->outputs[0]);
    assert_errors(0);
    assert_type(reshape->outputs[0], "f32[2, 60]");
    assert_int_equal(graph->nodes.count, 1);
    assert_ptr_equal(graph->nodes.items[0], reshape);
    const int64_t *values = join->outputs[0]->data;
    assert_int_equal(join->outputs[0]->kind, TENSOR_CONST);
    assert_true(values[0] == 2 && values[1] == -1);
    check_graph(graph, true);
}

/* An output of the graph stays computed, but what follows may know it. */
static void folded_outputs_are_still_produced(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(6, 7));
    Node *shape = NODE("Shape", "shape", x);
    Node *reshape = NODE("Reshape", "reshape", x, shape->outputs[0]);
    output(shape->outputs[0]);
    output(reshape->outputs[0]);
    assert_errors(0);
    assert_int_equal(graph->nodes.count, 2);
    assert_int_equal(shape->outputs[0]->kind, TENSOR_VALUE);
    assert_type(reshape->outputs[0], "f32[6, 7]");
    check_graph(graph, true);
}

static void integers_stand_for_numbers(void **state)
{
    (void)state;
    Node *leaky = NODE("LeakyRelu", "leaky", input("x", DT_F32, DIMS(3)));
    node_add_attr(graph, leaky, "alpha", ATTR_INT)->i = 2;
    output(leaky->outputs[0]);
    assert_errors(0);
    assert_true(attr_float(leaky, "alpha") == 2.0);
}

static void defaults_come_from_the_schema(void **state)
{
    (void)state;
    Node *leaky = NODE("LeakyRelu", "leaky", input("x", DT_F32, DIMS(3)));
    assert_errors(0);
    assert_true((float)attr_float(leaky, "alpha") == 0.01f);
    assert_false(attr_given(leaky, "alpha"));
}

/* ---- the schema's checks ---- */

static void unknown_operators_are_listed_at_once(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(3));
    Node *a = NODE("Relux", "a", x), *b = NODE("Frobnicate", "b", a->outputs[0]),
         *c = NODE("Relux", "c", b->outputs[0]);
    output(c->outputs[0]);
    assert_errors(1);
    assert_says("2 operators are unknown");
    assert_says("'Relux' is used by node 0 'a', node 2 'c'");
    assert_says("'Frobnicate' is used by node 1 'b'");
    assert_says("did you mean 'Relu'");
}

static void versions_matter(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(3));
    output(node_of(9, "Clip", "old", (Tensor *[]){x, x, x}, 3)
               ->outputs[0]); /* bounds are attributes before 11 */
    output(node_of(6, "Celu", "early", (Tensor *[]){x}, 1)->outputs[0]);
    assert_errors(2);
    assert_says("Clip takes 1 input, but 3 are given");
    assert_says("Celu exists from version 12 of the operator set; this model uses version 6");
}

static void arity_is_checked(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(1, 2, 3, 3));
    output(NODE("Conv", "conv", x)->outputs[0]);
    output(NODE("Relu", "relu", x, x)->outputs[0]);
    assert_errors(2);
    assert_says("Conv takes 2 to 3 inputs, but 1 is given");
    assert_says("the input 'W' is missing");
    assert_says("Relu takes 1 input, but 2 are given");
}

static void attributes_are_checked(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(2, 3));
    Node *misspelt = NODE("Softmax", "misspelt", x), *kind = NODE("Softmax", "kind", x);
    node_add_attr(graph, misspelt, "axes", ATTR_INT);
    node_add_attr(graph, kind, "axis", ATTR_STRING)->s = (String){"last", 4};
    Node *missing = NODE("Concat", "missing", x, x);
    assert_errors(3);
    assert_says("Softmax has no attribute 'axes'");
    assert_says("did you mean 'axis'?");
    assert_says("the attribute 'axis' of Softmax must be an integer, not a string");
    assert_says("the attribute 'axis' (an integer) of Concat is missing");
    assert_true(missing->outputs[0]->poisoned);
}

static void types_are_checked(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(3)), *i = input("i", DT_I32, DIMS(3)),
           *b = input("b", DT_BOOL, DIMS(3));
    NODE("Add", "mixed", x, i);
    NODE("Relu", "truth", b);
    assert_errors(2);
    assert_says("'x' is f32 and 'i' is i32, but Add takes elements of one type for both");
    assert_says("the input 'X' ('b') of Relu is bool; it takes f32");
}

static void outputs_must_match_what_is_declared(void **state)
{
    (void)state;
    Node *relu = NODE("Relu", "relu", input("x", DT_F32, DIMS(2, 3)));
    static const int64_t dims[] = {-1, 4};
    static const Declared declared = {.dtype = DT_F32, .rank = 1, .dims = dims};
    relu->outputs[0]->declared = &declared;
    assert_errors(1);
    assert_says("the output 'relu_out' is f32[2, 3], but the model declares f32[?]");
}

static void declared_sizes_only_warn(void **state)
{
    (void)state;
    Node *relu = NODE("Relu", "relu", input("x", DT_F32, DIMS(2, 3)));
    static const int64_t dims[] = {-1, 4};
    static const Declared declared = {.dtype = DT_F32, .rank = 2, .dims = dims};
    relu->outputs[0]->declared = &declared;
    assert_errors(0);
    assert_says("'relu_out' is f32[2, 3], but the model declares f32[?, 4]");
}

/* What a shape hangs on, through a chain of nodes: an input of the network would cure it, a
 * parameter without a value would not. */
static void unknown_values_name_the_inputs_that_would_cure_them(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(6)), *a = input("a", DT_I64, DIMS(1)),
           *b = input("b", DT_I64, DIMS(1)), *axis = input("axis", DT_I64, DIMS(1));
    Tensor *weight = graph_add_tensor(graph, TENSOR_PARAM, "weight", DT_I64, 1, (int64_t[]){1});
    Node *sum = NODE("Add", "sum", a, b), *again = NODE("Mul", "again", sum->outputs[0], a);
    Node *reshape = NODE("Reshape", "reshape", x, again->outputs[0]);
    Node *squeeze = NODE("Unsqueeze", "unsqueeze", x, axis);
    Node *mixed = NODE("Sub", "mixed", axis, weight);
    output(reshape->outputs[0]);
    output(squeeze->outputs[0]);
    output(NODE("Tile", "tile", x, mixed->outputs[0])->outputs[0]);
    assert_errors(3);
    InputNames names = diags_needed_inputs(diags);
    assert_int_equal(names.count, 3);
    for (int i = 0; i < names.count; i++)
        assert_true(!strcmp(names.items[i], "a") || !strcmp(names.items[i], "b") ||
                    !strcmp(names.items[i], "axis"));
    assert_says("--bake axis=FILE makes it a constant of the network");
    assert_says("it depends on 'weight', which is a parameter");
}

/* ---- messages ---- */

static void one_mistake_is_one_error(void **state)
{
    (void)state;
    Tensor *a = input("a", DT_F32, DIMS(2, 3)), *b = input("b", DT_F32, DIMS(2, 4));
    Node *sum = NODE("Add", "sum", a, b), *relu = NODE("Relu", "relu", sum->outputs[0]);
    Node *again = NODE("Add", "again", relu->outputs[0], b);
    output(again->outputs[0]);
    assert_errors(1);
    assert_says("'a' and 'b' cannot be broadcast together");
    assert_true(again->outputs[0]->poisoned);
}

static void errors_tell_where_inputs_come_from(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(2, 3)), *y = input("y", DT_F32, DIMS(5));
    Node *relu = NODE("Relu", "relu", x), *neg = NODE("Neg", "neg", relu->outputs[0]);
    NODE("Add", "sum", neg->outputs[0], y);
    assert_errors(1);
    assert_says("'neg_out' comes from node 1 'neg' (Neg): f32[2, 3]");
    assert_says("'relu_out' comes from node 0 'relu' (Relu): f32[2, 3]");
    assert_says("'y' is an input of the network: f32[5]");
    assert_says("(3 and 5)");
}

static void unknown_values_name_their_origin(void **state)
{
    (void)state;
    Tensor *x = input("x", DT_F32, DIMS(6)), *shape = input("shape", DT_I64, DIMS(2));
    Node *twice = NODE("Add", "twice", shape, shape);
    NODE("Reshape", "reshape", x, twice->outputs[0]);
    assert_errors(1);
    assert_says("must be known at compile time");
    assert_says("it depends on 'shape', which is an input of the network");
}

static void huge_results_are_refused(void **state)
{
    (void)state;
    int64_t big = (int64_t)1 << 31;
    Tensor *a = input("a", DT_F32, DIMS(big, 1, 1)), *b = input("b", DT_F32, DIMS(1, big, big));
    NODE("Add", "sum", a, b);
    assert_errors(1);
    assert_says("would be too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shapes_broadcast),
        TEST(shape_chains_fold),
        TEST(folded_outputs_are_still_produced),
        TEST(integers_stand_for_numbers),
        TEST(defaults_come_from_the_schema),
        TEST(unknown_operators_are_listed_at_once),
        TEST(versions_matter),
        TEST(arity_is_checked),
        TEST(attributes_are_checked),
        TEST(types_are_checked),
        TEST(outputs_must_match_what_is_declared),
        TEST(declared_sizes_only_warn),
        TEST(unknown_values_name_the_inputs_that_would_cure_them),
        TEST(one_mistake_is_one_error),
        TEST(errors_tell_where_inputs_come_from),
        TEST(unknown_values_name_their_origin),
        TEST(huge_results_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
