/*
 * The table of diagnostic codes: what each is about. Codes are stable: a code is never given a
 * second meaning.
 */
#ifndef NETC_DIAG_CODES_H
#define NETC_DIAG_CODES_H

#include "carried.h"

typedef struct DiagCode {
    const char *code, *title;
} DiagCode;

extern const DiagCode diag_codes[]; /* sorted by code, ended by a row without a code */
const DiagCode *diag_code_find(const char *code); /* NULL when there is none */
const CarriedFile *
diag_code_page(const char *code); /* what `netc explain` says of one that is there */

#endif
