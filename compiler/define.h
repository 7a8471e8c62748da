/*
 * Definitions: what each element of a tensor is, in logical indices, written once. From it come
 * folding and the oracle (interp.c), fusion (fuse.c) and the emitted loops (schedules/).
 *
 * Conventions a definition keeps: index expressions are affine in the variables, with floordiv and
 * floormod by constants, or loaded (gather). A load is in bounds wherever it is evaluated: guards
 * are selects around it. Reductions have constant extents. Values of floats narrower than f32 are
 * computed as f32 between cast and cast.
 */
#ifndef NETC_DEFINE_H
#define NETC_DEFINE_H

#include "expr.h"
#include "graph.h"

typedef enum ControlKind {
    CONTROL_NONE,
    CONTROL_LOOP, /* what follows up to its CONTROL_END runs while reads[0], a bool, holds */
    CONTROL_END,
} ControlKind;

/* A definition that no expression says: a function of the runtime (calls.h) that reads and writes
 * whole tensors, row-major and without holes; or a control step. The definition's `out` is the
 * first that it writes, its body a constant that nobody evaluates. What a loop hands from one run
 * to the next is in tensors that only calls write (lower_loop.c): the definitions inside read them
 * as any other. */
typedef struct Call {
    ControlKind kind;
    const struct CallFunction *function; /* CONTROL_NONE */
    int read_count, write_count, number_count;
    Tensor **reads, **writes;
    const int64_t *numbers; /* behind the tensors: sizes, flags */
} Call;

/* The rows from <= i < to of dimension `dim`: those that one step of a band computes (program.h), of
 * so many steps. */
typedef struct Rows {
    int dim;
    Expr *from, *to;
    int64_t steps;
} Rows;

typedef struct Definition {
    Tensor *out;
    Var **index;      /* out->rank variables: 0 <= index[i] < out->dims[i] */
    Expr *body;       /* of out->dtype */
    const Node *node; /* what it computes (part of) */
    const Call *call; /* NULL: `body` says what each element is */
    Expr **origin;    /* of a slice: added to the indices where the output is stored; NULL: zeros */
    const Rows *rows; /* only these are computed; NULL: all */
    LIST(const Node *) fused; /* nodes whose definitions were substituted into it, in order */
} Definition;

/* Collects the definitions of one node, in order: temporaries first. */
typedef struct Definer {
    Pool *pool;
    Graph *graph; /* temporaries are added here */
    const Node *node;
    LIST(Definition *) definitions;
} Definer;

/* Variables for each dimension of a shape, named for reading: "n", "c", "y", "x" by rank, or
 * "i0"... */
Var **define_indices(Definer *d, int rank, const int64_t *dims);
Expr **define_index_exprs(Definer *d, Var *const *vars, int rank);
Var *define_var(Definer *d, const char *name, int64_t extent); /* a reduction variable, from 0 */
/* t at the indices of a shape it broadcasts to (numpy's rule, aligned at the right). */
Expr *define_broadcast_load(Definer *d, Tensor *t, int rank, Expr *const *index);
/* An intermediate tensor of this node, named NODE.suffix. */
Tensor *define_temporary(Definer *d, const char *suffix, Dtype dtype, int rank,
                         const int64_t *dims);
/* A constant that this node's definitions load, named NODE.suffix; `data` is kept. */
Tensor *define_constant(Definer *d, const char *suffix, Dtype dtype, int rank, const int64_t *dims,
                        const void *data);
/* Records: out[index...] = body. Does nothing when out is NULL (an unused output). */
void define_tensor(Definer *d, Tensor *out, Var *const *index, Expr *body);

/* Records: that function of calls.c, with its arguments in this order: tensors it reads, tensors it
 * writes, numbers. None of the tensors is NULL or of a packed type. */
void define_call(Definer *d, const char *function, Tensor *const *reads, int read_count,
                 Tensor *const *writes, int write_count, const int64_t *numbers, int number_count);
/* Bytes in the workspace for strings that a call makes: a temporary that lasts. */
Tensor *define_room(Definer *d, int64_t bytes);
#define CALL_TENSORS(...) (Tensor *const[]){__VA_ARGS__}, COUNT(((Tensor *const[]){__VA_ARGS__}))
#define CALL_NUMBERS(...) (const int64_t[]){__VA_ARGS__}, COUNT(((const int64_t[]){__VA_ARGS__}))
/* Output i of the node, or a temporary where it is left out. */
Tensor *define_target(Definer *d, int i, const char *suffix, Dtype dtype, int rank,
                      const int64_t *dims);

/* The type in which values of `dtype` are computed: f32 for narrower floats, else itself. */
Dtype define_wide(Dtype dtype);
/* t at an index, as its wide type. */
Expr *define_load(Definer *d, Tensor *t, Expr *const *index);
/* Records: out[index...] = body as out's type. */
void define_rounded(Definer *d, Tensor *out, Var *const *index, Expr *body);
/* The row-major position of an index in a shape, and the index at a position. */
Expr *define_flatten(Pool *p, int rank, const int64_t *dims, Expr *const *index);
void define_unflatten(Pool *p, Expr *flat, int rank, const int64_t *dims, Expr **index);
/* A loaded index (of any integer type) into an extent, as i64: negative ones count from the end;
 * what is outside is clamped, so that no input data can make a load leave its tensor. */
Expr *define_wrap(Pool *p, Expr *loaded, int64_t extent);
/* (sum over `over` of |x|^exponent)^(1 / exponent), exponent > 0. */
Expr *define_norm(Pool *p, Expr *x, double exponent, Var *const *over, int count);

/* The definitions of an inferred node; false when its operator has none. */
bool define_node(Definer *d, const Node *node);

/* ---- the interpreter (interp.c): constant folding and the oracle of `verify --layers` ---- */

/* The work of evaluating the definition, in element operations, saturating: to keep folding within
 * a budget. */
int64_t interp_cost(const Definition *def);
/* Evaluates into `data` (dtype_bytes of out). Every tensor it loads must have its bytes in `value`:
 * value(t, context). Floats are computed in double and rounded to their type at casts, loads and
 * the store. */
void interp_run(Pool *pool, const Definition *def, void *data,
                const void *(*value)(const Tensor *t, void *context), void *context);
/* The same for a call, into the bytes of each tensor that it writes. False when the function fails:
 * then a run will say so. */
bool interp_call(const Definition *def, void *const *data,
                 const void *(*value)(const Tensor *t, void *context), void *context);

#endif
