/*
 * Casts between numbers and strings, by functions of the runtime (netc_string_number.h): a number
 * as its shortest decimal, a string as the number that it is.
 */
#ifndef NETC_NUMBER_TEXT_H
#define NETC_NUMBER_TEXT_H

#include "op.h"

/* Whether a cast from or to strings has the types of input 0 and `to`; reports it otherwise. */
bool number_text_infer(Infer *in, Dtype to);
/* out = the strings of the numbers x. */
void number_text_write(Definer *d, Tensor *x, Tensor *out);
/* The numbers that the strings x are, in the widest type of the kind of `to`. */
Tensor *number_text_read(Definer *d, Tensor *x, Dtype to);

#endif
