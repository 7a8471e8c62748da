/*
 * A case that goes wrong, made smaller: attributes and optional inputs dropped, dimensions halved
 * (alone, and together with all that are as long), numbers brought towards 0 and 1. A batch of
 * candidates is run at once; the first that goes wrong in the same way is where the next round
 * starts.
 */
#include "outcome.h"

enum { ROUNDS = 40 };

typedef LIST(Case) Candidates;

static void add_candidate(Arena *arena, Candidates *all, const Case *c)
{
    if (all->count < 8 * BATCH) LIST_PUSH(arena, all, *c);
}

/* ---- edits ---- */

static void drop_attributes(Arena *arena, const Case *c, Candidates *all)
{
    for (int i = 0; i < c->attr_count; i++) {
        Case less = *c;
        less.attr_count--;
        memmove(&less.attrs[i], &less.attrs[i + 1],
                (size_t)(less.attr_count - i) * sizeof *less.attrs);
        add_candidate(arena, all, &less);
    }
}

static void drop_inputs(Arena *arena, const Case *c, Candidates *all)
{
    for (int i = c->input_count - 1; i > 0; i--) {
        Case less = *c;
        if (c->inputs[i].omitted) continue;
        less.inputs[i].omitted = true;
        while (less.input_count > 1 && less.inputs[less.input_count - 1].omitted)
            less.input_count--;
        add_candidate(arena, all, &less);
    }
    if (c->output_count < 2) return;
    Case less = *c;
    less.output_count--;
    add_candidate(arena, all, &less);
}

static void copy_cropped(const CaseInput *from, CaseInput *to)
{
    int64_t n = case_elements(to);
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, at = 0, step = 1;
        for (int d = to->rank - 1; d >= 0; d--) {
            at += rest % to->dims[d] * step;
            rest /= to->dims[d];
            step *= from->dims[d];
        }
        dtype_copy(from->dtype, to->data, i, from->data, at);
    }
}

static void crop(Arena *arena, Case *c, int input, int axis, int64_t size)
{
    CaseInput *in = &c->inputs[input], from = *in;
    in->dims[axis] = size;
    in->data = arena_alloc(arena, dtype_bytes(in->dtype, case_elements(in)) + 16);
    copy_cropped(&from, in);
}

static void crop_all(Arena *arena, const Case *c, int64_t from, int64_t to, Candidates *all)
{
    Case less = *c;
    for (int i = 0; i < c->input_count; i++)
        for (int d = 0; d < c->inputs[i].rank; d++)
            if (c->inputs[i].dims[d] == from && !c->inputs[i].fixed) crop(arena, &less, i, d, to);
    add_candidate(arena, all, &less);
}

static void crop_dimensions(Arena *arena, const Case *c, Candidates *all)
{
    for (int i = 0; i < c->input_count; i++)
        for (int d = 0; d < c->inputs[i].rank && !c->inputs[i].omitted; d++) {
            int64_t size = c->inputs[i].dims[d], sizes[] = {1, size / 2, size - 1};
            for (int k = 0; k < 3; k++) {
                if (sizes[k] < 1 || sizes[k] >= size) continue;
                crop_all(arena, c, size, sizes[k], all);
                Case less = *c;
                crop(arena, &less, i, d, sizes[k]);
                add_candidate(arena, all, &less);
            }
        }
}

static void lessen_numbers(Arena *arena, const Case *c, Candidates *all)
{
    for (int i = 0; i < c->attr_count; i++)
        for (int k = 0; k < c->attrs[i].count; k++)
            for (int64_t value = 0; value < 2; value++) {
                Case less = *c;
                if (c->attrs[i].kind != ATTR_INTS || c->attrs[i].ints[k] == value ||
                    (value && c->attrs[i].ints[k] <= 1))
                    continue;
                less.attrs[i].ints[k] = value;
                add_candidate(arena, all, &less);
            }
}

static void set_all(Arena *arena, Case *c, int input, double value)
{
    CaseInput *in = &c->inputs[input];
    in->data = arena_alloc(arena, dtype_bytes(in->dtype, case_elements(in)) + 16);
    for (int64_t i = 0; i < case_elements(in); i++) set_element(in, i, value);
}

static void simplify_data(Arena *arena, const Case *c, Candidates *all)
{
    for (int i = 0; i < c->input_count; i++) {
        const CaseInput *in = &c->inputs[i];
        if (in->omitted || in->fixed) continue;
        bool uniform = true;
        double first = case_elements(in) ? dtype_get_double(in->dtype, in->data, 0) : 0;
        for (int64_t k = 0; k < case_elements(in); k++)
            uniform &= dtype_get_double(in->dtype, in->data, k) == first;
        for (int value = 1; value >= 0 && !uniform; value--) {
            Case less = *c;
            set_all(arena, &less, i, value);
            add_candidate(arena, all, &less);
        }
    }
}

/* ---- the search ---- */

void judge_run(const Judge *j, const Case *cases, int count)
{
    for (int i = 0; i < count; i++) {
        j->ours[i].status = j->theirs[i].status = STATUS_PENDING;
        j->ours[i].count = j->theirs[i].count = 0;
        j->ours[i].used = j->theirs[i].used = 0;
    }
    onnxruntime_run(cases, count, j->theirs, j->noise);
    compiled_run(j->compiled, cases, count, j->ours, j->noise);
}

static int first_as_wrong(const Judge *j, const Case *cases, int count, Verdict v)
{
    judge_run(j, cases, count);
    for (int i = 0; i < count; i++) {
        Text why = {0};
        int exclusion;
        Verdict own = verdict(&cases[i], &j->ours[i], &j->theirs[i], &exclusion, &why);
        text_free(&why);
        if (own == v) return i;
    }
    return -1;
}

static bool shrink_once(const Judge *j, Case *c, Verdict v)
{
    Arena *arena = c->arena;
    Candidates all = {0};
    drop_attributes(arena, c, &all);
    drop_inputs(arena, c, &all);
    crop_dimensions(arena, c, &all);
    lessen_numbers(arena, c, &all);
    simplify_data(arena, c, &all);
    for (int from = 0; from < all.count; from += BATCH) {
        int count = all.count - from < BATCH ? all.count - from : BATCH;
        int found = first_as_wrong(j, all.items + from, count, v);
        if (found < 0) continue;
        *c = all.items[from + found];
        return true;
    }
    return false;
}

Case shrink(const Judge *j, const Case *c, Verdict v)
{
    Case less = *c;
    for (int round = 0; round < ROUNDS && shrink_once(j, &less, v); round++) continue;
    return less;
}
