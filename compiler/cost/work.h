/* What kernels have to do, however they do it: the multiply-adds of the layers they compute and the
 * bytes that they touch. */
#ifndef NETC_WORK_H
#define NETC_WORK_H

#include "program.h"

/* For each kernel the multiply-adds of its nodes, as their operators count them: what rates are
 * reckoned in, also where Winograd's algorithm does with fewer. Where several kernels compute a
 * node, each has a part, in proportion to what it really does. */
double *work_macs(Arena *arena, const Program *p);
/* Of its parameters, each once. */
double work_bytes(const Kernel *k);

#endif
