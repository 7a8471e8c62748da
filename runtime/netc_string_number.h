/* SPDX-License-Identifier: 0BSD */
/*
 * Numbers of tensors as strings and back, whatever the locale. A float becomes the shortest decimal
 * that reads back as it: 0.1, 1.0, 1e+20, nan, -inf. C11, C99 and C++; no allocation.
 */
#ifndef NETC_STRING_NUMBER_H
#define NETC_STRING_NUMBER_H

#include "netc_math.h"
#include "netc_string.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

enum { NETC_NUMBER_BYTES = 32 }; /* more than any number takes */

/* Floats are handed over as doubles; what they were is a number of ONNX's: 1 f32, 10 f16, 16 bf16,
 * else f64. */

/* ---- to strings ---- */

static inline int netc_reads_back(const char *text, double x, int64_t type)
{
    switch (type) {
    case 1: return strtof(text, NULL) == (float)x;
    case 10: return netc_f16_from_f32(strtof(text, NULL)) == netc_f16_from_f32((float)x);
    case 16: return netc_bf16_from_f32(strtof(text, NULL)) == netc_bf16_from_f32((float)x);
    default: return strtod(text, NULL) == x;
    }
}

/* The digits of |x| and the power of ten of the first one; their number. The text in between may
 * have any character for the point: only digits and the e of its exponent are looked at. */
static inline int netc_shortest_digits(double x, int64_t type, char digits[20], int *power)
{
    char text[NETC_NUMBER_BYTES + 8];
    int count = 0;
    for (int more = 0; more < 17; more++) {
        snprintf(text, sizeof text, "%.*e", more, x);
        if (netc_reads_back(text, x, type)) break;
    }
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') digits[count++] = *p;
    *power = (int)strtol(p + 1, NULL, 10);
    return count;
}

/* The digits from one position to another, zeros where there are none. */
static inline char *netc_put_digits(char *to, const char *digits, int from, int end, int count)
{
    for (; from < end; from++) *to++ = from >= 0 && from < count ? digits[from] : '0';
    return to;
}

static inline void netc_write_float(char *to, double x, int64_t type)
{
    char digits[20];
    int power = 0;
    if (x != x || x - x != 0) {
        strcpy(to, x != x ? "nan" : x < 0 ? "-inf" : "inf");
        return;
    }
    int count = netc_shortest_digits(x, type, digits, &power);
    if (x < 0 || (x == 0 && 1 / x < 0)) *to++ = '-';
    int small = power < -4, large = power >= 16, whole = small || large ? 1 : power + 1;
    int last = count > whole ? count : whole + 1; /* a digit behind the point at least */
    to = netc_put_digits(to, digits, whole > 0 ? 0 : whole - 1, whole, count);
    if (count > 1 || !(small || large)) {
        *to++ = '.';
        to = netc_put_digits(to, digits, whole, last, count);
    }
    if (small || large)
        snprintf(to, 13, "e%c%02d", small ? '-' : '+', small ? -power : power);
    else
        *to = 0;
}

static inline void netc_strings_from_floats(const double *x, const char **out, uint8_t *text,
                                            int64_t n, int64_t type)
{
    for (int64_t i = 0; i < n; i++) {
        char *own = (char *)text + i * NETC_NUMBER_BYTES;
        netc_write_float(own, x[i], type);
        out[i] = own;
    }
}

/* Integers as their 64 bits. */
static inline void netc_strings_from_integers(const int64_t *x, const char **out, uint8_t *text,
                                              int64_t n, int64_t is_unsigned)
{
    for (int64_t i = 0; i < n; i++) {
        char *own = (char *)text + (i + 1) * NETC_NUMBER_BYTES;
        int negative = x[i] < 0 && !is_unsigned;
        uint64_t rest = negative ? 0 - (uint64_t)x[i] : (uint64_t)x[i];
        *--own = 0;
        do *--own = (char)('0' + rest % 10);
        while ((rest /= 10) != 0);
        if (negative) *--own = '-';
        out[i] = own;
    }
}

/* ---- from strings ---- */

