/*
 * Chooses the statements of a random network: layers with random geometry, elementwise chains with broadcasting, movement,
 * reductions, over values of several types. What does not fit is refused by network_add and not tried again.
 */
#include "network.h"

#include <stdlib.h>

/* ---- choosing values ---- */

typedef bool (*Wanted)(const Value *v);

static bool is_f32(const Value *v) { return v->dtype == DT_F32; }
static bool is_real(const Value *v) { return dtype_is_float(v->dtype); }
static bool is_exact(const Value *v) { return v->exact && dtype_is_float(v->dtype); }
static bool is_number(const Value *v) { return v->dtype != DT_BOOL; }
static bool is_integer(const Value *v) { return dtype_is_integer(v->dtype); }
static bool is_bool(const Value *v) { return v->dtype == DT_BOOL; }
static bool is_any(const Value *v) { return v->rank >= 0; }
static bool is_comparable(const Value *v) { return is_exact(v) || is_integer(v); }
static bool is_image(const Value *v) { return is_real(v) && v->rank >= 3 && v->rank <= 5; }
static bool is_plane(const Value *v) { return is_f32(v) && v->rank == 4; }
static bool is_matrix(const Value *v) { return is_number(v) && v->dtype != DT_U8 && v->dtype != DT_I8 && v->rank >= 1; }
static bool has_rank(const Value *v) { return v->rank >= 1; }

/* A value of the wanted kind, a new one rather than an old; -1: there is none. */
static int pick(Network *n, Wanted wanted)
{
    int chosen = -1, seen = 0, count = n->values.count;
    for (int v = 0; v < n->values.count; v++) {
        if (!wanted(&n->values.items[v]) || (n->values.items[v].statement < 0 && !n->values.items[v].input)) continue;
        int weight = v > count - 6 ? 6 : 1;
        seen += weight;
        if (random_below(n, seen) < weight) chosen = v;
    }
    return chosen;
}

static Fill random_fill(Network *n, Dtype dtype)
{
    if (dtype_is_float(dtype)) return random_chance(n, 75) ? FILL_EXACT : FILL_ROUGH;
    return random_chance(n, 15) ? FILL_BIG : FILL_INDEX;
}

static bool broadcasts_to(const Value *v, const Value *to)
{
    if (v->dtype != to->dtype || v->rank > to->rank) return false;
    for (int d = 0; d < v->rank; d++)
        if (v->dims[d] != 1 && v->dims[d] != to->dims[to->rank - v->rank + d]) return false;
    return true;
}

/* Another operand for value x: one that there is, or a new leaf, of its shape or one that broadcasts to it. */
static int operand(Network *n, int x, bool exact)
{
    Value to = n->values.items[x];
    int chosen = -1, seen = 0;
    for (int v = 0; v < n->values.count; v++)
        if (v != x && broadcasts_to(&n->values.items[v], &to) && (!exact || n->values.items[v].exact) && random_below(n, ++seen) == 0)
            chosen = v;
    if (chosen >= 0 && random_chance(n, 60)) return chosen;
    int from = random_chance(n, 30) ? random_below(n, to.rank + 1) : 0;
    int64_t dims[MAX_RANK];
    for (int d = from; d < to.rank; d++) dims[d - from] = random_chance(n, 65) ? to.dims[d] : 1;
    return network_leaf(n, to.dtype, to.rank - from, dims, exact ? FILL_EXACT : random_fill(n, to.dtype));
}

/* ---- text ---- */

/* A call being written, with room to spare for every operator here. */
typedef struct Call {
    char text[2000];
    size_t length;
} Call;

static void put(Call *c, const char *format, ...) PRINTF(2, 3);
static void put(Call *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    c->length += (size_t)vsnprintf(c->text + c->length, sizeof c->text - c->length, format, args);
    va_end(args);
    assert(c->length < sizeof c->text);
}

static void put_list(Call *c, const int64_t *items, int count)
{
    put(c, "[");
    for (int i = 0; i < count; i++) put(c, "%s%lld", i ? ", " : "", (long long)items[i]);
    put(c, "]");
}

static void put_indices(Call *c, const int64_t *items, int count)
{
    put(c, ", i64[%d] ", count);
    put_list(c, items, count);
}

static void put_attribute(Call *c, const char *name, const int64_t *items, int count)
{
    put(c, ", %s: ", name);
    put_list(c, items, count);
}

