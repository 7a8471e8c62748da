/*
 * What the files of the .net reader (read_net*.c) share: values, scopes, the state of reading one
 * file. Statements are executed once, top to bottom; what a layer or operator computes becomes
 * nodes of the Graph, everything else is known at once.
 *
 * A mistake is reported once and gives a poisoned value, which makes everything that uses it quiet.
 */
#ifndef NETC_READ_NET_H
#define NETC_READ_NET_H

#include "graph.h"
#include "op.h"
#include "read_net_ast.h"

enum {
    NET_DEFAULT_OPSET = 21,
    NET_MAX_OPSET = 1000,
    NET_MAX_ERRORS = 100,        /* then the rest is not read */
    NET_MAX_CALLS = 100,         /* blocks inside blocks */
    NET_MAX_IMPORTS = 50,        /* files that import files */
    NET_MAX_WARNINGS = 100,      /* of values that nothing reads */
    NET_MAX_ROUNDS = 10000,      /* of a repeat */
    NET_MAX_EXPANSIONS = 100000, /* rounds and calls of blocks in the whole net */
    NET_MAX_NODES = 1000000,     /* of the graph */
    NET_MAX_LIST = 1 << 22,      /* numbers of a list, in inner lists too */
    NET_MAX_LITERALS = 1 << 26   /* elements of all tensors that the file writes */
};

typedef enum ValueKind {
    VALUE_POISON,
    VALUE_OMITTED,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_BOOL,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_TENSOR,
    VALUE_TUPLE, /* several results: only between a call and its targets */
    VALUE_BLOCK,
    VALUE_LAYER,
    VALUE_GRAPH,
    VALUE_TYPE, /* of ONNX: kept by name only */
} ValueKind;

typedef struct Value Value;
typedef struct Scope Scope;
typedef struct Reader Reader;
typedef struct Module Module;
typedef struct NetLayer NetLayer;

struct Value {
    ValueKind kind;
    bool huge; /* an integer above INT64_MAX: `i` has its bits */
    Source source;
    union {
        int64_t i;
        double f;
        bool b;
        String s;
        Tensor *tensor;
        struct {
            Value *items;
            int count;
            int64_t size; /* of a list: numbers in it, in inner lists too */
        } list;           /* and tuple */
        struct {
            const NetDef *def;
            const Module *module; /* where the block was defined */
        } block;
        const NetLayer *layer;
        Graph *graph;
    };
};

/* A name and what it means from one statement on. */
typedef struct Binding {
    Value value;
    Source source;
    Source from; /* of a dimension that a tensor gave its size: where the tensor was made */
    bool used;
    bool quiet; /* not reported when unused */
    bool fixed; /* a constant, a parameter or a dimension: cannot be bound again */
    int order;  /* of statements, over the whole file */
    struct Binding *previous;
} Binding;

/* The names of one body: the file, a net, an instance of a block, a round of a repeat, an inner
 * graph. */
struct Scope {
    Scope *outer;         /* where names are looked up next */
    const Module *module; /* the file it is in */
    Map *names;           /* Binding, the newest */
    LIST(const char *) name_list;
    const char *path;     /* what instance paths begin with: "", "layer1[0]." */
    Map *kinds;           /* how many layers of each kind there are */
    Map *taken;           /* instance paths, with the place that took each */
    Map *assigned;        /* what the body's statements assign */
    const char *collapse; /* in a round of repeat whose body is one call of a block: the path of
                             that instance, the round's own */
};

/* A block by the name that a file gives it. */
typedef struct Block {
    const NetDef *def;
    const Module *module; /* where it was defined */
    Source source;        /* where the file got the name: its own definition, or the import */
} Block;

/* A file and what its names mean. */
struct Module {
    const File *file;
    const NetFile *ast;
    const char *id; /* the same for all ways to write its path */
    bool carried;   /* in the compiler's own library */
    bool bad;       /* it could not be read; that was reported */
    bool broken;    /* so is a file that it imports: unknown names are no news */
    Scope *scope;   /* constants */
    Map *blocks;    /* Block by name */
    LIST(const char *) block_names;
    const struct NetImport *import; /* that led here first; NULL: the net's own file */
    const Module *importer;         /* which waits for this file while it is read */
    int depth;
};

