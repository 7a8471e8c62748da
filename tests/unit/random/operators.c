/*
 * Makes a random network: inputs, then statements of random kinds over the values there are, then
 * outputs. The kinds are in layers.c, elements.c and movement.c; what does not fit is refused by
 * network_add and not tried again.
 */
#include "operators.h"

#include <stdlib.h>

/* ---- choosing values ---- */

bool is_f32(const Value *v) { return v->dtype == DT_F32; }
bool is_real(const Value *v) { return dtype_is_float(v->dtype); }
bool is_exact(const Value *v) { return v->exact && dtype_is_float(v->dtype); }
bool is_number(const Value *v) { return v->dtype != DT_BOOL; }
bool is_integer(const Value *v) { return dtype_is_integer(v->dtype); }
bool is_bool(const Value *v) { return v->dtype == DT_BOOL; }
bool is_any(const Value *v) { return v->rank >= 0; }
bool is_comparable(const Value *v) { return is_exact(v) || is_integer(v); }
bool is_image(const Value *v) { return is_real(v) && v->rank >= 3 && v->rank <= 5; }
bool is_plane(const Value *v) { return is_f32(v) && v->rank == 4; }
bool is_matrix(const Value *v)
{
    return is_number(v) && v->dtype != DT_U8 && v->dtype != DT_I8 && v->rank >= 1;
}
bool has_rank(const Value *v) { return v->rank >= 1; }

int pick(Network *n, Wanted wanted)
{
    int chosen = -1, seen = 0, count = n->values.count;
    for (int v = 0; v < n->values.count; v++) {
        if (!wanted(&n->values.items[v]) ||
            (n->values.items[v].statement < 0 && !n->values.items[v].input))
            continue;
        int weight = v > count - 6 ? 6 : 1;
        seen += weight;
        if (random_below(n, seen) < weight) chosen = v;
    }
    return chosen;
}

Fill random_fill(Network *n, Dtype dtype)
{
    if (dtype_is_float(dtype) && n->special) return FILL_SPECIAL;
    if (dtype_is_float(dtype)) return random_chance(n, 75) ? FILL_EXACT : FILL_ROUGH;
    return random_chance(n, 15) ? FILL_BIG : FILL_INDEX;
}

bool broadcasts_to(const Value *v, const Value *to)
{
    if (v->dtype != to->dtype || v->rank > to->rank) return false;
    for (int d = 0; d < v->rank; d++)
        if (v->dims[d] != 1 && v->dims[d] != to->dims[to->rank - v->rank + d]) return false;
    return true;
}

int operand(Network *n, int x, bool exact)
{
    Value to = n->values.items[x];
    int chosen = -1, seen = 0;
    for (int v = 0; v < n->values.count; v++)
        if (v != x && broadcasts_to(&n->values.items[v], &to) &&
            (!exact || n->values.items[v].exact) && random_below(n, ++seen) == 0)
            chosen = v;
    if (chosen >= 0 && random_chance(n, 60)) return chosen;
    int from = random_chance(n, 30) ? random_below(n, to.rank + 1) : 0;
    int64_t dims[MAX_RANK];
    for (int d = from; d < to.rank; d++) dims[d - from] = random_chance(n, 65) ? to.dims[d] : 1;
    return network_leaf(n, to.dtype, to.rank - from, dims,
                        exact ? FILL_EXACT : random_fill(n, to.dtype));
}

void random_list(Network *n, int64_t *items, int count, int least, int most)
{
    for (int i = 0; i < count; i++) items[i] = least + random_below(n, most - least + 1);
}

int random_channels(Network *n)
{
    static const int usual[] = {4, 8, 16, 32, 12, 24};
    return random_chance(n, 50) ? usual[random_below(n, (int)COUNT(usual))]
                                : 1 + random_below(n, 20);
}

/* ---- text ---- */

void put(CallText *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    c->length += (size_t)vsnprintf(c->text + c->length, sizeof c->text - c->length, format, args);
    va_end(args);
    assert(c->length < sizeof c->text);
}

static void put_list(CallText *c, const int64_t *items, int count)
{
    put(c, "[");
    for (int i = 0; i < count; i++) put(c, "%s%lld", i ? ", " : "", (long long)items[i]);
    put(c, "]");
}

void put_indices(CallText *c, const int64_t *items, int count)
{
    put(c, ", i64[%d] ", count);
    put_list(c, items, count);
}

void put_attribute(CallText *c, const char *name, const int64_t *items, int count)
{
    put(c, ", %s: ", name);
    put_list(c, items, count);
}

