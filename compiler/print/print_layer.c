/*
 * In: a node, and those after it. Out: the layer of the language that makes just that: the same
 * operator in the same version, parameters that nothing else reads, attributes that the layer can
 * say. The rows mirror the layers of read_net_layers_*.c; what is printed is read again and
 * compared (print_structure.c), so that a row that does not fit costs a layer, not the net.
 */
#include "print_layer.h"

#include "print_net.h"

/* ---- what a layer takes ---- */

bool layer_at_version(const CallMaker *m, const Node *n, int since)
{
    return n->version == (m->graph->opset > since ? m->graph->opset : since);
}

/* A parameter that only this node reads, of the type and shape the layer gives it. */
static bool own(const CallMaker *m, const Node *n, int input, bool trainable, int rank,
                const int64_t *dims)
{
    const Tensor *t = node_input(n, input);
    if (!t || t->kind != TENSOR_PARAM || t->trainable != trainable || m->uses[t->id] != 1)
        return false;
    if (t->rank != rank || t->dtype != n->outputs[0]->dtype) return false;
    return memcmp(t->dims, dims, (size_t)rank * sizeof *dims) == 0;
}

/* A parameter the layer makes, or a tensor that is given to it. */
static bool own_or_shared(const CallMaker *m, const Node *n, int input, int rank,
                          const int64_t *dims)
{
    const Tensor *t = node_input(n, input);
    if (own(m, n, input, true, rank, dims)) return true;
    return t && print_is_shared(m, t) && t->dtype == n->outputs[0]->dtype && t->rank == rank &&
           memcmp(t->dims, dims, (size_t)rank * sizeof *dims) == 0;
}

bool layer_is_value(const Tensor *t)
{
    return t && (t->kind == TENSOR_VALUE || t->kind == TENSOR_INPUT);
}

const int64_t *layer_const_ints(const CallMaker *m, const Node *n, int input, int *count)
{
    const Tensor *t = node_input(n, input);
    if (!t || !t->data || t->dtype != DT_I64 || t->rank != 1 || t->dims[0] > 128) return NULL;
    int64_t *values = NEW_ARRAY(m->arena, int64_t, t->dims[0] + 1);
    *count = (int)t->dims[0];
    for (int i = 0; i < *count; i++) values[i] = dtype_get_int(t->dtype, t->data, i);
    return values;
}

static bool const_scalar(const Node *n, int input, Dtype dtype, double *value)
{
    const Tensor *t = node_input(n, input);
    if (!t || !t->data || t->rank != 0 || t->dtype != dtype || t->trainable ||
        !dtype_is_float(dtype))
        return false;
    *value = dtype_get_double(dtype, t->data, 0);
    return true;
}

void layer_start(const CallMaker *m, PrintCall *c, const char *name, const Tensor *x)
{
    c->kind = CALL_LAYER;
    c->callee = name;
    call_value(m, c, NULL, x);
}

/* weight: and bias: where they are shared, bias: false where there is none. */
static void add_weights(const CallMaker *m, PrintCall *c, const Node *n)
{
    const Tensor *w = n->inputs[1], *b = node_input(n, 2);
    if (print_is_shared(m, w)) call_value(m, c, "weight", w);
    if (b && print_is_shared(m, b))
        call_value(m, c, "bias", b);
    else
        call_bool(m, c, "bias", b != NULL, true);
}

/* ---- windows ---- */

typedef struct Window {
    int spatial;
    int64_t kernel[MAX_RANK], stride[MAX_RANK], dilation[MAX_RANK], pads[2 * MAX_RANK];
} Window;

static bool read_list(const Node *n, const char *name, int count, int64_t otherwise, int64_t *out)
{
    int given;
    const int64_t *values = attr_ints(n, name, &given);
    for (int i = 0; i < count; i++) out[i] = values ? (i < given ? values[i] : 0) : otherwise;
    return !values || given == count;
}

