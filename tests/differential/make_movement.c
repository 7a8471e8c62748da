/* Operators that move elements: negative axes and steps, indices from both ends, scatters with
 * every reduction, every mode of Pad, shapes with 0 and -1, empty tensors. */
#include "case.h"

static const uint32_t any_type = TYPES_NUMERIC | TYPE(DT_BOOL);

static Dtype draw_any(Case *c)
{
    return chance(c, 50) ? DT_F32 : draw_type(c, TYPES_NUMERIC | TYPE(DT_BOOL));
}

static Dtype draw_index(Case *c) { return chance(c, 70) ? DT_I64 : DT_I32; }

/* A tensor of 1 to 5 dimensions as the first input. */
static const CaseInput *put_data(Case *c, Dtype dtype, int least_rank)
{
    int rank = least_rank + below(c, 5 - least_rank);
    int64_t dims[MAX_RANK];
    draw_dims(c, rank, dims, chance(c, 4) ? 0 : 1, 6);
    return put_input(c, dtype, rank, dims, FILL_SMALL);
}

static int64_t signed_axis(Case *c, int64_t axis, int rank)
{
    return chance(c, 40) ? axis - rank : axis;
}

/* An attribute before opset 13, an input since. */
static void give_ints(Case *c, const char *name, int count, const int64_t *values)
{
    if (c->opset < 13)
        set_ints(c, name, count, values);
    else
        put_ints(c, DT_I64, count, values);
}

/* ---- pieces ---- */

static void slice(Case *c)
{
    c->op = "Slice";
    c->opset = draw_version(c, (const int[]){10, 11, 13, 0});
    const CaseInput *x = put_data(c, draw_any(c), 1);
    int count = 1 + below(c, x->rank);
    int64_t axes[MAX_RANK], from[MAX_RANK], to[MAX_RANK], steps[MAX_RANK];
    draw_axes(c, x->rank, count, axes);
    bool with_axes = chance(c, 75), with_steps = with_axes && chance(c, 75);
    for (int i = 0; i < count; i++) {
        int64_t axis = with_axes ? (axes[i] + x->rank) % x->rank : i, size = x->dims[axis];
        steps[i] = between(c, -3, 3);
        if (steps[i] == 0 || !with_steps) steps[i] = 1;
        from[i] = between(c, -size - 2, size + 2);
        to[i] = between(c, -size - 2, size + 2);
        if (chance(c, 15)) to[i] = steps[i] > 0 ? INT64_MAX : INT64_MIN + 1;
        if (chance(c, 5)) from[i] = steps[i] > 0 ? -INT32_MAX : INT32_MAX;
    }
    put_ints(c, DT_I64, count, from);
    put_ints(c, DT_I64, count, to);
    if (with_axes) put_ints(c, DT_I64, count, axes);
    if (with_steps) put_ints(c, DT_I64, count, steps);
}

static void split(Case *c)
{
    c->op = "Split";
    c->opset = draw_version(c, (const int[]){11, 13, 18, 0});
    const CaseInput *x = put_data(c, draw_any(c), 1);
    int axis = below(c, x->rank), count = 1 + below(c, 4);
    int64_t sizes[MAX_OUTPUTS], left = x->dims[axis];
    bool even = left % count == 0 && chance(c, 30),
         uneven = c->opset >= 18 && left >= 1 && chance(c, 40);
    int64_t each = (left + count - 1) / count;
    if (uneven && each * (count - 1) >= left) uneven = false; /* the last would be empty or less */
    for (int i = 0; i < count; i++) {
        sizes[i] = i == count - 1 ? left : between(c, 0, left);
        left -= sizes[i];
    }
    if (axis || chance(c, 50)) set_int(c, "axis", signed_axis(c, axis, x->rank));
    c->output_count = count;
    if (even || uneven) {
        if (c->opset >= 18) set_int(c, "num_outputs", count);
    } else {
        give_ints(c, "split", count, sizes);
    }
}

