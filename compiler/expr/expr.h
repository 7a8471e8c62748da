/*
 * Expressions: *what* an element is. Immutable, shared and hash-consed in a Pool: equal expressions
 * are one pointer.
 *
 * There are two vocabularies in one form. A definition's body (from ops/) loads tensors at logical
 * indices and reduces over variables. A schedule turns it into kernel expressions: loads become
 * fetches from buffers at one physical offset, reductions become loops with registers, and every
 * node has `lanes` (1, or the target's vector width).
 */
#ifndef NETC_EXPR_H
#define NETC_EXPR_H

#include "dtype.h"

struct Tensor;
struct Buffer;

/* An integer variable with its constant range lo <= v < hi: an output index, a reduction index or a
 * loop counter. */
typedef struct Var {
    const char *name;
    int64_t lo, hi;
    int id; /* unique in the pool */
} Var;

typedef enum ExprKind {
    EX_CONST,   /* value */
    EX_VAR,     /* var; type i64 */
    EX_LOAD,    /* tensor[arg...]: logical indices, one per dimension */
    EX_FETCH,   /* buffer[arg[0]]: physical element offset; with lanes > 1: `stride` elements apart
                   (1: contiguous), of which   `count` are read, zero in the rest. Of the buffer's
                   type, or f32 where that is f16 or bf16: widened as it is fetched */
    EX_REG,     /* a register set by a statement */
    EX_UNARY,   /* unary(arg[0]) */
    EX_BINARY,  /* binary(arg[0], arg[1]) */
    EX_FMA,     /* arg[0] * arg[1] + arg[2], made by schedules only */
    EX_SELECT,  /* arg[0] ? arg[1] : arg[2]; arg[0] is bool; the arm not taken is not evaluated
                   (guards rely on it) */
    EX_CAST,    /* arg[0] as dtype, C's rules (float to integer truncates; to bool: != 0) */
    EX_BITCAST, /* the bits of arg[0] as dtype, which has as many */
    EX_REDUCE,  /* reduce arg[0] over vars */
    EX_SPLAT,   /* a scalar arg[0] in all lanes */
    EX_ACROSS,  /* reduce (reduce) the lanes of arg[0] to a scalar */
    EX_SUMS,    /* in each lane the sum of the lanes of its argument: arg[lane] */
} ExprKind;

/* clang-format off: the lists below read as lists */
/* name, C spelling is the target's concern; integer ops wrap. Comments say what is not obvious. */
#define UNARY_OPS(X)                                                                               \
    X(NEG, neg)                                                                                    \
    X(ABS, abs) X(NOT, not ) /* bool */ X(BITNOT, bitnot) X(EXP, exp) X(LOG, log) X(SQRT, sqrt)    \
        X(SIN, sin) X(COS, cos) X(TAN, tan) X(ASIN, asin) X(ACOS, acos) X(ATAN, atan)              \
            X(SINH, sinh) X(COSH, cosh) X(TANH, tanh) X(ASINH, asinh) X(ACOSH, acosh)              \
                X(ATANH, atanh) X(ERF, erf) X(SIGMOID, sigmoid) X(FLOOR, floor) X(CEIL, ceil)      \
                    X(ROUND, round) /* half to even */                                             \
        X(TRUNC, trunc) X(ISNAN, isnan) X(ISINF, isinf)
#define BINARY_OPS(X)                                                                              \
    X(ADD, add)                                                                                    \
    X(SUB, sub) X(MUL, mul)                                                                        \
        X(DIV, div) /* integers: truncates; by zero gives 0, INT_MIN / -1 wraps */                 \
        X(FLOORDIV, floordiv)                                                                      \
            X(FLOORMOD, floormod) /* integers; sign of the divisor; by zero gives 0 */             \
        X(TRUNCMOD, truncmod)     /* integers: C's %; floats: fmod */                              \
        X(POW, pow) X(ATAN2, atan2) X(MIN, min) X(MAX, max) /* NaN wins, as ONNX wants */          \
        X(AND, and) X(OR, or) X(XOR, xor) /* bitwise; logical on bool */ X(SHL, shl)               \
            X(SHR, shr)                         /* by >= width: 0 */                               \
        X(EQ, eq) X(NE, ne) X(LT, lt) X(LE, le) /* these four give bool; EQ, NE of strings too */

#define ENUM(NAME, name) UN_##NAME,
typedef enum UnaryOp { UNARY_OPS(ENUM) UN_COUNT } UnaryOp;
#undef ENUM
#define ENUM(NAME, name) BI_##NAME,
typedef enum BinaryOp { BINARY_OPS(ENUM) BI_COUNT } BinaryOp;
#undef ENUM

/* clang-format on */
typedef enum ReduceOp { RE_SUM, RE_PRODUCT, RE_MAX, RE_MIN, RE_AND, RE_OR, RE_COUNT } ReduceOp;

typedef struct Reg {
    const char *name; /* in the generated C */
    Dtype dtype;
    int lanes, id;
} Reg;

/* lo <= value <= hi, inclusive. INT64_MIN or INT64_MAX: that side is not known. */
typedef struct Range {
    int64_t lo, hi;
} Range;

typedef struct Expr Expr;
struct Expr {
    ExprKind kind;
    Dtype dtype;
    int lanes;
    int op; /* UnaryOp, BinaryOp or ReduceOp; EX_FETCH: count */
    int arg_count;
    Expr **args;
    union {
        double f;  /* EX_CONST of a float type */
        int64_t i; /* EX_CONST of another type (u64 by its bits, bool 0 or 1; of strings there is
                      the empty one, 0); EX_FETCH: stride */
        struct Var *var;       /* EX_VAR */
        const Reg *reg;        /* EX_REG */
        struct Tensor *tensor; /* EX_LOAD */
    };
    struct Buffer *buffer; /* EX_FETCH */
    Var **vars;            /* EX_REDUCE */
    int var_count;
    Range range;       /* of integers and bools: ex_range */
    uint64_t var_bits; /* variables in it, a bit for id % 64: a quick "does not use" */
    uint32_t hash;
    int id; /* in order of creation: arguments have smaller ids */
};

