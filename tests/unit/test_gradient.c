/*
 * The operator Gradient against finite differences, in double: for every elementwise operator, and
 * for the forms of those that have a rule. The loss is the sum of y^2 + y over the outputs.
 */
#include "numbers.h"
#include "unit.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "evaluate.h"

#define STEP      1e-5
#define TOLERANCE 2e-6

typedef struct Example {
    const char *inputs;     /* "x: f64[2, 3], t: i64[2]": the floats are differentiated by */
    const char *statements; /* that compute y */
    double shift;           /* elements are in 0.2 .. 0.8, and this more */
} Example;

static const Example examples[] = {
    {"a: f64[2, 3], b: f64[3, 4]", "y = MatMul(a, b)", 0},
    {"a: f64[2, 1, 2, 3], b: f64[4, 3, 2]", "y = MatMul(a, b)", 0},
    {"a: f64[3], b: f64[2, 3, 2]", "y = MatMul(a, b)", 0},
    {"a: f64[2, 2, 3], b: f64[3]", "y = MatMul(a, b)", 0},
    {"a: f64[3], b: f64[3]", "y = MatMul(a, b)", 0},
    {"a: f64[2, 3], b: f64[3, 4], c: f64[4]", "y = Gemm(a, b, c, alpha: 0.5, beta: 2.0)", 0},
    {"a: f64[3, 2], b: f64[3, 4], c: f64[2, 1]", "y = Gemm(a, b, c, transA: 1)", 0},
    {"a: f64[2, 3], b: f64[4, 3]", "y = Gemm(a, b, transB: 1)", 0},
    {"a: f64[3, 2], b: f64[4, 3], c: f64[]", "y = Gemm(a, b, c, transA: 1, transB: 1)", 0},
    {"x: f64[2, 3, 7], w: f64[4, 3, 3], b: f64[4]", "y = Conv(x, w, b, strides: [2], pads: [1, 0])",
     0},
    {"x: f64[1, 4, 6, 5], w: f64[6, 2, 3, 2], b: f64[6]",
     "y = Conv(x, w, b, group: 2, strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 1])", 0},
    {"x: f64[2, 2, 5, 5], w: f64[2, 1, 2, 2]", "y = Conv(x, w, group: 2, auto_pad: \"SAME_LOWER\")",
     0},
    {"x: f64[1, 2, 3, 4, 3], w: f64[2, 2, 2, 2, 2]", "y = Conv(x, w)", 0},
    {"x: f64[2, 3, 6]", "y = MaxPool(x, kernel_shape: [3], strides: [2])", 0},
    {"x: f64[1, 2, 5, 6]", "y = MaxPool(x, kernel_shape: [2, 3], pads: [1, 1, 0, 1])", 0},
    {"x: f64[1, 2, 5, 6]", "y = AveragePool(x, kernel_shape: [2, 3], pads: [1, 1, 0, 1])", 0},
    {"x: f64[1, 2, 6, 7]",
     "y = AveragePool(x, kernel_shape: [2, 3], strides: [2, 2], pads: [1, 1, 0, 1], "
     "count_include_pad: 1)",
     0},
    {"x: f64[2, 3, 2, 4]", "y = GlobalAveragePool(x)", 0},
    {"x: f64[2, 3, 4]", "y = ReduceSum(x, i64[1] [1], keepdims: 0)", 0},
    {"x: f64[2, 3, 4]", "y = ReduceMean(x, i64[2] [0, -1])", 0},
    {"x: f64[2, 3, 4]", "y = ReduceMax(x, i64[1] [2], keepdims: 0)", 0},
    {"x: f64[2, 3]", "y = ReduceMin(x)", 0},
    {"x: f64[2, 3]", "y = ReduceL1(x, i64[1] [0])", 0},
    {"x: f64[2, 3]", "y = ReduceL2(x, i64[1] [1], keepdims: 0)", 0},
    {"x: f64[2, 3]", "y = ReduceLogSum(x, i64[1] [1])", 0},
    {"x: f64[2, 3]", "y = ReduceLogSumExp(x, i64[1] [1], keepdims: 0)", 0},
    {"x: f64[2, 3]", "y = ReduceSumSquare(x)", 0},
    {"x: f64[2, 3, 2]", "y = Softmax(x, axis: 1)", 0},
    {"x: f64[2, 3, 2]", "y = Softmax@11(x, axis: 1)", 0},
    {"x: f64[2, 3]", "y = LogSoftmax(x)", 0},
    {"x: f64[2, 6]", "y = Reshape(x, i64[3] [3, 2, 2])", 0},
    {"x: f64[2, 1, 3]", "y = Squeeze(Unsqueeze(Flatten(x), i64[1] [0]), i64[1] [0])", 0},
    {"x: f64[2, 3, 4]", "y = Transpose(x, perm: [2, 0, 1])", 0},
    {"x: f64[2, 3], z: f64[2, 2]", "y = Concat(x, z, x, axis: -1)", 0},
    {"x: f64[5, 2]", "p, q = Split(x, i64[2] [2, 3])\ny = Concat(q, p, q, axis: 0)", 0},
    {"x: f64[5, 2]", "p, q = Split(x, i64[2] [2, 3])\ny = Identity(q)", 0},
    {"x: f64[5, 6]", "y = Slice(x, i64[2] [4, 1], i64[2] [-6, 5], i64[2] [0, 1], i64[2] [-2, 3])",
     0},
    {"x: f64[2, 1, 3]", "y = Expand(x, i64[4] [2, 1, 4, 1])", 0},
    {"x: f64[4, 3]", "y = Gather(x, i64[2, 2] [0, -1, 3, 1], axis: 0)", 0},
    {"x: f64[2, 5]", "y = Gather(x, i64[3] [4, 4, 0], axis: 1)", 0},
    {"x: f64[2, 3]", "y = Pad(x, i64[4] [1, -1, 0, 2])", 0},
    {"x: f64[2, 3]", "y = Cast(Cast(x, to: 11), to: 11)", 0},
    {"s: f64[3, 4]", "y = NegativeLogLikelihoodLoss(s, i64[3] [0, 3, 1])", 0},
    {"s: f64[2, 3, 2]",
     "y = NegativeLogLikelihoodLoss(s, i64[2, 2] [0, 2, 1, 1], f64[3] [0.5, 2.0, 1.5], "
     "ignore_index: 2, reduction: \"none\")",
     0},
    {"s: f64[3, 4]",
     "y = SoftmaxCrossEntropyLoss(s, i64[3] [0, -1, 1], f64[4] [0.5, 2.0, 1.5, 1.0], ignore_index: "
     "-1)",
     0},
    {"s: f64[2, 3, 2]",
     "l, p = SoftmaxCrossEntropyLoss(s, i64[2, 2] [0, 2, 1, 1], reduction: \"sum\")\ny = Mul(l, p)",
     0},
    {"x: f64[2, 3, 4], s: f64[3], b: f64[3]",
     "y = BatchNormalization(x, s, b, f64[3] [0.25, 0.5, 1.0], f64[3] [1.0, 2.0, 0.5])", 0},
    {"x: f64[2, 3], z: f64[3]", "y = Where(Less(x, z), Mul(x, z), Sin(z))", 0},
    {"x: f64[2, 3], z: f64[2, 3]", "y = Add(Mul(x, Mul(x, z)), Div(x, z))", 0},
    {"x: f64[2, 3]", "y = Clip(x, f64[] 0.4, f64[] 0.6)", 0},
    {"x: f64[2, 3, 2], z: f64[3]", "y = Mul@6(x, z, broadcast: 1, axis: 1)", 0},
};