int add(Network *n, int outputs, bool exact, const CallText *c)
{
    return network_add(n, outputs, exact, c->text);
}

/* ---- a network ---- */

typedef struct Kind {
    int weight;
    void (*add)(Network *n);
} Kind;

static const Kind kinds[] = {
    {10, add_convolution}, {14, add_block},    {4, add_transposed},
    {7, add_pool},         {2, add_global},    {6, add_channel_normal},
    {6, add_row_normal},   {6, add_matmul},    {4, add_matmul_pair},
    {4, add_gemm},         {2, add_einsum},    {1, add_recurrent},
    {14, add_unary},       {20, add_binary},   {3, add_where},
    {3, add_cast},         {6, add_transpose}, {6, add_reshape},
    {6, add_slice},        {4, add_split},     {7, add_concat},
    {5, add_pad},          {3, add_gather},    {3, add_stretch},
    {3, add_squeeze},      {3, add_plane},     {6, add_reduction},
    {2, add_scan},
};

/* For special values: no sums, whose order matters then. */
static const Kind special_kinds[] = {
    {20, add_unary},  {10, add_binary}, {4, add_where},  {2, add_cast}, {3, add_transpose},
    {3, add_reshape}, {3, add_slice},   {3, add_concat}, {3, add_pad},  {3, add_extremes},
};

static void add_any(Network *n)
{
    const Kind *kind = n->special ? special_kinds : kinds;
    size_t count = n->special ? COUNT(special_kinds) : COUNT(kinds);
    int total = 0;
    for (size_t k = 0; k < count; k++) total += kind[k].weight;
    int chosen = random_below(n, total);
    while (chosen >= kind->weight) chosen -= kind++->weight;
    kind->add(n);
}

static void add_input(Network *n)
{
    static const Dtype others[] = {DT_F32, DT_F64, DT_I64, DT_I32, DT_U8,     DT_BOOL,    DT_F16,
                                   DT_I8,  DT_F64, DT_I64, DT_I32, DT_BF16,   DT_I16,     DT_U16,
                                   DT_U32, DT_U64, DT_I4,  DT_U4,  DT_F8E5M2, DT_F8E4M3FN};
    Dtype dtype = random_chance(n, 70) ? DT_F32 : others[random_below(n, (int)COUNT(others))];
    int64_t dims[MAX_RANK];
    int rank = random_chance(n, 60) ? 3 + random_below(n, 3) : random_below(n, 5);
    for (int d = 0; d < rank; d++)
        dims[d] = 1 + random_below(n, rank > 4 ? 6 : random_chance(n, 70) ? 12 : 24);
    if (rank > 0 && rank < 3 && random_chance(n, 30))
        dims[rank - 1] = 1 + random_below(n, 800); /* long sums */
    if (rank >= 3) {
        dims[0] = random_chance(n, 70) ? 1 : 1 + random_below(n, 3);
        dims[1] = random_channels(n);
        if (rank == 3) dims[2] = 1 + random_below(n, 40);
    }
    int v = network_leaf(n, dtype, rank, dims, random_fill(n, dtype));
    n->values.items[v].input = true;
}

/* What nothing reads is an output, and a few others. */
static void choose_outputs(Network *n)
{
    for (int s = 0; s < n->statements.count; s++)
        for (int k = 0; k < n->statements.items[s].count; k++)
            n->values.items[n->statements.items[s].first + k].output = true;
    for (int s = 0; s < n->statements.count; s++)
        for (const char *c = strstr(n->statements.items[s].text, " = "); (c = strchr(c, '$')); c++)
            n->values.items[atoi(c + 1)].output =
                random_chance(n, n->values.items[atoi(c + 1)].statement < 0 ? 3 : 12);
    for (int s = 0; s < n->statements.count; s++) { /* sometimes not all results are wanted */
        const Statement *st = &n->statements.items[s];
        for (int k = 1; k < st->count; k++)
            if (random_chance(n, 20)) n->values.items[st->first + k].output = false;
    }
}

Network *network_random(Arena *arena, uint64_t seed)
{
    Network *n = NEW(arena, Network);
    n->arena = arena;
    n->seed = n->state = seed;
    n->special = random_chance(n, 6);
    for (int i = 1 + random_below(n, 3); i > 0; i--) add_input(n);
    int wanted = 2 + random_below(n, 12);
    for (int tries = 0; tries < 40 && n->statements.count < wanted; tries++) add_any(n);
    choose_outputs(n);
    return n;
}
