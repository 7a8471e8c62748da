/* Resize in every mode x coordinate transformation x nearest mode, with antialiasing, axes and
 * aspect ratios; Upsample; GridSample; AffineGrid; RoiAlign. */
#include "case.h"

static const char *pick_text(Case *c, const char *const *texts)
{
    int count = 0;
    while (texts[count]) count++;
    return texts[below(c, count)];
}

typedef struct Resizing {
    int rank, count; /* of x, of the axes that are resized */
    int64_t dims[5], axes[5], sizes[5];
    float scales[5];
    bool cubic, linear, downwards;
} Resizing;

static void draw_sizes(Case *c, Resizing *r)
{
    static const float factors[] = {0.5f, 0.6f, 0.75f, 1, 1.5f, 2, 2.5f, 3, 0.3f, 1.2f};
    for (int i = 0; i < r->count; i++) {
        int64_t size = r->dims[r->axes[i]];
        r->scales[i] = factors[below(c, COUNT(factors))];
        if ((int64_t)((float)size * r->scales[i]) < 1) r->scales[i] = 1;
        r->sizes[i] = between(c, 1, 2 * size + 1);
    }
}

/* Linear and cubic interpolation is over the last two dimensions; the others keep their size. */
static void draw_axes_resized(Case *c, Resizing *r, bool axes)
{
    r->rank = r->cubic ? 4 : 1 + below(c, 4);
    if (r->linear) r->rank = chance(c, 60) ? 4 : 2;
    draw_dims(c, r->rank, r->dims, 2, 7);
    int first = r->rank == 4 && (r->linear || r->cubic) ? 2 : 0;
    if (first) r->dims[0] = between(c, 1, 2), r->dims[1] = between(c, 1, 3);
    for (int i = 0; i < r->rank; i++) r->axes[i] = i;
    r->count = r->rank;
    if (!axes) return;
    r->count = r->rank - first;
    for (int i = 0; i < r->count; i++) r->axes[i] = first + i;
}

static void put_floats(Case *c, int count, const float *values)
{
    int64_t n = count;
    CaseInput *in = put_input(c, DT_F32, 1, &n, FILL_SMALL);
    in->constant = in->fixed = true;
    for (int i = 0; i < count; i++) set_element(in, i, values[i]);
}

static void put_region(Case *c, const Resizing *r)
{
    float roi[10];
    for (int i = 0; i < r->count; i++) {
        bool whole = r->axes[i] < 2 && r->rank == 4;
        roi[i] = whole ? 0 : (float)between(c, 0, 3) / 8;
        roi[i + r->count] = whole ? 1 : (float)between(c, 5, 9) / 8;
    }
    put_floats(c, 2 * r->count, roi);
}

static void keep_outer(Resizing *r)
{
    for (int i = 0; i < r->count; i++)
        if (r->rank == 4 && r->axes[i] < 2 && (r->linear || r->cubic))
            r->scales[i] = 1, r->sizes[i] = r->dims[r->axes[i]];
}

