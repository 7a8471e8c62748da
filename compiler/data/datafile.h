/*
 * Tensors in files: .npy, .npz, .safetensors, ONNX's .pb test data, the initializers of an .onnx, a
 * folder of .npy. Used for weights, for inputs and expected outputs, and by print for the weights
 * beside a .net.
 *
 * Data is in memory form (dtype.h): row-major, little-endian, aligned to its element, bools 0 or 1.
 * It points into the mapped file where that is so already, and is copied otherwise; either way it
 * lives as long as the arena.
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
    bool from_npy;    /* bytes may stand for elements of a narrow type: npy_narrow */
} DataTensor;

typedef LIST(DataTensor) DataTensors;

/* Text beside the tensors of a .safetensors: its metadata. */
typedef struct DataName {
    const char *key, *value;
} DataName;
typedef LIST(DataName) DataNames;

/* Appends every tensor of a file, or of a folder of .npy (named by the files). A .npy is one
 * tensor, with the file's stem as its name. False after diagnostics. */
bool datafile_read(Arena *arena, const char *path, DataTensors *out, Diags *diags);
/* The only tensor of a file; false after a diagnostic, also when it has none or several. */
bool datafile_read_one(Arena *arena, const char *path, DataTensor *out, Diags *diags);
/* A sequence or an optional of ONNX's test data. */
typedef struct DataList {
    const char *name; /* "" where the file gives none */
    bool inner;       /* it is an optional that has a sequence, and these are its elements */
    DataTensors items;
} DataList;
/* False when the file is no such list, or cannot be read. datafile_read gives its elements, named
 * NAME_0, NAME_1, ..., or NAME when there is one: nothing tells a sequence of one from an optional.
 */
bool datafile_read_list(Arena *arena, const char *path, DataList *out);

/* Writes .npy or .pb (one tensor) or .safetensors (any number), by the ending of `path`; whole or
 * not at all. False after a diagnostic: a type that the format has not, or a file that cannot be
 * written. */
bool datafile_write(const char *path, const DataTensor *tensors, int count, Diags *diags);

/* The same for a .safetensors with metadata. */
bool datafile_write_named(const char *path, const DataTensor *tensors, int count, const DataNames *names,
                          Diags *diags);
/* The metadata of a file that is a .safetensors; nothing of what is none or damaged. */
void datafile_names(Arena *arena, const char *path, DataNames *out);

/* The formats, one file each. They read the whole of `file`, and on writing make the parts of one.
 */
bool npy_read(Arena *arena, const File *file, DataTensor *out, Diags *diags);
/* .npy has no types of less than 8 bits, and no floats of 8: what was read from one, as bytes (i8
 * for signed types, else u8), becomes the values of integers or the codes of floats. False, and t
 * as it was, when it is something else or does not fit `dtype`. */
bool npy_narrow(Arena *arena, DataTensor *t, Dtype dtype);
bool npz_read(Arena *arena, const File *file, DataTensors *out, Diags *diags);
bool safetensors_read(Arena *arena, const File *file, DataTensors *out, Diags *diags);
bool pb_read(Arena *arena, const File *file, DataTensor *out, Diags *diags);
bool pb_is_list(const File *file);
bool pb_read_list(Arena *arena, const File *file, DataList *out, Diags *diags);
bool onnx_read_initializers(Arena *arena, const File *file, DataTensors *out, Diags *diags);
typedef LIST(FilePart) FileParts;
bool npy_write(Arena *arena, const DataTensor *t, FileParts *out, Diags *diags);
bool pb_write(Arena *arena, const DataTensor *t, FileParts *out, Diags *diags);
bool safetensors_write(Arena *arena, const DataTensor *tensors, int count, const DataNames *names,
                       FileParts *out, Diags *diags);
bool safetensors_names(Arena *arena, const File *file, DataNames *out);
/* The name of a type in .safetensors; NULL when it has none. */
const char *safetensors_dtype(Dtype dtype);

/* An error about a file (NULL: one that is not there yet). Always false. */
bool PRINTF(4, 5)
    datafile_error(Diags *diags, const char *code, const File *file, const char *format, ...);
/* Elements in memory form from little-endian bytes in a mapped file: `bytes` itself when it is
 * usable as it is, else a copy; the file's pages are given back then. */
const void *datafile_adopt(Arena *arena, Dtype dtype, int64_t elements, const uint8_t *bytes);
/* The same from bytes anywhere: always a copy. */
const void *datafile_copy(Arena *arena, Dtype dtype, int64_t elements, const void *bytes);
/* Bytes of a tensor, or -1 when dims are negative or too many for an address. */
int64_t datafile_bytes(Dtype dtype, int rank, const int64_t *dims);

#endif
