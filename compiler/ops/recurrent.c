/*
 * RNN, GRU and LSTM: the gates of one step each. Unrolling, directions, layouts and activations are
 * recurrent.c's.
 */
#include "recurrent.h"

/* a + b, where b may be absent. */
static Expr *plus(Pool *p, Expr *a, Expr *b) { return b ? ex_add(p, a, b) : a; }

/* A temporary [batch, count gates] of the projection and the state's product, from gate `first` on.
 */
static Tensor *define_gates(Direction *dir, const State *h, int first, int count)
{
    Pool *p = dir->d->pool;
    int64_t hidden = dir->r->hidden;
    Unit u = recurrent_unit(dir, count * hidden);
    Expr *row = ex_add(p, u.unit, ex_int(p, first * hidden));
    Tensor *gates = recurrent_temporary(dir, "gates", count * hidden);
    Expr *body = recurrent_projection(dir, u.sample, row);
    define_tensor(dir->d, gates, u.vars,
                  plus(p, body, recurrent_product(dir, h, NULL, u.sample, row)));
    return gates;
}

/* Gate k of a unit. */
static Expr *gate(const Direction *dir, Tensor *gates, const Unit *u, int k)
{
    Pool *p = dir->d->pool;
    return ex_load(p, gates,
                   (Expr *[]){u->sample, ex_add(p, u->unit, ex_int(p, k * dir->r->hidden))});
}

/* ---- RNN: h = f(x W + h R + b) ---- */

static void rnn_step(Direction *dir, State *h, State *c)
{
    (void)c;
    Tensor *gates = define_gates(dir, h, 0, 1);
    Unit u = recurrent_unit(dir, dir->r->hidden);
    *h = recurrent_store(dir, "h", &u, h, recurrent_activation(dir, 0, gate(dir, gates, &u, 0)));
}

/* ---- GRU: gates z (update), r (reset), h (candidate) ---- */

static bool gru_product_first(const Node *n)
{
    return op_attr(n->op, n->version, "linear_before_reset") && attr_int(n, "linear_before_reset");
}

/* The candidate's product with the state: of the state times the reset gate, or
 * (linear_before_reset) the reset gate times the product and its bias. */
static Expr *candidate(Direction *dir, const State *h, Tensor *gates, const Unit *u)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    int64_t hidden = dir->r->hidden;
    bool product_first = gru_product_first(d->node);
    Unit v = recurrent_unit(dir, hidden);
    Tensor *t = recurrent_temporary(dir, "reset", hidden);
    if (product_first) {
        Expr *bias = recurrent_bias(dir, ex_add(p, v.unit, ex_int(p, 5 * hidden)));
        Expr *row = ex_add(p, v.unit, ex_int(p, 2 * hidden));
        define_tensor(d, t, v.vars, plus(p, bias, recurrent_product(dir, h, NULL, v.sample, row)));
        Expr *reset = recurrent_activation(dir, 0, gate(dir, gates, u, 1));
        return ex_mul(p, reset, ex_load(p, t, (Expr *[]){u->sample, u->unit}));
    }
    Expr *reset = recurrent_activation(dir, 0, gate(dir, gates, &v, 1));
    define_tensor(d, t, v.vars, ex_mul(p, reset, recurrent_state(dir, h, v.sample, v.unit)));
    return recurrent_product(dir, h, t, u->sample, ex_add(p, u->unit, ex_int(p, 2 * hidden)));
}

