/* Looking up the files of page/. */
#include "page_file.h"

#include "base.h"

const CarriedFile *page_file(const char *name)
{
    const CarriedFile *f = page_files;
    while (f->name && strcmp(f->name, name) != 0) f++;
    assert(f->name);
    return f;
}
