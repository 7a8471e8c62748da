/*
 * The matrices of F(2,3) and F(4,3), and their products with tiles as expressions in which rows
 * share what they have in common.
 */
#include "winograd_parts.h"

#include <math.h>

/* The points at which the polynomials of F(m,3) are evaluated, besides infinity: 0, then pairs of
 * opposite sign. For F(4,3), 5/8 and 3/2 give errors 2.5 times smaller than the usual 1 and 2, and
 * products of them are exact. */
static const double points[LONGEST - 1] = {0, 5.0 / 8, -5.0 / 8, 3.0 / 2, -3.0 / 2},
                                     points_of_2[] = {0, 1, -1};

/* The coefficients of the product of (x - q) over the points q, but for one. */
static void product_of_others(const double *at, int count, int but, double *coefficients)
{
    int degree = 0;
    coefficients[0] = 1;
    for (int q = 0; q < count; q++) {
        if (q == but) continue;
        coefficients[++degree] = 0;
        for (int k = degree; k >= 0; k--)
            coefficients[k] = (k ? coefficients[k - 1] : 0) - at[q] * coefficients[k];
    }
}

/* Toom and Cook's: y = At [(scale * G w) * (Bt d)]. */
Transform winograd_transform(int outputs)
{
    Transform t = {.outputs = outputs, .inputs = outputs + KERNEL - 1};
    int finite = t.inputs - 1;
    const double *at = outputs == 2 ? points_of_2 : points;
    for (int j = 0; j < finite; j++) {
        double scale = 1, power = 1;
        for (int q = 0; q < finite; q++)
            if (q != j) scale *= at[j] - at[q];
        for (int k = 0; k < max64(outputs, KERNEL); k++, power *= at[j]) {
            if (k < outputs) t.at[k][j] = power;
            if (k < KERNEL) t.g[j][k] = power;
        }
        t.scale[j] = 1 / scale;
        product_of_others(at, finite, j, t.bt[j]);
    }
    product_of_others(at, finite, -1, t.bt[finite]);
    t.at[outputs - 1][finite] = t.g[finite][KERNEL - 1] = t.scale[finite] = 1;
    return t;
}

/* ---- products ---- */

/* sum + coefficient * term; NULL stands for 0. */
static Expr *plus(Pool *p, Expr *sum, double coefficient, Expr *term)
{
    if (coefficient == 0) return sum;
    if (coefficient == 1) return sum ? ex_add(p, sum, term) : term;
    if (coefficient == -1) return sum ? ex_sub(p, sum, term) : ex_unary(p, UN_NEG, term);
    Expr *factor = ex_const(p, DT_F32, coefficient);
    return sum ? ex_fma(p, term, factor, sum) : ex_mul(p, term, factor);
}

/* Rows of Bt and of G for opposite points agree in the even powers and differ in the sign of the
 * odd ones: even and odd sums, which they share, are added or subtracted. */
Expr *winograd_paired_row(Pool *p, const double *row, Expr *const *d, int stride, int n)
{
    Expr *sums[2] = {NULL, NULL};
    double sign[2] = {1, 1};
    int terms[2] = {0, 0}, last[2] = {0, 0};
    for (int k = 0; k < n; k++) {
        if (row[k] == 0) continue;
        if (!sums[k % 2]) sign[k % 2] = row[k] < 0 ? -1 : 1;
        sums[k % 2] = plus(p, sums[k % 2], sign[k % 2] * row[k], d[k * stride]);
        terms[k % 2]++;
        last[k % 2] = k;
    }
    Expr *sum = sums[0] ? plus(p, NULL, sign[0], sums[0]) : NULL;
    if (terms[1] == 1) return plus(p, sum, row[last[1]], d[last[1] * stride]);
    return sums[1] ? plus(p, sum, sign[1], sums[1]) : sum;
}

/* The columns of At for opposite points are equal or opposite: rows share the sums and differences
 * of what they multiply. */
Expr *winograd_output_row(Pool *p, const double *row, Expr *const *d, int stride, int n)
{
    Expr *sum = plus(p, NULL, row[0], d[0]);
    for (int k = 1; k + 1 < n; k += 2)
        sum = plus(p, sum, row[k],
                   plus(p, d[k * stride], row[k] == row[k + 1] ? 1 : -1, d[(k + 1) * stride]));
    return plus(p, sum, row[n - 1], d[(n - 1) * stride]);
}

/* rows x rows of T d Tt, for d given as n x n: element [a * LONGEST + b]. */
void winograd_apply(Pool *p, const double t[LONGEST][LONGEST], WinogradRow *row_of, int rows, int n,
                    Expr *const *d, Expr **out)
{
    Expr *half[LONGEST * LONGEST];
    for (int a = 0; a < rows; a++)
        for (int s = 0; s < n; s++) half[a * LONGEST + s] = row_of(p, t[a], d + s, LONGEST, n);
    for (int a = 0; a < rows; a++)
        for (int b = 0; b < rows; b++)
            out[a * LONGEST + b] = row_of(p, t[b], half + (size_t)a * LONGEST, 1, n);
}

Expr *winograd_choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int count, int stride)
{
    Expr *rows = NULL;
    for (int i = count - 1; i >= 0; i--) {
        Expr *row = NULL;
        for (int j = count - 1; j >= 0; j--) {
            Expr *value = values[i * stride + j];
            row = row ? ex_select(p, ex_eq(p, b, ex_int(p, j)), value, row) : value;
        }
        rows = rows ? ex_select(p, ex_eq(p, a, ex_int(p, i)), row, rows) : row;
    }
    return rows;
}
