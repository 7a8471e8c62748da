/* Random layers: convolutions and pools of any geometry, normalisations, matrix products. */
#include "operators.h"

/* ---- windows ---- */

/* Strides, dilations and pads of a window, each only sometimes. */
static void put_window(Network *n, CallText *c, int spatial, const int64_t *kernel, bool pool)
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
    if (pads == 3)
        put(c, ", auto_pad: \"%s\"", random_chance(n, 50) ? "SAME_UPPER" : "SAME_LOWER");
    else if (pads)
        put_attribute(c, "pads", items, 2 * spatial);
}

static int random_groups(Network *n, int64_t channels)
{
    if (random_chance(n, 60)) return 1;
    int group = random_chance(n, 50) ? (int)channels : 1 + random_below(n, (int)channels);
    while (channels % group) group--;
    return group;
}

void add_convolution(Network *n)
{
    int x = pick(n, is_image);
    if (x < 0) return;
    Value v = n->values.items[x];
    int spatial = v.rank - 2, group = random_groups(n, v.dims[1]);
    int64_t out =
        (int64_t)group * (group > 1 ? 1 + random_below(n, group > 4 ? 2 : 5) : random_channels(n));
    int64_t dims[MAX_RANK] = {out, v.dims[1] / group}, *kernel = dims + 2;
    random_list(n, kernel, spatial, 1, random_chance(n, 80) ? 3 : 5);
    if (random_chance(n, 20)) random_list(n, kernel, spatial, 1, 1);
    Fill fill = random_fill(n, v.dtype);
    CallText c = {0};
    put(&c, "Conv($%d, $%d", x, network_leaf(n, v.dtype, v.rank, dims, fill));
    if (random_chance(n, 60)) put(&c, ", $%d", network_leaf(n, v.dtype, 1, dims, fill));
    if (group > 1) put(&c, ", group: %d", group);
    put_window(n, &c, spatial, kernel, false);
    put(&c, ")");
    add(n, 1, true, &c);
}

/* What networks are made of: a convolution that keeps its extents, normalised, added to what came
 * in, through an activation. */
void add_block(Network *n)
{
    int x = pick(n, is_image), y;
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t out = random_chance(n, 50) ? v.dims[1] : random_channels(n),
            dims[MAX_RANK] = {out, v.dims[1]};
    int size = random_chance(n, 70) ? 3 : 1;
    CallText c = {0};
    for (int d = 2; d < v.rank; d++) dims[d] = size;
    put(&c, "Conv($%d, $%d, auto_pad: \"SAME_UPPER\")", x,
        network_leaf(n, v.dtype, v.rank, dims, FILL_EXACT));
    if ((y = add(n, 1, true, &c)) < 0) return;
    if (random_chance(n, 50)) {
        int leaf[4];
        for (int i = 0; i < 4; i++)
            leaf[i] = network_leaf(n, v.dtype, 1, &out, i < 3 ? FILL_EXACT : FILL_POSITIVE);
        c = (CallText){0};
        put(&c, "BatchNormalization($%d, $%d, $%d, $%d, $%d, epsilon: 0.01)", y, leaf[0], leaf[1],
            leaf[2], leaf[3]);
        int normal = add(n, 1, false, &c);
        if (normal >= 0) y = normal;
    }
    if (out == v.dims[1] && random_chance(n, 60)) {
        c = (CallText){0};
        put(&c, "Add($%d, $%d)", random_chance(n, 50) ? x : y, random_chance(n, 90) ? y : x);
        int sum = add(n, 1, true, &c);
        if (sum >= 0) y = sum;
    }
    c = (CallText){0};
    put(&c, random_chance(n, 70) ? "Relu($%d)" : "Sigmoid($%d)", y);
    if (random_chance(n, 80)) add(n, 1, true, &c);
}

