/*
 * Arithmetic on rows of values, the one meaning that constant folding and the interpreter share. A
 * value is a double for float types and an int64_t for all others: integers sign- or zero-extended
 * to it, u64 by its bits, bool 0 or 1, strings by their addresses.
 */
#ifndef NETC_ARITH_H
#define NETC_ARITH_H

#include "expr.h"

/* One value of a row. */
typedef union Value {
    double f;
    int64_t i;
} Value;

/* v as a value of an integer or bool type (wraps), or of a float type (rounds to nearest even). */
int64_t arith_wrap(Dtype dtype, int64_t v);
double arith_round(Dtype dtype, double v);
/* out[0..n) = op x; `dtype` is that of x. isnan and isinf give bool. */
void arith_unary(UnaryOp op, Dtype dtype, int n, Value *out, const Value *x);
/* out[0..n) = x op y; `dtype` is that of the operands. A stride of 0 repeats one value; not both
 * unless n is 1. Results of float types are not rounded. */
void arith_binary(BinaryOp op, Dtype dtype, int n, Value *out, const Value *x, int x_stride,
                  const Value *y, int y_stride);
/* out[0..n) = x as `to`, rounded or wrapped; floats beyond int64_t saturate, NaN gives 0. */
void arith_cast(Dtype to, Dtype from, int n, Value *out, const Value *x);
/* out[0..n) = the bits of x as `to`, of the same width. What a value does not hold, which NaN it
 * is, is lost. */
void arith_bitcast(Dtype to, Dtype from, int n, Value *out, const Value *x);

#endif
