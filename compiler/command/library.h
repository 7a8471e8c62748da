/*
 * The network of a job as a shared library that this process can run: out of the cache, where it is
 * found by the content of everything it is made from, or built into it.
 */
#ifndef NETC_LIBRARY_H
#define NETC_LIBRARY_H

#include "generate.h"

typedef struct Library {
    const char *path;
    const char
        *weights;   /* `--weights file`: the file that is passed as the last input; else NULL */
    Workdir *own;   /* --no-cache: the folder to remove at the end */
    double seconds; /* that the C compiler took, perhaps long ago; 0: not known */
} Library;

Library library_get(const Job *job);
void library_release(Library *library);

#endif
