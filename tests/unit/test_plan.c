/*
 * The plan of random programs: buffers that are alive together lie apart, the workspace is between
 * its lower bound and the sum, views follow their roots, what nothing uses goes.
 */
#include "numbers.h"
#include "unit.h"

#include "program.h"

enum { ROUNDS = 400, ALIGNMENT = 64 };

/* ---- programs of kernels that only touch ---- */

static Program *new_program(Arena *arena, int kernels)
{
    Program *p = NEW(arena, Program);
    p->arena = arena;
    for (int k = 0; k < kernels; k++) {
        Kernel *kernel = NEW(arena, Kernel);
        LIST_PUSH(arena, &p->kernels, kernel);
    }
    return p;
}

static Buffer *add_buffer(Program *p, BufferKind kind, int64_t elements)
{
    Buffer *b = NEW(p->arena, Buffer);
    b->name = arena_format(p->arena, "b%d", p->buffers.count);
    b->kind = kind;
    b->dtype = DT_F32;
    b->elements = elements;
    LIST_PUSH(p->arena, &p->buffers, b);
    return b;
}

/* Each buffer once in a kernel, as schedule lists them. */
static void touch(Program *p, int kernel, Buffer *b, bool write)
{
    Kernel *k = p->kernels.items[kernel];
    for (int i = 0; i < k->reads.count; i++)
        if (k->reads.items[i] == b) return;
    if (write)
        LIST_PUSH(p->arena, &k->writes, b);
    else
        LIST_PUSH(p->arena, &k->reads, b);
}

/* Written once, read a few times later; through views too. */
static Program *random_program(Arena *arena)
{
    int kernels = 1 + random_below(20);
    Program *p = new_program(arena, kernels);
    for (int i = 1 + random_below(25); i > 0; i--) {
        Buffer *b = add_buffer(p, BUFFER_WORK, 1 + random_below(random_below(2) ? 2000 : 40)),
               *view = b;
        if (random_below(5) == 0) continue; /* nothing uses it */
        if (random_below(4) == 0) {
            view = add_buffer(p, BUFFER_WORK, b->elements);
            view->parent = b;
        }
        int from = random_below(kernels);
        touch(p, from, b, true);
        for (int r = random_below(3); r > 0; r--)
            touch(p, from + random_below(kernels - from), view, false);
    }
    for (int i = random_below(6); i > 0; i--) {
        Buffer *b = add_buffer(p, BUFFER_CONST, random_below(300));
        for (int r = random_below(3); r > 0; r--) touch(p, random_below(kernels), b, false);
    }
    return p;
}

