/*
 * RotaryEmbedding: pairs of each head's elements turned by an angle that depends on their position
 * in the sequence. Cosines and sines come as inputs, for each position, or for the positions that
 * position_ids names.
 */
#include "op.h"

/* Heads and elements are dimensions 1 and 3 of [batch, head, sequence, element], or lie together in
 * [batch, sequence, ...]. */
typedef struct Heads {
    int64_t count, size, rotated; /* elements of a head, and how many of them are turned */
    int64_t batch, length;
} Heads;

static bool read_heads(Infer *in, Heads *h)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0];
    h->count = attr_int(n, "num_heads");
    if (x->rank == 4) h->count = x->dims[1];
    if (x->rank < 3 || x->rank > 4 || h->count < 1 || (x->rank == 3 && x->dims[2] % h->count))
        return infer_error(
            in, "E0203",
            "the input is %s: [batch, head, sequence, element], or three dimensions with num_heads",
            tensor_type_text(in->graph->arena, x));
    h->batch = x->dims[0];
    h->length = x->dims[x->rank - 2];
    h->size = x->rank == 4 ? x->dims[3] : x->dims[2] / h->count;
    h->rotated =
        attr_int(n, "rotary_embedding_dim") ? attr_int(n, "rotary_embedding_dim") : h->size;
    if (h->rotated < 0 || h->rotated > h->size || h->rotated % 2)
        return infer_error(in, "E0306", "%lld of %lld elements cannot be turned in pairs",
                           (long long)h->rotated, (long long)h->size);
    return true;
}

static bool rotary_infer(Infer *in)
{
    const Node *n = in->node;
    const Tensor *x = n->inputs[0], *ids = node_input(n, 3);
    Arena *arena = in->graph->arena;
    Heads h;
    if (!read_heads(in, &h)) return false;
    for (int i = 1; i <= 2; i++) {
        const Tensor *t = n->inputs[i];
        bool fits = ids ? t->rank == 2 && t->dims[0] > 0
                        : t->rank == 3 && t->dims[0] == h.batch && t->dims[1] == h.length;
        if (!fits || t->dims[t->rank - 1] != h.rotated / 2)
            return infer_error(in, "E0201", "'%s' is %s, which does not fit input %s: %s%lld]",
                               t->name, tensor_type_text(arena, t), tensor_type_text(arena, x),
                               ids ? "[positions, " : "[batch, sequence, ",
                               (long long)h.rotated / 2);
    }
    if (ids && (ids->rank != 2 || ids->dims[0] != h.batch || ids->dims[1] != h.length))
        return infer_error(in, "E0201", "position_ids are %s; [%lld, %lld] is wanted",
                           tensor_type_text(arena, ids), (long long)h.batch, (long long)h.length);
    return infer_output(in, 0, x->dtype, x->rank, x->dims);
}

/* Element i of the head that `index` is in. */
static Expr *element(Definer *d, const Heads *h, Expr *const *index, Expr *i)
{
    Tensor *x = d->node->inputs[0];
    Pool *p = d->pool;
    if (x->rank == 4) return define_load(d, x, (Expr *[]){index[0], index[1], index[2], i});
    Expr *head = ex_floordiv(p, index[2], ex_int(p, h->size));
    return define_load(
        d, x, (Expr *[]){index[0], index[1], ex_add(p, ex_mul(p, head, ex_int(p, h->size)), i)});
}

/* The cosine or sine for pair i. */
static Expr *angle(Definer *d, Tensor *cache, Expr *batch, Expr *position, Expr *i)
{
    Tensor *ids = node_input(d->node, 3);
    if (!ids) return define_load(d, cache, (Expr *[]){batch, position, i});
    Expr *id =
        define_wrap(d->pool, ex_load(d->pool, ids, (Expr *[]){batch, position}), cache->dims[0]);
    return define_load(d, cache, (Expr *[]){id, i});
}

static void rotary_define(Definer *d)
{
    const Node *n = d->node;
    Tensor *x = n->inputs[0], *out = n->outputs[0];
    Infer in = infer_again(d);
    Pool *p = d->pool;
    Heads h;
    bool accepted = read_heads(&in, &h), interleaved = attr_int(n, "interleaved");
    assert(accepted);
    Var **vars = define_indices(d, out->rank, out->dims);
    Expr **index = define_index_exprs(d, vars, out->rank), *position = index[x->rank - 2];
    Expr *own = x->rank == 4 ? index[3] : ex_floormod(p, index[2], ex_int(p, h.size));
    Expr *half = ex_int(p, max64(h.rotated / 2, 1)), *two = ex_int(p, 2);
    Expr *pair = interleaved ? ex_floordiv(p, own, two) : ex_floormod(p, own, half);
    Expr *is_first =
        ex_eq(p, interleaved ? ex_floormod(p, own, two) : ex_floordiv(p, own, half), ex_int(p, 0));
    Expr *first = interleaved ? ex_mul(p, pair, two) : pair;
    Expr *a = element(d, &h, index, first);
    Expr *b = element(d, &h, index, ex_add(p, first, interleaved ? ex_int(p, 1) : half));
    Expr *cosine = angle(d, n->inputs[1], index[0], position, pair),
         *sine = angle(d, n->inputs[2], index[0], position, pair);
    Expr *turned = ex_select(p, is_first, ex_sub(p, ex_mul(p, a, cosine), ex_mul(p, b, sine)),
                             ex_add(p, ex_mul(p, a, sine), ex_mul(p, b, cosine)));
    Expr *all = ex_select(p, ex_lt(p, own, ex_int(p, h.rotated)), turned, define_load(d, x, index));
    define_rounded(d, out, vars, all);
}

static const Slot inputs[] = {SLOT("X", TYPES_FLOAT, "T"),
                              SLOT("cos_cache", TYPES_FLOAT, "T"),
                              SLOT("sin_cache", TYPES_FLOAT, "T"),
                              SLOT("position_ids", TYPE(DT_I64), "M", .optional = true),
                              {0}};
static const Slot outputs[] = {SLOT("Y", TYPES_FLOAT, "T"), {0}};
static const AttrSpec attrs[] = {
    ATTR("interleaved", INT), ATTR("num_heads", INT), ATTR("rotary_embedding_dim", INT), {0}};

const Op ops_rotary[] = {
    {.name = "RotaryEmbedding",
     .doc = "Pairs of each head's elements turned by an angle that depends on their position in "
            "the sequence.",
     .versions = (const int[]){23, 0},
     .inputs = inputs,
     .outputs = outputs,
     .attrs = attrs,
     .infer = rotary_infer,
     .define = rotary_define,
     .examples = (const char *const[]){"RotaryEmbedding@23(x: f32[1, 2, 3, 4], cosines: f32[5, 2], "
                                       "sines: f32[5, 2], i64[1, 3] [0, 4, 1])",
                                       0}},
    {0}};
