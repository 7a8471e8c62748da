/*
 * Losses of class scores against labels: NegativeLogLikelihoodLoss of log-probabilities, and
 * SoftmaxCrossEntropyLoss, which takes the logarithm of the softmax first. Scores are [N, C, d...],
 * labels [N, d...].
 */
#include "gradient.h"
#include "reduction.h"
#include "row.h"

static bool check_loss(Infer *in)
{
    const Node *n = in->node;
    const Tensor *scores = n->inputs[0], *labels = n->inputs[1], *weights = node_input(n, 2);
    const char *reduction = attr_text(n, "reduction");
    Arena *arena = in->graph->arena;
    if (strcmp(reduction, "none") && strcmp(reduction, "sum") && strcmp(reduction, "mean"))
        return infer_error(in, "E0306", "reduction is \"none\", \"sum\" or \"mean\", not \"%s\"",
                           reduction);
    bool fits = scores->rank >= 2 && labels->rank == scores->rank - 1;
    for (int i = 0; fits && i < labels->rank; i++)
        fits = labels->dims[i] == scores->dims[i + (i > 0)];
    if (!fits)
        return infer_error(in, "E0201", "the labels are %s, which does not fit scores of %s",
                           tensor_type_text(arena, labels), tensor_type_text(arena, scores));
    if (weights && (weights->rank != 1 || weights->dims[0] != scores->dims[1]))
        return infer_error(in, "E0201",
                           "the weights are %s; one for each of %lld classes is wanted",
                           tensor_type_text(arena, weights), (long long)scores->dims[1]);
    return true;
}

static bool infer_loss(Infer *in)
{
    const Node *n = in->node;
    if (!check_loss(in)) return false;
    const Tensor *scores = n->inputs[0], *labels = n->inputs[1];
    int rank = strcmp(attr_text(n, "reduction"), "none") ? 0 : labels->rank;
    return infer_output(in, 0, scores->dtype, rank, labels->dims) &&
           (!node_output(n, 1) || infer_output(in, 1, scores->dtype, scores->rank, scores->dims));
}

/* The weight of the label at an index, and the loss there, weighted. Both are 0 for labels that are
 * ignored or name no class. */
static void loss_at(Definer *d, Tensor *log_probabilities, Expr *const *index, Expr **weight,
                    Expr **loss)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *labels = n->inputs[1], *weights = node_input(n, 2);
    Expr *label = ex_cast(p, DT_I64, ex_load(p, labels, index)),
         *at[MAX_RANK + 1] = {index[0], label};
    for (int i = 1; i < labels->rank; i++) at[i + 1] = index[i];
    Expr *counts = ex_within(p, label, 0, log_probabilities->dims[1]);
    if (attr_given(n, "ignore_index"))
        counts = ex_and(p, counts, ex_ne(p, label, ex_int(p, attr_int(n, "ignore_index"))));
    Expr *score = define_load(d, log_probabilities, at), *zero = like(p, score, 0);
    Expr *scale =
        weights ? ex_cast(p, score->dtype, define_load(d, weights, &label)) : like(p, score, 1);
    *weight = ex_select(p, counts, scale, zero);
    *loss = ex_select(p, counts, ex_mul(p, ex_unary(p, UN_NEG, score), scale), zero);
}

/* One number: the losses summed, and for the mean divided by the sum of weights. */
static void define_total(Definer *d, Tensor *log_probabilities, bool mean)
{
    Pool *p = d->pool;
    Axes axes = axes_from(d->node->inputs[1], 0);
    Reduction r = define_reduction(d, &axes, false);
    Expr *weight, *loss, *none = NULL;
    loss_at(d, log_probabilities, r.at, &weight, &loss);
    Expr *total = ex_reduce(p, RE_SUM, r.vars, r.var_count, loss);
    if (mean) {
        Tensor *weights = define_temporary(d, "weights", weight->dtype, 0, NULL);
        define_tensor(d, weights, NULL, ex_reduce(p, RE_SUM, r.vars, r.var_count, weight));
        total = ex_div(p, total, ex_load(p, weights, &none));
    }
    define_rounded(d, node_output(d->node, 0), NULL, total);
}

static void define_loss_of(Definer *d, Tensor *log_probabilities)
{
    const Tensor *labels = d->node->inputs[1];
    const char *reduction = attr_text(d->node, "reduction");
    if (strcmp(reduction, "none")) {
        define_total(d, log_probabilities, strcmp(reduction, "mean") == 0);
        return;
    }
    Var **vars = define_indices(d, labels->rank, labels->dims);
    Expr *weight, *loss;
    loss_at(d, log_probabilities, define_index_exprs(d, vars, labels->rank), &weight, &loss);
    define_rounded(d, node_output(d->node, 0), vars, loss);
}

static void define_negative_log_likelihood(Definer *d) { define_loss_of(d, d->node->inputs[0]); }

static void define_cross_entropy(Definer *d)
{
    Tensor *scores = d->node->inputs[0], *log_probabilities = node_output(d->node, 1);
    if (!log_probabilities)
        log_probabilities =
            define_temporary(d, "log_prob", define_wide(scores->dtype), scores->rank, scores->dims);
    Axes axes = axes_one(scores, 1);
    define_softmax_over(d, &axes, scores, log_probabilities, true);
    define_loss_of(d, log_probabilities);
}

/* ---- gradients ---- */

