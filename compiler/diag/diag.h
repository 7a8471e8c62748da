/*
 * Diagnostics: what is wrong with the user's input, where, and what would fix it. Stages add them
 * and go on; a stage boundary stops when there were errors. Rendering (text with carets, --json) is
 * in diag.c.
 */
#ifndef NETC_DIAG_H
#define NETC_DIAG_H

#include "base.h"

/* A place in the input. In a .net file: a range of text. In an ONNX model: an element, in words. */
typedef struct Source {
    const File *file;         /* NULL: the command line or nothing in particular */
    int line, column;         /* from 1; 0 when the place is an element or the whole file */
    int end_line, end_column; /* exclusive */
    const char *element;      /* "node 12 'conv1' (Conv)"; NULL in a .net file */
} Source;

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE } Severity;

typedef struct Diagnostic Diagnostic;
typedef struct Diags Diags;

Diags *diags_new(Arena *arena);
int diags_errors(const Diags *diags);
int diags_count(const Diags *diags);
Diagnostic *diags_last(const Diags *diags); /* the one added last; NULL when there is none */

/* Drops those that were added after there were `count`. */
void diags_forget(Diags *diags, int count);

/* Codes are stable: E01xx reading files, E02xx shapes and types, E03xx operators and attributes,
 * E04xx .net syntax and names, E05xx weights, E06xx not supported by code generation; W for
 * warnings. Every code is a row of the table in diag_codes.c with its title. Returns the
 * diagnostic, to which labels, notes and help are added. */
Diagnostic *diag_error(Diags *diags, const char *code, Source where, const char *format, ...)
    PRINTF(4, 5);
Diagnostic *diag_warning(Diags *diags, const char *code, Source where, const char *format, ...)
    PRINTF(4, 5);
/* The same for functions that take a format themselves. */
Diagnostic *diag_verror(Diags *diags, const char *code, Source where, const char *format,
                        va_list args) PRINTF(4, 0);
Diagnostic *diag_vwarning(Diags *diags, const char *code, Source where, const char *format,
                          va_list args) PRINTF(4, 0);
/* Text under the carets of a place: the main one or another. */
void diag_label(Diagnostic *d, Source where, const char *format, ...) PRINTF(3, 4);
void diag_note(Diagnostic *d, const char *format, ...) PRINTF(2, 3);
void diag_help(Diagnostic *d, const char *format, ...) PRINTF(2, 3);
/* The value of that input of the network, known at compile time, would cure it. */
void diag_needs_input(Diagnostic *d, const char *name);
/* Those of all diagnostics, each once, in the arena of the diagnostics. */
typedef LIST(const char *) InputNames;
InputNames diags_needed_inputs(const Diags *diags);

/* Writes all of them in the order of their places. */
void diags_print(const Diags *diags, FILE *out, bool color);
void diags_print_json(const Diags *diags, FILE *out);

/* Line `line` (from 1) of a file without its line end; an empty one past the end. */
const char *source_line(const File *file, int line, size_t *length);

#endif
