/*
 * Regular expressions in RE2's syntax, compiled to a table: a finite automaton over the bytes of
 * UTF-8 that says whether all of a text matches. Which part of a text a group matches, and whether
 * a repetition is greedy, makes no difference to that.
 *
 * Refused: what RE2 refuses (backreferences, look-around), and also \p{...} and \C.
 */
#ifndef NETC_REGEX_H
#define NETC_REGEX_H

#include "base.h"

typedef struct RegexTable {
    int classes;           /* bytes that the expression cannot tell apart are one class */
    int states;            /* 0: no way to match is left; 1: the first */
    uint8_t class_of[256]; /* of a byte */
    uint16_t *next;        /* [states][classes] */
    uint8_t *accepts;      /* [states]: the text may end here */
} RegexTable;

/* NULL when the pattern is wrong, not supported or too large: *why says what, *at is the byte
 * where.
 */
const RegexTable *regex_compile(Arena *arena, const char *pattern, const char **why, size_t *at);

/* ---- between regex_parse.c, which makes the tree, and regex.c, which makes the automaton ---- */

typedef enum RegexKind {
    RX_EMPTY,
    RX_SET,
    RX_CONCATENATION,
    RX_ALTERNATION,
    RX_REPEAT,
    RX_ASSERTION
} RegexKind;
typedef enum RegexAssertion {
    RX_TEXT_BEGIN,
    RX_TEXT_END,
    RX_LINE_BEGIN,
    RX_LINE_END,
    RX_BOUNDARY,
    RX_NO_BOUNDARY
} RegexAssertion;

typedef struct CharRange {
    uint32_t from, to; /* inclusive */
} CharRange;
typedef LIST(CharRange) CharSet;

typedef struct RegexNode {
    RegexKind kind;
    CharSet set; /* sorted, apart, without surrogates */
    LIST(struct RegexNode *) children;
    int least, most; /* of a repeat; most -1: any number */
    RegexAssertion assertion;
} RegexNode;

RegexNode *regex_parse(Arena *arena, const char *pattern, const char **why, size_t *at);

#endif
