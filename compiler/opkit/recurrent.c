/*
 * Recurrent layers: checking their many inputs and unrolling them. The input's part of all gates
 * and steps is one product; each step then has a product with the state before it. Comes in: an
 * operator's step. Goes out: definitions of its outputs.
 */
#include "recurrent.h"

#define MAX_STEPS 4096 /* of all directions: each becomes code */

static bool is_direction(const Node *n, const char *name)
{
    return strcmp(attr_text(n, "direction"), name) == 0;
}

Recurrent recurrent_of(const Node *n, int gates, int functions)
{
    const Tensor *x = n->inputs[RECURRENT_X];
    bool batch_first = op_attr(n->op, n->version, "layout") && attr_int(n, "layout");
    return (Recurrent){.steps = x->dims[batch_first],
                       .batch = x->dims[!batch_first],
                       .inputs = x->dims[2],
                       .hidden = n->inputs[RECURRENT_R]->dims[2],
                       .directions = is_direction(n, "bidirectional") ? 2 : 1,
                       .reverse = is_direction(n, "reverse"),
                       .batch_first = batch_first,
                       .gates = gates,
                       .functions = functions};
}

/* ---- inference ---- */

static bool check_shape(Infer *in, int i, int rank, const int64_t *dims)
{
    const Tensor *t = node_input(in->node, i);
    if (!t || (t->rank == rank && memcmp(t->dims, dims, (size_t)rank * sizeof *dims) == 0))
        return true;
    return infer_error(in, "E0201", "%s '%s' is %s; %s is wanted",
                       op_input(in->node->op, in->node->version, i)->name, t->name,
                       tensor_type_text(in->graph->arena, t),
                       dims_text(in->graph->arena, dims, rank));
}

static bool check_shapes(Infer *in, const Recurrent *r)
{
    int64_t rows;
    if (!checked_mul(r->gates, r->hidden, &rows) || rows > INT32_MAX)
        return infer_error(in, "E0205", "%lld hidden units are too many", (long long)r->hidden);
    const int64_t w[] = {r->directions, rows, r->inputs},
                  recurrent[] = {r->directions, rows, r->hidden};
    const int64_t bias[] = {r->directions, 2 * rows}, lengths[] = {r->batch},
                  peepholes[] = {r->directions, 3 * r->hidden};
    const int64_t state[] = {r->batch_first ? r->batch : r->directions,
                             r->batch_first ? r->directions : r->batch, r->hidden};
    return check_shape(in, RECURRENT_W, 3, w) && check_shape(in, RECURRENT_R, 3, recurrent) &&
           check_shape(in, RECURRENT_B, 2, bias) &&
           check_shape(in, RECURRENT_LENGTHS, 1, lengths) &&
           check_shape(in, RECURRENT_H, 3, state) && check_shape(in, RECURRENT_C, 3, state) &&
           check_shape(in, RECURRENT_P, 2, peepholes);
}

/* The functions of ONNX, with the defaults of their parameters. */
static const struct Activation {
    const char *name;
    double alpha, beta;
    int parameters; /* how many of alpha, beta it has */
} activations[] = {
    {"Tanh", 0, 0, 0},       {"Sigmoid", 0, 0, 0},         {"Relu", 0, 0, 0},
    {"Affine", 1, 0, 2},     {"LeakyRelu", 0.01, 0, 1},    {"ThresholdedRelu", 1, 0, 1},
    {"ScaledTanh", 1, 1, 2}, {"HardSigmoid", 0.2, 0.5, 2}, {"Elu", 1, 0, 1},
    {"Softsign", 0, 0, 0},   {"Softplus", 0, 0, 0}};
enum {
    TANH,
    SIGMOID,
    RELU,
    AFFINE,
    LEAKY_RELU,
    THRESHOLDED_RELU,
    SCALED_TANH,
    HARD_SIGMOID,
    ELU,
    SOFTSIGN,
    SOFTPLUS
};

/* The table's row for function `which` of all directions; -1 when its name is not there. */
static int activation_row(const Node *n, int which, int functions)
{
    const Attr *a = node_attr(n, "activations");
    if (!a || a->count == 0) return functions == 1 || which % functions ? TANH : SIGMOID;
    for (unsigned i = 0; i < COUNT(activations); i++)
        if (strcmp(a->strings[which].data, activations[i].name) == 0) return (int)i;
    return -1;
}

