/*
 * Bands: which definitions are computed together, a few rows at a time. Where a definition writes a
 * tensor that is larger than the second cache, and another alone reads it, row by row or a few rows
 * around each (pooling, depthwise convolution, the tiles of a Winograd convolution), the rows are
 * computed shortly before they are read and stored nowhere else. Comes in: definitions, with the
 * bands that the Winograd pass made; goes out: more bands, and longer ones.
 */
#include "bands.h"

#include "layout.h"
#include "nest.h"

enum { WIDE = 16 }; /* lanes of multipliers that wait for the third cache */

typedef struct Bands {
    Program *p;
    Arena *arena;
    Definition **reader; /* per tensor: the only one */
    int *readers;        /* per tensor */
    bool *taken;         /* per tensor: what computes it is in a chain */
} Bands;

/* ---- who reads what ---- */

static void note_read(Bands *b, const Tensor *t, Definition *def)
{
    if (b->reader[t->id] == def) return;
    b->reader[t->id] = def;
    b->readers[t->id]++;
}

static void find_readers(Bands *b)
{
    const Program *p = b->p;
    for (int i = 0; i < p->outputs.count; i++) b->readers[p->outputs.items[i]->id]++;
    for (int i = 0; i < p->definitions.count; i++) {
        Definition *def = p->definitions.items[i];
        const Form *form = form_of(b->arena, def);
        for (int s = 0; s < form->sites.count; s++)
            note_read(b, form->sites.items[s].load->tensor, def);
        for (int k = 0; def->call && k < def->call->read_count; k++)
            note_read(b, def->call->reads[k], def);
    }
}

/* ---- links ---- */

static int dim_of(const Definition *def, const Var *v)
{
    for (int d = 0; d < def->out->rank; d++)
        if (def->index[d] == v) return d;
    return -1;
}

/* index = step * v + what other variables that are not the definition's add. */
static bool read_index(Bands *b, const Definition *def, Expr *index, int *dim, Window *w)
{
    Pool *p = b->p->pool;
    Affine a = ex_affine(p, index);
    Expr *rest = ex_int(p, a.constant);
    *dim = -1;
    for (int k = 0; k < a.count; k++) {
        Expr *atom = a.terms[k].atom;
        if (atom->kind != EX_VAR) return false;
        int d = dim_of(def, atom->var);
        if (d >= 0 && (*dim >= 0 || a.terms[k].coef < 1)) return false;
        if (d >= 0)
            *dim = d, w->step = a.terms[k].coef;
        else
            rest = ex_add(p, rest, ex_mul(p, atom, ex_int(p, a.terms[k].coef)));
    }
    Range r = ex_range(rest);
    w->from = r.lo;
    w->to = r.hi;
    return *dim >= 0;
}

/* How rows of the definition read rows of t, by all its loads. */
static bool read_window(Bands *b, const Definition *def, const Tensor *t, int row, int *dim,
                        Window *out)
{
    const Form *form = form_of(b->arena, def);
    *dim = -1;
    for (int s = 0; s < form->sites.count; s++) {
        const Expr *load = form->sites.items[s].load;
        Window w = {0};
        int d;
        if (load->tensor != t) continue;
        if (!read_index(b, def, load->args[row], &d, &w)) return false;
        for (int k = 0; k < t->rank; k++)
            if (k != row && ex_uses_var(load->args[k], def->index[d])) return false;
        if (*dim >= 0 && (d != *dim || w.step != out->step)) return false;
        if (*dim >= 0) w.from = min64(w.from, out->from), w.to = max64(w.to, out->to);
        *out = w;
        *dim = d;
    }
    if (*dim < 0) return false;
    int64_t last = (def->out->dims[*dim] - 1) * out->step + out->to;
    out->beyond = out->from < 0 || last >= t->dims[row];
    return true;
}

/* An image whose rows lie around columns: rows come and go without the vectors. */
static bool has_rows(const Tensor *t, int row)
{
    return t->dtype == DT_F32 && t->rank >= 4 && t->dims[row] > 1 && t->dims[row + 1] > 1;
}

/* What only moves elements, or puts tensors side by side, usually is no work at all (layout). */
static bool computes(Bands *b, const Definition *def)
{
    Concatenation c;
    return !def->call && !form_moves(def) && !layout_concatenation(b->p->pool, def, &c);
}

static const Band *band_from(const Program *p, const Definition *def)
{
    for (int i = 0; i < p->bands.count; i++)
        if (p->bands.items[i]->members[0] == def) return p->bands.items[i];
    return NULL;
}

static bool in_band(const Program *p, const Definition *def)
{
    for (int i = 0; i < p->bands.count; i++)
        for (int m = 0; m < p->bands.items[i]->count; m++)
            if (p->bands.items[i]->members[m] == def) return true;
    return false;
}

/* ---- chains ---- */

static void scale(Chain *c, int64_t factor)
{
    for (int m = 0; m < c->count; m++) c->rate[m] *= factor;
}

static void add_member(Chain *c, const Definition *def, int dim, Window w, int64_t rate, bool cut)
{
    int m = c->count++;
    c->members[m] = def;
    c->dims[m] = dim;
    c->windows[m] = w;
    c->rate[m] = rate;
    c->cut[m] = cut;
    c->unit[m] = 1;
}

