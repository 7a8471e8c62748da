/*
 * The statements of a band: for each step those of its members, one after the other. A member
 * whose rows are those that the step needs is cut to so many rows from the step's first on; one
 * that rolls has its loop over rows bounded by what has been computed before and what is to be
 * computed by the end of the step. Which members are a band is bands.c's decision.
 */
#include "schedule.h"

#include "bands.h"

typedef struct BandCode {
    Program *p;
    const Band *band;
    Kernel *k;
    Arena *arena;
    Expr *begin; /* the step with which a share of the steps begins; NULL: all are one */
} BandCode;

/* ---- one member, one step ---- */

static int64_t all_rows(const Band *band, int m)
{
    return band->members[m]->out->dims[band->dims[m]];
}

/* Rows of a member that does not roll in the last step. */
static int64_t last_rows(const Band *band, int m)
{
    return min64(band->rows[m], all_rows(band, m) - (band_steps(band) - 1) * band->rows[m]);
}

/* `rows` rows of the definition, from row `first` on. */
static Definition *slice(Program *p, const Definition *def, int dim, Expr *first, int64_t rows)
{
    Definition *s = NEW(p->arena, Definition);
    *s = *def;
    int rank = def->out->rank;
    s->out = arena_copy(p->arena, def->out, sizeof *def->out);
    s->out->dims = arena_copy(p->arena, def->out->dims, (size_t)rank * sizeof *def->out->dims);
    s->out->dims[dim] = rows;
    s->index = arena_copy(p->arena, def->index, (size_t)rank * sizeof *def->index);
    s->index[dim] = pool_var(p->pool, def->index[dim]->name, 0, rows);
    s->origin = NEW_ARRAY(p->arena, Expr *, rank);
    for (int d = 0; d < rank; d++) s->origin[d] = def->origin ? def->origin[d] : ex_int(p->pool, 0);
    s->origin[dim] = ex_add(p->pool, s->origin[dim], first);
    Expr *row = ex_add(p->pool, first, ex_var(p->pool, s->index[dim]));
    s->body = ex_substitute(p->pool, def->body, &def->index[dim], &row, 1);
    return s;
}

static Expr *within(Pool *p, Expr *row, int64_t all)
{
    return ex_max(p, ex_min(p, row, ex_int(p, all)), ex_int(p, 0));
}

/* So many rows are computed by the end of the step. */
static Expr *rows_after(const BandCode *c, int m, Expr *step)
{
    Pool *p = c->p->pool;
    int64_t rows = c->band->rows[m], ahead = c->band->ahead[m], all = all_rows(c->band, m),
            steps = band_steps(c->band);
    Expr *done = ex_add(p, ex_mul(p, step, ex_int(p, rows)), ex_int(p, rows + ahead));
    done = within(p, done, all);
    if (rows * steps + ahead >= all) return done;
    return ex_select(p, ex_eq(p, step, ex_int(p, steps - 1)), ex_int(p, all), done);
}

/* The first row that the step computes: those before it are there, or nobody reads them. */
static Expr *rows_before(const BandCode *c, int m, Expr *step)
{
    Pool *p = c->p->pool;
    int64_t all = all_rows(c->band, m);
    Expr *first = ex_mul(p, step, ex_int(p, c->band->rows[m])),
         *done = within(p, ex_add(p, first, ex_int(p, c->band->ahead[m])), all);
    if (c->begin) {
        Expr *reads = ex_add(p, first, ex_int(p, c->band->reads[m]));
        return ex_select(p, ex_eq(p, step, c->begin), within(p, reads, all), done);
    }
    if (c->band->ahead[m] <= 0) return done;
    return ex_select(p, ex_eq(p, step, ex_int(p, 0)), ex_int(p, 0), done);
}

static Definition *rolling(const BandCode *c, int m, Expr *step)
{
    Definition *d = NEW(c->p->arena, Definition);
    Rows *rows = NEW(c->p->arena, Rows);
    *d = *c->band->members[m];
    *rows = (Rows){.dim = c->band->dims[m], .steps = band_steps(c->band)};
    rows->from = rows_before(c, m, step);
    rows->to = rows_after(c, m, step);
    d->rows = rows;
    return d;
}

/* ---- steps ---- */

static void note_schedule(Program *p, Kernel *k, const char *before)
{
    if (before) k->schedule = arena_format(p->arena, "%s; %s", before, k->schedule);
}

static Stmt *band_in_turn(const BandCode *c);

/* What the member computes in the step, which may be the last. */
static const Definition *part(const BandCode *c, int m, Expr *step, bool last)
{
    const Band *band = c->band;
    Pool *p = c->p->pool;
    if (band->rolls[m]) return rolling(c, m, step);
    return slice(c->p, band->members[m], band->dims[m], ex_mul(p, step, ex_int(p, band->rows[m])),
                 last ? last_rows(band, m) : band->rows[m]);
}

/* The statements of member m, or of the inner band that begins with it, become the kernel's body;
 * returns how many members that are. */