static bool read_window(const Node *n, Window *w)
{
    const char *auto_pad = attr_text(n, "auto_pad");
    w->spatial = n->inputs[0]->rank - 2;
    if (w->spatial < 1 || (*auto_pad && strcmp(auto_pad, "NOTSET"))) return false;
    bool good = read_list(n, "strides", w->spatial, 1, w->stride) &&
                read_list(n, "pads", 2 * w->spatial, 0, w->pads);
    for (int i = 0; i < w->spatial; i++) w->dilation[i] = 1;
    if (node_attr(n, "dilations")) good &= read_list(n, "dilations", w->spatial, 1, w->dilation);
    for (int i = 0; i < 2 * w->spatial; i++) good &= w->pads[i] >= 0;
    return good;
}

static bool symmetric(const Window *w)
{
    return memcmp(w->pads, w->pads + w->spatial, (size_t)w->spatial * sizeof *w->pads) == 0;
}

static void add_window(const CallMaker *m, PrintCall *c, const Window *w, const char *kernel,
                       const char *stride)
{
    call_ints(m, c, kernel, w->kernel, w->spatial, NULL);
    call_ints(m, c, "stride", w->stride, w->spatial, stride);
    call_ints(m, c, "pad", w->pads, symmetric(w) ? w->spatial : 2 * w->spatial, "0");
}

static bool conv(const CallMaker *m, const Node *n, PrintCall *c)
{
    Window w;
    const Tensor *x = n->inputs[0], *weight = n->inputs[1];
    bool transposed = is_op(n, "ConvTranspose");
    if (!layer_at_version(m, n, 11) || !read_window(n, &w) || !weight || weight->rank != x->rank)
        return false;
    memcpy(w.kernel, weight->dims + 2, (size_t)w.spatial * sizeof *w.kernel);
    int64_t groups = attr_int(n, "group"), out = n->outputs[0]->dims[1], extra[MAX_RANK];
    if (node_attr(n, "output_shape")) return false;
    if (!own_or_shared(m, n, 1, weight->rank, weight->dims)) return false;
    if (node_input(n, 2) && !own_or_shared(m, n, 2, 1, &out)) return false;
    layer_start(m, c, transposed ? "conv_transpose" : "conv", x);
    call_int(m, c, NULL, out, NULL);
    add_window(m, c, &w, "kernel", "1");
    if (transposed) {
        if (!read_list(n, "output_padding", w.spatial, 0, extra)) return false;
        call_ints(m, c, "output_pad", extra, w.spatial, "0");
    }
    call_ints(m, c, "dilation", w.dilation, w.spatial, "1");
    call_int(m, c, "groups", groups, "1");
    add_weights(m, c, n);
    return true;
}

static const char *stride_of_kernel(const CallMaker *m, const Window *w)
{
    PrintCall scratch = {0};
    call_ints(m, &scratch, NULL, w->kernel, w->spatial, NULL);
    return scratch.args.items[0].text;
}

static bool pool(const CallMaker *m, const Node *n, PrintCall *c)
{
    Window w;
    bool max = is_op(n, "MaxPool"), lp = is_op(n, "LpPool");
    if (!layer_at_version(m, n, lp ? 18 : 11) || node_output(n, 1) || !read_window(n, &w))
        return false;
    if (!read_list(n, "kernel_shape", w.spatial, 1, w.kernel)) return false;
    if (max && attr_int(n, "storage_order")) return false;
    bool dilated = false;
    for (int i = 0; i < w.spatial; i++) dilated |= w.dilation[i] != 1;
    if (dilated && !max) return false;
    layer_start(m, c, max ? "maxpool" : lp ? "lppool" : "avgpool", n->inputs[0]);
    add_window(m, c, &w, NULL, stride_of_kernel(m, &w));
    if (max) call_ints(m, c, "dilation", w.dilation, w.spatial, "1");
    if (lp) call_int(m, c, "p", attr_int(n, "p"), "2");
    if (m->graph->opset >= 10) call_bool(m, c, "ceil", attr_int(n, "ceil_mode"), false);
    bool padded = false;
    for (int i = 0; i < 2 * w.spatial; i++) padded |= w.pads[i] != 0;
    if (is_op(n, "AveragePool"))
        call_bool(m, c, "count_include_pad", attr_int(n, "count_include_pad") || !padded, true);
    return true;
}

