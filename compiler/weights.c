/* Which constants are stored in 2 bytes an element (weights.h). Their bytes are rounded when they
 * are written (buffer_contents). */
#include "weights.h"

#include "netc_math.h"

#include <math.h>

const char *const weights_type_names[] = {"f32", "f16", "bf16", NULL};

typedef struct Narrowing {
    Dtype type;
    bool *wanted, *refused; /* per tensor */
    int depth;              /* of sums around */
} Narrowing;

/* ---- which ---- */

static bool is_table(const Tensor *t)
{
    int longer = 0;
    for (int d = 0; d < t->rank; d++) longer += t->dims[d] > 1;
    return tensor_is_const(t) && t->data && t->dtype == DT_F32 && longer >= 2;
}

static void want(Narrowing *n, const Expr *load)
{
    if (load->kind == EX_SELECT) load = load->args[1]; /* a guard */
    if (load->kind == EX_LOAD && is_table(load->tensor)) n->wanted[load->tensor->id] = true;
}

static void find_product(Expr *e, void *context)
{
    if (e->kind == EX_BINARY && e->op == BI_MUL)
        for (int i = 0; i < 2; i++) want(context, e->args[i]);
}

static void find_load(Expr *e, void *context)
{
    bool *found = context;
    *found |= e->kind == EX_LOAD;
}

/* Products under a sum; loads at an index that is loaded. */
static void find_weights(Expr *e, void *context)
{
    if (e->kind == EX_REDUCE && e->op == RE_SUM) ex_visit(e->args[0], find_product, context);
    bool looked_up = false;
    for (int i = 0; e->kind == EX_LOAD && i < e->arg_count; i++)
        ex_visit(e->args[i], find_load, &looked_up);
    if (looked_up) want(context, e);
}

/* ---- rounding ---- */

void weights_round(Dtype type, const float *values, int64_t count, void *out)
{
    uint16_t *codes = out;
    for (int64_t i = 0; i < count; i++)
        codes[i] = type == DT_F16 ? netc_f16_from_f32(values[i]) : netc_bf16_from_f32(values[i]);
}

static double rounded(Dtype type, float value)
{
    uint16_t code;
    weights_round(type, &value, 1, &code);
    return type == DT_F16 ? netc_f32_from_f16(code) : netc_f32_from_bf16(code);
}

/* ---- whether they can be ---- */

/* How far apart the numbers of the type are at 1. */
static double precision(Dtype type) { return type == DT_F16 ? 0x1p-10 : 0x1p-7; }

/* The element that would be moved too far; -1: none. *largest: the largest magnitude. */
static int64_t spoiled(Dtype type, const Tensor *t, double *largest)
{
    const float *data = t->data;
    int64_t count = tensor_elements(t), worst = -1;
    double most = 0;
    *largest = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(data[i])) *largest = fmax(*largest, fabs((double)data[i]));
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(data[i])) continue;
        double moved = fabs(rounded(type, data[i]) - data[i]);
        if (moved > most) most = moved, worst = i;
    }
    return most > *largest * precision(type) / 2 ? worst : -1;
}

static void refuse(Dtype type, const Tensor *t, int64_t at, double largest, Diags *diags)
{
    Diagnostic *d =
        diag_warning(diags, "W0011", t->source, "`%s` stays f32: %s has no range for it", t->name,
                     dtype_name(type));
    float value = ((const float *)t->data)[at];
    diag_note(d, "element %lld, %g, would become %g; the largest is %g", (long long)at,
              (double)value, rounded(type, value), largest);
}

void weights_follow(Tensor *t, const Tensor *from)
{
    double largest;
    if (from->stored && spoiled(from->stored, t, &largest) < 0) t->stored = from->stored;
}

void weights_narrow(Program *p, WeightsType type, Diags *diags)
{
    static const Dtype types[] = {DT_F32, DT_F16, DT_BF16};
    if (type == WEIGHTS_F32) return;
    const Graph *g = p->graph;
    Arena *arena = arena_new();
    Narrowing n = {.type = types[type], .wanted = NEW_ARRAY(arena, bool, g->tensors.count + 1)};
    for (int i = 0; i < p->definitions.count; i++)
        ex_visit(p->definitions.items[i]->body, find_weights, &n);
    for (int i = 0; i < p->definitions.count; i++) { /* the runtime's functions take f32 */
        const Call *call = p->definitions.items[i]->call;
        for (int k = 0; call && k < call->read_count; k++) n.wanted[call->reads[k]->id] = false;
    }
    for (int i = 0; i < p->model_tensors; i++) { /* not the coefficients that operators make */
        Tensor *t = g->tensors.items[i];
        if (!n.wanted[t->id]) continue;
        double largest;
        int64_t at = spoiled(n.type, t, &largest);
        if (at < 0)
            t->stored = n.type;
        else
            refuse(n.type, t, at, largest, diags);
    }
    arena_free(arena);
}
