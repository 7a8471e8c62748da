/*
 * TfIdfVectorizer: how often each n-gram of a pool occurs in a sequence of numbers or strings, its
 * items up to max_skip_count apart. Comes in: rows of them; the pool, its sections by length, and
 * the output's element for each n-gram are attributes. Every n-gram is compared at every position
 * and distance.
 */
#include "known.h"
#include "row.h"

enum { MAX_GRAM = 32 }; /* items of an n-gram: each is a comparison in the expression */

/* The n-gram at an element of the output. */
typedef struct Gram {
    bool given;
    int64_t at, length; /* in the pool; 0: none is counted there */
    double weight;
} Gram;

typedef struct Grams {
    const Attr *pool; /* of numbers or strings, as the input is */
    int64_t size;     /* of the output */
    int longest;
    Gram *grams; /* size of them */
} Grams;

static bool bad_pool(Infer *in, const char *why)
{
    return infer_error(in, "E0306", "the pool of n-grams makes no sense: %s", why);
}

/* Enters the section of n-grams of `length` from..to of the pool; *next counts n-grams. */
static bool read_section(Infer *in, Grams *g, int64_t length, int64_t from, int64_t to, int *next)
{
    const Node *n = in->node;
    int index_count, weight_count;
    const int64_t *places = attr_ints(n, "ngram_indexes", &index_count);
    const double *weights = attr_floats(n, "weights", &weight_count);
    bool counted =
        length >= attr_int(n, "min_gram_length") && length <= attr_int(n, "max_gram_length");
    if (from < 0 || to < from || to > g->pool->count || (to - from) % length)
        return bad_pool(in, "ngram_counts do not divide it");
    for (int64_t at = from; at < to; at += length, ++*next) {
        if (*next >= index_count) return bad_pool(in, "there are fewer ngram_indexes than n-grams");
        Gram *gram = &g->grams[places[*next]];
        if (gram->given) return bad_pool(in, "two n-grams have the same index");
        *gram = (Gram){true, at, counted ? length : 0, weights ? weights[*next] : 1};
        if (counted) g->longest = (int)max64(g->longest, length);
    }
    return true;
}

static bool read_grams(Infer *in, Grams *g)
{
    const Node *n = in->node;
    const char *pool = n->inputs[0]->dtype == DT_STRING ? "pool_strings" : "pool_int64s";
    int sections, index_count, weight_count, next = 0;
    const int64_t *starts = attr_ints(n, "ngram_counts", &sections),
                  *places = attr_ints(n, "ngram_indexes", &index_count);
    attr_floats(n, "weights", &weight_count);
    *g = (Grams){.pool = node_attr(n, pool)};
    if (!g->pool) return infer_error(in, "E0303", "the attribute %s is missing", pool);
    if (g->pool->kind == ATTR_STRINGS && !known_strings(in, g->pool)) return false;
    if (attr_given(n, "weights") && weight_count != index_count)
        return bad_pool(in, "weights and ngram_indexes differ in number");
    for (int i = 0; i < index_count; i++) {
        if (places[i] < 0 || places[i] > INT32_MAX) return bad_pool(in, "an index is out of range");
        g->size = max64(g->size, places[i] + 1);
    }
    if (g->size > 16 * (int64_t)index_count + 1024)
        return bad_pool(in, "the indices lie too far apart");
    if (attr_int(n, "max_gram_length") > MAX_GRAM || sections > MAX_GRAM)
        return infer_error(in, "E0602", "n-grams of more than %d items are too long", MAX_GRAM);
    g->grams = NEW_ARRAY(in->graph->arena, Gram, g->size);
    for (int i = 0; i < sections; i++)
        if (!read_section(in, g, i + 1, starts[i],
                          i + 1 < sections ? starts[i + 1] : g->pool->count, &next))
            return false;
    return next == index_count || bad_pool(in, "there are more ngram_indexes than n-grams");
}

static bool infer_tfidf(Infer *in)
{
    const Tensor *x = in->node->inputs[0];
    const char *mode = attr_text(in->node, "mode");
    Grams g;
    if (strcmp(mode, "TF") && strcmp(mode, "IDF") && strcmp(mode, "TFIDF"))
        return infer_error(in, "E0306", "mode is '%s'; it must be TF, IDF or TFIDF", mode);
    if (attr_int(in->node, "max_skip_count") < 0)
        return infer_error(in, "E0306", "max_skip_count is negative");
    if (x->rank < 1 || x->rank > 2)
        return infer_error(in, "E0203", "the input is %s; one row of numbers or many are wanted",
                           tensor_type_text(in->graph->arena, x));
    if (!read_grams(in, &g)) return false;
    const int64_t dims[] = {x->dims[0], g.size};
    return infer_output(in, 0, DT_F32, x->rank, x->rank == 1 ? &dims[1] : dims);
}

/* items[element, j], length[element], weight[element] as constants. */
typedef struct Tables {
    Tensor *items, *lengths, *weights;
} Tables;