/* The members of a band that another pass has made: their rows go together as it says. */
static bool add_band(Chain *c, const Band *band, Window w, int64_t rate)
{
    if (c->inner || c->count + band->count > BAND_MEMBERS) return false;
    for (int m = 0; m < band->count; m++)
        if (band->rows[m] * rate % band->rows[0]) return false;
    c->inner = band;
    c->at = c->count;
    for (int m = 0; m < band->count; m++) {
        bool rolls = m == 0 && c->count > 0;
        add_member(c, band->members[m], band->dims[m], m ? (Window){1, 0, 0, false} : w,
                   rate * band->rows[m] / band->rows[0], !rolls);
    }
    return true;
}

static int64_t common_factor(int64_t a, int64_t b) { return b ? common_factor(b, a % b) : a; }

/* Of what is better not stored whole: more than the second cache holds, and than is on its way from
 * the third in time where the multipliers are slow. */
static int64_t least_bytes(const Program *p)
{
    const Target *t = p->target;
    return t->l2_bytes * max64(1, WIDE / max64(t->lanes, 4));
}

/* The one that alone reads what the last member writes, where that is more than the second cache
 * holds; NULL: there is none. */
static Definition *only_reader(Bands *b, const Chain *c)
{
    const Tensor *t = c->members[c->count - 1]->out;
    Definition *next = b->readers[t->id] == 1 ? b->reader[t->id] : NULL;
    bool large = tensor_elements(t) * (int64_t)sizeof(float) >= least_bytes(b->p);
    return next && large && computes(b, next) && !b->taken[next->out->id] ? next : NULL;
}

/* Can its loop over the rows do with some of them? */
static bool takes_rows(Bands *b, const Definition *def, int row)
{
    return row == 2 && has_rows(def->out, row) && !in_band(b->p, def) &&
           nest_distinct(b->p->pool, def->body, def->index[row]) == 1;
}

/* What reads the last member's rows, and nobody else does, becomes the next. */
static bool extend(Bands *b, Chain *c)
{
    int last = c->count - 1, dim;
    Window w = {0};
    const Definition *next = c->count < BAND_MEMBERS ? only_reader(b, c) : NULL;
    if (!next || !read_window(b, next, c->members[last]->out, c->dims[last], &dim, &w))
        return false;
    const Band *band = band_from(b->p, next);
    if (band ? band->dims[0] != dim : !takes_rows(b, next, dim)) return false;
    Chain longer = *c;
    Band plan;
    scale(&longer, w.step / common_factor(c->rate[last], w.step));
    int64_t rate = longer.rate[last] / w.step;
    if (!band)
        add_member(&longer, next, dim, w, rate, false);
    else if (!add_band(&longer, band, w, rate))
        return false;
    if (!band_plan(b->p, &longer, &plan)) return false;
    *c = longer;
    return true;
}

static void remove_band(Program *p, const Band *band)
{
    int kept = 0;
    for (int i = 0; i < p->bands.count; i++)
        if (p->bands.items[i] != band) p->bands.items[kept++] = p->bands.items[i];
    p->bands.count = kept;
}

static void try_chain(Bands *b, const Definition *def)
{
    Program *p = b->p;
    Chain c = {0};
    Band plan;
    const Band *band = band_from(p, def);
    if (!computes(b, def) || b->taken[def->out->id]) return;
    if (band && band->dims[band->count - 1] != 1) {
        add_band(&c, band, (Window){1, 0, 0, false}, 1);
    } else if (!in_band(p, def) && def->out->rank == 4 && has_rows(def->out, 2)) {
        int unit = nest_distinct(p->pool, def->body, def->index[2]);
        add_member(&c, def, 2, (Window){1, 0, 0, false}, unit, false);
        c.unit[0] = unit;
    } else {
        return;
    }
    int before = c.count;
    while (extend(b, &c)) {
    }
    if (c.count == before || !band_plan(p, &c, &plan)) return;
    for (int m = 0; m < c.count; m++) b->taken[c.members[m]->out->id] = true;
    if (c.inner) remove_band(p, c.inner);
    LIST_PUSH(p->arena, &p->bands, arena_copy(p->arena, &plan, sizeof plan));
}

static bool has_control(const Program *p)
{
    for (int i = 0; i < p->definitions.count; i++)
        if (p->definitions.items[i]->call && p->definitions.items[i]->call->kind != CONTROL_NONE)
            return true;
    return false;
}

void bands(Program *p)
{
    int tensors = p->graph->tensors.count + 1;
    Bands b = {.p = p, .arena = arena_new()};
    b.reader = NEW_ARRAY(b.arena, Definition *, tensors);
    b.readers = NEW_ARRAY(b.arena, int, tensors);
    b.taken = NEW_ARRAY(b.arena, bool, tensors);
    if (!has_control(p)) {
        find_readers(&b);
        for (int i = 0; i < p->definitions.count; i++) try_chain(&b, p->definitions.items[i]);
    }
    arena_free(b.arena);
}
