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

double *work_macs(Arena *arena, const Program *p)
{
    double *macs = NEW_ARRAY(arena, double, p->kernels.count + 1);
    double *shares = NEW_ARRAY(arena, double, p->graph->nodes.count + 1); /* all kernels' macs */
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        for (int i = 0; i < kernel->nodes.count; i++)
            shares[kernel->nodes.items[i]->id] += (double)kernel->macs;
    }
    for (int k = 0; k < p->kernels.count; k++) {
        const Kernel *kernel = p->kernels.items[k];
        for (int i = 0; i < kernel->nodes.count; i++) {
            const Node *n = kernel->nodes.items[i];
            if (n->op && n->op->macs && shares[n->id] > 0)
                macs[k] += (double)n->op->macs(n) * (double)kernel->macs / shares[n->id];
        }
        if (macs[k] == 0) macs[k] = (double)kernel->macs;
    }
    return macs;
}