/* How the result of a call is named. Empty inside an expression. */
typedef struct Naming {
    const NetNames *targets; /* NULL: none */
    bool sole; /* the call is the only one of its statement, so that the target names the instance
                  too */
    const char *path; /* the instance path, when it is settled already; NULL otherwise */
} Naming;

/* Where expansion stands: a call of a block, or a round of a repeat. */
typedef struct Frame {
    struct Frame *outer;
    const char *what;
    const NetDef *block; /* NULL: a repeat */
    Source call;
} Frame;

typedef struct DeferredAssert {
    const NetExpr *condition;
    Scope *scope;
    Frame *frame;
    int order;
} DeferredAssert;

struct Reader {
    Arena *arena;
    Diags *diags;
    const ReadOptions *options;
    Module *home; /* the file of the net */
    Map *modules; /* by id */
    const NetDef *net;
    Graph *graph; /* that nodes go to: the net's, or an inner one */
    Graph *top;
    Scope *net_scope;
    Naming naming;
    Frame *frame;
    int frames, order, node_count, expansions;
    int64_t literals; /* elements written so far */
    Map *fresh;       /* int by stem: the last number of a made-up name */
    int as_of;        /* deferred asserts see the names of their place; 0: the newest */
    Map *reported;    /* places of errors inside expansions: each is reported once */
    bool stopped;
    LIST(DeferredAssert) asserts;
    LIST(Tensor *) params;   /* in the order they were made */
    int weight_errors;       /* of those that do not fit: missing ones are listed all the same */
    struct Weights *weights; /* what the files hold; NULL: no file */
};

/* ---- read_net_module.c: files ---- */

/* The syntax tree of m->file; false after diagnostics. */
bool module_parse(Reader *r, Module *m);
/* What its names mean: those of its imports, which are read first, its blocks and its constants. */
void module_define(Reader *r, Module *m);
/* NULL when no block has that name where the scope is. */
Block *module_block(const Scope *s, const char *name);
/* A path that stands in the file, relative to it. */
const char *module_beside(Reader *r, const Module *m, const char *path);

/* ---- read_net_mention.c: names that are only mentioned ---- */

/* What an expression that is not expanded would read counts as used. */
void mention_use(Reader *r, Scope *s, const NetExpr *e);
/* Warns of imports, blocks and constants of the file that it never mentions. */
void mention_warn_unused(Reader *r, const Module *m);

/* ---- read_net_scope.c: names, instance paths, errors ---- */

Scope *net_scope_new(Reader *r, Scope *outer, const char *path, const NetBody *body);
Binding *net_scope_bind(Reader *r, Scope *s, NetName name, Value value, bool quiet);
/* W0007 when the name means something outside, too. */
void net_scope_warn_hidden(Reader *r, const Scope *s, const NetName *name);
/* NULL when the name means nothing here. */
Binding *net_scope_find(Reader *r, const Scope *s, const char *name);
/* Names bound here and outside, for "did you mean". */
const char *net_scope_nearest(Reader *r, const Scope *s, const char *name);
/* Warns of values that nothing reads. */
void net_scope_warn_unused(Reader *r, const Scope *s);
/* The scope of a block or round that is called `_`: paths are those of the body around it. */
Scope *net_scope_unnamed(Reader *r, Scope *outer, const Scope *around, const NetBody *body);
/* The path of a new instance of `kind`, by the rules of LANGUAGE.md. */
const char *net_scope_instance(Reader *r, Scope *s, const char *kind, const NetAs *as,
                               const Naming *naming);
/* What `s->path` is of: "layer1[0]"; the net's name when it is "". */
const char *net_scope_owner(Reader *r, const Scope *s);
/* The name of the tensor that target `i` of an assignment gives; NULL when there is none, or a
 * later statement binds it again. */
const char *net_scope_tensor_name(Reader *r, const Scope *s, const Naming *naming, int i);
/* A name that no tensor (or node) of the graph has yet. */
const char *fresh_tensor_name(Reader *r, const char *stem);
const char *fresh_node_name(Reader *r, const char *stem);

