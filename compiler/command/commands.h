/*
 * The commands: each is a row that says which options it takes, which stages of the pipeline it
 * needs run (main.c), and what it does with their result. One file per command.
 */
#ifndef NETC_COMMANDS_H
#define NETC_COMMANDS_H

#include "options.h"
#include "program.h"

#define NETC_VERSION "0.1.0"

/* How far main runs the pipeline before a command starts. */
typedef enum Stage { STAGE_NONE, STAGE_INFERRED, STAGE_PLANNED } Stage;

/* One run of netc: what the stages have made so far. */
typedef struct Job {
    Options *options;
    Arena *arena;
    Diags *diags;
    Graph *graph;     /* from STAGE_INFERRED on; optimised as well from STAGE_PLANNED on */
    int own_outputs;  /* how many outputs the network has; --layers adds others behind them */
    Program *program; /* from STAGE_PLANNED on */
} Job;

struct Command {
    const char *name;
    const char *operands; /* for the usage line: "FILE -o DIR" */
    const char *title;    /* one line, for the list of commands */
    const char *help;     /* more, for --help; lines of at most 80 columns, ended by a newline */
    /* How many operands; most -1: any number. Where a stage is needed, the first is the model. */
    int least, most;
    unsigned groups;      /* mask of the option groups it takes */
    bool needs_output;    /* -o must be given, unless --emit replaces it */
    Stage needs;          /* STAGE_NONE for those that call stages_run themselves */
    int (*run)(Job *job); /* the exit code */
};

extern const Command command_check, command_summary, command_compile, command_build, command_run,
    command_verify, command_bench, command_graph, command_report, command_print, command_fmt,
    command_export, command_explain, command_lsp, command_ops, command_targets;
extern const Command *const command_list[]; /* NULL-terminated, in the order of help */

/* Reads the model of job->options and takes it through the stages; false after diagnostics. */
bool stages_run(Job *job, Stage to);
/* The same from a graph that was taken to STAGE_INFERRED: on to STAGE_PLANNED. */
bool stages_go_on(Job *job);
/* The diagnostics of the stages: on standard error, or as JSON on standard output. */
void stages_report(const Job *job);

/* "netc: error: ..." on standard error; the exit code for a mistake in the user's input. */
int input_error(const char *format, ...) PRINTF(1, 2);

/* What long work is doing now: one line on a terminal, overwritten by the next. */
void progress(const char *format, ...) PRINTF(1, 2);
void progress_clear(void);
/* Diagnostics on standard error, in colour where that is wanted. */
void report_diags(const Job *job, const Diags *diags);

#endif
