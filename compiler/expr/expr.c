/*
 * The pool of expressions: hash-consing, the constructors, and what walks or rebuilds an
 * expression. Constructors fold constants and drop what is exactly neutral; index arithmetic is
 * simplified in simplify.c.
 */
#include "expr_pool.h"

#include "arith.h"
#include "graph.h"

#include <math.h>
#include <stdlib.h>

typedef struct Known {
    const Expr *x, *y;
    Expr *result;
    int op;
} Known;

struct Pool {
    Arena *arena;
    Expr **table; /* open addressing, at most half full */
    size_t size, used;
    Known *known; /* a cache: a slot is overwritten when two meet */
    int next_id, next_var, next_reg;
};

enum { FIRST_TABLE = 1 << 10, KNOWN_SLOTS = 1 << 12, FEW_ARGS = 16 };

Pool *pool_new(Arena *arena)
{
    Pool *p = NEW(arena, Pool);
    p->arena = arena;
    p->size = FIRST_TABLE;
    p->table = NEW_ARRAY(arena, Expr *, p->size);
    p->known = NEW_ARRAY(arena, Known, KNOWN_SLOTS);
    return p;
}

Arena *pool_arena(const Pool *p) { return p->arena; }

Var *pool_var(Pool *p, const char *name, int64_t lo, int64_t hi)
{
    Var *v = NEW(p->arena, Var);
    *v = (Var){arena_string(p->arena, name), lo, hi, p->next_var++};
    return v;
}

const Reg *pool_reg(Pool *p, const char *name, Dtype dtype, int lanes)
{
    Reg *r = NEW(p->arena, Reg);
    *r = (Reg){arena_string(p->arena, name), dtype, lanes, p->next_reg++};
    return r;
}

/* ---- hash-consing ---- */

static uint32_t mix(uint32_t hash, uint64_t bits)
{
    bits = (bits ^ hash) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(bits >> 32) ^ (uint32_t)bits * 31;
}

static uint32_t hash_of(const Expr *e)
{
    uint32_t h = mix((uint32_t)e->kind * 64 + (uint32_t)e->op,
                     (uint64_t)e->dtype << 16 | (uint64_t)e->lanes);
    h = mix(h, (uint64_t)e->i); /* any member of the union: all have eight bytes */
    h = mix(h, (uint64_t)(uintptr_t)e->buffer);
    for (int i = 0; i < e->arg_count; i++) h = mix(h, (uint64_t)e->args[i]->id);
    for (int i = 0; i < e->var_count; i++) h = mix(h, (uint64_t)e->vars[i]->id);
    return h;
}
_Static_assert(sizeof(void *) == 8 && sizeof(double) == 8,
               "the union of Expr is compared by its eight bytes");

static bool same(const Expr *a, const Expr *b)
{
    return a->hash == b->hash && a->kind == b->kind && a->op == b->op && a->dtype == b->dtype &&
           a->lanes == b->lanes && a->i == b->i && a->buffer == b->buffer &&
           a->arg_count == b->arg_count && a->var_count == b->var_count &&
           (!a->arg_count ||
            memcmp(a->args, b->args, (size_t)a->arg_count * sizeof *a->args) == 0) &&
           (!a->var_count || memcmp(a->vars, b->vars, (size_t)a->var_count * sizeof *a->vars) == 0);
}

static void grow_table(Pool *p)
{
    Expr **old = p->table;
    size_t size = p->size;
    p->size *= 2;
    p->table = NEW_ARRAY(p->arena, Expr *, p->size);
    for (size_t i = 0; i < size; i++) {
        if (!old[i]) continue;
        size_t slot = old[i]->hash & (p->size - 1);
        while (p->table[slot]) slot = (slot + 1) & (p->size - 1);
        p->table[slot] = old[i];
    }
}

