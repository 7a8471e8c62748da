/*
 * MelWeightMatrix: the triangular filters that turn a spectrum into bands spaced evenly on the mel
 * scale, mel(f) = 2595 log10(1 + f / 700). Sizes must be known; rates and edges need not be.
 */
#include "known.h"
#include "row.h"

#include <math.h>

enum { BANDS, LENGTH, RATE, LOW, HIGH };

static bool read_sizes(Infer *in, int64_t dims[2])
{
    const Tensor *bands = known_number(in, BANDS),
                 *length = bands ? known_number(in, LENGTH) : NULL;
    if (!length) return false;
    int64_t samples = dtype_get_int(length->dtype, length->data, 0);
    dims[0] = samples / 2 + 1;
    dims[1] = dtype_get_int(bands->dtype, bands->data, 0);
    return (samples >= 0 && dims[1] >= 0 && dims[1] < INT32_MAX) ||
           infer_error(in, "E0306", "%lld bands of a transform of %lld samples are not possible",
                       (long long)dims[1], (long long)samples);
}

static bool infer_mel(Infer *in)
{
    int64_t dims[2];
    if (!read_sizes(in, dims)) return false;
    for (int i = RATE; i <= HIGH; i++)
        if (tensor_elements(in->node->inputs[i]) != 1)
            return infer_error(in, "E0203", "'%s' is %s; one number is wanted",
                               in->node->inputs[i]->name,
                               tensor_type_text(in->graph->arena, in->node->inputs[i]));
    Dtype dtype = known_type(in, "output_datatype", attr_int(in->node, "output_datatype"));
    return dtype != DT_NONE && infer_output(in, 0, dtype, 2, dims);
}

static Expr *number(Definer *d, int i)
{
    Expr *zero[MAX_RANK];
    for (int k = 0; k < MAX_RANK; k++) zero[k] = ex_int(d->pool, 0);
    return ex_cast(d->pool, DT_F64, ex_load(d->pool, d->node->inputs[i], zero));
}

static Expr *to_mel(Pool *p, Expr *hertz)
{
    Expr *ratio = ex_add(p, like(p, hertz, 1), ex_div(p, hertz, like(p, hertz, 700)));
    return ex_mul(p, like(p, hertz, 2595 / M_LN10), ex_unary(p, UN_LOG, ratio));
}

/* The bins of the spectrum where triangles begin, peak and end: evenly spaced in mel. */
static Tensor *define_edges(Definer *d, int64_t bands)
{
    Pool *p = d->pool;
    int64_t count = bands + 2;
    Tensor *out = define_temporary(d, "edges", DT_I64, 1, &count);
    Var **vars = define_indices(d, 1, &count);
    Expr *low = to_mel(p, number(d, LOW)), *high = to_mel(p, number(d, HIGH));
    Expr *step = ex_div(p, ex_sub(p, high, low), like(p, low, (double)count));
    Expr *mel = ex_add(p, ex_mul(p, ex_cast(p, DT_F64, ex_var(p, vars[0])), step), low);
    Expr *power = ex_unary(p, UN_EXP, ex_mul(p, mel, like(p, mel, M_LN10 / 2595)));
    Expr *hertz = ex_mul(p, like(p, mel, 700), ex_sub(p, power, like(p, mel, 1)));
    Expr *bin = ex_mul(p, ex_add(p, number(d, LENGTH), like(p, mel, 1)), hertz);
    bin = ex_unary(p, UN_FLOOR, ex_div(p, bin, number(d, RATE)));
    define_tensor(d, out, vars, ex_cast(p, DT_I64, bin));
    return out;
}

static void define_mel(Definer *d)
{
    Pool *p = d->pool;
    Tensor *out = node_output(d->node, 0);
    if (!out) return;
    Tensor *edges = define_edges(d, out->dims[1]);
    Var **vars = define_indices(d, 2, out->dims);
    Expr **index = define_index_exprs(d, vars, 2), *bin = index[0], *edge[3];
    for (int i = 0; i < 3; i++) {
        Expr *at = ex_add(p, index[1], ex_int(p, i));
        edge[i] = ex_load(p, edges, &at);
    }
#define WIDE(x) ex_cast(p, DT_F64, x)
    Expr *up = ex_div(p, WIDE(ex_sub(p, bin, edge[0])), WIDE(ex_sub(p, edge[1], edge[0])));
    Expr *down = ex_div(p, WIDE(ex_sub(p, edge[2], bin)), WIDE(ex_sub(p, edge[2], edge[1])));
#undef WIDE
    Expr *zero = like(p, up, 0), *one = like(p, up, 1);
    Expr *rises = ex_and(p, ex_le(p, edge[0], bin), ex_lt(p, bin, edge[1]));
    Expr *falls = ex_and(p, ex_lt(p, edge[1], bin), ex_lt(p, bin, edge[2]));
    Expr *y = ex_select(p, rises, up, ex_select(p, falls, down, zero));
    define_rounded(d, out, vars, ex_select(p, ex_eq(p, bin, edge[1]), one, y));
}

const Op ops_mel[] = {
    {.name = "MelWeightMatrix",
     .doc = "The weights that turn a spectrum into bands of the mel scale.",
     VERSIONS(17),
     INPUTS(SLOT("num_mel_bins", TYPES_INDEX, "T1"), SLOT("dft_length", TYPES_INDEX, "T1"),
            SLOT("sample_rate", TYPES_INDEX, "T1"), SLOT("lower_edge_hertz", TYPES_FLOAT, "T2"),
            SLOT("upper_edge_hertz", TYPES_FLOAT, "T2")),
     OUTPUTS(SLOT("output", TYPES_NUMERIC, "T3")),
     ATTRS(ATTR("output_datatype", INT, .i = DT_F32)),
     .infer = infer_mel,
     .define = define_mel,
     EXAMPLES("MelWeightMatrix(i64[] 4, i64[] 16, i64[] 8192, f32[] 0, f32[] 4096)")},
    {0},
};