static size_t room(const Buffer *b)
{
    return (buffer_bytes(b) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool uses(const Kernel *k, const Buffer *root)
{
    for (int i = 0; i < k->reads.count; i++)
        if (buffer_root(k->reads.items[i], NULL) == root) return true;
    for (int i = 0; i < k->writes.count; i++)
        if (buffer_root(k->writes.items[i], NULL) == root) return true;
    return false;
}

/* Alive at a kernel: used there, or before and after. */
static bool alive(const Program *p, const Buffer *b, int at)
{
    bool before = false, after = false;
    for (int k = 0; k <= at; k++) before |= uses(p->kernels.items[k], b);
    for (int k = at; k < p->kernels.count; k++) after |= uses(p->kernels.items[k], b);
    return before && after;
}

static bool has_place(const Buffer *b) { return b->kind == BUFFER_WORK && !b->parent; }

static size_t live_bytes(const Program *p, int at)
{
    size_t live = 0;
    for (int i = 0; i < p->buffers.count; i++)
        if (has_place(p->buffers.items[i]) && alive(p, p->buffers.items[i], at))
            live += room(p->buffers.items[i]);
    return live;
}

/* ---- properties ---- */

static void assert_apart(const Program *p, const Buffer *a, const Buffer *b)
{
    bool together = false;
    for (int k = 0; k < p->kernels.count; k++) together |= alive(p, a, k) && alive(p, b, k);
    bool overlap =
        a->offset < b->offset + buffer_bytes(b) && b->offset < a->offset + buffer_bytes(a);
    assert_false(together && overlap);
}

static void live_buffers_lie_apart(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Arena *arena = arena_new();
        Program *p = random_program(arena);
        plan(p);
        size_t sum = 0, bound = 0;
        for (int i = 0; i < p->buffers.count; i++) {
            const Buffer *b = p->buffers.items[i];
            if (!has_place(b)) continue;
            sum += room(b);
            assert_int_equal(b->offset % ALIGNMENT, 0);
            assert_true(b->offset + buffer_bytes(b) <= p->workspace_bytes);
            for (int k = 0; k < i; k++)
                if (has_place(p->buffers.items[k])) assert_apart(p, b, p->buffers.items[k]);
        }
        for (int k = 0; k < p->kernels.count; k++)
            if (live_bytes(p, k) > bound) bound = live_bytes(p, k);
        assert_int_equal(p->lower_bound, bound);
        assert_true(p->lower_bound <= p->workspace_bytes && p->workspace_bytes <= sum);
        arena_free(arena);
    }
}

static void used_buffers_and_their_views_stay(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 4; round++) {
        Arena *arena = arena_new();
        Program *p = random_program(arena);
        int wanted = 0;
        for (int i = 0; i < p->buffers.count; i++)
            for (int k = 0; k < p->kernels.count; k++)
                if (uses(p->kernels.items[k], buffer_root(p->buffers.items[i], NULL))) {
                    wanted++;
                    break;
                }
        plan(p);
        assert_int_equal(p->buffers.count, wanted);
        for (int i = 0; i < p->buffers.count; i++) {
            const Buffer *b = buffer_root(p->buffers.items[i], NULL);
            assert_true(uses(p->kernels.items[b->first_use], b) &&
                        uses(p->kernels.items[b->last_use], b));
        }
        arena_free(arena);
    }
}

static void constants_follow_each_other_in_order_of_use(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 4; round++) {
        Arena *arena = arena_new();
        Program *p = random_program(arena);
        plan(p);
        size_t sum = 0;
        for (int i = 0; i < p->buffers.count; i++) {
            const Buffer *b = p->buffers.items[i];
            if (b->kind != BUFFER_CONST) continue;
            sum += room(b);
            assert_int_equal(b->offset % ALIGNMENT, 0);
            for (int k = 0; k < p->buffers.count; k++) {
                const Buffer *c = p->buffers.items[k];
                if (c->kind != BUFFER_CONST || c == b) continue;
                assert_true(b->offset + buffer_bytes(b) <= c->offset ||
                            c->offset + buffer_bytes(c) <= b->offset);
                if (b->first_use < c->first_use) assert_true(b->offset <= c->offset);
            }
        }
        assert_int_equal(p->weight_bytes, sum);
        arena_free(arena);
    }
}

/* A chain of layers lives in two places, and the largest neighbours decide. */
static void a_chain_takes_its_lower_bound(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Arena *arena = arena_new();
        int layers = 2 + random_below(20);
        Program *p = new_program(arena, layers + 1);
        for (int k = 0; k < layers; k++) {
            Buffer *b = add_buffer(p, BUFFER_WORK, 1 + random_below(5000));
            touch(p, k, b, true);
            touch(p, k + 1, b, false);
        }
        plan(p);
        size_t bound = 0;
        for (int k = 1; k < layers; k++) {
            size_t pair = room(p->buffers.items[k - 1]) + room(p->buffers.items[k]);
            if (pair > bound) bound = pair;
        }
        assert_int_equal(p->lower_bound, bound);
        assert_true(p->workspace_bytes * 10 <= bound * 15);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_buffers_lie_apart),
        cmocka_unit_test(used_buffers_and_their_views_stay),
        cmocka_unit_test(constants_follow_each_other_in_order_of_use),
        cmocka_unit_test(a_chain_takes_its_lower_bound),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