static bool check_activations(Infer *in, const Recurrent *r)
{
    const Attr *a = node_attr(in->node, "activations");
    int wanted = r->directions * r->functions;
    if (a && a->count != 0 && a->count != wanted)
        return infer_error(in, "E0306", "%d activations are given; %d are wanted", a->count,
                           wanted);
    for (int i = 0; a && i < a->count; i++)
        if (activation_row(in->node, i, r->functions) < 0)
            return infer_error(in, "E0306", "activation '%s' is not known", a->strings[i].data);
    return true;
}

static bool set_outputs(Infer *in, const Recurrent *r)
{
    Dtype dtype = in->node->inputs[RECURRENT_X]->dtype;
    const int64_t all[] = {r->steps, r->directions, r->batch, r->hidden},
                  first[] = {r->batch, r->steps, r->directions, r->hidden};
    const int64_t last[] = {r->batch_first ? r->batch : r->directions,
                            r->batch_first ? r->directions : r->batch, r->hidden};
    if (!infer_output(in, 0, dtype, 4, r->batch_first ? first : all)) return false;
    for (int i = 1; i < in->node->output_count; i++)
        if (!infer_output(in, i, dtype, 3, last)) return false;
    return true;
}

bool recurrent_infer(Infer *in, int gates, int functions)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    const Tensor *x = n->inputs[RECURRENT_X], *recurrent = n->inputs[RECURRENT_R];
    if (x->rank != 3 || recurrent->rank != 3)
        return infer_error(
            in, "E0203", "the input is %s and the recurrent weights %s; both need three dimensions",
            tensor_type_text(arena, x), tensor_type_text(arena, recurrent));
    if (!is_direction(n, "forward") && !is_direction(n, "reverse") &&
        !is_direction(n, "bidirectional"))
        return infer_error(in, "E0306",
                           "direction is '%s'; it must be forward, reverse or bidirectional",
                           attr_text(n, "direction"));
    Recurrent r = recurrent_of(n, gates, functions);
    if (attr_given(n, "hidden_size") && attr_int(n, "hidden_size") != r.hidden)
        return infer_error(in, "E0306",
                           "hidden_size is %lld, but the recurrent weights are for %lld",
                           (long long)attr_int(n, "hidden_size"), (long long)r.hidden);
    if (r.steps > MAX_STEPS / r.directions)
        return infer_error(in, "E0602", "a sequence of %lld steps is too long to unroll",
                           (long long)r.steps);
    return check_shapes(in, &r) && check_activations(in, &r) && set_outputs(in, &r);
}

int64_t recurrent_macs(const Node *n, int gates)
{
    Recurrent r = recurrent_of(n, gates, 0);
    int64_t macs = r.directions * gates * r.hidden;
    if (checked_mul(macs, r.steps, &macs) && checked_mul(macs, r.batch, &macs) &&
        checked_mul(macs, r.inputs + r.hidden, &macs))
        return macs;
    return INT64_MAX;
}

/* ---- pieces of a step ---- */

static Dtype wide_type(const Definer *d)
{
    return define_wide(d->node->inputs[RECURRENT_X]->dtype);
}

Expr *recurrent_state(const Direction *dir, const State *s, Expr *sample, Expr *unit)
{
    Pool *p = dir->d->pool;
    Expr *zero = ex_int(p, 0), *which = ex_int(p, s->direction);
    if (!s->t) return ex_const(p, wide_type(dir->d), 0);
    if (s->direction >= 0) {
        Expr *first[] = {sample, which, unit}, *second[] = {which, sample, unit};
        return define_load(dir->d, s->t, dir->r->batch_first ? first : second);
    }
    Expr *first[] = {sample, zero, zero, unit}, *second[] = {zero, zero, sample, unit};
    return define_load(dir->d, s->t, dir->r->batch_first ? first : second);
}

/* How long a sample's sequence is; NULL: all steps. */
static Expr *sequence_length(const Direction *dir, Expr *sample)
{
    Tensor *lengths = node_input(dir->d->node, RECURRENT_LENGTHS);
    return lengths ? ex_cast(dir->d->pool, DT_I64, ex_load(dir->d->pool, lengths, &sample)) : NULL;
}

