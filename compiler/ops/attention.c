/*
 * Attention: softmax(scale * Q K^T + bias) V for each head. Keys and values may be fewer heads than
 * queries, which share them in groups, and may continue those of the past. The bias is a mask, the
 * causal triangle and the end of padded sequences together. Scores, their row's maximum and sum,
 * and the probabilities are definitions of their own.
 */
#include "op.h"

#include <math.h>

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, LENGTHS };
enum { Y, PRESENT_KEY, PRESENT_VALUE, SCORES };

typedef struct Geometry {
    int64_t batch, heads, kv_heads, queries, fresh, past, keys, size, value_size;
} Geometry;

/* ---- shapes ---- */

/* Heads, length and size of [batch, head, length, size], or [batch, length, heads * size] with the
 * heads from an attribute. */
static bool read_heads(Infer *in, const Tensor *t, const char *attr, int64_t *heads,
                       int64_t *length, int64_t *size)
{
    *heads = t->rank == 4 ? t->dims[1] : attr_int(in->node, attr);
    if (t->rank < 3 || t->rank > 4 || *heads < 1 || (t->rank == 3 && t->dims[2] % *heads))
        return infer_error(
            in, "E0203",
            "'%s' is %s; [batch, head, sequence, size] is wanted, or three dimensions and %s",
            t->name, tensor_type_text(in->graph->arena, t), attr);
    *length = t->dims[t->rank - 2];
    *size = t->rank == 4 ? t->dims[3] : t->dims[2] / *heads;
    return true;
}

static bool read_geometry(Infer *in, Geometry *g)
{
    const Node *n = in->node;
    const Tensor *q = n->inputs[Q], *k = n->inputs[K], *v = n->inputs[V],
                 *past = node_input(n, PAST_KEY);
    int64_t key_size, value_heads, values;
    g->batch = q->rank > 0 ? q->dims[0] : 0;
    if (!read_heads(in, q, "q_num_heads", &g->heads, &g->queries, &g->size) ||
        !read_heads(in, k, "kv_num_heads", &g->kv_heads, &g->fresh, &key_size) ||
        !read_heads(in, v, "kv_num_heads", &value_heads, &values, &g->value_size))
        return false;
    if (k->dims[0] != g->batch || v->dims[0] != g->batch || key_size != g->size ||
        value_heads != g->kv_heads || values != g->fresh)
        return infer_error(in, "E0201", "queries %s, keys %s and values %s do not fit together",
                           tensor_type_text(in->graph->arena, q),
                           tensor_type_text(in->graph->arena, k),
                           tensor_type_text(in->graph->arena, v));
    if (g->heads % g->kv_heads)
        return infer_error(in, "E0210", "%lld heads of queries cannot share %lld heads of keys",
                           (long long)g->heads, (long long)g->kv_heads);
    g->past = past && past->rank == 4 ? past->dims[2] : 0;
    return checked_add(g->past, g->fresh, &g->keys) ||
           infer_error(in, "E0205", "the sequence is too long");
}

static bool check_past(Infer *in, int i, const Geometry *g, int64_t size)
{
    const Tensor *t = node_input(in->node, i);
    const int64_t dims[] = {g->batch, g->kv_heads, g->past, size};
    if (!t || (t->rank == 4 && memcmp(t->dims, dims, sizeof dims) == 0)) return true;
    return infer_error(in, "E0201", "'%s' is %s; %s is wanted", t->name,
                       tensor_type_text(in->graph->arena, t), dims_text(in->graph->arena, dims, 4));
}

/* Since version 24 a mask may be for the first keys only; the others are masked. */
static bool check_mask(Infer *in, const Geometry *g)
{
    const Tensor *mask = node_input(in->node, MASK);
    const int64_t dims[] = {g->batch, g->heads, g->queries, g->keys};
    bool fits = !mask || (mask->rank >= 2 && mask->rank <= 4);
    for (int i = 0; fits && mask && i < mask->rank; i++) {
        int64_t own = mask->dims[i], wanted = dims[4 - mask->rank + i];
        bool last = i == mask->rank - 1;
        fits = own == wanted || (last && in->node->version >= 24 ? own < wanted : own == 1);
    }
    if (fits) return true;
    return infer_error(in, "E0201", "the mask is %s, which does not fit the scores' %s",
                       tensor_type_text(in->graph->arena, mask),
                       dims_text(in->graph->arena, dims, 4));
}

