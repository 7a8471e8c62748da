/*
 * Einsum: a sum of products over labelled dimensions. The equation is read into labels per
 * dimension of each input and of the output; a label that the output lacks is summed over.
 */
#include "row.h"

#include <ctype.h>

/* Labels are numbers: a-z, A-Z, then the dimensions an ellipsis stands for, counted from the right.
 */
enum { LETTERS = 52, LABELS = LETTERS + MAX_RANK, MAX_INPUTS = 16 };

typedef struct Term {
    int count;
    int labels[MAX_RANK];
} Term;

typedef struct Equation {
    int input_count;
    Term inputs[MAX_INPUTS], output;
    int64_t extent[LABELS]; /* where seen */
    bool seen[LABELS];
    int ellipsis_rank;
    const char *error;
} Equation;

static int label_of(char c) { return islower((unsigned char)c) ? c - 'a' : c - 'A' + 26; }

/* Reads labels up to , or - or the end. An ellipsis takes `rank` less the letters, or with rank < 0
 * the equation's. */
static const char *read_term(Equation *e, Term *term, const char *s, int rank)
{
    int letters = 0;
    for (const char *c = s; *c && *c != ',' && *c != '-'; c++)
        letters += isalpha((unsigned char)*c) != 0;
    int ellipsis = rank < 0 ? e->ellipsis_rank : rank - letters;
    if (letters > MAX_RANK || ellipsis < 0 || letters + ellipsis > MAX_RANK) {
        e->error = "a term has more labels than its tensor has dimensions";
        return NULL;
    }
    bool had_ellipsis = false;
    for (; *s && *s != ',' && *s != '-'; s++) {
        if (*s == ' ') continue;
        if (isalpha((unsigned char)*s)) {
            term->labels[term->count++] = label_of(*s);
        } else if (strncmp(s, "...", 3) == 0 && !had_ellipsis) {
            for (int i = ellipsis - 1; i >= 0; i--) term->labels[term->count++] = LETTERS + i;
            had_ellipsis = true;
            s += 2;
        } else {
            e->error = "labels are letters, and ... once in a term";
            return NULL;
        }
    }
    if (rank < 0 || term->count == rank) return s;
    e->error = "a term has fewer labels than its tensor has dimensions";
    return NULL;
}

/* A label means one extent; 1 broadcasts. */
static bool bind_extents(Equation *e, const Term *term, const Tensor *t)
{
    for (int i = 0; i < term->count; i++) {
        int label = term->labels[i];
        if (label >= LETTERS) e->ellipsis_rank = (int)max64(e->ellipsis_rank, label - LETTERS + 1);
        if (!e->seen[label] || e->extent[label] == 1)
            e->extent[label] = t->dims[i];
        else if (t->dims[i] != 1 && t->dims[i] != e->extent[label])
            e->error = "a label stands for two extents";
        e->seen[label] = true;
    }
    return !e->error;
}

/* Without an arrow: the ellipsis, then the labels that occur once, in the order of the alphabet. */
static void imply_output(Equation *e)
{
    int uses[LABELS] = {0};
    for (int i = 0; i < e->input_count; i++)
        for (int j = 0; j < e->inputs[i].count; j++) uses[e->inputs[i].labels[j]]++;
    Term *out = &e->output;
    for (int i = e->ellipsis_rank - 1; i >= 0; i--) out->labels[out->count++] = LETTERS + i;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (const char *c = alphabet; *c && !e->error; c++) {
        if (uses[label_of(*c)] != 1) continue;
        if (out->count == MAX_RANK)
            e->error = "the result has too many dimensions";
        else
            out->labels[out->count++] = label_of(*c);
    }
}

static void check_output(Equation *e)
{
    bool used[LABELS] = {0};
    for (int i = 0; i < e->output.count; i++) {
        int label = e->output.labels[i];
        if (!e->seen[label]) e->error = "the output has a label that no input has";
        if (used[label]) e->error = "the output has a label twice";
        used[label] = true;
    }
}

