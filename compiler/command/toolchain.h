/*
 * The C compiler and the archiver: found, run in a folder, and their failures told. Both functions
 * die (exit 3) when the tool cannot be run or fails.
 */
#ifndef NETC_TOOLCHAIN_H
#define NETC_TOOLCHAIN_H

#include "options.h"

typedef LIST(const char *) Words;

/* The C compiler's command and the flags that every generated file is compiled with, as words. */
Words cc_words(Arena *arena, const Options *o);
/* What identifies the compiler: the output of its --version. */
const char *cc_version(Arena *arena, const Options *o);
/* Adds the words of `text`, which are separated by spaces. */
void words_add(Arena *arena, Words *words, const char *text);
/* Runs a command in `folder`; `what` says what for ("the C compiler"). What it prints is shown
 * when it fails, else returned. */
const char *tool_run(Arena *arena, const char *what, const Words *words, const char *folder);

/* The same for several commands, as many at a time as there are cores, in their order. */
void tools_run(Arena *arena, const char *what, const Words *commands, int count,
               const char *folder);

#endif