static bool attention_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *q = n->inputs[Q], *lengths = node_input(n, LENGTHS);
    Geometry g;
    if (!read_geometry(in, &g) || !check_past(in, PAST_KEY, &g, g.size) ||
        !check_past(in, PAST_VALUE, &g, g.value_size) || !check_mask(in, &g))
        return false;
    if ((node_input(n, PAST_KEY) == NULL) != (node_input(n, PAST_VALUE) == NULL))
        return infer_error(in, "E0305", "past_key and past_value belong together");
    if (lengths && (lengths->rank != 1 || lengths->dims[0] != g.batch))
        return infer_error(in, "E0201",
                           "nonpad_kv_seqlen is %s; one length for each of %lld samples is wanted",
                           tensor_type_text(in->graph->arena, lengths), (long long)g.batch);
    int64_t mode = attr_int(n, "qk_matmul_output_mode"), columns;
    if (mode < 0 || mode > 3)
        return infer_error(in, "E0306", "qk_matmul_output_mode is %lld; it must be 0 to 3",
                           (long long)mode);
    if (!checked_mul(g.heads, g.value_size, &columns))
        return infer_error(in, "E0205", "the output is too large");
    const int64_t four[] = {g.batch, g.heads, g.queries, g.value_size},
                  three[] = {g.batch, g.queries, columns};
    const int64_t key[] = {g.batch, g.kv_heads, g.keys, g.size},
                  value[] = {g.batch, g.kv_heads, g.keys, g.value_size};
    const int64_t scores[] = {g.batch, g.heads, g.queries, g.keys};
    return infer_output(in, Y, q->dtype, q->rank, q->rank == 4 ? four : three) &&
           infer_output(in, PRESENT_KEY, q->dtype, 4, key) &&
           infer_output(in, PRESENT_VALUE, q->dtype, 4, value) &&
           infer_output(in, SCORES, q->dtype, 4, scores);
}

static Geometry geometry_of(const Definer *d)
{
    Infer in = infer_again(d);
    Geometry g;
    bool accepted = read_geometry(&in, &g);
    assert(accepted);
    return g;
}

/* ---- definitions ---- */

/* t[batch, head, position, i], however its heads are stored. */
static Expr *head_load(Definer *d, Tensor *t, int64_t size, Expr *const *at)
{
    Pool *p = d->pool;
    if (t->rank == 4) return ex_load(p, t, at);
    return ex_load(p, t,
                   (Expr *[]){at[0], at[2], ex_add(p, ex_mul(p, at[1], ex_int(p, size)), at[3])});
}

/* Keys or values with those of the past before them: the output if it is wanted, a temporary if
 * there is a past, else the input itself. */
static Tensor *with_past(Definer *d, const Geometry *g, int input, int past_input, int output,
                         int64_t size)
{
    Pool *p = d->pool;
    Tensor *fresh = d->node->inputs[input], *past = node_input(d->node, past_input),
           *out = node_output(d->node, output);
    const int64_t dims[] = {g->batch, g->kv_heads, g->keys, size};
    if (!out && !past) return fresh;
    if (!out) out = define_temporary(d, input == K ? "key" : "value", fresh->dtype, 4, dims);
    Var **vars = define_indices(d, 4, dims);
    Expr **index = define_index_exprs(d, vars, 4), *position = index[2], *body, *old = NULL;
    if (past) old = ex_load(p, past, index);
    index[2] = ex_add(p, position, ex_int(p, -g->past));
    body = head_load(d, fresh, size, index);
    if (old) body = ex_select(p, ex_lt(p, position, ex_int(p, g->past)), old, body);
    define_tensor(d, out, vars, body);
    return out;
}

static Expr *shared_head(Pool *p, const Geometry *g, Expr *head)
{
    return ex_floordiv(p, head, ex_int(p, g->heads / g->kv_heads));
}

static Tensor *wide_temporary(Definer *d, const char *name, int rank, const int64_t *dims)
{
    return define_temporary(d, name, define_wide(d->node->inputs[Q]->dtype), rank, dims);
}

/* scale * sum(q * k) */
static Tensor *define_products(Definer *d, const Geometry *g, Tensor *keys, const int64_t *dims)
{
    Pool *p = d->pool;
    Tensor *out = wide_temporary(d, "products", 4, dims);
    Var **vars = define_indices(d, 4, dims), *i = define_var(d, "i", g->size);
    Expr **at = define_index_exprs(d, vars, 4), *inner = ex_var(p, i);
    Expr *q = head_load(d, d->node->inputs[Q], g->size, (Expr *[]){at[0], at[1], at[2], inner});
    Expr *k =
        head_load(d, keys, g->size, (Expr *[]){at[0], shared_head(p, g, at[1]), at[3], inner});
    Expr *product = ex_mul(p, ex_cast(p, out->dtype, q), ex_cast(p, out->dtype, k));
    double scale = attr_given(d->node, "scale") ? attr_float(d->node, "scale")
                                                : 1 / sqrt((double)max64(g->size, 1));
    Expr *sum = ex_reduce(p, RE_SUM, &i, 1, product);
    define_tensor(d, out, vars, ex_mul(p, ex_const(p, out->dtype, scale), sum));
    return out;
}

