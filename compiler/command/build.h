/* Generated code through the C compiler: a program, a library or an object. */
#ifndef NETC_BUILD_H
#define NETC_BUILD_H

#include "generate.h"
#include "toolchain.h"

typedef enum BuildKind { BUILD_PROGRAM, BUILD_OBJECT, BUILD_ARCHIVE, BUILD_SHARED } BuildKind;

/* By the name of the result: .o, .a, .so, anything else is a program. */
BuildKind build_kind(const char *path);
/* Writes the generated files into the folder, compiles and links them there into the file `result`.
 */
void build(const Job *job, const Generated *g, BuildKind kind, const Workdir *w,
           const char *result);
/* The names of the object files that are made of the generated sources. */
Words build_objects(Arena *arena, const Generated *g);
/* Builds the runtime's benchmark for the job's target in the folder; its path from there. */
const char *build_bench(const Job *job, const Workdir *w);

#endif