/* An error with the trace of expansion; NULL when the same was reported of another instance.
 * diag_label and the like are given to what it returns only through net_label, net_note, net_help,
 * which take NULL. */
Diagnostic *net_error(Reader *r, const char *code, Source where, const char *format, ...)
    PRINTF(4, 5);
Diagnostic *net_verror(Reader *r, const char *code, Source where, const char *format, va_list args)
    PRINTF(4, 0);
/* The same for a warning; NULL after errors too, since what failed may explain it, and after
 * NET_MAX_WARNINGS. */
Diagnostic *net_warning(Reader *r, const char *code, Source where, const char *format, ...)
    PRINTF(4, 5);
void net_label(Diagnostic *d, Source where, const char *format, ...) PRINTF(3, 4);
void net_note(Diagnostic *d, const char *format, ...) PRINTF(2, 3);
void net_help(Diagnostic *d, const char *format, ...) PRINTF(2, 3);
/* "did you mean `x`?" when there is a near name. */
void net_suggest(Diagnostic *d, const char *nearest);
/* Counts a round or a call; false after a diagnostic when there are too many. */
bool net_expand(Reader *r, Source where);
/* For diagnostics that infer_node adds: true when this place was reported already. */
bool net_reported(Reader *r, Source where);
bool net_was_reported(Reader *r, Source where); /* the same, without noting it */
void net_trace(Reader *r, Diagnostic *d);

/* ---- read_net_value.c ---- */

extern const Value poison;
Value value_int(int64_t i, Source source);
Value value_float(double f, Source source);
Value value_bool(bool b, Source source);
Value value_list(Value *items, int count, Source source);
Value value_tensor(Tensor *t, Source source);
const char *value_kind_name(const Value *v);          /* "a tensor", "an integer" */
const char *value_text(Arena *arena, const Value *v); /* as it would be written; tensors by type */
bool value_is_number(const Value *v);
double value_number(const Value *v);
bool value_has_poison(const Value *v);
bool value_equal(const Value *a, const Value *b);

/* ---- read_net_literal.c: tensors from written values ---- */

/* Data of `dtype` and shape; NULL after a diagnostic. The value is one element, a flat list or one
 * nested as the shape. */
const void *literal_data(Reader *r, const Value *v, Dtype dtype, int rank, const int64_t *dims);
/* The shape of a nested list; false after a diagnostic when it is ragged. */
bool literal_shape(Reader *r, const Value *v, int *rank, int64_t dims[MAX_RANK]);
/* The element type of its own: i64, f32, bool, string. */
Dtype literal_dtype(const Value *v);
/* A constant of the graph; NULL after a diagnostic. */
Tensor *literal_tensor(Reader *r, const Value *v, Dtype dtype, const char *name);
/* A constant list of i64. */
Tensor *int_list_tensor(Reader *r, const char *name, const int64_t *items, int count);

/* ---- read_net_type.c: types and named dimensions ---- */

/* The dims of a written type, with every name known; false after a diagnostic. */
bool type_dims(Reader *r, Scope *s, const NetType *type, int64_t dims[MAX_RANK]);
/* Checks a tensor against a written type. Names that have no size yet get theirs here. False after
 * a diagnostic. */
bool type_unify(Reader *r, Scope *s, const NetType *type, const Tensor *t, const char *what,
                NetName name);
/* The sizes of names that `where`, --dim and --dim-default give. */
void type_bind_where(Reader *r, Scope *s, const NetDef *net);
/* An input of the net; NULL after a diagnostic. */
Tensor *type_input(Reader *r, Scope *s, const NetParam *input);
const char **type_dim_names(Reader *r, const NetType *type);

/* ---- read_net_eval.c: expressions ---- */

Value eval(Reader *r, Scope *s, const NetExpr *e);
/* The tensor of TYPE VALUE, not in the graph; NULL after a diagnostic. */
Tensor *eval_tensor(Reader *r, Scope *s, const NetExpr *typed);
/* The value as an integer; false after a diagnostic. `what` says what for. */
bool eval_int(Reader *r, Scope *s, const NetExpr *e, const char *what, int64_t *result);
bool eval_bool(Reader *r, Scope *s, const NetExpr *e, const char *what, bool *result);