static int add(Network *n, int outputs, bool exact, const Call *c) { return network_add(n, outputs, exact, c->text); }

/* ---- windows ---- */

static void random_list(Network *n, int64_t *items, int count, int least, int most)
{
    for (int i = 0; i < count; i++) items[i] = least + random_below(n, most - least + 1);
}

/* Strides, dilations and pads of a window, each only sometimes. */
static void put_window(Network *n, Call *c, int spatial, const int64_t *kernel, bool pool)
{
    int64_t items[2 * MAX_RANK];
    put_attribute(c, "kernel_shape", kernel, spatial);
    random_list(n, items, spatial, 1, 3);
    if (random_chance(n, 50)) put_attribute(c, "strides", items, spatial);
    random_list(n, items, spatial, 1, 2);
    if (random_chance(n, 20)) put_attribute(c, "dilations", items, spatial);
    int pads = random_below(n, 4);
    for (int d = 0; d < 2 * spatial; d++) {
        items[d] = pads == 1 ? random_below(n, 3) : kernel[d % spatial] / 2;
        if (pool) items[d] = min64(items[d], kernel[d % spatial] - 1);
    }
    if (pads == 3) put(c, ", auto_pad: \"%s\"", random_chance(n, 50) ? "SAME_UPPER" : "SAME_LOWER");
    else if (pads) put_attribute(c, "pads", items, 2 * spatial);
}

static int random_groups(Network *n, int64_t channels)
{
    if (random_chance(n, 60)) return 1;
    int group = random_chance(n, 50) ? (int)channels : 1 + random_below(n, (int)channels);
    while (channels % group) group--;
    return group;
}

static int random_channels(Network *n)
{
    static const int usual[] = {4, 8, 16, 32, 12, 24};
    return random_chance(n, 50) ? usual[random_below(n, (int)COUNT(usual))] : 1 + random_below(n, 20);
}

