/*
 * The Graph: ONNX-level nodes and tensors. Readers build it, infer adds types and shapes, passes
 * rewrite it, lower reads it. The .net language is its text form (print_net).
 *
 * Facts arrive once: dtype and dims of a computed tensor are written by infer only. Everything
 * lives in the graph's arena. check_graph() asserts the invariants named here.
 */
#ifndef NETC_GRAPH_H
#define NETC_GRAPH_H

#include "base.h"
#include "diag.h"
#include "dtype.h"

typedef struct Graph Graph;
typedef struct Node Node;
typedef struct Tensor Tensor;
typedef struct Op Op; /* op.h */

typedef enum TensorKind {
    TENSOR_VALUE, /* computed by `producer` */
    TENSOR_INPUT, /* an input of the graph */
    TENSOR_CONST, /* known at compile time: `data` is set */
    TENSOR_PARAM, /* a learned parameter of a .net layer or an ONNX float initializer; `data` is
                     NULL until weights are bound or --init fills them. check and summary need none.
                   */
} TensorKind;

/* What a model says of a computed tensor; infer checks it and reports a contradiction. */
typedef struct Declared {
    Dtype dtype;         /* DT_NONE: not said */
    int rank;            /* -1: not said */
    const int64_t *dims; /* -1 for each that is not said */
    Source source;
} Declared;

/* While infer runs, what stands for a name that is not, or not only, a tensor of its own
 * (expand.h); NULL after it. */
typedef enum ExpansionKind {
    IS_SAME,     /* items[0] is read in its place */
    IS_KNOWN,    /* an output, which stays computed: others read the constant items[0] */
    IS_SEQUENCE, /* of the items */
    IS_OPTIONAL, /* one item, or none */
} ExpansionKind;

typedef struct Expansion {
    ExpansionKind kind;
    Dtype dtype; /* of the elements of a list; DT_NONE: not said */
    int count;
    Tensor **items;
} Expansion;

struct Tensor {
    const char *name; /* unique within the graph; any bytes: not always a C identifier */
    TensorKind kind;
    Dtype dtype;   /* DT_NONE until inferred */
    int rank;      /* -1 until inferred */
    int64_t *dims; /* rank of them; of a dimension with an extent the most that it can be */
    /* Of a shape that depends on data: by dimension a tensor of one i64, at most the dimension,
     * that a run computes and that says how much of it there is; NULL: all. Elements lie where the
     * bounds in `dims` put them, those outside the extents have values that nobody may use. The
     * extents of an output of the network are an output of their own (`shape`, made by extents.c).
     * NULL: the shape is `dims`. */
    Tensor **extents;
    Tensor *shape; /* of an output of the network: the i64[rank] output that holds its shape */
    const char **dim_names; /* inputs and outputs: the symbol of each named dimension, or NULL; may
                               be NULL */
    const void *data;       /* row-major, little-endian, or NULL */
    Dtype stored; /* of an f32 constant: f16 or bf16, as which its elements lie in memory (weights.h);
                     DT_NONE: as they are */
    Node *producer;         /* of a TENSOR_VALUE */
    const Declared *declared; /* of a TENSOR_VALUE; NULL: nothing is */
    Source source;            /* where it was written, for diagnostics */
    int id;                   /* index into graph->tensors */
    bool poisoned;            /* its producer was refused: consumers stay quiet */
    bool trainable; /* of a TENSOR_PARAM: counts as a parameter (running statistics do not) */
    bool varied;    /* a node differentiates by it, or by what it is computed from: nothing that
                       reads it is folded by infer */
    const Expansion *expansion;
    bool lasting; /* strings point into it: nothing else may lie there until the next run */
    struct Buffer *buffer; /* its storage; set by layout, NULL before (program.h) */
};

typedef enum AttrKind {
    ATTR_NONE,
    ATTR_FLOAT,
    ATTR_INT,
    ATTR_STRING,
    ATTR_TENSOR,
    ATTR_GRAPH,
    ATTR_FLOATS,
    ATTR_INTS,
    ATTR_STRINGS,
    ATTR_TYPE, /* TypeProto and the other kinds: kept by name only, refused where they matter */
} AttrKind;