/* ---- matrices ---- */

static bool linear(const CallMaker *m, const Node *n, PrintCall *c)
{
    const Tensor *x = n->inputs[0], *weight = n->inputs[1];
    if (!layer_at_version(m, n, 11) || !layer_is_value(x) || !weight || weight->rank != 2)
        return false;
    if (!attr_int(n, "transB") || attr_int(n, "transA") || attr_float(n, "alpha") != 1 ||
        attr_float(n, "beta") != 1)
        return false;
    int64_t out = weight->dims[0];
    if (!own_or_shared(m, n, 1, 2, weight->dims) ||
        (node_input(n, 2) && !own_or_shared(m, n, 2, 1, &out)))
        return false;
    layer_start(m, c, "linear", x);
    call_int(m, c, NULL, out, NULL);
    add_weights(m, c, n);
    return true;
}

static bool matmul(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 9) || !layer_is_value(n->inputs[0]) ||
        !layer_is_value(n->inputs[1]))
        return false;
    layer_start(m, c, "matmul", n->inputs[0]);
    call_value(m, c, NULL, n->inputs[1]);
    return true;
}

static bool embedding(const CallMaker *m, const Node *n, PrintCall *c)
{
    const Tensor *table = n->inputs[0], *x = n->inputs[1];
    if (!layer_at_version(m, n, 11) || attr_int(n, "axis") || !layer_is_value(x) ||
        table->rank != 2 || table->dtype != DT_F32)
        return false;
    if (!own(m, n, 0, true, 2, table->dims)) return false;
    layer_start(m, c, "embedding", x);
    call_int(m, c, NULL, table->dims[0], NULL);
    call_int(m, c, NULL, table->dims[1], NULL);
    return true;
}

/* ---- normalisation ---- */

static void add_eps(const CallMaker *m, PrintCall *c, const Node *n)
{
    call_float(m, c, "eps", attr_float(n, "epsilon"), "1e-05");
}

static bool batchnorm(const CallMaker *m, const Node *n, PrintCall *c)
{
    const int64_t *channels = n->inputs[0]->rank > 1 ? &n->inputs[0]->dims[1] : NULL;
    if (!channels || !layer_at_version(m, n, 9) ||
        (node_attr(n, "training_mode") && attr_int(n, "training_mode")) || node_output(n, 1))
        return false;
    for (int i = 1; i < 5; i++)
        if (!own(m, n, i, i < 3, 1, channels)) return false;
    layer_start(m, c, "batchnorm", n->inputs[0]);
    add_eps(m, c, n);
    return true;
}

static bool layernorm(const CallMaker *m, const Node *n, PrintCall *c)
{
    const Tensor *x = n->inputs[0];
    bool rms = is_op(n, "RMSNormalization");
    int axis = attr_axis(n, x->rank), rank = x->rank - axis;
    if (!layer_at_version(m, n, rms ? 23 : 17) || node_output(n, 1) || node_output(n, 2) ||
        attr_int(n, "stash_type") != 1)
        return false;
    if (!own(m, n, 1, true, rank, x->dims + axis) ||
        (!rms && !own(m, n, 2, true, rank, x->dims + axis)))
        return false;
    layer_start(m, c, rms ? "rmsnorm" : "layernorm", x);
    call_int(m, c, "axis", axis - x->rank, "-1");
    add_eps(m, c, n);
    return true;
}

