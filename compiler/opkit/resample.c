/*
 * Resampling one axis. Comes in: extents, scale and the modes. Goes out: source positions and
 * weights for each output position, as ONNX's operator Resize states them. All arithmetic is done
 * here, in double; nothing is left for run time.
 */
#include "resample.h"

#include <math.h>
#include <stdlib.h>

/* The input coordinate of output position x. In single precision, as everyone reckons: whether a
 * coordinate is just below or exactly a whole number decides which pixel is nearest. */
static double coordinate(const Resample *r, const ResampleAxis *a, int64_t position)
{
    float in = (float)a->in, scale = (float)a->scale,
          out = scale * in; /* the exact output extent; a->out is rounded */
    float x = (float)position, half = (x + 0.5f) / scale - 0.5f, start = (float)a->roi_start,
          end = (float)a->roi_end;
    switch (r->coordinates) {
    case COORDINATES_ALIGN_CORNERS: return out == 1 || a->out == 1 ? 0 : x * (in - 1) / (out - 1);
    case COORDINATES_ASYMMETRIC: return x / scale;
    case COORDINATES_TF_NN: return (x + 0.5f) / scale;
    case COORDINATES_PYTORCH: return a->out == 1 ? 0 : half;
    case COORDINATES_SYMMETRIC: return in / 2 * (1 - (float)a->out / out) + half;
    case COORDINATES_CROP:
        if (a->out == 1) return (start + end) * (in - 1) / 2;
        return start * (in - 1) + x * (end - start) * (in - 1) / ((float)a->out - 1);
    case COORDINATES_HALF_PIXEL: break;
    }
    return half;
}

/* Antialiasing widens the filter when the axis shrinks. */
static double filter_scale(const Resample *r, const ResampleAxis *a)
{
    return r->antialias ? fmin(a->scale, 1) : 1;
}

/* Offset of the first tap from the position left of the coordinate. */
static int first_tap(const Resample *r, const ResampleAxis *a)
{
    if (r->mode == RESAMPLE_NEAREST) return 0;
    double radius = r->mode == RESAMPLE_LINEAR ? 1 : 2;
    return (int)floor(-radius / filter_scale(r, a)) + 1;
}

/* Taps that one output position needs. */
static int tap_count(const Resample *r, const ResampleAxis *a)
{
    return r->mode == RESAMPLE_NEAREST ? 1 : 2 - 2 * first_tap(r, a);
}

static double linear_filter(double distance) { return fmax(1 - distance, 0); }

/* Keys' cubic convolution. */
static double cubic_filter(double distance, double a)
{
    double d = distance;
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static int64_t nearest(NearestMode mode, double x)
{
    switch (mode) {
    case NEAREST_FLOOR: return (int64_t)floor(x);
    case NEAREST_CEIL: return (int64_t)ceil(x);
    case NEAREST_PREFER_CEIL: return (int64_t)floor(x + 0.5);
    case NEAREST_PREFER_FLOOR: break;
    }
    return (int64_t)ceil(x - 0.5);
}

static int64_t clamp(int64_t i, int64_t extent) { return max64(min64(i, extent - 1), 0); }

/* Taps at the edge are of one element: its weight is in one piece then, so that weights which are 1
 * together give exactly the element. */
static void gather_weights(int taps, const int64_t *source, double *value)
{
    for (int t = 1; t < taps; t++) {
        if (source[t] != source[t - 1]) continue;
        value[t] += value[t - 1];
        value[t - 1] = 0;
    }
}

/* The taps of one output position, whose input coordinate is x. */
static void fill(const Resample *r, const ResampleAxis *a, double x, int taps, int64_t *source,
                 float *weight)
{
    if (r->mode == RESAMPLE_NEAREST) {
        source[0] = clamp(nearest(r->nearest, x), a->in);
        weight[0] = 1;
        return;
    }
    double left = ceil(x) - 1, scale = filter_scale(r, a), sum = 0,
           *value = calloc((size_t)taps, sizeof *value);
    if (!value) die("out of memory");
    for (int t = 0; t < taps; t++) {
        double at = left + first_tap(r, a) + t, distance = fabs(at - x) * scale;
        bool outside = at < 0 || at >= (double)a->in;
        if (!(r->exclude_outside && outside))
            value[t] = r->mode == RESAMPLE_LINEAR ? linear_filter(distance)
                                                  : cubic_filter(distance, r->cubic_a);
        source[t] = clamp((int64_t)at, a->in);
        sum += value[t];
    }
    gather_weights(taps, source, value);
    bool normalise = (r->exclude_outside || r->antialias) && sum != 0;
    for (int t = 0; t < taps; t++) weight[t] = (float)(normalise ? value[t] / sum : value[t]);
    free(value);
}

Taps resample_axis(Arena *arena, const Resample *r, const ResampleAxis *a)
{
    int taps = tap_count(r, a);
    size_t count = array_bytes((size_t)a->out, (size_t)taps);
    Taps t = {taps, NEW_ARRAY(arena, int64_t, count), NEW_ARRAY(arena, float, count), NULL};
    for (int64_t i = 0; i < a->out; i++) {
        double x = coordinate(r, a, i);
        if (r->coordinates == COORDINATES_CROP && (x < 0 || x > (double)a->in - 1)) {
            if (!t.inside) {
                t.inside = NEW_ARRAY(arena, bool, a->out);
                memset(t.inside, 1, (size_t)a->out);
            }
            t.inside[i] = false;
        }
        x = fmax(fmin(x, (double)a->in + 1),
                 -2); /* hostile regions: everything beyond is the edge */
        fill(r, a, x, taps, t.source + i * taps, t.weight + i * taps);
    }
    return t;
}
