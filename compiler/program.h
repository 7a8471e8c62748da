/*
 * The Program: definitions, then kernels over buffers. lower makes it from the Graph, fuse rewrites
 * its definitions, layout gives tensors their buffers, schedule turns definitions into kernels,
 * plan gives buffers their places, emit spells it.
 */
#ifndef NETC_PROGRAM_H
#define NETC_PROGRAM_H

#include "carried.h"
#include "define.h"
#include "target.h"

typedef struct Program Program;
typedef struct Kernel Kernel;
typedef struct Buffer Buffer;
typedef struct Stmt Stmt;

/* ---- buffers: where tensors are ---- */

/* How a tensor's logical indices become an element offset:
 *   sum over d != block_dim of (i[d] + before[d]) * stride[d]
 *   + (i[b] / block) * stride[b] + i[b] % block                       for b = block_dim
 * `after` (with `before`) is the halo: elements around the tensor that hold zeros, so that a padded
 * window may read them. */
typedef struct Layout {
    int rank;
    int block_dim; /* -1: none */
    int64_t block;
    int64_t stride[MAX_RANK], before[MAX_RANK], after[MAX_RANK];
    int64_t gap[MAX_RANK]; /* elements left free between the rows of a dimension */
    int64_t
        wrap[MAX_RANK]; /* only so many rows are kept: i[d] % wrap[d] stands for i[d]; 0: all are */
} Layout;

typedef enum BufferKind {
    BUFFER_INPUT,
    BUFFER_OUTPUT,
    BUFFER_CONST,
    BUFFER_WORK,
    BUFFER_LOCAL, /* a pointer inside one kernel (ST_POINT) */
} BufferKind;

/* How the contents of a constant buffer come from a tensor: a dense array of extents dims[0..rank);
 * element (j0, j1, ...) is source[s0, s1, ...] with s_d = sum of factor * j over the packed dims
 * with source == d; zero where some s_d is past the end. */
typedef struct Packing {
    int rank;
    struct PackedDim {
        int64_t extent, factor;
        int source;
    } dims[2 * MAX_RANK];
} Packing;

struct Buffer {
    const char *name; /* a C identifier, unique in the program */
    BufferKind kind;
    Dtype dtype;
    const Tensor *tensor; /* what it holds (or was packed from) */
    Layout layout;
    int64_t elements; /* allocated, with halo and padding of the last block */
    Buffer *parent;   /* a view: it lies in parent from element `first`; NULL: has its own place */
    int64_t first;
    bool lasting;           /* from its first use on it is nobody else's (graph.h) */
    const Packing *packing; /* BUFFER_CONST: NULL: the tensor's bytes as they are */
    int index;              /* BUFFER_INPUT, BUFFER_OUTPUT: position in the interface */
    size_t offset; /* bytes: BUFFER_WORK in the workspace, BUFFER_CONST in the weights; by plan */
    int first_use, last_use; /* kernel positions; by plan */
    int id;                  /* position in the program's buffers; by plan */
    int rings;      /* of so many threads each keeps its rows of a band (layout.wrap), one after the
                       other; 0: not of a band */
    Expr *ring;     /* the one that is in use; NULL: the first */
    int shared_dim; /* the dimension, counted from 1, of which each thread has written its share; 0:
                       none; by parallel */
};

/* Row-major, without holes. */
void layout_dense(Layout *l, int rank, const int64_t *dims);
bool layout_has_halo(const Layout *l);
bool layout_is_dense(const Layout *l, const int64_t *dims);
/* Sets the strides of a layout whose block and halo are chosen; returns the elements it takes. */
int64_t layout_strides(Layout *l, const int64_t *dims);

/* The buffer that has its own place (itself, or the outermost parent), and the first element in it.
 */
const Buffer *buffer_root(const Buffer *b, int64_t *first);
size_t buffer_bytes(const Buffer *b);
/* A constant that lies among the weights. Strings do not: they are pointers, and stay in the C. */
static inline bool buffer_is_weight(const Buffer *b)
{
    return b->kind == BUFFER_CONST && b->dtype != DT_STRING;
}
/* Of so many elements. Those of packed types have a byte each: they are packed in the interface
 * only (narrow.c). */
size_t buffer_offset_bytes(const Buffer *b, int64_t elements);
/* Physical offset of a logical index. */
Expr *buffer_offset(Pool *p, const Buffer *b, Expr *const *index);
/* Of the weights that kernels read: of those that are packed the packed ones only. Before plan,
 * which knows exactly. */