static void add_convolution(Network *n)
{
    int x = pick(n, is_image);
    if (x < 0) return;
    Value v = n->values.items[x];
    int spatial = v.rank - 2, group = random_groups(n, v.dims[1]);
    int64_t out = (int64_t)group * (group > 1 ? 1 + random_below(n, group > 4 ? 2 : 5) : random_channels(n));
    int64_t dims[MAX_RANK] = {out, v.dims[1] / group}, *kernel = dims + 2;
    random_list(n, kernel, spatial, 1, random_chance(n, 80) ? 3 : 5);
    if (random_chance(n, 20)) random_list(n, kernel, spatial, 1, 1);
    Fill fill = random_fill(n, v.dtype);
    Call c = {0};
    put(&c, "Conv($%d, $%d", x, network_leaf(n, v.dtype, v.rank, dims, fill));
    if (random_chance(n, 60)) put(&c, ", $%d", network_leaf(n, v.dtype, 1, dims, fill));
    if (group > 1) put(&c, ", group: %d", group);
    put_window(n, &c, spatial, kernel, false);
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_transposed(Network *n)
{
    int x = pick(n, is_image);
    if (x < 0) return;
    Value v = n->values.items[x];
    int spatial = v.rank - 2, group = random_groups(n, v.dims[1]);
    int64_t dims[MAX_RANK] = {v.dims[1], 1 + random_below(n, group > 1 ? 3 : 12)}, *kernel = dims + 2, strides[MAX_RANK] = {0}, items[2 * MAX_RANK];
    random_list(n, kernel, spatial, 1, 4);
    Call c = {0};
    put(&c, "ConvTranspose($%d, $%d", x, network_leaf(n, v.dtype, v.rank, dims, random_fill(n, v.dtype)));
    int64_t out = dims[1] * group;
    if (random_chance(n, 60)) put(&c, ", $%d", network_leaf(n, v.dtype, 1, &out, FILL_EXACT));
    if (group > 1) put(&c, ", group: %d", group);
    put_attribute(&c, "kernel_shape", kernel, spatial);
    random_list(n, strides, spatial, 1, 3);
    put_attribute(&c, "strides", strides, spatial);
    random_list(n, items, spatial, 1, 2);
    if (random_chance(n, 20)) put_attribute(&c, "dilations", items, spatial);
    random_list(n, items, 2 * spatial, 0, 2);
    if (random_chance(n, 50)) put_attribute(&c, "pads", items, 2 * spatial);
    for (int d = 0; d < spatial; d++) items[d] = random_below(n, (int)strides[d]);
    if (random_chance(n, 30)) put_attribute(&c, "output_padding", items, spatial);
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_pool(Network *n)
{
    static const char *const names[] = {"MaxPool", "MaxPool", "AveragePool", "AveragePool", "LpPool"};
    int x = pick(n, is_image), which = random_below(n, (int)COUNT(names));
    if (x < 0) return;
    int spatial = n->values.items[x].rank - 2;
    int64_t kernel[MAX_RANK];
    random_list(n, kernel, spatial, 1, 4);
    Call c = {0};
    put(&c, "%s($%d", names[which], x);
    put_window(n, &c, spatial, kernel, true);
    if (random_chance(n, 40)) put(&c, ", ceil_mode: 1");
    if (which / 2 == 1 && random_chance(n, 50)) put(&c, ", count_include_pad: 1");
    put(&c, ")");
    bool indices = which < 2 && n->values.items[x].exact && random_chance(n, 20);
    add(n, indices ? 2 : 1, which < 2, &c);
}

static void add_global(Network *n)
{
    static const char *const names[] = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "GlobalAveragePool"};
    int x = pick(n, is_image), which = random_below(n, (int)COUNT(names));
    if (x < 0) return;
    Call c = {0};
    put(&c, "%s($%d)", names[which], x);
    add(n, 1, which == 1, &c);
}

/* ---- normalisations ---- */

static void add_channel_normal(Network *n)
{
    int x = pick(n, is_image), which = random_below(n, 4);
    if (x < 0) return;
    Value v = n->values.items[x];
    const int64_t *channels = &v.dims[1];
    int a = network_leaf(n, v.dtype, 1, channels, FILL_EXACT), b = network_leaf(n, v.dtype, 1, channels, FILL_EXACT);
    Call c = {0};
    if (which == 0) put(&c, "InstanceNormalization($%d, $%d, $%d, epsilon: 0.1)", x, a, b);
    else if (which == 1) put(&c, "LRN($%d, size: %d, alpha: 0.5)", x, 1 + 2 * random_below(n, 3));
    else
        put(&c, "BatchNormalization($%d, $%d, $%d, $%d, $%d, epsilon: 0.01)", x, a, b, network_leaf(n, v.dtype, 1, channels, FILL_EXACT),
            network_leaf(n, v.dtype, 1, channels, FILL_POSITIVE));
    add(n, 1, false, &c);
}

static void add_row_normal(Network *n)
{
    int x = pick(n, is_real), which = random_below(n, 5);
    if (x < 0 || n->values.items[x].rank == 0) return;
    Value v = n->values.items[x];
    int axis = random_chance(n, 60) ? v.rank - 1 : random_below(n, v.rank);
    Call c = {0};
    if (which == 0) {
        int scale = network_leaf(n, v.dtype, v.rank - axis, v.dims + axis, FILL_EXACT);
        put(&c, "LayerNormalization($%d, $%d", x, scale);
        if (random_chance(n, 60)) put(&c, ", $%d", network_leaf(n, v.dtype, v.rank - axis, v.dims + axis, FILL_EXACT));
        put(&c, ", axis: %d, epsilon: 0.1)", axis);
    } else {
        put(&c, "%s($%d, axis: %d)", which == 1 ? "LogSoftmax" : "Softmax", x, random_chance(n, 30) ? axis - v.rank : axis);
    }
    add(n, 1, false, &c);
}

/* ---- products ---- */

static void add_matmul(Network *n)
{
    int x = pick(n, is_matrix);
    if (x < 0) return;
    Value v = n->values.items[x];
    bool left = random_chance(n, 25) && v.rank >= 2;
    int64_t dims[MAX_RANK], inner = v.dims[left ? v.rank - 2 : v.rank - 1], other = random_channels(n);
    int batch = random_chance(n, 50) ? 0 : max64(0, v.rank - 2 - random_below(n, 2));
    for (int d = 0; d < batch; d++) dims[d] = random_chance(n, 70) ? v.dims[v.rank - 2 - batch + d] : 1;
    dims[batch] = left ? other : inner;
    dims[batch + 1] = left ? inner : other;
    int rank = batch + 2;
    if (!batch && random_chance(n, 10)) rank = 1, dims[0] = inner;
    int y = network_leaf(n, v.dtype, rank, dims, dtype_is_float(v.dtype) ? random_fill(n, v.dtype) : FILL_INDEX);
    Call c = {0};
    put(&c, "MatMul($%d, $%d)", left ? y : x, left ? x : y);
    add(n, 1, true, &c);
}

/* Two values that there are: x and a transpose of the other, as attention has it. */
static void add_matmul_pair(Network *n)
{
    int x = pick(n, is_f32), y = pick(n, is_f32);
    if (x < 0 || n->values.items[x].rank < 2 || n->values.items[y].rank != n->values.items[x].rank) return;
    Call c = {0};
    int rank = n->values.items[y].rank;
    if (n->values.items[x].dims[rank - 1] == n->values.items[y].dims[rank - 1]) {
        int64_t perm[MAX_RANK];
        for (int d = 0; d < rank; d++) perm[d] = d < rank - 2 ? d : 2 * rank - 3 - d;
        put(&c, "Transpose($%d", y);
        put_attribute(&c, "perm", perm, rank);
        put(&c, ")");
        y = add(n, 1, true, &c);
        if (y < 0) return;
        c = (Call){0};
    }
    put(&c, "MatMul($%d, $%d)", x, y);
    add(n, 1, true, &c);
}

static void add_gemm(Network *n)
{
    int x = pick(n, is_real);
    if (x < 0 || n->values.items[x].rank != 2) return;
    Value v = n->values.items[x];
    int ta = random_chance(n, 30), tb = random_chance(n, 50);
    int64_t inner = v.dims[ta ? 0 : 1], rows = v.dims[ta ? 1 : 0], columns = random_channels(n);
    int64_t dims[2] = {tb ? columns : inner, tb ? inner : columns}, bias[2] = {random_chance(n, 30) ? rows : 1, columns};
    Call c = {0};
    put(&c, "Gemm($%d, $%d", x, network_leaf(n, v.dtype, 2, dims, random_fill(n, v.dtype)));
    int skip = random_below(n, 2);
    if (random_chance(n, 60)) put(&c, ", $%d", network_leaf(n, v.dtype, 2 - skip, bias + skip, FILL_EXACT));
    put(&c, ", transA: %d, transB: %d", ta, tb);
    if (random_chance(n, 20)) put(&c, ", alpha: 0.5, beta: 2.0");
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_einsum(Network *n)
{
    static const struct Form { int rank, other; const char *text; } forms[] = {
        {2, 2, "ij,jk->ik"}, {2, 2, "ij,kj->ik"}, {3, 3, "bij,bjk->bik"}, {3, 3, "bij,bkj->bki"}, {3, 2, "bij,jk->kbi"}, {4, 4, "bhid,bhjd->bhij"}};
    const struct Form *f = &forms[random_below(n, (int)COUNT(forms))];
    int x = pick(n, is_f32);
    if (x < 0 || n->values.items[x].rank != f->rank) return;
    Value v = n->values.items[x];
    int64_t dims[MAX_RANK];
    const char *second = strchr(f->text, ',') + 1;
    for (int d = 0; d < f->other; d++) {
        const char *at = memchr(f->text, second[d], (size_t)f->rank);
        dims[d] = at ? v.dims[at - f->text] : random_channels(n);
    }
    Call c = {0};
    put(&c, "Einsum($%d, $%d, equation: \"%s\")", x, network_leaf(n, v.dtype, f->other, dims, FILL_EXACT), f->text);
    add(n, 1, true, &c);
}

/* ---- elementwise ---- */

static void add_unary(Network *n)
{
    static const struct Unary { const char *call; Wanted wanted; bool exact; } calls[] = {
        {"Relu($%d)", is_real, true}, {"Relu($%d)", is_real, true}, {"LeakyRelu($%d, alpha: 0.25)", is_real, true}, {"Sigmoid($%d)", is_real, false},
        {"Tanh($%d)", is_real, false}, {"Exp($%d)", is_real, false}, {"Abs($%d)", is_number, true}, {"Neg($%d)", is_real, true},
        {"Clip($%d, f32[] -1.5, f32[] 2.0)", is_f32, true}, {"Clip($%d, f32[] 0.0, f32[] 6.0)", is_f32, true}, {"HardSwish($%d)", is_real, false}, {"Gelu($%d)", is_real, false},
        {"Erf($%d)", is_real, false}, {"Softplus($%d)", is_real, false}, {"Elu($%d)", is_real, false}, {"Selu($%d)", is_real, false},
        {"Mish($%d)", is_real, false}, {"HardSigmoid($%d)", is_real, false}, {"Softsign($%d)", is_real, false}, {"Floor($%d)", is_exact, true},
        {"Ceil($%d)", is_exact, true}, {"Round($%d)", is_exact, true}, {"Sign($%d)", is_comparable, true}, {"Not($%d)", is_bool, true},
        {"BitwiseNot($%d)", is_integer, true}, {"Sin($%d)", is_real, false}, {"Cos($%d)", is_real, false}, {"Atan($%d)", is_real, false},
        {"Sqrt($%d)", is_real, false}, {"Log($%d)", is_real, false}, {"ThresholdedRelu($%d, alpha: 0.5)", is_exact, true}, {"Reciprocal($%d)", is_real, false},
        {"Asinh($%d)", is_real, false}, {"Celu($%d)", is_f32, false}, {"Identity($%d)", is_any, true}, {"IsNaN($%d)", is_real, true}, {"Shrink($%d)", is_exact, true}};
    const struct Unary *u = &calls[random_below(n, (int)COUNT(calls))];
    int x = pick(n, u->wanted);
    if (x < 0) return;
    char text[200];
    snprintf(text, sizeof text, u->call, x);
    network_add(n, 1, u->exact, text);
}

static void add_binary(Network *n)
{
    static const struct Binary { const char *name; Wanted wanted; bool exact, discrete; } calls[] = {
        {"Add", is_number, true, false}, {"Add", is_number, true, false}, {"Sub", is_number, true, false}, {"Mul", is_number, true, false},
        {"Mul", is_number, true, false}, {"Max", is_number, true, false}, {"Min", is_number, true, false}, {"Equal", is_comparable, true, true},
        {"Less", is_comparable, true, true}, {"GreaterOrEqual", is_comparable, true, true}, {"And", is_bool, true, false}, {"Xor", is_bool, true, false},
        {"Div", is_number, false, false}, {"Mod", is_integer, true, false}, {"BitwiseAnd", is_integer, true, false}, {"PRelu", is_real, true, false},
        {"Pow", is_real, false, false}, {"BitwiseXor", is_integer, true, false}};
    const struct Binary *b = &calls[random_below(n, (int)COUNT(calls))];
    int x = pick(n, b->wanted);
    if (x < 0) return;
    int y = operand(n, x, b->discrete);
    bool swap = random_chance(n, 40) && strcmp(b->name, "PRelu") != 0;
    Call c = {0};
    put(&c, "%s($%d, $%d)", b->name, swap ? y : x, swap ? x : y);
    add(n, 1, b->exact, &c);
}

static void add_where(Network *n)
{
    int test = pick(n, is_bool), x = pick(n, is_any);
    if (test < 0) return;
    Value v = n->values.items[x], b = n->values.items[test];
    Call c = {0};
    v.dtype = DT_BOOL;
    if (!broadcasts_to(&b, &v)) return;
    int y = operand(n, x, false);
    put(&c, "Where($%d, $%d, $%d)", test, x, y);
    add(n, 1, true, &c);
}

static void add_cast(Network *n)
{
    static const char *const types[] = {"f32", "f32", "f32", "f64", "i32", "i64", "u8", "bool", "f16", "i8"};
    int x = pick(n, random_chance(n, 50) ? is_comparable : is_any);
    if (x < 0) return;
    const char *type = types[random_below(n, (int)COUNT(types))];
    Value v = n->values.items[x];
    if (dtype_is_float(v.dtype) && !v.exact && type[0] != 'f') return;
    if (type[0] == 'u' && !is_integer(&v)) return; /* a negative float as an unsigned integer has no meaning in C */
    Call c = {0};
    put(&c, "Cast($%d, to: %s)", x, type);
    add(n, 1, true, &c);
}

/* ---- movement ---- */

static void add_transpose(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    int rank = n->values.items[x].rank;
    int64_t perm[MAX_RANK];
    for (int d = 0; d < rank; d++) {
        int k = random_below(n, d + 1);
        perm[d] = perm[k];
        perm[k] = d;
    }
    Call c = {0};
    put(&c, "Transpose($%d", x);
    put_attribute(&c, "perm", perm, rank);
    put(&c, ")");
    add(n, 1, true, &c);
}

/* The shape's factors are dealt to other dimensions. */
static void add_reshape(Network *n)
{
    int x = pick(n, is_any);
    if (x < 0) return;
    Value v = n->values.items[x];
    int rank = 1 + random_below(n, 5);
    int64_t dims[MAX_RANK], rest = 1;
    for (int d = 0; d < v.rank; d++) rest *= v.dims[d];
    for (int d = 0; d < rank; d++) {
        dims[d] = d + 1 == rank ? rest : 1 + random_below(n, (int)min64(rest, 32));
        while (rest % dims[d]) dims[d]--;
        rest /= dims[d];
    }
    if (random_chance(n, 30) && rank <= v.rank) dims[0] = 0;
    Call c = {0};
    if (random_chance(n, 25) && v.rank) put(&c, "Flatten($%d, axis: %d)", x, random_below(n, v.rank + 1));
    else {
        put(&c, "Reshape($%d", x);
        put_indices(&c, dims, rank);
        put(&c, ")");
    }
    add(n, 1, true, &c);
}

static void add_slice(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t starts[MAX_RANK], ends[MAX_RANK], axes[MAX_RANK], steps[MAX_RANK];
    int count = 0;
    for (int d = 0; d < v.rank; d++) {
        if (v.dims[d] == 1 || !random_chance(n, 50)) continue;
        axes[count] = d;
        steps[count] = random_chance(n, 70) ? 1 : random_chance(n, 50) ? 2 : -1;
        int64_t from = random_below(n, (int)v.dims[d]), length = 1 + random_below(n, (int)(v.dims[d] - from));
        if (random_chance(n, 30)) from -= from % 8;
        starts[count] = steps[count] < 0 ? from + length - 1 : from;
        ends[count] = steps[count] < 0 ? from - 1 - v.dims[d] : from + length;
        count++;
    }
    if (!count) return;
    Call c = {0};
    put(&c, "Slice($%d", x);
    put_indices(&c, starts, count);
    put_indices(&c, ends, count);
    put_indices(&c, axes, count);
    put_indices(&c, steps, count);
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_split(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), parts = 2 + random_below(n, 2);
    if (v.rank > 1 && random_chance(n, 50)) axis = 1;
    int64_t sizes[3], rest = v.dims[axis];
    if (rest < parts) return;
    for (int k = 0; k < parts; k++) {
        sizes[k] = k + 1 == parts ? rest : 1 + random_below(n, (int)(rest - (parts - 1 - k)));
        if (random_chance(n, 40) && sizes[k] >= 16 && k + 1 < parts) sizes[k] -= sizes[k] % 8;
        rest -= sizes[k];
    }
    Call c = {0};
    put(&c, "Split($%d", x);
    put_indices(&c, sizes, parts);
    put(&c, ", axis: %d)", axis);
    add(n, parts, true, &c);
}

static void add_concat(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), parts = 1 + random_below(n, 3), chosen[4] = {x};
    if (v.rank > 1 && random_chance(n, 60)) axis = 1;
    for (int k = 1; k <= parts; k++) {
        int found = -1, seen = 0;
        for (int i = 0; i < n->values.count; i++) {
            const Value *w = &n->values.items[i];
            bool fits = w->dtype == v.dtype && w->rank == v.rank;
            for (int d = 0; fits && d < v.rank; d++) fits = d == axis || w->dims[d] == v.dims[d];
            if (fits && random_below(n, ++seen) == 0) found = i;
        }
        int64_t dims[MAX_RANK];
        memcpy(dims, v.dims, sizeof dims);
        dims[axis] = random_channels(n);
        chosen[k] = found >= 0 && random_chance(n, 70) ? found : network_leaf(n, v.dtype, v.rank, dims, random_fill(n, v.dtype));
    }
    Call c = {0};
    put(&c, "Concat(");
    for (int k = 0; k <= parts; k++) put(&c, "%s$%d", k ? ", " : "", chosen[random_chance(n, 50) ? k : parts - k]);
    put(&c, ", axis: %d)", axis);
    add(n, 1, true, &c);
}

static void add_pad(Network *n)
{
    static const char *const modes[] = {"constant", "constant", "reflect", "edge", "wrap"};
    int x = pick(n, random_chance(n, 50) ? is_image : has_rank);
    if (x < 0) return;
    int rank = n->values.items[x].rank;
    int64_t pads[2 * MAX_RANK] = {0};
    for (int d = 0; d < 2 * rank; d++)
        if (random_chance(n, 40)) pads[d] = random_below(n, 4) - (random_chance(n, 10) ? 2 : 0);
    Call c = {0};
    put(&c, "Pad($%d", x);
    put_indices(&c, pads, 2 * rank);
    put(&c, ", mode: \"%s\")", modes[random_below(n, (int)COUNT(modes))]);
    add(n, 1, true, &c);
}

static void add_gather(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), rank = random_below(n, 3);
    int64_t dims[2] = {1 + random_below(n, 5), 1 + random_below(n, 3)};
    Call c = {0};
    if (random_chance(n, 25)) {
        v.dims[axis] = 1 + random_below(n, 5);
        put(&c, "GatherElements($%d, $%d, axis: %d)", x, network_leaf(n, DT_I64, v.rank, v.dims, FILL_INDEX), axis);
    } else if (random_chance(n, 40)) {
        int64_t at[4];
        random_list(n, at, 4, 0, (int)v.dims[axis] - 1);
        put(&c, "Gather($%d", x);
        put_indices(&c, at, 1 + random_below(n, 4));
        put(&c, ", axis: %d)", axis);
    } else {
        put(&c, "Gather($%d, $%d, axis: %d)", x, network_leaf(n, DT_I64, rank, dims, FILL_INDEX), axis);
    }
    add(n, 1, true, &c);
}

