/*
 * How many rows the members of a chain compute at a time: as many as stay in the second cache, and
 * which of them roll. Comes in: a chain; goes out: a band, or that none pays. What it costs to
 * read all weights again for each step is set against what the rows that stay do not move.
 */
#include "bands.h"

enum { LEAST_STEPS = 2 }; /* of a share */

static int64_t all_rows(const Chain *c, int m) { return c->members[m]->out->dims[c->dims[m]]; }

static int64_t tensor_bytes(const Tensor *t) { return (int64_t)sizeof(float) * tensor_elements(t); }

/* Of one row of what the member computes. */
static int64_t row_bytes(const Chain *c, int m)
{
    return tensor_bytes(c->members[m]->out) / all_rows(c, m);
}

/* Of constants that the members read. */
static int64_t weight_bytes(const Chain *c)
{
    Arena *arena = arena_new();
    int64_t bytes = 0;
    for (int m = 0; m < c->count; m++) {
        const Form *form = form_of(arena, c->members[m]);
        for (int s = 0; s < form->sites.count; s++)
            if (tensor_is_const(form->sites.items[s].load->tensor))
                bytes += tensor_bytes(form->sites.items[s].load->tensor);
    }
    arena_free(arena);
    return bytes;
}

/* Every row is read for one row, which needs no others. */
static bool aligned(const Chain *c)
{
    for (int m = 1; m < c->count; m++) {
        const Window *w = &c->windows[m];
        if (w->beyond || w->from != 0 || w->to + 1 > w->step) return false;
    }
    return true;
}

static int64_t round_up(int64_t rows, int64_t unit) { return ceil_div(rows, unit) * unit; }

/* The first member that has to have whole steps, else the first: the others go before it as far as
 * it needs, and after it as far as there is something to go on. */
static int anchor(const Chain *c)
{
    for (int m = 0; m < c->count; m++)
        if (c->cut[m]) return m;
    return 0;
}

/* False when a member that has to have whole steps cannot. */
static bool set_ahead(const Chain *c, Band *b)
{
    int first = anchor(c);
    for (int m = first; m > 0; m--) {
        const Window *w = &c->windows[m];
        int64_t needs = max64(0, (b->ahead[m] - 1) * w->step + w->to + 1);
        b->ahead[m - 1] = round_up(needs, c->unit[m - 1]);
    }
    for (int m = first + 1; m < c->count; m++) {
        const Window *w = &c->windows[m];
        int64_t finds = floor_div(b->ahead[m - 1] - 1 - w->to, w->step) + 1;
        if (c->cut[m] && finds < 0) return false;
        b->ahead[m] = c->cut[m] ? 0 : finds;
    }
    if (aligned(c)) first = c->count - 1; /* what it does not read is not computed */
    b->steps = ceil_div(all_rows(c, first), b->rows[first]);
    return true;
}

/* What a member's rows of one step are read from: between the oldest and the newest. In the first
 * step they begin with row 0, in the last all are computed. */
static int64_t kept_rows(const Chain *c, const Band *b, int m)
{
    const Window *w = &c->windows[m + 1];
    int64_t behind = w->step * b->ahead[m + 1] + w->from, rows = b->rows[m],
            usual = rows + b->ahead[m] - behind, first = rows + b->ahead[m],
            last = all_rows(c, m) - rows * (b->steps - 1) - behind;
    if (b->copies > 1) first = rows + b->ahead[m] - b->reads[m];
    return min64(all_rows(c, m), max64(usual, max64(first, last)));
}

static bool is_inner(const Chain *c, int m)
{
    return c->inner && m >= c->at && m < c->at + c->inner->count;
}

/* The oldest rows that a share of the steps reads when it begins. */
static void set_reads(const Chain *c, Band *b)
{
    int last = c->count - 1;
    b->reads[last] = b->ahead[last];
    for (int m = last; m > 0; m--) {
        const Window *w = &c->windows[m];
        int64_t oldest = b->reads[m] * w->step + w->from, unit = c->unit[m - 1];
        b->reads[m - 1] = min64(b->ahead[m - 1], floor_div(oldest, unit) * unit);
    }
}

/* The band for `units` units of work at a time; the bytes that its rows take, but
 * for those of which another pass has decided how many there are; INT64_MAX: there is none. */
static int64_t make(const Program *p, const Chain *c, int64_t units, Band *b)
{
    enum { EACH = 2 }; /* shares for a thread: another may take over one */
    bool rolls = !aligned(c) || p->threads > 1;
    *b = (Band){.count = c->count, .copies = p->threads > 1 ? EACH * p->threads : 1};
    b->inner = c->inner ? c->inner->inner : NULL;
    for (int m = 0; m < c->count; m++) {
        b->members[m] = c->members[m];
        b->dims[m] = c->dims[m];
        b->rows[m] = c->rate[m] * units;
        b->rolls[m] = rolls && !c->cut[m];
    }
    if (!set_ahead(c, b)) return INT64_MAX;
    set_reads(c, b);
    int64_t bytes = 0;
    for (int m = 0; m < c->count; m++) {
        if (m + 1 == c->count) break; /* its rows stream out */
        if (rolls) b->kept[m] = kept_rows(c, b, m);
        if (!is_inner(c, m)) bytes += (rolls ? b->kept[m] : b->rows[m]) * row_bytes(c, m);
    }
    return bytes;
}

/* Cycles for what does not leave the cache, against those for weights that come again. */
static bool pays(const Program *p, const Chain *c, const Band *b)
{
    const Target *t = p->target;
    double saved = 0;
    for (int m = 0; m + 1 < c->count; m++)
        saved += 3 * (double)tensor_bytes(c->members[m]->out) / t->rate[1];
    return saved > 2 * (double)b->steps * (double)weight_bytes(c) / t->rate[0];
}

/* As many rows as there is room for and shares have steps; then steps of the same size. */
static void enlarge(const Program *p, const Chain *c, int64_t room, Band *out)
{
    int last = c->count - 1;
    Band b;
    for (int64_t units = 2; c->rate[last] * units <= all_rows(c, last); units++)
        if (make(p, c, units, &b) <= room && b.steps >= LEAST_STEPS * b.copies) *out = b;
    make(p, c, ceil_div(all_rows(c, 0), c->rate[0] * out->steps), out);
}

bool band_plan(const Program *p, const Chain *c, Band *out)
{
    int64_t room = p->target->l2_bytes / 4 * 3 - weight_bytes(c),
            units = c->inner ? max64(1, c->inner->rows[0] / c->rate[c->at]) : 1;
    if (make(p, c, units, out) > room) return false;
    if (!c->inner) enlarge(p, c, room, out);
    return out->steps >= LEAST_STEPS * out->copies && pays(p, c, out);
}
