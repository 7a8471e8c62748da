/*
 * In: the path of a file with tensors. Out: the tensors, by the reader of its format; or the other way round. The formats
 * are in files of their own; here is what they share: choosing one, and making bytes of a file usable as elements.
 */
#include "datafile.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int64_t datafile_bytes(Dtype dtype, int rank, const int64_t *dims)
{
    int64_t elements;
    if (!checked_elements(dims, rank, &elements)) return -1;
    if (dtype == DT_STRING && elements > INT64_MAX / 16 / (int64_t)sizeof(String)) return -1;
    return (int64_t)dtype_bytes(dtype, elements);
}

/* ---- bytes of a file as elements ---- */

static size_t alignment(Dtype dtype)
{
    int bits = dtype_info(dtype)->bits;
    return bits <= 8 ? 1 : bits > 64 ? 8 : (size_t)bits / 8;
}

static bool bools_are_plain(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] > 1) return false;
    return true;
}

/* Copies in steps, giving back the file's pages of each: a large model is in memory once, not twice. */
static void copy_from_file(uint8_t *to, const uint8_t *from, size_t bytes)
{
    enum { STEP = 4 << 20 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t done = 0, step; done < bytes; done += step) {
        step = bytes - done < STEP ? bytes - done : STEP;
        memcpy(to + done, from + done, step);
        uintptr_t begin = ((uintptr_t)(from + done) + page - 1) / page * page;
        uintptr_t end = (uintptr_t)(from + done + step) / page * page;
        if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
}

const void *datafile_copy(Arena *arena, Dtype dtype, int64_t elements, const void *bytes)
{
    size_t count = dtype_bytes(dtype, elements);
    uint8_t *copy = arena_copy(arena, bytes, count);
    for (size_t i = 0; dtype == DT_BOOL && i < count; i++) copy[i] = copy[i] != 0;
    return copy;
}

const void *datafile_adopt(Arena *arena, Dtype dtype, int64_t elements, const uint8_t *bytes)
{
    size_t count = dtype_bytes(dtype, elements);
    if (dtype == DT_BOOL && !bools_are_plain(bytes, count)) return datafile_copy(arena, dtype, elements, bytes);
    if ((uintptr_t)bytes % alignment(dtype) == 0) return bytes;
    uint8_t *copy = arena_alloc(arena, count);
    copy_from_file(copy, bytes, count);
    return copy;
}