static int part_body(const BandCode *c, int m, Expr *step, bool last)
{
    const Band *inner = c->band->inner;
    if (!inner || c->band->members[m] != inner->members[0]) {
        schedule_body(c->p, part(c, m, step, last), c->k, c->arena);
        return 1;
    }
    Band parts = *inner;
    BandCode code = *c;
    code.band = &parts;
    for (int i = 0; i < inner->count; i++) parts.members[i] = part(c, m + i, step, last);
    c->k->body = band_in_turn(&code);
    return inner->count;
}

/* The members' statements for one step of the band. */
static Stmt *band_step(const BandCode *c, Expr *step, bool last)
{
    const Band *band = c->band;
    Program *p = c->p;
    Stmt *first = NULL, **end = &first;
    const char *before = NULL;
    for (int m = 0; m < band->count;) {
        m += part_body(c, m, step, last);
        note_schedule(p, c->k, before);
        before = c->k->schedule;
        for (*end = c->k->body; *end; end = &(*end)->next) {
        }
    }
    int m = band->count - 1;
    int64_t rows = last ? last_rows(band, m) : band->rows[m];
    c->k->schedule = arena_format(p->arena, "%lld of %s at a time: %s", (long long)rows,
                                  band->members[m]->index[band->dims[m]]->name, c->k->schedule);
    return first;
}

static Stmt *band_loop(Program *p, const char *name, int64_t trips, Expr **counter)
{
    Stmt *loop = NEW(p->arena, Stmt);
    loop->var = pool_var(p->pool, name, 0, trips);
    loop->step = 1; /* and kind ST_LOOP */
    *counter = ex_var(p->pool, loop->var);
    return loop;
}

/* Steps one after the other; what is left for the last has a step of its own. */
static Stmt *band_in_turn(const BandCode *c)
{
    Pool *p = c->p->pool;
    int64_t steps = band_steps(c->band);
    bool even = true;
    Stmt *rest = NULL;
    Expr *step;
    for (int m = 0; m < c->band->count; m++)
        even &= c->band->rolls[m] || last_rows(c->band, m) == c->band->rows[m];
    if (!even) rest = band_step(c, ex_int(p, --steps), true);
    if (!steps) return rest;
    Stmt *loop = band_loop(c->p, "band", steps, &step);
    loop->body = band_step(c, step, false);
    loop->next = rest;
    return loop;
}

/* Steps that may be computed at the same time: `copies` in a row, each turn of the outer loop takes
 * every copies-th. */
static Stmt *band_beside(const BandCode *c)
{
    const Band *band = c->band;
    Pool *pool = c->p->pool;
    int last = band->count - 1;
    int64_t steps = band_steps(band), copies = band->copies;
    Expr *turn, *copy;
    Stmt *outer = band_loop(c->p, "first", copies, &copy),
         *inner = band_loop(c->p, "band", ceil_div(steps, copies), &turn);
    assert(last_rows(band, last) == band->rows[last]);
    outer->independent = true;
    outer->dim = band->dims[last] + 1;
    outer->body = inner;
    Expr *step = ex_add(pool, ex_mul(pool, turn, ex_int(pool, copies)), copy);
    inner->body = band_step(c, step, false);
    if (steps % copies) {
        Stmt *test = NEW(c->p->arena, Stmt);
        *test = (Stmt){.kind = ST_IF, .body = inner->body};
        test->value = ex_lt(pool, step, ex_int(pool, steps));
        inner->body = test;
    }
    return outer;
}

/* Zeros around the rows that are kept, then the steps. */
static Stmt *behind_halos(const BandCode *c, Expr *ring, Stmt *steps)
{
    Pool *p = c->p->pool;
    Stmt *first = NULL, **end = &first;
    for (int m = 0; m + 1 < c->band->count; m++) {
        Buffer *b = c->band->members[m]->out->buffer;
        *end = schedule_halo(c->p, b, ex_mul(p, ring, ex_int(p, b->elements / b->rings)));
        while (*end) end = &(*end)->next;
    }
    *end = steps;
    return first;
}

/* Shares of the steps that may be computed at the same time, each with rows of its own. */
static Stmt *band_in_shares(BandCode *c)
{
    const Band *band = c->band;
    Pool *p = c->p->pool;
    Expr *share, *step, *copies = ex_int(p, band->copies), *steps = ex_int(p, band_steps(band));
    Stmt *outer = band_loop(c->p, "share", band->copies, &share),
         *inner = band_loop(c->p, "band", band_steps(band), &step);
    outer->independent = true;
    outer->dim = band->dims[band->count - 1] + 1;
    inner->from = ex_floordiv(p, ex_mul(p, share, steps), copies);
    inner->to = ex_floordiv(p, ex_mul(p, ex_add(p, share, ex_int(p, 1)), steps), copies);
    inner->parts = band->copies;
    inner->recurs = true;
    c->begin = inner->from;
    for (int m = 0; m + 1 < band->count; m++) band->members[m]->out->buffer->ring = share;
    inner->body = band_step(c, step, false);
    outer->body = behind_halos(c, share, inner);
    return outer;
}

void band_body(Program *p, const Band *band, Kernel *k, Arena *arena)
{
    BandCode c = {p, band, k, arena, NULL};
    if (band->copies == 1)
        k->body = behind_halos(&c, ex_int(p->pool, 0), band_in_turn(&c));
    else
        k->body = band->kept[0] ? band_in_shares(&c) : band_beside(&c);
}