static void gru_step(Direction *dir, State *h, State *c)
{
    (void)c;
    Pool *p = dir->d->pool;
    Tensor *gates = define_gates(dir, h, 0, 2);
    Unit v = recurrent_unit(dir, dir->r->hidden);
    Expr *sum =
        recurrent_projection(dir, v.sample, ex_add(p, v.unit, ex_int(p, 2 * dir->r->hidden)));
    sum = ex_add(p, sum, candidate(dir, h, gates, &v));
    Tensor *inner = recurrent_temporary(dir, "candidate", dir->r->hidden);
    define_tensor(dir->d, inner, v.vars, sum);

    Unit u = recurrent_unit(dir, dir->r->hidden);
    Expr *update = recurrent_activation(dir, 0, gate(dir, gates, &u, 0)),
         *one = ex_const(p, update->dtype, 1);
    Expr *fresh = recurrent_activation(dir, 1, gate(dir, inner, &u, 0));
    Expr *kept = ex_mul(p, update, recurrent_state(dir, h, u.sample, u.unit));
    *h =
        recurrent_store(dir, "h", &u, h, ex_add(p, ex_mul(p, ex_sub(p, one, update), fresh), kept));
}

/* ---- LSTM: gates i (input), o (output), f (forget), c (cell) ---- */

/* Gate k with its peephole: P's part p times the cell. */
static Expr *peeping(const Direction *dir, Tensor *gates, const Unit *u, int k, const State *cell)
{
    Definer *d = dir->d;
    Pool *p = d->pool;
    Tensor *peepholes = node_input(d->node, RECURRENT_P);
    Expr *x = gate(dir, gates, u, k);
    if (!peepholes) return x;
    Expr *column = ex_add(p, u->unit, ex_int(p, k * dir->r->hidden));
    Expr *weight = define_load(d, peepholes, (Expr *[]){ex_int(p, dir->index), column});
    return ex_add(p, x, ex_mul(p, weight, recurrent_state(dir, cell, u->sample, u->unit)));
}

static void lstm_step(Direction *dir, State *h, State *c)
{
    enum { INPUT, OUTPUT, FORGET, CELL };
    Pool *p = dir->d->pool;
    Tensor *gates = define_gates(dir, h, 0, 4);
    Unit u = recurrent_unit(dir, dir->r->hidden);
    Expr *in = recurrent_activation(dir, 0, peeping(dir, gates, &u, INPUT, c));
    Expr *forget = attr_int(dir->d->node, "input_forget")
                       ? ex_sub(p, ex_const(p, in->dtype, 1), in)
                       : recurrent_activation(dir, 0, peeping(dir, gates, &u, FORGET, c));
    Expr *fresh = recurrent_activation(dir, 1, gate(dir, gates, &u, CELL));
    Expr *kept = ex_mul(p, forget, recurrent_state(dir, c, u.sample, u.unit));
    State before = *h;
    *c = recurrent_store(dir, "c", &u, c, ex_add(p, kept, ex_mul(p, in, fresh)));

    u = recurrent_unit(dir, dir->r->hidden);
    Expr *out = recurrent_activation(dir, 0, peeping(dir, gates, &u, OUTPUT, c));
    Expr *cell = recurrent_activation(dir, 2, recurrent_state(dir, c, u.sample, u.unit));
    *h = recurrent_store(dir, "h", &u, &before, ex_mul(p, out, cell));
}

/* ---- the three operators: gates, activation functions, gates with both biases added before the
 * step ---- */

static bool rnn_infer(Infer *in) { return recurrent_infer(in, 1, 1); }
static bool gru_infer(Infer *in) { return recurrent_infer(in, 3, 2); }
static bool lstm_infer(Infer *in) { return recurrent_infer(in, 4, 3); }

static void rnn_define(Definer *d)
{
    Recurrent r = recurrent_of(d->node, 1, 1);
    recurrent_define(d, &r, 1, rnn_step);
}

static void gru_define(Definer *d)
{
    Recurrent r = recurrent_of(d->node, 3, 2);
    recurrent_define(d, &r, gru_product_first(d->node) ? 2 : 3, gru_step);
}

static void lstm_define(Definer *d)
{
    Recurrent r = recurrent_of(d->node, 4, 3);
    recurrent_define(d, &r, 4, lstm_step);
}

static int64_t rnn_macs(const Node *n) { return recurrent_macs(n, 1); }
static int64_t gru_macs(const Node *n) { return recurrent_macs(n, 3); }
static int64_t lstm_macs(const Node *n) { return recurrent_macs(n, 4); }

