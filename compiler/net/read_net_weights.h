/*
 * Weights of a .net: what read_net_weights.c, which gives them to parameters, and
 * read_net_binding.c, which reads the lists of `weights` lines, share.
 */
#ifndef NETC_READ_NET_WEIGHTS_H
#define NETC_READ_NET_WEIGHTS_H

#include "datafile.h"
#include "read_net.h"

/* A tensor of a file as it was turned and cut: element [i...] is at offset + sum of i * stride. */
typedef struct WeightView {
    const DataTensor *tensor; /* of the file */
    const DataTensor *from;   /* the elements: the tensor's, or a reshaped copy */
    int rank;
    int64_t dims[MAX_RANK], strides[MAX_RANK], offset;
} WeightView;

/* PATH = "name": of a parameter, or of an instance and the beginning of the names in the file. */
typedef struct WeightBinding {
    const char *path;
    const char *prefix; /* NULL: `view` is the parameter's */
    WeightView view;
    Source source;
    bool taken;
} WeightBinding;

typedef struct WeightsFile {
    const char *path;
    Source source; /* of the line; none for the command line's */
    DataTensors tensors;
    Map *by_name; /* DataTensor */
    bool *used;
    bool doubtful; /* it was said that another file has the same names */
    Map *name_by_key; /* its metadata */
    bool named;       /* there is some */
    LIST(WeightBinding) bindings;
} WeightsFile;

WeightView weight_view(const DataTensor *t);
bool weight_view_is_plain(const WeightView *v);
/* The same elements in the order of the view, of `dtype` where bytes may stand for it. */
DataTensor weight_view_tensor(Arena *arena, const WeightView *v, Dtype dtype);
/* Reads one line of a list into file->bindings; E0501, E0504. */
void binding_read(Reader *r, WeightsFile *file, const NetBinding *binding);

#endif
