/*
 * FlexAttention: softmax(scale * Q K^T) V for each head, with graphs that change the scores and the
 * probabilities on the way. It leaves the graph when it is inferred: matrix products, a softmax and
 * the graphs' own nodes are put in its place. Heads of queries that share one of keys are rows of
 * one product.
 */
#include "expand.h"
#include "row.h"

#include <math.h>

enum { Q, K, V };

typedef struct Shapes {
    int64_t scores[4], stacked[4]; /* by heads of queries, and with those that share keys as rows */
    int64_t queries[4], result[4];
} Shapes;

static bool read_shapes(Infer *in, Shapes *s)
{
    const Tensor *const *t = (const Tensor *const *)in->node->inputs;
    Arena *arena = in->graph->arena;
    int64_t rows;
    bool fits = t[Q]->rank == 4 && t[K]->rank == 4 && t[V]->rank == 4;
    if (fits) {
        const int64_t *q = t[Q]->dims, *k = t[K]->dims, *v = t[V]->dims;
        fits = q[0] == k[0] && k[0] == v[0] && k[1] == v[1] && k[1] > 0 && q[1] % k[1] == 0 &&
               q[3] == k[3] && k[2] == v[2] && checked_mul(q[1] / k[1], q[2], &rows);
    }
    if (!fits)
        return infer_error(in, "E0201",
                           "queries %s, keys %s and values %s do not fit together: [batch, head, "
                           "position, size] is wanted",
                           tensor_type_text(arena, t[Q]), tensor_type_text(arena, t[K]),
                           tensor_type_text(arena, t[V]));
    const int64_t *q = t[Q]->dims, *k = t[K]->dims;
    *s = (Shapes){.scores = {q[0], q[1], q[2], k[2]},
                  .stacked = {q[0], k[1], rows, k[2]},
                  .queries = {q[0], k[1], rows, q[3]},
                  .result = {q[0], q[1], q[2], t[V]->dims[3]}};
    return true;
}

static Tensor *two(Infer *in, const char *op_type, Tensor *a, Tensor *b)
{
    if (!a || !b) return NULL;
    Node *n = expand_node(in, op_type, 2);
    n->inputs[0] = a, n->inputs[1] = b;
    return expand_done(in, n);
}

static Tensor *transposed(Infer *in, Tensor *keys)
{
    static const int64_t order[] = {0, 1, 3, 2};
    Node *n = expand_node(in, "Transpose", 1);
    n->inputs[0] = keys;
    Attr *a = node_add_attr(in->graph, n, "perm", ATTR_INTS);
    a->count = 4;
    a->ints = arena_copy(in->graph->arena, order, sizeof order);
    return expand_done(in, n);
}

static Tensor *softmax(Infer *in, Tensor *scores)
{
    if (!scores) return NULL;
    Node *n = expand_node(in, "Softmax", 1);
    n->inputs[0] = scores;
    node_add_attr(in->graph, n, "axis", ATTR_INT)->i = -1;
    return expand_done(in, n);
}

/* What the graph of that attribute makes of x: the same without one. It must keep type and shape.
 */
static Tensor *changed(Infer *in, const char *name, Tensor *x)
{
    Body body;
    if (!x || !attr_given(in->node, name)) return x;
    if (!expand_body_of(in, name, 1, 1, &body)) return NULL;
    Tensor **outputs = expand_run(in, &body, &x);
    if (!outputs) return NULL;
    const Tensor *y = outputs[0];
    bool same = !y->expansion && y->dtype == x->dtype && y->rank == x->rank &&
                memcmp(y->dims, x->dims, (size_t)x->rank * sizeof *x->dims) == 0;
    if (same) return outputs[0];
    infer_error(in, "E0201", "%s makes %s of %s; it must keep the type and shape", name,
                expand_text(in->graph->arena, y), expand_text(in->graph->arena, x));
    return NULL;
}

static Tensor *reshaped(Infer *in, Tensor *x, const int64_t *dims)
{
    return x ? expand_reshape(in, x, 4, dims) : NULL;
}

static bool infer_flex_attention(Infer *in)
{
    Node *n = in->node;
    Shapes s;
    if (!read_shapes(in, &s)) return false;
    double scale =
        attr_given(n, "scale") ? attr_float(n, "scale") : 1 / sqrt((double)max64(s.queries[3], 1));
    Tensor *scores =
        two(in, "MatMul", reshaped(in, n->inputs[Q], s.queries), transposed(in, n->inputs[K]));
    scores = reshaped(in, scores, s.scores);
    if (scores) scores = two(in, "Mul", scores, expand_number(in, scores->dtype, scale));
    scores = changed(in, "mask_mod", changed(in, "score_mod", scores));
    Tensor *weights = changed(in, "prob_mod", softmax(in, scores));
    Tensor *y = two(in, "MatMul", reshaped(in, weights, s.stacked), n->inputs[V]);
    y = reshaped(in, y, s.result);
    return y && expand_bind(in, 0, y);
}

const Op ops_flex_attention[] = {
    {.name = "FlexAttention",
     .domain = "ai.onnx.preview",
     .doc = "softmax(scale * Q K^T) V for each head, with graphs that change scores and weights.",
     VERSIONS(1),
     INPUTS(SLOT("Q", TYPES_FLOAT, "T1"), SLOT("K", TYPES_FLOAT, "T1"),
            SLOT("V", TYPES_FLOAT, "T1")),
     OUTPUTS(SLOT("Y", TYPES_FLOAT, "T1")),
     ATTRS(ATTR("mask_mod", GRAPH), ATTR("prob_mod", GRAPH), ATTR("scale", FLOAT),
           ATTR("score_mod", GRAPH)),
     .infer = infer_flex_attention},
    {0},
};
