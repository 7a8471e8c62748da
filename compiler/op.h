/*
 * Operators: everything known about one is in its file under ops/ as a row of an Op table. The
 * registry is generated from the directory listing: ops/NAME.c defines `const Op ops_NAME[]`, ended
 * by a row without a name.
 */
#ifndef NETC_OP_H
#define NETC_OP_H

#include "define.h"
#include "graph.h"

typedef struct Infer Infer;
struct Gradient;

enum { TAKES_TENSOR = 1, TAKES_SEQUENCE = 2, TAKES_OPTIONAL = 4, TAKES_ANY = 7 };

/* One input or output of the schema. `types` of inputs that share a type variable must agree. Rows
 * that changed between versions are two rows with since/until (inclusive; 0: no bound). */
typedef struct Slot {
    const char *name;
    uint32_t types;       /* mask of TYPE(): what the operator takes */
    const char *variable; /* "T": the ONNX type constraint; NULL: independent */
    bool optional;
    bool variadic; /* last one only: any number, at least one unless optional */
    unsigned
        kinds; /* mask of TAKES_*; 0: tensors alone. `types` are those of a list's elements then */
    int since, until;
} Slot;

/* One attribute. Its default is in the member of its kind; `required` ones have none. */
typedef struct AttrSpec {
    const char *name;
    AttrKind kind;
    int64_t i;
    double f;
    const char *s;
    bool required;
    int since, until;
} AttrSpec;

/* Rows of those tables: SLOT("X", TYPES_FLOAT, "T", .optional = true), ATTR("group", INT, .i = 1).
 */
#define SLOT(slot_name, mask, type_variable, ...)                                                  \
    {                                                                                              \
        .name = slot_name, .types = mask, .variable = type_variable, ##__VA_ARGS__                 \
    }
#define ATTR(attr_name, KIND, ...)                                                                 \
    {                                                                                              \
        .name = attr_name, .kind = ATTR_##KIND, ##__VA_ARGS__                                      \
    }

struct Op {
    const char *name;
    const char *domain;           /* NULL for ai.onnx */
    const char *doc;              /* one line: what it computes */
    const int *versions;          /* opset versions that define it, ascending, ended by 0 */
    int last;                     /* the last opset version it exists in; 0: still there */
    const Slot *inputs, *outputs; /* ended by a row without a name */
    const AttrSpec *attrs;        /* likewise; NULL: none */
    /* Sets dtype and dims of every output (infer_output). False after a diagnostic. Control flow,
     * and what works on lists, says instead what each output is the same as (expand.h): the node is
     * gone then. */
    bool (*infer)(Infer *in);
    /* Called in place of `infer` when the shape of an input depends on data: calls it, and sets the
     * extents of the outputs (extents.h). NULL: such inputs are refused, but by operators that have
     * `element`. */
    bool (*extents)(Infer *in);
    /* What each output element is: calls define_* (define.h). NULL: folded or expanded away only.
     */
    void (*define)(Definer *d);
    /* Multiply-adds of the inferred node; NULL: none. */
    int64_t (*macs)(const Node *node);
    /* For operators that are one expression of their inputs, element by element with broadcasting:
     * used by the shared infer and define of elementwise rows. */
    Expr *(*element)(Pool *pool, const Node *node, Expr *const *x, int count);
    /* The rule of differentiation (gradient.h); NULL: that of `element`, or none. */
    bool (*gradient)(struct Gradient *g);
    /* .net expressions over inputs declared in their text; the test suite runs each against the
     * interpreter. */
    const char *const *examples;
};

/* NULL-terminated list of the tables, generated. */
extern const Op *const op_tables[];
const Op *op_find(const char *domain, const char *name);
/* The slot or attribute in force at the node's version; NULL when there is none. */
const Slot *op_input(const Op *op, int version, int index);
const Slot *op_output(const Op *op, int version, int index);
const AttrSpec *op_attr(const Op *op, int version, const char *name);

/* Attributes of a checked node, defaults filled in from the schema at the node's version. */
int64_t attr_int(const Node *node, const char *name);
double attr_float(const Node *node, const char *name);
const char *attr_text(const Node *node, const char *name); /* "" when absent without default */
/* The list, or NULL with *count = 0 when absent. */
const int64_t *attr_ints(const Node *node, const char *name, int *count);
const double *attr_floats(const Node *node, const char *name, int *count);
bool attr_given(const Node *node, const char *name);
/* The attribute axis, which infer_axis accepted, as 0..rank-1. */
static inline int attr_axis(const Node *node, int rank)
{
    int64_t axis = attr_int(node, "axis");
    return (int)(axis < 0 ? axis + rank : axis);
}

/* Checks one node against its schema, finds node->op and sets its outputs' types and shapes. When
 * the node is one that shapes hang on, its outputs become constants and it leaves the graph. False
 * after a diagnostic, or quietly when an input is poisoned or the operator is unknown; the outputs
 * are poisoned then. read_net calls it for each node that it appends; infer() later finds the facts
 * set, and the same. */
bool infer_node(Graph *g, Node *node, Diags *diags);

/* ---- the context of inferring one node ---- */

struct Infer {
    Graph *graph;
    Node *node;
    Diags *diags;
};
/* For a definition that reads its node's geometry again: infer accepted it, so there is nothing to
 * report. */
static inline Infer infer_again(const Definer *d)
{
    return (Infer){d->graph, (Node *)d->node, NULL};
}

static inline Tensor *node_input(const Node *n, int i)
{
    return i < n->input_count ? n->inputs[i] : NULL;
}
static inline Tensor *node_output(const Node *n, int i)
{
    return i < n->output_count ? n->outputs[i] : NULL;
}
/* Sets type and shape of output i (nothing when it is unused). False with a diagnostic when a dim
 * is negative or the product overflows, or when the model declared another type or rank. */
bool infer_output(Infer *in, int i, Dtype dtype, int rank, const int64_t *dims);
/* An error on this node; adds the producers of its inputs as notes. Always false, so `return
 * infer_error(...)`. */
bool infer_error(Infer *in, const char *code, const char *format, ...) PRINTF(3, 4);
/* The last error's diagnostic, for diag_help and diag_note. */
Diagnostic *infer_last_error(Infer *in);
/* The constant integers of input i (i64, i32, ...), in the arena; NULL after a diagnostic that it
 * must be known at compile time. *count is its number of elements. */
const int64_t *infer_const_ints(Infer *in, int i, int64_t *count);
/* E0206: input i must be known at compile time, and is not. Says what its value depends on, and
 * names the inputs of the network that would make it known. Always false. */
bool infer_unknown(Infer *in, int i);
/* Where a tensor comes from, for notes: "is an input of the network", "comes from node 3 'conv'
 * (Conv)". */
const char *infer_origin(const Infer *in, const Tensor *t);
/* Numpy broadcasting of all inputs' shapes; false after a diagnostic that names both shapes and
 * their origins. */
bool infer_broadcast(Infer *in, int *rank, int64_t dims[MAX_RANK]);
/* Normalises an axis in -rank..rank-1; false after a diagnostic. `what` names it in the message. */
bool infer_axis(Infer *in, const char *what, int64_t axis, int rank, int *result);
/* For tables of elementwise operators: output 0 has the broadcast shape and the first input's type.
 */
bool infer_elementwise(Infer *in);
/* The same with a bool output (comparisons). */
bool infer_predicate(Infer *in);
void define_elementwise(Definer *d);

#endif
