/*
 * How tensors lie in memory: the parts of the layout stage. layout.c runs them in order; each adds
 * to the Places.
 */
#ifndef NETC_LAYOUT_H
#define NETC_LAYOUT_H

#include "form.h"

/* A concatenation: out[.., i, ..] is piece k[.., i - start(k), ..] where i lies in the piece. */
typedef struct Concatenation {
    int dim, count;
    const Tensor *pieces[64];
    int64_t starts[64];
} Concatenation;

/* What is decided about one tensor, by its id. */
typedef struct Place {
    Definition *definition; /* that computes it; NULL: an input or constant */
    bool is_output;
    bool blocked;                              /* channels in blocks of the target's lanes */
    int64_t before[MAX_RANK], after[MAX_RANK]; /* halo */
    bool dense; /* a call reads or writes it: row-major, without holes */
    bool apart; /* cannot lie in a concatenation: it needs zeros where its neighbours would be */
    int64_t wrap[MAX_RANK]; /* rows that are kept, */
    int rings;              /* in so many places */
    LIST(Definition *) readers;
} Place;

typedef struct Layouts {
    Program *p;
    Arena *arena; /* of this stage */
    Place *places;
    int capacity;
} Layouts;

Place *layout_place(Layouts *l, const Tensor *t);
/* A new tensor of these extents, else like t, computed by a new definition placed before position
 * `at`; returns it without a body. */
Definition *layout_insert(Layouts *l, int at, const char *suffix, const Tensor *t,
                          const int64_t *dims);

/* layout_blocks.c: which tensors have blocked channels. */
void layout_choose_blocks(Layouts *l);

/* layout_dense.c: what is read in steps is copied. */
void layout_choose_dense(Layouts *l);

/* layout_halo.c: padded windows read a halo of zeros instead of testing each index. */
void layout_choose_halos(Layouts *l);

/* layout_views.c: buffers for all tensors; reshapes, slices and concatenations become views where
 * they can, and their definitions go away. */
void layout_make_buffers(Layouts *l);
bool layout_concatenation(Pool *p, const Definition *def, Concatenation *out);

#endif
