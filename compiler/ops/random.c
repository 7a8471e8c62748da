/*
 * Operators that draw at random: RandomUniform, RandomNormal, their -Like forms, Bernoulli and
 * Multinomial. A network is a function of its inputs, so what they draw is fixed by the seed
 * (random.h): the same in every run. Which numbers a seed gives is up to an implementation.
 */
#include "random.h"

#include "known.h"
#include "row.h"

/* ---- numbers of a distribution ---- */

/* The type is that of the attribute; without it that of the input, or f32. */
static bool infer_drawn(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = node_input(n, 0);
    int rank;
    const int64_t *dims = x ? x->dims : attr_ints(n, "shape", &rank);
    if (x) rank = x->rank;
    Dtype dtype = x && !attr_given(n, "dtype") ? x->dtype : DT_NONE;
    dtype = known_type(in, "dtype", dtype ? dtype : attr_int(n, "dtype"));
    random_mark(in);
    if (rank > MAX_RANK)
        return infer_error(in, "E0203", "the shape has %d dimensions, more than %d", rank,
                           MAX_RANK);
    return dtype != DT_NONE && infer_output(in, 0, dtype, rank, dims);
}

typedef Expr *Draw(Pool *p, uint64_t key, Dtype dtype, Expr *position);

/* offset + scale * what is drawn. */
static void define_drawn(Definer *d, Draw *draw, double offset, double scale)
{
    Pool *p = d->pool;
    Tensor *out = node_output(d->node, 0);
    if (!out) return;
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr *position =
        define_flatten(p, out->rank, out->dims, define_index_exprs(d, vars, out->rank));
    Expr *drawn = draw(p, random_key(d->node), define_wide(out->dtype), position);
    drawn = ex_add(p, ex_mul(p, drawn, like(p, drawn, scale)), like(p, drawn, offset));
    define_rounded(d, out, vars, drawn);
}

static void define_uniform(Definer *d)
{
    double low = attr_float(d->node, "low"), high = attr_float(d->node, "high");
    define_drawn(d, random_uniform, low, high - low);
}

static void define_normal(Definer *d)
{
    define_drawn(d, random_normal, attr_float(d->node, "mean"), attr_float(d->node, "scale"));
}

/* ---- Bernoulli ---- */

static void define_bernoulli(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    if (!out) return;
    Var **vars = define_indices(d, x->rank, x->dims);
    Expr **index = define_index_exprs(d, vars, x->rank);
    Expr *chance = define_load(d, x, index), *position = define_flatten(p, x->rank, x->dims, index);
    Expr *drawn = random_uniform(p, random_key(d->node), chance->dtype, position);
    define_rounded(d, out, vars, ex_cast(p, define_wide(out->dtype), ex_lt(p, drawn, chance)));
}

/* ---- Multinomial ---- */

static bool infer_multinomial(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    int64_t samples = attr_int(n, "sample_size");
    Dtype dtype = known_type(in, "dtype", attr_int(n, "dtype"));
    if (dtype == DT_NONE) return false;
    if (x->rank != 2 || x->dims[1] < 1)
        return infer_error(in, "E0203", "the input is a row of classes for each draw, not %s",
                           tensor_type_text(in->graph->arena, x));
    random_mark(in);
    if (samples < 1)
        return infer_error(in, "E0306", "sample_size is %lld; at least 1 is wanted",
                           (long long)samples);
    return infer_output(in, 0, dtype, 2, (const int64_t[]){x->dims[0], samples});
}

/* The sums of the probabilities up to each class, not normalised; the largest is subtracted before
 * the exponential. */
static Tensor *define_sums(Definer *d, Tensor *x, Dtype wide)
{
    Pool *p = d->pool;
    int64_t rows = x->dims[0], classes = x->dims[1];
    Tensor *most = define_temporary(d, "most", wide, 1, &rows),
           *sums = define_temporary(d, "sums", wide, 2, x->dims);
    Var **row = define_indices(d, 1, &rows), *each = define_var(d, "k", classes);
    define_tensor(d, most, row,
                  ex_reduce(p, RE_MAX, &each, 1,
                            define_load(d, x, (Expr *[]){ex_var(p, row[0]), ex_var(p, each)})));
    Var **vars = define_indices(d, 2, x->dims);
    Expr *r = ex_var(p, vars[0]), *c = ex_var(p, vars[1]);
    each = define_var(d, "k", classes);
    Expr *value =
        ex_sub(p, define_load(d, x, (Expr *[]){r, ex_var(p, each)}), ex_load(p, most, &r));
    Expr *term = ex_select(p, ex_le(p, ex_var(p, each), c), ex_unary(p, UN_EXP, value),
                           ex_const(p, wide, 0));
    define_tensor(d, sums, vars, ex_reduce(p, RE_SUM, &each, 1, term));
    return sums;
}