/* Where in time a step is, or (it is its own inverse) which step a time is: a sequence runs
 * backwards over its own length. */
static Expr *turned(const Direction *dir, Expr *step, Expr *sample)
{
    Pool *p = dir->d->pool;
    Expr *steps = ex_int(p, dir->r->steps), *one = ex_int(p, 1),
         *length = sequence_length(dir, sample);
    if (!dir->backward) return step;
    if (!length) return ex_sub(p, ex_sub(p, steps, one), step);
    length = ex_min(p, length, steps);
    Expr *back =
        ex_max(p, ex_sub(p, ex_sub(p, length, one), step), ex_int(p, 0)); /* says its range */
    return ex_select(p, ex_lt(p, step, length), back, step);
}

Expr *recurrent_projection(const Direction *dir, Expr *sample, Expr *row)
{
    Pool *p = dir->d->pool;
    Expr *time = turned(dir, ex_int(p, dir->step), sample);
    return ex_load(p, dir->projected, (Expr *[]){time, sample, row});
}

Expr *recurrent_product(const Direction *dir, const State *h, Tensor *instead, Expr *sample,
                        Expr *row)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    if (!instead && !h->t) return NULL;
    Var *j = define_var(d, "j", dir->r->hidden);
    Expr *unit = ex_var(p, j);
    Expr *left = instead ? ex_load(p, instead, (Expr *[]){sample, unit})
                         : recurrent_state(dir, h, sample, unit);
    Expr *right =
        define_load(d, d->node->inputs[RECURRENT_R], (Expr *[]){ex_int(p, dir->index), row, unit});
    return ex_reduce(p, RE_SUM, &j, 1, ex_mul(p, left, right));
}

Expr *recurrent_bias(const Direction *dir, Expr *row)
{
    Definer *d = dir->d;
    Tensor *bias = node_input(d->node, RECURRENT_B);
    if (!bias) return ex_const(d->pool, wide_type(d), 0);
    return define_load(d, bias, (Expr *[]){ex_int(d->pool, dir->index), row});
}

/* Parameters are listed for the functions that have them, in order. */
static double parameter(const Node *n, const char *attr, int which, const Recurrent *r, int least,
                        double otherwise)
{
    int count, at = 0;
    const double *given = attr_floats(n, attr, &count);
    for (int i = 0; i < which; i++)
        at += activations[activation_row(n, i, r->functions)].parameters >= least;
    return at < count ? given[at] : otherwise;
}

Expr *recurrent_activation(const Direction *dir, int which, Expr *x)
{
    const Node *n = dir->d->node;
    Pool *p = dir->d->pool;
    which += dir->index * dir->r->functions;
    int row = activation_row(n, which, dir->r->functions);
    const struct Activation *a = &activations[row];
#define NUMBER(value) ex_const(p, x->dtype, value)
    if (attr_given(n, "clip"))
        x = ex_max(p, ex_min(p, x, NUMBER(attr_float(n, "clip"))), NUMBER(-attr_float(n, "clip")));
    Expr *zero = NUMBER(0), *one = NUMBER(1), *positive = ex_lt(p, zero, x);
    Expr *alpha = NUMBER(parameter(n, "activation_alpha", which, dir->r, 1, a->alpha));
    Expr *beta = NUMBER(parameter(n, "activation_beta", which, dir->r, 2, a->beta));
#undef NUMBER
    switch (row) {
    case SIGMOID: return ex_unary(p, UN_SIGMOID, x);
    case RELU: return ex_max(p, x, zero);
    case AFFINE: return ex_add(p, ex_mul(p, alpha, x), beta);
    case LEAKY_RELU: return ex_select(p, positive, x, ex_mul(p, alpha, x));
    case THRESHOLDED_RELU: return ex_select(p, ex_lt(p, alpha, x), x, zero);
    case SCALED_TANH: return ex_mul(p, alpha, ex_unary(p, UN_TANH, ex_mul(p, beta, x)));
    case HARD_SIGMOID: return ex_min(p, ex_max(p, ex_add(p, ex_mul(p, alpha, x), beta), zero), one);
    case ELU:
        return ex_select(p, positive, x, ex_mul(p, alpha, ex_sub(p, ex_unary(p, UN_EXP, x), one)));
    case SOFTSIGN: return ex_div(p, x, ex_add(p, one, ex_unary(p, UN_ABS, x)));
    case SOFTPLUS: return ex_unary(p, UN_LOG, ex_add(p, ex_unary(p, UN_EXP, x), one));
    default: return ex_unary(p, UN_TANH, x);
    }
}

