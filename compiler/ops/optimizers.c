/*
 * Optimizers of ai.onnx.preview.training: one step of Adagrad, Adam or Momentum for any number of
 * tensors. Comes in: the learning rate, the count of updates, then all tensors, all their
 * gradients, and one or two groups of their running averages. Goes out: the tensors and averages
 * after the step, in the same groups.
 */
#include "row.h"

#define TRAINING "ai.onnx.preview.training"

/* The tensors of a step: `states` groups of averages beside the values and gradients. */
static int tensor_count(const Node *n, int states) { return (n->input_count - 2) / (2 + states); }
static Tensor *group(const Node *n, int states, int which, int i)
{
    return n->inputs[2 + which * tensor_count(n, states) + i];
}

static bool infer_step(Infer *in, int states)
{
    const Node *n = in->node;
    int count = tensor_count(n, states);
    if (count < 1 || (n->input_count - 2) % (2 + states) || n->output_count != count * (1 + states))
        return infer_error(in, "E0305",
                           "%d inputs and %d outputs; each tensor has %d inputs after the rate and "
                           "the count, and %d outputs",
                           n->input_count, n->output_count, 2 + states, 1 + states);
    for (int i = 0; i < 2; i++)
        if (tensor_elements(n->inputs[i]) != 1)
            return infer_error(in, "E0203", "'%s' is %s; one number is wanted", n->inputs[i]->name,
                               tensor_type_text(in->graph->arena, n->inputs[i]));
    for (int i = 0; i < count; i++) {
        const Tensor *x = group(n, states, 0, i);
        for (int which = 1; which < 2 + states; which++) {
            const Tensor *t = group(n, states, which, i);
            if (t->dtype != x->dtype || t->rank != x->rank ||
                memcmp(t->dims, x->dims, (size_t)x->rank * sizeof *x->dims))
                return infer_error(in, "E0201", "'%s' is %s, but '%s' is %s: they must agree",
                                   t->name, tensor_type_text(in->graph->arena, t), x->name,
                                   tensor_type_text(in->graph->arena, x));
        }
        for (int which = 0; which < 1 + states; which++)
            if (!infer_output(in, which * count + i, x->dtype, x->rank, x->dims)) return false;
    }
    return true;
}
static bool infer_one_state(Infer *in) { return infer_step(in, 1); }
static bool infer_two_states(Infer *in) { return infer_step(in, 2); }

/* One tensor's step, element by element. */
typedef struct Step {
    Pool *p;
    const Node *n;
    Expr *rate, *count;      /* the learning rate as x's type; the updates so far, i64 */
    Expr *x, *gradient;      /* the gradient with that of the norm added */
    Expr *state[2], *old[2]; /* in: old; out: state */
} Step;

static Expr *number(const Step *s, double value) { return ex_const(s->p, s->x->dtype, value); }
static Expr *attribute(const Step *s, const char *name)
{
    return number(s, attr_float(s->n, name));
}
static Expr *square(const Step *s, Expr *x) { return ex_mul(s->p, x, x); }

/* weight * old + (1 - weight) * fresh */
static Expr *average(const Step *s, const char *weight, Expr *old, Expr *fresh)
{
    Expr *w = attribute(s, weight);
    return ex_add(s->p, ex_mul(s->p, w, old), ex_mul(s->p, ex_sub(s->p, number(s, 1), w), fresh));
}