static bool groupnorm(const CallMaker *m, const Node *n, PrintCall *c)
{
    const Tensor *x = n->inputs[0];
    bool group = is_op(n, "GroupNormalization");
    if (!layer_at_version(m, n, group ? 21 : 6) || x->rank < 3) return false;
    if (!own(m, n, 1, true, 1, &x->dims[1]) || !own(m, n, 2, true, 1, &x->dims[1])) return false;
    layer_start(m, c, group ? "groupnorm" : "instancenorm", x);
    if (group) call_int(m, c, NULL, attr_int(n, "num_groups"), NULL);
    add_eps(m, c, n);
    return true;
}

static bool lrn(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 1)) return false;
    layer_start(m, c, "lrn", n->inputs[0]);
    call_int(m, c, NULL, attr_int(n, "size"), NULL);
    call_float(m, c, "alpha", attr_float(n, "alpha"), "0.0001");
    call_float(m, c, "beta", attr_float(n, "beta"), "0.75");
    call_float(m, c, "k", attr_float(n, "bias"), "1.0");
    return true;
}

static bool dropout(const CallMaker *m, const Node *n, PrintCall *c)
{
    double ratio;
    if (!layer_at_version(m, n, 12) || node_output(n, 1) || node_input(n, 2) ||
        !const_scalar(n, 1, DT_F32, &ratio))
        return false;
    layer_start(m, c, "dropout", n->inputs[0]);
    call_float(m, c, NULL, ratio, "0.5");
    return true;
}

/* ---- activations ---- */

static bool clip(const CallMaker *m, const Node *n, PrintCall *c)
{
    double low = 0, high = 0;
    Dtype dtype = n->outputs[0]->dtype;
    bool has_low = node_input(n, 1), has_high = node_input(n, 2);
    if (!layer_at_version(m, n, 12) || (has_low && !const_scalar(n, 1, dtype, &low)) ||
        (has_high && !const_scalar(n, 2, dtype, &high)))
        return false;
    bool six = has_low && has_high && low == 0 && high == 6;
    layer_start(m, c, six ? "relu6" : "clip", n->inputs[0]);
    if (six) return true;
    if (has_low) call_float(m, c, "min", low, NULL);
    if (has_high) call_float(m, c, "max", high, NULL);
    return true;
}

static bool softmax(const CallMaker *m, const Node *n, PrintCall *c)
{
    int rank = n->inputs[0]->rank;
    if (!layer_at_version(m, n, 13) || rank < 1) return false;
    layer_start(m, c, is_op(n, "Softmax") ? "softmax" : "log_softmax", n->inputs[0]);
    call_int(m, c, "axis", attr_axis(n, rank) - rank, "-1");
    return true;
}

static bool gelu(const CallMaker *m, const Node *n, PrintCall *c)
{
    if (!layer_at_version(m, n, 20)) return false;
    layer_start(m, c, "gelu", n->inputs[0]);
    call_text(m, c, "approximate", TEXT_OTHER,
              arena_format(m->arena, "\"%s\"", attr_text(n, "approximate")))
        ->otherwise = "\"none\"";
    return true;
}

static bool prelu(const CallMaker *m, const Node *n, PrintCall *c)
{
    const Tensor *x = n->inputs[0];
    int64_t dims[MAX_RANK];
    int rank = x->rank > 1 ? x->rank - 1 : 1;
    for (int i = 0; i < rank; i++) dims[i] = 1;
    if (x->rank > 1) dims[0] = x->dims[1];
    if (!layer_at_version(m, n, 16)) return false;
    bool channels = own(m, n, 1, true, rank, dims);
    dims[0] = 1;
    if (!channels && !own(m, n, 1, true, rank, dims)) return false;
    layer_start(m, c, "prelu", x);
    call_bool(m, c, "shared", !channels, false);
    return true;
}

