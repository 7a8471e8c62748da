/*
 * Buffers against the sentences that define them: offsets of logical indices in blocked, padded and
 * strided layouts, and the contents of packed constants, each element by element.
 */
#include "numbers.h"
#include "unit.h"

#include "program.h"

enum { ROUNDS = 300, MOST_RANK = 5 };

static Pool *pool;

static int set_up(void **state)
{
    open_arena(state);
    pool = pool_new(arena);
    return 0;
}

/* ---- a random buffer ---- */

typedef struct Shape {
    int rank;
    int64_t dims[MOST_RANK];
} Shape;

static Shape random_shape(int64_t most)
{
    Shape s = {.rank = (int)random_below(MOST_RANK + 1)};
    for (int d = 0; d < s.rank; d++) s.dims[d] = random_below(3) ? 1 + random_below(most) : 1;
    return s;
}

/* Blocks and halos at random; no halo in the blocked dimension, as program.h has it. */
static Buffer *random_buffer(Shape s, bool blocks, bool halos)
{
    Buffer *b = NEW(arena, Buffer);
    b->kind = BUFFER_WORK;
    b->dtype = DT_F32;
    b->layout = (Layout){.rank = s.rank, .block_dim = -1, .block = 4 << random_below(3)};
    if (blocks && s.rank) b->layout.block_dim = (int)random_below(s.rank);
    for (int d = 0; halos && d < s.rank; d++)
        if (d != b->layout.block_dim)
            b->layout.before[d] = random_below(3), b->layout.after[d] = random_below(3);
    b->elements = layout_strides(&b->layout, s.dims);
    return b;
}

static int64_t offset_of(const Buffer *b, const int64_t *at)
{
    Expr *index[MOST_RANK];
    for (int d = 0; d < b->layout.rank; d++) index[d] = ex_int(pool, at[d]);
    const Expr *e = buffer_offset(pool, b, index);
    assert_int_equal(e->kind, EX_CONST);
    return e->i;
}

/* The sentence at Layout. */
static int64_t defined_offset(const Layout *l, const int64_t *at)
{
    int64_t offset = 0;
    for (int d = 0; d < l->rank; d++) {
        if (d == l->block_dim)
            offset += at[d] / l->block * l->stride[d] + at[d] % l->block;
        else
            offset += (at[d] + l->before[d]) * l->stride[d];
    }
    return offset;
}

/* The next index in row-major order; false after the last. */
static bool advance(const Shape *s, int64_t *at)
{
    for (int d = s->rank - 1; d >= 0; d--) {
        if (++at[d] < s->dims[d]) return true;
        at[d] = 0;
    }
    return false;
}

static void offsets_are_as_defined(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Shape s = random_shape(9);
        const Buffer *b = random_buffer(s, round & 1, round & 2);
        char *taken = NEW_ARRAY(arena, char, b->elements);
        int64_t at[MOST_RANK] = {0};
        do {
            int64_t offset = offset_of(b, at);
            assert_int_equal(offset, defined_offset(&b->layout, at));
            assert_in_range(offset, 0, b->elements - 1);
            assert_false(taken[offset]);
            taken[offset] = 1;
        } while (advance(&s, at));
    }
}

/* With variables in place of numbers the offset is the same function. */
static void offsets_of_variables_are_the_same(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 3; round++) {
        Shape s = random_shape(7);
        const Buffer *b = random_buffer(s, true, true);
        Var *vars[MOST_RANK];
        Expr *index[MOST_RANK], *numbers[MOST_RANK];
        for (int d = 0; d < s.rank; d++)
            vars[d] = pool_var(pool, "i", 0, s.dims[d]), index[d] = ex_var(pool, vars[d]);
        Expr *offset = buffer_offset(pool, b, index);
        Range range = ex_range(offset);
        assert_true(range.lo >= 0 && range.hi < b->elements);
        int64_t at[MOST_RANK] = {0};
        do {
            for (int d = 0; d < s.rank; d++) numbers[d] = ex_int(pool, at[d]);
            const Expr *e = ex_substitute(pool, offset, vars, numbers, s.rank);
            assert_int_equal(e->kind, EX_CONST);
            assert_int_equal(e->i, defined_offset(&b->layout, at));
        } while (advance(&s, at));
    }
}

/* Whole blocks and halos, and nothing else, are allocated. */
static void elements_are_what_the_halo_and_blocks_take(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Shape s = random_shape(9);
        const Buffer *b = random_buffer(s, round & 1, round & 2);
        const Layout *l = &b->layout;
        int64_t elements = 1;
        for (int d = 0; d < s.rank; d++) {
            int64_t blocks = (s.dims[d] + l->block - 1) / l->block;
            elements *=
                d == l->block_dim ? blocks * l->block : l->before[d] + s.dims[d] + l->after[d];
        }
        assert_int_equal(b->elements, elements);
    }
}

