/* Normalisations over every axis, in the versions that differ. */
#include "case.h"

static const CaseInput *put_image(Case *c, int least_rank)
{
    int rank = least_rank + below(c, 6 - least_rank);
    int64_t dims[MAX_RANK];
    draw_dims(c, rank, dims, 1, 5);
    if (chance(c, 10)) dims[1] = 16;
    return put_input(c, DT_F32, rank, dims, FILL_ROUGH);
}

static void set_epsilon(Case *c)
{
    if (chance(c, 70)) set_float(c, "epsilon", chance(c, 50) ? 0.01 : 0.1);
}

static void batch_norm(Case *c)
{
    c->op = "BatchNormalization";
    c->opset = draw_version(c, (const int[]){9, 14, 15, 0});
    const CaseInput *x = put_image(c, 2);
    int64_t channels = x->dims[1];
    for (int i = 0; i < 4; i++)
        put_input(c, DT_F32, 1, &channels, i == 3 ? FILL_POSITIVE : FILL_SMALL);
    set_epsilon(c);
    if (chance(c, 20)) set_float(c, "momentum", 0.5);
}

static void instance_norm(Case *c)
{
    c->op = "InstanceNormalization";
    c->opset = draw_version(c, (const int[]){6, 22, 0});
    c->slack = 20;
    int64_t channels = put_image(c, 3)->dims[1];
    put_input(c, DT_F32, 1, &channels, FILL_SMALL);
    put_input(c, DT_F32, 1, &channels, FILL_SMALL);
    set_epsilon(c);
}

static void group_norm(Case *c)
{
    int64_t groups = between(c, 1, 3), dims[4] = {between(c, 1, 2), groups * between(c, 1, 3)};
    int rank = 3 + below(c, 2);
    c->op = "GroupNormalization";
    c->opset = draw_version(c, (const int[]){18, 21, 0});
    c->slack = 20;
    draw_dims(c, 2, dims + 2, 1, 4);
    int64_t scales = c->opset == 18 ? groups : dims[1];
    put_input(c, DT_F32, rank, dims, FILL_ROUGH);
    put_input(c, DT_F32, 1, &scales, FILL_SMALL);
    put_input(c, DT_F32, 1, &scales, FILL_SMALL);
    set_int(c, "num_groups", groups);
    set_epsilon(c);
}

static void layer_norm(Case *c)
{
    bool rms = chance(c, 35);
    c->op = rms ? "RMSNormalization" : "LayerNormalization";
    c->opset = rms ? 23 : 17;
    c->slack = 20;
    const CaseInput *x = put_image(c, 1);
    int axis = below(c, x->rank);
    int64_t dims[MAX_RANK];
    memcpy(dims, x->dims + axis, (size_t)(x->rank - axis) * sizeof *dims);
    put_input(c, DT_F32, x->rank - axis, dims, FILL_SMALL);
    if (!rms && chance(c, 60)) put_input(c, DT_F32, x->rank - axis, dims, FILL_SMALL);
    if (axis != x->rank - 1 || chance(c, 40))
        set_int(c, "axis", chance(c, 50) ? axis - x->rank : axis);
    set_epsilon(c);
    if (!rms && chance(c, 30)) c->output_count = 3;
}

static void lp_norm(Case *c)
{
    c->op = "LpNormalization";
    c->opset = draw_version(c, (const int[]){1, 22, 0});
    c->slack = 8;
    const CaseInput *x = put_image(c, 1);
    if (chance(c, 70)) set_int(c, "axis", between(c, -x->rank, x->rank - 1));
    if (chance(c, 60)) set_int(c, "p", between(c, 1, 2));
}

static void mean_variance(Case *c)
{
    c->op = "MeanVarianceNormalization";
    c->opset = draw_version(c, (const int[]){9, 13, 0});
    c->slack = 100;
    int64_t dims[4], axes[4];
    draw_dims(c, 4, dims, 2, 5);
    put_input(c, DT_F32, 4, dims, FILL_ROUGH);
    if (!chance(c, 60)) return;
    int count = 1 + below(c, 4);
    draw_axes(c, 4, count, axes);
    set_ints(c, "axes", count, axes);
}

const Family families_normal[] = {{"BatchNormalization", 4, batch_norm},
                                  {"InstanceNormalization", 2, instance_norm},
                                  {"GroupNormalization", 2, group_norm},
                                  {"LayerNormalization", 4, layer_norm},
                                  {"LpNormalization", 2, lp_norm},
                                  {"MeanVarianceNormalization", 2, mean_variance},
                                  {0}};