/* 1 at each label that counts, times its class' weight, else 0: in the shape of the scores. */
static Tensor *label_weights(Gradient *g)
{
    const Node *n = g->node;
    Tensor *scores = n->inputs[0], *labels = n->inputs[1], *weights = node_input(n, 2);
    int64_t dims[MAX_RANK];
    for (int i = 0; i < scores->rank; i++) dims[i] = i == 1 ? scores->dims[1] : 1;
    int64_t *classes = NEW_ARRAY(g->in->graph->arena, int64_t, dims[1] + 1);
    for (int64_t i = 0; i < dims[1]; i++) classes[i] = i;
    if (attr_given(n, "ignore_index")) {
        int64_t ignored = attr_int(n, "ignore_index");
        if (ignored >= 0 && ignored < dims[1]) classes[ignored] = -1;
    }
    Tensor *all =
        expand_reshape(g->in, expand_ints(g->in, 1, dims[1], classes), scores->rank, dims);
    memcpy(dims, scores->dims, (size_t)scores->rank * sizeof *dims);
    dims[1] = 1;
    Node *cast = expand_node(g->in, "Cast", 1);
    cast->inputs[0] = expand_reshape(g->in, labels, scores->rank, dims);
    Tensor *own = expand_done(g->in, gradient_int(g, cast, "to", DT_I64));
    Tensor *one = expand_number(g->in, scores->dtype, 1),
           *zero = expand_number(g->in, scores->dtype, 0);
    for (int i = 0; i < scores->rank; i++) dims[i] = i == 1 ? scores->dims[1] : 1;
    if (weights) one = expand_reshape(g->in, weights, scores->rank, dims);
    return gradient_3(g, "Where", gradient_2(g, "Equal", own, all), one, zero);
}

/* What comes back to the log-probabilities from the loss. */
static Tensor *from_loss(Gradient *g, Tensor *dy)
{
    const Tensor *scores = g->node->inputs[0];
    const char *reduction = attr_text(g->node, "reduction");
    Tensor *counts = label_weights(g);
    if (!counts) return NULL;
    if (strcmp(reduction, "none") == 0) {
        int64_t dims[MAX_RANK];
        memcpy(dims, scores->dims, (size_t)scores->rank * sizeof *dims);
        dims[1] = 1;
        dy = expand_reshape(g->in, dy, scores->rank, dims);
    } else if (strcmp(reduction, "mean") == 0) {
        counts = gradient_2(g, "Div", counts, gradient_sum(g, counts, 0, NULL));
    }
    return gradient_2(g, "Mul", gradient_1(g, "Neg", counts), dy);
}

static bool by_scores_alone(Gradient *g)
{
    return g->node->input_count < 3 || !g->wanted[2] ||
           gradient_refuse(g, "by the weights of the classes");
}

static bool nll_gradient(Gradient *g)
{
    return by_scores_alone(g) && (g->dx[0] = from_loss(g, g->dy[0])) != NULL;
}

/* Through the logarithm of the softmax: d - softmax * sum(d). */
static bool cross_entropy_gradient(Gradient *g)
{
    Tensor *d = g->dy[0] ? from_loss(g, g->dy[0]) : NULL;
    if (!by_scores_alone(g) || (g->dy[0] && !d)) return false;
    if (g->node->output_count > 1 && g->dy[1]) d = d ? gradient_2(g, "Add", d, g->dy[1]) : g->dy[1];
    Node *n = expand_node(g->in, "Softmax", 1);
    n->inputs[0] = g->node->inputs[0];
    Tensor *softmax = expand_done(g->in, gradient_int(g, n, "axis", 1));
    Tensor *sum = d ? gradient_sum(g, d, 1, (int64_t[]){1}) : NULL;
    g->dx[0] = gradient_2(g, "Sub", d, gradient_2(g, "Mul", softmax, sum));
    return g->dx[0] != NULL;
}

#define LOSS_ATTRS ATTRS(ATTR("ignore_index", INT), ATTR("reduction", STRING, .s = "mean"))

const Op ops_losses[] = {
    {.name = "NegativeLogLikelihoodLoss",
     .doc = "Minus the log-probability of each label, weighted by class, and their sum or mean.",
     VERSIONS(12, 13, 22),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T", .until = 21),
            SLOT("input", TYPES_FLOAT, "T", .since = 22), SLOT("target", TYPES_INDEX, "Tind"),
            SLOT("weight", TYPES_FLOAT, "T", .optional = true)),
     OUTPUTS(SLOT("loss", TYPES_FLOAT, "T")),
     LOSS_ATTRS,
     .infer = infer_loss,
     .define = define_negative_log_likelihood,
     .gradient = nll_gradient,
     EXAMPLES("NegativeLogLikelihoodLoss(x: f32[3, 5], t: i64[3])",
              "NegativeLogLikelihoodLoss(x: f32[2, 3, 4], t: i64[2, 4], w: f32[3], reduction: "
              "\"none\")")},
    {.name = "SoftmaxCrossEntropyLoss",
     .doc = "The negative log-likelihood loss of the softmax of scores.",
     VERSIONS(12, 13),
     INPUTS(SLOT("scores", FLOATS_NO_BF16, "T", .until = 12),
            SLOT("scores", TYPES_FLOAT, "T", .since = 13), SLOT("labels", TYPES_INDEX, "Tind"),
            SLOT("weights", TYPES_FLOAT, "T", .optional = true)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T"),
             SLOT("log_prob", TYPES_FLOAT, "T", .optional = true)),
     LOSS_ATTRS,
     .infer = infer_loss,
     .define = define_cross_entropy,
     .gradient = cross_entropy_gradient,
     EXAMPLES(
         "SoftmaxCrossEntropyLoss(x: f32[3, 5], t: i64[3])",
         "SoftmaxCrossEntropyLoss(x: f32[2, 3, 4], t: i64[2, 4], w: f32[3], reduction: \"sum\")")},
    {0},
};
