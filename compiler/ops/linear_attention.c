/*
 * LinearAttention: a sequence read through a state, a matrix for each head, which each position
 * decays, corrects (delta rule) and adds its key and value to before its query reads it. The
 * sequence is unrolled: each position's states are temporaries. Heads of queries share the states
 * in groups.
 */
#include "row.h"

#include <math.h>

enum { QUERY, KEY, VALUE, PAST, DECAY, BETA, ERASE };
enum { OUTPUT, PRESENT };
enum { MAX_STEPS = 1024 }; /* each becomes code */

typedef struct Geometry {
    int64_t batch, steps, heads, states, key_size, value_size;
    bool gated, delta; /* of the update rule */
} Geometry;

static bool read_rule(Infer *in, Geometry *g)
{
    const char *rule = attr_text(in->node, "update_rule");
    g->gated = strcmp(rule, "gated") == 0 || strcmp(rule, "gated_delta") == 0;
    g->delta = strcmp(rule, "delta") == 0 || strcmp(rule, "gated_delta") == 0;
    if (!g->gated && !g->delta && strcmp(rule, "linear"))
        return infer_error(in, "E0306",
                           "update_rule is '%s'; it must be linear, gated, delta or gated_delta",
                           rule);
    const struct {
        int input;
        bool wanted, possible;
    } needs[] = {{DECAY, g->gated, g->gated}, {BETA, g->delta, g->delta}, {ERASE, false, g->delta}};
    for (size_t i = 0; i < COUNT(needs); i++) {
        bool given = node_input(in->node, needs[i].input) != NULL;
        if (given ? needs[i].possible : !needs[i].wanted) continue;
        return infer_error(in, "E0305", "the update rule %s %s the input '%s'", rule,
                           given ? "does not take" : "needs",
                           op_input(in->node->op, in->node->version, needs[i].input)->name);
    }
    return true;
}

static bool read_geometry(Infer *in, Geometry *g)
{
    const Node *n = in->node;
    const Tensor *q = n->inputs[QUERY], *k = n->inputs[KEY], *v = n->inputs[VALUE];
    g->heads = attr_int(n, "q_num_heads");
    g->states = attr_int(n, "kv_num_heads");
    if (g->heads < 1 || g->states < 1 || g->heads % g->states)
        return infer_error(in, "E0210", "%lld heads of queries cannot share %lld heads of keys",
                           (long long)g->heads, (long long)g->states);
    bool fits = q->rank == 3 && k->rank == 3 && v->rank == 3;
    if (fits) {
        g->batch = q->dims[0];
        g->steps = q->dims[1];
        g->key_size = q->dims[2] / g->heads;
        g->value_size = v->dims[2] / g->states;
        fits = memcmp(q->dims, k->dims, 2 * sizeof *q->dims) == 0 &&
               memcmp(q->dims, v->dims, 2 * sizeof *q->dims) == 0 && q->dims[2] % g->heads == 0 &&
               v->dims[2] % g->states == 0 && k->dims[2] % g->states == 0 &&
               k->dims[2] / g->states == g->key_size;
    }
    if (!fits)
        return infer_error(in, "E0201",
                           "queries %s, keys %s and values %s do not fit together: [batch, "
                           "position, heads * size] is wanted",
                           tensor_type_text(in->graph->arena, q),
                           tensor_type_text(in->graph->arena, k),
                           tensor_type_text(in->graph->arena, v));
    if (g->steps > MAX_STEPS)
        return infer_error(in, "E0602", "a sequence of %lld positions is too long to unroll",
                           (long long)g->steps);
    return read_rule(in, g);
}

/* Input i is [batch, position, a or b]. */
static bool check_gate(Infer *in, int i, const Geometry *g, int64_t a, int64_t b)
{
    const Tensor *t = node_input(in->node, i);
    if (!t || (t->rank == 3 && t->dims[0] == g->batch && t->dims[1] == g->steps &&
               (t->dims[2] == a || t->dims[2] == b)))
        return true;
    return infer_error(in, "E0201", "'%s' is %s; [%lld, %lld, %lld] or [.., .., %lld] is wanted",
                       t->name, tensor_type_text(in->graph->arena, t), (long long)g->batch,
                       (long long)g->steps, (long long)a, (long long)b);
}

static bool infer_linear_attention(Infer *in)
{
    const Node *n = in->node;
    const Tensor *q = n->inputs[QUERY], *past = node_input(n, PAST);
    Geometry g;
    if (!read_geometry(in, &g)) return false;
    int64_t keys = n->inputs[KEY]->dims[2], columns;
    if (!check_gate(in, DECAY, &g, g.states, keys) || !check_gate(in, BETA, &g, g.states, 1) ||
        !check_gate(in, ERASE, &g, keys, keys))
        return false;
    const int64_t state[] = {g.batch, g.states, g.key_size, g.value_size};
    if (past && (past->rank != 4 || memcmp(past->dims, state, sizeof state)))
        return infer_error(in, "E0201", "past_state is %s; %s is wanted",
                           tensor_type_text(in->graph->arena, past),
                           dims_text(in->graph->arena, state, 4));
    if (!checked_mul(g.heads, g.value_size, &columns))
        return infer_error(in, "E0205", "the output is too large");
    const int64_t dims[] = {g.batch, g.steps, columns};
    return infer_output(in, OUTPUT, q->dtype, 3, dims) &&
           infer_output(in, PRESENT, past ? past->dtype : q->dtype, 4, state);
}