void add_transposed(Network *n)
{
    int x = pick(n, is_image);
    if (x < 0) return;
    Value v = n->values.items[x];
    int spatial = v.rank - 2, group = random_groups(n, v.dims[1]);
    int64_t dims[MAX_RANK] = {v.dims[1], 1 + random_below(n, group > 1 ? 3 : 12)},
            *kernel = dims + 2, strides[MAX_RANK] = {0}, items[2 * MAX_RANK];
    random_list(n, kernel, spatial, 1, 4);
    CallText c = {0};
    put(&c, "ConvTranspose($%d, $%d", x,
        network_leaf(n, v.dtype, v.rank, dims, random_fill(n, v.dtype)));
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

void add_pool(Network *n)
{
    static const char *const names[] = {"MaxPool", "MaxPool", "AveragePool", "AveragePool",
                                        "LpPool"};
    int x = pick(n, is_image), which = random_below(n, (int)COUNT(names));
    if (x < 0) return;
    int spatial = n->values.items[x].rank - 2;
    int64_t kernel[MAX_RANK];
    random_list(n, kernel, spatial, 1, 4);
    CallText c = {0};
    put(&c, "%s($%d", names[which], x);
    put_window(n, &c, spatial, kernel, true);
    if (random_chance(n, 40)) put(&c, ", ceil_mode: 1");
    if (which / 2 == 1 && random_chance(n, 50)) put(&c, ", count_include_pad: 1");
    put(&c, ")");
    bool indices = which < 2 && n->values.items[x].exact && random_chance(n, 20);
    add(n, indices ? 2 : 1, which < 2, &c);
}

void add_global(Network *n)
{
    static const char *const names[] = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool",
                                        "GlobalAveragePool"};
    int x = pick(n, is_image), which = random_below(n, (int)COUNT(names));
    if (x < 0) return;
    CallText c = {0};
    put(&c, "%s($%d)", names[which], x);
    add(n, 1, which == 1, &c);
}

/* ---- normalisations ---- */

void add_channel_normal(Network *n)
{
    int x = pick(n, is_image), which = random_below(n, 4);
    if (x < 0) return;
    Value v = n->values.items[x];
    const int64_t *channels = &v.dims[1];
    int a = network_leaf(n, v.dtype, 1, channels, FILL_EXACT),
        b = network_leaf(n, v.dtype, 1, channels, FILL_EXACT);
    CallText c = {0};
    if (which == 0)
        put(&c, "InstanceNormalization($%d, $%d, $%d, epsilon: 0.1)", x, a, b);
    else if (which == 1)
        put(&c, "LRN($%d, size: %d, alpha: 0.5)", x, 1 + 2 * random_below(n, 3));
    else
        put(&c, "BatchNormalization($%d, $%d, $%d, $%d, $%d, epsilon: 0.01)", x, a, b,
            network_leaf(n, v.dtype, 1, channels, FILL_EXACT),
            network_leaf(n, v.dtype, 1, channels, FILL_POSITIVE));
    add(n, 1, false, &c);
}

void add_row_normal(Network *n)
{
    int x = pick(n, is_real), which = random_below(n, 5);
    if (x < 0 || n->values.items[x].rank == 0) return;
    Value v = n->values.items[x];
    int axis = random_chance(n, 60) ? v.rank - 1 : random_below(n, v.rank);
    CallText c = {0};
    if (which == 0) {
        int scale = network_leaf(n, v.dtype, v.rank - axis, v.dims + axis, FILL_EXACT);
        put(&c, "LayerNormalization($%d, $%d", x, scale);
        if (random_chance(n, 60))
            put(&c, ", $%d", network_leaf(n, v.dtype, v.rank - axis, v.dims + axis, FILL_EXACT));
        put(&c, ", axis: %d, epsilon: 0.1)", axis);
    } else {
        put(&c, "%s($%d, axis: %d)", which == 1 ? "LogSoftmax" : "Softmax", x,
            random_chance(n, 30) ? axis - v.rank : axis);
    }
    add(n, 1, false, &c);
}

/* ---- products ---- */

void add_matmul(Network *n)
{
    int x = pick(n, is_matrix);
    if (x < 0) return;
    Value v = n->values.items[x];
    bool left = random_chance(n, 25) && v.rank >= 2;
    int64_t dims[MAX_RANK], inner = v.dims[left ? v.rank - 2 : v.rank - 1],
                            other = random_channels(n);
    int batch = random_chance(n, 50) ? 0 : max64(0, v.rank - 2 - random_below(n, 2));
    for (int d = 0; d < batch; d++)
        dims[d] = random_chance(n, 70) ? v.dims[v.rank - 2 - batch + d] : 1;
    dims[batch] = left ? other : inner;
    dims[batch + 1] = left ? inner : other;
    int rank = batch + 2;
    if (!batch && random_chance(n, 10)) rank = 1, dims[0] = inner;
    int y = network_leaf(n, v.dtype, rank, dims,
                         dtype_is_float(v.dtype) ? random_fill(n, v.dtype) : FILL_INDEX);
    CallText c = {0};
    put(&c, "MatMul($%d, $%d)", left ? y : x, left ? x : y);
    add(n, 1, true, &c);
}

