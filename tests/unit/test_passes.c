/*
 * The graph passes: each graph is evaluated before and after by the interpreter and must give the
 * same values, under the same output names; and what should vanish has vanished.
 */
#include "numbers.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "evaluate.h"
#include "optimise.h"

static Graph *graph;

static int set_up(void **state)
{
    open_arena(state);
    graph = graph_new(arena, "g");
    graph->opset = 13;
    return 0;
}

/* ---- building ---- */

static double random_value(void) { return (double)random_below(1000) / 500 - 1; }

static void *random_data(Dtype dtype, int64_t n)
{
    void *data = arena_alloc(arena, dtype_bytes(dtype, n) + 1);
    for (int64_t i = 0; i < n; i++) {
        if (dtype_is_float(dtype))
            dtype_set_double(dtype, data, i, random_value());
        else
            dtype_set_int(dtype, data, i, (int64_t)(random_value() * 10));
    }
    return data;
}

static Tensor *input(const char *name, int rank, const int64_t *dims)
{
    Tensor *t = graph_add_tensor(graph, TENSOR_INPUT, name, DT_F32, rank, dims);
    LIST_PUSH(arena, &graph->inputs, t);
    return t;
}

static Tensor *weights(const char *name, int rank, const int64_t *dims)
{
    Tensor *t = graph_add_tensor(graph, TENSOR_PARAM, name, DT_F32, rank, dims);
    t->data = random_data(DT_F32, tensor_elements(t));
    return t;
}

/* Positive: a variance. */
static Tensor *positive(const char *name, int64_t n)
{
    Tensor *t = weights(name, 1, &n);
    for (int64_t i = 0; i < n; i++)
        ((float *)t->data)[i] = 0.25f + fabsf(((const float *)t->data)[i]);
    return t;
}

static Tensor *ints(const char *name, int64_t count, const int64_t *values)
{
    return graph_add_const(graph, name, DT_I64, 1, &count,
                           arena_copy(arena, values, (size_t)count * sizeof *values));
}

static Node *node_of(Graph *g, const char *op, const char *name, Tensor *const *inputs, int count)
{
    Node *n = graph_add_node(g, op, "", 13, name, count, 1);
    memcpy(n->inputs, inputs, (size_t)count * sizeof *inputs);
    node_set_output(
        n, 0,
        graph_add_tensor(g, TENSOR_VALUE, arena_format(arena, "%s_out", name), DT_NONE, -1, NULL));
    return n;
}
#define NODE(op, name, ...)                                                                        \
    node_of(graph, op, name, (Tensor *[]){__VA_ARGS__},                                            \
            (int)(sizeof(Tensor *[]){__VA_ARGS__} / sizeof(Tensor *)))
#define DIMS(...)                                                                                  \
    (int)(sizeof(int64_t[]){__VA_ARGS__} / sizeof(int64_t)), (int64_t[]) { __VA_ARGS__ }

static void set_int(Node *n, const char *name, int64_t value)
{
    node_add_attr(graph, n, name, ATTR_INT)->i = value;
}

static void set_ints(Node *n, const char *name, int count, const int64_t *values)
{
    Attr *a = node_add_attr(graph, n, name, ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(arena, values, (size_t)count * sizeof *values);
}
static void output(Node *n) { LIST_PUSH(arena, &graph->outputs, n->outputs[0]); }

/* ---- evaluating ---- */

typedef struct Results {
    int count;
    const char *names[4];
    const void *data[4];
    const char *types[4];
} Results;

/* Every node in order; the values are forgotten afterwards, but for the outputs'. */
static Results evaluate(void)
{
    Results r = {.count = graph->outputs.count};
    bool *was_known = NEW_ARRAY(arena, bool, graph->tensors.count);
    for (int i = 0; i < graph->tensors.count; i++)
        was_known[i] = graph->tensors.items[i]->data != NULL;
    for (int i = 0; i < graph->inputs.count; i++) {
        Tensor *t = graph->inputs.items[i];
        random_state = 99 + (uint64_t)i; /* the same before and after */
        t->data = random_data(t->dtype, tensor_elements(t));
    }
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *n = graph->nodes.items[i];
        const void *data[4];
        int64_t budget = INT64_MAX;
        assert_true(evaluate_node(graph, n, &budget, data));
        for (int k = 0; k < n->output_count; k++)
            if (n->outputs[k]) n->outputs[k]->data = data[k];
    }
    for (int i = 0; i < r.count; i++) {
        const Tensor *t = graph->outputs.items[i];
        r.names[i] = t->name;
        r.data[i] = t->data;
        r.types[i] = tensor_type_text(arena, t);
    }
    for (int i = 0; i < graph->tensors.count; i++)
        if (!was_known[i]) graph->tensors.items[i]->data = NULL;
    return r;
}

