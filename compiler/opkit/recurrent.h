/*
 * What RNN, GRU and LSTM share: the shapes of their inputs and outputs, their activation functions,
 * and the unrolling of a sequence into steps whose states are temporaries.
 */
#ifndef NETC_RECURRENT_H
#define NETC_RECURRENT_H

#include "op.h"

enum {
    RECURRENT_X,
    RECURRENT_W,
    RECURRENT_R,
    RECURRENT_B,
    RECURRENT_LENGTHS,
    RECURRENT_H,
    RECURRENT_C,
    RECURRENT_P
};

/* The sizes of a node, read from its input, weights and attributes. */
typedef struct Recurrent {
    int64_t steps, batch, inputs, hidden;
    int directions;       /* 1 or 2 */
    bool reverse;         /* the only direction runs backwards */
    bool batch_first;     /* layout 1 */
    int gates, functions; /* of the operator: activation functions of one direction */
} Recurrent;

/* Checks everything and sets the outputs; false after a diagnostic. */
bool recurrent_infer(Infer *in, int gates, int functions);
Recurrent recurrent_of(const Node *n, int gates, int functions);
int64_t recurrent_macs(const Node *n, int gates);

/* A state of one direction: the initial one, or what a step made. */
typedef struct State {
    Tensor *t;     /* NULL: zeros */
    int direction; /* of the initial state: where it is in t; -1 for a step's, which is [1, 1,
                      batch, hidden] or [batch, 1, 1, hidden] */
} State;

/* One direction being unrolled. */
typedef struct Direction {
    Definer *d;
    const Recurrent *r;
    int index; /* 0 or 1: of the weights */
    bool backward;
    Tensor *
        projected; /* [step, batch, gates * hidden]: the input's part of every gate, biases added */
    int64_t step;
} Direction;

/* One step: from the states before it (h, and c where the operator has one) to those after it. */
typedef void RecurrentStep(Direction *dir, State *h, State *c);
/* Defines all outputs by unrolling. `inner_biases`: how many gates have both their biases added to
 * the projection; the operator adds the other recurrent ones. */
void recurrent_define(Definer *d, const Recurrent *r, int inner_biases, RecurrentStep *step);

/* A state's value for a sample and a hidden unit; wide. */
Expr *recurrent_state(const Direction *dir, const State *s, Expr *sample, Expr *unit);
/* The projection of this step for a sample and row of the gates. */
Expr *recurrent_projection(const Direction *dir, Expr *sample, Expr *row);
/* sum(j: value(j) * R[row, j]) with the state, or with a temporary [batch, hidden]; NULL for a
 * state of zeros. */
Expr *recurrent_product(const Direction *dir, const State *h, Tensor *instead, Expr *sample,
                        Expr *row);
/* B's element (inputs' biases first, then the recurrent ones); zero when there is no B. */
Expr *recurrent_bias(const Direction *dir, Expr *row);
/* Activation function `which` (0: f, 1: g, 2: h) of x, after clipping. */
Expr *recurrent_activation(const Direction *dir, int which, Expr *x);
/* A temporary [batch, columns] of this step. */
Tensor *recurrent_temporary(const Direction *dir, const char *name, int64_t columns);
/* Records the step's new state; samples whose sequence has ended keep the old one. The body is in
 * terms of the sample and unit made by recurrent_unit. */
typedef struct Unit {
    Var *vars[2];
    Expr *sample, *unit;
} Unit;
Unit recurrent_unit(const Direction *dir, int64_t columns);
State recurrent_store(Direction *dir, const char *name, const Unit *u, const State *before,
                      Expr *body);

#endif
