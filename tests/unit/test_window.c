/*
 * Convolution and pooling against independent loops, over a grid of auto_pad, stride, dilation,
 * padding, group, ceil_mode and count_include_pad, in one, two and three dimensions: shapes by
 * ONNX's formulas, values by the interpreter.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "evaluate.h"

typedef struct Setting {
    int spatial;
    int64_t in[3], kernel[3], stride[3], dilation[3], before[3], after[3], group;
    const char *auto_pad; /* NULL: before and after */
    bool ceil, include_pad;
} Setting;

/* ---- building and running one node ---- */

typedef struct Run {
    Arena *arena;
    Graph *g;
    Node *node;
    Diags *diags;
} Run;

static Run start(const char *op, int version, int inputs, int outputs)
{
    Arena *arena = arena_new();
    Graph *g = graph_new(arena, "test");
    g->opset = version;
    Run r = {arena, g, graph_add_node(g, op, "", version, "node", inputs, outputs),
             diags_new(arena)};
    for (int i = 0; i < outputs; i++) {
        const char *name = arena_format(arena, "out%d", i);
        node_set_output(r.node, i, graph_add_tensor(g, TENSOR_VALUE, name, DT_NONE, -1, NULL));
        LIST_PUSH(arena, &g->outputs, r.node->outputs[i]);
    }
    return r;
}

/* Small whole numbers: sums of their products are exact. */
static const float *input(Run *r, int i, int rank, const int64_t *dims)
{
    int64_t count;
    assert_true(checked_elements(dims, rank, &count));
    float *data = NEW_ARRAY(r->arena, float, count);
    for (int64_t k = 0; k < count; k++) data[k] = (float)((k * 7 + i * 5 + 3) % 11 - 5);
    Tensor *t =
        graph_add_tensor(r->g, TENSOR_INPUT, arena_format(r->arena, "in%d", i), DT_F32, rank, dims);
    LIST_PUSH(r->arena, &r->g->inputs, t);
    r->node->inputs[i] = t;
    return data;
}

static void ints(Run *r, const char *name, const int64_t *values, int count)
{
    Attr *a = node_add_attr(r->g, r->node, name, ATTR_INTS);
    a->count = count;
    a->ints = arena_copy(r->arena, values, (size_t)count * sizeof *values);
}

static void integer(Run *r, const char *name, int64_t value)
{
    node_add_attr(r->g, r->node, name, ATTR_INT)->i = value;
}

static void window_attributes(Run *r, const Setting *s)
{
    int64_t pads[6];
    memcpy(pads, s->before, (size_t)s->spatial * sizeof *pads);
    memcpy(pads + s->spatial, s->after, (size_t)s->spatial * sizeof *pads);
    ints(r, "kernel_shape", s->kernel, s->spatial);
    ints(r, "strides", s->stride, s->spatial);
    if (s->auto_pad)
        node_add_attr(r->g, r->node, "auto_pad", ATTR_STRING)->s =
            (String){s->auto_pad, strlen(s->auto_pad)};
    else
        ints(r, "pads", pads, 2 * s->spatial);
}

/* The outputs' values, after checking that inference accepts the node. */
static void run(Run *r, const float *const *inputs, const void **outputs)
{
    if (!infer(r->g, r->diags)) diags_print(r->diags, stderr, false);
    assert_int_equal(diags_errors(r->diags), 0);
    for (int i = 0; i < r->node->input_count; i++) r->node->inputs[i]->data = inputs[i];
    int64_t budget = INT64_MAX;
    assert_true(evaluate_node(r->g, r->node, &budget, outputs));
}

/* ---- the reference ---- */

/* The output's extent, and the padding before it. */
static int64_t expected_extent(const Setting *s, int d, int64_t *before, int64_t *after)
{
    int64_t span = (s->kernel[d] - 1) * s->dilation[d] + 1, stride = s->stride[d], n = s->in[d];
    *before = s->before[d];
    *after = s->after[d];
    if (s->auto_pad && strncmp(s->auto_pad, "SAME", 4) == 0) {
        int64_t out = (n + stride - 1) / stride, total = (out - 1) * stride + span - n;
        if (total < 0) total = 0;
        *before = strcmp(s->auto_pad, "SAME_LOWER") == 0 ? (total + 1) / 2 : total / 2;
        *after = total - *before;
        return out;
    }
    if (s->auto_pad) *before = *after = 0;
    double steps = (double)(n + *before + *after - span) / (double)stride;
    int64_t out = (int64_t)(s->ceil ? ceil(steps) : floor(steps)) + 1;
    /* the last window must start inside the input or the padding before it */
    while (s->ceil && (out - 1) * stride >= n + *before) out--;
    return out;
}

/* Counts index up within extents; false after the last. */
static bool next(int64_t *index, const int64_t *extents, int rank)
{
    for (int d = rank - 1; d >= 0; d--) {
        if (++index[d] < extents[d]) return true;
        index[d] = 0;
    }
    return false;
}