static void concat(Case *c)
{
    c->op = "Concat";
    c->opset = draw_version(c, (const int[]){11, 13, 0});
    Dtype dtype = draw_any(c);
    const CaseInput *x = put_data(c, dtype, 1);
    int axis = below(c, x->rank), more = below(c, 4);
    for (int i = 0; i < more; i++) {
        int64_t dims[MAX_RANK];
        memcpy(dims, x->dims, sizeof dims);
        dims[axis] = between(c, chance(c, 10) ? 0 : 1, 4);
        put_input(c, dtype, x->rank, dims, FILL_SMALL);
    }
    set_int(c, "axis", signed_axis(c, axis, x->rank));
}

static void pad(Case *c)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    c->op = "Pad";
    c->opset = draw_version(c, (const int[]){11, 13, 18, 19, 21, 0});
    Dtype dtype =
        chance(c, 60) ? DT_F32 : draw_type(c, TYPES_NUMERIC & ~(TYPE(DT_BF16) | TYPE(DT_F16)));
    const CaseInput *x = put_data(c, dtype, 1);
    int mode = below(c, c->opset >= 19 ? 4 : 3), count = x->rank;
    int64_t axes[MAX_RANK], pads[2 * MAX_RANK];
    bool with_axes = c->opset >= 18 && chance(c, 40);
    if (with_axes) draw_axes(c, x->rank, count = 1 + below(c, x->rank), axes);
    for (int i = 0; i < count; i++) {
        int64_t size = x->dims[with_axes ? (axes[i] + x->rank) % x->rank : i];
        int64_t most = mode == 0 || mode == 2 ? 3 : mode == 1 ? min64(3, size - 1) : min64(3, size);
        for (int side = 0; side < 2; side++)
            pads[i + side * count] = chance(c, 15)   ? -between(c, 0, size / 2)
                                     : size || !mode ? between(c, 0, max64(most, 0))
                                                     : 0;
    }
    if (mode || chance(c, 20)) set_text(c, "mode", modes[mode]);
    put_ints(c, DT_I64, 2 * count, pads);
    if (chance(c, 50))
        put_input(c, dtype, 0, NULL, FILL_SMALL);
    else if (with_axes)
        put_omitted(c);
    if (with_axes) put_ints(c, draw_index(c), count, axes);
}

/* ---- gathering and scattering ---- */

static void gather(Case *c)
{
    c->op = "Gather";
    c->opset = draw_version(c, (const int[]){11, 13, 0});
    int rank = 1 + below(c, 4), axis = below(c, rank), index_rank = below(c, 3);
    int64_t dims[MAX_RANK], index[MAX_RANK];
    draw_dims(c, rank, dims, 1, 6);
    draw_dims(c, index_rank, index, chance(c, 5) ? 0 : 1, 4);
    put_input(c, draw_any(c), rank, dims, FILL_SMALL);
    put_range(c, draw_index(c), index_rank, index, -dims[axis], dims[axis] - 1);
    if (axis || chance(c, 50)) set_int(c, "axis", signed_axis(c, axis, rank));
}

static void gather_elements(Case *c)
{
    c->op = "GatherElements";
    c->opset = draw_version(c, (const int[]){11, 13, 0});
    int rank = 1 + below(c, 4), axis = below(c, rank);
    int64_t dims[MAX_RANK], index[MAX_RANK];
    draw_dims(c, rank, dims, 1, 6);
    for (int i = 0; i < rank; i++) index[i] = i == axis ? between(c, 1, 7) : dims[i];
    put_input(c, draw_any(c), rank, dims, FILL_SMALL);
    put_range(c, draw_index(c), rank, index, -dims[axis], dims[axis] - 1);
    if (axis || chance(c, 50)) set_int(c, "axis", signed_axis(c, axis, rank));
}

/* Index tuples: the last dimension is `depth` long. */
static CaseInput *put_tuples(Case *c, const CaseInput *x, int batch, int depth, int rank,
                             const int64_t *dims)
{
    CaseInput *in = put_range(c, DT_I64, rank, dims, 0, 0);
    for (int64_t i = 0; i < case_elements(in); i++) {
        int64_t size = x->dims[batch + i % depth];
        dtype_set_int(DT_I64, in->data, i, between(c, -size, size - 1));
    }
    return in;
}

