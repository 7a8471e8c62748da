/*
 * A program that embeds a compiled network: edges.net, classic image filters as convolutions.
 *
 *   netc compile examples/edges.net -o generated
 *   cc -O2 $(netc targets native) -Igenerated examples/edges_demo.c generated/edges.c -o edges -lm
 *   ./edges FOLDER [PICTURE.pgm|.ppm]
 *
 * Reads a picture (or draws one), fits it to the network's input, runs the network, writes every
 * filter's answer into the folder as a .pgm and shows it in the terminal. What the network has for
 * outputs it reads from the descriptor.
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

enum { COLUMNS = 39, ROWS = 15, MAX_PANELS = 32 };

/* What is written and shown: the picture or one plane of an output. */
typedef struct {
    char name[80];
    int width, height;
    unsigned char *gray;
} Panel;

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
            float disc = hypotf(x - 0.28f, y - 0.35f), ring = hypotf(x - 0.72f, y - 0.38f),
                  value = 0.15f + 0.25f * x;
            if (disc < 0.18f) value = 0.9f - disc;
            if (ring < 0.2f && ring > 0.12f) value = 0.8f;
            if (fabsf(y - 0.95f + 0.3f * x) < 0.03f) value = 1;
            if (x > 0.1f && x < 0.45f && y > 0.62f && y < 0.8f &&
                ((int)(x * 24) + (int)(y * 24)) % 2)
                value = 0.75f;
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
    if (fwrite(gray, (size_t)width * (size_t)height, 1, file) != 1 || fclose(file) != 0)
        fail("cannot write", path);
}

/* A picture as letters, one row of them: the darkest is a blank. A line thinner than a letter stays
 * visible. */
static void show_row(const Panel *p, int row)
{
    static const char ramp[] = " .:-=+*#%@";
    int y0 = row * p->height / ROWS, y1 = (row + 1) * p->height / ROWS;
    for (int c = 0; c < COLUMNS; c++) {
        int brightest = 0;
        for (int y = y0; y < y1; y++)
            for (int x = c * p->width / COLUMNS; x < (c + 1) * p->width / COLUMNS; x++)
                if (p->gray[y * p->width + x] > brightest) brightest = p->gray[y * p->width + x];
        putchar(ramp[brightest * 9 / 255]);
    }
}

/* Two beside each other, under their names. */
static void show_panels(const Panel *panels, int count)
{
    for (int i = 0; i < count; i += 2) {
        int pair = i + 1 < count;
        printf("\n%-*s  %s\n", COLUMNS, panels[i].name, pair ? panels[i + 1].name : "");
        for (int row = 0; row < ROWS; row++) {
            show_row(&panels[i], row);
            printf("  ");
            if (pair) show_row(&panels[i + 1], row);
            printf("\n");
        }
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

static void add_panel(Panel *panels, int *count, const char *folder, const char *name,
                      const float *values, int height, int width)
{
    if (*count == MAX_PANELS) return;
    Panel *p = &panels[(*count)++];
    char path[1024];
    snprintf(p->name, sizeof p->name, "%s.pgm", name);
    snprintf(path, sizeof path, "%s/%s", folder, p->name);
    p->width = width;
    p->height = height;
    p->gray = allocate((size_t)height * (size_t)width);
    to_bytes(values, height * width, p->gray);
    write_picture(path, p->gray, width, height);
}

/* One plane for each channel of an output [1, channels, height, width]. */
static void add_output(Panel *panels, int *count, const char *folder, const netc_tensor_info *info,
                       const float *values)
{
    int channels = (int)info->dims[1], height = (int)info->dims[2], width = (int)info->dims[3];
    for (int c = 0; c < channels; c++) {
        char name[60];
        if (channels == 1)
            snprintf(name, sizeof name, "%s", info->name);
        else
            snprintf(name, sizeof name, "%s_%d", info->name, c);
        add_panel(panels, count, folder, name, values + (long)c * height * width, height, width);
    }
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
            for (int x = 0; x < width; x++)
                input[(c * height + y) * width + x] = picture_at(&picture, width, height, y, x);

    void **outputs = allocate((size_t)model->output_count * sizeof *outputs);
    for (int i = 0; i < model->output_count; i++) outputs[i] = allocate(model->outputs[i].bytes);
    void *workspace = allocate(model->workspace_bytes);
    const void *inputs[] = {input};
    if (model->run(inputs, outputs, workspace) != 0) fail("the network refuses", "its arguments");

    Panel panels[MAX_PANELS];
    int count = 0;
    add_panel(panels, &count, argv[1], "picture", input, height, width);
    for (int i = 0; i < model->output_count; i++)
        add_output(panels, &count, argv[1], &model->outputs[i], outputs[i]);
    show_panels(panels, count);

    for (int i = 0; i < count; i++) free(panels[i].gray);
    for (int i = 0; i < model->output_count; i++) free(outputs[i]);
    free(outputs);
    free(workspace);
    free(input);
    free(picture.gray);
    return 0;
}
