/* --emit schedule: for each kernel the schedule with its tile, and what the cost model says of it.
 */
#include "cost.h"
#include "work.h"

/* "812,400" */
static const char *grouped(Arena *arena, double value)
{
    char digits[40], *out = NEW_ARRAY(arena, char, 60), *at = out;
    int n = snprintf(digits, sizeof digits, "%.0f", value);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) *at++ = ',';
        *at++ = digits[i];
    }
    return out;
}

static void print_bytes(Text *out, const char *what, double bytes)
{
    if (bytes >= 1) text_add(out, ", %.1f kB from %s", bytes / 1000, what);
}

/* Why: what each part would take alone, the longest first named, and what moves. */
static void print_reasons(Arena *arena, const Cost *c, Text *out)
{
    text_add(out, "    cycles:");
    int count = 0;
    for (int b = 0; b < BOUNDS; b++)
        if (c->spent[b] >= 1)
            text_add(out, "%s %s %s", count++ ? "," : "", cost_bound_name((CostBound)b),
                     grouped(arena, c->spent[b]));
    if (c->overhead >= 1)
        text_add(out, "%s loop ends %s", count ? "," : "", grouped(arena, c->overhead));
    text_add(out, "\n    executes: %s multiply-adds in vectors", grouped(arena, c->multiply_adds));
    text_add(out, ", %s loads, %s stores", grouped(arena, c->loads), grouped(arena, c->stores));
    print_bytes(out, "L2", c->bytes[MOVE_L2]);
    print_bytes(out, "L3", c->bytes[MOVE_L3]);
    print_bytes(out, "memory", c->bytes[MOVE_MEMORY]);
    text_add(out, "\n");
}

static void print_kernel(const Program *p, const Kernel *k, double macs, double cycles, Text *out)
{
    Cost c = cost_of(p->pool, k, p->target, cost_resident(p));
    text_add(out, "\n%s", k->title);
    for (int i = 0; i < k->nodes.count; i++)
        text_add(out, "%s %s", i ? " +" : ":", k->nodes.items[i]->op_type);
    text_add(out, "\n    schedule: %s\n", k->schedule);
    text_add(out, "    predicted: %s cycles (%.1f %%), bound by %s", grouped(p->arena, c.cycles),
             cycles > 0 ? 100 * c.cycles / cycles : 0, cost_bound_name(c.bound));
    if (macs > 0)
        text_add(out, "; %s multiply-adds, %.1f a cycle of %d", grouped(p->arena, macs),
                 macs / c.cycles,
                 p->target->lanes * p->target->arithmetic_ports / (p->target->fused ? 1 : 2));
    text_add(out, "\n");
    print_reasons(p->arena, &c, out);
}

void print_schedule(const Program *p, Text *out)
{
    double cycles = 0, all = 0;
    double *macs = work_macs(p->arena, p);
    for (int k = 0; k < p->kernels.count; k++) {
        cycles += cost_of(p->pool, p->kernels.items[k], p->target, cost_resident(p)).cycles;
        all += macs[k];
    }
    text_add(out, "schedule of %s for %s: %d kernels, %s cycles, %s multiply-adds\n",
             p->graph->name, p->target->name, p->kernels.count, grouped(p->arena, cycles),
             grouped(p->arena, all));
    for (int k = 0; k < p->kernels.count; k++)
        print_kernel(p, p->kernels.items[k], macs[k], cycles, out);
}
