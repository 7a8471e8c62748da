/*
 * Arithmetic on rows of doubles and int64_t: every unary and binary operation of expr.h with its
 * exact integer rules (wrap-around, division by zero, shifts) and its NaN rules. No expressions
 * here.
 */
#include "arith.h"

#include <math.h>

int64_t arith_wrap(Dtype dtype, int64_t v)
{
    const DtypeInfo *info = dtype_info(dtype);
    if (info->class == CLASS_BOOL) return v != 0;
    if (info->bits >= 64) return v;
    int unused = 64 - info->bits;
    if (info->class == CLASS_UNSIGNED) return (int64_t)((uint64_t)v << unused >> unused);
    return (int64_t)((uint64_t)v << unused) >> unused;
}

double arith_round(Dtype dtype, double v)
{
    if (dtype == DT_F64) return v;
    if (dtype == DT_F32) return (float)v;
    uint64_t storage = 0;
    dtype_set_double(dtype, &storage, 0, v);
    return dtype_get_double(dtype, &storage, 0);
}

/* ---- unary ---- */

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double negated(double x) { return -x; }

static double (*const float_functions[UN_COUNT])(double) = {
    [UN_NEG] = negated, [UN_ABS] = fabs,   [UN_EXP] = exp,         [UN_LOG] = log,
    [UN_SQRT] = sqrt,   [UN_SIN] = sin,    [UN_COS] = cos,         [UN_TAN] = tan,
    [UN_ASIN] = asin,   [UN_ACOS] = acos,  [UN_ATAN] = atan,       [UN_SINH] = sinh,
    [UN_COSH] = cosh,   [UN_TANH] = tanh,  [UN_ASINH] = asinh,     [UN_ACOSH] = acosh,
    [UN_ATANH] = atanh, [UN_ERF] = erf,    [UN_SIGMOID] = sigmoid, [UN_FLOOR] = floor,
    [UN_CEIL] = ceil,   [UN_ROUND] = rint, [UN_TRUNC] = trunc,
};

static void float_unary(UnaryOp op, int n, Value *out, const Value *x)
{
    if (op == UN_ISNAN) {
        for (int i = 0; i < n; i++) out[i].i = isnan(x[i].f) != 0;
    } else if (op == UN_ISINF) {
        for (int i = 0; i < n; i++) out[i].i = isinf(x[i].f) != 0;
    } else {
        double (*function)(double) = float_functions[op];
        assert(function);
        for (int i = 0; i < n; i++) out[i].f = function(x[i].f);
    }
}

static int64_t int_unary(UnaryOp op, Dtype dtype, int64_t x)
{
    switch (op) {
    case UN_NEG: return (int64_t)(0 - (uint64_t)x);
    case UN_ABS: return x < 0 && dtype != DT_U64 ? (int64_t)(0 - (uint64_t)x) : x;
    case UN_NOT: return !x;
    case UN_BITNOT: return ~x;
    case UN_FLOOR:
    case UN_CEIL:
    case UN_ROUND:
    case UN_TRUNC: return x;
    case UN_ISNAN:
    case UN_ISINF: return 0;
    default: assert(!"an integer operation"); return 0;
    }
}

void arith_unary(UnaryOp op, Dtype dtype, int n, Value *out, const Value *x)
{
    if (dtype_is_float(dtype)) {
        /* Which whole number is nearest hangs on the last bit, so these see the value that the type
         * can hold. */
        if (op == UN_ROUND || op == UN_FLOOR || op == UN_CEIL || op == UN_TRUNC) {
            for (int i = 0; i < n; i++) out[i].f = arith_round(dtype, x[i].f);
            x = out;
        }
        float_unary(op, n, out, x);
        return;
    }
    for (int i = 0; i < n; i++) out[i].i = arith_wrap(dtype, int_unary(op, dtype, x[i].i));
}

/* ---- binary ---- */

