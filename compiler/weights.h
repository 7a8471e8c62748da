/*
 * Weights in 2 bytes (--weights-type): in, a Program's definitions; out, the constants that
 * products read and tables that are looked up, marked to be stored as f16 or bf16
 * (Tensor.stored). Whatever fetches them widens to f32; nothing else changes, the definitions least
 * of all.
 */
#ifndef NETC_WEIGHTS_H
#define NETC_WEIGHTS_H

#include "program.h"

typedef enum WeightsType { WEIGHTS_F32, WEIGHTS_F16, WEIGHTS_BF16 } WeightsType;
extern const char *const weights_type_names[]; /* ended by NULL */

/* Matrices and kernels of the model, that is f32 constants with two dimensions or more longer than
 * 1; biases and scales stay f32, and so do tables that operators make themselves, for interpolation
 * say. So does, with a warning, what the type has no range for: where rounding moves an
 * element by more than half a unit in the last place of the largest, because that one would become
 * infinite or all are too small. */
void weights_narrow(Program *p, WeightsType type, Diags *diags);
/* For what is computed from the constant `from` ahead of time: as that is stored, if it can be. */
void weights_follow(Tensor *t, const Tensor *from);

/* f32 to the nearest f16 or bf16, ties to even; `out` has `count` codes of 2 bytes. */
void weights_round(Dtype type, const float *values, int64_t count, void *out);

/* How far rounded weights move an output (rounding.h): at most, and that by its largest magnitude.
 */
typedef struct RoundingError {
    const char *output;
    double absolute, relative; /* may be infinite */
} RoundingError;
typedef LIST(RoundingError) RoundingErrors;

#endif
