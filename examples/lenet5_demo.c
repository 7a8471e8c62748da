/*
 * A program that embeds LeNet-5 and measures it.
 *
 *   netc compile examples/lenet5.net --init 1 --weights object -o generated
 *   cc -O2 $(netc targets native) -Igenerated examples/lenet5_demo.c generated/lenet5.c
 * generated/lenet5_weights.S \ -o lenet5 -lm
 *   ./lenet5
 *
 * Draws a handwritten one, runs the network on it, and prints the scores and the time of a run: the
 * fastest and the median of many.
 */
#include "lenet5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 2001 };

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void *allocate(size_t bytes)
{
    void *p = aligned_alloc(LENET5_ALIGNMENT, (bytes / LENET5_ALIGNMENT + 1) * LENET5_ALIGNMENT);
    if (!p) exit(3);
    memset(p, 0, bytes);
    return p;
}

/* A slanted stroke with a soft edge, over the last two dimensions of the input. */
static void draw_one(float *image, int height, int width)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float distance =
                fabsf((float)x - 0.5f * (float)width - 0.2f * ((float)height * 0.5f - (float)y));
            int inside = y > height / 6 && y < height - height / 6;
            image[y * width + x] = inside && distance < 3 ? 1 - distance / 3 : 0;
        }
}

int main(void)
{
    const netc_model *model = lenet5_model();
    const netc_tensor_info *in = &model->inputs[0], *out = &model->outputs[0];
    float *image = allocate(in->bytes), *scores = allocate(out->bytes);
    void *workspace = allocate(model->workspace_bytes);
    static double seconds[RUNS];

    draw_one(image, (int)in->dims[in->rank - 2], (int)in->dims[in->rank - 1]);
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        if (model->run((const void *const[]){image}, (void *const[]){scores}, workspace) != 0)
            return 1;
        seconds[i] = now() - start;
    }
    qsort(seconds, RUNS, sizeof *seconds, ascending);
    size_t classes = out->bytes / sizeof *scores, best = 0;
    for (size_t i = 1; i < classes; i++)
        if (scores[i] > scores[best]) best = i;
    for (size_t i = 0; i < classes; i++)
        printf("  %zu  %8.5f%s\n", i, scores[i], i == best ? "  <- the answer" : "");
    printf("one run: %.1f microseconds (median of %d), %.1f at best; workspace %zu bytes\n",
           seconds[RUNS / 2] * 1e6, RUNS, seconds[0] * 1e6, model->workspace_bytes);
    free(image);
    free(scores);
    free(workspace);
    return 0;
}
