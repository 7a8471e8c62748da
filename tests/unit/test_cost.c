/*
 * The cost model on kernels written by hand: what bounds them, how many cycles that is, and how
 * many bytes move where.
 */
#include "unit.h"

#include "cost.h"

static Pool *pool;
static Kernel kernel;
static Stmt **end;

/* Round numbers: a cache line, 16 lanes, two of everything but one store. */
static const Target machine = {
    .name = "machine",
    .lanes = 16,
    .registers = 32,
    .l1_bytes = 32 << 10,
    .l2_bytes = 1 << 20,
    .l3_bytes = 16 << 20,
    .fused = true,
    .arithmetic_ports = 2,
    .load_ports = 2,
    .store_ports = 1,
    .decode = 100,
    .latency = 4,
    .division = 16,
    .rate = {32, 16, 8},
};

static int set_up(void **state)
{
    open_arena(state);
    pool = pool_new(arena);
    kernel = (Kernel){.title = "by hand"};
    end = &kernel.body;
    return 0;
}

/* ---- building ---- */

static Stmt *append(StmtKind kind)
{
    Stmt *s = NEW(arena, Stmt);
    s->kind = kind;
    *end = s;
    end = &s->next;
    return s;
}

/* Statements go into it from here on. */
static Var *open_loop(int64_t trips, LoopKind kind)
{
    Stmt *s = append(ST_LOOP);
    s->var = pool_var(pool, "i", 0, trips);
    s->step = 1;
    s->loop = kind;
    end = &s->body;
    return s->var;
}

static Buffer *buffer(BufferKind kind, int64_t elements)
{
    Buffer *b = NEW(arena, Buffer);
    b->name = "b";
    b->kind = kind;
    b->dtype = DT_F32;
    b->elements = elements;
    return b;
}

static Expr *term(Var *v, int64_t coefficient)
{
    return ex_mul(pool, ex_var(pool, v), ex_int(pool, coefficient));
}

static Expr *vector_at(Buffer *b, Expr *offset)
{
    return ex_fetch(pool, b, DT_F32, offset, 16, 1, 16);
}

static const Reg *accumulator(void) { return pool_reg(pool, "s", DT_F32, 16); }

static void add_product(const Reg *sum, Expr *x, Expr *y)
{
    Stmt *s = append(ST_SET);
    s->reg = sum;
    s->value = ex_fma(pool, x, y, ex_reg(pool, sum));
}

static void store_vector(Buffer *b, Expr *offset, Expr *value)
{
    Stmt *s = append(ST_STORE);
    s->buffer = b;
    s->offset = offset;
    s->value = value;
    s->stride = 1;
    s->count = 16;
}

static Cost cost_when(double resident) { return cost_of(pool, &kernel, &machine, resident); }

static void assert_near(double got, double wanted)
{
    if (got < 0.97 * wanted || got > 1.03 * wanted)
        fail_msg("got %.1f, wanted about %.1f", got, wanted);
}

/* ---- arithmetic ---- */

/* steps of a register tile: rows broadcast, blocks of weights, rows * blocks sums. */
static void make_tile(int rows, int blocks, int64_t steps)
{
    Buffer *x = buffer(BUFFER_INPUT, 1024), *w = buffer(BUFFER_CONST, 1024);
    const Reg *sums[64];
    for (int k = 0; k < rows * blocks; k++) sums[k] = accumulator();
    Var *i = open_loop(steps, LOOP_SERIAL);
    (void)i;
    Var *u = open_loop(16, LOOP_UNROLLED);
    for (int r = 0; r < rows; r++)
        for (int b = 0; b < blocks; b++) {
            Expr *at = ex_add(pool, ex_var(pool, u), ex_int(pool, 16 * r));
            Expr *row = ex_splat(pool, ex_fetch(pool, x, DT_F32, at, 1, 1, 1), 16);
            Expr *lane = ex_add(pool, term(u, 32), ex_int(pool, 16 * b));
            add_product(sums[r * blocks + b], row, vector_at(w, lane));
        }
}

static void tile_is_bound_by_arithmetic(void **state)
{
    (void)state;
    make_tile(14, 2, 1000);
    Cost c = cost_when(0);
    assert_int_equal(c.bound, BOUND_ARITHMETIC);
    assert_near(c.cycles, 1000 * 16 * 28 / 2.0);
    assert_near(c.multiply_adds, 1000 * 16 * 28);
    assert_near(c.loads, 1000 * 16 * 16);
}

/* max(R*B/2, (R+B)/2) of the formula, where the second is larger. */
static void flat_tile_is_bound_by_loads(void **state)
{
    (void)state;
    make_tile(12, 1, 1000);
    Cost c = cost_when(0);
    assert_int_equal(c.bound, BOUND_LOADS);
    assert_near(c.cycles, 1000 * 16 * 13 / 2.0);
}

static void small_tile_waits_for_itself(void **state)
{
    (void)state;
    make_tile(2, 2, 1000);
    Cost c = cost_when(0);
    assert_int_equal(c.bound, BOUND_LATENCY);
    assert_near(c.cycles, 1000 * 16 * 4);
}