typedef struct Attr {
    const char *name;
    AttrKind kind;
    Source source;
    int64_t i;
    double f; /* float attributes: the float's value */
    String s;
    const Tensor *tensor;
    Graph *graph;
    int count; /* of ints, floats, strings */
    int64_t *ints;
    double *floats;
    String *strings;
} Attr;

struct Node {
    const char *op_type, *domain; /* domain "" for ai.onnx */
    int version;                  /* the opset version of `domain` it is written in */
    const Op *op;                 /* found by infer; NULL before, and for unknown operators */
    const char *name; /* instance path ("layer1[0].conv") or ONNX node name; never NULL, unique per
                         graph, made from the operator where the model gave none */
    Source source;
    Tensor **inputs; /* NULL entries for omitted optional inputs */
    int input_count;
    Tensor **outputs; /* NULL entries for unused optional outputs */
    int output_count;
    Attr *attrs;
    int attr_count;
    int id;          /* index in graph->nodes at the last renumbering */
    bool adapted;    /* infer has found what its inputs that vary make of its outputs (extents.h) */
    bool of_extents; /* infer made it to work out an extent, and does so again: not printed where
                        nothing else reads it */
};

struct Graph {
    Arena *arena;
    const char *name;
    Graph *outer;       /* of a subgraph: values it captures come from there; NULL at the top */
    int opset;          /* version of ai.onnx */
    LIST(Node *) nodes; /* in execution order: producers before consumers */
    LIST(Tensor *) tensors;
    LIST(Tensor *) inputs;
    LIST(Tensor *) outputs;
    Map *output_names; /* of outputs to come, in a graph that is being built: infer_node keeps those
                          computed; NULL: none */
    Map *by_name;      /* Tensor by name */
    Map *node_names;   /* Node by name */
    int64_t string_bytes;       /* of the outermost graph: room for a string that a run makes; 0: as
                                   much as is usual */
    struct BoundOption *bounds; /* of the outermost graph, `bound_count` of them */
    int bound_count;
    int unrolled;       /* of the outermost graph: nodes that infer has put in the place of loops */
    const char *random; /* of the outermost graph: an operator in it that draws at random; NULL */
    Map *extents;       /* by what is computed: what infer has worked out of extents (Tensor *) */
    Map *name_counts;   /* by stem: the last number graph_unique_name gave (int *) */
};

Graph *graph_new(Arena *arena, const char *name);
/* The tensor of that name, here or in an outer graph; NULL when there is none. */
Tensor *graph_find(const Graph *g, const char *name);
/* A new tensor; the name must be new (graph_unique_name makes one). `dims` is copied; rank -1:
 * unknown. */
Tensor *graph_add_tensor(Graph *g, TensorKind kind, const char *name, Dtype dtype, int rank,
                         const int64_t *dims);
Tensor *graph_add_const(Graph *g, const char *name, Dtype dtype, int rank, const int64_t *dims,
                        const void *data);
/* "stem", or "stem_1", "stem_2", ...: no tensor and no node has it. */
const char *graph_unique_name(const Graph *g, const char *stem);
/* Appends a node with room for its inputs and outputs, all NULL: the caller sets them
 * (node_set_output for outputs). */
Node *graph_add_node(Graph *g, const char *op_type, const char *domain, int version,
                     const char *name, int input_count, int output_count);
void node_set_output(Node *node, int index, Tensor *tensor);
Attr *node_add_attr(Graph *g, Node *node, const char *name, AttrKind kind);
const Attr *node_attr(const Node *node,
                      const char *name); /* as written, NULL when absent; see op.h for defaults */
/* Makes every use of `from` in the graph (node inputs, graph outputs, subgraphs) use `to`. */
void graph_replace_uses(Graph *g, Tensor *from, Tensor *to);
bool graph_is_output(const Graph *g, const Tensor *t);
/* t is one of g's own tensors, not one that g captures from an outer graph. */
bool graph_owns(const Graph *g, const Tensor *t);
/* How often it is read by nodes, captured by subgraphs, or is an output. */
int graph_use_count(const Graph *g, const Tensor *t);
/* Drops the nodes for which drop[id] is set, keeps order, renumbers. */
void graph_remove_nodes(Graph *g, const bool *drop);
void graph_renumber(Graph *g);
/* Readers call it last: a TENSOR_PARAM is not trainable where it is read as what nobody trains
 * (running statistics, bounds). */
