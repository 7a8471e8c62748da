/* What schedule.c and the bands (bands/) need of each other. */
#ifndef NETC_SCHEDULE_H
#define NETC_SCHEDULE_H

#include "program.h"

/* ---- schedule.c ---- */

/* The statements that compute the definition, by the first schedule that suits it, become the
 * kernel's body. */
void schedule_body(Program *p, const Definition *def, Kernel *k, Arena *arena);
/* Those that zero the halo of a buffer from `offset` on; NULL: it has none. */
Stmt *schedule_halo(Program *p, Buffer *b, Expr *offset);

/* ---- bands/band_body.c ---- */

/* The statements that compute the members of the band together. */
void band_body(Program *p, const Band *band, Kernel *k, Arena *arena);

#endif
