/*
 * A model written by hand for the tests of the stand-alone program: y = k * x and n = the number of
 * elements of x that are positive, where k is the first element of the weights: a file of theirs
 * with -DFILE_WEIGHTS.
 */
#include "netc.h"

static const int64_t dims_x[] = {2, 3}, dims_n[] = {1}, dims_k[] = {4};
static const netc_tensor_info inputs[] = {{"x", 1, 2, dims_x, 24},
                                          {"netc.weights", 2, 1, dims_k, 4}};
static const netc_tensor_info outputs[] = {{"y/out:0", 1, 2, dims_x, 24}, {"n", 7, 1, dims_n, 8}};

static int run(const void *const *in, void *const *out, void *workspace)
{
#ifdef FILE_WEIGHTS
    const float k = *(const float *)in[1];
#else
    const float k = 2;
#endif
    const float *x = (const float *)in[0];
    float *y = (float *)out[0];
    int64_t *n = (int64_t *)out[1];
    if ((uintptr_t)workspace % 256) return 1;
    *n = 0;
    for (int i = 0; i < 6; i++) y[i] = k * x[i], *n += x[i] > 0;
    return 0;
}

#ifdef FILE_WEIGHTS
enum { INPUTS = 2 };
#else
enum { INPUTS = 1 };
#endif

const netc_model *netc_entry(void)
{
    static const netc_model model = {NETC_ABI, "doubler", INPUTS, 2,  inputs,
                                     outputs,  100,       256,    run};
    return &model;
}
