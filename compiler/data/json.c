/* The JSON reader of json.h, and the quoting of strings. Knows no schema and builds no tree. */
#include "json.h"

#include <stdlib.h>

enum { MOST_NESTING = 64 };

static bool fail(Json *j, const char *wanted)
{
    if (!j->error) j->error = wanted;
    return false;
}

static void skip_space(Json *j)
{
    while (j->at < j->end && strchr(" \t\r\n", *j->at) && *j->at) j->at++;
}

static bool take(Json *j, char c)
{
    skip_space(j);
    if (j->error || j->at == j->end || *j->at != c) return false;
    j->at++;
    return true;
}

/* ---- strings ---- */

static bool hex4(Json *j, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, j->at++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = j->at < j->end && *j->at ? strchr(digits, *j->at) : NULL;
        if (!digit) return fail(j, "four hexadecimal digits");
        uint32_t nibble = (uint32_t)(digit - digits);
        *value = *value << 4 | (nibble > 15 ? nibble - 6 : nibble);
    }
    return true;
}

static bool unicode_escape(Json *j, Text *out)
{
    uint32_t c, low;
    if (!hex4(j, &c)) return false;
    if (c >= 0xd800 && c < 0xdc00) { /* half of a pair */
        if (j->end - j->at < 6 || j->at[0] != '\\' || j->at[1] != 'u')
            return fail(j, "the second half of a surrogate pair");
        j->at += 2;
        if (!hex4(j, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return fail(j, "the second half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c == 0 || (c >= 0xdc00 && c < 0xe000)) {
        return fail(j, "a character other than NUL and half pairs");
    }
    char bytes[4];
    text_put(out, bytes, utf8_encode(bytes, c));
    return true;
}

static bool escape(Json *j, Text *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (j->at == j->end) return fail(j, "the end of a string");
    char c = *j->at++;
    if (c == 'u') return unicode_escape(j, out);
    const char *place = c ? strchr(from, c) : NULL;
    if (!place) return fail(j, "an escape that JSON has");
    text_put(out, &to[place - from], 1);
    return true;
}

static bool string_body(Json *j, Text *out)
{
    while (j->at < j->end && *j->at != '"') {
        if ((unsigned char)*j->at < 0x20) return fail(j, "no control character in a string");
        if (*j->at != '\\') {
            text_put(out, j->at++, 1);
            continue;
        }
        j->at++;
        if (!escape(j, out)) return false;
    }
    return take(j, '"') || fail(j, "the end of a string");
}

bool json_string(Json *j, const char **value)
{
    if (!take(j, '"')) return fail(j, "a string");
    Text text = {0};
    bool ok = string_body(j, &text);
    *value = ok ? arena_string(j->arena, text.data ? text.data : "") : "";
    text_free(&text);
    return ok;
}

void json_quote(Text *out, const char *text)
{
    text_put(out, "\"", 1);
    for (; *text; text++) {
        if (*text == '\n')
            text_add(out, "\\n");
        else if ((unsigned char)*text < 0x20)
            text_add(out, "\\u%04x", *text);
        else
            text_add(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    text_put(out, "\"", 1);
}

/* ---- other values ---- */

bool json_size(Json *j, int64_t *value)
{
    skip_space(j);
    if (j->error || j->at == j->end || *j->at < '0' || *j->at > '9')
        return fail(j, "a whole number");
    for (*value = 0; j->at < j->end && *j->at >= '0' && *j->at <= '9'; j->at++)
        if (!checked_mul(*value, 10, value) || !checked_add(*value, *j->at - '0', value))
            return fail(j, "a number of 64 bits");
    return true;
}

bool json_real(Json *j, double *value)
{
    char text[64] = "";
    size_t length = 0;
    skip_space(j);
    while (length < sizeof text - 1 && j->at + length < j->end && j->at[length] &&
           strchr("+-.0123456789eE", j->at[length]))
        text[length] = j->at[length], length++;
    char *end = text;
    if (!j->error && length) *value = strtod(text, &end);
    if (end == text || *end) return fail(j, "a number");
    j->at += length;
    return true;
}

bool json_open(Json *j, char bracket)
{
    return take(j, bracket) || fail(j, bracket == '{' ? "'{'" : "'['");
}

bool json_more(Json *j, char bracket, bool *first)
{
    if (j->error || take(j, bracket)) return false;
    if (!*first && !take(j, ',')) return fail(j, bracket == '}' ? "',' or '}'" : "',' or ']'");
    *first = false;
    return true;
}

bool json_key(Json *j, const char **name)
{
    return json_string(j, name) && (take(j, ':') || fail(j, "':'"));
}

static bool skip_nested(Json *j, int depth)
{
    const char *text;
    skip_space(j);
    if (j->error || j->at == j->end) return fail(j, "a value");
    if (depth > MOST_NESTING) return fail(j, "values nested less deeply");
    if (*j->at == '"') return json_string(j, &text);
    if (*j->at == '{' || *j->at == '[') {
        char close = *j->at == '{' ? '}' : ']';
        bool first = true;
        for (j->at++; json_more(j, close, &first);)
            if ((close == '}' && !json_key(j, &text)) || !skip_nested(j, depth + 1)) return false;
        return !j->error;
    }
    const char *start = j->at;
    while (j->at < j->end && *j->at && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *j->at))
        j->at++;
    return j->at > start || fail(j, "a value");
}

bool json_skip(Json *j) { return skip_nested(j, 0); }

bool json_member(Json *j, const char *name)
{
    const char *key;
    skip_space(j);
    if (j->error || j->at == j->end || *j->at != '{') return false;
    j->at++;
    for (bool first = true; json_more(j, '}', &first) && json_key(j, &key);) {
        if (!strcmp(key, name)) return true;
        if (!json_skip(j)) return false;
    }
    return false;
}
