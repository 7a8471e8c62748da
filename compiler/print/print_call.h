/*
 * What a structured .net is printed from: calls of layers, operators and blocks, as they will stand
 * in the text. print_call.c makes them of the graph's nodes, print_group.c finds the runs of them
 * that are instances of a block, print_body.c writes them.
 */
#ifndef NETC_PRINT_CALL_H
#define NETC_PRINT_CALL_H

#include "graph.h"

typedef enum CallKind { CALL_LAYER, CALL_OPERATOR, CALL_ARITH, CALL_BLOCK } CallKind;

typedef enum Given {
    GIVEN_VALUE,   /* inputs.items[input] */
    GIVEN_VALUES,  /* all inputs, as a list */
    GIVEN_NOTHING, /* _ */
    GIVEN_WEIGHT, /* a tensor that is declared before the statement; its dims follow as GIVEN_DIM */
    GIVEN_DIM,
    GIVEN_TEXT, /* what is written */
} Given;

/* The kinds of written values that a block's parameter may have. */
typedef enum TextType { TEXT_OTHER, TEXT_INT, TEXT_FLOAT, TEXT_LIST, TEXT_BOOL } TextType;

typedef struct PrintArg {
    const char *name; /* NULL: by place */
    Given given;
    int input;
    const Tensor *weight;
    const char *text;
    TextType type;
    int64_t number;        /* of TEXT_INT */
    bool by_place;         /* the name is not written */
    const char *otherwise; /* the text that need not be written; NULL: none */
} PrintArg;
typedef LIST(PrintArg) PrintArgs;

typedef LIST(const Tensor *) PrintTensors;

typedef struct PrintCall {
    CallKind kind;
    const char *callee;  /* as it is written: "conv", "Conv@11", "+" */
    PrintTensors inputs; /* computed tensors, inputs of the net, and constants that are declared for
                            several calls */
    PrintArgs args;
    const Tensor *const *outputs; /* NULL for what nobody reads */
    int output_count;
    const char *scope; /* what the names of its nodes begin with; for one node, all of it */
    const struct PrintBlock *block;
} PrintCall;
typedef LIST(PrintCall *) PrintCalls;

/* A parameter of a block that is no tensor. */
typedef struct PrintParam {
    const char *name;
    TextType type;
    const char *otherwise; /* its default; NULL: none */
} PrintParam;

typedef struct PrintBlock {
    const char *name;
    PrintCalls
        calls; /* of the first instance, what differs between instances replaced by parameters */
    PrintTensors inputs, outputs; /* of the first instance */
    LIST(PrintParam) params;
    bool asks_input; /* something is a multiple of channels(x): that name keeps its meaning */
} PrintBlock;
typedef LIST(PrintBlock *) PrintBlocks;

typedef struct CallMaker {
    Arena *arena;
    const Graph *graph;
    const int *uses; /* by tensor id */
} CallMaker;

/* The calls of all nodes, in order. */
void print_calls(const CallMaker *m, PrintCalls *calls);
/* The layer that makes nodes[at] and those after it: how many of them, 0 when there is none. */
int print_layer(const CallMaker *m, int at, PrintCall *call);
/* A constant that is declared once, outside of what reads it. */
bool print_is_shared(const CallMaker *m, const Tensor *t);
/* Its few elements can be written out. */
bool print_is_short(const Tensor *t);

/* ---- adding arguments ---- */

void call_value(const CallMaker *m, PrintCall *c, const char *name, const Tensor *t);
PrintArg *call_text(const CallMaker *m, PrintCall *c, const char *name, TextType type,
                    const char *text);
void call_int(const CallMaker *m, PrintCall *c, const char *name, int64_t value,
              const char *otherwise);
void call_float(const CallMaker *m, PrintCall *c, const char *name, double value,
                const char *otherwise);
/* One number where all are alike, else a list. */
void call_ints(const CallMaker *m, PrintCall *c, const char *name, const int64_t *values, int count,
               const char *otherwise);
void call_bool(const CallMaker *m, PrintCall *c, const char *name, bool value, bool otherwise);

/* ---- repeated structure: print_group.c ---- */

/* Replaces runs of calls that are instances of one another by calls of blocks. */
void print_group(const CallMaker *m, PrintCalls *calls, PrintBlocks *blocks);

/* ---- text: print_body.c ---- */

/* The statements of a block, or of the net (block NULL), whose inputs include the constants
 * declared for several calls. */
void print_body(const CallMaker *m, const PrintCalls *calls, const PrintTensors *inputs,
                const PrintTensors *outputs, const PrintBlock *block, Text *out);
/* What a block calls its i-th tensor. */
const char *print_input_name(Arena *arena, int i);

#endif