/* ---- read_net_arith.c ---- */

Value net_arith_binary(Reader *r, Scope *s, const NetExpr *e, Value a, Value b,
                       const Naming *naming);
Value net_arith_unary(Reader *r, Scope *s, const NetExpr *e, Value a, const Naming *naming);

/* ---- read_net_body.c: statements ---- */

/* Executes a body. Its `return`, or last expression, is the result; VALUE_OMITTED when it has none.
 */
Value body_run(Reader *r, Scope *s, const NetBody *body);
void body_declare(Reader *r, Scope *s, const NetStmt *stmt);

/* ---- read_net_call.c: calls and blocks; read_net_repeat.c ---- */

Value call_eval(Reader *r, Scope *s, const NetExpr *e, Naming naming);
Value repeat_eval(Reader *r, Scope *s, const NetExpr *e, Naming naming);
Value block_value(const Block *block, Source source);

/* ---- read_net_operator.c: ONNX operators; read_net_graph.c: inner graphs, outputs ---- */

/* Before the body: so that its outputs are not folded away. */
void graph_name_outputs(Reader *r, const NetDef *def);
/* W0010 of the net's outputs. */
void graph_warn_constant_outputs(Reader *r, const NetDef *def);
/* Makes what the body bound to the outputs' names, or `result` in their order, the outputs of
 * r->graph. */
void graph_bind_outputs(Reader *r, Scope *s, const NetDef *def, const Value *result);

Value operator_call(Reader *r, Scope *s, const NetExpr *e, Naming naming);
Value graph_eval(Reader *r, Scope *s, const NetExpr *e);

/* ---- read_net_node.c: nodes of the graph ---- */

/* A node with its inputs unset, of ai.onnx at the file's version or `since`, whichever is newer. */
Node *node_new(Reader *r, Source source, const char *op_type, int since, const char *name,
               int inputs, int outputs);
/* Gives the outputs their tensors and infers. Poison after a diagnostic; a tuple when there are
 * several outputs. */
Value node_finish(Reader *r, Scope *s, Node *node, const Naming *naming);
void node_int(Reader *r, Node *node, const char *name, int64_t value);
void node_float(Reader *r, Node *node, const char *name, double value);
void node_text(Reader *r, Node *node, const char *name, const char *value);
void node_ints(Reader *r, Node *node, const char *name, const int64_t *values, int count);

/* ---- read_net_layer.h has the layers ---- */

const NetLayer *layer_find(const char *name);
Value layer_call(Reader *r, Scope *s, const NetExpr *e, const NetLayer *layer, Naming naming);
/* Names of layers, for "did you mean". */
int layer_names(const char **names, int most);

/* ---- read_net_function.c: channels(x), params(path), ... and asserts ---- */

typedef struct NetFunction NetFunction;
const NetFunction *function_find(const char *name);
int function_names(const char **names, int most);
Value function_call(Reader *r, Scope *s, const NetExpr *e, const NetFunction *f);
void asserts_check(Reader *r);
/* True after a diagnostic inside an assertion, which may ask about tensors but makes none. */
bool assert_computes(Reader *r, Source where);

/* ---- read_net_weights.c, read_net_init.c: data of parameters ---- */

/* Reads the files that the head of the .net and --weights-from name. */
void weights_open(Reader *r);
/* Every parameter without data is given here when it is made, so that shapes may hang on what is in
 * the files. */
void weights_give(Reader *r, Tensor *param);
/* Reports tensors of the files that no parameter took, and parameters that got none. */
void weights_finish(Reader *r);
bool weights_have_names(const Reader *r);
/* The metadata of the files of weights; NULL when none has the key. */
const char *weights_name(const Reader *r, const char *key);

/* ---- read_net_names.c ---- */

/* Gives nodes and tensors the names that the network had for them from which the text was printed.
 */
void names_restore(Reader *r);

/* ---- read_net_init.c ---- */

/* Fills parameters without data from the seed: a function of the seed and the parameter's path
 * alone. */
void init_fill(Reader *r);

#endif
