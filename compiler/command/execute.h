/*
 * Running a compiled network: in a child process, so that a crash of generated code or an endless
 * loop is an answer and not the end of netc.
 */
#ifndef NETC_EXECUTE_H
#define NETC_EXECUTE_H

#include "graph.h"
#include "library.h"

/* Memory for one tensor's bytes, shared with the child, aligned to 64 and followed by a page that
 * must not be touched. */
typedef struct Area {
    void *data;
    size_t bytes;
    void *mapping;
    size_t mapped;
} Area;

/* Places for the inputs and outputs of a graph; inputs are filled in by the caller. Strings of
 * outputs live as long as the arena. */
typedef struct Execution {
    Arena *arena;
    const Graph *graph;
    Area *inputs, *outputs;
    int texts; /* during a run: where the child puts the strings of its outputs */
} Execution;

Execution *execution_new(Arena *arena,
                         const Graph *g); /* its memory is returned when the arena is freed */
/* Runs once; EXIT_DONE, or after saying on standard error what went wrong: EXIT_INPUT when the
 * network cannot take the data, EXIT_MACHINE for a crash, the time limit (seconds; 0: none), a
 * library that does not load or is not the network. */
int execution_run(Execution *e, const Library *library, double timeout);
/* The shape that output i has after a run: where it depends on data, what the run found. */
const int64_t *execution_dims(const Execution *e, int i);

#endif
