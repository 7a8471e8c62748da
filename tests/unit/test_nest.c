/*
 * The parts of loop nests: dimensions are cut evenly and at the points where guards change, what is
 * shared gets a register and what is guarded stays behind its guard, and whole nests store every
 * element once.
 */
#include "numbers.h"
#include "unit.h"

#include "nest.h"

enum { ROUNDS = 500 };

static Program *program;
static Pool *pool;

static int set_up(void **state)
{
    open_arena(state);
    program = NEW(arena, Program);
    program->arena = arena;
    program->pool = pool = pool_new(arena);
    program->target = target_find("generic");
    return 0;
}

static Tensor *new_tensor(int rank, const int64_t *dims)
{
    Tensor *t = NEW(arena, Tensor);
    *t = (Tensor){.name = "t",
                  .dtype = DT_F32,
                  .rank = rank,
                  .dims = arena_copy(arena, dims, (size_t)rank * sizeof *dims)};
    return t;
}

static Buffer *new_buffer(Tensor *t)
{
    Buffer *b = NEW(arena, Buffer);
    *b = (Buffer){.name = "b",
                  .kind = BUFFER_WORK,
                  .dtype = t->dtype,
                  .tensor = t,
                  .elements = tensor_elements(t)};
    layout_dense(&b->layout, t->rank, t->dims);
    t->buffer = b;
    return b;
}

/* ---- cutting ---- */

static void pieces_partition_a_range_evenly(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t lo = random_below(20), unit = 1 + random_below(4), units = random_below(60),
                next = lo;
        int most = 1 + (int)random_below(14), smallest = most, largest = 0;
        Piece pieces[MOST_PIECES];
        int count = nest_cut(pieces, lo, lo + units * unit, most, unit), tiles = 0;
        for (int k = 0; k < count; k++) {
            const Piece *p = &pieces[k];
            assert_int_equal(p->lo, next);
            assert_int_equal(p->step, p->copies * unit);
            assert_true(p->trips >= 1);
            next += p->trips * p->step;
            tiles += (int)p->trips;
            if (p->copies < smallest) smallest = p->copies;
            if (p->copies > largest) largest = p->copies;
        }
        assert_int_equal(next, lo + units * unit);
        assert_int_equal(tiles, ceil_div(units, most)); /* as few as can be */
        if (units) assert_true(largest <= most && largest - smallest <= 1);
    }
}

/* ---- guards ---- */

/* out[i] = sum(k: select(0 <= a i + b k + c and a i + b k + c < extent, x[...], 0)). */
typedef struct Guarded {
    Definition def;
    Var *i, *k;
    int64_t a, b, c, extent;
} Guarded;

static Guarded random_guard(void)
{
    Guarded g = {.a = 1 + random_below(3),
                 .b = 1 + random_below(2),
                 .c = -random_below(6),
                 .extent = 1 + random_below(30)};
    if (random_below(4) == 0) g.a = -g.a, g.c += g.extent;
    g.i = pool_var(pool, "i", 0, 2 + random_below(20));
    g.k = pool_var(pool, "k", 0, 1 + random_below(4));
    Expr *index = ex_add(pool, ex_mul(pool, ex_var(pool, g.i), ex_int(pool, g.a)),
                         ex_mul(pool, ex_var(pool, g.k), ex_int(pool, g.b)));
    index = ex_add(pool, index, ex_int(pool, g.c));
    Tensor *x = new_tensor(1, &g.extent);
    Expr *term = ex_select(pool, ex_within(pool, index, 0, g.extent), ex_load(pool, x, &index),
                           ex_const(pool, DT_F32, 0));
    g.def.out = new_tensor(1, &g.i->hi);
    g.def.index = arena_copy(arena, &g.i, sizeof g.i);
    g.def.body = ex_reduce(pool, RE_SUM, &g.k, 1, term);
    return g;
}

/* Does the test hold for every k at this i? */
static bool always(const Guarded *g, int64_t i)
{
    for (int64_t k = 0; k < g->k->hi; k++) {
        int64_t at = g->a * i + g->b * k + g->c;
        if (at < 0 || at >= g->extent) return false;
    }
    return true;
}

static void guards_are_cut_where_they_change(void **state)
{
    (void)state;
    int cut = 0;
    for (int round = 0; round < ROUNDS; round++) {
        Guarded g = random_guard();
        int64_t cuts[8];
        int count = nest_guard_cuts(pool, &g.def, 0, cuts, 8);
        assert_int_equal(cuts[0], 0);
        assert_int_equal(cuts[count - 1], g.i->hi);
        cut += count > 2;
        for (int c = 0; c + 1 < count; c++) {
            assert_true(cuts[c] < cuts[c + 1]);
            for (int64_t i = cuts[c]; i < cuts[c + 1];
                 i++) /* the interior has no test, and nothing of it is elsewhere */
                assert_int_equal(always(&g, i), always(&g, cuts[c]));
        }
    }
    assert_in_range(cut, ROUNDS / 4, ROUNDS);
}

static void few_cuts_are_enough_when_few_are_wanted(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 5; round++) {
        Guarded g = random_guard();
        int64_t cuts[3];
        assert_in_range(nest_guard_cuts(pool, &g.def, 0, cuts, 3), 2, 3);
    }
}

/* ---- sharing ---- */

typedef struct Uses {
    Expr *values[4];
} Uses;

