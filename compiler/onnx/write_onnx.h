/*
 * An inferred graph as an ONNX file. One version of each domain's operators is imported, so nodes
 * of different versions must mean the same in one that all can have.
 */
#ifndef NETC_WRITE_ONNX_H
#define NETC_WRITE_ONNX_H

#include "graph.h"

/* Writes PATH, and with `external`, or where it would take more than 2 GB, the weights to
 * PATH.data. False after diagnostics. */
bool write_onnx(const Graph *g, const char *path, bool external, Diags *diags);

/* ---- write_onnx_version.c ---- */

typedef struct OpsetVersion {
    const char *domain;
    int version;
} OpsetVersion;
typedef LIST(OpsetVersion) OpsetVersions;

/* The version of each domain in which all of its nodes mean what they mean. False after
 * diagnostics. */
bool onnx_versions(const Graph *g, OpsetVersions *out, Diags *diags);

#endif
