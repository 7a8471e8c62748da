/* Random movement of elements: transposes, reshapes, slices, concatenations, padding, gathers. */
#include "operators.h"

void add_transpose(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    int rank = n->values.items[x].rank;
    int64_t perm[MAX_RANK];
    for (int d = 0; d < rank; d++) {
        int k = random_below(n, d + 1);
        perm[d] = perm[k];
        perm[k] = d;
    }
    CallText c = {0};
    put(&c, "Transpose($%d", x);
    put_attribute(&c, "perm", perm, rank);
    put(&c, ")");
    add(n, 1, true, &c);
}

/* The shape's factors are dealt to other dimensions. */
void add_reshape(Network *n)
{
    int x = pick(n, is_any);
    if (x < 0) return;
    Value v = n->values.items[x];
    int rank = 1 + random_below(n, 5);
    int64_t dims[MAX_RANK], rest = 1;
    for (int d = 0; d < v.rank; d++) rest *= v.dims[d];
    for (int d = 0; d < rank; d++) {
        dims[d] = d + 1 == rank ? rest : 1 + random_below(n, (int)min64(rest, 32));
        while (rest % dims[d]) dims[d]--;
        rest /= dims[d];
    }
    if (random_chance(n, 30) && rank <= v.rank) dims[0] = 0;
    CallText c = {0};
    if (random_chance(n, 25) && v.rank)
        put(&c, "Flatten($%d, axis: %d)", x, random_below(n, v.rank + 1));
    else {
        put(&c, "Reshape($%d", x);
        put_indices(&c, dims, rank);
        put(&c, ")");
    }
    add(n, 1, true, &c);
}

void add_slice(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t starts[MAX_RANK], ends[MAX_RANK], axes[MAX_RANK], steps[MAX_RANK];
    int count = 0;
    for (int d = 0; d < v.rank; d++) {
        if (v.dims[d] == 1 || !random_chance(n, 50)) continue;
        axes[count] = d;
        steps[count] = random_chance(n, 70) ? 1 : random_chance(n, 50) ? 2 : -1;
        int64_t from = random_below(n, (int)v.dims[d]),
                length = 1 + random_below(n, (int)(v.dims[d] - from));
        if (random_chance(n, 30)) from -= from % 8;
        starts[count] = steps[count] < 0 ? from + length - 1 : from;
        ends[count] = steps[count] < 0 ? from - 1 - v.dims[d] : from + length;
        count++;
    }
    if (!count) return;
    CallText c = {0};
    put(&c, "Slice($%d", x);
    put_indices(&c, starts, count);
    put_indices(&c, ends, count);
    put_indices(&c, axes, count);
    put_indices(&c, steps, count);
    put(&c, ")");
    add(n, 1, true, &c);
}

void add_split(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), parts = 2 + random_below(n, 2);
    if (v.rank > 1 && random_chance(n, 50)) axis = 1;
    int64_t sizes[3], rest = v.dims[axis];
    if (rest < parts) return;
    for (int k = 0; k < parts; k++) {
        sizes[k] = k + 1 == parts ? rest : 1 + random_below(n, (int)(rest - (parts - 1 - k)));
        if (random_chance(n, 40) && sizes[k] >= 16 && k + 1 < parts) sizes[k] -= sizes[k] % 8;
        rest -= sizes[k];
    }
    CallText c = {0};
    put(&c, "Split($%d", x);
    put_indices(&c, sizes, parts);
    put(&c, ", axis: %d)", axis);
    add(n, parts, true, &c);
}

void add_concat(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), parts = 1 + random_below(n, 3), chosen[4] = {x};
    if (v.rank > 1 && random_chance(n, 60)) axis = 1;
    for (int k = 1; k <= parts; k++) {
        int found = -1, seen = 0;
        for (int i = 0; i < n->values.count; i++) {
            const Value *w = &n->values.items[i];
            bool fits = w->dtype == v.dtype && w->rank == v.rank;
            for (int d = 0; fits && d < v.rank; d++) fits = d == axis || w->dims[d] == v.dims[d];
            if (fits && random_below(n, ++seen) == 0) found = i;
        }
        int64_t dims[MAX_RANK];
        memcpy(dims, v.dims, sizeof dims);
        dims[axis] = random_channels(n);
        chosen[k] = found >= 0 && random_chance(n, 70)
                        ? found
                        : network_leaf(n, v.dtype, v.rank, dims, random_fill(n, v.dtype));
    }
    CallText c = {0};
    put(&c, "Concat(");
    for (int k = 0; k <= parts; k++)
        put(&c, "%s$%d", k ? ", " : "", chosen[random_chance(n, 50) ? k : parts - k]);
    put(&c, ", axis: %d)", axis);
    add(n, 1, true, &c);
}