static int64_t flat(const int64_t *index, const int64_t *extents, int rank)
{
    int64_t at = 0;
    for (int d = 0; d < rank; d++) at = at * extents[d] + index[d];
    return at;
}

/* Position of the input that output o reads under kernel index k; *counted tells whether it lies in
 * the padded input. */
static bool position(const Setting *s, const int64_t *pads, const int64_t *o, const int64_t *k,
                     int64_t *at, bool *counted)
{
    bool inside = true;
    *counted = true;
    for (int d = 0; d < s->spatial; d++) {
        at[d] = o[d] * s->stride[d] + k[d] * s->dilation[d] - pads[d];
        inside = inside && at[d] >= 0 && at[d] < s->in[d];
        *counted = *counted && at[d] >= -pads[d] && at[d] < s->in[d] + pads[3 + d];
    }
    return inside;
}

static int64_t volume(const int64_t *extents, int rank)
{
    int64_t n = 1;
    for (int d = 0; d < rank; d++) n *= extents[d];
    return n;
}

/* Fills out with the extents and pads with before, after. */
static void expect_shape(const Setting *s, const Tensor *t, int64_t channels, int64_t *out,
                         int64_t *pads)
{
    assert_int_equal(t->rank, s->spatial + 2);
    assert_int_equal(t->dims[1], channels);
    for (int d = 0; d < s->spatial; d++) {
        out[d] = expected_extent(s, d, &pads[d], &pads[3 + d]);
        assert_int_equal(t->dims[2 + d], out[d]);
    }
}

enum { BATCH = 2, CHANNELS = 4 };

static void check_conv(const Setting *s)
{
    int64_t per_group = CHANNELS / s->group, oc = 6, out[3], pads[6], k[3], o[3], at[3];
    int64_t x_dims[5] = {BATCH, CHANNELS}, w_dims[5] = {oc, per_group};
    memcpy(x_dims + 2, s->in, sizeof s->in);
    memcpy(w_dims + 2, s->kernel, sizeof s->kernel);
    Run r = start("Conv", 11, 3, 1);
    window_attributes(&r, s);
    ints(&r, "dilations", s->dilation, s->spatial);
    integer(&r, "group", s->group);
    const float *in[3] = {input(&r, 0, s->spatial + 2, x_dims),
                          input(&r, 1, s->spatial + 2, w_dims), input(&r, 2, 1, &oc)};
    const void *result;
    run(&r, in, &result);
    expect_shape(s, r.node->outputs[0], oc, out, pads);
    int64_t in_size = volume(s->in, s->spatial), kernel_size = volume(s->kernel, s->spatial);
    const float *got = result;
    for (int64_t n = 0; n < BATCH; n++)
        for (int64_t c = 0; c < oc; c++) {
            memset(o, 0, sizeof o);
            do {
                double sum = in[2][c];
                for (int64_t i = 0; i < per_group; i++) {
                    int64_t channel = c / (oc / s->group) * per_group + i;
                    memset(k, 0, sizeof k);
                    do {
                        bool counted;
                        if (!position(s, pads, o, k, at, &counted)) continue;
                        sum += (double)in[0][(n * CHANNELS + channel) * in_size +
                                             flat(at, s->in, s->spatial)] *
                               in[1][(c * per_group + i) * kernel_size +
                                     flat(k, s->kernel, s->spatial)];
                    } while (next(k, s->kernel, s->spatial));
                }
                assert_true(*got++ == (float)sum);
            } while (next(o, out, s->spatial));
        }
    assert_int_equal(r.node->op->macs(r.node),
                     BATCH * oc * volume(out, s->spatial) * per_group * kernel_size);
    arena_free(r.arena);
}

/* The maximum, its first position and the mean of one window. */
static void reduce_window(const Setting *s, const int64_t *pads, const int64_t *o,
                          const float *plane, float *max, int64_t *where, double *mean)
{
    int64_t k[3] = {0}, at[3], count = 0;
    double sum = 0;
    *max = -INFINITY;
    *where = INT64_MAX;
    do {
        bool counted, inside = position(s, pads, o, k, at, &counted);
        count += s->include_pad ? counted : inside;
        if (!inside) continue;
        int64_t i = flat(at, s->in, s->spatial);
        sum += plane[i];
        if (plane[i] > *max) *max = plane[i], *where = i;
    } while (next(k, s->kernel, s->spatial));
    *mean = sum / (double)count;
}

static Run pool_node(const char *op, const Setting *s, int outputs, const float **in,
                     const void **results)
{
    int64_t x_dims[5] = {BATCH, CHANNELS};
    memcpy(x_dims + 2, s->in, sizeof s->in);
    Run r = start(op, 19, 1, outputs);
    window_attributes(&r, s);
    ints(&r, "dilations", s->dilation, s->spatial);
    integer(&r, "ceil_mode", s->ceil);
    if (outputs == 1) integer(&r, "count_include_pad", s->include_pad);
    *in = input(&r, 0, s->spatial + 2, x_dims);
    run(&r, in, results);
    return r;
}

