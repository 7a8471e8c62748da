/* Bands of rows: the pass that finds them, between bands.c (chains), band_plan.c (how many rows)
 * and band_body.c (statements). */
#ifndef NETC_BANDS_H
#define NETC_BANDS_H

#include "form.h"

/* How a member reads the one before: its row i reads rows step * i + from .. step * i + to. */
typedef struct Window {
    int64_t step, from, to;
    bool beyond; /* some of them may be outside the tensor: a guard asks */
} Window;

/* Definitions, each read by the next alone. */
typedef struct Chain {
    const Definition *members[BAND_MEMBERS];
    int dims[BAND_MEMBERS];       /* which dimension of each counts the rows */
    Window windows[BAND_MEMBERS]; /* how each reads the one before */
    int64_t rate[BAND_MEMBERS];   /* rows of each for the same part of the work */
    int64_t unit[BAND_MEMBERS];   /* so many are computed side by side */
    bool cut[BAND_MEMBERS];       /* computes whole steps only: it does not roll */
    int count;
    const Band *inner; /* the band that a pass before this one made of some of them; NULL: none */
    int at;            /* its first member's position */
} Chain;

/* ---- band_plan.c ---- */

/* Chooses how many rows; false when that does not pay. */
bool band_plan(const Program *p, const Chain *c, Band *out);

/* ---- band_body.c ---- */

/* How often the members' rows of one step are computed. */
static inline int64_t band_steps(const Band *b)
{
    int last = b->count - 1;
    return b->steps ? b->steps
                    : ceil_div(b->members[last]->out->dims[b->dims[last]], b->rows[last]);
}

#endif
