/*
 * What the makers of random statements share: values to choose from, text to write calls in. Each
 * add_* adds one statement or a few, or none where nothing suits or the front end refuses.
 */
#ifndef RANDOM_OPERATORS_H
#define RANDOM_OPERATORS_H

#include "network.h"

/* ---- operators.c: choosing ---- */

typedef bool (*Wanted)(const Value *v);

bool is_f32(const Value *v);
bool is_real(const Value *v);
bool is_exact(const Value *v);
bool is_number(const Value *v);
bool is_integer(const Value *v);
bool is_bool(const Value *v);
bool is_any(const Value *v);
bool is_comparable(const Value *v); /* exact, so that equal elements are equal everywhere */
bool is_image(const Value *v);      /* [n, c, spatial...] */
bool is_plane(const Value *v);
bool is_matrix(const Value *v);
bool has_rank(const Value *v);

/* A value of the wanted kind, a new one rather than an old; -1: there is none. */
int pick(Network *n, Wanted wanted);
Fill random_fill(Network *n, Dtype dtype);
bool broadcasts_to(const Value *v, const Value *to);
/* Another operand for value x: one that there is, or a new leaf, of its shape or one that
 * broadcasts to it. */
int operand(Network *n, int x, bool exact);
int random_channels(Network *n);
void random_list(Network *n, int64_t *items, int count, int least, int most);

/* ---- operators.c: text ---- */

/* A call being written, with room to spare for every operator here. */
typedef struct CallText {
    char text[2000];
    size_t length;
} CallText;

void put(CallText *c, const char *format, ...) PRINTF(2, 3);
/* ", i64[2] [1, 2]" and ", name: [1, 2]" */
void put_indices(CallText *c, const int64_t *items, int count);
void put_attribute(CallText *c, const char *name, const int64_t *items, int count);
int add(Network *n, int outputs, bool exact, const CallText *c);

/* ---- layers.c, elements.c, movement.c ---- */

void add_convolution(Network *n);
void add_block(Network *n);
void add_transposed(Network *n);
void add_pool(Network *n);
void add_global(Network *n);
void add_channel_normal(Network *n);
void add_row_normal(Network *n);
void add_matmul(Network *n);
void add_matmul_pair(Network *n);
void add_gemm(Network *n);
void add_einsum(Network *n);
void add_recurrent(Network *n);
void add_unary(Network *n);
void add_binary(Network *n);
void add_where(Network *n);
void add_cast(Network *n);
void add_reduction(Network *n);
void add_extremes(Network *n);
void add_scan(Network *n);
void add_transpose(Network *n);
void add_reshape(Network *n);
void add_slice(Network *n);
void add_split(Network *n);
void add_concat(Network *n);
void add_pad(Network *n);
void add_gather(Network *n);
void add_stretch(Network *n);
void add_squeeze(Network *n);
void add_plane(Network *n);

#endif
