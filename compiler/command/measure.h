/*
 * Timing a compiled network: in a process of its own, the program runtime/netc_bench.c built for
 * the same target with the same compiler, so that its memory is the network's and a crash is an
 * answer.
 */
#ifndef NETC_MEASURE_H
#define NETC_MEASURE_H

#include "library.h"

typedef struct Measurement {
    int runs;
    double min, median, p99;         /* seconds a run */
    double resident;                 /* bytes: the most the process had in memory */
    double clock;                    /* cycles a second, of one core */
    double multiply_adds, bandwidth; /* what the machine can do in a second: f32 multiply-adds,
                                        bytes read from memory */
    double *kernels;                 /* median seconds of each; zeros without --profile */
    double *alone; /* the same by one thread; zeros where --threads asks for no more */
} Measurement;

/* Runs for job->options->seconds; dies (exit 3) after saying what went wrong. */
Measurement measure(const Job *job, const Library *library);

#endif