static void keep_value(Nest *n, int k, Expr *value, void *context)
{
    (void)n;
    ((Uses *)context)->values[k] = value;
}

static void find_guarded_fetch(Expr *e, void *context)
{
    if (e->kind == EX_FETCH) *(bool *)context = true;
}

static bool fetches(Expr *e)
{
    bool found = false;
    ex_visit(e, find_guarded_fetch, &found);
    return found;
}

static Nest *new_nest(int lanes)
{
    Definition *def = NEW(arena, Definition);
    def->out = new_tensor(0, NULL);
    return nest_new(program, arena, def, lanes, NEW(arena, Kernel));
}

static void guarded_fetches_stay_behind_their_guard(void **state)
{
    (void)state;
    for (int lanes = 1; lanes <= 4; lanes += 3) {
        Nest *n = new_nest(lanes);
        Buffer *b = new_buffer(new_tensor(1, (int64_t[]){64}));
        Expr *i = ex_var(pool, pool_var(pool, "i", 0, 80)), *zero = ex_const(pool, DT_F32, 0);
        Expr *fetch = ex_fetch(pool, b, DT_F32, ex_add(pool, i, ex_int(pool, -8)), lanes, 1, lanes);
        if (lanes > 1) zero = ex_splat(pool, zero, lanes);
        Expr *guarded = ex_select(pool, ex_within(pool, i, 8, 64), fetch, zero);
        Expr *values[] = {ex_mul(pool, guarded, guarded),
                          ex_add(pool, guarded, ex_mul(pool, guarded, guarded))};
        Uses uses;
        nest_share(n, values, 2, keep_value, &uses);
        int set = 0;
        for (const Stmt *s = n->code->first; s; s = s->next, set++) {
            assert_int_equal(s->kind, ST_SET);
            assert_true(!fetches(s->value) || s->value->kind == EX_SELECT);
        }
        assert_true(set >= 1);
        assert_false(fetches(uses.values[0]) ||
                     fetches(uses.values[1])); /* the select is shared, guard and all */
    }
}

static void what_occurs_once_has_no_register(void **state)
{
    (void)state;
    Nest *n = new_nest(1);
    Buffer *b = new_buffer(new_tensor(1, (int64_t[]){64}));
    Expr *x = ex_fetch(pool, b, DT_F32, ex_int(pool, 3), 1, 1, 1),
         *y = ex_fetch(pool, b, DT_F32, ex_int(pool, 4), 1, 1, 1);
    Expr *values[] = {ex_add(pool, x, y), ex_mul(pool, x, ex_const(pool, DT_F32, 2))};
    Uses uses;
    nest_share(n, values, 2, keep_value, &uses);
    const Stmt *only = n->code->first;
    assert_non_null(only);
    assert_null(only->next);
    assert_ptr_equal(only->value, x);
    assert_ptr_equal(uses.values[0], ex_add(pool, ex_reg(pool, only->reg), y));
}

/* ---- whole nests ---- */

static void count_stores(const Stmt *s, Var **vars, Expr **at, int depth, char *stored)
{
    for (; s; s = s->next) {
        if (s->kind == ST_LOOP)
            for (int64_t v = s->var->lo; v < s->var->hi; v += s->step) {
                vars[depth] = s->var;
                at[depth] = ex_int(pool, v);
                count_stores(s->body, vars, at, depth + 1, stored);
            }
        if (s->kind != ST_STORE) continue;
        const Expr *offset = ex_substitute(pool, s->offset, vars, at, depth);
        assert_int_equal(offset->kind, EX_CONST);
        for (int64_t k = 0; k < s->count; k++) stored[offset->i + k * s->stride]++;
    }
}

/* Any levels that partition the dimensions write each element once. */
static void every_element_is_stored_once(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 5; round++) {
        int64_t dims[] = {1 + random_below(6), 1 + random_below(20), 1 + random_below(20)};
        Definition def = {.out = new_tensor(3, dims)};
        Var *index[3];
        for (int d = 0; d < 3; d++) index[d] = pool_var(pool, "i", 0, dims[d]);
        def.index = index;
        def.body = ex_const(pool, DT_F32, 1);
        const Buffer *b = new_buffer(def.out);
        Kernel kernel = {0};
        Nest *n = nest_new(program, arena, &def, 1, &kernel);
        for (int d = 0; d < 3; d++) {
            Level *level = &n->levels[n->level_count++];
            *level = (Level){.dim = d};
            level->piece_count = nest_cut(level->pieces, 0, dims[d], 1 + (int)random_below(5), 1);
        }
        nest_generate(n);
        assert_false(n->failed);
        char *stored = NEW_ARRAY(arena, char, b->elements);
        Var *vars[8];
        Expr *at[8];
        nest_finish(n, &kernel);
        count_stores(kernel.body, vars, at, 0, stored);
        for (int64_t i = 0; i < b->elements; i++) assert_int_equal(stored[i], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_partition_a_range_evenly),
        TEST(guards_are_cut_where_they_change),
        TEST(few_cuts_are_enough_when_few_are_wanted),
        TEST(guarded_fetches_stay_behind_their_guard),
        TEST(what_occurs_once_has_no_register),
        TEST(every_element_is_stored_once),
    };
    return cmocka_run_group_tests_name("loop nests", tests, NULL, NULL);
}