Expr *pool_intern(Pool *p, const Expr *pattern)
{
    Expr key = *pattern;
    key.hash = hash_of(&key);
    size_t slot = key.hash & (p->size - 1);
    for (; p->table[slot]; slot = (slot + 1) & (p->size - 1))
        if (same(p->table[slot], &key)) return p->table[slot];
    Expr *e = NEW(p->arena, Expr);
    *e = key;
    if (e->arg_count)
        e->args = arena_copy(p->arena, key.args, (size_t)key.arg_count * sizeof *e->args);
    if (e->var_count)
        e->vars = arena_copy(p->arena, key.vars, (size_t)key.var_count * sizeof *e->vars);
    e->id = p->next_id++;
    e->var_bits = e->kind == EX_VAR ? 1ull << (e->var->id & 63) : 0;
    for (int i = 0; i < e->arg_count; i++) e->var_bits |= e->args[i]->var_bits;
    for (int i = 0; i < e->var_count; i++) e->var_bits |= 1ull << (e->vars[i]->id & 63);
    e->range = simplify_range(e);
    p->table[slot] = e;
    if (2 * ++p->used > p->size) grow_table(p);
    return e;
}

static Known *known_slot(const Pool *p, BinaryOp op, const Expr *x, const Expr *y)
{
    return &p->known[mix(mix((uint32_t)op, (uint64_t)x->id), (uint64_t)y->id) & (KNOWN_SLOTS - 1)];
}

Expr *pool_known(const Pool *p, BinaryOp op, const Expr *x, const Expr *y)
{
    const Known *k = known_slot(p, op, x, y);
    return k->x == x && k->y == y && k->op == (int)op ? k->result : NULL;
}

void pool_remember(Pool *p, BinaryOp op, const Expr *x, const Expr *y, Expr *result)
{
    *known_slot(p, op, x, y) = (Known){x, y, result, (int)op};
}

Expr *pool_binary(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    bool predicate = op == BI_EQ || op == BI_NE || op == BI_LT || op == BI_LE;
    return pool_intern(p, &(Expr){.kind = EX_BINARY,
                                  .op = (int)op,
                                  .dtype = predicate ? DT_BOOL : x->dtype,
                                  .lanes = x->lanes,
                                  .arg_count = 2,
                                  .args = (Expr *[]){x, y}});
}

/* ---- leaves ---- */

static Expr *constant(Pool *p, Dtype dtype, Value v)
{
    Expr e = {.kind = EX_CONST, .dtype = dtype, .lanes = 1};
    if (dtype_is_float(dtype))
        e.f = arith_round(dtype, v.f);
    else
        e.i = arith_wrap(dtype, v.i);
    return pool_intern(p, &e);
}

static Value value_of(const Expr *e)
{
    return dtype_is_float(e->dtype) ? (Value){.f = e->f} : (Value){.i = e->i};
}

Expr *ex_const(Pool *p, Dtype dtype, double value)
{
    Value v = {.f = value}, converted;
    arith_cast(dtype, DT_F64, 1, &converted, &v);
    return constant(p, dtype, converted);
}

Expr *ex_int(Pool *p, int64_t value) { return constant(p, DT_I64, (Value){.i = value}); }

Expr *ex_int_of(Pool *p, Dtype dtype, int64_t value)
{
    assert(!dtype_is_float(dtype));
    return constant(p, dtype, (Value){.i = value});
}

Expr *ex_var(Pool *p, Var *v)
{
    if (v->hi - v->lo == 1) return ex_int(p, v->lo);
    return pool_intern(p, &(Expr){.kind = EX_VAR, .dtype = DT_I64, .lanes = 1, .var = v});
}

Expr *ex_load(Pool *p, Tensor *t, Expr *const *index)
{
    for (int i = 0; i < t->rank; i++) assert(index[i]->dtype == DT_I64 && index[i]->lanes == 1);
    return pool_intern(p, &(Expr){.kind = EX_LOAD,
                                  .dtype = t->dtype,
                                  .lanes = 1,
                                  .tensor = t,
                                  .arg_count = t->rank,
                                  .args = (Expr **)index});
}

Expr *ex_fetch(Pool *p, struct Buffer *b, Dtype dtype, Expr *offset, int lanes, int64_t stride,
               int count)
{
    assert(offset->dtype == DT_I64 && count >= 1 && count <= lanes);
    return pool_intern(p, &(Expr){.kind = EX_FETCH,
                                  .dtype = dtype,
                                  .lanes = lanes,
                                  .op = count,
                                  .i = lanes == 1 ? 1 : stride,
                                  .buffer = b,
                                  .arg_count = 1,
                                  .args = &offset});
}

