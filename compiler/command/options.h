/*
 * The one grammar of options, for all commands: a table of rows, each belonging to a group; a
 * command names the groups it takes. Parsing, --help and the shell completion come from the same
 * rows.
 */
#ifndef NETC_OPTIONS_H
#define NETC_OPTIONS_H

#include "graph.h"
#include "target.h"
#include "winograd.h"

typedef struct Command Command;

/* Who takes an option. */
enum OptionGroup {
    GROUP_MODEL = 1 << 0,   /* reading a model */
    GROUP_WEIGHTS = 1 << 1, /* filling its parameters */
    GROUP_OUTPUT = 1 << 2,  /* -o */
    GROUP_CODE = 1 << 3,    /* generating code */
    GROUP_SOURCE = 1 << 4,  /* generated code that the user keeps */
    GROUP_CC = 1 << 5,      /* running the C compiler */
    GROUP_RUN = 1 << 6,     /* running the result */
    GROUP_COMPARE = 1 << 7, /* comparing outputs */
    GROUP_JSON = 1 << 8,
    GROUP_CSV = 1 << 9,
    GROUP_MISSING = 1 << 10,
    GROUP_TABLE = 1 << 11, /* other forms of the summary */
    GROUP_BENCH = 1 << 12, /* timing */
    GROUP_DRAWING = 1 << 13,
    GROUP_REPORT = 1 << 14,
    GROUP_FMT = 1 << 15,   /* laying text out */
    GROUP_COLOR = 1 << 16, /* diagnostics, of commands that read no model */
    GROUP_PRINT = 1 << 17, /* forms of .net text */
    GROUP_EXPORT = 1 << 18,
    GROUP_LSP = 1 << 19, /* checking while text is edited */
    GROUP_INPUT = 1 << 20, /* measuring what rounded weights do */
};

enum EmitKind { EMIT_FILES, EMIT_GRAPH, EMIT_PROGRAM, EMIT_PLAN, EMIT_SCHEDULE };
enum DrawingLayout { LAYOUT_AUTO, LAYOUT_DOT, LAYOUT_NETC };
enum WeightsChoice { CHOOSE_AUTO, CHOOSE_INLINE, CHOOSE_OBJECT, CHOOSE_FILE };

typedef struct Options {
    const Command *command;
    const char **operands;
    int operand_count;
    ReadOptions read;
    const char *output;
    const Target *target;     /* never NULL */
    const char *profile_file; /* of a report */
    LIST(const char *) inputs; /* to measure rounding on */
    const char *prefix, *cc, *cflags;
    int weights;  /* WeightsChoice */
    int emit;     /* EmitKind */
    int winograd; /* WinogradKind */
    int weights_type; /* WeightsType */
    int64_t threads;
    int color; /* 0 on a terminal, 1 always, 2 never */
    bool exact, bundle, no_cache, no_bake, layers, scale, json, csv, missing, flat, markdown, profile;
    bool check;                          /* of a layout */
    bool external;                       /* weights beside a model */
    bool optimised, kernels, outline;    /* what a drawing shows */
    int64_t depth;                       /* of a drawing; 0: all */
    int drawing;                         /* who places it: DrawingLayout */
    double rtol, atol, timeout, seconds; /* timeout in seconds; 0: none */
} Options;

/* Reads the command line. Does not return for --help and --version (exit 0) and for mistakes (exit
 * 2). */
Options *options_parse(Arena *arena, int argc, char **argv);

#endif
