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
/* Input i, when it is one number and its value is known; NULL after a diagnostic. */
const Tensor *known_number(Infer *in, int i);

#endif