Expr *ex_reg(Pool *p, const Reg *reg)
{
    return pool_intern(
        p, &(Expr){.kind = EX_REG, .dtype = reg->dtype, .lanes = reg->lanes, .reg = reg});
}

/* ---- unary ---- */

static Expr *plain_unary(Pool *p, ExprKind kind, int op, Dtype dtype, int lanes, Expr *x)
{
    return pool_intern(
        p, &(Expr){
               .kind = kind, .op = op, .dtype = dtype, .lanes = lanes, .arg_count = 1, .args = &x});
}

/* not (a < b) is b <= a for integers; with NaN it is not. */
static Expr *negated_comparison(Pool *p, const Expr *x)
{
    if (x->kind != EX_BINARY) return NULL;
    if (x->op == BI_EQ) return ex_ne(p, x->args[0], x->args[1]);
    if (x->op == BI_NE) return ex_eq(p, x->args[0], x->args[1]);
    if (dtype_is_float(x->args[0]->dtype)) return NULL;
    if (x->op == BI_LT) return ex_le(p, x->args[1], x->args[0]);
    if (x->op == BI_LE) return ex_lt(p, x->args[1], x->args[0]);
    return NULL;
}

Expr *ex_unary(Pool *p, UnaryOp op, Expr *x)
{
    Dtype dtype = op == UN_ISNAN || op == UN_ISINF ? DT_BOOL : x->dtype;
    bool number = dtype_is_float(x->dtype);
    if (is_const(x)) {
        Value v = value_of(x), result;
        arith_unary(op, x->dtype, 1, &result, &v);
        return constant(p, dtype, result);
    }
    if (x->kind == EX_SPLAT) return ex_splat(p, ex_unary(p, op, x->args[0]), x->lanes);
    if (!number && (op == UN_FLOOR || op == UN_CEIL || op == UN_ROUND || op == UN_TRUNC)) return x;
    if (!number && dtype == DT_BOOL && op != UN_NOT)
        return ex_splat(p, ex_int_of(p, DT_BOOL, 0), x->lanes);
    if (op == UN_NEG && x->dtype == DT_I64 && x->lanes == 1) return ex_mul(p, x, ex_int(p, -1));
    if (x->kind == EX_UNARY && x->op == (int)op) {
        if (op == UN_NEG || op == UN_NOT || op == UN_BITNOT) return x->args[0];
        if (op == UN_ABS || op == UN_FLOOR || op == UN_CEIL || op == UN_ROUND || op == UN_TRUNC)
            return x;
    }
    if (op == UN_NOT) {
        Expr *opposite = negated_comparison(p, x);
        if (opposite) return opposite;
    }
    return plain_unary(p, EX_UNARY, (int)op, dtype, x->lanes, x);
}

Expr *ex_cast(Pool *p, Dtype dtype, Expr *x)
{
    if (x->dtype == dtype) return x;
    if (is_const(x)) {
        Value v = value_of(x), result;
        arith_cast(dtype, x->dtype, 1, &result, &v);
        return constant(p, dtype, result);
    }
    if (x->kind == EX_SPLAT) return ex_splat(p, ex_cast(p, dtype, x->args[0]), x->lanes);
    return plain_unary(p, EX_CAST, 0, dtype, x->lanes, x);
}

Expr *ex_bitcast(Pool *p, Dtype dtype, Expr *x)
{
    assert(dtype_info(dtype)->bits == dtype_info(x->dtype)->bits && x->lanes == 1);
    bool keeps = x->kind == EX_BITCAST && x->dtype != DT_BOOL; /* to bool is what is not 0 */
    if (keeps) x = x->args[0];
    if (x->dtype == dtype) return x;
    if (is_const(x)) {
        Value v = value_of(x), result;
        arith_bitcast(dtype, x->dtype, 1, &result, &v);
        return constant(p, dtype, result);
    }
    return plain_unary(p, EX_BITCAST, 0, dtype, 1, x);
}

