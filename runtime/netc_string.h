/* SPDX-License-Identifier: 0BSD */
/*
 * Strings in compiled networks: an element of a tensor of strings is a const char *, never NULL,
 * UTF-8 and ended by NUL. Here is what generated code does with them beside handing them on. C11,
 * C99 and C++; the C locale; no allocation.
 */
#ifndef NETC_STRING_H
#define NETC_STRING_H

#include "netc_calls.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

/* Offsets of buffers were counted with pointers of 8 bytes. */
typedef char netc_strings_want_64_bit_pointers[sizeof(char *) == 8 ? 1 : -1];

static inline int netc_any_null(const char *const *strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strings[i]) return 1;
    return 0;
}

static inline int netc_eq_string(const char *a, const char *b) { return strcmp(a, b) == 0; }
static inline int netc_ne_string(const char *a, const char *b) { return strcmp(a, b) != 0; }

/* ---- UTF-8 ---- */

/* The character at the start of a text that is ended by NUL (a character too), and its bytes. 0: it
 * is none, being cut short, longer than it need be, half of a pair, or beyond the last. */
static inline size_t netc_utf8_decode(const char *text, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t bytes = s[0] < 0x80       ? 1
                   : s[0] >> 5 == 6  ? 2
                   : s[0] >> 4 == 14 ? 3
                   : s[0] >> 3 == 30 ? 4
                                     : 0;
    uint32_t c = bytes == 1 ? s[0] : s[0] & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (s[i] >> 6 != 2) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    *character = c;
    return c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : bytes;
}

/* The bytes of a character, at most 4, and how many; what is beyond the last gives what is none. */
static inline size_t netc_utf8_encode(char *out, uint32_t c)
{
    if (c > 0x10ffff) c = 0x110000;
    size_t bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = bytes; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(bytes == 1 ? c : (0xf00u >> bytes & 0xffu) | c);
    return bytes;
}

static inline int netc_is_utf8(const char *text)
{
    uint32_t c;
    for (size_t bytes; *text; text += bytes)
        if (!(bytes = netc_utf8_decode(text, &c))) return 0;
    return 1;
}

/* ---- strings that a call makes: in a room of so many bytes that the caller has ---- */

enum { NETC_NO_ROOM = 3, NETC_NO_NUMBER = 4 }; /* what the functions below return; 0: done */

typedef struct {
    char *at;
    size_t left;
} netc_room;

static inline netc_room netc_room_of(uint8_t *text, int64_t bytes)
{
    netc_room room;
    room.at = (char *)text;
    room.left = (size_t)bytes;
    return room;
}

/* NULL when there are fewer. */
static inline char *netc_room_take(netc_room *room, size_t bytes)
{
    char *p = room->at;
    if (bytes > room->left) return NULL;
    room->at += bytes;
    room->left -= bytes;
    return p;
}

/* out[i] = a[i] and b[i] behind it. */
static inline int netc_concat_strings(const char *const *a, const char *const *b, const char **out,
                                      uint8_t *text, int64_t n, int64_t bytes)
{
    netc_room room = netc_room_of(text, bytes);
    for (int64_t i = 0; i < n; i++) {
        size_t first = strlen(a[i]), second = strlen(b[i]);
        out[i] = first ? a[i] : b[i];
        if (!first || !second) continue;
        char *p = first < room.left ? netc_room_take(&room, first + second + 1) : NULL;
        if (!p) return NETC_NO_ROOM;
        memcpy(p, a[i], first);
        memcpy(p + first, b[i], second + 1);
        out[i] = p;
    }
    return 0;
}

/* ---- splitting ---- */