/* The text behind a word in small letters, whatever its case; NULL: it does not begin so. */
static inline const char *netc_after_word(const char *text, const char *word)
{
    for (; *word; word++, text++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 'a' - 'A' : *text) != *word) return NULL;
    return text;
}

/* Digits, a point, an exponent, written again as digits and an exponent, so that the C library
 * reads it the same in every locale. More digits than count cannot change the result but by being
 * there. The text behind, NULL: it begins with no number. */
static inline const char *netc_plain_number(const char *text, char out[840])
{
    enum { MOST = 800 };
    const long far = 1000000000;
    int count = 0, digits = 0, point = 0, rest = 0;
    long power = 0;
    for (;; text++) {
        if (*text == '.' && !point) {
            point = 1;
            continue;
        }
        if (*text < '0' || *text > '9') break;
        digits = 1;
        int kept = count < MOST && (count > 0 || *text != '0');
        if (kept) out[count++] = *text;
        rest |= !kept && count && *text != '0';
        int before = !kept && count && !point; /* a digit that is left out */
        if (power > -far && power < far) power += before - (point && (kept || !count));
    }
    if (!digits) return NULL;
    if (*text == 'e' || *text == 'E') {
        char *end;
        int sign = text[1] == '+' || text[1] == '-';
        if (text[1 + sign] < '0' || text[1 + sign] > '9') return NULL;
        long more = strtol(text + 1, &end, 10);
        power += more > far ? far : more < -far ? -far : more;
        text = end;
    }
    if (!count) out[count++] = '0';
    if (rest) out[count++] = '1', power--;
    snprintf(out + count, 24, "e%ld", power);
    return text;
}

/* 0: the text is no number. */
static inline int netc_read_float(const char *text, int64_t type, double *out)
{
    char plain[840];
    while (netc_space(text)) text += netc_space(text);
    int negative = *text == '-';
    text += *text == '-' || *text == '+';
    const char *end = netc_after_word(text, "infinity");
    if (!end) end = netc_after_word(text, "inf");
    double x = INFINITY;
    if (!end && (end = netc_after_word(text, "nan")) != NULL) x = NAN;
    if (!end && (end = netc_plain_number(text, plain)) != NULL)
        x = type == 1 ? (double)strtof(plain, NULL) : strtod(plain, NULL);
    while (end && netc_space(end)) end += netc_space(end);
    *out = negative ? -x : x;
    return end && !*end;
}

static inline int netc_floats_from_strings(const char *const *x, double *out, int64_t n,
                                           int64_t type)
{
    for (int64_t i = 0; i < n; i++)
        if (!netc_read_float(x[i], type, &out[i])) return NETC_NO_NUMBER;
    return 0;
}

/* Exact for digits alone; other numbers lose what is behind the point. 0: no number, or too large.
 */
static inline int netc_read_integer(const char *text, int64_t is_unsigned, int64_t *out)
{
    const char *p = text + (*text == '-' || *text == '+');
    int negative = *text == '-', digits = *p >= '0' && *p <= '9', fits = 1;
    const uint64_t most = !is_unsigned ? (uint64_t)INT64_MAX + (uint64_t)negative
                          : negative   ? 0
                                       : UINT64_MAX;
    uint64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        fits = fits && digit <= most && value <= (most - digit) / 10;
        value = value * 10 + digit;
    }
    if (digits && !*p) {
        *out = (int64_t)(negative ? 0 - value : value);
        return fits;
    }
    const double half = 9223372036854775808.0; /* 2^63 */
    double x = 0;
    if (!netc_read_float(text, 11, &x)) return 0;
    if (is_unsigned ? !(x > -1 && x < 2 * half) : !(x >= -half && x < half)) return 0;
    *out = x < 0 ? (int64_t)x : (int64_t)(uint64_t)x;
    return 1;
}

static inline int netc_integers_from_strings(const char *const *x, int64_t *out, int64_t n,
                                             int64_t is_unsigned)
{
    for (int64_t i = 0; i < n; i++)
        if (!netc_read_integer(x[i], is_unsigned, &out[i])) return NETC_NO_NUMBER;
    return 0;
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