static void define_step(Definer *d, int states, Expr *(*step)(Step *))
{
    const Node *n = d->node;
    Pool *p = d->pool;
    int count = tensor_count(n, states);
    Expr *zero[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(p, 0);
    for (int i = 0; i < count; i++) {
        Tensor *x = group(n, states, 0, i);
        Var **vars = define_indices(d, x->rank, x->dims);
        Expr **index = define_index_exprs(d, vars, x->rank);
        Step s = {.p = p, .n = n, .x = ex_load(p, x, index)};
        s.rate = ex_cast(p, x->dtype, ex_load(p, n->inputs[0], zero));
        s.count = ex_load(p, n->inputs[1], zero);
        s.gradient = ex_add(p, ex_mul(p, attribute(&s, "norm_coefficient"), s.x),
                            ex_load(p, group(n, states, 1, i), index));
        for (int k = 0; k < states; k++) s.old[k] = ex_load(p, group(n, states, 2 + k, i), index);
        define_tensor(d, node_output(n, i), vars, step(&s));
        for (int k = 0; k < states; k++)
            define_tensor(d, node_output(n, (1 + k) * count + i), vars, s.state[k]);
    }
}

/* The accumulated squares only grow; the rate falls as 1 / (1 + T * decay_factor). */
static Expr *step_adagrad(Step *s)
{
    Pool *p = s->p;
    Expr *decay = ex_mul(p, ex_cast(p, s->x->dtype, s->count), attribute(s, "decay_factor"));
    Expr *rate = ex_div(p, s->rate, ex_add(p, number(s, 1), decay));
    s->state[0] = ex_add(p, s->old[0], square(s, s->gradient));
    Expr *scale = ex_add(p, ex_unary(p, UN_SQRT, s->state[0]), attribute(s, "epsilon"));
    return ex_sub(p, s->x, ex_div(p, ex_mul(p, rate, s->gradient), scale));
}
static void define_adagrad(Definer *d) { define_step(d, 1, step_adagrad); }

/* After the first update the rate makes up for averages that began at zero. */
static Expr *step_adam(Step *s)
{
    Pool *p = s->p;
    Expr *t = ex_cast(p, s->x->dtype, s->count), *one = number(s, 1);
    s->state[0] = average(s, "alpha", s->old[0], s->gradient);
    s->state[1] = average(s, "beta", s->old[1], square(s, s->gradient));
    Expr *scale = ex_add(p, ex_unary(p, UN_SQRT, s->state[1]), attribute(s, "epsilon"));
    Expr *past1 = ex_sub(p, one, ex_binary(p, BI_POW, attribute(s, "alpha"), t));
    Expr *past2 = ex_sub(p, one, ex_binary(p, BI_POW, attribute(s, "beta"), t));
    Expr *corrected = ex_div(p, ex_mul(p, s->rate, ex_unary(p, UN_SQRT, past2)), past1);
    Expr *rate = ex_select(p, ex_lt(p, ex_int(p, 0), s->count), corrected, s->rate);
    Expr *x = ex_sub(p, s->x, ex_div(p, ex_mul(p, rate, s->state[0]), scale));
    Expr *kept = ex_sub(p, one, attribute(s, "norm_coefficient_post"));
    return ex_mul(p, kept, x);
}
static void define_adam(Definer *d) { define_step(d, 2, step_adam); }

/* The first update takes the gradient whole, whatever beta is. */
static Expr *step_momentum(Step *s)
{
    Pool *p = s->p;
    Expr *first = ex_lt(p, s->count, ex_int(p, 1));
    Expr *beta = ex_select(p, first, number(s, 1), attribute(s, "beta"));
    Expr *alpha = attribute(s, "alpha");
    s->state[0] = ex_add(p, ex_mul(p, alpha, s->old[0]), ex_mul(p, beta, s->gradient));
    Expr *move = s->state[0];
    if (strcmp(attr_text(s->n, "mode"), "nesterov") == 0)
        move = ex_add(p, s->gradient, ex_mul(p, alpha, move));
    return ex_sub(p, s->x, ex_mul(p, s->rate, move));
}
static void define_momentum(Definer *d) { define_step(d, 1, step_momentum); }

static bool infer_momentum(Infer *in)
{
    const char *mode = attr_text(in->node, "mode");
    if (strcmp(mode, "standard") && strcmp(mode, "nesterov"))
        return infer_error(in, "E0306", "mode is '%s'; it must be standard or nesterov", mode);
    return infer_one_state(in);
}

#define FLOATS (TYPE(DT_F32) | TYPE(DT_F64))
#define STEP                                                                                       \
    .domain = TRAINING, VERSIONS(1),                                                               \
    INPUTS(SLOT("R", FLOATS, "T1"), SLOT("T", TYPE(DT_I64), "T2"),                                 \
           SLOT("inputs", FLOATS, NULL, .variadic = true)),                                        \
    OUTPUTS(SLOT("outputs", FLOATS, NULL, .variadic = true))

const Op ops_optimizers[] = {
    {.name = "Adagrad",
     .doc = "A step of gradient descent, scaled by the squares of all gradients so far.",
     STEP,
     ATTRS(ATTR("decay_factor", FLOAT), ATTR("epsilon", FLOAT, .f = 1e-6f),
           ATTR("norm_coefficient", FLOAT)),
     .infer = infer_one_state,
     .define = define_adagrad,
     EXAMPLES(
         "x2, h2 = \"ai.onnx.preview.training\"::Adagrad(r: f32[], i64[] 3, x: f32[4], g: f32[4], "
         "f32[4] [1, 2, 3, 4], decay_factor: 0.1)")},
    {.name = "Adam",
     .doc = "A step of gradient descent with averages of the gradient and of its square.",
     STEP,
     ATTRS(ATTR("alpha", FLOAT, .f = 0.9f), ATTR("beta", FLOAT, .f = 0.999f),
           ATTR("epsilon", FLOAT, .f = 1e-6f), ATTR("norm_coefficient", FLOAT),
           ATTR("norm_coefficient_post", FLOAT)),
     .infer = infer_two_states,
     .define = define_adam,
     EXAMPLES(
         "x2, v2, h2 = \"ai.onnx.preview.training\"::Adam(r: f32[], i64[] 3, x: f32[4], g: f32[4], "
         "v: f32[4], f32[4] [1, 2, 3, 4], norm_coefficient: 0.01)")},
    {.name = "Momentum",
     .doc = "A step of gradient descent that keeps part of the last one's direction.",
     STEP,
     ATTRS(ATTR("alpha", FLOAT, .required = true), ATTR("beta", FLOAT, .required = true),
           ATTR("mode", STRING, .required = true),
           ATTR("norm_coefficient", FLOAT, .required = true)),
     .infer = infer_momentum,
     .define = define_momentum,
     EXAMPLES("x2, v2 = \"ai.onnx.preview.training\"::Momentum(r: f32[], t: i64[], x: f32[2, 2], "
              "g: f32[2, 2], v: f32[2, 2], alpha: 0.9, beta: 0.5, mode: \"nesterov\", "
              "norm_coefficient: 0.0)")},
    {0},
};