typedef struct Pool Pool;
Pool *pool_new(Arena *arena);
Arena *pool_arena(const Pool *p);
Var *pool_var(Pool *p, const char *name, int64_t lo, int64_t hi);
const Reg *pool_reg(Pool *p, const char *name, Dtype dtype, int lanes);

/* Constructors. Index arithmetic (i64) is simplified as it is built, with the ranges of its
 * variables (simplify.c); constants fold; x + 0, x * 1, select on a constant and the like vanish
 * where that is exact. Operands must agree in dtype and lanes (scalars are splat where the other
 * operand has lanes). */
Expr *ex_const(Pool *p, Dtype dtype, double value);   /* of any numeric type; "" for 0 */
Expr *ex_int(Pool *p, int64_t value);                 /* an i64: an index */
Expr *ex_int_of(Pool *p, Dtype dtype, int64_t value); /* of an integer or bool type, exact */
Expr *ex_var(Pool *p, Var *v);
Expr *ex_load(Pool *p, struct Tensor *t, Expr *const *index); /* t->rank indices */
Expr *ex_fetch(Pool *p, struct Buffer *b, Dtype dtype, Expr *offset, int lanes, int64_t stride,
               int count);
Expr *ex_reg(Pool *p, const Reg *reg);
Expr *ex_unary(Pool *p, UnaryOp op, Expr *x);
Expr *ex_binary(Pool *p, BinaryOp op, Expr *x, Expr *y);
Expr *ex_fma(Pool *p, Expr *x, Expr *y, Expr *z);
Expr *ex_select(Pool *p, Expr *condition, Expr *then, Expr *otherwise);
Expr *ex_cast(Pool *p, Dtype dtype, Expr *x);
Expr *ex_bitcast(Pool *p, Dtype dtype, Expr *x);
Expr *ex_reduce(Pool *p, ReduceOp op, Var *const *vars, int count,
                Expr *body); /* count 0, or all ranges of extent 1: body */
Expr *ex_splat(Pool *p, Expr *x, int lanes);
Expr *ex_across(Pool *p, ReduceOp op, Expr *x);
Expr *ex_sums(Pool *p, Expr *const *x, int lanes); /* x: so many vectors of so many lanes */

#define SHORTHAND(name, OP)                                                                        \
    static inline Expr *ex_##name(Pool *p, Expr *x, Expr *y) { return ex_binary(p, BI_##OP, x, y); }
SHORTHAND(add, ADD)
SHORTHAND(sub, SUB) SHORTHAND(mul, MUL) SHORTHAND(div, DIV) SHORTHAND(min, MIN) SHORTHAND(max, MAX)
    SHORTHAND(eq, EQ) SHORTHAND(ne, NE) SHORTHAND(lt, LT) SHORTHAND(le, LE) SHORTHAND(and, AND)
        SHORTHAND(or, OR) SHORTHAND(floordiv, FLOORDIV) SHORTHAND(floormod, FLOORMOD)
#undef SHORTHAND
    /* lo <= x < hi, for indices; drops the halves that the range of x makes true. */
    Expr *ex_within(Pool *p, Expr *x, int64_t lo, int64_t hi);
/* The identity of a reduction: 0, 1, -inf or the lowest, +inf or the highest. */
Expr *ex_identity(Pool *p, ReduceOp op, Dtype dtype);
BinaryOp reduce_binary(ReduceOp op);

/* Rebuilds e with every node for which `replace` returns non-NULL replaced (asked before its
 * arguments). */
Expr *ex_rewrite(Pool *p, Expr *e, Expr *(*replace)(Pool *p, Expr *e, void *context),
                 void *context);
/* Every occurrence of one expression replaced by another. */
Expr *ex_replace(Pool *p, Expr *e, Expr *from, Expr *to);
/* Variables replaced by expressions; count pairs. */
Expr *ex_substitute(Pool *p, Expr *e, Var *const *from, Expr *const *to, int count);
/* Calls visit on every distinct node, arguments first. */
void ex_visit(Expr *e, void (*visit)(Expr *e, void *context), void *context);
bool ex_uses_var(const Expr *e, const Var *v);

/* ---- index arithmetic (simplify.c) ---- */

/* The range of an integer or bool expression, from the ranges of its variables. */
Range ex_range(const Expr *e);
/* e = sum coef[i] * atom[i] + constant; atoms are variables or what is not affine (floordiv,
 * floormod, loads). */
typedef struct Affine {
    int64_t constant;
    int count;
    struct AffineTerm {
        Expr *atom;
        int64_t coef;
    } * terms; /* variables by id, then others by id; no zero coefficients */
} Affine;
Affine ex_affine(Pool *p, Expr *e);
/* The coefficient of v when e is affine in it; false when v also occurs inside another atom. */
bool ex_coefficient(Pool *p, Expr *e, const Var *v, int64_t *coef);

/* For dumps and messages: "b[c] + sum(i, ky, kx: x[n, i, y + ky, x + kx] * w[c, i, ky, kx])". */
void ex_print(const Expr *e, Text *out);
const char *unary_name(UnaryOp op);
const char *binary_name(BinaryOp op);
const char *reduce_name(ReduceOp op);

#endif