Expr *ex_splat(Pool *p, Expr *x, int lanes)
{
    if (x->lanes == lanes) return x;
    assert(x->lanes == 1);
    return plain_unary(p, EX_SPLAT, 0, x->dtype, lanes, x);
}

Expr *ex_across(Pool *p, ReduceOp op, Expr *x)
{
    if (x->lanes == 1) return x;
    return plain_unary(p, EX_ACROSS, (int)op, x->dtype, 1, x);
}

Expr *ex_sums(Pool *p, Expr *const *x, int lanes)
{
    for (int k = 0; k < lanes; k++) assert(x[k]->lanes == lanes && x[k]->dtype == DT_F32);
    return pool_intern(p, &(Expr){.kind = EX_SUMS,
                                  .dtype = DT_F32,
                                  .lanes = lanes,
                                  .arg_count = lanes,
                                  .args = (Expr **)x});
}

/* ---- binary ---- */

/* Powers of two: x / f and x * (1 / f) are the same number, also where it is rounded. */
static bool has_reciprocal(Dtype dtype, double f)
{
    int exponent;
    return (dtype == DT_F32 || dtype == DT_F64) && fabs(frexp(f, &exponent)) == 0.5 &&
           isnormal((float)f) && isnormal((float)(1 / f));
}

/* What x op c is when the constant c is neutral (x itself), or absorbs integers. */
static Expr *with_constant(Pool *p, BinaryOp op, Expr *x, const Expr *c)
{
    bool number = dtype_is_float(x->dtype), boolean = x->dtype == DT_BOOL;
    double f = number ? c->f : 0;
    int64_t i = number ? 0 : c->i, ones = boolean ? 1 : arith_wrap(x->dtype, -1);
    switch (op) {
    case BI_ADD: /* -0 + 0 is 0, but x + -0 is x */
        return (number ? f == 0 && signbit(f) : i == 0) ? x : NULL;
    case BI_SUB: return (number ? f == 0 && !signbit(f) : i == 0) ? x : NULL;
    case BI_MUL:
        if (number ? f == 1 : i == 1) return x;
        return !number && i == 0 ? ex_int_of(p, x->dtype, 0) : NULL;
    case BI_DIV:
        if (number ? f == 1 : i == 1) return x;
        return has_reciprocal(x->dtype, f) ? ex_mul(p, x, ex_const(p, x->dtype, 1 / f)) : NULL;
    case BI_FLOORDIV: return !number && i == 1 ? x : NULL;
    case BI_POW: /* x * x is correctly rounded, as a power should be */
        if (number ? f == 1 : i == 1) return x;
        return (number ? f == 2 : i == 2) ? ex_mul(p, x, x) : NULL;
    case BI_MIN: return number && f == INFINITY ? x : NULL;
    case BI_MAX: return number && f == -INFINITY ? x : NULL;
    case BI_AND: return i == ones ? x : i == 0 ? ex_int_of(p, x->dtype, 0) : NULL;
    case BI_OR: return i == 0 ? x : i == ones ? ex_int_of(p, x->dtype, ones) : NULL;
    case BI_XOR: return i == 0 ? x : i == ones && boolean ? ex_unary(p, UN_NOT, x) : NULL;
    case BI_SHL:
    case BI_SHR: return i == 0 ? x : NULL;
    case BI_EQ: return !boolean ? NULL : i ? x : ex_unary(p, UN_NOT, x);
    case BI_NE: return !boolean ? NULL : i ? ex_unary(p, UN_NOT, x) : x;
    default: return NULL;
    }
}

/* x op x. */
static Expr *with_itself(Pool *p, BinaryOp op, Expr *x)
{
    switch (op) {
    case BI_MIN:
    case BI_MAX:
    case BI_AND:
    case BI_OR: return x;
    default: break;
    }
    if (dtype_is_float(x->dtype)) return NULL;
    switch (op) {
    case BI_SUB:
    case BI_XOR: return ex_int_of(p, x->dtype, 0);
    case BI_EQ:
    case BI_LE: return ex_int_of(p, DT_BOOL, 1);
    case BI_NE:
    case BI_LT: return ex_int_of(p, DT_BOOL, 0);
    default: return NULL;
    }
}