/* ---- one position ---- */

typedef struct Step {
    Definer *d;
    const Geometry *g;
    int64_t at;
    Tensor *before; /* the state so far; NULL: zeros */
} Step;

/* Element i of a head in input `t` at this position, where a head has `size` of them. */
static Expr *head_load(const Step *s, int input, Expr *batch, Expr *head, int64_t size, Expr *i)
{
    Pool *p = s->d->pool;
    Expr *column = ex_add(p, ex_mul(p, head, ex_int(p, size)), i);
    return define_load(s->d, s->d->node->inputs[input],
                       (Expr *[]){batch, ex_int(p, s->at), column});
}

static Tensor *step_temporary(const Step *s, const char *name, int rank, const int64_t *dims)
{
    const char *full = arena_format(s->d->graph->arena, "%s%lld", name, (long long)s->at);
    return define_temporary(s->d, full, define_wide(s->d->node->inputs[QUERY]->dtype), rank, dims);
}

/* The state before the position, decayed by exp of its gate; NULL when it is zero. */
static Expr *decayed(const Step *s, Expr *const *at)
{
    Pool *p = s->d->pool;
    if (!s->before) return NULL;
    Expr *state = define_load(s->d, s->before, at);
    if (!s->g->gated) return state;
    /* One gate for a head or one for each of its keys. */
    bool whole = s->d->node->inputs[DECAY]->dims[2] == s->g->states;
    Expr *gate =
        head_load(s, DECAY, at[0], at[1], whole ? 1 : s->g->key_size, whole ? ex_int(p, 0) : at[2]);
    return ex_mul(p, state, ex_unary(p, UN_EXP, gate));
}

/* beta * (value - what the state gives for the key): what is to be written, [batch, head, value].
 */
static Tensor *define_correction(const Step *s)
{
    Definer *d = s->d;
    Pool *p = d->pool;
    const Geometry *g = s->g;
    const int64_t dims[] = {g->batch, g->states, g->value_size};
    Tensor *out = step_temporary(s, "correction", 3, dims);
    Var **vars = define_indices(d, 3, dims), *k = define_var(d, "k", g->key_size);
    Expr **at = define_index_exprs(d, vars, 3), *inner = ex_var(p, k);
    Expr *body = head_load(s, VALUE, at[0], at[1], g->value_size, at[2]);
    Expr *state = decayed(s, (Expr *[]){at[0], at[1], inner, at[2]});
    if (state) {
        Expr *key = head_load(s, KEY, at[0], at[1], g->key_size, inner);
        if (node_input(d->node, ERASE))
            key = ex_mul(p, key, head_load(s, ERASE, at[0], at[1], g->key_size, inner));
        body = ex_sub(p, body, ex_reduce(p, RE_SUM, &k, 1, ex_mul(p, state, key)));
    }
    bool shared = d->node->inputs[BETA]->dims[2] == 1;
    Expr *zero = ex_int(p, 0);
    Expr *beta = head_load(s, BETA, at[0], shared ? zero : at[1], 1, zero);
    define_tensor(d, out, vars, ex_mul(p, beta, body));
    return out;
}

/* The decayed state with key times value added. */
static Tensor *define_state(const Step *s)
{
    Definer *d = s->d;
    Pool *p = d->pool;
    const Geometry *g = s->g;
    const int64_t dims[] = {g->batch, g->states, g->key_size, g->value_size};
    Tensor *correction = g->delta ? define_correction(s) : NULL;
    Tensor *out = step_temporary(s, "state", 4, dims);
    Var **vars = define_indices(d, 4, dims);
    Expr **at = define_index_exprs(d, vars, 4), *old = decayed(s, at);
    Expr *value = correction ? ex_load(p, correction, (Expr *[]){at[0], at[1], at[3]})
                             : head_load(s, VALUE, at[0], at[1], g->value_size, at[3]);
    Expr *body = ex_mul(p, head_load(s, KEY, at[0], at[1], g->key_size, at[2]), value);
    define_tensor(d, out, vars, old ? ex_add(p, old, body) : body);
    return out;
}