/* z = expression of u and v, over rows that may be one repeated value. */
#define EACH(in, result, T, expression)                                                            \
    do {                                                                                           \
        if (sx && sy) {                                                                            \
            for (int i = 0; i < n; i++) {                                                          \
                const T u = x[i].in, v = y[i].in;                                                  \
                out[i].result = (expression);                                                      \
            }                                                                                      \
        } else if (sx) {                                                                           \
            const T v = y->in;                                                                     \
            for (int i = 0; i < n; i++) {                                                          \
                const T u = x[i].in;                                                               \
                out[i].result = (expression);                                                      \
            }                                                                                      \
        } else {                                                                                   \
            const T u = x->in;                                                                     \
            for (int i = 0; i < n; i++) {                                                          \
                const T v = y[i * sy].in;                                                          \
                out[i].result = (expression);                                                      \
            }                                                                                      \
        }                                                                                          \
    } while (0)

typedef void Rows(int n, Value *out, const Value *x, int sx, const Value *y, int sy);
#define ROWS(name, in, result, T, expression)                                                      \
    static void name(int n, Value *out, const Value *x, int sx, const Value *y, int sy)            \
    {                                                                                              \
        EACH(in, result, T, expression);                                                           \
    }

static double float_floormod(double u, double v)
{
    double r = fmod(u, v);
    return r != 0 && (r < 0) != (v < 0) ? r + v : r;
}

ROWS(float_add, f, f, double, u + v)
ROWS(float_sub, f, f, double, u - v)
ROWS(float_mul, f, f, double, u *v)
ROWS(float_div, f, f, double, u / v)
ROWS(float_floordiv, f, f, double, floor(u / v))
ROWS(float_floormods, f, f, double, float_floormod(u, v))
ROWS(float_truncmod, f, f, double, fmod(u, v))
ROWS(float_pow, f, f, double, pow(u, v))
ROWS(float_atan2, f, f, double, atan2(u, v))
ROWS(float_min, f, f, double, u != u || u < v ? u : v)
ROWS(float_max, f, f, double, u != u || u > v ? u : v)
ROWS(float_eq, f, i, double, u == v)
ROWS(float_ne, f, i, double, u != v)
ROWS(float_lt, f, i, double, u < v)
ROWS(float_le, f, i, double, u <= v)

/* clang-format off */
static Rows *const float_rows[BI_COUNT] = {
    [BI_ADD] = float_add, [BI_SUB] = float_sub, [BI_MUL] = float_mul, [BI_DIV] = float_div,
    [BI_FLOORDIV] = float_floordiv, [BI_FLOORMOD] = float_floormods, [BI_TRUNCMOD] = float_truncmod,
    [BI_POW] = float_pow, [BI_ATAN2] = float_atan2, [BI_MIN] = float_min, [BI_MAX] = float_max,
    [BI_EQ] = float_eq, [BI_NE] = float_ne, [BI_LT] = float_lt, [BI_LE] = float_le,
};
/* clang-format on */

static uint64_t wide(int64_t v) { return (uint64_t)v; }
static int64_t quotient(int64_t u, int64_t v)
{
    return v == 0 ? 0 : v == -1 ? (int64_t)(0 - wide(u)) : u / v;
}
static int64_t remainder_of(int64_t u, int64_t v) { return v == 0 || v == -1 ? 0 : u % v; }
static int64_t floor_quotient(int64_t u, int64_t v)
{
    return v == 0 || v == -1 ? quotient(u, v) : floor_div(u, v);
}
static int64_t floor_remainder(int64_t u, int64_t v)
{
    return v == 0 || v == -1 ? 0 : floor_mod(u, v);
}

/* By squaring; a negative exponent gives the truncated reciprocal. */
static int64_t int_power(int64_t base, int64_t exponent)
{
    if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
    uint64_t power = 1;
    for (uint64_t square = wide(base); exponent; exponent >>= 1, square *= square)
        if (exponent & 1) power *= square;
    return (int64_t)power;
}