/* Bytes of the white space that a text begins with, as Unicode has it; 0: it begins with none. */
static inline size_t netc_space(const char *text)
{
    uint32_t c = 0;
    size_t bytes = netc_utf8_decode(text, &c);
    int space = (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
                (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                c == 0x205f || c == 0x3000;
    return bytes && space ? bytes : 0;
}

static inline char *netc_after_space(char *text)
{
    for (size_t bytes; (bytes = netc_space(text)) != 0;) text += bytes;
    return text;
}

/* Where the next delimiter is, white space for an empty one; NULL: nowhere. */
static inline char *netc_find_delimiter(char *text, const char *delimiter)
{
    if (*delimiter) return strstr(text, delimiter);
    while (*text && !netc_space(text)) text++;
    return *text ? text : NULL;
}

/* Cuts a text at delimiters, at most `splits` times (-1: at all). The number of parts, or -1: they
 * are more than `most`. Between white space are no empty parts. */
static inline int64_t netc_cut(char *text, const char *delimiter, const char **parts, int64_t most,
                               int64_t splits)
{
    int64_t count = 0;
    if (!*delimiter) text = netc_after_space(text);
    if (!*delimiter && !*text) return 0;
    for (;;) {
        if (count == most) return -1;
        parts[count++] = text;
        char *end = splits < 0 || count <= splits ? netc_find_delimiter(text, delimiter) : NULL;
        if (!end) return count;
        text = *delimiter ? end + strlen(delimiter) : netc_after_space(end);
        *end = 0;
        if (!*delimiter && !*text) return count;
    }
}

/* The parts of x[i] are parts[i * most] and on, counts[i] of them, empty ones behind; *longest is
 * the largest count. */
static inline int netc_split_strings(const char *const *x, const char *const *delimiter,
                                     const char **parts, int64_t *counts, int64_t *longest,
                                     uint8_t *text, int64_t n, int64_t most, int64_t splits,
                                     int64_t bytes)
{
    netc_room room = netc_room_of(text, bytes);
    *longest = 0;
    for (int64_t i = 0; i < n; i++) {
        const char **own = parts + i * most;
        size_t length = strlen(x[i]);
        char *p = netc_room_take(&room, length + 1);
        if (!p) return NETC_NO_ROOM;
        memcpy(p, x[i], length + 1);
        counts[i] = netc_cut(p, delimiter[0], own, most, splits);
        if (counts[i] < 0) return NETC_NO_ROOM;
        if (counts[i] > *longest) *longest = counts[i];
        for (int64_t k = counts[i]; k < most; k++) own[k] = "";
    }
    return 0;
}

/* ---- letter case and stop words ---- */

/* A character moved by the run that it is in: first, last, step, what is added; runs in order. */
static inline uint32_t netc_map_case(const int32_t *runs, int64_t count, uint32_t character)
{
    int64_t low = 0, high = count;
    int32_t c = (int32_t)character;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (runs[4 * middle + 1] < c)
            low = middle + 1;
        else
            high = middle;
    }
    const int32_t *run = runs + 4 * low;
    int inside = low < count && run[0] <= c && (c - run[0]) % run[2] == 0;
    return inside ? (uint32_t)(c + run[3]) : character;
}

/* A text with every character mapped; NULL: no room. */
static inline const char *netc_map_string(const char *from, const int32_t *runs, int64_t count,
                                          netc_room *room)
{
    const char *start = room->at;
    for (uint32_t c; *from;) {
        char mapped[4];
        size_t bytes = netc_utf8_decode(from, &c), length = 1;
        mapped[0] = *from;
        if (bytes) length = netc_utf8_encode(mapped, netc_map_case(runs, count, c));
        char *to = netc_room_take(room, length);
        if (!to) return NULL;
        memcpy(to, mapped, length);
        from += bytes ? bytes : 1;
    }
    char *end = netc_room_take(room, 1);
    if (end) *end = 0;
    return end ? start : NULL;
}

static inline int netc_is_among(const char *text, const char *const *list, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0) return 1;
    return 0;
}

/* The strings of x that are no stop words, in order: *count of them, one empty string when none is
 * left, empty ones behind. `change`: with their case mapped. Not `sensitive`: stop words are
 * compared with the mapped string. */
static inline int netc_normalize_strings(const char *const *x, const char *const *stops,
                                         const int32_t *runs, const char **out, int64_t *count,
                                         uint8_t *text, int64_t n, int64_t stop_count,
                                         int64_t run_count, int64_t change, int64_t sensitive,
                                         int64_t bytes)
{
    netc_room room = netc_room_of(text, bytes);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        const netc_room before = room;
        int maps = change || (!sensitive && stop_count);
        const char *mapped = maps ? netc_map_string(x[i], runs, run_count, &room) : x[i];
        if (!mapped) return NETC_NO_ROOM;
        int drops = netc_is_among(sensitive ? x[i] : mapped, stops, stop_count);
        if (drops || !change) room = before;
        if (!drops) out[kept++] = change ? mapped : x[i];
    }
    *count = kept ? kept : 1;
    for (; kept < n; kept++) out[kept] = "";
    if (n == 0) out[0] = "";
    return 0;
}

/* ---- order ---- */

static inline int netc_string_behind(const void *strings, int64_t length, int64_t a, int64_t b)
{
    const char *const *s = (const char *const *)strings;
    (void)length;
    return strcmp(s[a], s[b]) > 0;
}

/* Numbers in the order of the bytes of the strings, the same for equal ones; order[2 * n] is
 * scratch. */
static inline void netc_rank_strings(const char *const *x, int64_t *ranks, int64_t *order,
                                     int64_t n)
{
    for (int64_t i = 0; i < n; i++) order[i] = i;
    netc_merge_sort(order, order + n, n, netc_string_behind, x, 0);
    for (int64_t i = 0; i < n; i++)
        ranks[order[i]] = i && strcmp(x[order[i]], x[order[i - 1]]) == 0 ? ranks[order[i - 1]] : i;
}

/* ---- regular expressions ---- */

/* Whether a finite automaton over bytes accepts x[i]: class_of[256], next[states][classes],
 * accepts[states]. It begins in state 1; from state 0 nothing leads anywhere. */
static inline void netc_match_strings(const char *const *x, const uint8_t *class_of,
                                      const uint16_t *next, const uint8_t *accepts, uint8_t *out,
                                      int64_t n, int64_t classes)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t state = 1;
        for (const char *p = x[i]; *p && state; p++)
            state = next[state * classes + class_of[(unsigned char)*p]];
        out[i] = accepts[state];
    }
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
