/*
 * What came of a case in one implementation, in memory that a child process fills in, so that a
 * crash is an answer too. onnxruntime.c runs cases in ONNX Runtime, compiled.c in code that netc
 * generates; verdict.c compares.
 */
#ifndef DIFFERENTIAL_OUTCOME_H
#define DIFFERENTIAL_OUTCOME_H

#include "case.h"
#include "target.h"

enum { BATCH = 32, OUTCOME_BYTES = 1 << 18 };

typedef enum Status {
    STATUS_PENDING,
    STATUS_BUILT,
    STATUS_GOOD,
    STATUS_REFUSED,
    STATUS_CRASHED
} Status;

typedef struct Outcome {
    Status status;
    char text[600]; /* why it was refused or crashed */
    int count;
    struct OutcomeTensor {
        Dtype dtype;
        int rank;
        int64_t dims[MAX_RANK];
        size_t at, bytes; /* in data */
    } outputs[MAX_OUTPUTS];
    size_t used;
    _Alignas(16) uint8_t data[OUTCOME_BYTES];
} Outcome;

/* Room for outcomes that children share. */
Outcome *outcomes_new(int count);
void outcome_refuse(Outcome *o, Status status, const char *format, ...) PRINTF(3, 4);
/* Room for one more output; NULL when it does not fit. */
struct OutcomeTensor *outcome_output(Outcome *o, Dtype dtype, int rank, const int64_t *dims);

/* Calls work for each outcome of that status in a child process, which is replaced when it dies;
 * then the outcome says how. What the child writes on standard error goes to `noise`. */
typedef struct Work {
    Status of;
    int count;
    Outcome *outcomes;
    void (*work)(int i, void *context);
    void *context;
    FILE *noise;
} Work;
void work_in_children(const Work *w);

/* ---- the two implementations ---- */

/* Loads it into this process: by `path`, or by its usual name. NULL: why it cannot be. */
const char *onnxruntime_load(const char *path, const char **why);
void onnxruntime_run(const Case *cases, int count, Outcome *outcomes, FILE *noise);

typedef struct Compiled {
    const char *folder; /* to work in */
    const Target *target;
    const char *cflags;
} Compiled;
/* The runtime's headers, in precompiled form, for a target; once for all batches. */
void compiled_prepare(const Compiled *c);
void compiled_run(const Compiled *c, const Case *cases, int count, Outcome *outcomes, FILE *noise);

/* ---- exclusions.c, verdict.c ---- */

typedef enum Verdict {
    AGREES,
    BOTH_REFUSE,
    NO_ORACLE, /* ONNX Runtime refuses or crashes; netc's code ran */
    UNDEFINED, /* ran, and ONNX does not say what comes out */
    EXCLUDED,  /* ONNX Runtime is known to be otherwise */
    DIFFERS,
    REFUSED,
    CRASHED,
    VERDICTS
} Verdict;

typedef struct Exclusion {
    const char *op; /* NULL: every operator */
    const char *reason;
    bool (*applies)(const Case *c);
} Exclusion;
extern const Exclusion exclusions[]; /* ended by a row without a reason */

/* *exclusion: the row's number when it is EXCLUDED. `why` is for people. */
Verdict verdict(const Case *c, const Outcome *ours, const Outcome *theirs, int *exclusion,
                Text *why);
static inline bool is_mismatch(Verdict v) { return v >= DIFFERS; }

/* ---- shrink.c ---- */

typedef struct Judge {
    const Compiled *compiled;
    Outcome *ours, *theirs; /* BATCH of each */
    FILE *noise;
} Judge;
/* Runs at most BATCH cases in both. */
void judge_run(const Judge *j, const Case *cases, int count);
/* A smaller case with the same verdict. */
Case shrink(const Judge *j, const Case *c, Verdict v);

#endif