void add_pad(Network *n)
{
    static const char *const modes[] = {"constant", "constant", "reflect", "edge", "wrap"};
    int x = pick(n, random_chance(n, 50) ? is_image : has_rank);
    if (x < 0) return;
    int rank = n->values.items[x].rank;
    int64_t pads[2 * MAX_RANK] = {0};
    for (int d = 0; d < 2 * rank; d++)
        if (random_chance(n, 40)) pads[d] = random_below(n, 4) - (random_chance(n, 10) ? 2 : 0);
    CallText c = {0};
    put(&c, "Pad($%d", x);
    put_indices(&c, pads, 2 * rank);
    put(&c, ", mode: \"%s\")", modes[random_below(n, (int)COUNT(modes))]);
    add(n, 1, true, &c);
}

void add_gather(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int axis = random_below(n, v.rank), rank = random_below(n, 3);
    int64_t dims[2] = {1 + random_below(n, 5), 1 + random_below(n, 3)};
    CallText c = {0};
    if (random_chance(n, 25)) {
        v.dims[axis] = 1 + random_below(n, 5);
        put(&c, "GatherElements($%d, $%d, axis: %d)", x,
            network_leaf(n, DT_I64, v.rank, v.dims, FILL_INDEX), axis);
    } else if (random_chance(n, 40)) {
        int64_t at[4];
        random_list(n, at, 4, 0, (int)v.dims[axis] - 1);
        put(&c, "Gather($%d", x);
        put_indices(&c, at, 1 + random_below(n, 4));
        put(&c, ", axis: %d)", axis);
    } else {
        put(&c, "Gather($%d, $%d, axis: %d)", x, network_leaf(n, DT_I64, rank, dims, FILL_INDEX),
            axis);
    }
    add(n, 1, true, &c);
}

void add_stretch(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t items[MAX_RANK];
    CallText c = {0};
    if (random_chance(n, 50)) {
        random_list(n, items, v.rank, 1, 2);
        put(&c, "Tile($%d", x);
        put_indices(&c, items, v.rank);
    } else {
        for (int d = 0; d < v.rank; d++)
            items[d + 1] = v.dims[d] == 1 ? 1 + random_below(n, 5) : v.dims[d];
        items[0] = 1 + random_below(n, 3);
        int more = random_chance(n, 30);
        put(&c, "Expand($%d", x);
        put_indices(&c, items + 1 - more, v.rank + more);
    }
    put(&c, ")");
    add(n, 1, true, &c);
}

void add_squeeze(Network *n)
{
    int x = pick(n, has_rank);
    if (x < 0) return;
    Value v = n->values.items[x];
    int64_t axis = random_below(n, v.rank + 1);
    CallText c = {0};
    bool squeeze = axis < v.rank && v.dims[axis] == 1;
    put(&c, "%s($%d", squeeze ? "Squeeze" : "Unsqueeze", x);
    put_indices(&c, &axis, 1);
    put(&c, ")");
    add(n, 1, true, &c);
}

void add_plane(Network *n)
{
    static const char *const calls[] = {
        "DepthToSpace($%d, blocksize: 2)",
        "DepthToSpace($%d, blocksize: 2, mode: \"CRD\")",
        "SpaceToDepth($%d, blocksize: 2)",
        "Resize($%d, _, f32[4] [1.0, 1.0, 2.0, 2.0], mode: \"nearest\")",
        "Resize($%d, _, f32[4] [1.0, 1.0, 2.0, 1.5], mode: \"linear\")",
        ("Resize($%d, _, f32[4] [1.0, 1.0, 0.5, 2.0], mode: \"nearest\", "
         "coordinate_transformation_mode: \"asymmetric\")")};
    int x = pick(n, is_plane), which = random_below(n, (int)COUNT(calls));
    if (x < 0) return;
    char text[200];
    snprintf(text, sizeof text, calls[which], x);
    network_add(n, 1, which != 4, text);
}
