/*
 * A case of the differential test: one node of ONNX with its inputs and attributes, drawn from a
 * seed. case.c holds what the makers draw and set with, case_write.c writes one as an ONNX model
 * and as .net text. The makers (make_*.c) each draw a case of a family of operators.
 */
#ifndef DIFFERENTIAL_CASE_H
#define DIFFERENTIAL_CASE_H

#include "op.h"
#include "weights.h"

enum { MAX_INPUTS = 10, MAX_ATTRS = 14, MAX_INTS = 16, MAX_OUTPUTS = 6 };

typedef struct CaseInput {
    Dtype dtype;
    int rank;
    int64_t dims[MAX_RANK];
    void *data;
    bool constant; /* an initializer; else an input of the network */
    bool omitted;
    bool fixed; /* what it holds depends on shapes: shrinking leaves the elements alone */
} CaseInput;

typedef struct CaseAttr {
    const char *name;
    AttrKind kind; /* FLOAT, INT, STRING, INTS or FLOATS */
    int64_t i;
    double f;
    const char *s;
    int count;
    int64_t ints[MAX_INTS];
    double floats[MAX_INTS];
} CaseAttr;

typedef struct Case {
    Arena *arena;
    uint64_t seed, state; /* state: of the random numbers */
    const char *op, *domain;
    int opset;
    CaseInput inputs[MAX_INPUTS];
    int input_count;
    CaseAttr attrs[MAX_ATTRS];
    int attr_count, output_count;
    double slack;          /* the tolerance for floats is this many times the usual; 0: once */
    bool elementwise;      /* errors are relative to each element, not to the largest */
    WeightsType weights;   /* how its constants are stored: f32 ones have values that it holds */
    bool exact;            /* compiled with --exact */
    const char *undefined; /* why ONNX does not say what comes out, so that it only has to run */
} Case;

/* What elements are drawn. */
typedef enum Fill {
    FILL_SMALL,    /* quarters in -4 .. 4; integers in -8 .. 8 as far as the type goes */
    FILL_ROUGH,    /* floats in -1 .. 1 with any bits */
    FILL_POSITIVE, /* 0.25 .. 4 */
    FILL_ANY,      /* of the whole range, with infinities, NaN and both zeros */
    FILL_DISTINCT, /* no two are equal, as long as the type has so many */
} Fill;

/* The case of a seed, of any family or of those whose name is given. */
void case_draw(Case *c, Arena *arena, uint64_t seed, const char *family);
bool case_is_family(const char *name);

/* ---- drawing ---- */

uint64_t draw(Case *c);
int below(Case *c, int limit);                         /* 0 .. limit - 1 */
int64_t between(Case *c, int64_t least, int64_t most); /* both included */
bool chance(Case *c, int percent);
Dtype draw_type(Case *c, uint32_t types);       /* one of a mask of TYPE() */
int draw_version(Case *c, const int *versions); /* one of a list ended by 0 */
void draw_dims(Case *c, int rank, int64_t *dims, int64_t least, int64_t most);
void draw_axes(Case *c, int rank, int count, int64_t *axes); /* distinct, some negative */

/* ---- setting ---- */

/* The next input; the first is never constant. */
CaseInput *put_input(Case *c, Dtype dtype, int rank, const int64_t *dims, Fill fill);
CaseInput *put_ints(Case *c, Dtype dtype, int count,
                    const int64_t *values);                /* constant, one axis */
CaseInput *put_scalar(Case *c, Dtype dtype, double value); /* constant */
/* Integers in least .. most. */
CaseInput *put_range(Case *c, Dtype dtype, int rank, const int64_t *dims, int64_t least,
                     int64_t most);
void put_omitted(Case *c);
void set_int(Case *c, const char *name, int64_t value);
void set_float(Case *c, const char *name, double value);
void set_text(Case *c, const char *name, const char *value);
void set_ints(Case *c, const char *name, int count, const int64_t *values);
const CaseAttr *case_attr(const Case *c, const char *name); /* NULL: not set */
int64_t case_elements(const CaseInput *in);
void set_element(CaseInput *in, int64_t i, double value); /* rounded or wrapped to its type */

/* ---- case_write.c ---- */

/* As an ONNX model; its inputs are x0, x1, ... by their place, its outputs y0, y1, ... */
uint8_t *case_model(Arena *arena, const Case *c, size_t *bytes);
/* "y0 = Relu@14(f32[2] [1.0, -1.0])": a statement in the form of tests/ops1, whose outputs have
 * that stem. */
void case_statement(const Case *c, const char *stem, Text *out);
/* "f32[2] [1.0, -1.0]" */
void case_literal(Dtype dtype, int rank, const int64_t *dims, const void *data, Text *out);

/* ---- the families ---- */

typedef struct Family {
    const char *name;
    int weight; /* how often, relative to the others */
    void (*make)(Case *c);
} Family;
/* Ended by a row without a name. */
extern const Family families_window[], families_elements[], families_movement[], families_reduce[],
    families_resample[], families_matrix[], families_normal[], families_quantized[],
    families_attention[];

#endif