static void add_stretch(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t items[MAX_RANK];
    Call c = {0};
    if (random_chance(n, 50)) {
        random_list(n, items, v.rank, 1, 2);
        put(&c, "Tile($%d", x);
        put_indices(&c, items, v.rank);
    } else {
        for (int d = 0; d < v.rank; d++) items[d + 1] = v.dims[d] == 1 ? 1 + random_below(n, 5) : v.dims[d];
        items[0] = 1 + random_below(n, 3);
        int more = random_chance(n, 30);
        put(&c, "Expand($%d", x);
        put_indices(&c, items + 1 - more, v.rank + more);
    }
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_squeeze(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t axis = random_below(n, v.rank + 1);
    Call c = {0};
    bool squeeze = axis < v.rank && v.dims[axis] == 1;
    put(&c, "%s($%d", squeeze ? "Squeeze" : "Unsqueeze", x);
    put_indices(&c, &axis, 1);
    put(&c, ")");
    add(n, 1, true, &c);
}

static void add_plane(Network *n)
{
    static const char *const calls[] = {"DepthToSpace($%d, blocksize: 2)", "DepthToSpace($%d, blocksize: 2, mode: \"CRD\")", "SpaceToDepth($%d, blocksize: 2)",
        "Resize($%d, _, f32[4] [1.0, 1.0, 2.0, 2.0], mode: \"nearest\")", "Resize($%d, _, f32[4] [1.0, 1.0, 2.0, 1.5], mode: \"linear\")",
        "Resize($%d, _, f32[4] [1.0, 1.0, 0.5, 2.0], mode: \"nearest\", coordinate_transformation_mode: \"asymmetric\")"};
    int x = pick(n, is_plane), which = random_below(n, (int)COUNT(calls));
    if (x < 0) return;
    char text[200];
    snprintf(text, sizeof text, calls[which], x);
    network_add(n, 1, which != 4, text);
}

/* ---- reductions ---- */

static void add_reduction(Network *n)
{
    static const char *const names[] = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceSumSquare", "ReduceL1",
        "ReduceLogSumExp", "ReduceMean"};
    int which = random_below(n, (int)COUNT(names));
    int x = pick(n, which < 4 ? is_number : is_real);
    if (x < 0 || n->values.items[x].rank == 0) return;
    int rank = n->values.items[x].rank, count = 0;
    int64_t axes[MAX_RANK];
    for (int d = 0; d < rank; d++)
        if (random_chance(n, 50)) axes[count++] = random_chance(n, 20) ? d - rank : d;
    Call c = {0};
    put(&c, "%s($%d", names[which], x);
    if (count) put_indices(&c, axes, count);
    put(&c, ", keepdims: %d)", random_below(n, 2));
    add(n, 1, which != 1 && which < 4, &c);
}

