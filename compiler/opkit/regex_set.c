/* Sets of characters as sorted ranges: joining, complement, case folding, and the named ones. */
#include "regex_set.h"

#include <stdlib.h>

enum { LAST_CHARACTER = 0x10ffff, FIRST_SURROGATE = 0xd800, LAST_SURROGATE = 0xdfff };

void set_add(Arena *arena, CharSet *s, uint32_t from, uint32_t to)
{
    if (from <= to) LIST_PUSH(arena, s, ((CharRange){from, to}));
}

static void set_add_all(Arena *arena, CharSet *s, const CharSet *other)
{
    for (int i = 0; i < other->count; i++) LIST_PUSH(arena, s, other->items[i]);
}

static int by_start(const void *a, const void *b)
{
    const CharRange *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

void set_normalise(CharSet *s)
{
    int kept = 0;
    if (s->count) qsort(s->items, (size_t)s->count, sizeof *s->items, by_start);
    for (int i = 0; i < s->count; i++) {
        CharRange r = s->items[i];
        if (kept && r.from <= s->items[kept - 1].to + 1) {
            if (r.to > s->items[kept - 1].to) s->items[kept - 1].to = r.to;
        } else {
            s->items[kept++] = r;
        }
    }
    s->count = kept;
}

CharSet set_complement(Arena *arena, const CharSet *s)
{
    CharSet out = {0};
    uint32_t next = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->items[i].from) set_add(arena, &out, next, s->items[i].from - 1);
        next = s->items[i].to + 1;
    }
    set_add(arena, &out, next, LAST_CHARACTER);
    return out;
}

CharSet set_without_surrogates(Arena *arena, const CharSet *s)
{
    CharSet out = {0};
    for (int i = 0; i < s->count; i++) {
        CharRange r = s->items[i];
        if (r.from < FIRST_SURROGATE)
            set_add(arena, &out, r.from, r.to < FIRST_SURROGATE ? r.to : FIRST_SURROGATE - 1);
        if (r.to > LAST_SURROGATE)
            set_add(arena, &out, r.from > LAST_SURROGATE ? r.from : LAST_SURROGATE + 1, r.to);
    }
    return out;
}

static bool contains(const CharSet *s, uint32_t c)
{
    int low = 0, high = s->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (s->items[middle].to < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->items[low].from <= c;
}

static void fold_by(Arena *arena, CharSet *s, const CaseMap *map)
{
    CharSet more = {0};
    for (int64_t i = 0; i < map->count; i++) {
        const int32_t *run = &map->runs[4 * i];
        for (int32_t c = run[0]; c <= run[1]; c += run[2]) {
            uint32_t a = (uint32_t)c, b = (uint32_t)(c + run[3]);
            if (contains(s, a) == contains(s, b)) continue;
            set_add(arena, &more, a, a);
            set_add(arena, &more, b, b);
        }
    }
    set_add_all(arena, s, &more);
    set_normalise(s);
}

void set_fold(Arena *arena, CharSet *s, const Casing *casing)
{
    for (int round = 0; round < 2; round++) { /* three may be one letter: k, K, Kelvin */
        fold_by(arena, s, &casing->lower);
        fold_by(arena, s, &casing->upper);
    }
}

/* ---- named sets: pairs of first and last ---- */

static const struct NamedSet {
    const char *name;
    const char *ranges;
} named[] = {
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", "\x01\x7f"},
    {"blank", "\t\t  "},
    {"cntrl", "\x01\x1f\x7f\x7f"},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZaz__"},
    {"xdigit", "09AFaf"},
    {"d", "09"},
    {"s", "\t\n\f\r  "},
    {"w", "09AZaz__"},
};

bool set_named(Arena *arena, CharSet *s, const char *name, size_t length, bool negated)
{
    for (size_t i = 0; i < COUNT(named); i++) {
        if (strlen(named[i].name) != length || memcmp(named[i].name, name, length) != 0) continue;
        CharSet own = {0};
        for (const char *r = named[i].ranges; *r; r += 2)
            set_add(arena, &own, (unsigned char)r[0], (unsigned char)r[1]);
        set_normalise(&own);
        if (negated) own = set_complement(arena, &own);
        set_add_all(arena, s, &own);
        return true;
    }
    return false;
}