int64_t program_constant_bytes(const Program *p);
/* Writes the contents of a constant buffer (buffer_bytes of them). */
void buffer_contents(const Buffer *b, void *out);

/* ---- statements: *how* ---- */

typedef enum StmtKind {
    ST_LOOP,
    ST_SET,   /* a register gets a value */
    ST_STORE, /* a value goes to a buffer */
    ST_IF,
    ST_POINT, /* a local pointer into a buffer: `alias` is buffer + offset from here to the end of
                 the block */
    ST_PIN,   /* keep the compiler from moving address arithmetic and loads across, of the
                 pointer `alias` */
    ST_ZERO,  /* zeros `count` elements */
    ST_CALL,  /* a function of the runtime: `call` on the buffers of its tensors (define.h) */
    ST_PREFETCH, /* brings `count` cache lines from buffer + offset on nearer, `stride` elements
                    apart (0: side by side); they may lie past its end */
} StmtKind;
typedef enum LoopKind { LOOP_SERIAL, LOOP_UNROLLED } LoopKind;

struct Stmt {
    StmtKind kind;
    Stmt *next;
    Stmt *body; /* ST_LOOP, ST_IF */
    Var *var;   /* ST_LOOP: from var->lo while < var->hi */
    int64_t step;
    LoopKind loop;
    bool independent; /* ST_LOOP: iterations write different elements */
    int dim; /* ST_LOOP: the dimension of the output that it walks, counted from 1; 0: none */
    Expr *from, *to; /* ST_LOOP: bounds in place of var's, of the kernel's part; NULL: var's */
    int64_t parts;   /* ST_LOOP: into how many they cut it */
    bool recurs;     /* ST_LOOP: a loop around it runs each of them in turn */
    const Reg *reg;  /* ST_SET: reg = value; declared by its first ST_SET in scope */
    bool declares;
    Buffer *buffer; /* ST_STORE: buffer[offset...] = value; ST_ZERO, ST_PREFETCH: from buffer +
                     * offset; ST_POINT
                     */
    Buffer *alias;  /* ST_POINT: a BUFFER_LOCAL that later fetches name */
    Expr *offset, *value; /* ST_IF: value is the condition */
    int64_t stride;   /* ST_STORE of several lanes: elements apart (1: contiguous); ST_PREFETCH */
    bool near;        /* ST_PREFETCH: into the first cache, else the second */
    int64_t count;    /* ST_STORE: how many lanes are stored (all: value->lanes); ST_ZERO */
    const Call *call; /* ST_CALL */
    const char *comment; /* ST_LOOP: what it walks over; may be NULL */
};

/* How often the body of a loop is run. */
static inline int64_t loop_trips(const Stmt *loop)
{
    return ceil_div(loop->var->hi - loop->var->lo, loop->step);
}

struct Kernel {
    ControlKind control; /* CONTROL_NONE: none; CONTROL_LOOP: the kernels that follow up to its
                         CONTROL_END run while the bool that it reads holds */
    const char *title;   /* what it computes: a layer's name as the model has it */
    const char *name;    /* a C identifier made from it */
    Stmt *body;
    LIST(Buffer *) reads;
    LIST(Buffer *) writes;
    LIST(const Node *) nodes; /* in the order of the graph */
    const Definition *definition;
    int64_t macs;
    int names;            /* registers named so far: names are unique in a kernel */
    const char *schedule; /* name of the schedule, with its choices in words */
    Var *part;            /* the kernel computes this part of its output; NULL: all of it */
};

/* Definitions, each read by the next, that are computed together a few rows of one dimension at a
 * time, so that the rows stay in cache. Of all but the last only those rows are stored that the
 * next reads, and those of as many steps as threads may be at. */
