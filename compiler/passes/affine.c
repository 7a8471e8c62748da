/*
 * Per-channel scales and shifts go into the weights and bias of the linear operator before them: a
 * BatchNormalization at inference, or a Mul, Div, Add or Sub with a constant for each channel,
 * after a Conv, ConvTranspose, Gemm or MatMul whose result nobody else reads. Weights are rewritten
 * once more only, with strided loops: they may be the bulk of a model.
 */
#include "optimise.h"

#include <math.h>

enum { X, W, BIAS };

/* y[.., c, ..] = x[.., c, ..] * scale[c] + shift[c] */
typedef struct ChannelMap {
    int64_t channels;
    double *scale, *shift;
    bool scales; /* some scale is not 1 */
    bool shifts;
} ChannelMap;

/* A linear operator whose weights are channels wide: elements are [outer][width][inner], and
 * channel = group * width + position, where the groups divide `outer` evenly. */
typedef struct Linear {
    Node *node;
    int axis; /* of its output that the channels are */
    int64_t channels, outer, width, inner, groups;
    bool takes_bias;
} Linear;

static bool is_float_const(const Tensor *t)
{
    return t && t->data && (t->dtype == DT_F32 || t->dtype == DT_F64);
}

/* ---- the linear operator ---- */

static int64_t product(const int64_t *dims, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= dims[i];
    return n;
}

static bool read_gemm(Linear *l, const Tensor *w)
{
    bool transposed = attr_int(l->node, "transB") != 0;
    l->axis = 1;
    l->channels = l->width = w->dims[transposed ? 0 : 1];
    l->outer = transposed ? 1 : w->dims[0];
    l->inner = transposed ? w->dims[1] : 1;
    l->takes_bias = true;
    return l->node->version >= 7; /* before, `broadcast` says whether its bias may be a row */
}

static bool read_matmul(Linear *l, const Tensor *w)
{
    if (w->rank != 2) return false;
    l->axis = l->node->outputs[0]->rank - 1;
    l->channels = l->width = w->dims[1];
    l->outer = w->dims[0];
    l->inner = 1;
    return true;
}

static bool read_conv(Linear *l, const Tensor *w)
{
    l->axis = 1;
    l->channels = l->width = w->dims[0];
    l->outer = 1;
    l->inner = product(w->dims, 1, w->rank);
    l->takes_bias = true;
    return true;
}

static bool read_conv_transpose(Linear *l, const Tensor *w)
{
    l->axis = 1;
    l->groups = attr_int(l->node, "group");
    l->width = w->dims[1];
    l->channels = l->width * l->groups;
    l->outer = w->dims[0];
    l->inner = product(w->dims, 2, w->rank);
    l->takes_bias = true;
    return true;
}

/* The bias is absent or has one value for each channel; Gemm's may be a row or one number. */
static bool bias_fits(const Linear *l)
{
    const Tensor *b = node_input(l->node, BIAS);
    if (!l->takes_bias || !b) return true;
    int64_t n = tensor_elements(b), last = b->rank ? b->dims[b->rank - 1] : 1;
    return is_float_const(b) && (n == 1 || (n == l->channels && last == n));
}

static bool read_linear(Linear *l, Node *n)
{
    static const struct Kind {
        const char *op;
        bool (*read)(Linear *l, const Tensor *w);
    } kinds[] = {{"Conv", read_conv},
                 {"ConvTranspose", read_conv_transpose},
                 {"Gemm", read_gemm},
                 {"MatMul", read_matmul}};
    *l = (Linear){.node = n, .groups = 1};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (is_op(n, kinds[i].op))
            return is_float_const(node_input(n, W)) && n->outputs[0] &&
                   kinds[i].read(l, n->inputs[W]) && bias_fits(l);
    return false;
}

/* ---- the map after it ---- */

static double number(const Tensor *t, int64_t i) { return dtype_get_double(t->dtype, t->data, i); }

static bool has_output(const Node *n, int from)
{
    for (int i = from; i < n->output_count; i++)
        if (n->outputs[i]) return true;
    return false;
}

static bool read_batchnorm(ChannelMap *map, const Linear *l, const Node *n)
{
    enum { SCALE = 1, B, MEAN, VAR };
    if (l->axis != 1 || has_output(n, 1)) return false;
    if (op_attr(n->op, n->version, "training_mode") && attr_int(n, "training_mode")) return false;
    if (op_attr(n->op, n->version, "spatial") && !attr_int(n, "spatial")) return false;
    for (int i = SCALE; i <= VAR; i++)
        if (!is_float_const(n->inputs[i]) || tensor_elements(n->inputs[i]) != l->channels)
            return false;
    double epsilon = attr_float(n, "epsilon");
    for (int64_t c = 0; c < l->channels; c++) {
        map->scale[c] = number(n->inputs[SCALE], c) / sqrt(number(n->inputs[VAR], c) + epsilon);
        map->shift[c] = number(n->inputs[B], c) - number(n->inputs[MEAN], c) * map->scale[c];
        if (!isfinite(map->scale[c])) return false;
    }
    map->scales = map->shifts = true;
    return true;
}

