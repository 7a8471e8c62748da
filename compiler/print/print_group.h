/* Between finding the instances of a block (print_group.c) and making the block of them
 * (print_block.c). */
#ifndef NETC_PRINT_GROUP_H
#define NETC_PRINT_GROUP_H

#include "print_call.h"

/* Calls [first, last] of a list. */
typedef struct PrintInstance {
    int first, last;
    const char *scope; /* what their names begin with */
    PrintTensors inputs, outputs;
    const PrintArg **values; /* of the block's parameters; print_block sets them */
} PrintInstance;

/* Adds what a call does but for the values it is given; operands by their text in `known` (by
 * tensor name). */
void print_group_describe(const PrintCall *c, const Map *known, Text *out);
/* The block of which they are instances: what differs between them is a parameter. */
PrintBlock *print_block(const CallMaker *m, const PrintCalls *calls,
                        const PrintInstance *const *instances, int count,
                        const PrintBlocks *others);
PrintCall *print_block_call(const CallMaker *m, const PrintBlock *block,
                            const PrintInstance *instance);

#endif