enum { BAND_MEMBERS = 6 };
typedef struct Band {
    const Definition *members[BAND_MEMBERS];
    int dims[BAND_MEMBERS];     /* which dimension of each counts the rows */
    int64_t rows[BAND_MEMBERS]; /* of each, at a time */
    int count;
    int copies;    /* steps that may be computed at the same time */
    int64_t steps; /* 0: as many as the rows of the last take */
    /* Of members whose rows are not just those that the last's step needs: `rolls`; by the end of
     * step s rows * (s + 1) + ahead are computed, all of them by the end of the last. */
    bool rolls[BAND_MEMBERS];
    int64_t ahead[BAND_MEMBERS];
    int64_t kept[BAND_MEMBERS];  /* rows that are stored; 0: those of `copies` steps */
    int64_t reads[BAND_MEMBERS]; /* a share of the steps that begins with step s reads rows from
                                    rows * s + reads on; those are computed again */
    /* Of some members a step's rows are cut again, along another dimension: theirs are computed in
     * the turns of this band. NULL: of none. */
    const struct Band *inner;
} Band;

struct Program {
    Arena *arena;
    Pool *pool;
    Graph *graph;
    const Target *target;
    int model_tensors; /* of the graph before lowering: those after them operators made */
    int threads;       /* to share kernels out among; 1: serial code */
    bool exact; /* every sum in the order of its definition, a rounding for each operation: the
                   same bits on every target */
    double weight_rate; /* bytes a cycle at which a run reads weights: for winograd's choices */
    LIST(Tensor *)
    inputs, outputs; /* of the interface, in the graph's order; of packed types their bytes
                        (narrow.c) */
    LIST(Definition *) definitions;
    LIST(Band *) bands;
    LIST(Kernel *) kernels;
    LIST(Buffer *) buffers;
    size_t workspace_bytes, weight_bytes; /* by plan */
    Map *names;         /* C identifiers in use at file level of the generated code */
    size_t lower_bound; /* the largest set of live buffers, bytes: no plan can be smaller */
};

/* A C identifier made from any text that nothing else at file level has: PREFIX + text, other
 * characters as '_'. */
const char *program_name(Program *p, const char *prefix, const char *text);

/* The stages, one file each. */
Program *lower(Graph *g, const Target *target,
               Diags *diags); /* NULL after diagnostics: what cannot be generated, all listed */
/* The definitions of a node, behind those there are; a Loop that infer kept becomes a control step
 * (lower_loop.c). */
void lower_node(Program *p, const Node *n, Diags *diags);
void lower_loop(Program *p, const Node *n, Diags *diags);
/* E0502: the parameters of a graph that are read but have no values, in one diagnostic. */
void lower_check_parameters(const Graph *g, Diags *diags);
void narrow(Program *p); /* the last step of lower: inputs, outputs and constants of packed types
                            become bytes */
void fuse(Program *p);
void divide(Program *p); /* by constants; not in programs that are exact */
void bands(Program *p); /* finds what is computed together */
void layout(Program *p);
void schedule(Program *p);
void rebase(Program *p, Stmt *body);         /* used by schedule, on each kernel */
void parallel(Program *p);                   /* cuts kernels into parts for p->threads */
void prefetch(Program *p);                   /* fetches weights and inputs before they are needed */
void prefetch_inputs(Program *p, Kernel *k); /* its part for inputs */
void plan(Program *p);
void in_place(Program *p); /* used by plan, when lifetimes are known */
void check_program(const Program *p);
void print_program(const Program *p, Text *out); /* --emit program */
void print_plan(const Program *p, Text *out);    /* --emit plan */

/* ---- emit ---- */

typedef enum WeightsKind { WEIGHTS_INLINE, WEIGHTS_OBJECT, WEIGHTS_FILE } WeightsKind;

typedef struct EmitOptions {
    const char *name; /* of the network: file stem and symbol prefix, a C identifier (--prefix or
                         the model's name) */
    WeightsKind weights;
    bool bundle;  /* the runtime parts inlined into the one .c */
    bool entry;   /* export netc_entry: for shared libraries */
    bool profile; /* NAME_run calls NAME_profile after each kernel */
    bool split;   /* the kernels of a large network in sources of their own */
} EmitOptions;

/* NAME.c and NAME.h; for WEIGHTS_OBJECT also NAME_weights.S, which includes NAME.weights. */
typedef struct Emitted {
    Text source, header, assembler;
    Text parts[8]; /* of a source that is split: its kernels */
    int part_count;
} Emitted;
void emit(const Program *p, const EmitOptions *options, Emitted *out);
/* The weights file: every constant buffer at its offset. Streams; false (errno set) when writing
 * fails. */
bool emit_weights(const Program *p, FILE *file);
/* The runtime headers that NAME.c includes, in order, ended by NULL. */
const CarriedFile *const *emit_runtime_parts(const Program *p);

#endif