/* A constant with one value for each channel, or one for all, in the shape it broadcasts from. */
static bool is_per_channel(const Tensor *t, const Linear *l)
{
    int rank = l->node->outputs[0]->rank;
    if (!is_float_const(t) || t->rank > rank) return false;
    for (int i = 0; i < t->rank; i++) {
        bool channel = rank - t->rank + i == l->axis;
        if (t->dims[i] != 1 && !(channel && t->dims[i] == l->channels)) return false;
    }
    return true;
}

static bool read_arithmetic(ChannelMap *map, const Linear *l, const Node *n)
{
    int at = n->inputs[0] == l->node->outputs[0] ? 1 : 0; /* of the constant */
    bool add = is_op(n, "Add"), sub = is_op(n, "Sub"), mul = is_op(n, "Mul"), div = is_op(n, "Div");
    if ((!add && !sub && !mul && !div) || n->input_count != 2 || n->inputs[0] == n->inputs[1])
        return false;
    if ((at == 0 && (sub || div)) || n->version < 7)
        return false; /* before 7 `axis` says where it broadcasts */
    const Tensor *t = n->inputs[at];
    if (!is_per_channel(t, l)) return false;
    bool each = tensor_elements(t) > 1;
    for (int64_t c = 0; c < l->channels; c++) {
        double v = number(t, each ? c : 0);
        map->scale[c] = mul ? v : div ? 1 / v : 1;
        map->shift[c] = add ? v : sub ? -v : 0;
        if (!isfinite(map->scale[c])) return false;
    }
    map->scales = mul || div;
    map->shifts = add || sub;
    return true;
}

static bool read_map(Arena *arena, ChannelMap *map, const Linear *l, const Node *n)
{
    map->scale = NEW_ARRAY(arena, double, l->channels);
    map->shift = NEW_ARRAY(arena, double, l->channels);
    map->scales = map->shifts = false;
    if (is_op(n, "BatchNormalization"))
        return n->inputs[X] == l->node->outputs[0] && read_batchnorm(map, l, n);
    return read_arithmetic(map, l, n);
}

/* ---- rewriting ---- */

typedef struct Rewriting {
    Graph *graph;
    const int *uses; /* of the tensors there were before: `counted` of them */
    int counted;
    bool *owned; /* by node: its weights' bytes were made here */
} Rewriting;

/* A constant in place of `old` (NULL: none): the same tensor, by its own name, when nobody else
 * reads it. */
static Tensor *new_value(const Rewriting *r, Tensor *old, const char *stem, Dtype dtype, int rank,
                         const int64_t *dims, const void *data)
{
    bool alone = old && (old->id >= r->counted || r->uses[old->id] == 1);
    if (!alone || old->rank != rank || memcmp(old->dims, dims, (size_t)rank * sizeof *dims) != 0)
        return graph_add_const(r->graph, graph_unique_name(r->graph, stem), dtype, rank, dims,
                               data);
    old->data = data;
    return old;
}

static void scale_f32(float *out, const float *w, int64_t n, double scale)
{
    for (int64_t i = 0; i < n; i++) out[i] = (float)(w[i] * scale);
}

static void scale_f64(double *out, const double *w, int64_t n, double scale)
{
    for (int64_t i = 0; i < n; i++) out[i] = w[i] * scale;
}

/* The pass may meet weights again (Conv, Mul, BatchNorm): bytes it made itself are rewritten in
 * place. */
static void scale_weights(const Rewriting *r, const Linear *l, const double *scale)
{
    Tensor *w = l->node->inputs[W];
    bool *owned = &r->owned[l->node->id];
    size_t bytes = dtype_bytes(w->dtype, tensor_elements(w));
    void *out = *owned ? (void *)w->data : arena_alloc(r->graph->arena, bytes);
    int64_t outer_per_group = l->outer / l->groups;
    for (int64_t o = 0; o < l->outer; o++)
        for (int64_t c = 0; c < l->width; c++) {
            int64_t at = (o * l->width + c) * l->inner;
            double s = scale[l->groups > 1 ? o / outer_per_group * l->width + c : c];
            if (w->dtype == DT_F32)
                scale_f32((float *)out + at, (const float *)w->data + at, l->inner, s);
            else
                scale_f64((double *)out + at, (const double *)w->data + at, l->inner, s);
        }
    l->node->inputs[W] = new_value(r, w, w->name, w->dtype, w->rank, w->dims, out);
    *owned = true;
}