static void gather_nd(Case *c)
{
    c->op = "GatherND";
    c->opset = draw_version(c, (const int[]){12, 13, 0});
    int rank = 1 + below(c, 4), batch = chance(c, 40) ? below(c, rank) : 0, middle = below(c, 3);
    int depth = 1 + below(c, rank - batch);
    int64_t dims[MAX_RANK], index[MAX_RANK];
    draw_dims(c, rank, dims, 1, 5);
    memcpy(index, dims, (size_t)batch * sizeof *dims);
    draw_dims(c, middle, index + batch, 1, 4);
    index[batch + middle] = depth;
    const CaseInput *x = put_input(c, draw_any(c), rank, dims, FILL_SMALL);
    put_tuples(c, x, batch, depth, batch + middle + 1, index);
    if (batch || chance(c, 20)) set_int(c, "batch_dims", batch);
}

/* An opset and a type in which the reduction is defined. */
static Dtype draw_reduction(Case *c)
{
    static const char *const kinds[] = {"none", "add", "mul", "max", "min"};
    c->opset = draw_version(c, (const int[]){13, 16, 18, 0});
    int kind = c->opset < 16 ? 0 : c->opset < 18 ? below(c, 3) : below(c, 5);
    if (kind || (c->opset >= 16 && chance(c, 20))) set_text(c, "reduction", kinds[kind]);
    return kind ? draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPES_INTEGER) : draw_any(c);
}

static bool repeats_allowed(const Case *c)
{
    const CaseAttr *a = case_attr(c, "reduction");
    return a && strcmp(a->s, "none") != 0;
}

/* Along the axis no index comes twice, unless a reduction says what that means. */
static void scatter_elements(Case *c)
{
    c->op = "ScatterElements";
    Dtype dtype = draw_reduction(c);
    int rank = 1 + below(c, 3), axis = below(c, rank);
    int64_t dims[MAX_RANK], index[MAX_RANK], inner = 1;
    draw_dims(c, rank, dims, 1, 6);
    for (int i = 0; i < rank; i++) index[i] = between(c, 1, dims[i]);
    for (int i = axis + 1; i < rank; i++) inner *= index[i];
    put_input(c, dtype, rank, dims, FILL_SMALL);
    CaseInput *in = put_range(c, draw_index(c), rank, index, -dims[axis], dims[axis] - 1);
    if (!repeats_allowed(c)) {
        int64_t first = between(c, 0, dims[axis] - 1);
        for (int64_t i = 0; i < case_elements(in); i++) {
            int64_t at = (first + i / inner % index[axis] + i % inner) % dims[axis];
            dtype_set_int(in->dtype, in->data, i, signed_axis(c, at, (int)dims[axis]));
        }
    }
    put_input(c, dtype, rank, index, FILL_SMALL);
    if (axis || chance(c, 50)) set_int(c, "axis", signed_axis(c, axis, rank));
}

/* One tuple unless a reduction allows several. */
static void scatter_nd(Case *c)
{
    c->op = "ScatterND";
    Dtype dtype = draw_reduction(c);
    int rank = 1 + below(c, 3), depth = 1 + below(c, rank);
    int64_t dims[MAX_RANK], index[] = {repeats_allowed(c) ? between(c, 1, 5) : 1, depth},
                            updates[MAX_RANK];
    draw_dims(c, rank, dims, 1, 5);
    const CaseInput *x = put_input(c, dtype, rank, dims, FILL_SMALL);
    put_tuples(c, x, 0, depth, 2, index);
    updates[0] = index[0];
    memcpy(updates + 1, dims + depth, (size_t)(rank - depth) * sizeof *dims);
    put_input(c, dtype, rank - depth + 1, updates, FILL_SMALL);
}

/* ---- shapes ---- */

