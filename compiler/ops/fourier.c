/*
 * Discrete Fourier transforms: DFT along an axis, and STFT of overlapping frames. A complex number
 * is two elements of the last dimension, a real one is one. A transform is a product with a matrix
 * of cosines and sines, which becomes a constant: fine for the sizes that networks use, refused
 * above MAX_TABLE elements.
 */
#include "known.h"
#include "row.h"

#include <math.h>

enum { MAX_TABLE = 1 << 24 };

/* out[k, to] = sum(n, from: x[n, from] * table[from, to, k, n]). */
typedef struct Transform {
    int64_t length;       /* of the period */
    int64_t taken, given; /* how many samples are read and how many made */
    int from, to;         /* 2: complex, 1: real */
    bool inverse;
    bool mirrored; /* the samples are half of a spectrum whose other half is their conjugate */
} Transform;

static bool check_table(Infer *in, const Transform *t)
{
    int64_t elements = t->from * t->to;
    return (checked_mul(elements, t->taken, &elements) &&
            checked_mul(elements, t->given, &elements) && elements <= MAX_TABLE) ||
           infer_error(in, "E0602",
                       "the transform of %lld samples to %lld needs a matrix of more than %d "
                       "elements",
                       (long long)t->taken, (long long)t->given, MAX_TABLE);
}

static double table_element(const Transform *t, int from, int to, int64_t k, int64_t n)
{
    /* The product is reduced first, so that the angle is exact. */
    int64_t turns = (int64_t)((__int128)k * n % t->length);
    double angle = 2 * M_PI * (double)turns / (double)t->length;
    double weight = t->inverse ? 1 / (double)t->length : 1;
    if (t->mirrored && n != 0 && 2 * n != t->length) weight *= 2;
    double sine = t->inverse ? sin(angle) : -sin(angle);
    if (from == to) return weight * cos(angle);
    return from ? -weight * sine : weight * sine;
}

static Tensor *define_table(Definer *d, const Transform *t, Dtype dtype)
{
    const int64_t dims[] = {t->from, t->to, t->given, t->taken};
    int64_t at = 0;
    void *data =
        arena_alloc(d->graph->arena, dtype_bytes(dtype, dims[0] * dims[1] * dims[2] * dims[3]) + 1);
    for (int from = 0; from < t->from; from++)
        for (int to = 0; to < t->to; to++)
            for (int64_t k = 0; k < t->given; k++)
                for (int64_t n = 0; n < t->taken; n++)
                    dtype_set_double(dtype, data, at++, table_element(t, from, to, k, n));
    return define_constant(d, "table", dtype, 4, dims, data);
}

/* out = the transform of x along an axis, whose shapes otherwise agree but for the last dimension.
 */
static void define_transform(Definer *d, const Transform *t, Tensor *x, Tensor *out, int axis)
{
    Pool *p = d->pool;
    Tensor *table = define_table(d, t, define_wide(x->dtype));
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank);
    Var *over[] = {define_var(d, "from", t->from), define_var(d, "t", t->taken)};
    Expr *from = ex_var(p, over[0]), *n = ex_var(p, over[1]);
    Expr *factor = ex_load(p, table, (Expr *[]){from, index[out->rank - 1], index[axis], n});
    index[axis] = n;
    index[out->rank - 1] = from;
    Expr *product = ex_mul(p, define_load(d, x, index), factor);
    define_rounded(d, out, vars, ex_reduce(p, RE_SUM, over, 2, product));
}

static bool is_complex_or_real(Infer *in, const Tensor *x, int least)
{
    if (x->rank >= least && (x->dims[x->rank - 1] == 1 || x->dims[x->rank - 1] == 2)) return true;
    return infer_error(in, "E0203",
                       "'%s' is %s; %d dimensions are wanted at least, the last of them 1 (real) "
                       "or 2 (complex)",
                       x->name, tensor_type_text(in->graph->arena, x), least);
}

static int64_t half_spectrum(int64_t length) { return length / 2 + 1; }

/* ---- DFT ---- */

enum { DFT_INPUT, DFT_LENGTH, DFT_AXIS };

static bool dft_axis(Infer *in, int *axis)
{
    const Tensor *x = in->node->inputs[DFT_INPUT];
    int64_t given = in->node->version < 20 ? attr_int(in->node, "axis") : -2;
    if (node_input(in->node, DFT_AXIS)) {
        const Tensor *t = known_number(in, DFT_AXIS);
        if (!t) return false;
        given = dtype_get_int(t->dtype, t->data, 0);
    }
    if (!infer_axis(in, "axis", given, x->rank, axis)) return false;
    return *axis < x->rank - 1 ||
           infer_error(in, "E0306", "axis %lld is that of real and imaginary parts",
                       (long long)given);
}

static bool read_dft(Infer *in, Transform *t, int *axis)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[DFT_INPUT], *length = NULL;
    bool onesided = attr_int(n, "onesided");
    if (!is_complex_or_real(in, x, 2) || !dft_axis(in, axis)) return false;
    if (node_input(n, DFT_LENGTH) && !(length = known_number(in, DFT_LENGTH))) return false;
    t->inverse = attr_int(n, "inverse");
    t->mirrored = t->inverse && onesided;
    t->from = (int)x->dims[x->rank - 1];
    t->to = t->mirrored ? 1 : 2;
    int64_t samples = x->dims[*axis];
    t->length = length        ? dtype_get_int(length->dtype, length->data, 0)
                : t->mirrored ? 2 * (samples - 1)
                              : samples;
    if (t->length < 1 || t->length > INT32_MAX)
        return infer_error(in, "E0306", "a transform of length %lld is not possible",
                           (long long)t->length);
    t->taken = min64(samples, t->mirrored ? half_spectrum(t->length) : t->length);
    t->given = onesided && !t->inverse ? half_spectrum(t->length) : t->length;
    return check_table(in, t);
}