/* ---- networks ---- */

typedef struct Net {
    Arena *arena;
    Graph *g;
} Net;

/* The names of the inputs, as `"x", "w"` and as `x, w`. */
static void list_names(const char *inputs, Text *quoted, Text *plain)
{
    for (const char *s = inputs; *s; s++) {
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
        if (n == 0 || s[n] != ':') continue;
        text_add(quoted, "%s\"%.*s\"", quoted->length ? ", " : "", (int)n, s);
        text_add(plain, "%s%.*s", plain->length ? ", " : "", (int)n, s);
        s = strchr(s, ']');
    }
}

static bool read_net_of(Net *n, const Example *e)
{
    Text text = {0}, quoted = {0}, plain = {0};
    list_names(e->inputs, &quoted, &plain);
    text_add(&text, "net t(%s) -> (loss: f64[]", e->inputs);
    for (const char *s = e->inputs; (s = strchr(s, '[')); s++)
        text_add(&text, ", d%d: f64%.*s", (int)(s - e->inputs), (int)strcspn(s, "]") + 1, s);
    text_add(&text, ") {\n%s\nloss = ReduceSum(Add(Mul(y, y), y), keepdims: 0)\n", e->statements);
    for (const char *s = e->inputs, *first = ""; (s = strchr(s, '[')); s++, first = ", ")
        text_add(&text, "%sd%d", first, (int)(s - e->inputs));
    text_add(&text, " = \"ai.onnx.preview.training\"::Gradient(%s, xs: [%s], y: \"loss\")\n}\n",
             plain.data, quoted.data);
    File *file = NEW(n->arena, File);
    *file = (File){.path = "gradient.net",
                   .data = (const uint8_t *)arena_string(n->arena, text.data),
                   .bytes = text.length};
    Diags *diags = diags_new(n->arena);
    ReadOptions options = {0};
    n->g = read_net(n->arena, file, &options, diags);
    bool good = n->g && !diags_errors(diags) && infer(n->g, diags) && !diags_errors(diags);
    if (!good) {
        print_error("%s", text.data);
        diags_print(diags, stderr, false);
    }
    text_free(&text);
    text_free(&quoted);
    text_free(&plain);
    return good;
}