static Tables define_tables(Definer *d, const Grams *g)
{
    Arena *arena = d->graph->arena;
    int64_t dims[] = {g->size, max64(g->longest, 1)};
    Dtype dtype = g->pool->kind == ATTR_STRINGS ? DT_STRING : DT_I64;
    const void *pool = known_list(arena, g->pool, dtype);
    void *items = arena_alloc(arena, dtype_bytes(dtype, dims[0] * dims[1]));
    for (int64_t i = 0; dtype == DT_STRING && i < dims[0] * dims[1]; i++)
        ((const char **)items)[i] = "";
    int64_t *lengths = NEW_ARRAY(arena, int64_t, g->size);
    float *weights = NEW_ARRAY(arena, float, g->size);
    for (int64_t i = 0; i < g->size; i++) {
        lengths[i] = g->grams[i].length;
        weights[i] = (float)g->grams[i].weight;
        for (int64_t j = 0; j < lengths[i]; j++)
            dtype_copy(dtype, items, i * dims[1] + j, pool, g->grams[i].at + j);
    }
    return (Tables){define_constant(d, "items", dtype, 2, dims, items),
                    define_constant(d, "lengths", DT_I64, 1, dims, lengths),
                    define_constant(d, "weights", DT_F32, 1, dims, weights)};
}

/* Whether the n-gram stands at `start` with its items `skip` + 1 apart. A single item stands so
 * once. */
static Expr *occurs(Definer *d, const Tables *t, Expr *row, Expr *gram, Expr *start, Expr *skip)
{
    Pool *p = d->pool;
    Tensor *x = d->node->inputs[0];
    int64_t length = x->dims[x->rank - 1];
    Expr *no = ex_int_of(p, DT_BOOL, 0), *yes = ex_int_of(p, DT_BOOL, 1);
    Expr *own = ex_load(p, t->lengths, &gram);
    Expr *good = ex_select(p, ex_lt(p, ex_int(p, 1), own), yes,
                           ex_and(p, ex_eq(p, own, ex_int(p, 1)), ex_eq(p, skip, ex_int(p, 0))));
    for (int64_t j = 0; j < t->items->dims[1]; j++) {
        Expr *at = ex_add(p, start, ex_mul(p, ex_add(p, skip, ex_int(p, 1)), ex_int(p, j)));
        Expr *value = ex_load(p, x, x->rank == 1 ? &at : (Expr *[]){row, at});
        Expr *item = ex_load(p, t->items, (Expr *[]){gram, ex_int(p, j)});
        Expr *same = ex_eq(p, ex_cast(p, item->dtype, value), item);
        same = ex_select(p, ex_within(p, at, 0, length), same, no);
        good = ex_and(p, good, ex_select(p, ex_lt(p, ex_int(p, j), own), same, yes));
    }
    return good;
}

static void define_tfidf(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *x = n->inputs[0], *out = node_output(n, 0);
    const char *mode = attr_text(n, "mode");
    Infer in = infer_again(d);
    Grams g;
    bool accepted = read_grams(&in, &g);
    assert(accepted);
    if (!out) return;
    Tables tables = define_tables(d, &g);
    int64_t length = x->dims[x->rank - 1];
    Var **vars = define_indices(d, out->rank, out->dims);
    Var *over[] = {define_var(d, "t", length),
                   define_var(d, "skip", min64(attr_int(n, "max_skip_count"), length) + 1)};
    Expr **index = define_index_exprs(d, vars, out->rank), *gram = index[out->rank - 1];
    Expr *hit = occurs(d, &tables, index[0], gram, ex_var(p, over[0]), ex_var(p, over[1]));
    Expr *count = ex_reduce(p, RE_SUM, over, 2, ex_cast(p, DT_F32, hit));
    Expr *weight = ex_load(p, tables.weights, &gram), *zero = like(p, count, 0);
    if (strcmp(mode, "IDF") == 0)
        count = ex_select(p, ex_lt(p, zero, count), like(p, count, 1), zero);
    define_tensor(d, out, vars, strcmp(mode, "TF") ? ex_mul(p, count, weight) : count);
}

const Op ops_tfidf[] = {
    {.name = "TfIdfVectorizer",
     .doc = "How often each n-gram of a pool occurs in a sequence, weighted.",
     VERSIONS(9),
     INPUTS(SLOT("X", TYPES_INDEX | STRINGS, "T")),
     OUTPUTS(SLOT("Y", TYPE(DT_F32), NULL)),
     ATTRS(ATTR("max_gram_length", INT, .required = true),
           ATTR("max_skip_count", INT, .required = true),
           ATTR("min_gram_length", INT, .required = true), ATTR("mode", STRING, .required = true),
           ATTR("ngram_counts", INTS, .required = true),
           ATTR("ngram_indexes", INTS, .required = true), ATTR("pool_int64s", INTS),
           ATTR("pool_strings", STRINGS), ATTR("weights", FLOATS)),
     .infer = infer_tfidf,
     .define = define_tfidf,
     EXAMPLES(
         "TfIdfVectorizer(x: i32[2, 6], mode: \"TFIDF\", min_gram_length: 1, max_gram_length: 2, "
         "max_skip_count: 1, ngram_counts: [0, 2], ngram_indexes: [2, 0, 1], pool_int64s: "
         "[0, 1, 1, -1], `weights`: [0.5, 1.5, 2.0])",
         "TfIdfVectorizer(x: string[2, 6], mode: \"TF\", min_gram_length: 1, max_gram_length: 2, "
         "max_skip_count: 0, ngram_counts: [0, 2], ngram_indexes: [2, 0, 1], pool_strings: "
         "[\"a\", \"\", \"\", \"ab\"])")},
    {0},
};
