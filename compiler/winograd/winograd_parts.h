/*
 * The parts of the pass for 3x3 convolutions: winograd.c finds them and writes the definitions,
 * winograd_choose.c decides, winograd_matrices.c has the transforms.
 */
#ifndef NETC_WINOGRAD_PARTS_H
#define NETC_WINOGRAD_PARTS_H

#include "form.h"
#include "winograd.h"
#include "winograd_build.h"

enum { KERNEL = 3, LONGEST = 6 }; /* LONGEST: positions along a side of the largest tile */

/* y = At [(scale * G w Gt) * (Bt x B)] A for one tile, elementwise in the middle. */
typedef struct Transform {
    int outputs; /* m: outputs along a side of a tile */
    int inputs;  /* m + 2: positions */
    double bt[LONGEST][LONGEST], g[LONGEST][LONGEST], at[LONGEST][LONGEST];
    double scale[LONGEST]; /* of the rows of G, which are powers of the points */
} Transform;

/* Where weights become G w Gt, (m + 2)^2 floats from 9. */
typedef enum WeightPlace {
    IN_COMPILER,  /* constants: nothing to do in a run, but much to read */
    IN_CACHE,     /* in a run, a group of outputs at a time, which stays in cache */
    IN_REGISTERS, /* in a run, with every use */
} WeightPlace;

/* What is known of a convolution that suits. */
typedef struct Geometry {
    Contraction c;
    Expr *x;                                  /* the load of the input, without its guard */
    const Tensor *w;                          /* [outputs, channels, 3, 3] */
    int64_t pad[2];                           /* before, in y and x */
    int64_t channels, outputs, height, width; /* of the result */
    int64_t tiles[2];                         /* rows and columns of tiles */
    Transform t;
    WeightPlace place;
    int64_t band;  /* rows of tiles that are computed together; all of them: no band */
    int64_t group; /* outputs that are computed together; all of them: no band */
} Geometry;

/* ---- winograd_choose.c ---- */

/* Bytes a cycle at which a run reads weights, of which the definitions have so many: what the
 * shared cache holds of a network stays there. */
double winograd_weight_rate(const Program *p);
/* Sets the transform, the place of its weights and the bands; false when the plain sum costs less.
 */
bool winograd_choose(const Program *p, WinogradKind kind, Geometry *g);

/* ---- winograd_matrices.c ---- */

/* F(outputs, 3). */
Transform winograd_transform(int outputs);
/* The scalar product of a matrix row with n elements, `stride` apart. */
typedef Expr *WinogradRow(Pool *p, const double *row, Expr *const *d, int stride, int n);
WinogradRow winograd_paired_row, winograd_output_row; /* of Bt and G; of At */
/* T d Tt, rows x rows, for d given as n x n: elements [a * LONGEST + b]. */
void winograd_apply(Pool *p, const double t[LONGEST][LONGEST], WinogradRow *row_of, int rows, int n,
                    Expr *const *d, Expr **out);

#endif
