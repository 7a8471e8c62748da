/*
 * What ONNX has and netc does not: operators that are known by name, with the reason why no network
 * here can have them. An operator that is neither here nor in the registry is unknown.
 */
#ifndef NETC_MISSING_H
#define NETC_MISSING_H

typedef struct MissingOp {
    const char *domain, *name; /* "" for ai.onnx */
    const char *reason;        /* completes "it is not supported: ..." */
} MissingOp;

extern const MissingOp missing_ops[]; /* by domain and name, ended by a row without a name */
const MissingOp *missing_find(const char *domain, const char *name); /* NULL when it is not there */

#endif
