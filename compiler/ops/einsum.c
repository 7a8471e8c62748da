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
    bool wrong;
    char error[160]; /* what is, for a person */
} Equation;

static int label_of(char c) { return islower((unsigned char)c) ? c - 'a' : c - 'A' + 26; }

static char letter_of(int label)
{
    return (char)(label < 26 ? 'a' + label : label < LETTERS ? 'A' + label - 26 : '.');
}

/* The first thing that is wrong stands. Always false. */
__attribute__((format(printf, 2, 3))) static bool wrong(Equation *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!e->wrong) vsnprintf(e->error, sizeof e->error, format, args);
    va_end(args);
    e->wrong = true;
    return false;
}

static size_t term_length(const char *s) { return strcspn(s, ",-"); }

/* How many dimensions the ellipsis of a term stands for: what the letters leave of `rank`; -1 after
 * an error. */
static int ellipsis_dimensions(Equation *e, const char *s, int rank)
{
    size_t length = term_length(s);
    int letters = 0;
    for (size_t i = 0; i < length; i++) letters += isalpha((unsigned char)s[i]) != 0;
    bool has_ellipsis = memmem(s, length, "...", 3) != NULL;
    if (letters <= rank && (has_ellipsis || letters == rank)) return rank - letters;
    wrong(e, "the term \"%.*s\" has %d labels for a tensor of %d dimensions",
          (int)min64((int64_t)length, 60), s, letters, rank);
    return -1;
}

/* Reads the labels of a term; the ellipsis stands for `ellipsis` dimensions. NULL after an error,
 * else the end. */
static const char *read_term(Equation *e, Term *term, const char *s, int ellipsis)
{
    bool had_ellipsis = false;
    for (const char *end = s + term_length(s); s < end; s++) {
        int first = LETTERS, count = 0;
        if (*s == ' ') continue;
        if (isalpha((unsigned char)*s)) {
            first = label_of(*s);
            count = 1;
        } else if (strncmp(s, "...", 3) == 0 && !had_ellipsis) {
            count = ellipsis;
            had_ellipsis = true;
            s += 2;
        } else {
            return wrong(e, "'%c' is neither a letter nor the one ellipsis of a term", *s), NULL;
        }
        if (term->count + count > MAX_RANK)
            return wrong(e, "a term has more than %d labels", MAX_RANK), NULL;
        for (int i = count - 1; i >= 0; i--) term->labels[term->count++] = first + i;
    }
    return s;
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
            return wrong(e, "the label '%c' is of extent %lld and of %lld", letter_of(label),
                         (long long)e->extent[label], (long long)t->dims[i]);
        e->seen[label] = true;
    }
    return true;
}

/* Without an arrow: the ellipsis, then the labels that occur once, in the order of the alphabet. */
static bool imply_output(Equation *e)
{
    int uses[LABELS] = {0};
    for (int i = 0; i < e->input_count; i++)
        for (int j = 0; j < e->inputs[i].count; j++) uses[e->inputs[i].labels[j]]++;
    Term *out = &e->output;
    for (int i = e->ellipsis_rank - 1; i >= 0; i--) out->labels[out->count++] = LETTERS + i;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (const char *c = alphabet; *c; c++) {
        if (uses[label_of(*c)] != 1) continue;
        if (out->count == MAX_RANK)
            return wrong(e, "the result has more than %d dimensions", MAX_RANK);
        out->labels[out->count++] = label_of(*c);
    }
    return true;
}

static bool check_output(Equation *e)
{
    bool used[LABELS] = {0};
    for (int i = 0; i < e->output.count; i++) {
        int label = e->output.labels[i];
        if (!e->seen[label])
            return wrong(e, "no input has the output's label '%c'", letter_of(label));
        if (used[label]) return wrong(e, "the output has the label '%c' twice", letter_of(label));
        used[label] = true;
    }
    return true;
}

/* The terms of the inputs; returns where they end, or NULL after an error. */
static const char *read_inputs(const Node *n, Equation *e)
{
    const char *s = attr_text(n, "equation");
    for (int i = 0; i < n->input_count; i++) {
        if (i > 0 && *s++ != ',')
            return wrong(e, "it has %d terms for %d inputs", i, n->input_count), NULL;
        int ellipsis = ellipsis_dimensions(e, s, n->inputs[i]->rank);
        if (ellipsis < 0 || !(s = read_term(e, &e->inputs[i], s, ellipsis))) return NULL;
        if (!bind_extents(e, &e->inputs[i], n->inputs[i])) return NULL;
    }
    if (*s == ',') return wrong(e, "it has more terms than the %d inputs", n->input_count), NULL;
    return s;
}

/* False with `error` set when the equation or the inputs' shapes are not right. */
static bool read_equation(const Node *n, Equation *e)
{
    *e = (Equation){.input_count = n->input_count};
    if (n->input_count > MAX_INPUTS) return wrong(e, "there are more than %d inputs", MAX_INPUTS);
    const char *s = read_inputs(n, e);
    if (!s) return false;
    if (*s == '\0') return imply_output(e);
    if (strncmp(s, "->", 2) != 0) return wrong(e, "an arrow is written ->");
    if (!(s = read_term(e, &e->output, s + 2, e->ellipsis_rank))) return false;
    if (*s) return wrong(e, "something follows the output's term");
    return check_output(e);
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