static void transpose(Case *c)
{
    c->op = "Transpose";
    c->opset = 13;
    const CaseInput *x = put_data(c, draw_any(c), 0);
    int64_t order[MAX_RANK];
    draw_axes(c, x->rank, x->rank, order);
    for (int i = 0; i < x->rank; i++) order[i] = (order[i] + x->rank) % x->rank;
    if (x->rank && chance(c, 80)) set_ints(c, "perm", x->rank, order);
}

static void reshape(Case *c)
{
    c->op = "Reshape";
    c->opset = draw_version(c, (const int[]){5, 13, 14, 21, 0});
    const CaseInput *x = put_data(c, draw_any(c), 0);
    int64_t n = case_elements(x), shape[6];
    int rank = 0;
    for (; rank < 5 && n > 0 && chance(c, 60); rank++) {
        shape[rank] = between(c, 1, n);
        while (n % shape[rank]) shape[rank]--;
        n /= shape[rank];
    }
    shape[rank++] = n;
    if (n && chance(c, 50)) shape[below(c, rank)] = -1;
    for (int i = 0; i < rank; i++)
        if (i < x->rank && shape[i] == x->dims[i] && shape[i] && chance(c, 30)) shape[i] = 0;
    if (case_elements(x) == 0 && c->opset >= 14) set_int(c, "allowzero", 1);
    put_ints(c, DT_I64, rank, shape);
}

static void expand(Case *c)
{
    c->op = "Expand";
    c->opset = draw_version(c, (const int[]){8, 13, 0});
    const CaseInput *x = put_data(c, draw_any(c), 0);
    int more = below(c, 3), rank = x->rank + more;
    int64_t shape[MAX_RANK];
    draw_dims(c, more, shape, 1, 4);
    for (int i = 0; i < x->rank; i++)
        shape[more + i] = x->dims[i] == 1 ? between(c, 1, 4) : chance(c, 50) ? 1 : x->dims[i];
    int skip = chance(c, 20) ? below(c, rank + 1) : 0;
    put_ints(c, DT_I64, rank - skip, shape + skip);
}

static void tile(Case *c)
{
    c->op = "Tile";
    c->opset = 13;
    Dtype dtype = chance(c, 60) ? DT_F32 : draw_type(c, any_type);
    const CaseInput *x = put_data(c, dtype, 1);
    int64_t repeats[MAX_RANK];
    draw_dims(c, x->rank, repeats, chance(c, 10) ? 0 : 1, 3);
    put_ints(c, DT_I64, x->rank, repeats);
}

static void squeeze(Case *c)
{
    int rank = 1 + below(c, 4), count = 0;
    int64_t dims[MAX_RANK], axes[MAX_RANK];
    c->op = "Squeeze";
    c->opset = draw_version(c, (const int[]){11, 13, 21, 0});
    for (int i = 0; i < rank; i++) dims[i] = chance(c, 50) ? 1 : between(c, 2, 4);
    for (int i = 0; i < rank; i++)
        if (dims[i] == 1 && chance(c, 70)) axes[count++] = signed_axis(c, i, rank);
    put_input(c, draw_any(c), rank, dims, FILL_SMALL);
    if (!count) return;
    give_ints(c, "axes", count, axes);
}

static void unsqueeze(Case *c)
{
    c->op = "Unsqueeze";
    c->opset = draw_version(c, (const int[]){11, 13, 21, 0});
    const CaseInput *x = put_data(c, draw_any(c), 0);
    int count = 1 + below(c, 2);
    int64_t axes[MAX_RANK];
    draw_axes(c, x->rank + count, count, axes);
    give_ints(c, "axes", count, axes);
}

static void flatten(Case *c)
{
    c->op = "Flatten";
    c->opset = draw_version(c, (const int[]){9, 11, 13, 21, 0});
    const CaseInput *x = put_data(c, draw_any(c), 0);
    int axis = below(c, x->rank + 1);
    if (x->rank == 0) axis = 0;
    if (axis != 1 || chance(c, 30))
        set_int(c, "axis", c->opset >= 11 && axis < x->rank ? signed_axis(c, axis, x->rank) : axis);
    if (x->rank == 0 && !case_attr(c, "axis")) set_int(c, "axis", 0);
}

