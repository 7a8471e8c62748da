/* Sets of characters for regular expressions. A set is normal when its ranges are sorted and apart.
 */
#ifndef NETC_REGEX_SET_H
#define NETC_REGEX_SET_H

#include "casing.h"
#include "regex.h"

void set_add(Arena *arena, CharSet *s, uint32_t from, uint32_t to);
void set_normalise(CharSet *s);
/* Of normal sets; so are the results. */
CharSet set_complement(Arena *arena, const CharSet *s);
CharSet set_without_surrogates(Arena *arena, const CharSet *s);
/* Adds what differs in case only. */
void set_fold(Arena *arena, CharSet *s, const Casing *casing);
/* Adds [:alpha:] and the like, or d, s, w of \d, \s, \w, or all else. False: no such name. */
bool set_named(Arena *arena, CharSet *s, const char *name, size_t length, bool negated);

#endif
