/*
 * Random numbers as functions of a position: element i of a stream is a hash of the stream's key
 * and i, so that it needs no state, is the same on every machine and for any number of threads, and
 * folds where a whole tensor is drawn. The hash is the finaliser of SplitMix64 (Steele, Lea, Flood:
 * Fast Splittable Pseudorandom Number Generators, 2014) of key + i * 0x9e3779b97f4a7c15.
 */
#ifndef NETC_RANDOM_H
#define NETC_RANDOM_H

#include "op.h"

/* The key of a node's stream: from its attribute seed; without one, from its name, so that nodes
 * draw differently. */
uint64_t random_key(const Node *n);
/* Called by inference: the graph draws at random, so that nobody takes what comes out for what
 * another implementation gives. */
void random_mark(Infer *in);
/* A number of `dtype` (f32 or f64), uniform over 0 <= u < 1, on a grid of 2^-24 or 2^-53;
 * `position` is an i64. */
Expr *random_uniform(Pool *p, uint64_t key, Dtype dtype, Expr *position);
/* From the normal distribution of mean 0 and variance 1: Box and Muller's cosine of two uniform
 * numbers, at twice the position and after it. */
Expr *random_normal(Pool *p, uint64_t key, Dtype dtype, Expr *position);

#endif
