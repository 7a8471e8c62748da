/*
 * The words of .net text, for whoever writes it: names, numbers and tensors as grammar/LANGUAGE.md
 * has them.
 */
#ifndef NETC_PRINT_NET_H
#define NETC_PRINT_NET_H

#include "graph.h"

/* The name as it is, or in backticks when it is no plain word of the language. */
void print_name(Text *out, const char *name);
void print_string(Text *out, String s);
/* A float that reads back as exactly this value of the type; always with a point, an exponent or a
 * word. */
void print_float(Text *out, Dtype dtype, double value);
/* "f32[3, 4]" */
void print_type(Text *out, Dtype dtype, int rank, const int64_t *dims);
/* The elements of a tensor with data: one value when it is a scalar or all are the same, else a
 * flat list, wrapped and indented. */
void print_elements(Text *out, const Tensor *t, int indent);
/* The value of an attribute that is no graph. */
void print_attr_value(Text *out, const Attr *a, int indent);
/* "(x: f32[N, 3]) -> (y: f32[N, 4]) where N = 1" */
void print_net_signature(const Graph *g, Text *out);
/* All elements are the same bytes. */
bool print_is_uniform(const Tensor *t);

#endif
