/* SPDX-License-Identifier: 0BSD */
/*
 * A weights file mapped into memory, for models compiled with `--weights file`: their input
 * "netc.weights" wants its address. POSIX. The address is a page's, so it is aligned for every
 * target.
 */
#ifndef NETC_FILE_H
#define NETC_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#endif

/* The whole file, read-only, and its size in *bytes. NULL with errno set when it cannot be mapped;
 * an empty file cannot. */
static inline const void *netc_file_map(const char *path, size_t *bytes)
{
    struct stat status;
    void *data = MAP_FAILED;
    int file = open(path, O_RDONLY);
    if (file < 0) return NULL;
    if (fstat(file, &status) == 0) {
        *bytes = (size_t)status.st_size;
        data = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    return data == MAP_FAILED ? NULL : data;
}

static inline void netc_file_unmap(const void *data, size_t bytes)
{
    munmap((void *)(size_t)data, bytes);
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
