/*
 * Loop nests: what the schedules build kernels with. A schedule chooses which variables become
 * loops, vectors and register tiles; the functions here turn a definition's body into statements
 * under that choice.
 */
#ifndef NETC_NEST_H
#define NETC_NEST_H

#include "form.h"

/* A list of statements being appended to. */
typedef struct Code {
    Stmt *first, *last;
} Code;

/* A run of one output dimension: `trips` iterations of `step`, from `lo`; each computes `copies`
 * elements (or vectors) side by side in registers. */
typedef struct Piece {
    int64_t lo, trips, step;
    int copies;
    int count; /* of the vector dimension: lanes in use, of the last copy; the others are full */
} Piece;

enum { MOST_PIECES = 16 };

/* One loop level over an output dimension. A dimension may have several levels; their contributions
 * add up to its index. */
typedef struct Level {
    int dim;
    bool vector; /* elements of this level lie in lanes */
    Piece pieces[MOST_PIECES];
    int piece_count;
} Level;

enum { MOST_LEVELS = 2 * MAX_RANK };

typedef struct Reduced {
    Expr *reduce, *result;
} Reduced;

typedef struct Nest {
    Program *p;
    Pool *pool;
    Arena *arena; /* of this kernel's construction */
    const Definition *def;
    int lanes;    /* of vectors in this nest; 1: scalar code */
    Var *lane;    /* stands for the lane in indices; NULL in scalar code */
    int count;    /* lanes in use where the code being made is */
    bool failed;  /* something cannot be computed in vectors: the nest is to be discarded */
    bool strided; /* a vector is fetched from elements apart inside a reduction */
    bool inside_reduction;
    Var *along; /* the reduced variable that lies in lanes; NULL: an output dimension does */
    bool each;  /* with `along`: an output dimension does too, and each of its lanes has an
                   accumulator of its own: nest_reduce.c */
    Level levels[MOST_LEVELS];
    int level_count;
    LIST(Reduced) reduced; /* reductions that have their registers */
    Code *code;            /* where statements go */
    int names;             /* counter for registers */
} Nest;

/* ---- nest.c ---- */

Nest *nest_new(Program *p, Arena *arena, const Definition *def, int lanes, const Kernel *kernel);
/* The statements become the kernel's body. */
void nest_finish(const Nest *n, Kernel *kernel);
void nest_append(Nest *n, Stmt *s);
Stmt *nest_stmt(Nest *n, StmtKind kind);
void nest_set(Nest *n, const Reg *reg, bool declares, Expr *value);
/* A loop over var (its range, by step); statements go into it until nest_close. A variable with one
 * value makes no loop: use nest_loop_var first. Returns what to give nest_close. */
Code *nest_open(Nest *n, Var *var, LoopKind kind);
void nest_close(Nest *n, Code *outside);
/* The index expression of a loop of `trips` iterations: a new variable, or 0 when there is only
 * one. *var is NULL then. */
Expr *nest_counter(Nest *n, const char *name, int64_t trips, Var **var);
/* Generates all levels, with the definition's body at the innermost. */
void nest_generate(Nest *n);
/* Cuts lo..hi into even runs of at most `most` copies of `unit` elements. Returns the pieces added.
 */
int nest_cut(Piece *pieces, int64_t lo, int64_t hi, int most, int64_t unit);

/* ---- nest_value.c ---- */

/* The kernel expression of a logical one: loads become fetches, reductions registers. */
Expr *nest_value(Nest *n, Expr *e);
/* Calls `use` with each value in order, as an expression over registers: what occurs more than once
 * among the values is set to a register just before its first use, so that it is live for as short
 * as can be. */
void nest_share(Nest *n, Expr **values, int count,
                void (*use)(Nest *n, int k, Expr *value, void *context), void *context);
/* For nest_share: context is an array of registers, the values are theirs. */
void nest_set_each(Nest *n, int k, Expr *value, void *registers);
/* Does e depend on the lane: is it a vector? */
bool nest_is_vector(const Nest *n, const Expr *e);

/* ---- nest_reduce.c ---- */

/* Computes every reduction that occurs in the bodies (outermost first), side by side where they run
 * over the same variables; records the results in n->reduced. A program that is exact has each
 * summed in the order of its variables. */
void nest_reduce_all(Nest *n, Expr *const *bodies, int count);

/* The reduced variable of `body` whose loop is cut in two, -1: none; *chunk is the extent of the
 * inner part. */
int nest_cut_var(Expr *body, Var *const *vars, int count, int64_t *chunk);

/* ---- nest_vector.c ---- */

/* The output dimension for the lanes; -1: there is one element only. *score: the share of lanes in
 * use, much less where vectors would be fetched from elements apart. */
int nest_vector_dim(Program *p, const Definition *def, const Form *form, double *score);

/* ---- nest_row.c ---- */

/* One reduction along the lanes of its last long variable: vector accumulators, then across. The
 * result is a scalar. */
void nest_reduce_row(Nest *n, Expr *reduce, Var *along);

/* ---- nest_pack.c ---- */

/* The definition with its constant f32 factors that run over `vector` replaced by packed ones, for
 * vectors of `lanes`, `copies` side by side. */
Definition *nest_pack(Program *p, const Definition *def, const Var *vector, int lanes, int copies,
                      const Expr *reduce, Arena *arena);

/* ---- nest_phase.c ---- */

/* The period in v of the tests `(... v ...) % s == 0` in the body: the largest s, 1: none. */
int64_t nest_period(Pool *p, Expr *body, const Var *v);
/* How many consecutive values of v the body tells apart by tests `v == k` or `v % s == k`: a loop
 * over v is best unrolled by that many. 1: none. */
int nest_distinct(Pool *p, Expr *body, const Var *v);
/* The same of its values from lo to before hi, where guards leave other tests. */
int nest_distinct_in(Pool *p, Expr *body, Var *v, int64_t lo, int64_t hi);
/* Calls `part` for each combination of phases of the variables that contributes, with the bodies
 * and variables of that part. */
void nest_phases(Nest *n, ReduceOp op, Expr *const *bodies, int count, Var **vars, int var_count,
                 void (*part)(Nest *n, Expr **bodies, Var **vars, int var_count, void *context),
                 void *context);

/* ---- nest_guard.c ---- */

/* Cuts output dimension `dim` at the points where a guard in the body changes, so that each part
 * has fewer tests: the cut points in ascending order, ends included. Returns how many (2: no cut).
 */
int nest_guard_cuts(Pool *p, const Definition *def, int dim, int64_t *cuts, int most);

/* ---- schedules: each makes the nest of one kernel, or returns false when the definition does not
 * suit it ---- */

typedef struct Schedule {
    const char *name, *doc;
    bool exact; /* sums in the order of the definition, where the program asks for it */
    bool (*make)(Program *p, const Definition *def, Kernel *kernel, Arena *arena);
} Schedule;

extern const Schedule schedule_choice, schedule_row, schedule_each, schedule_tile;

#endif