static void infer_all(void)
{
    Diags *diags = diags_new(arena);
    if (!infer(graph, diags)) diags_print(diags, stderr, false);
    assert_int_equal(diags_errors(diags), 0);
    check_graph(graph, true);
}

/* Infers, optimises, and compares all outputs; then the graph has so many nodes. */
static void check(int nodes)
{
    infer_all();
    Results before = evaluate();
    optimise(graph, false);
    check_graph(graph, true);
    Results after = evaluate();
    assert_int_equal(before.count, after.count);
    for (int i = 0; i < before.count; i++) {
        const Tensor *t = graph->outputs.items[i];
        assert_string_equal(before.names[i], after.names[i]);
        assert_string_equal(before.types[i], after.types[i]);
        for (int64_t k = 0; k < tensor_elements(t); k++) {
            double a = dtype_get_double(t->dtype, before.data[i], k),
                   b = dtype_get_double(t->dtype, after.data[i], k);
            if (!(fabs(a - b) <= 1e-5 + 1e-5 * fabs(a)))
                fail_msg("%s[%d] was %g, is %g", t->name, (int)k, a, b);
        }
    }
    if (graph->nodes.count != nodes) {
        for (int i = 0; i < graph->nodes.count; i++)
            print_message("%s %s\n", graph->nodes.items[i]->op_type, graph->nodes.items[i]->name);
        fail_msg("%d nodes are left, not %d", graph->nodes.count, nodes);
    }
}

/* ---- per-channel maps ---- */

static Node *batchnorm(const char *name, Tensor *x, int64_t channels)
{
    Tensor *scale = weights(arena_format(arena, "%s_scale", name), 1, &channels);
    Tensor *bias = weights(arena_format(arena, "%s_b", name), 1, &channels);
    Tensor *mean = weights(arena_format(arena, "%s_mean", name), 1, &channels);
    return NODE("BatchNormalization", name, x, scale, bias, mean,
                positive(arena_format(arena, "%s_var", name), channels));
}

static void batchnorm_goes_into_a_convolution(void **state)
{
    (void)state;
    Node *conv = NODE("Conv", "conv", input("x", DIMS(1, 3, 5, 6)), weights("w", DIMS(4, 3, 3, 3)),
                      weights("b", DIMS(4)));
    output(NODE("Relu", "relu", batchnorm("bn", conv->outputs[0], 4)->outputs[0]));
    check(2);
}

static void batchnorm_gives_a_convolution_its_bias(void **state)
{
    (void)state;
    Node *conv = NODE("Conv", "conv", input("x", DIMS(2, 4, 7)), weights("w", DIMS(6, 2, 3)));
    set_int(conv, "group", 2);
    output(batchnorm("bn", conv->outputs[0], 6));
    check(1);
    assert_int_equal(conv->input_count, 3);
}

static void batchnorm_goes_into_a_grouped_transposed_convolution(void **state)
{
    (void)state;
    Node *conv =
        NODE("ConvTranspose", "conv", input("x", DIMS(1, 4, 3, 3)), weights("w", DIMS(4, 3, 2, 2)));
    set_int(conv, "group", 2);
    output(batchnorm("bn", conv->outputs[0], 6));
    check(1);
}

static void batchnorm_goes_into_gemm_and_matmul(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(2, 5));
    Node *gemm = NODE("Gemm", "gemm", x, weights("w", DIMS(7, 5)), weights("c", DIMS(1, 7)));
    set_int(gemm, "transB", 1);
    node_add_attr(graph, gemm, "beta", ATTR_FLOAT)->f = 0.5;
    node_add_attr(graph, gemm, "alpha", ATTR_FLOAT)->f = 2;
    output(batchnorm("bn", gemm->outputs[0], 7));
    Node *product = NODE("MatMul", "product", x, weights("v", DIMS(5, 7)));
    output(batchnorm("bn2", product->outputs[0], 7));
    check(3); /* an Add is left after the MatMul */
}

static void scales_and_shifts_go_into_weights(void **state)
{
    (void)state;
    Node *conv = NODE("Conv", "conv", input("x", DIMS(1, 3, 5, 6)), weights("w", DIMS(4, 3, 3, 3)));
    Node *mul = NODE("Mul", "mul", weights("m", DIMS(4, 1, 1)), conv->outputs[0]);
    Node *add = NODE("Add", "add", mul->outputs[0], weights("a", DIMS(1, 4, 1, 1)));
    Node *sub = NODE("Sub", "sub", add->outputs[0], weights("s", DIMS(1)));
    output(NODE("Div", "div", sub->outputs[0], positive("d", 1)));
    check(1);
}