static bool commutes(BinaryOp op)
{
    return op == BI_ADD || op == BI_MUL || op == BI_MIN || op == BI_MAX || op == BI_AND ||
           op == BI_OR || op == BI_XOR || op == BI_EQ || op == BI_NE;
}

/* Comparisons and extrema of integers other than i64 that their ranges decide. */
static Expr *by_range(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    if (dtype_is_float(x->dtype) || x->dtype == DT_U64) return NULL;
    Range a = x->range, b = y->range;
    bool below = a.hi < b.lo;
    bool above = b.hi < a.lo;
    switch (op) {
    case BI_MIN: return a.hi <= b.lo ? x : b.hi <= a.lo ? y : NULL;
    case BI_MAX: return a.hi <= b.lo ? y : b.hi <= a.lo ? x : NULL;
    case BI_LT:
        return below ? ex_int_of(p, DT_BOOL, 1) : a.lo >= b.hi ? ex_int_of(p, DT_BOOL, 0) : NULL;
    case BI_LE:
        return a.hi <= b.lo ? ex_int_of(p, DT_BOOL, 1) : above ? ex_int_of(p, DT_BOOL, 0) : NULL;
    case BI_EQ: return below || above ? ex_int_of(p, DT_BOOL, 0) : NULL;
    case BI_NE: return below || above ? ex_int_of(p, DT_BOOL, 1) : NULL;
    default: return NULL;
    }
}

static Expr *scalar_binary(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    Expr *e = is_const(y) ? with_constant(p, op, x, y) : NULL;
    if (!e) e = by_range(p, op, x, y);
    if (!e && op == BI_AND && x->dtype == DT_BOOL) e = simplify_and(p, x, y);
    return e ? e : pool_binary(p, op, x, y);
}

Expr *ex_binary(Pool *p, BinaryOp op, Expr *x, Expr *y)
{
    assert(x->dtype == y->dtype);
    int lanes = x->lanes > y->lanes ? x->lanes : y->lanes;
    x = ex_splat(p, x, lanes);
    y = ex_splat(p, y, lanes);
    if (x->kind == EX_SPLAT && y->kind == EX_SPLAT)
        return ex_splat(p, ex_binary(p, op, x->args[0], y->args[0]), lanes);
    if (is_const(x) && is_const(y)) {
        Value a = value_of(x), b = value_of(y), result;
        arith_binary(op, x->dtype, 1, &result, &a, 1, &b, 1);
        bool predicate = op == BI_EQ || op == BI_NE || op == BI_LT || op == BI_LE;
        return constant(p, predicate ? DT_BOOL : x->dtype, result);
    }
    if (commutes(op) && is_const(x)) {
        Expr *first = x;
        x = y, y = first;
    }
    if (lanes > 1) {
        Expr *e = y->kind == EX_SPLAT && is_const(y->args[0]) ? with_constant(p, op, x, y->args[0])
                                                              : NULL;
        return e ? ex_splat(p, e, lanes) : pool_binary(p, op, x, y);
    }
    Expr *alone = x == y ? with_itself(p, op, x) : NULL;
    if (alone) return alone;
    if (x->dtype == DT_I64) return simplify_binary(p, op, x, y);
    return scalar_binary(p, op, x, y);
}

/* ---- the others ---- */

Expr *ex_fma(Pool *p, Expr *x, Expr *y, Expr *z)
{
    int lanes = x->lanes > y->lanes ? x->lanes : y->lanes;
    if (z->lanes > lanes) lanes = z->lanes;
    Expr *args[] = {ex_splat(p, x, lanes), ex_splat(p, y, lanes), ex_splat(p, z, lanes)};
    assert(x->dtype == y->dtype && y->dtype == z->dtype);
    return pool_intern(
        p,
        &(Expr){.kind = EX_FMA, .dtype = x->dtype, .lanes = lanes, .arg_count = 3, .args = args});
}

/* A condition is decided within the arms of a select on it. */
static Expr *decided(const Expr *condition, Expr *arm, int which)
{
    while (arm->kind == EX_SELECT && arm->args[0] == condition) arm = arm->args[which];
    return arm;
}