/* scale * sum(k: query * state) as [batch, 1, head * value]. */
static Tensor *define_reading(const Step *s, Tensor *state)
{
    Definer *d = s->d;
    Pool *p = d->pool;
    const Geometry *g = s->g;
    const int64_t dims[] = {g->batch, 1, g->heads * g->value_size};
    Tensor *out = step_temporary(s, "reading", 3, dims);
    Var **vars = define_indices(d, 3, dims), *k = define_var(d, "k", g->key_size);
    Expr **at = define_index_exprs(d, vars, 3), *inner = ex_var(p, k);
    Expr *size = ex_int(p, max64(g->value_size, 1));
    Expr *head = ex_floordiv(p, at[2], size), *i = ex_floormod(p, at[2], size);
    Expr *own = ex_floordiv(p, head, ex_int(p, g->heads / g->states));
    Expr *query = head_load(s, QUERY, at[0], head, g->key_size, inner);
    Expr *product = ex_mul(p, query, ex_load(p, state, (Expr *[]){at[0], own, inner, i}));
    double scale = attr_float(d->node, "scale");
    if (scale == 0) scale = 1 / sqrt((double)max64(g->key_size, 1));
    Expr *sum = ex_reduce(p, RE_SUM, &k, 1, product);
    define_tensor(d, out, vars, ex_mul(p, ex_const(p, out->dtype, scale), sum));
    return out;
}

/* ---- the sequence ---- */

static void define_output(Definer *d, const Geometry *g, Tensor *const *readings)
{
    Pool *p = d->pool;
    Tensor *out = node_output(d->node, OUTPUT);
    if (!out) return;
    Var **vars = define_indices(d, 3, out->dims);
    Expr **index = define_index_exprs(d, vars, 3), *step = index[1], *body = NULL;
    for (int64_t s = g->steps - 1; s >= 0; s--) {
        index[1] = ex_add(p, step, ex_int(p, -s));
        Expr *load = ex_load(p, readings[s], index);
        body = body ? ex_select(p, ex_lt(p, step, ex_int(p, s + 1)), load, body) : load;
    }
    define_rounded(d, out, vars, body ? body : ex_const(p, define_wide(out->dtype), 0));
}

static void define_linear_attention(Definer *d)
{
    const Node *n = d->node;
    Infer in = infer_again(d);
    Geometry g;
    bool accepted = read_geometry(&in, &g);
    assert(accepted);
    Tensor **readings = NEW_ARRAY(d->graph->arena, Tensor *, g.steps), *present;
    Step s = {.d = d, .g = &g, .before = node_input(n, PAST)};
    for (s.at = 0; s.at < g.steps; s.at++) {
        s.before = define_state(&s);
        readings[s.at] = define_reading(&s, s.before);
    }
    define_output(d, &g, readings);
    if (!(present = node_output(n, PRESENT))) return;
    Var **vars = define_indices(d, 4, present->dims);
    Expr **index = define_index_exprs(d, vars, 4);
    define_rounded(d, present, vars,
                   s.before ? define_load(d, s.before, index)
                            : ex_const(d->pool, define_wide(present->dtype), 0));
}

static int64_t linear_attention_macs(const Node *n)
{
    int64_t macs = tensor_elements(n->inputs[QUERY]), heads = attr_int(n, "kv_num_heads");
    int64_t size = n->inputs[VALUE]->dims[2] / heads, writes = tensor_elements(n->inputs[KEY]);
    if (node_input(n, BETA)) writes *= 2;
    return checked_add(macs, writes, &macs) && checked_mul(macs, size, &macs) ? macs : INT64_MAX;
}

#define HALVES (TYPE(DT_F32) | TYPE(DT_F16) | TYPE(DT_BF16))

const Op ops_linear_attention[] = {
    {.name = "LinearAttention",
     .doc = "A sequence read through a state that its keys and values are written to.",
     VERSIONS(27),
     INPUTS(SLOT("query", HALVES, "T"), SLOT("key", HALVES, "T"), SLOT("value", HALVES, "T"),
            SLOT("past_state", HALVES, "S", .optional = true),
            SLOT("decay", HALVES, "T", .optional = true),
            SLOT("beta", HALVES, "T", .optional = true),
            SLOT("erase_gate", HALVES, "T", .optional = true)),
     OUTPUTS(SLOT("output", HALVES, "T"), SLOT("present_state", HALVES, "S")),
     ATTRS(ATTR("chunk_size", INT, .i = 64), ATTR("kv_num_heads", INT, .required = true),
           ATTR("q_num_heads", INT, .required = true), ATTR("scale", FLOAT),
           ATTR("update_rule", STRING, .s = "gated_delta")),
     .infer = infer_linear_attention,
     .define = define_linear_attention,
     .macs = linear_attention_macs,
     EXAMPLES("y, s = LinearAttention@27(q: f32[1, 3, 8], k: f32[1, 3, 4], v: f32[1, 3, 6], "
              "past: f32[1, 2, 2, 3], decay: f32[1, 3, 4], beta: f32[1, 3, 2], q_num_heads: 4, "
              "kv_num_heads: 2)",
              "y, s = LinearAttention@27(q: f32[2, 2, 4], k: f32[2, 2, 4], v: f32[2, 2, 4], "
              "q_num_heads: 2, kv_num_heads: 2, update_rule: \"linear\", scale: 0.5)")},
    {0},
};
