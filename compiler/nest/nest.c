/* The levels of a loop nest: statements, counters, and the walk from the outermost level to the
 * definition's body. */
#include "nest.h"

Nest *nest_new(Program *p, Arena *arena, const Definition *def, int lanes, const Kernel *kernel)
{
    Nest *n = NEW(arena, Nest);
    *n =
        (Nest){.p = p, .pool = p->pool, .arena = arena, .def = def, .lanes = lanes, .count = lanes};
    if (lanes > 1) n->lane = pool_var(p->pool, "lane", 0, lanes);
    n->names = kernel->names;
    n->code = NEW(arena, Code);
    return n;
}

void nest_append(Nest *n, Stmt *s)
{
    if (n->code->last)
        n->code->last->next = s;
    else
        n->code->first = s;
    n->code->last = s;
}

Stmt *nest_stmt(Nest *n, StmtKind kind)
{
    Stmt *s = NEW(n->p->arena, Stmt);
    s->kind = kind;
    nest_append(n, s);
    return s;
}

void nest_set(Nest *n, const Reg *reg, bool declares, Expr *value)
{
    assert(reg->dtype == value->dtype && reg->lanes == value->lanes);
    Stmt *s = nest_stmt(n, ST_SET);
    s->reg = reg;
    s->declares = declares;
    s->value = value;
}

void nest_set_each(Nest *n, int k, Expr *value, void *registers)
{
    const Reg *const *regs = registers;
    nest_set(n, regs[k], false, value);
}

/* The enclosing list, with the statement whose body is being made as its last. */
Code *nest_open(Nest *n, Var *var, LoopKind kind)
{
    Stmt *s = nest_stmt(n, ST_LOOP);
    s->var = var;
    s->step = 1;
    s->loop = kind;
    Code *outside = n->code;
    n->code = NEW(n->arena, Code);
    return outside;
}

void nest_close(Nest *n, Code *outside)
{
    outside->last->body = n->code->first;
    n->code = outside;
}

Expr *nest_counter(Nest *n, const char *name, int64_t trips, Var **var)
{
    *var = trips == 1 ? NULL : pool_var(n->pool, name, 0, trips);
    return *var ? ex_var(n->pool, *var) : ex_int(n->pool, 0);
}

int nest_cut(Piece *pieces, int64_t lo, int64_t hi, int most, int64_t unit)
{
    int64_t units = (hi - lo) / unit;
    if (units <= 0) return 0;
    int64_t tiles = ceil_div(units, most), size = units / tiles, larger = units % tiles;
    int count = 0;
    if (larger) pieces[count++] = (Piece){lo, larger, (size + 1) * unit, (int)size + 1, (int)unit};
    lo += larger * (size + 1) * unit;
    pieces[count++] = (Piece){lo, tiles - larger, size * unit, (int)size, (int)unit};
    return count;
}

/* ---- the body, for every copy of the register tile ---- */

typedef struct Instance {
    Expr *index[MAX_RANK];
    int count; /* lanes to store */
} Instance;

static void store(Nest *n, int k, Expr *value, void *instances)
{
    const Instance *at = (const Instance *)instances + k;
    Buffer *out = n->def->out->buffer;
    Expr *index[MAX_RANK];
    for (int d = 0; d < n->def->out->rank; d++)
        index[d] = n->def->origin ? ex_add(n->pool, n->def->origin[d], at->index[d]) : at->index[d];
    Expr *offset = buffer_offset(n->pool, out, index);
    int64_t stride = 0;
    if (n->lane && !ex_coefficient(n->pool, offset, n->lane, &stride)) n->failed = true;
    if (stride) {
        Expr *zero = ex_int(n->pool, 0);
        offset = ex_substitute(n->pool, offset, &n->lane, &zero, 1);
        if (value->lanes == 1) value = ex_splat(n->pool, value, n->lanes);
    }
    n->failed |= stride == 0 && value->lanes > 1;
    Stmt *s = nest_stmt(n, ST_STORE);
    s->buffer = out;
    s->offset = offset;
    s->value = value;
    s->stride = stride ? stride : 1;
    s->count = value->lanes > 1 ? at->count : 1;
}

