/* Names in generated C, whose headers C++ reads as well. */
#ifndef NETC_C_NAME_H
#define NETC_C_NAME_H

#include "base.h"

/* A word that means something already, in C, in C++ or where the headers of generated code are
 * included. */
bool c_name_is_reserved(const char *name);
/* May it name symbols: an identifier that is not reserved. */
bool c_name_is_good(const char *name);
/* In place: what identifiers do not have becomes '_'. */
void c_name_clean(char *name);
/* The nearest good name. */
const char *c_name_from(Arena *arena, const char *text);

#endif
