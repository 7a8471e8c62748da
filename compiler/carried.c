/* Looking up carried files by name. */
#include "carried.h"

#include <assert.h>
#include <string.h>

const CarriedFile *carried_find(const CarriedFile *files, const char *name, size_t length)
{
    for (const CarriedFile *f = files; f->name; f++)
        if (strlen(f->name) == length && memcmp(f->name, name, length) == 0) return f;
    return NULL;
}

const CarriedFile *carried_get(const CarriedFile *files, const char *name)
{
    const CarriedFile *f = carried_find(files, name, strlen(name));
    assert(f);
    return f;
}
