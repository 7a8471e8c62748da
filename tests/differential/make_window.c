/* Convolutions and pools of 1 to 3 dimensions: strides x dilations x pads or auto_pad x ceil_mode x
 * count_include_pad x groups x output_padding and output_shape. */
#include "case.h"

enum { MAX_SPATIAL = 3 };

typedef struct Window {
    int n; /* spatial dimensions */
    int64_t size[MAX_SPATIAL], kernel[MAX_SPATIAL], stride[MAX_SPATIAL], dilation[MAX_SPATIAL];
} Window;

static void draw_window(Case *c, Window *w)
{
    w->n = 1 + below(c, MAX_SPATIAL);
    int64_t most = w->n == 1 ? 20 : w->n == 2 ? 10 : 6;
    bool strided = chance(c, 60), dilated = chance(c, 35);
    for (int i = 0; i < w->n; i++) {
        w->kernel[i] = between(c, 1, 4);
        w->stride[i] = strided ? between(c, 1, 3) : 1;
        w->dilation[i] = dilated ? between(c, 1, 3) : 1;
        int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
        w->size[i] =
            chance(c, 80) && extent <= most ? between(c, extent, most) : between(c, 1, most);
    }
}

/* Pads so that the window fits at least once, each less than the kernel. */
static void set_pads(Case *c, Window *w)
{
    int64_t pads[2 * MAX_SPATIAL];
    for (int i = 0; i < w->n; i++) {
        int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
        pads[i] = between(c, 0, w->kernel[i] - 1);
        pads[i + w->n] = between(c, 0, w->kernel[i] - 1);
        w->size[i] = max64(w->size[i], extent - pads[i] - pads[i + w->n]);
    }
    set_ints(c, "pads", 2 * w->n, pads);
}

static void fit(Window *w)
{
    for (int i = 0; i < w->n; i++)
        w->size[i] = max64(w->size[i], (w->kernel[i] - 1) * w->dilation[i] + 1);
}

/* True: by auto_pad. */
static bool set_padding(Case *c, Window *w)
{
    static const char *const kinds[] = {"SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"};
    int kind = below(c, 6);
    if (kind < 4) set_text(c, "auto_pad", kinds[kind]);
    if (kind >= 3 && chance(c, 80))
        set_pads(c, w);
    else if (kind >= 2)
        fit(w);
    return kind < 3;
}

static void set_steps(Case *c, const Window *w, bool dilations)
{
    bool strides = false, dilated = false;
    for (int i = 0; i < w->n; i++) {
        strides |= w->stride[i] != 1;
        dilated |= w->dilation[i] != 1;
    }
    if (strides || chance(c, 20)) set_ints(c, "strides", w->n, w->stride);
    if (dilations && (dilated || chance(c, 20))) set_ints(c, "dilations", w->n, w->dilation);
}

static void image(Case *c, const Window *w, Dtype dtype, int64_t channels, Fill fill)
{
    int64_t dims[2 + MAX_SPATIAL] = {between(c, 1, 2), channels};
    memcpy(dims + 2, w->size, (size_t)w->n * sizeof *dims);
    put_input(c, dtype, w->n + 2, dims, fill);
}

static int64_t draw_channels(Case *c)
{
    static const int64_t many[] = {8, 16, 17, 32};
    return chance(c, 85) ? between(c, 1, 4) : many[below(c, COUNT(many))];
}

/* ---- convolutions ---- */

static Dtype conv_type(Case *c) { return chance(c, 85) ? DT_F32 : DT_F64; }

static void weights(Case *c, const Window *w, Dtype dtype, int64_t first, int64_t second)
{
    int64_t dims[2 + MAX_SPATIAL] = {first, second};
    memcpy(dims + 2, w->kernel, (size_t)w->n * sizeof *dims);
    put_input(c, dtype, w->n + 2, dims, FILL_SMALL);
}

