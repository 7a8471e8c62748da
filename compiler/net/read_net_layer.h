/*
 * Layers of the .net language: what a row of the table says about one, and what its builder works
 * with. The rows are in read_net_layers_*.c, each with its builder; read_net_layer.c matches a
 * call's arguments and collects the tables.
 */
#ifndef NETC_READ_NET_LAYER_H
#define NETC_READ_NET_LAYER_H

#include "read_net.h"

enum { LAYER_MAX_ARGS = 14, MAX_SPATIAL = MAX_RANK - 2 };

typedef enum ArgKind {
    ARG_TENSOR,
    ARG_TENSORS, /* a list of at least one */
    ARG_INT,
    ARG_INTS, /* an integer or a list of them */
    ARG_FLOAT,
    ARG_BOOL,
    ARG_TEXT,
    ARG_PAD,    /* integers or "same" */
    ARG_DATA,   /* a tensor, a number or a list of numbers */
    ARG_SWITCH, /* data, or true or false */
} ArgKind;

typedef struct LayerArg {
    const char *name;
    ArgKind kind;
    bool required;
} LayerArg;

typedef struct LayerCall {
    Reader *r;
    Scope *s;
    const NetLayer *layer;
    const NetExpr *e;
    Value values[LAYER_MAX_ARGS]; /* VALUE_OMITTED when not given */
    const char *path;
    Naming naming;
    Tensor *x;        /* the first argument's, or the first of its list */
    bool list_missed; /* tensors were given one by one where a list is wanted */
    Dtype dtype;      /* of parameters: x's unless the builder says otherwise */
} LayerCall;

struct NetLayer {
    const char *name;
    Value (*build)(LayerCall *c);
    LayerArg args[LAYER_MAX_ARGS]; /* in order, the first is what a pipe gives; ended by a row
                                      without a name */
    const char *op_type;           /* for builders that several layers share; NULL otherwise */
    int since;
};

/* The tables, each ended by a row without a name. */
extern const NetLayer layers_conv[], layers_pool[], layers_dense[], layers_activation[],
    layers_norm[], layers_shape[], layers_join[], layers_reduce[];

/* ---- arguments; the name must be one of the layer's ---- */

const Value *arg_value(const LayerCall *c, const char *name);
bool arg_given(const LayerCall *c, const char *name);
int64_t arg_int(const LayerCall *c, const char *name, int64_t otherwise);
double arg_float(const LayerCall *c, const char *name, double otherwise);
bool arg_bool(const LayerCall *c, const char *name, bool otherwise);
/* An integer for each of `count` dimensions, one standing for all; at least `least`. False after a
 * diagnostic. */
bool arg_ints(LayerCall *c, const char *name, int count, int64_t otherwise, int64_t least,
              int64_t *out);
/* A list of any length up to MAX_RANK, a single integer being a list of one; -1 after a diagnostic.
 */
int arg_list(LayerCall *c, const char *name, int64_t out[MAX_RANK]);
/* An axis of x, from 0; false after a diagnostic. */
bool arg_axis(LayerCall *c, const char *name, int64_t otherwise, int rank, int *axis);
/* One of the words, ended by NULL; -1 after a diagnostic. */
int arg_choice(LayerCall *c, const char *name, const char *const *words);

/* ---- building ---- */

/* An error about the layer at the call, labelled with x's type where x was made. E0412 unless
 * another code says more. */
Diagnostic *layer_error(LayerCall *c, const char *code, const char *format, ...) PRINTF(3, 4);
/* False after a diagnostic unless x has at least so many dimensions; `shape` says which, as "N x C
 * x ...". */
bool layer_rank(LayerCall *c, int least, const char *shape);
/* A learned parameter PATH.suffix; running statistics are not `trainable`. */
Tensor *layer_param(LayerCall *c, const char *suffix, bool trainable, int rank,
                    const int64_t *dims);
/* The same unless argument `name` gives it: data for it, or a tensor of that shape. NULL after a
 * diagnostic, or when it is false. */
bool layer_weight(LayerCall *c, const char *name, bool otherwise, int rank, const int64_t *dims,
                  Tensor **weight);
/* A constant scalar of x's type. */
Tensor *layer_scalar(LayerCall *c, double value);
/* A constant beside the layer, PATH.suffix. */
Tensor *layer_ints(LayerCall *c, const char *suffix, const int64_t *items, int count);
/* The layer's node (suffix NULL) or one on the way to it, PATH.suffix. */
Node *layer_node(LayerCall *c, const char *suffix, const char *op_type, int since, int inputs,
                 int outputs);
/* Infers; the tensor of the node's first output, or NULL after a diagnostic. */
Tensor *layer_step(LayerCall *c, Node *node);
/* The layer's value. */
Value layer_done(LayerCall *c, Node *node);

#endif
