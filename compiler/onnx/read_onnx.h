/*
 * What the files read_onnx*.c share: the state of reading one model, and the scopes its names live
 * in.
 */
#ifndef NETC_READ_ONNX_H
#define NETC_READ_ONNX_H

#include "graph.h"
#include "onnx_tensor.h"

enum {
    MOST_NODES = 1 << 18,  /* with functions inlined: a small file must not expand without end */
    MOST_SCOPES = 40,      /* graphs and function calls in each other */
    MOST_ATTRIBUTES = 200, /* of a node: no operator of ONNX has 40 */
    MOST_MESSAGES = 100,   /* after which the rest of a damaged model is not looked at */
    NEWEST_IR = 13,
    NEWEST_OPSET = 27,  /* of ai.onnx */
    DEFAULT_OPSET = 21, /* of what passes add to a model without operators of ai.onnx; as in .net */
};

/* The newest opset version of each domain that is imported: "" is ai.onnx. */
typedef struct Opsets {
    LIST(struct Opset {
        const char *domain;
        int version;
    })
    list;
} Opsets;
int opset_version(const Opsets *opsets, const char *domain); /* 0: not imported */

typedef struct Symbol {
    const char *name;
    int64_t size;      /* -1: not set */
    const char *place; /* where it was met first: "dimension 0 of input 'x'" */
    bool of_input;
} Symbol;

typedef struct Reader {
    OnnxFile file;
    Arena *scratch; /* freed when the model is read */
    const ReadOptions *options;
    const Onnx__ModelProto *model;
    Map *functions; /* Onnx__FunctionProto by function_key */
    Map *taken;     /* value names of the main graph: not for what inlining makes */
    LIST(Symbol *) symbols;
    Map *symbol_by_name;
    Map *calls; /* by name of a call: how many have had it (int *) */
    int nodes;  /* looked at so far */
    int depth;  /* of graphs and calls being read */
} Reader;

/* A name of the file in some scope, and what it is in the graph. */
typedef struct Value {
    Tensor *tensor; /* NULL: an input that was omitted, or one that was reported */
    Source where;
} Value;

/* An attribute as the caller of a function wrote it, with the scope that its subgraphs capture
 * from. */
typedef struct Binding {
    const Onnx__AttributeProto *attr;
    const struct Scope *scope;
} Binding;

/* Where names mean something: a graph, or the body of a function while it is inlined into a graph.
 */
typedef struct Scope {
    const struct Scope *
        outer; /* of a subgraph: what it captures from; NULL for the main graph and for functions */
    const struct Scope *caller; /* of a function */
    Graph *graph;
    Map *values;        /* Value by name */
    Map *declared;      /* Onnx__TypeProto by name */
    Map *final_names;   /* in a function: the name in the caller of each of its outputs */
    const char *prefix; /* of the names it makes: "" or "call/" */
    const Opsets *opsets;
    const Onnx__FunctionProto *function; /* whose body this is, or is in; NULL none */
    Map *bindings;                       /* Binding by attribute name; NULL outside functions */
} Scope;

bool reader_full(const Reader *r); /* so many errors or nodes that it is time to stop */
const char *text_or_empty(const char *text);
static inline const char *domain_of(const char *domain)
{
    return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}
Source PRINTF(2, 3) element(Reader *r, const char *format, ...);
void PRINTF(4, 5) read_error(Reader *r, const char *code, Source where, const char *format, ...);

/* read_onnx.c */
const Opsets *read_opsets(Reader *r, Onnx__OperatorSetIdProto *const *imports, size_t count,
                          Source where);

/* read_onnx_graph.c */
Scope *scope_new(Reader *r, Graph *g, const Scope *outer);
Value *scope_find(const Scope *s, const char *name); /* here or, in a subgraph, outside */
/* Makes `name` mean `tensor`; an error when it means something already. */
void scope_define(Reader *r, Scope *s, const char *name, Tensor *tensor, Source where);
void read_graph(Reader *r, Scope *s, const Onnx__GraphProto *proto);
/* After an error: the node's outputs are defined as nothing, so that their readers stay quiet. */
void poison_outputs(Reader *r, Scope *s, const Onnx__NodeProto *node, Source where);
void read_nodes(Reader *r, Scope *s, Onnx__NodeProto *const *nodes, size_t count);
/* A graph attribute, as a Graph of its own. NULL after a diagnostic. */
Graph *read_subgraph(Reader *r, const Scope *s, const Onnx__GraphProto *proto, Source where);
void declare_values(Reader *r, Scope *s, Onnx__ValueInfoProto *const *infos, size_t count);
/* An Identity of `from` in the scope's graph. */
Tensor *new_alias(Reader *r, Scope *s, const char *name, Tensor *from, Source where);

/* read_onnx_attr.c */
void read_attributes(Reader *r, const Scope *s, Node *node, const Onnx__NodeProto *proto);

/* read_onnx_type.c */
/* Type and shape of an input; false after a diagnostic. Unset symbols are collected, and their
 * sizes read as 1. */
bool read_input_type(Reader *r, const Onnx__ValueInfoProto *info, Source where, DataTensor *type,
                     const char **dim_names);
/* What is known of a declared type; NULL when it says nothing. */
const Declared *read_declared(Reader *r, const Onnx__TypeProto *type, Source where);
const char **read_dim_names(Reader *r, const Onnx__TypeProto *type);
/* Reports the symbols without a size, all in one, and the options that name no symbol. */
void report_symbols(Reader *r);

/* read_onnx_list.c */
/* A sequence or an optional of tensors. */
bool is_list_input(const Onnx__ValueInfoProto *info);
/* The value that stands for it, made of inputs of the graph; NULL after a diagnostic. `position` is
 * the input's among those of the model. */
Tensor *read_list_input(Reader *r, Scope *s, const Onnx__ValueInfoProto *info, int position,
                        Source where);

/* Warns of options that name no such input. */
void report_list_options(Reader *r);

/* read_onnx_sort.c */
/* The order in which the nodes can be executed, the file's own where possible; NULL after a
 * diagnostic on a cycle. */
const int *sort_nodes(Reader *r, Onnx__NodeProto *const *nodes, size_t count);

/* read_onnx_function.c */
void read_functions(Reader *r);
const Onnx__FunctionProto *find_function(Reader *r, const Onnx__NodeProto *node);
/* Puts the function's body in the place of the node that calls it. */
void inline_call(Reader *r, Scope *s, const Onnx__NodeProto *call, const char *name,
                 const Onnx__FunctionProto *f, Source where);
/* The attribute itself or what it refers to, and the scope it was written in; NULL: it refers to
 * one that is absent. */
const Onnx__AttributeProto *resolve_attribute(const Scope **s, const Onnx__AttributeProto *a);

#endif
