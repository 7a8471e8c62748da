/*
 * Targets by name. Comes in: a name as on the command line, or "native"; goes out: a row of the
 * registry. What a target is stands in its own file under targets/.
 */
#include "target.h"

static const Target *native(void)
{
    const Target *best = NULL;
    for (int i = 0; target_list[i]; i++) {
        const Target *t = target_list[i];
        if (t->runs_here() && (!best || t->rank > best->rank)) best = t;
    }
    return best;
}

const Target *target_find(const char *name)
{
    if (strcmp(name, "native") == 0) return native();
    for (int i = 0; target_list[i]; i++)
        if (strcmp(target_list[i]->name, name) == 0) return target_list[i];
    return NULL;
}