static void generate_body(Nest *n, const Instance *instances, int count)
{
    const Definition *def = n->def;
    Expr **bodies = NEW_ARRAY(n->arena, Expr *, count),
         **values = NEW_ARRAY(n->arena, Expr *, count);
    for (int k = 0; k < count; k++)
        bodies[k] =
            ex_substitute(n->pool, def->body, def->index, instances[k].index, def->out->rank);
    n->reduced.count = 0;
    nest_reduce_all(n, bodies, count);
    for (int k = 0; k < count; k++) values[k] = nest_value(n, bodies[k]);
    if (n->failed) return;
    nest_share(n, values, count, store, (void *)instances);
}

/* Every instance, once for each copy of the level, shifted. Copies of outer levels (vectors) stay
 * next to each other, so that what a row of a tile shares is used at once. */
static Instance *add_copies(Nest *n, const Instance *from, int count, const Level *level,
                            const Piece *piece, Expr *base)
{
    Instance *all = NEW_ARRAY(n->arena, Instance, count * piece->copies);
    int64_t unit = piece->step / piece->copies;
    for (int k = 0; k < count; k++)
        for (int c = 0; c < piece->copies; c++) {
            Instance *to = &all[c * count + k];
            *to = from[k];
            Expr *i = ex_add(n->pool, base, ex_int(n->pool, c * unit));
            if (level->vector && n->lane)
                i = ex_add(
                    n->pool, i,
                    ex_mul(n->pool, ex_var(n->pool, n->lane), ex_int(n->pool, unit / n->lanes)));
            to->index[level->dim] = ex_add(n->pool, to->index[level->dim], i);
            if (level->vector) to->count = c + 1 == piece->copies ? piece->count : n->lanes;
        }
    return all;
}

/* Of a piece the iterations whose rows are those of the band's step. */
static void keep_to_rows(Nest *n, const Piece *piece, Stmt *loop)
{
    const Rows *rows = n->def->rows;
    Pool *p = n->pool;
    Expr *bounds[] = {rows->from, rows->to};
    for (int k = 0; k < 2; k++) {
        Expr *units = ex_add(p, bounds[k], ex_int(p, piece->step - 1 - piece->lo));
        units = ex_floordiv(p, units, ex_int(p, piece->step));
        bounds[k] = ex_min(p, ex_max(p, units, ex_int(p, 0)), ex_int(p, piece->trips));
    }
    loop->from = bounds[0];
    loop->to = bounds[1];
    loop->parts = rows->steps;
    loop->recurs = true;
}

static void generate_level(Nest *n, int at, const Instance *instances, int count)
{
    if (n->failed) return;
    if (at == n->level_count) {
        generate_body(n, instances, count);
        return;
    }
    const Level *level = &n->levels[at];
    for (int k = 0; k < level->piece_count; k++) {
        const Piece *piece = &level->pieces[k];
        Var *var;
        const char *name = n->def->index[level->dim]->name;
        Expr *i = nest_counter(n, name, piece->trips, &var);
        bool rows = n->def->rows && n->def->rows->dim == level->dim;
        if (rows && !var) var = pool_var(n->pool, name, 0, 1);
        Expr *base = ex_add(n->pool, ex_mul(n->pool, i, ex_int(n->pool, piece->step)),
                            ex_int(n->pool, piece->lo));
        Code *outside = var ? nest_open(n, var, LOOP_SERIAL) : NULL;
        if (outside) outside->last->independent = true, outside->last->dim = level->dim + 1;
        if (rows) keep_to_rows(n, piece, outside->last);
        int saved = n->count;
        if (level->vector)
            n->count = piece->copies == 1 ? piece->count
                                          : n->lanes; /* side by side only with room to load */
        generate_level(n, at + 1, add_copies(n, instances, count, level, piece, base),
                       count * piece->copies);
        n->count = saved;
        if (outside) nest_close(n, outside);
    }
}

void nest_generate(Nest *n)
{
    Instance *first = NEW(n->arena, Instance);
    for (int d = 0; d < n->def->out->rank; d++) first->index[d] = ex_int(n->pool, 0);
    generate_level(n, 0, first, 1);
}

void nest_finish(const Nest *n, Kernel *kernel)
{
    kernel->body = n->code->first;
    kernel->names = n->names;
}
