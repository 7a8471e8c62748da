/*
 * How strings come from the child that runs a network, whose memory ends with it: one after the
 * other, each ended by NUL, in a file that is only memory.
 */
#ifndef NETC_TEXTS_H
#define NETC_TEXTS_H

#include "base.h"

int texts_open(void); /* a descriptor; both processes have the file */
/* Appends strings; false when one has no address, *wrong is which. */
bool texts_send(int file, const char *const *strings, int64_t count, int64_t *wrong);
/* All that was sent, until the arena is freed; closes the file. */
const char *texts_receive(Arena *arena, int file);

#endif
