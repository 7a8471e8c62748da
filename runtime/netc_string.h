/* SPDX-License-Identifier: 0BSD */
/*
 * Strings in compiled networks: an element of a tensor of strings is a const char *, never NULL,
 * UTF-8 and ended by NUL. Here is what generated code does with them beside handing them on. C11,
 * C99 and C++; the C locale; no allocation.
 */
#ifndef NETC_STRING_H
#define NETC_STRING_H

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

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
