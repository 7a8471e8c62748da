/*
 * Random parameters from a seed (--init). Each value is a function of the seed, the parameter's
 * path and the element's position alone, so that neither the order of layers nor other parameters
 * matter. What a parameter is for, and so how it is spread, is read off the operator that uses it:
 *   weights     uniform in +-sqrt(6 / fan_in), which keeps the variance through a rectifier (He)
 *   biases      uniform in +-0.1
 *   scales, variances uniform in 0.9 .. 1.1, means in +-0.1
 */
#include "read_net.h"

#include <math.h>

/* splitmix64: one step of its generator as a hash. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t hash_path(uint64_t seed, const char *path)
{
    uint64_t h = mix(seed);
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) h = mix(h ^ *c);
    return h;
}

typedef struct Spread {
    double middle, width; /* uniform in middle +- width */
} Spread;

/* Operators whose small inputs are not biases. */
static const struct Use {
    const char *op_type;
    int input;
    Spread spread;
} uses[] = {
    {"BatchNormalization", 1, {1, 0.1}},
    {"BatchNormalization", 4, {1, 0.1}},
    {"InstanceNormalization", 1, {1, 0.1}},
    {"LayerNormalization", 1, {1, 0.1}},
    {"GroupNormalization", 1, {1, 0.1}},
    {"RMSNormalization", 1, {1, 0.1}},
    {"PRelu", 1, {0.25, 0.05}},
    {"Mul", 0, {1, 0.1}},
    {"Mul", 1, {1, 0.1}},
};

static bool use_spread(const Graph *g, const Tensor *t, Spread *spread)
{
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        for (int i = 0; i < node->input_count; i++)
            for (size_t u = 0; node->inputs[i] == t && u < COUNT(uses); u++)
                if (!strcmp(uses[u].op_type, node->op_type) && uses[u].input == i)
                    return *spread = uses[u].spread, true;
    }
    return false;
}

/* Inputs that one output sums: everything but the output channels, which come first. */
static double fan_in(const Tensor *t)
{
    double fan = 1;
    for (int i = 1; i < t->rank; i++) fan *= (double)t->dims[i];
    return fan > 1 ? fan : 1;
}

static Spread spread_of(const Graph *g, const Tensor *t)
{
    Spread spread;
    if (use_spread(g, t, &spread)) return spread;
    return (Spread){0, t->rank > 1 ? sqrt(6 / fan_in(t)) : 0.1};
}

static void fill(Reader *r, Tensor *t)
{
    int64_t count = tensor_elements(t);
    if (!dtype_is_float(t->dtype)) {
        net_error(r, "E0502", t->source, "`%s` is %s: --init fills parameters of real numbers only",
                  t->name, tensor_type_text(r->arena, t));
        return;
    }
    void *data = arena_alloc(r->arena, dtype_bytes(t->dtype, count));
    Spread spread = spread_of(r->top, t);
    uint64_t path = hash_path(r->options->seed, t->name);
    for (int64_t i = 0; i < count; i++) {
        double unit = (double)(mix(path + (uint64_t)i) >> 11) * 0x1p-52 - 1;
        double value = spread.middle + spread.width * unit;
        if (t->dtype == DT_F32)
            ((float *)data)[i] = (float)value;
        else
            dtype_set_double(t->dtype, data, i, value);
    }
    t->data = data;
}

void init_fill(Reader *r)
{
    for (int i = 0; i < r->params.count; i++)
        if (!r->params.items[i]->data) fill(r, r->params.items[i]);
}
