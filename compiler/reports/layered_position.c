/* Positions of slots along their ranks: near their neighbours above and below, in the given order
 * and not overlapping. */
#include "layered_slots.h"

enum { ROUNDS = 24 };

/* Slots that would overlap, moved as one: the mean of what they want. */
typedef struct Cluster {
    double wants, weight;
    int slots;
} Cluster;

static double distance(const Slots *s, const Slot *left, const Slot *right)
{
    bool bends = left->node < 0 || right->node < 0;
    return (left->width + right->width) / 2 + (bends ? 0.6 * s->g->gap : s->g->gap);
}

static void want(const Slots *s, const Link *links, int count, double *sum, double *weight)
{
    for (int k = 0; k < count; k++) {
        const Link *l = &links[k];
        *sum += l->weight * (s->slots.items[l->slot].x + l->there - l->here);
        *weight += l->weight;
    }
}

/* The least squares solution for one rank whose neighbours stay where they are. */
static void settle(Slots *s, int r, bool up, bool down, Cluster *clusters)
{
    const IntList *layer = &s->layer[r];
    double offset = 0;
    int count = 0;
    for (int i = 0; i < layer->count; i++) {
        Slot *slot = &s->slots.items[layer->items[i]];
        if (i) offset += distance(s, &s->slots.items[layer->items[i - 1]], slot);
        double sum = slot->x * 1e-3, weight = 1e-3;
        if (up) want(s, slot->up.items, slot->up.count, &sum, &weight);
        if (down) want(s, slot->down.items, slot->down.count, &sum, &weight);
        clusters[count++] = (Cluster){sum - weight * offset, weight, 1};
        while (count > 1 && clusters[count - 2].wants * clusters[count - 1].weight >
                                clusters[count - 1].wants * clusters[count - 2].weight) {
            count--;
            clusters[count - 1].wants += clusters[count].wants;
            clusters[count - 1].weight += clusters[count].weight;
            clusters[count - 1].slots += clusters[count].slots;
        }
    }
    offset = 0;
    for (int c = 0, i = 0; c < count; c++)
        for (int end = i + clusters[c].slots; i < end; i++) {
            Slot *slot = &s->slots.items[layer->items[i]];
            if (i) offset += distance(s, &s->slots.items[layer->items[i - 1]], slot);
            slot->x = clusters[c].wants / clusters[c].weight + offset;
        }
}

void layered_position(Slots *s)
{
    Cluster *clusters = NEW_ARRAY(s->arena, Cluster, s->slots.count);
    for (int r = 0; r < s->ranks; r++) settle(s, r, false, false, clusters);
    for (int round = 0; round < ROUNDS; round++) {
        bool last = round >= ROUNDS - 4, down = round % 2 == 0;
        for (int i = 0; i < s->ranks; i++)
            settle(s, down ? i : s->ranks - 1 - i, down || last, !down || last, clusters);
    }
}
