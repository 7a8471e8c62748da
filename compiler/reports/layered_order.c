/* The order of slots within ranks: by the barycentres of their neighbours above and below in turn;
 * the order with the fewest crossings stays. */
#include "layered_slots.h"

#include <stdlib.h>

enum { SWEEPS = 8, COUNTABLE = 3000 }; /* links between two ranks whose crossings are counted */

typedef struct Key {
    double at;
    int order, slot;
} Key;

static int by_key(const void *a, const void *b)
{
    const Key *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order - y->order;
}

/* Orders are far apart, so that places on one slot come between it and the next. */
static double place_of(const Slots *s, const Link *l)
{
    return s->slots.items[l->slot].order * 1e6 + l->there;
}

static void sort_rank(Slots *s, int r, bool by_upper, Key *keys)
{
    const IntList *layer = &s->layer[r];
    for (int i = 0; i < layer->count; i++) {
        const Slot *slot = &s->slots.items[layer->items[i]];
        const Link *links = by_upper ? slot->up.items : slot->down.items;
        int count = by_upper ? slot->up.count : slot->down.count;
        double sum = 0;
        for (int k = 0; k < count; k++) sum += place_of(s, &links[k]);
        keys[i] = (Key){count ? sum / count : slot->order * 1e6, slot->order, layer->items[i]};
    }
    qsort(keys, (size_t)layer->count, sizeof *keys, by_key);
    for (int i = 0; i < layer->count; i++) {
        layer->items[i] = keys[i].slot;
        s->slots.items[keys[i].slot].order = i;
    }
}

/* Crossings between a rank and the next. */
static int64_t crossings_below(const Slots *s, int r)
{
    struct Span {
        double upper, lower;
    } spans[COUNTABLE];
    int count = 0;
    int64_t crossings = 0;
    for (int i = 0; i < s->layer[r].count; i++) {
        const Slot *slot = &s->slots.items[s->layer[r].items[i]];
        for (int k = 0; k < slot->down.count && count < COUNTABLE; k++) {
            const Link *l = &slot->down.items[k];
            spans[count] = (struct Span){slot->order * 1e6 + l->here, place_of(s, l)};
            for (int j = 0; j < count; j++)
                crossings +=
                    (spans[j].upper - spans[count].upper) * (spans[j].lower - spans[count].lower) <
                    0;
            count++;
        }
    }
    return crossings;
}

static int64_t crossings(const Slots *s)
{
    int64_t sum = 0;
    for (int r = 0; r + 1 < s->ranks; r++) sum += crossings_below(s, r);
    return sum;
}

void layered_order(Slots *s)
{
    int *best = NEW_ARRAY(s->arena, int, s->slots.count);
    Key *keys = NEW_ARRAY(s->arena, Key, s->slots.count);
    int64_t least = crossings(s);
    for (int i = 0; i < s->slots.count; i++) best[i] = s->slots.items[i].order;
    for (int sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
        bool down = sweep % 2 == 0;
        for (int i = 1; i < s->ranks; i++) sort_rank(s, down ? i : s->ranks - 1 - i, down, keys);
        int64_t now = crossings(s);
        if (now >= least) continue;
        least = now;
        for (int i = 0; i < s->slots.count; i++) best[i] = s->slots.items[i].order;
    }
    for (int i = 0; i < s->slots.count; i++) {
        s->slots.items[i].order = best[i];
        s->layer[s->slots.items[i].rank].items[best[i]] = i;
    }
}