static Tensor *define_capped(Definer *d, Tensor *scores)
{
    double cap = attr_float(d->node, "softcap");
    if (!(cap > 0)) return scores;
    Pool *p = d->pool;
    Tensor *out = wide_temporary(d, "capped", 4, scores->dims);
    Var **vars = define_indices(d, 4, scores->dims);
    Expr *limit = ex_const(p, out->dtype, cap),
         *x = ex_load(p, scores, define_index_exprs(d, vars, 4));
    define_tensor(d, out, vars, ex_mul(p, limit, ex_unary(p, UN_TANH, ex_div(p, x, limit))));
    return out;
}

/* What the mask adds to a score. */
static Expr *mask_value(Definer *d, Tensor *mask, Dtype dtype, Expr *const *at)
{
    Pool *p = d->pool;
    Expr *index[4], *inside = ex_int_of(p, DT_BOOL, 1), *out = ex_const(p, dtype, -INFINITY);
    for (int i = 0; i < mask->rank; i++) {
        Expr *own = at[4 - mask->rank + i];
        bool broadcast = mask->dims[i] == 1 && (i < mask->rank - 1 || d->node->version < 24);
        index[i] = broadcast ? ex_int(p, 0) : own;
        if (!broadcast) inside = ex_and(p, inside, ex_within(p, own, 0, mask->dims[i]));
    }
    Expr *value = ex_load(p, mask, index);
    value = mask->dtype == DT_BOOL ? ex_select(p, value, ex_const(p, dtype, 0), out)
                                   : ex_cast(p, dtype, value);
    return ex_select(p, inside, value, out);
}

static Tensor *define_biased(Definer *d, const Geometry *g, Tensor *scores)
{
    Pool *p = d->pool;
    Tensor *mask = node_input(d->node, MASK), *lengths = node_input(d->node, LENGTHS);
    bool causal = attr_int(d->node, "is_causal");
    if (!mask && !lengths && !causal) return scores;
    Tensor *out = wide_temporary(d, "biased", 4, scores->dims);
    Var **vars = define_indices(d, 4, scores->dims);
    Expr **at = define_index_exprs(d, vars, 4), *body = ex_load(p, scores, at),
         *never = ex_const(p, out->dtype, -INFINITY);
    if (mask) body = ex_add(p, body, mask_value(d, mask, out->dtype, at));
    if (causal)
        body = ex_select(p, ex_lt(p, ex_add(p, at[2], ex_int(p, g->past)), at[3]), never, body);
    if (lengths) body = ex_select(p, ex_lt(p, at[3], ex_load(p, lengths, at)), body, never);
    define_tensor(d, out, vars, body);
    return out;
}

/* The maximum of a row of scores, or, when that is given, the sum of exp(score - maximum). */
static Tensor *define_statistic_of_rows(Definer *d, Tensor *scores, Tensor *maximum)
{
    Pool *p = d->pool;
    Tensor *out = wide_temporary(d, maximum ? "sum" : "max", 3, scores->dims);
    Var **vars = define_indices(d, 3, scores->dims), *t = define_var(d, "t", scores->dims[3]);
    Expr *at[4];
    memcpy(at, define_index_exprs(d, vars, 3), 3 * sizeof *at);
    at[3] = ex_var(p, t);
    Expr *x = ex_load(p, scores, at);
    if (maximum) x = ex_unary(p, UN_EXP, ex_sub(p, x, ex_load(p, maximum, at)));
    define_tensor(d, out, vars, ex_reduce(p, maximum ? RE_SUM : RE_MAX, &t, 1, x));
    return out;
}

static Tensor *define_probabilities(Definer *d, Tensor *scores)
{
    Pool *p = d->pool;
    Tensor *maximum = define_statistic_of_rows(d, scores, NULL),
           *sum = define_statistic_of_rows(d, scores, maximum);
    Tensor *out = wide_temporary(d, "probabilities", 4, scores->dims);
    Var **vars = define_indices(d, 4, scores->dims);
    Expr **at = define_index_exprs(d, vars, 4);
    Expr *x = ex_unary(p, UN_EXP, ex_sub(p, ex_load(p, scores, at), ex_load(p, maximum, at)));
    define_tensor(d, out, vars, ex_div(p, x, ex_load(p, sum, at)));
    return out;
}

