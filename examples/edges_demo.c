/*
 * A program that embeds a compiled network: edges.net, classic image filters as convolutions.
 *
 *   netc compile examples/edges.net -o generated
 *   cc -O2 -Igenerated examples/edges_demo.c generated/edges.c -o edges -lm
 *   ./edges FOLDER [PICTURE.pgm|.ppm]
 *
 * Reads a picture (or draws one), fits it to the network's input, runs the network, writes every filter's answer into the
 * folder as a .pgm and shows it in the terminal. What the network has for outputs it reads from the descriptor.
 */
#include "edges.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int width, height;
    float *gray; /* height * width, 0 to 1 */
} Picture;

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "edges: %s %s\n", what, which);
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *p = aligned_alloc(EDGES_ALIGNMENT, (bytes / EDGES_ALIGNMENT + 1) * EDGES_ALIGNMENT);
    if (!p) fail("out of", "memory");
    return p;
}

/* ---- pictures ---- */

/* A number in the head of a PGM or PPM; comments run from # to the end of the line. */
static int read_number(FILE *file)
{
    int c = fgetc(file), value = 0;
    while (isspace(c) || c == '#') {
        if (c == '#')
            while (c != '\n' && c != EOF) c = fgetc(file);
        c = fgetc(file);
    }
    for (; isdigit(c) && value < 100000; c = fgetc(file)) value = value * 10 + (c - '0');
    return value;
}

static Picture read_picture(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot read", path);
    int magic = fgetc(file), kind = fgetc(file), channels = kind == '6' ? 3 : 1;
    if (magic != 'P' || (kind != '5' && kind != '6')) fail("not a binary PGM or PPM:", path);
    Picture p = {read_number(file), read_number(file), NULL};
    int most = read_number(file);
    if (p.width < 1 || p.height < 1 || p.width > 20000 || p.height > 20000 || most != 255)
        fail("a size or depth that is not supported:", path);
    p.gray = allocate((size_t)p.width * (size_t)p.height * sizeof(float));
    for (int i = 0; i < p.width * p.height; i++) {
        int sum = 0;
        for (int c = 0; c < channels; c++) {
            int sample = fgetc(file);
            if (sample == EOF) fail("ends early:", path);
            sum += sample;
        }
        p.gray[i] = (float)sum / (255.0f * (float)channels);
    }
    fclose(file);
    return p;
}

/* A disc, a ring, a bar, a checkerboard and a slope of brightness: edges of every direction. */
static Picture draw_picture(int width, int height)
{
    Picture p = {width, height, allocate((size_t)width * (size_t)height * sizeof(float))};
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            float x = (float)j / (float)width, y = (float)i / (float)height;
            float disc = hypotf(x - 0.28f, y - 0.35f), ring = hypotf(x - 0.72f, y - 0.38f), value = 0.15f + 0.25f * x;
            if (disc < 0.18f) value = 0.9f - disc;
            if (ring < 0.2f && ring > 0.12f) value = 0.8f;
            if (fabsf(y - 0.95f + 0.3f * x) < 0.03f) value = 1;
            if (x > 0.1f && x < 0.45f && y > 0.62f && y < 0.8f && ((int)(x * 24) + (int)(y * 24)) % 2) value = 0.75f;
            p.gray[i * width + j] = value;
        }
    return p;
}

static float picture_at(const Picture *p, int width, int height, int y, int x)
{
    return p->gray[(long)y * p->height / height * p->width + (long)x * p->width / width];
}

static void write_picture(const char *path, const unsigned char *gray, int width, int height)
{
    FILE *file = fopen(path, "wb");
    if (!file) fail("cannot write", path);
    fprintf(file, "P5\n%d %d\n255\n", width, height);
    if (fwrite(gray, (size_t)width * (size_t)height, 1, file) != 1 || fclose(file) != 0) fail("cannot write", path);
}

static void show_picture(const unsigned char *gray, int width, int height)
{
    enum { COLUMNS = 64, ROWS = 22 };
    static const char ramp[] = " .:-=+*#%@";
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLUMNS; c++) {
            int y0 = r * height / ROWS, y1 = (r + 1) * height / ROWS, x0 = c * width / COLUMNS, x1 = (c + 1) * width / COLUMNS;
            int brightest = 0; /* a line thinner than a letter stays visible */
            for (int y = y0; y < y1; y++)
                for (int x = x0; x < x1; x++)
                    if (gray[y * width + x] > brightest) brightest = gray[y * width + x];
            putchar(ramp[brightest * 9 / 255]);
        }
        putchar('\n');
    }
}

/* ---- the network ---- */

/* Magnitudes as brightness: filters for edges answer with both signs. */
static void to_bytes(const float *values, int count, unsigned char *gray)
{
    for (int i = 0; i < count; i++) {
        float v = fabsf(values[i]);
        gray[i] = (unsigned char)(v < 1 ? v * 255 + 0.5f : 255);
    }
}

/* One plane for each channel of an output [1, channels, height, width]. */
static void write_output(const netc_tensor_info *info, const float *values, const char *folder)
{
    int channels = (int)info->dims[1], height = (int)info->dims[2], width = (int)info->dims[3];
    unsigned char *gray = allocate((size_t)height * (size_t)width);
    for (int c = 0; c < channels; c++) {
        char path[1024], number[16] = "";
        if (channels > 1) snprintf(number, sizeof number, "_%d", c);
        snprintf(path, sizeof path, "%s/%s%s.pgm", folder, info->name, number);
        to_bytes(values + (long)c * height * width, height * width, gray);
        write_picture(path, gray, width, height);
        printf("\n%s\n", path);
        show_picture(gray, width, height);
    }
    free(gray);
}

int main(int argc, char **argv)
{
    if (argc < 2) fail("usage: edges FOLDER", "[PICTURE.pgm|.ppm]");
    const netc_model *model = edges_model();
    const netc_tensor_info *in = &model->inputs[0];
    int channels = (int)in->dims[1], height = (int)in->dims[2], width = (int)in->dims[3];
    Picture picture = argc > 2 ? read_picture(argv[2]) : draw_picture(width, height);

    float *input = allocate(in->bytes);
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) input[(c * height + y) * width + x] = picture_at(&picture, width, height, y, x);

    void **outputs = allocate((size_t)model->output_count * sizeof *outputs);
    for (int i = 0; i < model->output_count; i++) outputs[i] = allocate(model->outputs[i].bytes);
    void *workspace = allocate(model->workspace_bytes);
    const void *inputs[] = {input};
    if (model->run(inputs, outputs, workspace) != 0) fail("the network refuses", "its arguments");

    unsigned char *gray = allocate((size_t)width * (size_t)height);
    char path[1024];
    snprintf(path, sizeof path, "%s/picture.pgm", argv[1]);
    to_bytes(input, width * height, gray);
    write_picture(path, gray, width, height);
    printf("%s\n", path);
    show_picture(gray, width, height);
    for (int i = 0; i < model->output_count; i++) write_output(&model->outputs[i], outputs[i], argv[1]);

    for (int i = 0; i < model->output_count; i++) free(outputs[i]);
    free(outputs);
    free(workspace);
    free(gray);
    free(input);
    free(picture.gray);
    return 0;
}
