/* Products: MatMul of any ranks, Gemm with every form of C, Einsum, integer MatMul, Det; and
 * recurrent layers in every direction and layout. */
#include "case.h"

static Dtype draw_real(Case *c) { return chance(c, 80) ? DT_F32 : DT_F64; }

static int64_t draw_size(Case *c)
{
    return chance(c, 3) ? 0 : chance(c, 85) ? between(c, 1, 7) : between(c, 8, 40);
}

/* Shapes of two operands that multiply: batch dimensions that broadcast, or vectors. */
static void draw_product(Case *c, int *ranks, int64_t dims[2][MAX_RANK])
{
    int64_t m = draw_size(c), k = draw_size(c), n = draw_size(c), batch[2];
    int count = below(c, 3);
    draw_dims(c, count, batch, 1, 3);
    for (int side = 0; side < 2; side++) {
        int own = chance(c, 70) ? count : below(c, count + 1);
        for (int i = 0; i < own; i++) dims[side][i] = chance(c, 25) ? 1 : batch[count - own + i];
        ranks[side] = own + 2;
        dims[side][own] = side ? k : m;
        dims[side][own + 1] = side ? n : k;
        if (!chance(c, 10)) continue;
        ranks[side] = 1;
        dims[side][0] = k;
    }
}

static void mat_mul(Case *c)
{
    int ranks[2];
    int64_t dims[2][MAX_RANK];
    Dtype dtype = chance(c, 75) ? DT_F32
                                : draw_type(c, TYPE(DT_F64) | TYPE(DT_I32) | TYPE(DT_I64) |
                                                   TYPE(DT_U32) | TYPE(DT_U64) | TYPE(DT_F16));
    c->op = "MatMul";
    c->opset = draw_version(c, (const int[]){9, 13, 0});
    draw_product(c, ranks, dims);
    put_input(c, dtype, ranks[0], dims[0], FILL_SMALL);
    put_input(c, dtype, ranks[1], dims[1], FILL_SMALL);
}

static void mat_mul_integer(Case *c)
{
    int ranks[2];
    int64_t dims[2][MAX_RANK];
    Dtype a = draw_type(c, TYPE(DT_U8) | TYPE(DT_I8)), b = draw_type(c, TYPE(DT_U8) | TYPE(DT_I8));
    c->op = "MatMulInteger";
    c->opset = 10;
    draw_product(c, ranks, dims);
    put_input(c, a, ranks[0], dims[0], FILL_ANY);
    put_input(c, b, ranks[1], dims[1], FILL_ANY);
    bool first = chance(c, 60), second = chance(c, 60);
    if (first) put_scalar(c, a, (double)between(c, 0, 99));
    if (second && !first) put_omitted(c);
    if (!second) return;
    int64_t columns = c->inputs[1].dims[c->inputs[1].rank - 1];
    if (chance(c, 60) || c->inputs[1].rank != 2)
        put_scalar(c, b, (double)between(c, 0, 99));
    else
        put_input(c, b, 1, &columns, FILL_SMALL);
}

static void gemm(Case *c)
{
    bool a = chance(c, 40), b = chance(c, 40);
    int64_t m = draw_size(c), k = draw_size(c), n = draw_size(c);
    int64_t x[] = {a ? k : m, a ? m : k}, y[] = {b ? n : k, b ? k : n}, z[] = {m, n};
    Dtype dtype = chance(c, 80) ? DT_F32 : draw_type(c, TYPE(DT_F64));
    c->op = "Gemm";
    c->opset = draw_version(c, (const int[]){9, 11, 13, 0});
    if (a || chance(c, 20)) set_int(c, "transA", a);
    if (b || chance(c, 20)) set_int(c, "transB", b);
    if (chance(c, 50)) set_float(c, "alpha", (double)between(c, -4, 4) / 2);
    if (chance(c, 50)) set_float(c, "beta", (double)between(c, -4, 4) / 2);
    put_input(c, dtype, 2, x, FILL_SMALL);
    put_input(c, dtype, 2, y, FILL_SMALL);
    if (c->opset < 11 || chance(c, 70)) {
        int rank = below(c, 3);
        for (int i = 0; i < 2; i++)
            if (chance(c, 30)) z[i] = 1;
        put_input(c, dtype, rank, z + 2 - rank, FILL_SMALL);
    }
}