ROWS(int_add, i, i, int64_t, (int64_t)(wide(u) + wide(v)))
ROWS(int_sub, i, i, int64_t, (int64_t)(wide(u) - wide(v)))
ROWS(int_mul, i, i, int64_t, (int64_t)(wide(u) * wide(v)))
ROWS(int_div, i, i, int64_t, quotient(u, v))
ROWS(int_floordiv, i, i, int64_t, floor_quotient(u, v))
ROWS(int_floormod, i, i, int64_t, floor_remainder(u, v))
ROWS(int_truncmod, i, i, int64_t, remainder_of(u, v))
ROWS(int_pow, i, i, int64_t, int_power(u, v))
ROWS(int_min, i, i, int64_t, u < v ? u : v)
ROWS(int_max, i, i, int64_t, u > v ? u : v)
ROWS(int_and, i, i, int64_t, u &v)
ROWS(int_or, i, i, int64_t, u | v)
ROWS(int_xor, i, i, int64_t, u ^ v)
ROWS(int_shl, i, i, int64_t, wide(v) < 64 ? (int64_t)(wide(u) << v) : 0)
ROWS(int_shr, i, i, int64_t, wide(v) < 64 ? u >> v : 0)
ROWS(int_eq, i, i, int64_t, u == v)
ROWS(int_ne, i, i, int64_t, u != v)
ROWS(int_lt, i, i, int64_t, u < v)
ROWS(int_le, i, i, int64_t, u <= v)

/* clang-format off */
static Rows *const int_rows[BI_COUNT] = {
    [BI_ADD] = int_add, [BI_SUB] = int_sub, [BI_MUL] = int_mul, [BI_DIV] = int_div,
    [BI_FLOORDIV] = int_floordiv, [BI_FLOORMOD] = int_floormod, [BI_TRUNCMOD] = int_truncmod,
    [BI_POW] = int_pow, [BI_MIN] = int_min, [BI_MAX] = int_max, [BI_AND] = int_and,
    [BI_OR] = int_or, [BI_XOR] = int_xor, [BI_SHL] = int_shl, [BI_SHR] = int_shr, [BI_EQ] = int_eq,
    [BI_NE] = int_ne, [BI_LT] = int_lt, [BI_LE] = int_le,
};
/* clang-format on */

/* What differs for u64, whose upper half is negative as an int64_t. */
ROWS(u64_div, i, i, uint64_t, v ? (int64_t)(u / v) : 0)
ROWS(u64_mod, i, i, uint64_t, v ? (int64_t)(u % v) : 0)
ROWS(u64_min, i, i, uint64_t, (int64_t)(u < v ? u : v))
ROWS(u64_max, i, i, uint64_t, (int64_t)(u > v ? u : v))
ROWS(u64_shr, i, i, uint64_t, v < 64 ? (int64_t)(u >> v) : 0)
ROWS(u64_lt, i, i, uint64_t, u < v)
ROWS(u64_le, i, i, uint64_t, u <= v)

/* clang-format off */
static Rows *const u64_rows[BI_COUNT] = {
    [BI_DIV] = u64_div, [BI_FLOORDIV] = u64_div, [BI_FLOORMOD] = u64_mod, [BI_TRUNCMOD] = u64_mod,
    [BI_MIN] = u64_min, [BI_MAX] = u64_max, [BI_SHR] = u64_shr, [BI_LT] = u64_lt, [BI_LE] = u64_le,
};
/* clang-format on */

/* Strings are equal by their characters. NULL, what a guard keeps from being used, is empty. */
static bool same_text(int64_t u, int64_t v)
{
    const char *x = (const char *)(intptr_t)u, *y = (const char *)(intptr_t)v;
    return strcmp(x ? x : "", y ? y : "") == 0;
}

ROWS(string_eq, i, i, int64_t, same_text(u, v))
ROWS(string_ne, i, i, int64_t, !same_text(u, v))

static Rows *const string_rows[BI_COUNT] = {[BI_EQ] = string_eq, [BI_NE] = string_ne};

/* Operations whose result may leave the range of a narrower type. */
static bool may_overflow(BinaryOp op)
{
    return op == BI_ADD || op == BI_SUB || op == BI_MUL || op == BI_DIV || op == BI_FLOORDIV ||
           op == BI_POW || op == BI_SHL;
}

