/*
 * A reader of JSON, one value after the other, over text that nobody vouches for. It checks as it
 * goes and keeps nothing: the caller asks for what it expects, or skips.
 */
#ifndef NETC_JSON_H
#define NETC_JSON_H

#include "base.h"

typedef struct Json {
    Arena *arena; /* of the strings */
    const char *text, *at, *end;
    const char *error; /* what was wanted, at `at`; NULL while all is well */
} Json;

/* Each moves past what it reads, or sets the error and returns false. */
bool json_string(Json *j, const char **value); /* escapes resolved; no NUL inside */
bool json_size(Json *j, int64_t *value);       /* a whole number, not negative */
bool json_real(Json *j, double *value);        /* any number */
bool json_skip(Json *j);                       /* any value */
/* Moves to the value of that member of the object at `j`, of the first of several; false without an
 * error where the object has none, or there is no object. */
bool json_member(Json *j, const char *name);
/* An object or an array: json_open(j, '{'), then members for as long as json_more(j, '}', &first);
 * `first` starts as true. It is false at the end, and after an error. */
bool json_open(Json *j, char bracket);
bool json_more(Json *j, char bracket, bool *first);
bool json_key(Json *j, const char **name); /* with the ':' after it */

/* Adds the text as a JSON string, quoted; bytes that are no UTF-8 stay. */
void json_quote(Text *out, const char *text);

#endif