static void fill(Net *n, double shift)
{
    for (int i = 0; i < n->g->inputs.count; i++) {
        Tensor *t = n->g->inputs.items[i];
        double *data = NEW_ARRAY(n->arena, double, tensor_elements(t));
        for (int64_t k = 0; k < tensor_elements(t); k++)
            data[k] = 0.2 + 0.6 * random_unit() + shift;
        t->data = data;
    }
}

static double evaluate(Net *n)
{
    for (int i = 0; i < n->g->nodes.count; i++)
        for (int k = 0; k < n->g->nodes.items[i]->output_count; k++)
            if (n->g->nodes.items[i]->outputs[k]) n->g->nodes.items[i]->outputs[k]->data = NULL;
    for (int i = 0; i < n->g->nodes.count; i++) {
        const Node *node = n->g->nodes.items[i];
        const void **data = NEW_ARRAY(n->arena, const void *, node->output_count + 1);
        int64_t budget = 1 << 24;
        if (!evaluate_node(n->g, node, &budget, data))
            fail_msg("'%s' (%s) cannot be evaluated", node->name, node->op_type);
        for (int k = 0; k < node->output_count; k++)
            if (node->outputs[k]) node->outputs[k]->data = data[k];
    }
    return *(const double *)n->g->outputs.items[0]->data;
}

/* ---- differences ---- */

static double by_difference(Net *n, double *x)
{
    double kept = *x;
    *x = kept + STEP;
    double above = evaluate(n);
    *x = kept - STEP;
    double below = evaluate(n);
    *x = kept;
    return (above - below) / (2 * STEP);
}

static int compare_input(Net *n, int i, const char *what)
{
    Tensor *x = n->g->inputs.items[i], *d = n->g->outputs.items[i + 1];
    int64_t count = tensor_elements(x);
    double *gradient = NEW_ARRAY(n->arena, double, count);
    memcpy(gradient, d->data, (size_t)count * sizeof *gradient);
    for (int64_t k = 0; k < count; k++) {
        double difference = by_difference(n, (double *)x->data + k);
        if (fabs(difference - gradient[k]) <= TOLERANCE * (1 + fabs(difference))) continue;
        print_error("%s: by element %lld of %s: %.9g, by differences %.9g\n", what, (long long)k,
                    x->name, gradient[k], difference);
        return 1;
    }
    return 0;
}

static int compare_example(const Example *e)
{
    Net n = {.arena = arena_new()};
    int wrong = !read_net_of(&n, e);
    if (!wrong) {
        fill(&n, e->shift);
        if (isnan(evaluate(&n)) && e->shift == 0) {
            arena_free(n.arena);
            return compare_example(&(Example){e->inputs, e->statements, 1});
        }
        for (int i = 0; i < n.g->inputs.count; i++) {
            evaluate(&n);
            wrong += compare_input(&n, i, e->statements);
        }
    }
    arena_free(n.arena);
    return wrong;
}

static void rules_agree_with_differences(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < COUNT(examples); i++) wrong += compare_example(&examples[i]);
    assert_int_equal(wrong, 0);
}

/* ---- every elementwise operator ---- */

static int newest(const Op *op)
{
    int version = 0;
    for (const int *v = op->versions; *v; v++) version = *v;
    return version;
}

/* How many doubles it takes; 0: none, or more than that. */
static int arity(const Op *op)
{
    int version = newest(op), count = 0;
    for (const AttrSpec *a = op->attrs; a && a->name; a++)
        if (a->required && op_attr(op, version, a->name) == a) return 0;
    if (op->last || !(op_output(op, version, 0)->types & TYPE(DT_F64))) return 0;
    for (const Slot *s; (s = op_input(op, version, count)) && count < 3; count++) {
        if (!(s->types & TYPE(DT_F64))) return s->optional ? count : 0;
        if (s->variadic) return 2;
    }
    return count;
}

static void elementwise_operators_agree_with_differences(void **state)
{
    (void)state;
    static const char *const arguments[] = {"", "x", "x, z", "x, z, v"};
    static const char *const inputs[] = {"", "x: f64[2, 3]", "x: f64[2, 3], z: f64[3]",
                                         "x: f64[2, 3], z: f64[], v: f64[]"};
    int wrong = 0, count = 0;
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++) {
            int n = op->element && !op->domain ? arity(op) : 0;
            char statement[100];
            if (!n || strcmp(op->name, "Mod") == 0) continue; /* wants its attribute fmod */
            snprintf(statement, sizeof statement, "y = %s@%d(%s)", op->name, newest(op),
                     arguments[n]);
            wrong += compare_example(&(Example){inputs[n], statement, 0});
            count++;
        }
    print_message("%d operators\n", count);
    assert_true(count > 40);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_agree_with_differences),
        cmocka_unit_test(elementwise_operators_agree_with_differences)};
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
