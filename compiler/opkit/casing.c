/* Case mapping: the C library asked about every character, its answers gathered to runs. */
#include "casing.h"

#include <locale.h>
#include <wctype.h>

enum { RUN = 4, LAST_CHARACTER = 0x10ffff };

typedef LIST(int32_t) Numbers;

/* May character c, moved by `delta`, be the next of the last run? A run of one has no step yet. */
static bool continues(Numbers *runs, int32_t c, int32_t delta)
{
    if (!runs->count) return false;
    int32_t *run = &runs->items[runs->count - RUN], step = c - run[1];
    bool fits = run[3] == delta && (run[0] == run[1] ? step <= 2 : step == run[2]);
    if (fits) run[1] = c, run[2] = step;
    return fits;
}

static CaseMap gather(Arena *arena, locale_t locale, wint_t (*map)(wint_t, locale_t))
{
    Numbers runs = {0};
    for (int32_t c = 0; c <= LAST_CHARACTER; c++) {
        int32_t delta = (int32_t)map((wint_t)c, locale) - c;
        if (delta == 0 || continues(&runs, c, delta)) continue;
        const int32_t run[RUN] = {c, c, 1, delta};
        for (int i = 0; i < RUN; i++) LIST_PUSH(arena, &runs, run[i]);
    }
    return (CaseMap){runs.items, runs.count / RUN};
}

const Casing *casing_new(Arena *arena)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!locale) return NULL;
    Casing *c = NEW(arena, Casing);
    c->lower = gather(arena, locale, towlower_l);
    c->upper = gather(arena, locale, towupper_l);
    freelocale(locale);
    return c->lower.count && c->upper.count ? c : NULL;
}
