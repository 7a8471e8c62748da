/* Multiply-adds and bytes of kernels, from the graph's nodes and the buffers' sizes. Not how long
 * that takes: cost.c. */
#include "work.h"

#include "op.h"

double work_bytes(const Kernel *k)
{
    double bytes = 0;
    for (int i = 0; i < k->reads.count; i++) bytes += (double)buffer_bytes(k->reads.items[i]);
    for (int i = 0; i < k->writes.count; i++) bytes += (double)buffer_bytes(k->writes.items[i]);
    return bytes;
}

/* Is part of the node's work the kernel's own? What others have computed and it only passes on, or
 * what was merged into it, counts where no kernel was made for the node. */
static bool owns(const Kernel *k, const Node *n, const bool *made)
{
    return made[n->id] ? k->definition && k->definition->node == n : true;
}

double *work_macs(Arena *arena, const Program *p)
{
    double *macs = NEW_ARRAY(arena, double, p->kernels.count + 1);
    double *all = NEW_ARRAY(arena, double, p->graph->nodes.count + 1); /* of the node's kernels */
    bool *made = NEW_ARRAY(arena, bool, p->graph->nodes.count + 1);
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        if (kernel->macs && kernel->definition && kernel->definition->node)
            made[kernel->definition->node->id] = true;
    }
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < p->kernels.count; k++) {
            const Kernel *kernel = p->kernels.items[k];
            for (int i = 0; i < kernel->nodes.count; i++) {
                const Node *n = kernel->nodes.items[i];
                if (!kernel->macs || !n->op || !n->op->macs || !owns(kernel, n, made)) continue;
                if (pass == 0)
                    all[n->id] += (double)kernel->macs;
                else
                    macs[k] += (double)n->op->macs(n) * (double)kernel->macs / all[n->id];
            }
            if (pass == 1 && macs[k] == 0) macs[k] = (double)kernel->macs;
        }
    return macs;
}