static bool is_row_major(const Layout *l, const Shape *s)
{
    int64_t at[MOST_RANK] = {0}, position = 0;
    do {
        if (defined_offset(l, at) != position++) return false;
    } while (advance(s, at));
    return true;
}

static void dense_is_row_major(void **state)
{
    (void)state;
    int dense = 0;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        Shape s = random_shape(6);
        Buffer *b = random_buffer(s, round % 3 == 0, round % 3 == 1);
        if (s.rank && random_below(4) == 0)
            b->layout.stride[random_below(s.rank)]++; /* a slice of something */
        bool says = layout_is_dense(&b->layout, s.dims);
        dense += says;
        if (says) assert_true(is_row_major(&b->layout, &s));
        bool halo = false;
        for (int d = 0; d < s.rank; d++) halo |= b->layout.before[d] || b->layout.after[d];
        if (b->layout.block_dim < 0 && !halo) assert_int_equal(says, is_row_major(&b->layout, &s));
        Layout plain;
        layout_dense(&plain, s.rank, s.dims);
        assert_true(is_row_major(&plain, &s) && layout_is_dense(&plain, s.dims));
    }
    assert_in_range(dense, ROUNDS / 4, 4 * ROUNDS - 1); /* both answers occur */
}

static void roots_add_up(void **state)
{
    (void)state;
    Buffer whole = {.name = "whole"}, part = {.parent = &whole, .first = 30},
           piece = {.parent = &part, .first = 12};
    int64_t first = -1;
    assert_ptr_equal(buffer_root(&piece, &first), &whole);
    assert_int_equal(first, 42);
    assert_ptr_equal(buffer_root(&whole, &first), &whole);
    assert_int_equal(first, 0);
    assert_ptr_equal(buffer_root(&part, NULL), &whole);
}

/* ---- packed constants ---- */

static Tensor *counting_tensor(Shape s)
{
    Tensor *t = NEW(arena, Tensor);
    *t = (Tensor){.name = "w",
                  .dtype = DT_I32,
                  .rank = s.rank,
                  .dims = arena_copy(arena, s.dims, sizeof s.dims)};
    int64_t count = tensor_elements(t);
    int32_t *data = NEW_ARRAY(arena, int32_t, count);
    for (int64_t i = 0; i < count; i++) data[i] = (int32_t)i + 1;
    t->data = data;
    return t;
}

static Packing *random_packing(Shape s)
{
    Packing *p = NEW(arena, Packing);
    p->rank = (int)random_below(6);
    for (int d = 0; d < p->rank; d++)
        p->dims[d] = (struct PackedDim){1 + random_below(4), 1 + random_below(4),
                                        s.rank ? (int)random_below(s.rank + 1) - 1 : -1};
    return p;
}

/* The sentence at Packing. */
static int32_t packed_element(const Packing *p, const Tensor *t, const int64_t *j)
{
    int64_t at[MAX_RANK] = {0}, position = 0;
    for (int d = 0; d < p->rank; d++)
        if (p->dims[d].source >= 0) at[p->dims[d].source] += p->dims[d].factor * j[d];
    for (int d = 0; d < t->rank; d++) {
        if (at[d] >= t->dims[d]) return 0;
        position = position * t->dims[d] + at[d];
    }
    return ((const int32_t *)t->data)[position];
}

static void packed_contents_are_as_defined(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Shape s = random_shape(7);
        Tensor *t = counting_tensor(s);
        const Packing *p = random_packing(s);
        Shape packed = {.rank = p->rank};
        Buffer b = {
            .kind = BUFFER_CONST, .dtype = DT_I32, .tensor = t, .packing = p, .elements = 1};
        for (int d = 0; d < p->rank; d++) b.elements *= packed.dims[d] = p->dims[d].extent;
        int32_t *out = NEW_ARRAY(arena, int32_t, b.elements + 1);
        out[b.elements] = -1;
        buffer_contents(&b, out);
        int64_t at[MOST_RANK] = {0}, position = 0;
        do assert_int_equal(out[position++], packed_element(p, t, at));
        while (advance(&packed, at));
        assert_int_equal(position, b.elements);
        assert_int_equal(out[b.elements], -1);
    }
}

static void contents_without_packing_are_the_bytes(void **state)
{
    (void)state;
    Tensor *t = counting_tensor((Shape){3, {2, 3, 4}});
    Buffer b = {.kind = BUFFER_CONST, .dtype = DT_I32, .tensor = t, .elements = 24};
    int32_t out[24];
    buffer_contents(&b, out);
    assert_memory_equal(out, t->data, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(offsets_are_as_defined),
        TEST(offsets_of_variables_are_the_same),
        TEST(elements_are_what_the_halo_and_blocks_take),
        TEST(dense_is_row_major),
        TEST(roots_add_up),
        TEST(packed_contents_are_as_defined),
        TEST(contents_without_packing_are_the_bytes),
    };
    return cmocka_run_group_tests_name("buffers", tests, NULL, NULL);
}