/* The class is how many sums are not above the number drawn, out of all but the last. */
static void define_multinomial(Definer *d)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0], *out = node_output(d->node, 0);
    if (!out) return;
    Dtype wide = define_wide(x->dtype);
    Tensor *sums = define_sums(d, x, wide);
    Var **vars = define_indices(d, 2, out->dims), *each = define_var(d, "k", x->dims[1] - 1);
    Expr **index = define_index_exprs(d, vars, 2);
    Expr *position = define_flatten(p, 2, out->dims, index);
    Expr *all = ex_load(p, sums, (Expr *[]){index[0], ex_int(p, x->dims[1] - 1)});
    Expr *drawn = ex_mul(p, random_uniform(p, random_key(d->node), wide, position), all);
    Expr *passed = ex_le(p, ex_load(p, sums, (Expr *[]){index[0], ex_var(p, each)}), drawn);
    Expr *count = x->dims[1] == 1 ? ex_int_of(p, out->dtype, 0)
                                  : ex_reduce(p, RE_SUM, &each, 1, ex_cast(p, out->dtype, passed));
    define_tensor(d, out, vars, count);
}

#define DRAWN                                                                                      \
    SLOT("output", FLOATS_NO_BF16, "T", .until = 21), SLOT("output", TYPES_FLOAT, "T", .since = 22)
#define SEED     ATTR("seed", FLOAT)
#define OF_SHAPE ATTR("shape", INTS, .required = true), ATTR("dtype", INT, .i = DT_F32), SEED
#define UNIFORM  ATTR("low", FLOAT), ATTR("high", FLOAT, .f = 1)
#define NORMAL   ATTR("mean", FLOAT), ATTR("scale", FLOAT, .f = 1)
#define OF_INPUT INPUTS(ANY_SLOTS("input", 0, "T1"))

const Op ops_random[] = {
    {.name = "Bernoulli",
     .doc = "1 with the probability that the input gives, else 0.",
     VERSIONS(15, 22),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T1", .until = 21),
            SLOT("input", TYPES_FLOAT, "T1", .since = 22)),
     OUTPUTS(SLOT("output", ANY, "T2")),
     ATTRS(ATTR("dtype", INT), SEED),
     .infer = infer_drawn,
     .define = define_bernoulli,
     EXAMPLES("Bernoulli(x: f32[4, 5], seed: 1.0)", "Bernoulli(x: f64[9], dtype: 9)")},
    {.name = "Multinomial",
     .doc = "Classes drawn by the logarithms of their probabilities.",
     VERSIONS(7, 22),
     INPUTS(SLOT("input", FLOATS_NO_BF16, "T1", .until = 21),
            SLOT("input", TYPES_FLOAT, "T1", .since = 22)),
     OUTPUTS(SLOT("output", TYPES_INDEX, "T2")),
     ATTRS(ATTR("dtype", INT, .i = DT_I32), ATTR("sample_size", INT, .i = 1), SEED),
     .infer = infer_multinomial,
     .define = define_multinomial,
     EXAMPLES("Multinomial(x: f32[2, 5], sample_size: 7, seed: 2.0)",
              "Multinomial(x: f32[3, 1], dtype: 7)")},
    {.name = "RandomNormal",
     .doc = "Numbers of a normal distribution.",
     VERSIONS(1, 22),
     OUTPUTS(DRAWN),
     ATTRS(OF_SHAPE, NORMAL),
     .infer = infer_drawn,
     .define = define_normal,
     EXAMPLES("RandomNormal(shape: [3, 4], seed: 1.0)",
              "RandomNormal(shape: [5], mean: 2.0, scale: 0.5, dtype: 11)")},
    {.name = "RandomNormalLike",
     .doc = "Numbers of a normal distribution, in the shape of the input.",
     VERSIONS(1, 22),
     OF_INPUT,
     OUTPUTS(DRAWN),
     ATTRS(ATTR("dtype", INT), SEED, NORMAL),
     .infer = infer_drawn,
     .define = define_normal,
     EXAMPLES("RandomNormalLike(x: f32[3, 4], seed: 1.0)",
              "RandomNormalLike(x: i64[7], dtype: 1)")},
    {.name = "RandomUniform",
     .doc = "Numbers of a uniform distribution.",
     VERSIONS(1, 22),
     OUTPUTS(DRAWN),
     ATTRS(OF_SHAPE, UNIFORM),
     .infer = infer_drawn,
     .define = define_uniform,
     EXAMPLES("RandomUniform(shape: [3, 4], seed: 1.0)",
              "RandomUniform(shape: [5], low: -1.0, high: 3.0, dtype: 10)")},
    {.name = "RandomUniformLike",
     .doc = "Numbers of a uniform distribution, in the shape of the input.",
     VERSIONS(1, 22),
     OF_INPUT,
     OUTPUTS(DRAWN),
     ATTRS(ATTR("dtype", INT), SEED, UNIFORM),
     .infer = infer_drawn,
     .define = define_uniform,
     EXAMPLES("RandomUniformLike(x: f32[3, 4], seed: 1.0)",
              "RandomUniformLike(x: i64[7], dtype: 1)")},
    {0},
};