/* "h" of step 3 of the second direction is "h1_3". */
static const char *step_name(const Direction *dir, const char *name)
{
    return arena_format(dir->d->graph->arena, "%s%d_%lld", name, dir->index, (long long)dir->step);
}

Tensor *recurrent_temporary(const Direction *dir, const char *name, int64_t columns)
{
    int64_t dims[2] = {dir->r->batch, columns};
    return define_temporary(dir->d, step_name(dir, name), wide_type(dir->d), 2, dims);
}

Unit recurrent_unit(const Direction *dir, int64_t columns)
{
    Unit u = {.vars = {pool_var(dir->d->pool, "b", 0, dir->r->batch),
                       pool_var(dir->d->pool, "u", 0, columns)}};
    u.sample = ex_var(dir->d->pool, u.vars[0]);
    u.unit = ex_var(dir->d->pool, u.vars[1]);
    return u;
}

State recurrent_store(Direction *dir, const char *name, const Unit *u, const State *before,
                      Expr *body)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    bool first = dir->r->batch_first;
    int64_t dims[4] = {first ? dir->r->batch : 1, 1, first ? 1 : dir->r->batch, dir->r->hidden};
    Var *one = pool_var(p, "i", 0, 1), *two = pool_var(p, "k", 0, 1);
    Expr *length = sequence_length(dir, u->sample);
    if (length)
        body = ex_select(p, ex_lt(p, ex_int(p, dir->step), length), body,
                         recurrent_state(dir, before, u->sample, u->unit));
    Var *index[4] = {first ? u->vars[0] : one, two, first ? one : u->vars[0], u->vars[1]};
    State s = {define_temporary(d, step_name(dir, name), wide_type(d), 4, dims), -1};
    define_tensor(d, s.t, index, body);
    return s;
}

/* ---- unrolling ---- */

static void define_projection(Direction *dir, int inner_biases)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    const Recurrent *r = dir->r;
    int64_t rows = r->gates * r->hidden, dims[3] = {r->steps, r->batch, rows};
    Tensor *x = d->node->inputs[RECURRENT_X], *w = d->node->inputs[RECURRENT_W];
    Var *vars[3] = {pool_var(p, "t", 0, dims[0]), pool_var(p, "b", 0, dims[1]),
                    pool_var(p, "g", 0, rows)};
    Var *k = define_var(d, "k", r->inputs);
    Expr *t = ex_var(p, vars[0]), *b = ex_var(p, vars[1]), *row = ex_var(p, vars[2]),
         *inner = ex_var(p, k);
    Expr *x_at[] = {r->batch_first ? b : t, r->batch_first ? t : b, inner};
    Expr *w_at[] = {ex_int(p, dir->index), row, inner};
    Expr *body =
        ex_reduce(p, RE_SUM, &k, 1, ex_mul(p, define_load(d, x, x_at), define_load(d, w, w_at)));
    if (node_input(d->node, RECURRENT_B)) {
        Expr *own = recurrent_bias(dir, row),
             *other = recurrent_bias(dir, ex_add(p, row, ex_int(p, rows)));
        Expr *inside = ex_lt(p, row, ex_int(p, inner_biases * r->hidden));
        other = ex_select(p, inside, other, ex_const(p, own->dtype, 0));
        body = ex_add(p, body, ex_add(p, own, other));
    }
    dir->projected = define_temporary(d, dir->index ? "x1" : "x0", body->dtype, 3, dims);
    define_tensor(d, dir->projected, vars, body);
}

/* The states of all steps along the time axis, as a concatenation; a temporary of one direction, in
 * the order of the steps. */
