/*
 * Runs packed.net over all values of its inputs, each in memory of exactly its size with dirty bits around it, and compares with
 * plain loops over unpacked elements. Built with sanitizers. Prints what differs; exits with the number of differences.
 */
#include "packed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int w[15] = {1, -2, 3, -4, 5, -6, 7, -8, 0, 1, 2, 3, 4, 5, 6};
static const float f4[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
static int wrong;

static int code(const uint8_t *bytes, int bits, int i) { return bytes[i * bits / 8] >> (i * bits % 8) & ((1 << bits) - 1); }
static int i4(const uint8_t *bytes, int i) { return (code(bytes, 4, i) ^ 8) - 8; }

static void check(int equal, const char *what, int i)
{
    if (!equal) printf("%s[%d] is wrong\n", what, i);
    wrong += !equal;
}

/* The nearest value of f4e2m1, the even code of two. */
static int nearest(float x)
{
    float size = fminf(fabsf(x), 6);
    int best = 0;
    for (int k = 1; k < 8; k++) {
        float now = fabsf(f4[k] - size), before = fabsf(f4[best] - size);
        if (now < before || (now == before && k % 2 == 0)) best = k;
    }
    return best | (signbit(x) ? 8 : 0);
}

static void *fresh(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, PACKED_ALIGNMENT, bytes ? bytes : 1)) abort();
    return memset(p, 0xa5, bytes);
}

static void run(int seed)
{
    uint8_t *x = fresh(8), *y = fresh(2), *turned = fresh(8), *codes = fresh(2), *shown = fresh(8), *part = fresh(2), *kept = fresh(8);
    float *scaled = fresh(15 * sizeof *scaled);
    void *workspace = fresh(PACKED_WORKSPACE_BYTES);
    for (int i = 0; i < 8; i++) x[i] = (uint8_t)(seed * 37 + i * 101);
    for (int i = 0; i < 2; i++) y[i] = (uint8_t)(seed * 53 + i * 29);
    check(packed_run(x, y, turned, scaled, codes, shown, part, kept, workspace) == 0, "result", 0);
    for (int i = 0; i < 15; i++) {
        check(i4(turned, i) == i4(x, i % 3 * 5 + i / 3), "turned", i);
        check(i4(shown, i) == i4(x, i), "shown", i);
        check(i4(kept, i) == w[i], "kept", i);
        check(scaled[i] == (float)i4(x, i) / 2 + (float)w[i] / 4, "scaled", i);
    }
    for (int i = 0; i < 7; i++) check(code(codes, 2, i) == (code(y, 2, i) + 1) % 4, "codes", i);
    for (int i = 0; i < 3; i++) check(code(part, 4, i) == nearest(scaled[6 + i]), "part", i);
    check(turned[7] < 16 && shown[7] < 16 && kept[7] < 16 && codes[1] < 64 && part[1] < 16, "what is beyond the last", 0);
    void *all[] = {x, y, turned, codes, shown, part, kept, scaled, workspace};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int main(void)
{
    for (int seed = 0; seed < 256; seed++) run(seed);
    const netc_model *m = packed_model();
    check(m->inputs[0].bytes == 8 && m->inputs[0].dtype == 22 && m->outputs[2].bytes == 2, "descriptor", 0);
    return wrong > 100 ? 100 : wrong;
}
