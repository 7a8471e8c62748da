/*
 * The parts of the pass for 3x3 and 5x5 convolutions: winograd.c finds them and writes the
 * definitions, winograd_choose.c decides, winograd_matrices.c has the transforms.
 */
#ifndef NETC_WINOGRAD_PARTS_H
#define NETC_WINOGRAD_PARTS_H

#include "form.h"
#include "winograd.h"
#include "winograd_build.h"

enum {
    WIDEST = 5, /* window */
    LONGEST = 9 /* positions along a side of the largest tile */
};

/* y = At [(scale * G w Gt) * (Bt x B)] A for one tile, elementwise in the middle. In steps of 2 the
 * even inputs of a tile meet the outer taps, which is a transform of Toom and Cook's for 2 taps,
 * and the odd ones the middle tap: those are positions of their own, whose kernels are the same. So
 * inputs and taps are taken in that order. */
typedef struct Transform {
    int step;    /* of the convolution: 1 or 2 */
    int window;  /* taps along a side: 3 or 5 */
    int outputs; /* m: outputs along a side of a tile */
    int inputs;  /* m + window - 1, in steps of 2 2m + 1: positions */
    int core;    /* the first positions are Toom and Cook's; the others are one input each */
    int kernels; /* rows of G: one for each position of the core, and one for all the others */
    int sample[LONGEST]; /* the place of an input in the tile */
    int tap[WIDEST];     /* and of a weight in the window */
    double bt[LONGEST][LONGEST], g[LONGEST][LONGEST], at[LONGEST][LONGEST];
    double scale[LONGEST]; /* of the rows of G, which are powers of the points */
    bool accurate;         /* rounds as the plain sum does */
    double work;           /* operations for each element that is transformed */
    double worth; /* the share of the cycles of what rounds less that it may cost at most */
} Transform;

/* Where weights become G w Gt. */
typedef enum WeightPlace {
    IN_COMPILER,  /* constants: nothing to do in a run, but much to read */
    IN_CACHE,     /* in a run, a group of outputs at a time, which stays in cache */
    IN_REGISTERS, /* in a run, with every use */
} WeightPlace;

/* What is known of a convolution that suits. */
typedef struct Geometry {
    Contraction c;
    Expr *x;         /* the load of the input, without its guard */
    const Tensor *w; /* [outputs, channels, window, window] */
    int window;
    int step;                                 /* in y and x */
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

/* Those of convolutions with such a window and step, one after the other, the more exact first:
 * false when there are no more. */
bool winograd_transform(int window, int step, int index, Transform *t);

/* A matrix, and how the scalar product of one of its rows with elements that are `stride` apart is
 * made. */
typedef struct Matrix Matrix;
struct Matrix {
    const double (*rows)[LONGEST];
    int count, length;
    int pairs[2]; /* columns from one to before the other belong to opposite points, two by two */
    Expr *(*product)(Pool *p, const Matrix *m, int row, Expr *const *d, int stride);
};
Matrix winograd_bt(const Transform *t); /* of the core */
Matrix winograd_g(const Transform *t);
Matrix winograd_at(const Transform *t);
extern const Matrix winograd_one; /* 1 x 1 */
/* A d Bt: elements [a * LONGEST + b], for those of d given as [r * LONGEST + s]. */
void winograd_apply(Pool *p, const Matrix *a, const Matrix *b, Expr *const *d, Expr **out);

#endif
