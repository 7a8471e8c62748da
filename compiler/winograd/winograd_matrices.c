/*
 * The matrices of the transforms, for steps of 1 F(2,3), F(4,3) and F(2,5), for steps of 2 those
 * made of F(2,2) and F(4,2), and their products with tiles as expressions in which rows share what
 * they have in common.
 */
#include "winograd_parts.h"

#include <math.h>

enum { MOST_POINTS = 5 };

/* The points, besides infinity, at which the polynomials are evaluated: 0 where their number is
 * odd, then pairs of opposite sign. For F(4,3) and F(2,5), 5/8 and 3/2 give errors 2.5 times
 * smaller than the usual 1 and 2; for F(4,2), 1/2 and 5/4 give twice smaller ones than 0, 1, -1 and
 * 2, hardly larger than the plain sum's. Products of them are exact. */
static const struct {
    int window, step, outputs;
    double points[MOST_POINTS];
    bool accurate;
    double work, worth; /* in steps of 2, where less is saved, work includes the memory's */
} transforms[] = {
    {3, 1, 2, {0, 1, -1}, true, 6, 0.7},
    {3, 1, 4, {0, 5.0 / 8, -5.0 / 8, 3.0 / 2, -3.0 / 2}, false, 6, 0.7},
    {3, 2, 2, {0, 1}, true, 20, 0.95},
    {3, 2, 4, {1.0 / 2, -1.0 / 2, 5.0 / 4, -5.0 / 4}, false, 20, 1},
    {5, 1, 2, {0, 5.0 / 8, -5.0 / 8, 3.0 / 2, -3.0 / 2}, false, 6, 0.7},
};

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

/* Toom and Cook's F(outputs, taps): y = At [(scale * G w) * (Bt d)]. */
static void set_core(Transform *t, int taps, const double *at)
{
    int finite = t->core - 1;
    for (int j = 0; j < finite; j++) {
        double scale = 1, power = 1;
        for (int q = 0; q < finite; q++)
            if (q != j) scale *= at[j] - at[q];
        for (int k = 0; k < max64(t->outputs, taps); k++, power *= at[j]) {
            if (k < t->outputs) t->at[k][j] = power;
            if (k < taps) t->g[j][k] = power;
        }
        t->scale[j] = 1 / scale;
        product_of_others(at, finite, j, t->bt[j]);
    }
    product_of_others(at, finite, -1, t->bt[finite]);
    t->at[t->outputs - 1][finite] = t->g[finite][taps - 1] = t->scale[finite] = 1;
}

/* The positions outside the core: input 2j + 1 times the middle tap, for output j. */
static void set_others(Transform *t)
{
    for (int j = 0; j < t->inputs - t->core; j++) {
        t->sample[t->core + j] = 2 * j + 1;
        t->at[j][t->core + j] = 1;
    }
    t->g[t->core][t->window - 1] = t->scale[t->core] = 1;
    t->kernels++;
}

