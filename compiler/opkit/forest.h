/*
 * Ensembles of decision trees: the one form that the operators' attributes are read into, and the
 * definitions that walk it. A walk is as many steps as the deepest tree has, for all trees at once;
 * a leaf steps to itself.
 */
#ifndef NETC_FOREST_H
#define NETC_FOREST_H

#include "op.h"

typedef enum ForestMode {
    FOREST_LEQ,
    FOREST_LT,
    FOREST_GTE,
    FOREST_GT,
    FOREST_EQ,
    FOREST_NEQ,
    FOREST_MEMBER
} ForestMode;
typedef enum ForestSum { FOREST_AVERAGE, FOREST_SUM, FOREST_MIN, FOREST_MAX } ForestSum;

/* Branches are 0..branches-1, leaves come after them. */
typedef struct Forest {
    int64_t trees, branches, leaves, targets;
    int64_t *roots;            /* of each tree */
    int64_t *features, *modes; /* of each branch */
    int64_t *yes, *no;         /* where each branch goes */
    int64_t *missing;          /* 1: NaN goes to yes */
    double *splits;            /* what each branch compares with */
    int64_t *first, *last;     /* of each branch: its members, first <= i < last */
    double *members;
    int64_t member_count;
    double *weights; /* [leaf, target] */
    double *base;    /* added to each target at last; NULL: nothing */
    ForestSum sum;
    int depth; /* steps of the longest walk: forest_check sets it */
} Forest;

enum { FOREST_MAX_DEPTH = 128, FOREST_MAX_WEIGHTS = 1 << 24 };

/* Room for the forest's lists, by its counts, without any votes. False after a diagnostic that it
 * is too large. */
bool forest_allocate(Infer *in, Forest *f);
/* Leaf i votes for the target, with what it has for it already. */
void forest_vote(Forest *f, int64_t leaf, int64_t target, double weight);
/* Sees that every index is in range (`features` of them) and no walk goes on for ever. False after
 * a diagnostic. */
bool forest_check(Infer *in, Forest *f, int64_t features);
/* scores[sample, target] of x[sample, feature], in the type of `scores`. */
void forest_define(Definer *d, const Forest *f, Tensor *x, Tensor *scores);

#endif