static void depth_space(Case *c)
{
    bool to_space = chance(c, 50);
    int64_t block = between(c, 1, 3),
            dims[] = {between(c, 1, 2), between(c, 1, 3), between(c, 1, 4), between(c, 1, 4)};
    c->op = to_space ? "DepthToSpace" : "SpaceToDepth";
    c->opset = 13;
    if (to_space)
        dims[1] *= block * block;
    else
        dims[2] *= block, dims[3] *= block;
    set_int(c, "blocksize", block);
    if (to_space && chance(c, 60)) set_text(c, "mode", chance(c, 50) ? "CRD" : "DCR");
    put_input(c, chance(c, 70) ? DT_F32 : DT_F64, 4, dims, FILL_DISTINCT);
}

/* ---- others ---- */

static void reverse_sequence(Case *c)
{
    int rank = 2 + below(c, 2), batch = below(c, 2);
    int64_t dims[MAX_RANK];
    c->op = "ReverseSequence";
    c->opset = 10;
    draw_dims(c, rank, dims, 1, 6);
    put_input(c, draw_any(c), rank, dims, FILL_SMALL);
    put_range(c, DT_I64, 1, &dims[batch], 1, dims[!batch]);
    if (!batch || chance(c, 50)) set_int(c, "batch_axis", batch), set_int(c, "time_axis", !batch);
}

static void trilu(Case *c)
{
    c->op = "Trilu";
    c->opset = 14;
    put_data(c, chance(c, 60) ? DT_F32 : draw_type(c, TYPE(DT_F64) | TYPE(DT_I64) | TYPE(DT_BOOL)),
             2);
    if (chance(c, 60)) put_scalar(c, DT_I64, (double)between(c, -7, 7));
    if (chance(c, 50)) set_int(c, "upper", below(c, 2));
}

static void one_hot(Case *c)
{
    int rank = below(c, 4);
    int64_t dims[MAX_RANK], depth = between(c, 1, 5), two = 2;
    Dtype value = draw_type(c, TYPE(DT_F32) | TYPE(DT_I64));
    c->op = "OneHot";
    c->opset = 11;
    draw_dims(c, rank, dims, 1, 4);
    put_range(c, DT_I64, rank, dims, -depth - 1, depth);
    put_scalar(c, DT_I64, (double)depth);
    put_input(c, value, 1, &two, FILL_SMALL);
    if (chance(c, 70)) set_int(c, "axis", between(c, -rank - 1, rank));
}

static void eye_like(Case *c)
{
    int64_t dims[] = {between(c, 1, 5), between(c, 1, 5)};
    c->op = "EyeLike";
    c->opset = 9;
    put_input(c, draw_type(c, TYPE(DT_F32) | TYPE(DT_I64) | TYPE(DT_U8)), 2, dims, FILL_SMALL);
    if (chance(c, 60)) set_int(c, "k", between(c, -6, 6));
    if (chance(c, 60))
        set_int(c, "dtype", draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I64)));
}

const Family families_movement[] = {{"Slice", 8, slice},
                                    {"Split", 4, split},
                                    {"Concat", 4, concat},
                                    {"Pad", 8, pad},
                                    {"Gather", 4, gather},
                                    {"GatherElements", 3, gather_elements},
                                    {"GatherND", 4, gather_nd},
                                    {"ScatterElements", 5, scatter_elements},
                                    {"ScatterND", 4, scatter_nd},
                                    {"Transpose", 4, transpose},
                                    {"Reshape", 4, reshape},
                                    {"Expand", 3, expand},
                                    {"Tile", 2, tile},
                                    {"Squeeze", 2, squeeze},
                                    {"Unsqueeze", 2, unsqueeze},
                                    {"Flatten", 2, flatten},
                                    {"DepthToSpace", 2, depth_space},
                                    {"ReverseSequence", 2, reverse_sequence},
                                    {"Trilu", 2, trilu},
                                    {"OneHot", 2, one_hot},
                                    {"EyeLike", 1, eye_like},
                                    {0}};