static void set_bias(Graph *g, const Linear *l, Tensor *bias)
{
    Node *n = l->node;
    if (n->input_count <= BIAS) {
        Tensor **inputs = NEW_ARRAY(g->arena, Tensor *, BIAS + 1);
        memcpy(inputs, n->inputs, (size_t)n->input_count * sizeof *inputs);
        n->inputs = inputs;
        n->input_count = BIAS + 1;
    }
    n->inputs[BIAS] = bias;
}

/* bias * scale + shift; Gemm's factor on its bias is applied first and then 1. */
static void map_bias(const Rewriting *r, const Linear *l, const ChannelMap *map)
{
    Node *n = l->node;
    Graph *g = r->graph;
    Tensor *old = node_input(n, BIAS), *w = n->inputs[W];
    double beta = is_op(n, "Gemm") && old ? attr_float(n, "beta") : 1;
    void *data = arena_alloc(g->arena, dtype_bytes(w->dtype, l->channels));
    for (int64_t c = 0; c < l->channels; c++) {
        double b = old ? beta * number(old, tensor_elements(old) > 1 ? c : 0) : 0;
        dtype_set_double(w->dtype, data, c, b * map->scale[c] + map->shift[c]);
    }
    if (beta != 1)
        for (int i = 0; i < n->attr_count; i++)
            if (strcmp(n->attrs[i].name, "beta") == 0) n->attrs[i].f = 1;
    const char *stem = old ? old->name : arena_format(g->arena, "%s.bias", n->name);
    set_bias(g, l, new_value(r, old, stem, w->dtype, 1, &l->channels, data));
}

/* What a MatMul has no place for stays an Add of one row. */
static void leave_shift(const Rewriting *r, const Linear *l, const ChannelMap *map, Node *n)
{
    Graph *g = r->graph;
    const Tensor *w = l->node->inputs[W];
    void *data = arena_alloc(g->arena, dtype_bytes(w->dtype, l->channels));
    for (int64_t c = 0; c < l->channels; c++) dtype_set_double(w->dtype, data, c, map->shift[c]);
    const char *stem = arena_format(g->arena, "%s.shift", n->name);
    n->op_type = "Add";
    n->op = op_find("", "Add");
    n->version = n->version < 7 ? 7 : n->version;
    n->attr_count = 0;
    n->input_count = 2;
    n->inputs = NEW_ARRAY(g->arena, Tensor *, 2);
    n->inputs[0] = l->node->outputs[0];
    n->inputs[1] = new_value(r, NULL, stem, w->dtype, 1, &l->channels, data);
}

/* True when node n, which read the linear operator's result, is to be dropped. */
static bool absorb(const Rewriting *r, const Linear *l, const ChannelMap *map, Node *n)
{
    bool has_bias = l->takes_bias && node_input(l->node, BIAS);
    if (!l->takes_bias && !map->scales) return false; /* a sum after a MatMul is fused as it is */
    if (map->scales) scale_weights(r, l, map->scale);
    if (l->takes_bias && (map->shifts || has_bias)) map_bias(r, l, map);
    if (!l->takes_bias && map->shifts) {
        leave_shift(r, l, map, n);
        return false;
    }
    node_set_output(l->node, 0, n->outputs[0]);
    return true;
}

/* The linear operator whose result n reads, when nobody else does. */
static bool linear_before(const Graph *g, const Node *n, const int *uses, Linear *l)
{
    for (int i = 0; i < n->input_count && i < 2; i++) {
        const Tensor *t = n->inputs[i];
        if (!t || t->kind != TENSOR_VALUE || !t->producer) continue;
        if (!graph_owns(g, t) || uses[t->id] != 1) continue;
        if (read_linear(l, t->producer)) return true;
    }
    return false;
}

/* The map keeps type and shape: a constant did not stretch the result. */
static bool keeps_shape(const Linear *l, const Node *n)
{
    const Tensor *x = l->node->outputs[0], *y = n->outputs[0];
    return y && x->dtype == y->dtype && x->rank == y->rank &&
           memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) == 0;
}

void affine_absorb(Graph *g)
{
    Rewriting r = {g, graph_uses(g), g->tensors.count,
                   NEW_ARRAY(g->arena, bool, g->nodes.count + 1)};
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) {
        Node *n = g->nodes.items[i];
        Linear l;
        ChannelMap map;
        if (!linear_before(g, n, r.uses, &l) || !keeps_shape(&l, n) ||
            !read_map(g->arena, &map, &l, n))
            continue;
        drop[i] = absorb(&r, &l, &map, n);
    }
    graph_remove_nodes(g, drop);
}