/* One input, and numbers that are attributes of the same name. */
static const struct Unary {
    const char *op_type, *layer;
    int since;
    struct {
        const char *name, *otherwise;
    } numbers[2];
} unaries[] = {
    {"Relu", "relu", 6, {{0}}},
    {"Sigmoid", "sigmoid", 6, {{0}}},
    {"Tanh", "tanh", 6, {{0}}},
    {"Softplus", "softplus", 1, {{0}}},
    {"Softsign", "softsign", 1, {{0}}},
    {"Exp", "exp", 6, {{0}}},
    {"Log", "log", 6, {{0}}},
    {"Sqrt", "sqrt", 6, {{0}}},
    {"Abs", "abs", 6, {{0}}},
    {"Erf", "erf", 9, {{0}}},
    {"HardSwish", "hardswish", 14, {{0}}},
    {"Mish", "mish", 18, {{0}}},
    {"Identity", "identity", 1, {{0}}},
    {"GlobalAveragePool", "global_avgpool", 1, {{0}}},
    {"GlobalMaxPool", "global_maxpool", 1, {{0}}},
    {"LeakyRelu", "leaky_relu", 6, {{"alpha", "0.01"}}},
    {"Elu", "elu", 6, {{"alpha", "1.0"}}},
    {"Celu", "celu", 12, {{"alpha", "1.0"}}},
    {"ThresholdedRelu", "threshold", 10, {{"alpha", "1.0"}}},
    {"HardSigmoid", "hardsigmoid", 6, {{"alpha", "0.16666667"}, {"beta", "0.5"}}},
    {"Selu", "selu", 6, {{"alpha", "1.6732632"}, {"gamma", "1.050701"}}},
};

static bool unary(const CallMaker *m, const Node *n, PrintCall *c)
{
    const struct Unary *row = NULL;
    for (size_t i = 0; i < COUNT(unaries); i++)
        if (is_op(n, unaries[i].op_type)) row = &unaries[i];
    if (!row || !layer_at_version(m, n, row->since) || !layer_is_value(n->inputs[0]) ||
        node_output(n, 1))
        return false;
    layer_start(m, c, row->layer, n->inputs[0]);
    for (size_t i = 0; i < COUNT(row->numbers) && row->numbers[i].name; i++)
        call_float(m, c, row->numbers[i].name, attr_float(n, row->numbers[i].name),
                   row->numbers[i].otherwise);
    return true;
}

/* ---- layers of several nodes ---- */

/* The nodes are a chain that nothing else reads from. */
static bool is_chain(const CallMaker *m, int at, int count)
{
    if (at + count > m->graph->nodes.count) return false;
    for (int i = at; i + 1 < at + count; i++) {
        const Tensor *t = m->graph->nodes.items[i]->outputs[0];
        const Node *next = m->graph->nodes.items[i + 1];
        bool read = false;
        for (int k = 0; k < next->input_count; k++) read |= next->inputs[k] == t;
        if (!read || m->uses[t->id] != 1 || m->graph->nodes.items[i]->output_count != 1)
            return false;
    }
    return true;
}

/* x * sigmoid(x) */
static int silu(const CallMaker *m, int at, PrintCall *c)
{
    Node *const *n = m->graph->nodes.items + at;
    if (!is_op(n[0], "Sigmoid") || !is_chain(m, at, 2) || !is_op(n[1], "Mul")) return 0;
    if (n[1]->inputs[0] != n[0]->inputs[0] || !layer_at_version(m, n[0], 13) ||
        !layer_at_version(m, n[1], 14))
        return 0;
    layer_start(m, c, "silu", n[0]->inputs[0]);
    return 2;
}

/* The last axis times a matrix that is stored transposed, plus a bias. */
static int linear_matmul(const CallMaker *m, int at, PrintCall *c)
{
    Node *const *n = m->graph->nodes.items + at;
    int count, steps;
    if (!is_op(n[0], "Transpose") || !is_chain(m, at, 2) || !is_op(n[1], "MatMul")) return 0;
    const Tensor *weight = n[0]->inputs[0], *x = n[1]->inputs[0];
    const int64_t *perm = attr_ints(n[0], "perm", &count);
    if (weight->rank != 2 || !perm || perm[0] != 1 || n[1]->inputs[1] != n[0]->outputs[0] ||
        !layer_is_value(x))
        return 0;
    bool bias = is_chain(m, at, 3) && is_op(n[2], "Add") && n[2]->inputs[0] == n[1]->outputs[0] &&
                own(m, n[2], 1, true, 1, weight->dims);
    steps = bias ? 3 : 2;
    if (!own(m, n[0], 0, true, 2, weight->dims) || !layer_at_version(m, n[0], 1) ||
        !layer_at_version(m, n[1], 9))
        return 0;
    layer_start(m, c, "linear", x);
    call_int(m, c, NULL, weight->dims[0], NULL);
    if (x->rank > 3) call_int(m, c, "axis", -1, NULL);
    call_bool(m, c, "bias", bias, true);
    return steps;
}

