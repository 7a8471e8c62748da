/*
 * What --weights-type costs: the network is compiled once more with f32 weights, and both run on
 * the same inputs, those of --input or made up.
 */
#ifndef NETC_ROUNDING_H
#define NETC_ROUNDING_H

#include "commands.h"
#include "library.h"
#include "weights.h"

/* For a job that is planned, with its library. EXIT_DONE; or, after saying why on standard error,
 * the exit code. Of outputs that are strings nothing is said. With f32 weights there is nothing to
 * compare: no errors. */
int rounding_measure(const Job *job, const Library *library, RoundingErrors *errors);
/* A member of a JSON object: "weights_type": "f16", "rounding": [{"output": ...}, ...] */
void rounding_json(const Options *o, const RoundingErrors *errors, Text *out);

#endif