static void check_pools(const Setting *s)
{
    const float *x, *x2;
    const void *max[2], *mean;
    Run m = pool_node("MaxPool", s, 2, &x, max), a = pool_node("AveragePool", s, 1, &x2, &mean);
    int64_t out[3], pads[6], in_size = volume(s->in, s->spatial), at = 0;
    expect_shape(s, m.node->outputs[0], CHANNELS, out, pads);
    expect_shape(s, m.node->outputs[1], CHANNELS, out, pads);
    expect_shape(s, a.node->outputs[0], CHANNELS, out, pads);
    for (int64_t plane = 0; plane < BATCH * CHANNELS; plane++) {
        int64_t o[3] = {0};
        do {
            float expected_max;
            int64_t where;
            double expected_mean;
            reduce_window(s, pads, o, x + plane * in_size, &expected_max, &where, &expected_mean);
            assert_true(((const float *)max[0])[at] == expected_max);
            assert_int_equal(((const int64_t *)max[1])[at], plane * in_size + where);
            assert_true(fabs(((const float *)mean)[at] - expected_mean) < 1e-5);
            at++;
        } while (next(o, out, s->spatial));
    }
    arena_free(m.arena);
    arena_free(a.arena);
}

/* ---- the grid ---- */

static const char *const auto_pads[] = {NULL, "VALID", "SAME_UPPER", "SAME_LOWER"};

/* Calls check for every combination that is possible: the kernel fits, pads are smaller than the
 * kernel. */
static int over_grid(int spatial, const int64_t *extents, void (*check)(const Setting *s),
                     bool groups)
{
    int checked = 0;
    for (int code = 0; code < 4 * 3 * 2 * 3 * 2 * 2 * 2 * 2; code++) {
        int rest = code;
        Setting s = {.spatial = spatial, .auto_pad = auto_pads[rest % 4]};
        int stride = 1 + (rest /= 4) % 3, dilation = 1 + (rest /= 3) % 2, before = (rest /= 2) % 3,
            after = (rest /= 3) % 2;
        int kernel = 2 + (rest /= 2) % 2;
        s.group = 1 + (rest /= 2) % 2;
        s.ceil = s.include_pad = false;
        if (!groups)
            s.ceil = s.group == 2, s.group = 1, s.include_pad = (rest /= 2) % 2;
        else if ((rest /= 2) % 2)
            continue;
        if (s.auto_pad && (before || after)) continue;
        bool possible = before < kernel && after < kernel;
        for (int d = 0; d < spatial; d++) {
            s.in[d] = extents[d];
            s.kernel[d] = kernel + d % 2; /* the dimensions differ */
            s.stride[d] = d == 1 ? 1 + stride % 3 : stride;
            s.dilation[d] = dilation;
            s.before[d] = before;
            s.after[d] = after;
            possible = possible && (s.kernel[d] - 1) * dilation + 1 <= s.in[d];
        }
        if (!possible) continue;
        check(&s);
        checked++;
    }
    return checked;
}

static const int64_t line[] = {11}, even[] = {12}, image[] = {7, 8}, block[] = {5, 6, 7};

static void test_conv(void **state)
{
    (void)state;
    assert_true(over_grid(1, line, check_conv, true) > 50);
    assert_true(over_grid(1, even, check_conv, true) > 50);
    assert_true(over_grid(2, image, check_conv, true) > 50);
    assert_true(over_grid(3, block, check_conv, true) > 20);
}

static void test_pools(void **state)
{
    (void)state;
    assert_true(over_grid(1, line, check_pools, false) > 50);
    assert_true(over_grid(1, even, check_pools, false) > 50);
    assert_true(over_grid(2, image, check_pools, false) > 50);
    assert_true(over_grid(3, block, check_pools, false) > 20);
}

/* ---- hostile geometry: an error, never a crash ---- */

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *attr;
        int64_t value;
    } cases[] = {{"strides", 0},           {"strides", -1},           {"strides", INT64_MAX},
                 {"dilations", 0},         {"dilations", -3},         {"dilations", 1 << 30},
                 {"dilations", INT64_MIN}, {"kernel_shape", 0},       {"pads", -1},
                 {"pads", INT64_MAX},      {"kernel_shape", 1 << 30}, {"kernel_shape", INT64_MAX}};
    for (unsigned i = 0; i < COUNT(cases); i++) {
        int64_t kernel[2] = {2, 2}, dims[4] = {1, 1, 4, 4}, values[4];
        for (int k = 0; k < 4; k++) values[k] = cases[i].value;
        Run r = start("MaxPool", 12, 1, 1);
        if (strcmp(cases[i].attr, "kernel_shape")) ints(&r, "kernel_shape", kernel, 2);
        ints(&r, cases[i].attr, values, strcmp(cases[i].attr, "pads") ? 2 : 4);
        input(&r, 0, 4, dims);
        assert_false(infer(r.g, r.diags));
        assert_int_equal(diags_errors(r.diags), 1);
        arena_free(r.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conv), cmocka_unit_test(test_pools),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