static void common_subexpressions_count_once(void **state)
{
    (void)state;
    Buffer *x = buffer(BUFFER_INPUT, 16000), *y = buffer(BUFFER_OUTPUT, 32000);
    Var *i = open_loop(1000, LOOP_SERIAL);
    Expr *v = vector_at(x, term(i, 16)), *e = ex_unary(pool, UN_EXP, v);
    store_vector(y, term(i, 32), e);
    store_vector(y, ex_add(pool, term(i, 32), ex_int(pool, 16)), ex_add(pool, e, v));
    Cost c = cost_when(0);
    assert_near(c.loads, 1000);
    assert_near(c.stores, 2000);
    assert_true(c.operations < 1000 * 20);
}

static void elements_apart_are_loaded_one_by_one(void **state)
{
    (void)state;
    Buffer *x = buffer(BUFFER_INPUT, 64000), *y = buffer(BUFFER_OUTPUT, 16000);
    Var *i = open_loop(1000, LOOP_SERIAL);
    store_vector(y, term(i, 16), ex_fetch(pool, x, DT_F32, term(i, 64), 16, 4, 16));
    assert_near(cost_when(0).loads, 16000);
}

/* ---- memory ---- */

/* Reads a constant of so many bytes `times` over. */
static void make_sweep(int64_t bytes, int64_t times)
{
    Buffer *x = buffer(BUFFER_CONST, bytes / 4);
    const Reg *sum = accumulator();
    open_loop(times, LOOP_SERIAL);
    Var *i = open_loop(bytes / 64, LOOP_SERIAL);
    Expr *v = vector_at(x, term(i, 16));
    add_product(sum, v, v);
}

static void what_fits_moves_once(void **state)
{
    (void)state;
    make_sweep(16 << 10, 100);
    Cost c = cost_when(100 << 20);
    assert_near(c.bytes[MOVE_L2], 16 << 10);
    assert_near(c.bytes[MOVE_L3], 16 << 10);
    assert_near(c.bytes[MOVE_MEMORY], 16 << 10);
}

static void what_does_not_fit_moves_again(void **state)
{
    (void)state;
    make_sweep(256 << 10, 100);
    Cost c = cost_when(100 << 20);
    assert_near(c.bytes[MOVE_L2], 100.0 * (256 << 10));
    assert_near(c.bytes[MOVE_L3], 256 << 10);
}

static void what_is_there_already_does_not_move(void **state)
{
    (void)state;
    make_sweep(256 << 10, 1);
    Cost c = cost_when(512 << 10);
    assert_near(c.bytes[MOVE_L2], 256 << 10);
    assert_true(c.bytes[MOVE_L3] == 0 && c.bytes[MOVE_MEMORY] == 0);
}

static void weights_of_large_networks_come_from_memory(void **state)
{
    (void)state;
    make_sweep(64 << 20, 1);
    Cost c = cost_when(100 << 20);
    assert_int_equal(c.bound, BOUND_MEMORY);
    assert_near(c.bytes[MOVE_MEMORY], 64 << 20);
    assert_true(c.cycles >= (64 << 20) / 8.0);
}

/* Windows that overlap: rows of 64 bytes, 3 of them in each of 100 steps, are 102 rows. */
static void overlapping_windows_touch_their_union(void **state)
{
    (void)state;
    Buffer *x = buffer(BUFFER_CONST, 1 << 20);
    const Reg *sum = accumulator();
    Var *y = open_loop(100, LOOP_SERIAL), *k = open_loop(3, LOOP_SERIAL);
    Expr *v = vector_at(x, ex_add(pool, term(y, 1024), term(k, 1024)));
    add_product(sum, v, v);
    assert_near(cost_when(100 << 20).bytes[MOVE_MEMORY], 102 * 64);
}

/* A column of a matrix touches a line for each element; walking the columns side by side finds
 * them again. */
static void columns_find_their_lines_again(void **state)
{
    (void)state;
    Buffer *x = buffer(BUFFER_CONST, 256 * 256), *y = buffer(BUFFER_OUTPUT, 256 * 256);
    Var *column = open_loop(256, LOOP_SERIAL), *part = open_loop(16, LOOP_SERIAL);
    Expr *from = ex_add(pool, term(part, 16 * 256), ex_var(pool, column));
    Expr *to = ex_add(pool, term(column, 256), term(part, 16));
    store_vector(y, to, ex_fetch(pool, x, DT_F32, from, 16, 256, 16));
    double matrix = 256 * 256 * 4; /* in once; the result's lines come in, too, and go out */
    assert_near(cost_when(100 << 20).bytes[MOVE_L3], 3 * matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tile_is_bound_by_arithmetic),
        TEST(flat_tile_is_bound_by_loads),
        TEST(small_tile_waits_for_itself),
        TEST(common_subexpressions_count_once),
        TEST(elements_apart_are_loaded_one_by_one),
        TEST(what_fits_moves_once),
        TEST(what_does_not_fit_moves_again),
        TEST(what_is_there_already_does_not_move),
        TEST(weights_of_large_networks_come_from_memory),
        TEST(overlapping_windows_touch_their_union),
        TEST(columns_find_their_lines_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