/* The mode's own attributes, and how coordinates are transformed. True: by a region. */
static bool set_modes(Case *c, int mode, bool antialias)
{
    static const char *const transforms[] = {"half_pixel",
                                             "half_pixel_symmetric",
                                             "pytorch_half_pixel",
                                             "align_corners",
                                             "asymmetric",
                                             "tf_crop_and_resize",
                                             NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
    bool region = false;
    set_text(c, "mode", mode == 0 ? "nearest" : mode == 1 ? "linear" : "cubic");
    if (mode == 0 && chance(c, 70)) set_text(c, "nearest_mode", pick_text(c, roundings));
    if (chance(c, 80)) {
        const char *how = pick_text(c, transforms);
        region = strcmp(how, "tf_crop_and_resize") == 0;
        if (strcmp(how, "half_pixel_symmetric") == 0 && c->opset < 19) how = "asymmetric";
        if (region && antialias) how = "half_pixel", region = false;
        set_text(c, "coordinate_transformation_mode", how);
    }
    if (mode == 2 && chance(c, 50)) set_float(c, "cubic_coeff_a", chance(c, 50) ? -0.5 : -0.75);
    if (mode == 2 && chance(c, 40)) set_int(c, "exclude_outside", 1);
    if (region && chance(c, 60)) set_float(c, "extrapolation_value", 10);
    if (antialias) set_int(c, "antialias", 1);
    return region;
}

static void resize(Case *c)
{
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
    Resizing r = {0};
    c->op = "Resize";
    c->opset = draw_version(c, (const int[]){11, 13, 18, 19, 0});
    c->slack = 10;
    int mode = below(c, 3);
    r.linear = mode == 1;
    r.cubic = mode == 2;
    bool axes = c->opset >= 18 && chance(c, 40), sizes = chance(c, 50);
    bool antialias = c->opset >= 18 && mode && chance(c, 30);
    draw_axes_resized(c, &r, axes);
    draw_sizes(c, &r);
    keep_outer(&r);
    bool region = set_modes(c, mode, antialias);
    if (axes) set_ints(c, "axes", r.count, r.axes);
    if (sizes && c->opset >= 18 && chance(c, 40))
        set_text(c, "keep_aspect_ratio_policy", pick_text(c, policies));
    put_input(c, chance(c, 85) ? DT_F32 : draw_type(c, TYPE(DT_U8) | TYPE(DT_I8)), r.rank, r.dims,
              mode ? FILL_SMALL : FILL_DISTINCT);
    if (region)
        put_region(c, &r);
    else
        put_omitted(c);
    if (!sizes) {
        put_floats(c, r.count, r.scales);
        return;
    }
    put_omitted(c);
    put_ints(c, DT_I64, r.count, r.sizes);
}

static void upsample(Case *c)
{
    int64_t dims[] = {1, between(c, 1, 3), between(c, 1, 5), between(c, 1, 5)};
    const float scales[] = {1, 1, (float)between(c, 2, 6) / 2, (float)between(c, 2, 6) / 2};
    c->op = "Upsample";
    c->opset = 9;
    if (chance(c, 70)) set_text(c, "mode", chance(c, 50) ? "linear" : "nearest");
    put_input(c, DT_F32, 4, dims, FILL_SMALL);
    put_floats(c, 4, scales);
}

static void grid_sample(Case *c)
{
    static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
    bool old = chance(c, 40), solid = !old && chance(c, 30);
    static const char *const old_modes[] = {"nearest", "bilinear", "bicubic", NULL},
                             *const modes[] = {"nearest", "linear", "cubic", NULL};
    int64_t n = between(c, 1, 2), x[5] = {n, between(c, 1, 3)}, grid[5] = {n};
    int spatial = solid ? 3 : 2;
    c->op = "GridSample";
    c->opset = old ? 16 : draw_version(c, (const int[]){20, 22, 0});
    c->slack = 20;
    draw_dims(c, spatial, x + 2, 1, 5);
    draw_dims(c, spatial, grid + 1, 1, 4);
    grid[spatial + 1] = spatial;
    const char *mode = pick_text(c, old ? old_modes : modes);
    if (solid && strcmp(mode, "cubic") == 0) mode = "linear";
    set_text(c, "mode", mode);
    if (chance(c, 70)) set_text(c, "padding_mode", pick_text(c, paddings));
    if (chance(c, 60)) set_int(c, "align_corners", below(c, 2));
    put_input(c, DT_F32, spatial + 2, x, FILL_SMALL);
    CaseInput *g = put_input(c, DT_F32, spatial + 2, grid, FILL_ROUGH);
    for (int64_t i = 0; i < case_elements(g); i++) /* never halfway between two pixels */
        set_element(g, i, 1.37 * dtype_get_double(DT_F32, g->data, i));
}

static void affine_grid(Case *c)
{
    int spatial = chance(c, 60) ? 2 : 3;
    int64_t n = between(c, 1, 2), theta[] = {n, spatial, spatial + 1},
            size[5] = {n, between(c, 1, 3)};
    c->op = "AffineGrid";
    c->opset = 20;
    c->slack = 4;
    draw_dims(c, spatial, size + 2, 2, 5);
    put_input(c, DT_F32, 3, theta, FILL_SMALL);
    put_ints(c, DT_I64, spatial + 2, size);
    if (chance(c, 60)) set_int(c, "align_corners", below(c, 2));
}

static void roi_align(Case *c)
{
    int64_t x[] = {between(c, 1, 2), between(c, 1, 3), between(c, 2, 8), between(c, 2, 8)};
    int64_t count = between(c, 1, 3), rois[] = {count, 4};
    c->op = "RoiAlign";
    c->opset = draw_version(c, (const int[]){10, 16, 22, 0});
    c->slack = 20;
    put_input(c, DT_F32, 4, x, FILL_SMALL);
    CaseInput *r = put_input(c, DT_F32, 2, rois, FILL_SMALL);
    r->fixed = true;
    for (int64_t i = 0; i < 4 * count; i++)
        set_element(r, i, (double)between(c, 0, 12) * 0.3 + (i % 4 > 1 ? 2.1 : 0.05));
    put_range(c, DT_I64, 1, &count, 0, x[0] - 1);
    if (chance(c, 60)) set_text(c, "mode", chance(c, 50) ? "max" : "avg");
    if (chance(c, 70)) set_int(c, "output_height", between(c, 1, 4));
    if (chance(c, 70)) set_int(c, "output_width", between(c, 1, 4));
    if (chance(c, 60)) set_int(c, "sampling_ratio", between(c, 0, 3));
    if (chance(c, 50)) set_float(c, "spatial_scale", 0.5);
    if (c->opset >= 16 && chance(c, 50))
        set_text(c, "coordinate_transformation_mode",
                 chance(c, 50) ? "half_pixel" : "output_half_pixel");
}

const Family families_resample[] = {{"Resize", 20, resize},         {"Upsample", 1, upsample},
                                    {"GridSample", 6, grid_sample}, {"AffineGrid", 2, affine_grid},
                                    {"RoiAlign", 3, roi_align},     {0}};