Expr *ex_select(Pool *p, Expr *condition, Expr *then, Expr *otherwise)
{
    assert(condition->dtype == DT_BOOL && then->dtype == otherwise->dtype);
    int lanes = condition->lanes;
    if (then->lanes > lanes) lanes = then->lanes;
    if (otherwise->lanes > lanes) lanes = otherwise->lanes;
    const Expr *scalar = condition->kind == EX_SPLAT ? condition->args[0] : condition;
    if (is_const(scalar)) return ex_splat(p, scalar->i ? then : otherwise, lanes);
    if (condition->kind == EX_SPLAT) condition = condition->args[0]; /* one test guards all lanes */
    Expr *args[] = {condition, ex_splat(p, decided(condition, then, 1), lanes),
                    ex_splat(p, decided(condition, otherwise, 2), lanes)};
    if (args[1] == args[2]) return args[1];
    if (then->dtype == DT_BOOL && is_const(then) && is_const(otherwise) && lanes == 1)
        return then->i ? condition : ex_unary(p, UN_NOT, condition);
    return pool_intern(
        p,
        &(Expr){
            .kind = EX_SELECT, .dtype = then->dtype, .lanes = lanes, .arg_count = 3, .args = args});
}

BinaryOp reduce_binary(ReduceOp op)
{
    static const BinaryOp binary[RE_COUNT] = {
        [RE_SUM] = BI_ADD, [RE_PRODUCT] = BI_MUL, [RE_MAX] = BI_MAX,
        [RE_MIN] = BI_MIN, [RE_AND] = BI_AND,     [RE_OR] = BI_OR,
    };
    return binary[op];
}

/* The lowest (sign < 0) or highest value of an integer or bool type. */
static int64_t extreme(Dtype dtype, int sign)
{
    const DtypeInfo *info = dtype_info(dtype);
    if (info->class == CLASS_BOOL) return sign > 0;
    if (info->class == CLASS_UNSIGNED) return sign < 0 ? 0 : arith_wrap(dtype, -1);
    int64_t lowest = (int64_t)(UINT64_MAX << (info->bits - 1));
    return sign < 0 ? lowest : ~lowest;
}

Expr *ex_identity(Pool *p, ReduceOp op, Dtype dtype)
{
    bool number = dtype_is_float(dtype);
    switch (op) {
    case RE_SUM:
    case RE_OR: return ex_const(p, dtype, 0);
    case RE_PRODUCT: return ex_const(p, dtype, 1);
    case RE_AND: return ex_int_of(p, dtype, -1);
    case RE_MAX:
        return number ? ex_const(p, dtype, -INFINITY) : ex_int_of(p, dtype, extreme(dtype, -1));
    case RE_MIN:
        return number ? ex_const(p, dtype, INFINITY) : ex_int_of(p, dtype, extreme(dtype, 1));
    case RE_COUNT: break;
    }
    assert(!"a reduction");
    return NULL;
}

Expr *ex_reduce(Pool *p, ReduceOp op, Var *const *vars, int count, Expr *body)
{
    Var **kept = NEW_ARRAY(p->arena, Var *, count);
    bool idempotent = op != RE_SUM && op != RE_PRODUCT;
    int n = 0;
    for (int i = 0; i < count; i++) {
        if (vars[i]->hi <= vars[i]->lo) return ex_identity(p, op, body->dtype);
        if (vars[i]->hi - vars[i]->lo == 1 || (idempotent && !ex_uses_var(body, vars[i]))) continue;
        kept[n++] = vars[i];
    }
    if (n == 0) return body;
    return pool_intern(p, &(Expr){.kind = EX_REDUCE,
                                  .op = (int)op,
                                  .dtype = body->dtype,
                                  .lanes = body->lanes,
                                  .arg_count = 1,
                                  .args = &body,
                                  .vars = kept,
                                  .var_count = n});
}

Expr *ex_within(Pool *p, Expr *x, int64_t lo, int64_t hi)
{
    return ex_and(p, ex_le(p, ex_int(p, lo), x), ex_lt(p, x, ex_int(p, hi)));
}