bool winograd_transform(int window, int step, int index, Transform *t)
{
    int at = 0;
    while (at < (int)COUNT(transforms) &&
           (transforms[at].window != window || transforms[at].step != step || index--))
        at++;
    if (at == (int)COUNT(transforms)) return false;
    int taps = step == 1 ? window : window - 1, outputs = transforms[at].outputs;
    *t = (Transform){.step = step,
                     .window = window,
                     .outputs = outputs,
                     .core = outputs + taps - 1,
                     .kernels = outputs + taps - 1,
                     .accurate = transforms[at].accurate,
                     .work = transforms[at].work,
                     .worth = transforms[at].worth};
    t->inputs = t->core + (step == 1 ? 0 : outputs);
    for (int k = 0; k < t->core; k++) t->sample[k] = step * k;
    for (int k = 0; k < window; k++) t->tap[k] = k < taps ? step * k : 1;
    set_core(t, taps, transforms[at].points);
    if (step > 1) set_others(t);
    return true;
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

/* The first and the last column of the even or the odd powers that count; false: there is none. */
static bool range_of(const double *row, int length, int parity, int *first, int *last)
{
    *first = -1;
    for (int k = parity; k < length; k += 2) {
        if (row[k] == 0) continue;
        if (*first < 0) *first = k;
        *last = k;
    }
    return *first >= 0;
}

/* Their sum, but for its sign: from the end that takes no multiplication, the highest power in Bt,
 * the lowest in G. */
static Expr *sum_of(Pool *p, const double *row, int first, int last, Expr *const *d, int stride,
                    double *sign)
{
    bool down = fabs(row[last]) == 1 && fabs(row[first]) != 1;
    int at = down ? last : first, by = down ? -2 : 2;
    Expr *sum = NULL;
    *sign = row[at] < 0 ? -1 : 1;
    for (; at >= first && at <= last; at += by) sum = plus(p, sum, *sign * row[at], d[at * stride]);
    return sum;
}

/* Rows of Bt and of G for opposite points agree in the even powers and differ in the sign of the
 * odd ones: even and odd sums, which they share, are added or subtracted. */
static Expr *of_powers(Pool *p, const Matrix *m, int row, Expr *const *d, int stride)
{
    const double *r = m->rows[row];
    Expr *even = NULL;
    double sign[2] = {1, 1};
    int first, last;
    if (range_of(r, m->length, 0, &first, &last))
        even = sum_of(p, r, first, last, d, stride, &sign[0]);
    if (!range_of(r, m->length, 1, &first, &last)) return plus(p, NULL, sign[0], even);
    Expr *odd = sum_of(p, r, first, last, d, stride, &sign[1]);
    if (even && sign[0] < sign[1]) return plus(p, odd, sign[0], even);
    if (even) even = plus(p, NULL, sign[0], even);
    return first == last ? plus(p, even, r[first], d[first * stride]) : plus(p, even, sign[1], odd);
}

/* The columns of At for opposite points are equal or opposite: rows share the sums and differences
 * of what they multiply. */
static Expr *of_points(Pool *p, const Matrix *m, int row, Expr *const *d, int stride)
{
    const double *r = m->rows[row];
    Expr *sum = NULL;
    for (int k = 0; k < m->length; k++) {
        Expr *term = d[k * stride];
        bool pair = k >= m->pairs[0] && k + 1 < m->pairs[1] && (k - m->pairs[0]) % 2 == 0 &&
                    fabs(r[k]) == fabs(r[k + 1]);
        if (pair) term = plus(p, term, r[k] == r[k + 1] ? 1 : -1, d[(k + 1) * stride]);
        sum = plus(p, sum, r[k], term);
        k += pair;
    }
    return sum;
}

Matrix winograd_bt(const Transform *t)
{
    return (Matrix){.rows = t->bt, .count = t->core, .length = t->core, .product = of_powers};
}

Matrix winograd_g(const Transform *t)
{
    return (Matrix){.rows = t->g, .count = t->kernels, .length = t->window, .product = of_powers};
}

Matrix winograd_at(const Transform *t)
{
    int finite = t->core - 1;
    return (Matrix){.rows = t->at,
                    .count = t->outputs,
                    .length = t->inputs,
                    .pairs = {finite % 2, finite},
                    .product = of_points};
}

static const double one[1][LONGEST] = {{1}};
const Matrix winograd_one = {.rows = one, .count = 1, .length = 1, .product = of_powers};

void winograd_apply(Pool *p, const Matrix *a, const Matrix *b, Expr *const *d, Expr **out)
{
    Expr *half[LONGEST * LONGEST];
    for (int i = 0; i < a->count; i++)
        for (int s = 0; s < b->length; s++)
            half[i * LONGEST + s] = a->product(p, a, i, d + s, LONGEST);
    for (int i = 0; i < a->count; i++)
        for (int j = 0; j < b->count; j++)
            out[i * LONGEST + j] = b->product(p, b, j, half + (size_t)i * LONGEST, 1);
}

/* values[index] */
static Expr *chosen(Pool *p, Expr *const *values, Expr *index, int count)
{
    Expr *rest = values[count - 1];
    for (int k = count - 2; k >= 0; k--)
        rest = ex_select(p, ex_eq(p, index, ex_int(p, k)), values[k], rest);
    return rest;
}

Expr *winograd_choice(Pool *p, Expr *const *values, Expr *a, Expr *b, int rows, int columns,
                      int stride)
{
    Expr *of_row[LONGEST];
    for (int i = 0; i < rows; i++) of_row[i] = chosen(p, values + (size_t)i * stride, b, columns);
    return chosen(p, of_row, a, rows);
}