static void what_is_read_twice_stays(void **state)
{
    (void)state;
    Node *conv = NODE("Conv", "conv", input("x", DIMS(1, 3, 5)), weights("w", DIMS(4, 3, 3)));
    output(batchnorm("bn", conv->outputs[0], 4));
    output(NODE("Relu", "relu", conv->outputs[0]));
    check(3);
}

static void what_does_not_fit_the_channels_stays(void **state)
{
    (void)state;
    Node *conv = NODE("Conv", "conv", input("x", DIMS(1, 4, 4)), weights("w", DIMS(4, 4, 1)));
    Node *along = NODE("Add", "along", conv->outputs[0],
                       weights("a", DIMS(4))); /* the last dimension, not channels */
    Node *from = NODE("Sub", "from", weights("s", DIMS(1)), along->outputs[0]);
    output(from);
    Node *stretched = NODE("Conv", "conv2", graph->inputs.items[0], weights("w2", DIMS(1, 4, 1)));
    output(NODE("Add", "stretch", stretched->outputs[0], weights("b", DIMS(3, 1))));
    check(5);
}

/* Weights of several networks' size are rewritten in a moment. */
static void large_weights_are_folded_fast(void **state)
{
    (void)state;
    struct timespec start, end;
    Node *conv =
        NODE("Conv", "conv", input("x", DIMS(1, 1024, 3, 3)), weights("w", DIMS(1024, 1024, 3, 3)));
    Node *turned = NODE("Transpose", "turned", weights("v", DIMS(2048, 1024)));
    output(NODE("MatMul", "product", input("y", DIMS(1, 1024)), turned->outputs[0]));
    output(batchnorm("bn", conv->outputs[0], 1024));
    infer_all();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    optimise(graph, false);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    print_message("%.3f s for %d parameters\n", seconds, 1024 * 1024 * 9 + 2048 * 1024);
    assert_int_equal(graph->nodes.count, 2);
    assert_true(seconds < 3);
}

/* ---- identities ---- */

static void identities_vanish(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(1, 3, 4));
    Node *n = NODE("Identity", "identity", x);
    n = NODE("Dropout", "dropout", n->outputs[0]);
    n = NODE("Cast", "cast", n->outputs[0]);
    set_int(n, "to", DT_F32);
    n = NODE("Reshape", "reshape", n->outputs[0], ints("same", 3, (int64_t[]){1, 3, 4}));
    n = NODE("Transpose", "transpose", n->outputs[0]);
    set_ints(n, "perm", 3, (int64_t[]){0, 1, 2});
    n = NODE("Pad", "pad", n->outputs[0], ints("nothing", 6, (int64_t[6]){0}));
    n = NODE("Slice", "slice", n->outputs[0], ints("from", 1, (int64_t[]){0}),
             ints("to", 1, (int64_t[]){99}));
    n = NODE("Concat", "concat", n->outputs[0]);
    set_int(n, "axis", 1);
    n = NODE("Expand", "expand", n->outputs[0], ints("shape", 1, (int64_t[]){1}));
    output(NODE("Neg", "neg", n->outputs[0]));
    check(1);
}

static void near_identities_stay(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(3, 3));
    Node *turn = NODE("Transpose", "turn", x);
    Node *shift = NODE("Pad", "shift", turn->outputs[0], ints("pads", 4, (int64_t[]){1, 0, -1, 0}));
    Node *back = NODE("Slice", "back", shift->outputs[0], ints("from", 1, (int64_t[]){2}),
                      ints("to", 1, (int64_t[]){-9}), ints("axes", 1, (int64_t[]){0}),
                      ints("steps", 1, (int64_t[]){-1}));
    output(back);
    check(3);
}

static void outputs_keep_their_names(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(3));
    Node *neg = NODE("Neg", "neg", x);
    output(NODE("Identity", "first", neg->outputs[0]));
    output(NODE("Identity", "second", neg->outputs[0]));
    output(NODE("Identity", "third", x));
    output(NODE("Identity", "fourth", weights("w", DIMS(2))));
    check(4); /* one of the copies of neg is neg itself */
}

/* ---- constants ---- */

static void constants_fold(void **state)
{
    (void)state;
    Node *sum = NODE("Add", "sum", weights("a", DIMS(3, 1)), weights("b", DIMS(4)));
    Node *turned = NODE("Transpose", "turned", sum->outputs[0]);
    Node *flat = NODE("Reshape", "flat", turned->outputs[0], ints("shape", 1, (int64_t[]){-1}));
    output(NODE("Mul", "mul", input("x", DIMS(12)), flat->outputs[0]));
    check(1);
}

static void constant_outputs_are_copied(void **state)
{
    (void)state;
    output(NODE("Add", "sum", weights("a", DIMS(3)), weights("b", DIMS(3))));
    check(1);
    assert_string_equal(graph->nodes.items[0]->op_type, "Identity");
    assert_string_equal(graph->outputs.items[0]->name, "sum_out");
}

