/* SPDX-License-Identifier: 0BSD */
/*
 * What generated code calls where no loop nest says it: compaction, distinct rows, suppression of
 * overlapping boxes, and whole tensors moved to where a run says. Every function fills its outputs
 * whole: what lies behind the count is zero. No recursion, no allocation: scratch memory is the
 * caller's. The compiler computes constants with the same functions. C99, C11 and C++.
 */
#ifndef NETC_CALLS_H
#define NETC_CALLS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

/* ---- selection ---- */

/* The positions of the bytes that are not 0, in order. positions[n], *count. */
static inline void netc_compact(const uint8_t *mask, int64_t *positions, int64_t *count, int64_t n)
{
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        positions[found] = i;
        found += mask[i] != 0;
    }
    if (found < n) memset(positions + found, 0, (size_t)(n - found) * sizeof *positions);
    *count = found;
}

/* ---- sorting ---- */

/* Does row a stand behind row b? */
typedef int netc_behind(const void *rows, int64_t length, int64_t a, int64_t b);

/* Sorts order[count] stably, from runs of 1 up; spare[count] is scratch. */
static inline void netc_merge_sort(int64_t *order, int64_t *spare, int64_t count,
                                   netc_behind *behind, const void *rows, int64_t length)
{
    for (int64_t run = 1; run < count; run *= 2) {
        for (int64_t first = 0; first < count; first += 2 * run) {
            int64_t middle = first + run < count ? first + run : count;
            int64_t end = middle + run < count ? middle + run : count;
            int64_t a = first, b = middle;
            for (int64_t to = first; to < end; to++) {
                int second =
                    a == middle || (b < end && behind(rows, length, order[a], order[b]) != 0);
                spare[to] = second ? order[b++] : order[a++];
            }
        }
        memcpy(order, spare, (size_t)count * sizeof *order);
    }
}