void graph_mark_untrained(Graph *g);

/* Room for each string that a run makes, bytes: several share it. */
int64_t graph_string_bytes(const Graph *g);

int64_t tensor_elements(const Tensor *t); /* of an inferred tensor */
static inline bool tensor_is_const(const Tensor *t) { return t->data != NULL; }
/* "f32[1, 3, 224, 224]", in the arena. */
const char *tensor_type_text(Arena *arena, const Tensor *t);
const char *dims_text(Arena *arena, const int64_t *dims, int rank); /* "1x3x224x224", "scalar" */
/* Some dimension of t has an extent that only a run knows. */
bool tensor_varies(const Tensor *t);

/* Asserts: ids and lists agree; every input is defined before its use; names are unique; computed
 * tensors have their producer; with `inferred`, every tensor has dtype, rank and dims >= 0. */
void check_graph(const Graph *g, bool inferred);

/* ---- stages that build or show a Graph (one file each) ---- */

/* An input that becomes a constant (bake.h). */
typedef struct BakeOption {
    const char *input, *path;
    const struct DataTensor *value; /* NULL: to be read from the file */
} BakeOption;

/* How many elements an input has that is a sequence or an optional. */
typedef struct ListOption {
    const char *input; /* NULL: the one at `position` */
    int position, count;
    bool present; /* an optional sequence has a value, though it may be empty */
    const struct DataTensor *elements; /* of the types of these; NULL: as the model declares */
} ListOption;

/* How much a loop collects at most that counts its runs itself. */
typedef struct BoundOption {
    const char *loop; /* the node's name */
    int64_t most;
    bool used;
} BoundOption;

typedef struct ReadOptions {
    LIST(struct DimOption {
        const char *name;
        int64_t size;
    })
    dims;                /* --dim N=4 */
    int64_t dim_default; /* --dim-default 1; 0: unset symbols are an error */
    const char *
        weights; /* --weights-from FILE: .npz, .safetensors, .onnx or a folder of .npy; NULL none */
    bool init;   /* --init SEED: fill unbound parameters at random */
    uint64_t seed;
    LIST(BakeOption) bakes;          /* --bake INPUT=FILE */
    LIST(BoundOption) bounds;        /* --bound LOOP=COUNT */
    LIST(ListOption) lists;          /* --elements INPUT=COUNT, or what the data holds */
    LIST(const char *) import_paths; /* --import-path FOLDER: where imported files are, too */
    int64_t string_bytes;            /* --string-bytes N; 0: as much as is usual */
    bool inputs_only;                /* the graph's inputs and nothing else */
    /* For editors (read_net_notes.h), NULL otherwise: what names in a .net mean; files as edited. */
    struct NetNotes *notes;
    const struct OpenFiles *open;
} ReadOptions;

/* What --dim says of a name; NULL: nothing. */
const int64_t *read_model_dim(const ReadOptions *options, const char *name);
/* Reads FILE by its extension (.onnx, .net). NULL after diagnostics. Not yet inferred. */
Graph *read_model(Arena *arena, const char *path, const ReadOptions *options, Diags *diags);
/* The inputs that a model declares, its open dimensions being 1, for matching files with them. NULL
 * after diagnostics. */
Graph *read_model_inputs(Arena *arena, const char *path, const ReadOptions *options, Diags *diags);
Graph *read_onnx(Arena *arena, const File *file, const ReadOptions *options, Diags *diags);
Graph *read_net(Arena *arena, const File *file, const ReadOptions *options, Diags *diags);

/* Types, shapes and the constants that shapes hang on (Shape-Gather-Concat chains fold here). False
 * after diagnostics: one per mistake; unsupported operators are all listed. */
bool infer(Graph *g, Diags *diags);

/* Adds the graph as .net text that read_net reads back to the same graph. Long weights are left to
 * `weights_file`, which the text names, and collected in `weights` for the caller to write; with
 * weights_file NULL (then weights may be) they are left out. */
typedef LIST(const Tensor *) Tensors;
void print_net(const Graph *g, const char *weights_file, Tensors *weights, Text *out);

#endif