/* sum(t: probability * value) */
static void define_result(Definer *d, const Geometry *g, Tensor *probabilities, Tensor *values)
{
    Pool *p = d->pool;
    Tensor *out = node_output(d->node, Y);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims), *t = define_var(d, "t", g->keys);
    Expr **index = define_index_exprs(d, vars, out->rank), *key = ex_var(p, t);
    Expr *head = index[1], *query = index[2], *i = out->rank == 4 ? index[3] : NULL;
    if (out->rank == 3) {
        Expr *size = ex_int(p, max64(g->value_size, 1));
        query = index[1];
        head = ex_floordiv(p, index[2], size);
        i = ex_floormod(p, index[2], size);
    }
    Expr *weight = ex_load(p, probabilities, (Expr *[]){index[0], head, query, key});
    Expr *value =
        head_load(d, values, g->value_size, (Expr *[]){index[0], shared_head(p, g, head), key, i});
    Expr *sum = ex_reduce(p, RE_SUM, &t, 1, ex_mul(p, weight, ex_cast(p, weight->dtype, value)));
    define_rounded(d, out, vars, sum);
}

static void attention_define(Definer *d)
{
    Geometry g = geometry_of(d);
    Tensor *keys = with_past(d, &g, K, PAST_KEY, PRESENT_KEY, g.size);
    Tensor *values = with_past(d, &g, V, PAST_VALUE, PRESENT_VALUE, g.value_size), *stages[4];
    const int64_t dims[] = {g.batch, g.heads, g.queries, g.keys};
    stages[0] = define_products(d, &g, keys, dims);
    stages[1] = define_capped(d, stages[0]);
    stages[2] = define_biased(d, &g, stages[1]);
    stages[3] = define_probabilities(d, stages[2]);
    define_result(d, &g, stages[3], values);
    Tensor *wanted = node_output(d->node, SCORES);
    if (!wanted) return;
    Var **vars = define_indices(d, 4, dims);
    Tensor *stage = stages[attr_int(d->node, "qk_matmul_output_mode")];
    define_rounded(d, wanted, vars, ex_load(d->pool, stage, define_index_exprs(d, vars, 4)));
}

static int64_t attention_macs(const Node *n)
{
    const Tensor *q = n->inputs[Q], *k = n->inputs[K], *v = n->inputs[V],
                 *past = node_input(n, PAST_KEY);
    int64_t heads = q->rank == 4 ? q->dims[1] : attr_int(n, "q_num_heads");
    int64_t kv_heads = k->rank == 4 ? k->dims[1] : attr_int(n, "kv_num_heads");
    int64_t sizes =
        q->rank == 4 ? q->dims[3] + v->dims[3] : q->dims[2] / heads + v->dims[2] / kv_heads;
    int64_t macs = q->dims[0] * heads, keys = k->dims[k->rank - 2] + (past ? past->dims[2] : 0);
    bool fits = checked_mul(macs, q->dims[q->rank - 2], &macs) && checked_mul(macs, keys, &macs) &&
                checked_mul(macs, sizes, &macs);
    return fits ? macs : INT64_MAX;
}

static const Slot inputs[] = {
    SLOT("Q", TYPES_FLOAT, "T1"),
    SLOT("K", TYPES_FLOAT, "T1"),
    SLOT("V", TYPES_FLOAT, "T2"),
    SLOT("attn_mask", TYPES_NUMERIC | TYPE(DT_BOOL), "U", .optional = true),
    SLOT("past_key", TYPES_FLOAT, "T1", .optional = true),
    SLOT("past_value", TYPES_FLOAT, "T2", .optional = true),
    SLOT("nonpad_kv_seqlen", TYPE(DT_I64), NULL, .optional = true, .since = 24),
    {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T1"),
                               SLOT("present_key", TYPES_FLOAT, "T1", .optional = true),
                               SLOT("present_value", TYPES_FLOAT, "T2", .optional = true),
                               SLOT("qk_matmul_output", TYPES_FLOAT, "T1", .optional = true),
                               {0}};
static const AttrSpec attrs[] = {ATTR("is_causal", INT),         ATTR("kv_num_heads", INT),
                                 ATTR("q_num_heads", INT),       ATTR("qk_matmul_output_mode", INT),
                                 ATTR("scale", FLOAT),           ATTR("softcap", FLOAT),
                                 ATTR("softmax_precision", INT), {0}};

const Op ops_attention[] = {
    {.name = "Attention",
     .doc = "softmax(scale * Q K^T + mask) V for each head; heads of keys may be shared and "
            "continue those of the past.",
     .versions = (const int[]){23, 24, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = attention_infer,
     .define = attention_define,
     .macs = attention_macs,
     .examples =
         (const char *const[]){
             "Attention@23(q: f32[1, 4, 3, 8], k: f32[1, 2, 5, 8], v: f32[1, 2, 5, 6], m: f32[3, "
             "5])",
             "y, k2, v2 = Attention@23(q: f32[1, 3, 8], k: f32[1, 2, 8], v: f32[1, 2, 8], _, pk: "
             "f32[1, 2, 4, 4], "
             "pv: f32[1, 2, 4, 4], q_num_heads: 2, kv_num_heads: 2, is_causal: 1, softcap: 2.0)",
             0}},
    {0}};
