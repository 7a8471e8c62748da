/*
 * Tensors in files: .npy, .npz, .safetensors, ONNX's .pb test data, the initializers of an .onnx, a folder of .npy.
 * Used for weights, for inputs and expected outputs, and by print for the weights beside a .net.
 *
 * Data is in memory form (dtype.h): row-major, little-endian, aligned to its element, bools 0 or 1. It points into the
 * mapped file where that is so already, and is copied otherwise; either way it lives as long as the arena.
 */
#ifndef NETC_DATAFILE_H
#define NETC_DATAFILE_H

#include "diag.h"
#include "dtype.h"

typedef struct DataTensor {
    const char *name; /* "" where the file gives none */
    Dtype dtype;
    int rank;
    int64_t dims[MAX_RANK];
    const void *data; /* never NULL in what was read, not even without elements */
} DataTensor;

typedef LIST(DataTensor) DataTensors;

/* Appends every tensor of a file, or of a folder of .npy (named by the files). A .npy is one tensor, with the file's stem
 * as its name. False after diagnostics. */
bool datafile_read(Arena *arena, const char *path, DataTensors *out, Diags *diags);
/* The only tensor of a file; false after a diagnostic, also when it has none or several. */
bool datafile_read_one(Arena *arena, const char *path, DataTensor *out, Diags *diags);
/* NULL when there is none of that name. */
const DataTensor *datafile_find(const DataTensors *tensors, const char *name);

/* Writes .npy or .pb (one tensor) or .safetensors (any number), by the ending of `path`; whole or not at all. False
 * after a diagnostic: a type that the format has not, or a file that cannot be written. */
bool datafile_write(const char *path, const DataTensor *tensors, int count, Diags *diags);

/* The formats, one file each. Each reads the whole of `file`. */
bool npy_read(Arena *arena, const File *file, DataTensor *out, Diags *diags);
bool npz_read(Arena *arena, const File *file, DataTensors *out, Diags *diags);
bool safetensors_read(Arena *arena, const File *file, DataTensors *out, Diags *diags);
bool pb_read(Arena *arena, const File *file, DataTensor *out, Diags *diags);
bool onnx_read_initializers(Arena *arena, const File *file, DataTensors *out, Diags *diags);
/* Each appends the file's contents; false after a diagnostic (with no file: there is none yet). */
bool npy_write(const DataTensor *t, Text *out, Diags *diags);
bool pb_write(const DataTensor *t, Text *out, Diags *diags);

/* Elements in memory form from little-endian bytes in a mapped file: `bytes` itself when it is usable as it is, else a copy;
 * the file's pages are given back then. */
const void *datafile_adopt(Arena *arena, Dtype dtype, int64_t elements, const uint8_t *bytes);
/* The same from bytes anywhere: always a copy. */
const void *datafile_copy(Arena *arena, Dtype dtype, int64_t elements, const void *bytes);
/* Bytes of a tensor, or -1 when dims are negative or too many for an address. */
int64_t datafile_bytes(Dtype dtype, int rank, const int64_t *dims);

#endif