/* Channels as groups x C / groups, transposed, and back. */
static int channel_shuffle(const CallMaker *m, int at, PrintCall *c)
{
    Node *const *n = m->graph->nodes.items + at;
    int count;
    if (!is_op(n[0], "Reshape") || !is_chain(m, at, 3) || !is_op(n[1], "Transpose") ||
        !is_op(n[2], "Reshape"))
        return 0;
    const Tensor *x = n[0]->inputs[0], *parts = n[0]->outputs[0];
    const int64_t *perm = attr_ints(n[1], "perm", &count);
    if (parts->rank != x->rank + 1 || n[2]->outputs[0]->rank != x->rank || !perm ||
        !layer_is_value(x))
        return 0;
    if (!layer_const_ints(m, n[0], 1, &count) || !layer_const_ints(m, n[2], 1, &count)) return 0;
    for (int i = 0; i < parts->rank; i++) {
        int64_t size = i == 0 ? x->dims[0] : i > 2 ? x->dims[i - 1] : parts->dims[i];
        if (perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i) || parts->dims[i] != size) return 0;
    }
    if (memcmp(n[2]->outputs[0]->dims, x->dims, (size_t)x->rank * sizeof *x->dims)) return 0;
    if (!layer_at_version(m, n[0], 5) || !layer_at_version(m, n[1], 1)) return 0;
    layer_start(m, c, "channel_shuffle", x);
    call_int(m, c, NULL, parts->dims[1], NULL);
    return 3;
}

/* ---- choosing ---- */

static const LayerRow single[] = {
    {"Conv", conv},
    {"ConvTranspose", conv},
    {"MaxPool", pool},
    {"AveragePool", pool},
    {"LpPool", pool},
    {"Gemm", linear},
    {"MatMul", matmul},
    {"Gather", embedding},
    {"BatchNormalization", batchnorm},
    {"LayerNormalization", layernorm},
    {"RMSNormalization", layernorm},
    {"GroupNormalization", groupnorm},
    {"InstanceNormalization", groupnorm},
    {"LRN", lrn},
    {"Dropout", dropout},
    {"Clip", clip},
    {"Softmax", softmax},
    {"LogSoftmax", softmax},
    {"Gelu", gelu},
    {"PRelu", prelu},
    {0},
};

static int (*const several[])(const CallMaker *m, int at, PrintCall *c) = {silu, linear_matmul,
                                                                           channel_shuffle};

static const LayerRow *find_row(const LayerRow *rows, const Node *n)
{
    for (; rows->op_type; rows++)
        if (is_op(n, rows->op_type)) return rows;
    return NULL;
}

int print_layer(const CallMaker *m, int at, PrintCall *call)
{
    const Node *n = m->graph->nodes.items[at];
    if (*n->domain || !n->input_count || !n->inputs[0] || !n->outputs[0]) return 0;
    for (size_t i = 0; i < COUNT(several); i++) {
        *call = (PrintCall){0};
        int count = several[i](m, at, call);
        if (count) return count;
    }
    const LayerRow *row = find_row(single, n);
    if (!row) row = find_row(layer_shapes, n);
    if (row) {
        *call = (PrintCall){0};
        return layer_is_value(n->inputs[0]) || is_op(n, "Gather") ? row->make(m, n, call) : 0;
    }
    *call = (PrintCall){0};
    return unary(m, n, call);
}
