/*
 * What an operator's inference must know at compile time: element types that attributes name, and
 * numbers that are inputs.
 */
#ifndef NETC_KNOWN_H
#define NETC_KNOWN_H

#include "op.h"

/* The element type of ONNX's number, which the slot of output 0 must take; DT_NONE after a
 * diagnostic. `attr` names where the number came from. */
Dtype known_type(Infer *in, const char *attr, int64_t number);
/* The elements of a list in an attribute as those of a tensor of that type, which holds them. */
const void *known_list(Arena *arena, const Attr *list, Dtype dtype);
/* Text of an attribute, which must be fit to be an element of a tensor; NULL after a diagnostic. */
const char *known_string(Infer *in, const Attr *a, String s);
/* A list of strings as the elements of a tensor; NULL after a diagnostic. */
const char **known_strings(Infer *in, const Attr *list);
/* Input i, when it is one number and its value is known; NULL after a diagnostic. */
const Tensor *known_number(Infer *in, int i);

#endif
