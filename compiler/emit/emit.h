/* The parts of the emitter. Each spells; none decides. */
#ifndef NETC_EMIT_H
#define NETC_EMIT_H

#include "program.h"

/* emit_expr.c: an expression as C. */
typedef struct ScopeName {
    const Var *var;
    const char *name;
} ScopeName;

typedef struct Speller {
    const Program *p;
    const Kernel *kernel;
    Arena *arena;
    Text *out;
    LIST(ScopeName) scope; /* loop variables in scope and their names in C */
} Speller;

void emit_expr(Speller *s, const Expr *e);
/* The name of the kernel's parameter (or local pointer) for a buffer. */
const char *emit_buffer_name(const Speller *s, const Buffer *b);
const char *emit_type(Dtype dtype, int lanes);
/* "const float *x", "const char *const *x", writable "float *x", "const char **x" from "*x". */
void emit_declaration(Text *out, Dtype dtype, bool writable, const char *declarator);
/* A string literal; at most EMIT_LONGEST bytes, which every compiler takes. */
enum { EMIT_LONGEST = 4095 };
void emit_string(Text *out, const char *text);

/* emit_kernel.c: a kernel as "(parameters)\n{ ... }\n", without its name, so that equal ones can be
 * found. */
void emit_kernel(const Program *p, const Kernel *k, Text *out);

/* What it calls may fail: then it returns an int. */
bool emit_fails(const Kernel *k);
bool emit_may_fail(const Program *p);

/* emit.c: the source that is being written. */
typedef struct Function {
    const char *name;
    const char *text; /* parameters and body */
    LIST(const Kernel *) kernels;
} Function;

typedef struct SourceFile {
    const Program *p;
    const EmitOptions *o;
    Text *out;
    LIST(Function) functions; /* distinct kernels */
    int *function_of;         /* per kernel */
    int parts;                /* sources of kernels; 0: they are static, in the source itself */
    int depth;                /* of loops around */
} SourceFile;

/* Text that may stand in a comment: names come from the model. */
void emit_comment(Text *out, const char *text);
/* ": Conv + Relu, 115605504 multiply-adds" in a comment. */
void emit_work(SourceFile *s, const Kernel *k);

/* emit_run.c: NAME_run and what it needs; names are those of the inputs and outputs. */
void emit_run(SourceFile *s, const char *const *names);

/* emit_runtime.c: the runtime's headers that the kernels need, beside netc.h, which NAME.h has. */
void emit_runtime_includes(const Program *p, Text *out);
/* Their text, each once, for a bundle. */
void emit_runtime_text(const Program *p, Text *out);

/* emit_header.c */
void emit_header(const Program *p, const EmitOptions *options, Text *out);
/* "const float image[1 * 3 * 224 * 224]": a parameter of NAME_run. */
void emit_parameter(const Tensor *t, bool output, const char *name, Text *out);
/* The C names of the inputs and outputs of NAME_run, in order: unique, not keywords. */
const char **emit_interface_names(const Program *p);

/* emit_weights.c: constants as C arrays, all or those that are no weights: strings. */
void emit_inline_weights(const Program *p, bool all, Text *out);
void emit_assembler(const Program *p, const EmitOptions *options, Text *out);

#endif
