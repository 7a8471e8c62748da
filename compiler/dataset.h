/*
 * What a network is run on: files of inputs, and of the outputs that are expected. Words of the
 * command line come in, tensors in the order of the graph's inputs and outputs go out.
 */
#ifndef NETC_DATASET_H
#define NETC_DATASET_H

#include "commands.h"
#include "datafile.h"

/* Files in order; each is FILE or NAME=FILE. */
typedef LIST(const char *) FileNames;

typedef struct Dataset {
    const char *name;
    FileNames inputs, outputs;
} Dataset;
typedef LIST(Dataset) Datasets;

/* Each dataset is a folder (input_0.pb, output_0.pb, ..., or .npy), a pair of words X.in.npy
 * X.out.npy, or one word IN,...:OUT,... . False after an error on standard error. */
bool datasets_parse(Arena *arena, const char *const *words, int count, Datasets *out);

/* Reads the files for a list of the graph's tensors: out[i] is for wanted[i]. A file goes where
 * NAME says; the rest by the names of their tensors when every one of them is wanted, else in
 * order. Types and shapes must agree. `what` is "input" or "output". False after errors on standard
 * error. */
bool dataset_read(const Job *job, const FileNames *files, Tensor *const *wanted, int count,
                  const char *what, DataTensor *out);

/* Sizes of named dimensions that the command line leaves open, from the inputs: they join
 * options->read. Quiet about whatever cannot be read; the stages and dataset_read will say it. */
void dataset_bind_dims(const Job *job, const FileNames *inputs);

#endif