static void add_scan(Network *n)
{
    static const char *const names[] = {"ArgMax", "ArgMin", "CumSum"};
    int which = random_below(n, (int)COUNT(names)), x = pick(n, is_comparable);
    if (x < 0 || n->values.items[x].rank == 0) return;
    int axis = random_below(n, n->values.items[x].rank);
    Call c = {0};
    if (which == 2) put(&c, "CumSum($%d, i64[] %d, reverse: %d, exclusive: %d)", x, axis, random_below(n, 2), random_below(n, 2));
    else put(&c, "%s($%d, axis: %d, keepdims: %d, select_last_index: %d)", names[which], x, axis, random_below(n, 2), random_below(n, 2));
    add(n, 1, true, &c);
}

/* ---- a network ---- */

static const struct Kind {
    int weight;
    void (*add)(Network *n);
} kinds[] = {
    {16, add_convolution}, {4, add_transposed}, {7, add_pool}, {2, add_global}, {6, add_channel_normal}, {6, add_row_normal},
    {6, add_matmul}, {4, add_matmul_pair}, {4, add_gemm}, {2, add_einsum}, {14, add_unary}, {20, add_binary}, {3, add_where}, {3, add_cast},
    {6, add_transpose}, {6, add_reshape}, {6, add_slice}, {4, add_split}, {7, add_concat}, {5, add_pad}, {3, add_gather}, {3, add_stretch},
    {3, add_squeeze}, {3, add_plane}, {6, add_reduction}, {2, add_scan},
};

