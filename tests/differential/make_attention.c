/* Attention of 3 and 4 dimensions with grouped heads, masks, past keys and soft caps; rotary
 * embeddings; and the few operators of images that no other family has. */
#include "case.h"

typedef struct Heads {
    int64_t batch, query, key, length, total, size, value; /* heads of queries and keys */
    bool flat;                                             /* [batch, length, heads * size] */
} Heads;

static void put_heads(Case *c, const Heads *h, int64_t heads, int64_t length, int64_t size)
{
    int64_t split[] = {h->batch, heads, length, size}, flat[] = {h->batch, length, heads * size};
    put_input(c, DT_F32, h->flat ? 3 : 4, h->flat ? flat : split, FILL_ROUGH);
}

static void put_mask(Case *c, const Heads *h)
{
    int64_t dims[] = {h->batch, chance(c, 50) ? h->query : 1, h->length, h->total};
    int rank = 2 + below(c, 3);
    if (rank == 3) dims[1] = h->query;
    CaseInput *in =
        put_input(c, chance(c, 50) ? DT_BOOL : DT_F32, rank, dims + 4 - rank, FILL_ROUGH);
    for (int64_t i = 0; in->dtype == DT_BOOL && i < case_elements(in); i += h->total)
        set_element(in, i + below(c, (int)h->total), 1); /* no row of nothing */
}

static void attention(Case *c)
{
    Heads h = {between(c, 1, 2),
               0,
               between(c, 1, 2),
               between(c, 1, 4),
               0,
               between(c, 1, 4),
               between(c, 1, 4),
               chance(c, 40)};
    int64_t fresh = between(c, 1, 4), past = chance(c, 30) ? between(c, 1, 3) : 0;
    h.query = h.key * between(c, 1, 2);
    h.total = fresh + past;
    c->op = "Attention";
    c->opset = draw_version(c, (const int[]){23, 24, 0});
    c->slack = 10;
    put_heads(c, &h, h.query, h.length, h.size);
    put_heads(c, &h, h.key, fresh, h.size);
    put_heads(c, &h, h.key, fresh, h.value);
    if (h.flat) set_int(c, "q_num_heads", h.query), set_int(c, "kv_num_heads", h.key);
    if (chance(c, 30)) set_float(c, "scale", 0.75);
    if (chance(c, 25)) set_float(c, "softcap", 2);
    bool causal = !past && chance(c, 30);
    if (causal) set_int(c, "is_causal", 1);
    if (!causal && chance(c, 50))
        put_mask(c, &h);
    else if (past)
        put_omitted(c);
    if (!past) return;
    int64_t keys[] = {h.batch, h.key, past, h.size}, values[] = {h.batch, h.key, past, h.value};
    put_input(c, DT_F32, 4, keys, FILL_ROUGH);
    put_input(c, DT_F32, 4, values, FILL_ROUGH);
    c->output_count = 3;
}

static void rotary(Case *c)
{
    int64_t batch = between(c, 1, 2), heads = between(c, 1, 3), length = between(c, 1, 4),
            half = between(c, 1, 3), size = 2 * half, rotated = size;
    bool flat = chance(c, 40), positions = chance(c, 60);
    int64_t split[] = {batch, heads, length, size}, joined[] = {batch, length, heads * size};
    if (chance(c, 30) && half > 1) rotated = 2 * between(c, 1, half - 1);
    int64_t table[] = {batch, length, rotated / 2}, by_position[] = {6, rotated / 2},
            at[] = {batch, length};
    c->op = "RotaryEmbedding";
    c->opset = 23;
    put_input(c, DT_F32, flat ? 3 : 4, flat ? joined : split, FILL_ROUGH);
    for (int i = 0; i < 2; i++)
        put_input(c, DT_F32, positions ? 2 : 3, positions ? by_position : table, FILL_ROUGH);
    if (positions) put_range(c, DT_I64, 2, at, 0, 5);
    if (flat || chance(c, 20)) set_int(c, "num_heads", heads);
    if (rotated != size) set_int(c, "rotary_embedding_dim", rotated);
    if (chance(c, 50)) set_int(c, "interleaved", below(c, 2));
}

static void crop_or_pad(Case *c)
{
    int rank = 1 + below(c, 4), count;
    int64_t dims[4], axes[4], sizes[4];
    c->op = "CenterCropPad";
    c->opset = 18;
    draw_dims(c, rank, dims, 1, 7);
    draw_dims(c, rank, sizes, 1, 9);
    put_input(c, DT_F32, rank, dims, FILL_SMALL);
    bool some = chance(c, 60);
    draw_axes(c, rank, count = some ? 1 + below(c, rank) : rank, axes);
    if (some) set_ints(c, "axes", count, axes);
    put_ints(c, DT_I64, count, sizes);
}

static void shrink_elements(Case *c)
{
    int64_t dims[] = {between(c, 1, 4), between(c, 1, 5)};
    c->op = "Shrink";
    c->opset = 9;
    put_input(c, draw_type(c, TYPE(DT_F32) | TYPE(DT_F64) | TYPE(DT_I32)), 2, dims, FILL_SMALL);
    if (chance(c, 60)) set_float(c, "lambd", 1.5);
    if (chance(c, 60)) set_float(c, "bias", 1);
}

static void columns_to_image(Case *c)
{
    int64_t block[] = {between(c, 1, 3), between(c, 1, 3)}, image[2], step[2], pads[4], blocks = 1;
    int64_t channels = between(c, 1, 3),
            dims[] = {between(c, 1, 2), channels * block[0] * block[1], 0};
    for (int i = 0; i < 2; i++) {
        step[i] = between(c, 1, 2);
        pads[i] = between(c, 0, 1);
        pads[i + 2] = between(c, 0, 1);
        image[i] = block[i] + between(c, 0, 4);
        blocks *= (image[i] + pads[i] + pads[i + 2] - block[i]) / step[i] + 1;
    }
    dims[2] = blocks;
    c->op = "Col2Im";
    c->opset = 18;
    put_input(c, DT_F32, 3, dims, FILL_SMALL);
    put_ints(c, DT_I64, 2, image);
    put_ints(c, DT_I64, 2, block);
    set_ints(c, "strides", 2, step);
    set_ints(c, "pads", 4, pads);
}

const Family families_attention[] = {
    {"Attention", 8, attention},       {"RotaryEmbedding", 4, rotary},
    {"CenterCropPad", 2, crop_or_pad}, {"Shrink", 1, shrink_elements},
    {"Col2Im", 2, columns_to_image},   {0}};