#define SEQUENCE_INPUTS                                                                            \
    SLOT("X", TYPES_FLOAT, "T"), SLOT("W", TYPES_FLOAT, "T"), SLOT("R", TYPES_FLOAT, "T"),         \
        SLOT("B", TYPES_FLOAT, "T", .optional = true),                                             \
        SLOT("sequence_lens", TYPE(DT_I32), "T1", .optional = true),                               \
        SLOT("initial_h", TYPES_FLOAT, "T", .optional = true)
#define SEQUENCE_ATTRS                                                                             \
    ATTR("activation_alpha", FLOATS), ATTR("activation_beta", FLOATS),                             \
        ATTR("activations", STRINGS), ATTR("clip", FLOAT),                                         \
        ATTR("direction", STRING, .s = "forward"), ATTR("hidden_size", INT),                       \
        ATTR("layout", INT, .since = 14), ATTR("output_sequence", INT, .until = 6)

static const Slot inputs[] = {SEQUENCE_INPUTS, {0}};
static const Slot lstm_inputs[] = {SEQUENCE_INPUTS,
                                   SLOT("initial_c", TYPES_FLOAT, "T", .optional = true),
                                   SLOT("P", TYPES_FLOAT, "T", .optional = true),
                                   {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T", .optional = true),
                               SLOT("Y_h", TYPES_FLOAT, "T", .optional = true),
                               {0}};
static const Slot lstm_outputs[] = {SLOT("Y", TYPES_FLOAT, "T", .optional = true),
                                    SLOT("Y_h", TYPES_FLOAT, "T", .optional = true),
                                    SLOT("Y_c", TYPES_FLOAT, "T", .optional = true),
                                    {0}};
static const AttrSpec rnn_attrs[] = {SEQUENCE_ATTRS, {0}};
static const AttrSpec gru_attrs[] = {
    SEQUENCE_ATTRS, ATTR("linear_before_reset", INT, .since = 3), {0}};
static const AttrSpec lstm_attrs[] = {SEQUENCE_ATTRS, ATTR("input_forget", INT), {0}};

const Op ops_recurrent[] = {
    {.name = "RNN",
     .doc = "A simple recurrent layer: each step's state is an activation of its input and the "
            "state before.",
     .versions = (const int[]){1, 7, 14, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = rnn_attrs,
     .infer = rnn_infer,
     .define = rnn_define,
     .macs = rnn_macs,
     .examples = (const char *const[]){"y, h = RNN(x: f32[3, 2, 4], w: f32[1, 5, 4], r: f32[1, 5, "
                                       "5], b: f32[1, 10], hidden_size: 5)",
                                       0}},
    {.name = "GRU",
     .doc = "A gated recurrent unit: update and reset gates decide what of the state is kept.",
     .versions = (const int[]){1, 3, 7, 14, 22, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = gru_attrs,
     .infer = gru_infer,
     .define = gru_define,
     .macs = gru_macs,
     .examples = (const char *const[]){"y, h = GRU(x: f32[3, 2, 4], w: f32[1, 15, 4], r: f32[1, "
                                       "15, 5], b: f32[1, 30], hidden_size: 5)",
                                       0}},
    {.name = "LSTM",
     .doc = "A long short-term memory: input, output and forget gates around a cell.",
     .versions = (const int[]){1, 7, 14, 22, 0},
     .inputs = lstm_inputs,
     .outputs = lstm_outputs,
     .attrs = lstm_attrs,
     .infer = lstm_infer,
     .define = lstm_define,
     .macs = lstm_macs,
     .examples = (const char *const[]){"y, h, c = LSTM(x: f32[3, 2, 4], w: f32[2, 20, 4], r: "
                                       "f32[2, 20, 5], b: f32[2, 40], hidden_size: 5, "
                                       "direction: \"bidirectional\")",
                                       0}},
    {0}};
