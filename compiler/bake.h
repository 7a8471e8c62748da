/*
 * Inputs of a network that become constants: `--bake INPUT=FILE`, and what verify takes from its
 * data sets. Their values are read here and put in the graph's place for them before anything is
 * inferred, so that all later stages see a constant.
 */
#ifndef NETC_BAKE_H
#define NETC_BAKE_H

#include "datafile.h"
#include "graph.h"

/* `out` becomes `options` with the values of all bakes read, and with sizes for the named
 * dimensions that only they tell. False after diagnostics. */
bool bake_read(Arena *arena, const char *model, const ReadOptions *options, ReadOptions *out,
               Diags *diags);
/* For readers, when the graph has its inputs and no nodes: those that are baked become constants
 * and are inputs no more. Reports what is no input or does not fit. */
void bake_inputs(Graph *g, const ReadOptions *options, Diags *diags);

/* Sizes for t's named dimensions that the options leave open, from a tensor that is for it. */
void bake_bind_dims(Arena *arena, ReadOptions *options, const Tensor *t, const DataTensor *data);
/* A copy whose lists can grow without those of `options` doing so. */
ReadOptions bake_copy_options(Arena *arena, const ReadOptions *options);

#endif