static void add_any(Network *n)
{
    int total = 0, at = 0;
    for (size_t k = 0; k < COUNT(kinds); k++) total += kinds[k].weight;
    int chosen = random_below(n, total);
    while (chosen >= kinds[at].weight) chosen -= kinds[at++].weight;
    kinds[at].add(n);
}

static void add_input(Network *n)
{
    static const Dtype others[] = {DT_F32, DT_F64, DT_I64, DT_I32, DT_U8, DT_BOOL, DT_F16, DT_I8};
    Dtype dtype = random_chance(n, 70) ? DT_F32 : others[random_below(n, (int)COUNT(others))];
    int64_t dims[MAX_RANK];
    int rank = random_chance(n, 60) ? 3 + random_below(n, 3) : random_below(n, 5);
    for (int d = 0; d < rank; d++) dims[d] = 1 + random_below(n, rank > 4 ? 6 : 12);
    if (rank >= 3) {
        dims[0] = random_chance(n, 70) ? 1 : 1 + random_below(n, 3);
        dims[1] = random_channels(n);
        if (rank == 3) dims[2] = 1 + random_below(n, 40);
    }
    int v = network_leaf(n, dtype, rank, dims, random_fill(n, dtype));
    n->values.items[v].input = true;
}

/* What nothing reads is an output, and a few others. */
static void choose_outputs(Network *n)
{
    for (int s = 0; s < n->statements.count; s++)
        for (int k = 0; k < n->statements.items[s].count; k++) n->values.items[n->statements.items[s].first + k].output = true;
    for (int s = 0; s < n->statements.count; s++)
        for (const char *c = strstr(n->statements.items[s].text, " = "); (c = strchr(c, '$')); c++)
            n->values.items[atoi(c + 1)].output = random_chance(n, n->values.items[atoi(c + 1)].statement < 0 ? 3 : 12);
    for (int s = 0; s < n->statements.count; s++) { /* sometimes not all results are wanted */
        const Statement *st = &n->statements.items[s];
        for (int k = 1; k < st->count; k++)
            if (random_chance(n, 20)) n->values.items[st->first + k].output = false;
    }
}

Network *network_random(Arena *arena, uint64_t seed)
{
    Network *n = NEW(arena, Network);
    n->arena = arena;
    n->seed = n->state = seed;
    for (int i = 1 + random_below(n, 3); i > 0; i--) add_input(n);
    int wanted = 2 + random_below(n, 12);
    for (int tries = 0; tries < 40 && n->statements.count < wanted; tries++) add_any(n);
    choose_outputs(n);
    return n;
}