static void wrap_row(Dtype dtype, int n, Value *row)
{
    const DtypeInfo *info = dtype_info(dtype);
    const int unused = 64 - info->bits;
    if (unused == 0) return;
    if (info->class == CLASS_BOOL) {
        for (int i = 0; i < n; i++) row[i].i = row[i].i != 0;
    } else if (info->class == CLASS_UNSIGNED) {
        for (int i = 0; i < n; i++) row[i].i = (int64_t)((uint64_t)row[i].i << unused >> unused);
    } else {
        for (int i = 0; i < n; i++) row[i].i = (int64_t)((uint64_t)row[i].i << unused) >> unused;
    }
}

/* A shift by the type's width or more gives 0; the rows above know a width of 64 only. */
static void clear_long_shifts(Dtype dtype, int n, Value *out, const Value *y, int y_stride)
{
    const uint64_t bits = (uint64_t)dtype_info(dtype)->bits;
    for (int i = 0; i < n; i++)
        if (wide(y[i * y_stride].i) >= bits) out[i].i = 0;
}

void arith_binary(BinaryOp op, Dtype dtype, int n, Value *out, const Value *x, int x_stride,
                  const Value *y, int y_stride)
{
    assert(x_stride || y_stride || n <= 1);
    Rows *rows = dtype_is_float(dtype)                     ? float_rows[op]
                 : dtype == DT_STRING                      ? string_rows[op]
                 : dtype == DT_U64 && u64_rows[op] != NULL ? u64_rows[op]
                                                           : int_rows[op];
    assert(rows);
    rows(n, out, x, x_stride, y, y_stride);
    if (dtype_is_float(dtype)) return;
    if (op == BI_SHR) clear_long_shifts(dtype, n, out, y, y_stride);
    if (may_overflow(op)) wrap_row(dtype, n, out);
}

/* ---- casts ---- */

static int64_t truncated(double v)
{
    if (v != v) return 0;
    if (v >= 0x1p63) return INT64_MAX;
    if (v < -0x1p63) return INT64_MIN;
    return (int64_t)v;
}

/* u64 holds twice as much above zero. */
static int64_t truncated_u64(double v)
{
    return v >= 0x1p64 ? -1 : v >= 0x1p63 ? (int64_t)(uint64_t)v : truncated(v);
}

static void float_to(Dtype to, int n, Value *out, const Value *x)
{
    DtypeClass class = dtype_info(to)->class;
    if (to == DT_F32) {
        for (int i = 0; i < n; i++) out[i].f = (float)x[i].f;
    } else if (class == CLASS_FLOAT) {
        for (int i = 0; i < n; i++) out[i].f = arith_round(to, x[i].f);
    } else if (class == CLASS_BOOL) {
        for (int i = 0; i < n; i++) out[i].i = x[i].f != 0;
    } else if (to == DT_U64) {
        for (int i = 0; i < n; i++) out[i].i = truncated_u64(x[i].f);
    } else {
        for (int i = 0; i < n; i++) out[i].i = truncated(x[i].f);
        wrap_row(to, n, out);
    }
}

static void int_to(Dtype to, Dtype from, int n, Value *out, const Value *x)
{
    if (!dtype_is_float(to)) {
        for (int i = 0; i < n; i++) out[i].i = x[i].i;
        wrap_row(to, n, out);
    } else if (to == DT_F32) { /* at once: rounding to double first could round twice */
        for (int i = 0; i < n; i++) out[i].f = from == DT_U64 ? (float)wide(x[i].i) : (float)x[i].i;
    } else {
        for (int i = 0; i < n; i++)
            out[i].f = arith_round(to, from == DT_U64 ? (double)wide(x[i].i) : (double)x[i].i);
    }
}

void arith_cast(Dtype to, Dtype from, int n, Value *out, const Value *x)
{
    if (dtype_is_float(from))
        float_to(to, n, out, x);
    else
        int_to(to, from, n, out, x);
}

void arith_bitcast(Dtype to, Dtype from, int n, Value *out, const Value *x)
{
    for (int i = 0; i < n; i++) {
        uint64_t storage = 0;
        if (dtype_is_float(from))
            dtype_set_double(from, &storage, 0, x[i].f);
        else
            dtype_set_int(from, &storage, 0, x[i].i);
        if (dtype_is_float(to))
            out[i].f = dtype_get_double(to, &storage, 0);
        else
            out[i].i = dtype_get_int(to, &storage, 0);
    }
}