static void einsum(Case *c)
{
    static const char *const equations[] = {
        "ij,jk->ik",       "ij,jk",        "bij,bjk->bik", "ij->ji",  "ij->",
        "ii->i",           "ii->",         "i,i->",        "i,j->ij", "ij,kj->ik",
        "bhid,bhjd->bhij", "ij,ij->ij",    "ijk->kij",     "ij,j->i", "...ij,...jk->...ik",
        "...i->...",       "ij,jk,kl->il", "abc,cd->abd",  "ab,cb->", "abcd->dcba",
        "bij->bi",         "i...->..."};
    const char *equation = equations[below(c, COUNT(equations))];
    int64_t sizes[26], rest[2];
    int rest_rank = below(c, 3);
    Dtype dtype = draw_real(c);
    c->op = "Einsum";
    c->opset = 12;
    draw_dims(c, 26, sizes, 1, 5);
    draw_dims(c, rest_rank, rest, 1, 3);
    set_text(c, "equation", equation);
    for (const char *s = equation; *s != '-' && *s;) {
        int64_t dims[MAX_RANK];
        int rank = 0;
        for (; *s && *s != ',' && *s != '-'; s++) {
            if (*s != '.') {
                dims[rank++] = sizes[*s - 'a'];
                continue;
            }
            for (int i = 0; i < rest_rank; i++) dims[rank++] = rest[i];
            s += 2;
        }
        put_input(c, dtype, rank, dims, FILL_SMALL);
        s += *s == ',';
    }
}

static void det(Case *c)
{
    int64_t n = between(c, 1, 5), dims[] = {between(c, 1, 3), n, n};
    c->op = "Det";
    c->opset = 11;
    c->slack = 100;
    int batched = below(c, 2);
    put_input(c, DT_F32, 2 + batched, dims + !batched, FILL_ROUGH);
}

/* ---- recurrent layers ---- */

static void set_direction(Case *c, int *directions)
{
    static const char *const names[] = {"forward", "reverse", "bidirectional"};
    int which = below(c, 3);
    *directions = which == 2 ? 2 : 1;
    if (which || chance(c, 20)) set_text(c, "direction", names[which]);
}

/* Or none. */
static void state(Case *c, bool batch_first, int64_t directions, int64_t batch, int64_t hidden)
{
    if (!chance(c, 50)) {
        put_omitted(c);
        return;
    }
    int64_t first[] = {batch, directions, hidden}, second[] = {directions, batch, hidden};
    put_input(c, DT_F32, 3, batch_first ? first : second, FILL_ROUGH);
}

static void recurrent(Case *c)
{
    static const struct {
        const char *name;
        int gates, outputs;
    } kinds[] = {{"RNN", 1, 2}, {"GRU", 3, 2}, {"LSTM", 4, 3}};
    int kind = below(c, 3), gates = kinds[kind].gates, d;
    bool lstm = kind == 2, batch_first = false;
    c->op = kinds[kind].name;
    c->opset = draw_version(c, (const int[]){7, 14, 22, 0});
    c->slack = 10;
    set_direction(c, &d);
    int64_t time = between(c, 1, 4), batch = between(c, 1, 3), size = between(c, 1, 4),
            hidden = between(c, 1, 4);
    if (c->opset >= 14 && chance(c, 25)) set_int(c, "layout", batch_first = true);
    int64_t x[] = {batch_first ? batch : time, batch_first ? time : batch, size},
            w[] = {d, gates * hidden, size}, r[] = {d, gates * hidden, hidden},
            b[] = {d, 2 * gates * hidden}, p[] = {d, 3 * hidden};
    set_int(c, "hidden_size", hidden);
    if (chance(c, 25)) set_float(c, "clip", 0.5);
    if (kind == 1 && chance(c, 50)) set_int(c, "linear_before_reset", 1);
    if (lstm && chance(c, 20)) set_int(c, "input_forget", 1);
    put_input(c, DT_F32, 3, x, FILL_ROUGH);
    put_input(c, DT_F32, 3, w, FILL_ROUGH);
    put_input(c, DT_F32, 3, r, FILL_ROUGH);
    if (chance(c, 60))
        put_input(c, DT_F32, 2, b, FILL_ROUGH);
    else
        put_omitted(c);
    if (chance(c, 40))
        put_range(c, DT_I32, 1, &batch, 1, time);
    else
        put_omitted(c);
    state(c, batch_first, d, batch, hidden);
    if (lstm) {
        state(c, batch_first, d, batch, hidden);
        if (chance(c, 40)) put_input(c, DT_F32, 2, p, FILL_ROUGH);
    }
    while (c->inputs[c->input_count - 1].omitted) c->input_count--;
    c->output_count = kinds[kind].outputs;
}

const Family families_matrix[] = {{"MatMul", 10, mat_mul},
                                  {"MatMulInteger", 4, mat_mul_integer},
                                  {"Gemm", 8, gemm},
                                  {"Einsum", 6, einsum},
                                  {"Det", 1, det},
                                  {"Recurrent", 8, recurrent},
                                  {0}};