static Tensor *define_history(Direction *dir, const State *states)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    const Recurrent *r = dir->r;
    int axis = r->batch_first;
    int64_t dims[4] = {r->batch_first ? r->batch : r->steps, r->batch_first ? r->steps : 1,
                       r->batch_first ? 1 : r->batch, r->hidden};
    Tensor *out = define_temporary(d, dir->index ? "states1" : "states0", wide_type(d), 4, dims);
    Var **vars = define_indices(d, 4, dims);
    Expr **index = define_index_exprs(d, vars, 4), *step = index[axis], *body = NULL;
    for (int64_t s = r->steps - 1; s >= 0; s--) {
        index[axis] = ex_add(p, step, ex_int(p, -s));
        Expr *load = ex_load(p, states[s].t, index);
        body = body ? ex_select(p, ex_lt(p, step, ex_int(p, s + 1)), load, body) : load;
    }
    define_tensor(d, out, vars, body);
    return out;
}

/* One direction's part of Y at an index of Y: its states in the order of time, zero behind a
 * sequence's end. */
static Expr *direction_output(Direction *dir, Tensor *history, Expr *const *index)
{
    Pool *p = dir->d->pool;
    int axis = dir->r->batch_first;
    Expr *sample = index[axis ? 0 : 2], *at[4] = {index[0], index[1], index[2], index[3]};
    at[axis] = turned(dir, index[axis], sample);
    at[axis + 1] = ex_int(p, 0);
    Expr *value = ex_load(p, history, at), *length = sequence_length(dir, sample);
    return length ? ex_select(p, ex_lt(p, index[axis], length), value, ex_const(p, value->dtype, 0))
                  : value;
}

static void define_outputs(Definer *d, Direction *dirs, Tensor *const *history)
{
    Tensor *out = node_output(d->node, 0);
    const Recurrent *r = dirs[0].r;
    if (!out) return;
    Var **vars = define_indices(d, 4, out->dims);
    Expr **index = define_index_exprs(d, vars, 4),
         *body = direction_output(&dirs[0], history[0], index);
    if (r->directions == 2) {
        Expr *is_first = ex_lt(d->pool, index[r->batch_first ? 2 : 1], ex_int(d->pool, 1));
        body = ex_select(d->pool, is_first, body, direction_output(&dirs[1], history[1], index));
    }
    define_rounded(d, out, vars, body);
}

/* Output i is the last state of each direction. */
static void define_last(Definer *d, const Direction *dirs, int i, const State *last)
{
    Tensor *out = node_output(d->node, i);
    const Recurrent *r = dirs[0].r;
    if (!out) return;
    Var **vars = define_indices(d, 3, out->dims);
    Expr **index = define_index_exprs(d, vars, 3), *which = index[r->batch_first],
         *sample = index[!r->batch_first];
    Expr *body = recurrent_state(&dirs[0], &last[0], sample, index[2]);
    if (r->directions == 2)
        body = ex_select(d->pool, ex_lt(d->pool, which, ex_int(d->pool, 1)), body,
                         recurrent_state(&dirs[1], &last[1], sample, index[2]));
    define_rounded(d, out, vars, body);
}

void recurrent_define(Definer *d, const Recurrent *r, int inner_biases, RecurrentStep *step)
{
    Arena *arena = pool_arena(d->pool);
    Direction dirs[2];
    State h[2], c[2];
    Tensor *history[2] = {NULL, NULL};
    for (int i = 0; i < r->directions; i++) {
        dirs[i] = (Direction){.d = d, .r = r, .index = i, .backward = i == 1 || r->reverse};
        State *states = NEW_ARRAY(arena, State, r->steps + 1);
        h[i] = (State){node_input(d->node, RECURRENT_H), i};
        c[i] = (State){node_input(d->node, RECURRENT_C), i};
        define_projection(&dirs[i], inner_biases);
        for (int64_t s = 0; s < r->steps; s++) {
            dirs[i].step = s;
            step(&dirs[i], &h[i], &c[i]);
            states[s] = h[i];
        }
        if (node_output(d->node, 0) && r->steps) history[i] = define_history(&dirs[i], states);
    }
    if (r->steps) define_outputs(d, dirs, history);
    define_last(d, dirs, 1, h);
    define_last(d, dirs, 2, c);
}
