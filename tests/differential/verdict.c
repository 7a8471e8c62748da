/* Both outcomes of a case against each other. */
#include "outcome.h"

#include "compare.h"

#include <math.h>

static int find_exclusion(const Case *c)
{
    for (int i = 0; exclusions[i].reason; i++) {
        const Exclusion *e = &exclusions[i];
        if ((!e->op || strcmp(e->op, c->op) == 0) && (!e->applies || e->applies(c))) return i;
    }
    return -1;
}

/* Of a sum of products the error is relative to the largest element; elsewhere to each. */
static Tolerance tolerance(const Case *c, Dtype dtype)
{
    static const struct {
        Dtype dtype;
        double error;
    } usual[] = {{DT_F32, 1e-5}, {DT_F64, 1e-9}, {DT_F16, 2e-3}, {DT_BF16, 1.6e-2}};
    for (size_t i = 0; i < COUNT(usual); i++)
        if (usual[i].dtype == dtype) {
            double error = usual[i].error * (c->slack > 1 ? c->slack : 1);
            return (Tolerance){error, c->elementwise ? error * 1e-2 : error, !c->elementwise};
        }
    return (Tolerance){0, 0, false};
}

static bool same_shape(const struct OutcomeTensor *a, const struct OutcomeTensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static const char *type_text(Arena *arena, const struct OutcomeTensor *t)
{
    return arena_format(arena, "%s[%s]", dtype_name(t->dtype), dims_text(arena, t->dims, t->rank));
}

static bool compare_output(Arena *arena, const Case *c, const Outcome *ours, const Outcome *theirs,
                           int i, Text *why)
{
    const struct OutcomeTensor *a = &ours->outputs[i], *b = &theirs->outputs[i];
    if (!same_shape(a, b)) {
        text_add(why, "output %d is %s, ONNX Runtime has %s", i, type_text(arena, a),
                 type_text(arena, b));
        return false;
    }
    int64_t n;
    checked_elements(b->dims, b->rank, &n);
    Difference d = compare(arena, a->dtype, n, ours->data + a->at, theirs->data + b->at,
                           tolerance(c, a->dtype));
    if (d.wrong)
        text_add(why,
                 "output %d: %lld of %lld elements differ; worst at %s: %s, ONNX Runtime has %s", i,
                 (long long)d.wrong, (long long)n, index_text(arena, d.worst, b->dims, b->rank),
                 d.got, d.expected);
    return !d.wrong;
}

static bool compare_outputs(const Case *c, const Outcome *ours, const Outcome *theirs, Text *why)
{
    if (ours->count != theirs->count) {
        text_add(why, "%d outputs, ONNX Runtime has %d", ours->count, theirs->count);
        return false;
    }
    Arena *arena = arena_new();
    bool same = true;
    for (int i = 0; i < ours->count && same; i++)
        same = compare_output(arena, c, ours, theirs, i, why);
    arena_free(arena);
    return same;
}

static Verdict plain_verdict(const Case *c, const Outcome *ours, const Outcome *theirs, Text *why)
{
    bool oracle = theirs->status == STATUS_GOOD;
    if (ours->status == STATUS_CRASHED) {
        text_add(why, "crashed: %s", ours->text);
        return CRASHED;
    }
    if (ours->status == STATUS_REFUSED) {
        text_add(why, "refused: %s", ours->text);
        if (!oracle) text_add(why, "; ONNX Runtime: %s", theirs->text);
        return oracle ? REFUSED : BOTH_REFUSE;
    }
    if (!oracle) {
        text_add(why, "%s: %s", theirs->status == STATUS_REFUSED ? "refused" : "crashed",
                 theirs->text);
        return NO_ORACLE;
    }
    if (c->undefined) return UNDEFINED;
    return compare_outputs(c, ours, theirs, why) ? AGREES : DIFFERS;
}

Verdict verdict(const Case *c, const Outcome *ours, const Outcome *theirs, int *exclusion,
                Text *why)
{
    Verdict v = plain_verdict(c, ours, theirs, why);
    *exclusion = v == DIFFERS || v == REFUSED ? find_exclusion(c) : -1;
    return *exclusion >= 0 ? EXCLUDED : v;
}
