/*
 * The last stage as files: the emitted C, header and weights of a planned Program, together with
 * the runtime's files that they include, named and written into a folder.
 */
#ifndef NETC_GENERATE_H
#define NETC_GENERATE_H

#include "commands.h"
#include "workdir.h"

typedef struct Generated {
    const Program *program;
    EmitOptions options;
    Emitted text;
    const char *source, *header, *assembler,
        *weights; /* file names; the last two NULL when there is none */
    const char *parts[COUNT(((Emitted *)0)->parts)]; /* of a split source */
} Generated;

/* Emits by the options of the command line. `entry`: for a shared library. `split`: for the C
 * compiler alone, not for people: a large network in several sources. */
const Generated *generate(const Job *job, bool entry, bool split);
/* --emit graph, program or plan: prints that instead of generating. The exit code. */
int generate_print_stage(const Job *job);
/* Writes every file. With `parts`, also the runtime's files that a bundle does not need. */
void generated_write(const Generated *g, const Workdir *w, bool parts);
/* All file names that generated_write writes, in order, ended by NULL. */
const char *const *generated_files(Arena *arena, const Generated *g, bool parts);
/* 128 bits over everything that is generated, as 32 hexadecimal digits; the text of `salt` is part
 * of it. */
const char *generated_hash(Arena *arena, const Generated *g, const char *salt);

#endif