/* False with `error` set when the equation or the inputs' shapes are not right. */
static bool read_equation(const Node *n, Equation *e)
{
    *e = (Equation){.input_count = n->input_count};
    const char *s = attr_text(n, "equation");
    if (n->input_count > MAX_INPUTS) return e->error = "there are more than 16 inputs", false;
    for (int i = 0; i < n->input_count; i++) {
        if (!(s = read_term(e, &e->inputs[i], s, n->inputs[i]->rank))) return false;
        if (!bind_extents(e, &e->inputs[i], n->inputs[i])) return false;
        bool last = i == n->input_count - 1;
        if (last ? *s == ',' : *s != ',')
            return e->error = "it has not one term for each input", false;
        if (!last) s++;
    }
    if (*s == '\0') {
        imply_output(e);
    } else {
        if (strncmp(s, "->", 2) != 0) return e->error = "an arrow is written ->", false;
        if (!(s = read_term(e, &e->output, s + 2, -1))) return false;
        if (*s) return e->error = "something follows the output's term", false;
    }
    check_output(e);
    return !e->error;
}

static bool infer_einsum(Infer *in)
{
    Equation e;
    const Node *n = in->node;
    if (!read_equation(n, &e))
        return infer_error(in, "E0306", "the equation \"%s\" does not fit: %s",
                           attr_text(n, "equation"), e.error);
    int64_t dims[MAX_RANK];
    for (int i = 0; i < e.output.count; i++) dims[i] = e.extent[e.output.labels[i]];
    return infer_output(in, 0, n->inputs[0]->dtype, e.output.count, dims);
}

/* Variables for the labels: the output's, then one to reduce over for each that it lacks. */
static int label_variables(Definer *d, const Equation *e, Var *const *out, Expr **value,
                           Var **reduced)
{
    int count = 0;
    for (int i = 0; i < e->output.count; i++) value[e->output.labels[i]] = ex_var(d->pool, out[i]);
    for (int label = 0; label < LABELS; label++) {
        if (!e->seen[label] || value[label]) continue;
        char letter[] = {(char)(label < 26        ? 'a' + label
                                : label < LETTERS ? 'A' + label - 26
                                                  : '_'),
                         '\0'};
        reduced[count] = define_var(d, arena_string(pool_arena(d->pool), letter), e->extent[label]);
        value[label] = ex_var(d->pool, reduced[count++]);
    }
    return count;
}

static void define_einsum(Definer *d)
{
    const Node *n = d->node;
    Pool *p = d->pool;
    Tensor *out = node_output(n, 0);
    if (!out) return;
    Equation e;
    bool ok = read_equation(n, &e);
    assert(ok);
    Var **vars = define_indices(d, out->rank, out->dims), *reduced[LABELS];
    Expr *value[LABELS] = {NULL}, *product = NULL;
    int count = label_variables(d, &e, vars, value, reduced);
    for (int i = 0; i < n->input_count; i++) {
        Tensor *t = n->inputs[i];
        Expr *at[MAX_RANK];
        for (int j = 0; j < t->rank; j++)
            at[j] = t->dims[j] == 1 ? ex_int(p, 0) : value[e.inputs[i].labels[j]];
        Expr *factor = define_load(d, t, at);
        product = product ? ex_mul(p, product, factor) : factor;
    }
    define_rounded(d, out, vars, ex_reduce(p, RE_SUM, reduced, count, product));
}

/* One for each element of the product of all labels, times the products beyond the first input. */
static int64_t einsum_macs(const Node *n)
{
    Equation e;
    int64_t macs = n->input_count - 1;
    if (!read_equation(n, &e)) return 0;
    for (int label = 0; label < LABELS; label++)
        if (e.seen[label] && !checked_mul(macs, e.extent[label], &macs)) return INT64_MAX;
    return macs;
}

const Op ops_einsum[] = {
    {.name = "Einsum",
     .doc = "A sum of products over labelled dimensions.",
     VERSIONS(12),
     INPUTS(SLOT("Inputs", NUMERIC_NO_BF16, "T", .variadic = true)),
     OUTPUTS(SLOT("Output", NUMERIC_NO_BF16, "T")),
     ATTRS(ATTR("equation", STRING, .required = true)),
     .infer = infer_einsum,
     .define = define_einsum,
     .macs = einsum_macs,
     EXAMPLES("Einsum(a: f32[2, 3], b: f32[3, 4], equation: \"ij,jk->ik\")",
              "Einsum(a: f32[2, 3, 3], equation: \"...ii->...i\")",
              "Einsum(a: f32[3], b: f32[3], equation: \"i,i\")")},
    {0},
};