static void large_expansions_stay(void **state)
{
    (void)state;
    Node *wide =
        NODE("Expand", "wide", weights("a", DIMS(1)), ints("shape", 2, (int64_t[]){1024, 2048}));
    output(NODE("ReduceMean", "mean", wide->outputs[0]));
    infer_all();
    fold_constants(graph);
    assert_int_equal(graph->nodes.items[0]->outputs[0]->kind, TENSOR_VALUE);
}

static void unbound_parameters_are_left_alone(void **state)
{
    (void)state;
    Tensor *w = weights("w", DIMS(4, 3, 3));
    Node *conv = NODE("Conv", "conv", input("x", DIMS(1, 3, 5)), w);
    output(batchnorm("bn", conv->outputs[0], 4));
    w->data = NULL;
    infer_all();
    optimise(graph, false);
    assert_int_equal(graph->nodes.count, 2);
}

/* ---- dead code ---- */

static void dead_code_is_dropped(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(3));
    Node *unused = NODE("Exp", "unused", x);
    NODE("Add", "unused2", unused->outputs[0], weights("w", DIMS(3)));
    input("never_read", DIMS(5));
    output(NODE("Neg", "neg", x));
    check(1);
    assert_int_equal(graph->inputs.count, 2);
    assert_null(graph_find(graph, "w"));
    assert_null(graph_find(graph, "unused_out"));
    assert_non_null(graph_find(graph, "never_read"));
}

/* ---- branches ---- */

static Graph *branch(const char *op, Tensor *captured)
{
    Graph *g = graph_new(arena, op);
    g->outer = graph;
    g->opset = 13;
    Node *first = node_of(g, op, arena_format(arena, "%s_first", op), &captured, 1);
    Node *last = node_of(g, "Neg", "last", first->outputs, 1); /* a name that both branches have */
    LIST_PUSH(arena, &g->outputs, last->outputs[0]);
    return g;
}

static void add_if(Tensor *condition, Tensor *x)
{
    Node *n = NODE("If", "choice", condition);
    node_add_attr(graph, n, "then_branch", ATTR_GRAPH)->graph = branch("Exp", x);
    node_add_attr(graph, n, "else_branch", ATTR_GRAPH)->graph = branch("Sin", x);
    output(n);
    output(NODE("Abs", "after", n->outputs[0]));
}

static double first_output(void)
{
    Results r = evaluate();
    return dtype_get_double(DT_F32, r.data[0], 0);
}

static void known_branches_are_inlined(void **state)
{
    (void)state;
    static const bool truth = true;
    Tensor *x = input("x", DIMS(1));
    add_if(graph_add_const(graph, "condition", DT_BOOL, 0, NULL, &truth), x);
    infer_all();
    optimise(graph, false);
    assert_int_equal(graph->nodes.count, 3);
    assert_string_equal(graph->outputs.items[0]->name, "choice_out");
    double y = first_output();
    assert_true(y < -0.3 && y > -2.8 && graph->nodes.items[0]->op == op_find("", "Exp"));
}

static void unknown_branches_are_both_computed(void **state)
{
    (void)state;
    Tensor *x = input("x", DIMS(2, 3));
    Node *less = NODE("Less", "less", input("a", DIMS(1)), weights("zero", DIMS(1)));
    add_if(less->outputs[0], x);
    infer_all();
    optimise(graph, false);
    check_graph(graph, true);
    int wheres = 0;
    for (int i = 0; i < graph->nodes.count; i++) {
        assert_false(is_op(graph->nodes.items[i], "If"));
        wheres += is_op(graph->nodes.items[i], "Where");
    }
    assert_int_equal(wheres, 1);
    assert_string_equal(graph->outputs.items[0]->name, "choice_out");
    assert_true(isfinite(first_output()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(batchnorm_goes_into_a_convolution),
        TEST(batchnorm_gives_a_convolution_its_bias),
        TEST(batchnorm_goes_into_a_grouped_transposed_convolution),
        TEST(batchnorm_goes_into_gemm_and_matmul),
        TEST(scales_and_shifts_go_into_weights),
        TEST(what_is_read_twice_stays),
        TEST(what_does_not_fit_the_channels_stays),
        TEST(large_weights_are_folded_fast),
        TEST(identities_vanish),
        TEST(near_identities_stay),
        TEST(outputs_keep_their_names),
        TEST(constants_fold),
        TEST(constant_outputs_are_copied),
        TEST(large_expansions_stay),
        TEST(unbound_parameters_are_left_alone),
        TEST(dead_code_is_dropped),
        TEST(known_branches_are_inlined),
        TEST(unknown_branches_are_both_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
