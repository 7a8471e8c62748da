/*
 * netc fmt: the one layout of a .net file. It hangs on the tokens and comments, and of the file's
 * own lines on three things: blank lines, whether a body begins on a line of its own, and whether a
 * comment does. Formatting what was formatted changes nothing.
 *
 *   lines of 100 columns, bodies indented by 4, one statement a line;
 *   a chain of pipes that is too long has a line for every stage with arguments, |> under |>;
 *   an `if` that is too long has `then` and `else` under it; other operators begin the next line;
 *   lists of arguments are filled, aligned behind their bracket; with a comma behind the last item
 *   each has a line of its own;
 *   comments stay with their token, and of blank lines one is kept; blocks and nets stand apart.
 *
 * format_net_tokens.c prepares the tokens, format_net.c lays them out.
 */
#ifndef NETC_FORMAT_NET_H
#define NETC_FORMAT_NET_H

#include "read_net_ast.h"

/* Adds the file's text, laid out anew. False after diagnostics: it has syntax errors. */
bool format_net(Arena *arena, const File *file, Text *out, Diags *diags);

/* ---- between the two files ---- */

typedef struct FormatComment {
    const char *text;
    int length;
    bool beside; /* on the line of the token before it */
    bool apart;  /* a blank line stands before it */
} FormatComment;

typedef struct FormatToken {
    int kind; /* of net.tab.h; T_END is kept, its text is empty */
    const char *text;
    int length, width; /* bytes, characters */
    int match;         /* of a bracket: the other one; -1 for other tokens */
    bool space;        /* before it, on one line */
    bool fresh;        /* it begins a line */
    bool apart;        /* a blank line stands before it */
    bool lines;        /* of a bracket: what is in it has lines of its own, even where it fits */
    LIST(FormatComment) comments; /* before it */
} FormatToken;
typedef LIST(FormatToken) FormatTokens;

/* False after diagnostics. */
bool format_tokens(Arena *arena, const File *file, FormatTokens *out, Diags *diags);

#endif
