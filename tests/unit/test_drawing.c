/* Placing drawings: whatever they are, boxes keep apart and lie in the frames of their groups, and
 * arrows go one way and end at boxes. */
#include "numbers.h"
#include "unit.h"

#include <math.h>

#include "drawing.h"

static int draw(int below) { return (int)random_below(below); }

static Drawing *random_drawing(Arena *arena)
{
    Drawing *d = drawing_new(arena, "random");
    d->sideways = draw(3) == 0;
    int groups = draw(8), boxes = 1 + draw(40);
    for (int i = 0; i < groups; i++)
        drawing_group(d, draw(d->groups.count), "a group of boxes");
    for (int i = 0; i < boxes; i++) {
        const char *lines[] = {"name", "some more text", "1x2x3"};
        int box = drawing_box(d, draw(d->groups.count), BOX_CONV, lines, 1 + draw(3));
        for (int k = draw(4); k > 0 && i; k--) drawing_arrow(d, draw(i), box);
    }
    return d;
}

static bool within(double x, double y, double w, double h, const Group *g)
{
    return x >= g->x - 0.01 && y >= g->y - 0.01 && x + w <= g->x + g->w + 0.01 &&
           y + h <= g->y + g->h + 0.01;
}

static void check_boxes(const Drawing *d)
{
    for (int i = 0; i < d->boxes.count; i++) {
        const Box *a = &d->boxes.items[i];
        assert_true(a->x >= -0.01 && a->y >= -0.01 && a->x + a->w <= d->w + 0.01 &&
                    a->y + a->h <= d->h + 0.01);
        for (int k = 0; k < i; k++) {
            const Box *b = &d->boxes.items[k];
            assert_true(a->x >= b->x + b->w || b->x >= a->x + a->w || a->y >= b->y + b->h ||
                        b->y >= a->y + a->h);
        }
        for (int g = 1; g < d->groups.count; g++) {
            const Group *frame = &d->groups.items[g];
            bool inside = false;
            for (int at = a->group; at > 0; at = d->groups.items[at].parent) inside |= at == g;
            if (frame->dissolved || frame->w == 0) continue;
            if (inside)
                assert_true(within(a->x, a->y, a->w, a->h, frame));
            else
                assert_true(a->x >= frame->x + frame->w || frame->x >= a->x + a->w ||
                            a->y >= frame->y + frame->h || frame->y >= a->y + a->h);
        }
    }
}

static bool at_a_box(const Drawing *d, Point p)
{
    for (int i = 0; i < d->boxes.count; i++) {
        const Box *b = &d->boxes.items[i];
        double x = d->sideways ? b->x : b->x + b->w / 2, y = d->sideways ? b->y + b->h / 2 : b->y;
        if (fabs(x - p.x) < 0.01 && fabs(y - p.y) < 0.01) return true;
    }
    return false;
}

static void check_routes(const Drawing *d)
{
    for (int i = 0; i < d->routes.count; i++) {
        const Route *r = &d->routes.items[i];
        for (int k = 1; k < r->count; k++)
            assert_true(d->sideways ? r->points[k].x >= r->points[k - 1].x - 0.01
                                    : r->points[k].y >= r->points[k - 1].y - 0.01);
        if (r->head) assert_true(at_a_box(d, r->points[r->count - 1]));
    }
}

static void random_drawings(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        Arena *arena = arena_new();
        Drawing *d = random_drawing(arena);
        drawing_place(d);
        check_boxes(d);
        check_routes(d);
        arena_free(arena);
    }
}

/* A chain stays a line, however long. */
static void chain_is_straight(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Drawing *d = drawing_new(arena, "chain");
    const char *lines[] = {"layer"};
    for (int i = 0; i < 3000; i++) {
        drawing_box(d, 0, BOX_CONV, lines, 1);
        if (i) drawing_arrow(d, i - 1, i);
    }
    drawing_place(d);
    assert_int_equal(d->routes.count, 2999);
    for (int i = 1; i < 3000; i++) {
        assert_true(fabs(d->boxes.items[i].x - d->boxes.items[0].x) < 0.01);
        assert_true(d->boxes.items[i].y > d->boxes.items[i - 1].y);
    }
    arena_free(arena);
}

static void texts(void **state)
{
    (void)state;
    Text t = {0};
    xml_text(&t, "a<b>&\"c\" \x01 \xc3\xa9 \xff");
    assert_string_equal(t.data, "a&lt;b&gt;&amp;&quot;c&quot;   \xc3\xa9 \xef\xbf\xbd");
    text_free(&t);
    assert_true(text_span("mm", 10) > text_span("ii", 10));
    assert_true(text_span("\xc3\xa9", 10) < text_span("ab", 10));
    assert_int_equal(box_kind("Conv"), BOX_CONV);
    assert_int_equal(box_kind("NoSuchOperator"), BOX_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_drawings),
        cmocka_unit_test(chain_is_straight),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
