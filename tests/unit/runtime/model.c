/*
 * A model written by hand for the tests of the stand-alone program: y = k * x, n = the number of
 * elements of x that are positive, and outputs of other types; k is 2, or with -DFILE_WEIGHTS the
 * first element of the weights in a file.
 */
#include "netc.h"

#include <string.h>

static const int64_t dims_x[] = {2, 3}, dims_n[] = {1}, dims_k[] = {4}, dims_large[] = {40, 50};
static const netc_tensor_info inputs[] = {{"x", 1, 2, dims_x, 24},
                                          {"netc.weights", 2, 1, dims_k, 4}};
static const netc_tensor_info outputs[] = {
    {"y/out:0", 1, 2, dims_x, 24},     {"n", 7, 1, dims_n, 8},      {"scalar", 11, 0, NULL, 8},
    {"half", 10, 1, dims_n, 2},        {"bhalf", 16, 1, dims_n, 2}, {"truth", 9, 1, dims_n, 1},
    {"large", 3, 2, dims_large, 2000},
};
enum { INPUTS = 1, OUTPUTS = sizeof outputs / sizeof *outputs };

static void other_types(void *const *out)
{
    const double tenth = 0.1;
    const uint16_t half = 0xbe00, bhalf = 0x4049; /* -1.5 and 3.140625 */
    memcpy(out[2], &tenth, 8);
    memcpy(out[3], &half, 2);
    memcpy(out[4], &bhalf, 2);
    *(uint8_t *)out[5] = 1;
    for (int i = 0; i < 2000; i++) ((int8_t *)out[6])[i] = (int8_t)(i % 101 - 50);
}

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
    other_types(out);
    return 0;
}

const netc_model *netc_entry(void)
{
#ifdef FILE_WEIGHTS
    enum { EXTRA = 1 };
#else
    enum { EXTRA = 0 };
#endif
    static const netc_model model = {
        NETC_ABI, "doubler", INPUTS + EXTRA, OUTPUTS, inputs, outputs, 100, 256, run};
    return &model;
}