static void conv(Case *c)
{
    Window w;
    Dtype dtype = conv_type(c);
    c->op = "Conv";
    c->opset = draw_version(c, (const int[]){7, 11, 21, 22, 0});
    draw_window(c, &w);
    set_padding(c, &w);
    set_steps(c, &w, true);
    int64_t groups = chance(c, 40) ? between(c, 2, 4) : 1, in = draw_channels(c),
            out = draw_channels(c);
    if (groups > 1 && chance(c, 40)) in = out = 1; /* depthwise */
    image(c, &w, dtype, groups * in, FILL_SMALL);
    weights(c, &w, dtype, groups * out, in);
    int64_t all = groups * out;
    if (chance(c, 50)) put_input(c, dtype, 1, &all, FILL_SMALL);
    if (groups > 1 || chance(c, 20)) set_int(c, "group", groups);
    if (chance(c, 60)) set_ints(c, "kernel_shape", w.n, w.kernel);
}

static void set_output_padding(Case *c, const Window *w)
{
    int64_t padding[MAX_SPATIAL];
    for (int i = 0; i < w->n; i++)
        padding[i] = between(c, 0, max64(w->stride[i], w->dilation[i]) - 1);
    set_ints(c, "output_padding", w->n, padding);
}

/* What is padded is the output here: at most all but one element of it goes. */
static void set_transposed_padding(Case *c, const Window *w)
{
    static const char *const kinds[] = {"SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"};
    int kind = below(c, 7);
    int64_t shape[MAX_SPATIAL], pads[2 * MAX_SPATIAL];
    if (kind < 4) set_text(c, "auto_pad", kinds[kind]);
    for (int i = 0; i < w->n; i++) {
        int64_t full = (w->size[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1;
        shape[i] = between(c, max64(1, full - 3), full);
        pads[i] = between(c, 0, min64(2, full - 1));
        pads[i + w->n] = between(c, 0, min64(2, full - 1 - pads[i]));
    }
    if (kind == 5 || (kind < 2 && chance(c, 40)))
        set_ints(c, "output_shape", w->n, shape);
    else if (kind == 3 || kind == 6)
        set_ints(c, "pads", 2 * w->n, pads);
}

static void conv_transpose(Case *c)
{
    Window w;
    Dtype dtype = conv_type(c);
    c->op = "ConvTranspose";
    c->opset = draw_version(c, (const int[]){7, 11, 21, 22, 0});
    draw_window(c, &w);
    for (int i = 0; i < w.n; i++) w.size[i] = between(c, 1, w.n == 3 ? 4 : 7);
    set_transposed_padding(c, &w);
    set_steps(c, &w, true);
    if (chance(c, 30)) set_output_padding(c, &w);
    int64_t groups = chance(c, 40) ? between(c, 2, 3) : 1, in = draw_channels(c),
            out = between(c, 1, 5);
    image(c, &w, dtype, groups * in, FILL_SMALL);
    weights(c, &w, dtype, groups * in, out);
    int64_t all = groups * out;
    if (chance(c, 50)) put_input(c, dtype, 1, &all, FILL_SMALL);
    if (groups > 1 || chance(c, 20)) set_int(c, "group", groups);
    if (chance(c, 60)) set_ints(c, "kernel_shape", w.n, w.kernel);
}

static void conv_integer(Case *c)
{
    Window w;
    c->op = "ConvInteger";
    c->opset = draw_version(c, (const int[]){10, 21, 0});
    Dtype x = draw_type(c, TYPE(DT_U8) | TYPE(DT_I8)), k = draw_type(c, TYPE(DT_U8) | TYPE(DT_I8));
    draw_window(c, &w);
    set_padding(c, &w);
    set_steps(c, &w, true);
    int64_t groups = chance(c, 30) ? 2 : 1, in = between(c, 1, 3), out = between(c, 1, 4);
    image(c, &w, x, groups * in, FILL_ANY);
    weights(c, &w, k, groups * out, in);
    if (chance(c, 60)) put_scalar(c, x, (double)between(c, 0, 9));
    if (c->input_count == 3 && chance(c, 60)) put_scalar(c, k, (double)between(c, 0, 9));
    if (groups > 1) set_int(c, "group", groups);
}

/* ---- pools ---- */

static Fill pool_fill(Case *c) { return chance(c, 85) ? FILL_SMALL : FILL_ROUGH; }

static void max_pool(Case *c)
{
    Window w;
    c->op = "MaxPool";
    c->opset = draw_version(c, (const int[]){8, 10, 11, 12, 22, 0});
    uint32_t types = TYPE(DT_F32) | TYPE(DT_F64);
    if (c->opset >= 12) types |= TYPE(DT_I8) | TYPE(DT_U8);
    Dtype dtype = chance(c, 60) ? DT_F32 : draw_type(c, types);
    draw_window(c, &w);
    if (c->opset < 10)
        for (int i = 0; i < w.n; i++) w.dilation[i] = 1;
    set_padding(c, &w);
    set_steps(c, &w, c->opset >= 10);
    set_ints(c, "kernel_shape", w.n, w.kernel);
    if (c->opset >= 10 && chance(c, 45)) set_int(c, "ceil_mode", below(c, 4) > 0);
    image(c, &w, dtype, between(c, 1, 3), chance(c, 70) ? FILL_SMALL : FILL_DISTINCT);
    if (!chance(c, 40)) return;
    c->output_count = 2;
    if (chance(c, 40)) set_int(c, "storage_order", below(c, 2));
}

static void average_pool(Case *c)
{
    Window w;
    c->op = "AveragePool";
    c->opset = draw_version(c, (const int[]){7, 10, 11, 19, 22, 0});
    draw_window(c, &w);
    if (c->opset < 19)
        for (int i = 0; i < w.n; i++) w.dilation[i] = 1;
    set_padding(c, &w);
    set_steps(c, &w, c->opset >= 19);
    set_ints(c, "kernel_shape", w.n, w.kernel);
    if (c->opset >= 10 && chance(c, 45)) set_int(c, "ceil_mode", below(c, 4) > 0);
    if (chance(c, 50)) set_int(c, "count_include_pad", below(c, 4) > 0);
    image(c, &w, DT_F32, draw_channels(c), pool_fill(c));
}

static void lp_pool(Case *c)
{
    Window w;
    c->op = "LpPool";
    c->opset = draw_version(c, (const int[]){2, 11, 18, 22, 0});
    draw_window(c, &w);
    if (c->opset < 18)
        for (int i = 0; i < w.n; i++) w.dilation[i] = 1;
    set_padding(c, &w);
    set_steps(c, &w, c->opset >= 18);
    set_ints(c, "kernel_shape", w.n, w.kernel);
    if (c->opset >= 18 && chance(c, 45)) set_int(c, "ceil_mode", below(c, 4) > 0);
    if (chance(c, 60)) set_int(c, "p", between(c, 1, 4));
    image(c, &w, DT_F32, between(c, 1, 3), pool_fill(c));
}

static void global_pool(Case *c)
{
    static const char *const ops[] = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"};
    Window w;
    c->op = ops[below(c, COUNT(ops))];
    c->opset = draw_version(c, (const int[]){7, 22, 0});
    draw_window(c, &w);
    if (strcmp(c->op, "GlobalLpPool") == 0 && chance(c, 60)) set_int(c, "p", between(c, 1, 4));
    image(c, &w, DT_F32, draw_channels(c), pool_fill(c));
}

static void lrn(Case *c)
{
    int64_t dims[] = {between(c, 1, 2), between(c, 1, 9), between(c, 1, 4), between(c, 1, 4)};
    c->op = "LRN";
    set_int(c, "size", 1 + 2 * below(c, 3));
    if (chance(c, 50)) set_float(c, "alpha", 0.25);
    if (chance(c, 50)) set_float(c, "beta", 0.5);
    if (chance(c, 50)) set_float(c, "bias", 2);
    put_input(c, DT_F32, 4, dims, FILL_ROUGH);
}

const Family families_window[] = {{"Conv", 14, conv},
                                  {"ConvTranspose", 12, conv_transpose},
                                  {"ConvInteger", 3, conv_integer},
                                  {"MaxPool", 10, max_pool},
                                  {"AveragePool", 10, average_pool},
                                  {"LpPool", 6, lp_pool},
                                  {"GlobalPool", 3, global_pool},
                                  {"LRN", 1, lrn},
                                  {0}};