static bool infer_dft(Infer *in)
{
    const Tensor *x = in->node->inputs[DFT_INPUT];
    Transform t;
    int axis;
    int64_t dims[MAX_RANK];
    if (!read_dft(in, &t, &axis)) return false;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[axis] = t.given;
    dims[x->rank - 1] = t.to;
    return infer_output(in, 0, x->dtype, x->rank, dims);
}

static void define_dft(Definer *d)
{
    Infer in = infer_again(d);
    Transform t;
    int axis;
    bool accepted = read_dft(&in, &t, &axis);
    assert(accepted);
    if (node_output(d->node, 0))
        define_transform(d, &t, d->node->inputs[DFT_INPUT], node_output(d->node, 0), axis);
}

/* ---- STFT ---- */

enum { SIGNAL, STEP, WINDOW, LENGTH };

typedef struct Frames {
    int64_t count, step;
    Transform transform;
} Frames;

/* The frame's length is given, or is the window's, or the whole signal's. */
static bool read_length(Infer *in, int64_t *length)
{
    const Tensor *window = node_input(in->node, WINDOW), *known = NULL;
    if (window && window->rank != 1)
        return infer_error(in, "E0203", "the window is %s; one dimension is wanted",
                           tensor_type_text(in->graph->arena, window));
    if (node_input(in->node, LENGTH) && !(known = known_number(in, LENGTH))) return false;
    *length = known    ? dtype_get_int(known->dtype, known->data, 0)
              : window ? window->dims[0]
                       : in->node->inputs[SIGNAL]->dims[1];
    return true;
}

static bool read_frames(Infer *in, Frames *f)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[SIGNAL], *window = node_input(n, WINDOW), *step;
    int64_t length = 0;
    if (!is_complex_or_real(in, x, 3) || !(step = known_number(in, STEP)) ||
        !read_length(in, &length))
        return false;
    f->step = dtype_get_int(step->dtype, step->data, 0);
    if (x->rank != 3 || f->step < 1 || length < 1 || length > x->dims[1])
        return infer_error(
            in, "E0306", "frames of %lld samples, %lld apart, cannot be cut from the signal %s",
            (long long)length, (long long)f->step, tensor_type_text(in->graph->arena, x));
    f->count = 1 + (x->dims[1] - length) / f->step;
    f->transform = (Transform){.length = length,
                               .taken = window ? min64(length, window->dims[0]) : length,
                               .given = attr_int(n, "onesided") ? half_spectrum(length) : length,
                               .from = (int)x->dims[2],
                               .to = 2};
    return check_table(in, &f->transform);
}

static bool infer_stft(Infer *in)
{
    const Tensor *x = in->node->inputs[SIGNAL];
    Frames f;
    if (!read_frames(in, &f)) return false;
    const int64_t dims[] = {x->dims[0], f.count, f.transform.given, 2};
    return infer_output(in, 0, x->dtype, 4, dims);
}

static void define_stft(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[SIGNAL], *window = node_input(n, WINDOW), *out = node_output(n, 0);
    Infer in = infer_again(d);
    Frames f;
    bool accepted = read_frames(&in, &f);
    assert(accepted);
    if (!out) return;
    const int64_t dims[] = {x->dims[0], f.count, f.transform.taken, x->dims[2]};
    Tensor *frames = define_temporary(d, "frames", define_wide(x->dtype), 4, dims);
    Var **vars = define_indices(d, 4, dims);
    Expr **index = define_index_exprs(d, vars, 4);
    Expr *position = ex_add(p, ex_mul(p, index[1], ex_int(p, f.step)), index[2]);
    Expr *sample = define_load(d, x, (Expr *[]){index[0], position, index[3]});
    if (window) sample = ex_mul(p, sample, define_load(d, window, &index[2]));
    define_tensor(d, frames, vars, sample);
    define_transform(d, &f.transform, frames, out, 2);
}

const Op ops_fourier[] = {
    {.name = "DFT",
     .doc = "The discrete Fourier transform along an axis, or its inverse.",
     VERSIONS(17, 20),
     INPUTS(SLOT("input", TYPES_FLOAT, "T1"),
            SLOT("dft_length", TYPES_INDEX, "T2", .optional = true),
            SLOT("axis", TYPE(DT_I64), NULL, .optional = true, .since = 20)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T1")),
     ATTRS(ATTR("axis", INT, .i = 1, .until = 19), ATTR("inverse", INT), ATTR("onesided", INT)),
     .infer = infer_dft,
     .define = define_dft,
     EXAMPLES("DFT(x: f32[2, 6, 1])", "DFT@17(x: f32[2, 5, 2], i64[] 4, inverse: 1)",
              "DFT(x: f32[1, 4, 3, 2], _, i64[] 1, inverse: 1, onesided: 1)")},
    {.name = "STFT",
     .doc = "The discrete Fourier transforms of the frames of a signal.",
     VERSIONS(17),
     INPUTS(SLOT("signal", TYPES_FLOAT, "T1"), SLOT("frame_step", TYPES_INDEX, "T2"),
            SLOT("window", TYPES_FLOAT, "T1", .optional = true),
            SLOT("frame_length", TYPES_INDEX, "T2", .optional = true)),
     OUTPUTS(SLOT("output", TYPES_FLOAT, "T1")),
     ATTRS(ATTR("onesided", INT, .i = 1)),
     .infer = infer_stft,
     .define = define_stft,
     EXAMPLES("STFT(x: f32[2, 20, 1], i64[] 4, w: f32[8])",
              "STFT(x: f32[1, 20, 2], i64[] 3, _, i64[] 5, onesided: 0)")},
    {0},
};
