/*
 * What a network is run on: files of inputs, and of the outputs that are expected. Words of the
 * command line come in, tensors matched with the graph's inputs and outputs go out.
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

/* A tensor of a file. */
typedef struct DataFile {
    const char *name; /* behind NAME=; NULL: none given */
    const char *path;
    DataTensor tensor;
    bool placed;
} DataFile;

/* Tensors of the network that files are for. */
typedef struct Wanted {
    const char *what; /* "input" or "output" */
    Tensor *const *tensors;
    int count;
    const bool *baked; /* those that have a value already, and need no file; NULL: none */
} Wanted;

/* The expected outputs of a network that is inferred; false after errors. */
bool dataset_outputs(const Job *job, const FileNames *files, DataTensor *out);

/* What files hold for the inputs that a model declares. It is read before the model is compiled,
 * for it may decide sizes of dimensions and values of baked inputs. */
typedef struct Given {
    const Graph *declared;
    const ReadOptions *options; /* with which it was read */
    const DataFile **files;     /* of each of its inputs, or NULL */
} Given;

/* The sequences and optionals among input files: how many elements each has joins options->lists,
 * unless it is there. To be done before the model's inputs are read. */
void given_lists(Arena *arena, const FileNames *files, ReadOptions *options);
/* False after errors on standard error. */
bool given_read(const Job *job, const Graph *declared, const FileNames *files, Given *out);
/* NULL when there is no file for it. */
const DataFile *given_find(const Given *given, const char *input);
/* Sizes of named dimensions that the options leave open. */
void given_bind_dims(Arena *arena, const Given *given, ReadOptions *options);
/* What the inputs that the compiled network has take; false after errors. */
bool given_inputs(const Job *job, const Given *given, DataTensor *out);

#endif