/* Two values that there are: x and a transpose of the other, as attention has it. */
void add_matmul_pair(Network *n)
{
    int x = pick(n, is_f32), y = pick(n, is_f32);
    if (x < 0 || n->values.items[x].rank < 2 || n->values.items[y].rank != n->values.items[x].rank)
        return;
    CallText c = {0};
    int rank = n->values.items[y].rank;
    if (n->values.items[x].dims[rank - 1] == n->values.items[y].dims[rank - 1]) {
        int64_t perm[MAX_RANK];
        for (int d = 0; d < rank; d++) perm[d] = d < rank - 2 ? d : 2 * rank - 3 - d;
        put(&c, "Transpose($%d", y);
        put_attribute(&c, "perm", perm, rank);
        put(&c, ")");
        y = add(n, 1, true, &c);
        if (y < 0) return;
        c = (CallText){0};
    }
    put(&c, "MatMul($%d, $%d)", x, y);
    add(n, 1, true, &c);
}

void add_gemm(Network *n)
{
    int x = pick(n, is_real);
    if (x < 0 || n->values.items[x].rank != 2) return;
    Value v = n->values.items[x];
    int ta = random_chance(n, 30), tb = random_chance(n, 50);
    int64_t inner = v.dims[ta ? 0 : 1], rows = v.dims[ta ? 1 : 0], columns = random_channels(n);
    int64_t dims[2] = {tb ? columns : inner, tb ? inner : columns},
            bias[2] = {random_chance(n, 30) ? rows : 1, columns};
    CallText c = {0};
    put(&c, "Gemm($%d, $%d", x, network_leaf(n, v.dtype, 2, dims, random_fill(n, v.dtype)));
    int skip = random_below(n, 2);
    if (random_chance(n, 60))
        put(&c, ", $%d", network_leaf(n, v.dtype, 2 - skip, bias + skip, FILL_EXACT));
    put(&c, ", transA: %d, transB: %d", ta, tb);
    if (random_chance(n, 20)) put(&c, ", alpha: 0.5, beta: 2.0");
    put(&c, ")");
    add(n, 1, true, &c);
}

void add_einsum(Network *n)
{
    static const struct Form {
        int rank, other;
        const char *text;
    } forms[] = {{2, 2, "ij,jk->ik"},    {2, 2, "ij,kj->ik"},   {3, 3, "bij,bjk->bik"},
                 {3, 3, "bij,bkj->bki"}, {3, 2, "bij,jk->kbi"}, {4, 4, "bhid,bhjd->bhij"}};
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
    CallText c = {0};
    put(&c, "Einsum($%d, $%d, equation: \"%s\")", x,
        network_leaf(n, v.dtype, f->other, dims, FILL_EXACT), f->text);
    add(n, 1, true, &c);
}

/* A few steps, unrolled in the graph's definitions. */
void add_recurrent(Network *n)
{
    static const struct Cell {
        const char *name;
        int gates;
    } cells[] = {{"LSTM", 4}, {"GRU", 3}, {"RNN", 1}};
    const struct Cell *cell = &cells[random_below(n, (int)COUNT(cells))];
    int x = pick(n, is_f32);
    if (x < 0 || n->values.items[x].rank != 3 || n->values.items[x].dims[0] > 5) return;
    int64_t hidden = 1 + random_below(n, 12),
            w[3] = {1, cell->gates * hidden, n->values.items[x].dims[2]}, r[3] = {1, w[1], hidden};
    CallText c = {0};
    put(&c, "%s($%d, $%d", cell->name, x, network_leaf(n, DT_F32, 3, w, FILL_EXACT));
    put(&c, ", $%d, hidden_size: %d)", network_leaf(n, DT_F32, 3, r, FILL_EXACT), (int)hidden);
    add(n, random_chance(n, 50) ? 2 : 1, false, &c);
}