static inline int netc_compare_rows(const int64_t *keys, int64_t length, int64_t a, int64_t b)
{
    const int64_t *x = keys + a * length, *y = keys + b * length;
    for (int64_t i = 0; i < length; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

static inline int netc_row_behind(const void *keys, int64_t length, int64_t a, int64_t b)
{
    return netc_compare_rows((const int64_t *)keys, length, a, b) > 0;
}

/* The distinct rows of keys[rows][length], in ascending order, or in that of their first
 * occurrence: where each occurs first and how often, and for each row the number of its like.
 * first, inverse, counts[rows]; *count; scratch[2 * rows]. */
static inline void netc_unique(const int64_t *keys, int64_t *first, int64_t *inverse,
                               int64_t *counts, int64_t *count, int64_t *scratch, int64_t rows,
                               int64_t length, int64_t sorted)
{
    int64_t *order = scratch, *number = scratch + rows, found = 0;
    for (int64_t i = 0; i < rows; i++) order[i] = i;
    netc_merge_sort(order, number, rows, netc_row_behind, keys, length);
    for (int64_t i = 0, leader = 0; i < rows; i++) { /* equal rows are in order: the first leads */
        if (i == 0 || netc_compare_rows(keys, length, leader, order[i]) != 0) {
            leader = order[i];
            if (sorted) number[leader] = found++;
        }
        inverse[order[i]] = leader;
    }
    for (int64_t i = 0; i < rows && !sorted; i++)
        if (inverse[i] == i) number[i] = found++;
    for (int64_t i = 0; i < rows; i++) first[i] = counts[i] = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t leader = inverse[i], at = number[leader];
        first[at] = leader;
        counts[at]++;
        inverse[i] = at;
    }
    *count = found;
}

/* ---- non-maximum suppression ---- */

static inline float netc_least(float a, float b) { return a < b ? a : b; }
static inline float netc_most(float a, float b) { return a > b ? a : b; }

/* Two opposite corners, whichever they are, as low y, low x, high y, high x; or from the centre and
 * the extents. */
static inline void netc_box_corners(const float *box, int64_t centred, float corners[4])
{
    if (centred) {
        corners[0] = box[1] - box[3] / 2, corners[2] = box[1] + box[3] / 2;
        corners[1] = box[0] - box[2] / 2, corners[3] = box[0] + box[2] / 2;
        return;
    }
    corners[0] = netc_least(box[0], box[2]), corners[2] = netc_most(box[0], box[2]);
    corners[1] = netc_least(box[1], box[3]), corners[3] = netc_most(box[1], box[3]);
}

/* Is the intersection more than `threshold` of the union? The products of floats are exact in
 * double, so no compiler's contraction changes the answer. */
static inline int netc_boxes_overlap(const float *box, const float *other, int64_t centred,
                                     float threshold)
{
    float a[4], b[4];
    netc_box_corners(box, centred, a);
    netc_box_corners(other, centred, b);
    double high = netc_least(a[2], b[2]) - netc_most(a[0], b[0]);
    double wide = netc_least(a[3], b[3]) - netc_most(a[1], b[1]);
    double area_a = (double)(a[2] - a[0]) * (double)(a[3] - a[1]);
    double area_b = (double)(b[2] - b[0]) * (double)(b[3] - b[1]), shared = high * wide;
    if (!(high > 0 && wide > 0 && area_a > 0 && area_b > 0)) return 0;
    return (float)(shared / (area_a + area_b - shared)) > threshold;
}

/* A lower score, and NaN behind all. */
static inline int netc_score_behind(const void *scores, int64_t length, int64_t a, int64_t b)
{
    float x = ((const float *)scores)[a], y = ((const float *)scores)[b];
    (void)length;
    return x < y || (x != x && y == y);
}

/* Of one class of one image: box numbers in chosen, best first; returns how many. */
static inline int64_t netc_suppress(const float *boxes, const float *scores, int64_t most,
                                    float overlap, float least, int64_t *chosen, int64_t *order,
                                    int64_t *spare, int64_t count, int64_t centred)
{
    int64_t candidates = 0, found = 0;
    for (int64_t i = 0; i < count; i++)
        if (scores[i] > least || least == -INFINITY) order[candidates++] = i;
    netc_merge_sort(order, spare, candidates, netc_score_behind, scores, 1);
    for (int64_t i = 0; i < candidates && found < most; i++) {
        int64_t k = 0;
        while (k < found &&
               !netc_boxes_overlap(boxes + 4 * order[i], boxes + 4 * chosen[k], centred, overlap))
            k++;
        if (k == found) chosen[found++] = order[i];
    }
    return found;
}

/* boxes[batches][count][4], scores[batches][classes][count]; at most *most of a class, each better
 * than *least (-infinity: any). selected[rows][3]: image, class, box; *found of them;
 * scratch[3 * count]. */
static inline void netc_select_boxes(const float *boxes, const float *scores, const int64_t *most,
                                     const float *overlap, const float *least, int64_t *selected,
                                     int64_t *found, int64_t *scratch, int64_t batches,
                                     int64_t classes, int64_t count, int64_t rows, int64_t centred)
{
    int64_t total = 0;
    for (int64_t b = 0; b < batches; b++)
        for (int64_t c = 0; c < classes; c++) {
            int64_t n = netc_suppress(boxes + b * count * 4, scores + (b * classes + c) * count,
                                      *most, *overlap, *least, scratch, scratch + count,
                                      scratch + 2 * count, count, centred);
            for (int64_t k = 0; k < n && total < rows; k++, total++) {
                int64_t *row = selected + 3 * total;
                row[0] = b, row[1] = c, row[2] = scratch[k];
            }
        }
    if (total < rows)
        memset(selected + 3 * total, 0, (size_t)(3 * (rows - total)) * sizeof *selected);
    *found = total;
}

/* ---- whole tensors ---- */

/* The part of x[dims...] that shape[rank] says, densely, and zeros behind it. */
static inline void netc_pack(const void *x, const int64_t *shape, const int64_t *dims, void *y,
                             int64_t rank, int64_t element_bytes)
{
    const unsigned char *from = (const unsigned char *)x;
    unsigned char *to = (unsigned char *)y, *end = to;
    int64_t all = element_bytes, rows = 1;
    for (int64_t d = 0; d < rank; d++) all *= dims[d];
    for (int64_t d = 0; d + 1 < rank; d++) rows *= shape[d];
    size_t row = (size_t)((rank ? shape[rank - 1] : 1) * element_bytes);
    for (int64_t r = 0; r < rows && row; r++) {
        int64_t rest = r, stride = rank ? dims[rank - 1] : 1, at = 0;
        for (int64_t d = rank - 2; d >= 0; d--) {
            at += rest % shape[d] * stride;
            rest /= shape[d];
            stride *= dims[d];
        }
        memcpy(end, from + at * element_bytes, row);
        end += row;
    }
    memset(end, 0, (size_t)(all - (end - to)));
}

static inline void netc_clear(void *y, int64_t bytes)
{
    if (bytes) memset(y, 0, (size_t)bytes);
}

static inline void netc_copy(const void *x, void *y, int64_t bytes)
{
    if (bytes) memmove(y, x, (size_t)bytes);
}

/* x becomes element *at of y. */
static inline void netc_append(const void *x, const int64_t *at, void *y, int64_t bytes)
{
    if (bytes) memcpy((unsigned char *)y + *at * bytes, x, (size_t)bytes);
}

/* The same where y has `most` elements: 5 when there is no room for another. */
static inline int netc_append_within(const void *x, const int64_t *at, void *y, int64_t bytes,
                                     int64_t most)
{
    if (*at >= most) return 5;
    netc_append(x, at, y, bytes);
    return 0;
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
