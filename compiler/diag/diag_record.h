/*
 * What a diagnostic holds: shared by diag.c, which collects them, and by the two that write them,
 * diag_text.c (carets) and diag_json.c. Nobody else looks inside.
 *
 * A Source's columns count bytes of its line; what people and editors see counts characters.
 */
#ifndef NETC_DIAG_RECORD_H
#define NETC_DIAG_RECORD_H

#include "diag.h"

typedef struct DiagLabel {
    Source where;
    const char *text;
} DiagLabel;

struct Diagnostic {
    Arena *arena;
    Severity severity;
    const char *code;
    Source where;
    const char *message;
    LIST(DiagLabel) labels;
    LIST(const char *) notes;
    LIST(const char *) help;
    InputNames needs; /* diag_needs_input */
    int sequence;     /* in which it was added: decides between equal places */
};

struct Diags {
    Arena *arena;
    LIST(Diagnostic *) all;
    int errors;
};

/* All of them in the order of their places, in the arena. */
Diagnostic *const *diags_sorted(const Diags *diags);
bool source_same(const Source *a, const Source *b);
const char *severity_name(Severity severity);

/* How many characters the first `bytes` bytes of a line are. */
int source_characters(const Source *where, int line, int bytes);

#endif
