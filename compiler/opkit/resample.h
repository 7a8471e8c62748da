/*
 * Resampling one axis: which input positions each output position is made of, and with what
 * weights, worked out at compile time from constant scales. Resize and Upsample are products of
 * such axes.
 */
#ifndef NETC_RESAMPLE_H
#define NETC_RESAMPLE_H

#include "base.h"

typedef enum ResampleMode { RESAMPLE_NEAREST, RESAMPLE_LINEAR, RESAMPLE_CUBIC } ResampleMode;
typedef enum NearestMode {
    NEAREST_PREFER_FLOOR,
    NEAREST_PREFER_CEIL,
    NEAREST_FLOOR,
    NEAREST_CEIL
} NearestMode;
/* How an output position becomes an input position: ONNX's coordinate_transformation_mode. */
typedef enum Coordinates {
    COORDINATES_HALF_PIXEL,
    COORDINATES_SYMMETRIC,
    COORDINATES_PYTORCH,
    COORDINATES_ALIGN_CORNERS,
    COORDINATES_ASYMMETRIC,
    COORDINATES_TF_NN,
    COORDINATES_CROP,
} Coordinates;

typedef struct Resample {
    ResampleMode mode;
    NearestMode nearest;
    Coordinates coordinates;
    double cubic_a;
    bool exclude_outside, antialias;
} Resample;

typedef struct ResampleAxis {
    int64_t in, out;
    double scale;
    double roi_start, roi_end; /* COORDINATES_CROP: the part of the input, as fractions */
} ResampleAxis;

/* For each output position `taps` sources in 0..in-1 and their weights, [out][taps]; `inside` is
 * NULL when every position lies in the input, else tells which do (COORDINATES_CROP). */
typedef struct Taps {
    int taps;
    int64_t *source;
    float *weight;
    bool *inside;
} Taps;
Taps resample_axis(Arena *arena, const Resample *r, const ResampleAxis *axis);

#endif
