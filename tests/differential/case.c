/* Drawing from a case's random numbers, and setting its parts. The numbers are SplitMix64's, so a
 * seed gives the same case everywhere. */
#include "case.h"

#include <math.h>

static const Family *const all_families[] = {
    families_window, families_elements, families_movement,  families_reduce,   families_resample,
    families_matrix, families_normal,   families_quantized, families_attention};

/* ---- the case of a seed ---- */

static const Family *find_family(const char *name)
{
    for (size_t i = 0; i < COUNT(all_families); i++)
        for (const Family *f = all_families[i]; f->name; f++)
            if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

bool case_is_family(const char *name) { return find_family(name) != NULL; }

static const Family *draw_family(Case *c)
{
    int total = 0;
    for (size_t i = 0; i < COUNT(all_families); i++)
        for (const Family *f = all_families[i]; f->name; f++) total += f->weight;
    int at = below(c, total);
    for (size_t i = 0; i < COUNT(all_families); i++)
        for (const Family *f = all_families[i]; f->name; f++)
            if ((at -= f->weight) < 0) return f;
    return NULL;
}

/* One in eight is exact, and one in eight has weights of each type of 2 bytes, to which its
 * constants are rounded, so that nothing is lost. */
static void draw_precision(Case *c)
{
    uint64_t bits = draw(c);
    c->exact = bits % 8 == 0;
    c->weights = bits / 8 % 8 < 2 ? (WeightsType)(WEIGHTS_F16 + bits / 8 % 8) : WEIGHTS_F32;
    for (int i = 0; i < c->input_count && c->weights != WEIGHTS_F32; i++) {
        CaseInput *in = &c->inputs[i];
        Dtype type = dtype_by_name(weights_type_names[c->weights]);
        if (in->dtype != DT_F32 || !in->constant || in->omitted) continue;
        for (int64_t k = 0; k < case_elements(in); k++) {
            uint16_t code;
            weights_round(type, (float *)in->data + k, 1, &code);
            set_element(in, k, dtype_get_double(type, &code, 0));
        }
    }
}

void case_draw(Case *c, Arena *arena, uint64_t seed, const char *family)
{
    *c = (Case){
        .arena = arena, .seed = seed, .state = seed, .domain = "", .opset = 21, .output_count = 1};
    const Family *drawn = draw_family(c);
    if (family) drawn = find_family(family);
    for (const Family *f = families_elements; f->name; f++) c->elementwise |= f == drawn;
    drawn->make(c);
    draw_precision(c);
}

/* ---- drawing ---- */

uint64_t draw(Case *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int below(Case *c, int limit) { return (int)(draw(c) % (uint64_t)limit); }
int64_t between(Case *c, int64_t least, int64_t most)
{
    return least + (int64_t)(draw(c) % (uint64_t)(most - least + 1));
}
bool chance(Case *c, int percent) { return below(c, 100) < percent; }

Dtype draw_type(Case *c, uint32_t types)
{
    int count = __builtin_popcount(types), at = below(c, count);
    for (int t = 0; t < DT_COUNT; t++)
        if (types & TYPE(t) && at-- == 0) return (Dtype)t;
    return DT_NONE;
}

int draw_version(Case *c, const int *versions)
{
    int count = 0;
    while (versions[count]) count++;
    return versions[below(c, count)];
}

void draw_dims(Case *c, int rank, int64_t *dims, int64_t least, int64_t most)
{
    for (int i = 0; i < rank; i++) dims[i] = between(c, least, most);
}

void draw_axes(Case *c, int rank, int count, int64_t *axes)
{
    int64_t all[MAX_RANK];
    for (int i = 0; i < rank; i++) all[i] = i;
    for (int i = 0; i < count; i++) {
        int at = i + below(c, rank - i);
        axes[i] = chance(c, 30) ? all[at] - rank : all[at];
        all[at] = all[i];
    }
}

/* ---- elements ---- */

int64_t case_elements(const CaseInput *in)
{
    int64_t n = 1;
    for (int i = 0; i < in->rank; i++) n *= in->dims[i];
    return n;
}

void set_element(CaseInput *in, int64_t i, double value)
{
    if (dtype_is_float(in->dtype))
        dtype_set_double(in->dtype, in->data, i, value);
    else
        dtype_set_int(in->dtype, in->data, i, (int64_t)value);
}

static double draw_special(Case *c)
{
    static const double values[] = {INFINITY, -INFINITY, NAN, 0.0, -0.0, 1e30, -1e30, 1e-30, 88.5,
                                    -104,     0.5,       1.5, 2.5, -0.5, -1.5, 1e5,   65504, 3e-8};
    return chance(c, 50) ? values[below(c, COUNT(values))] : (double)between(c, -400, 400) / 16;
}

static double draw_float(Case *c, Fill fill)
{
    switch (fill) {
    case FILL_ROUGH: return (double)between(c, -(1 << 24), 1 << 24) / (1 << 24);
    case FILL_POSITIVE: return (double)between(c, 1, 16) / 4;
    case FILL_ANY: return draw_special(c);
    default: return (double)between(c, -16, 16) / 4;
    }
}

static int64_t draw_integer(Case *c, Dtype dtype, Fill fill)
{
    bool is_signed = dtype_info(dtype)->class == CLASS_SIGNED;
    if (fill == FILL_ANY)
        return chance(c, 30) ? (int64_t)(1ull << below(c, 64)) - 1 : (int64_t)draw(c);
    int bits = dtype_info(dtype)->bits;
    int64_t most = bits < 4 ? 1 : bits < 8 ? 7 : 8;
    return fill == FILL_POSITIVE ? between(c, 1, most) : between(c, is_signed ? -most : 0, most);
}

static void fill_distinct(Case *c, CaseInput *in, int64_t n)
{
    int64_t step = dtype_info(in->dtype)->bits > 8 ? 3 : 1, shift = below(c, 7);
    for (int64_t i = 0; i < n; i++) set_element(in, i, (double)((i + shift) * step - 5));
    for (int64_t i = n - 1; i > 0; i--) {
        uint64_t kept[2] = {0};
        int64_t other = between(c, 0, i);
        dtype_copy(in->dtype, kept, 0, in->data, i);
        dtype_copy(in->dtype, in->data, i, in->data, other);
        dtype_copy(in->dtype, in->data, other, kept, 0);
    }
}

static void fill(Case *c, CaseInput *in, Fill what)
{
    int64_t n = case_elements(in);
    if (what == FILL_DISTINCT) {
        fill_distinct(c, in, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        if (dtype_is_float(in->dtype))
            dtype_set_double(in->dtype, in->data, i, draw_float(c, what));
        else if (in->dtype == DT_BOOL)
            dtype_set_int(in->dtype, in->data, i, below(c, 2));
        else
            dtype_set_int(in->dtype, in->data, i, draw_integer(c, in->dtype, what));
}

/* ---- setting ---- */

static CaseInput *next_input(Case *c, Dtype dtype, int rank, const int64_t *dims)
{
    assert(c->input_count < MAX_INPUTS && rank <= MAX_RANK);
    CaseInput *in = &c->inputs[c->input_count++];
    *in = (CaseInput){.dtype = dtype, .rank = rank};
    for (int i = 0; i < rank; i++) in->dims[i] = dims[i];
    in->data = arena_alloc(c->arena, dtype_bytes(dtype, case_elements(in)) + 16);
    return in;
}

CaseInput *put_input(Case *c, Dtype dtype, int rank, const int64_t *dims, Fill what)
{
    CaseInput *in = next_input(c, dtype, rank, dims);
    in->constant = c->input_count > 1 && chance(c, 30);
    fill(c, in, what);
    return in;
}

CaseInput *put_ints(Case *c, Dtype dtype, int count, const int64_t *values)
{
    int64_t n = count;
    CaseInput *in = next_input(c, dtype, 1, &n);
    in->constant = in->fixed = true;
    for (int i = 0; i < count; i++) dtype_set_int(dtype, in->data, i, values[i]);
    return in;
}

CaseInput *put_scalar(Case *c, Dtype dtype, double value)
{
    CaseInput *in = next_input(c, dtype, 0, NULL);
    in->constant = true;
    set_element(in, 0, value);
    return in;
}

CaseInput *put_range(Case *c, Dtype dtype, int rank, const int64_t *dims, int64_t least,
                     int64_t most)
{
    CaseInput *in = next_input(c, dtype, rank, dims);
    in->constant = c->input_count > 1 && chance(c, 40);
    in->fixed = true;
    for (int64_t i = 0; i < case_elements(in); i++)
        dtype_set_int(dtype, in->data, i, between(c, least, most));
    return in;
}

void put_omitted(Case *c)
{
    assert(c->input_count < MAX_INPUTS);
    c->inputs[c->input_count++] = (CaseInput){.omitted = true};
}

static CaseAttr *next_attr(Case *c, const char *name, AttrKind kind)
{
    assert(c->attr_count < MAX_ATTRS);
    CaseAttr *a = &c->attrs[c->attr_count++];
    *a = (CaseAttr){.name = name, .kind = kind};
    return a;
}

void set_int(Case *c, const char *name, int64_t value) { next_attr(c, name, ATTR_INT)->i = value; }
void set_float(Case *c, const char *name, double value)
{
    next_attr(c, name, ATTR_FLOAT)->f = (float)value;
}
void set_text(Case *c, const char *name, const char *value)
{
    next_attr(c, name, ATTR_STRING)->s = value;
}
void set_ints(Case *c, const char *name, int count, const int64_t *values)
{
    CaseAttr *a = next_attr(c, name, ATTR_INTS);
    assert(count <= MAX_INTS);
    a->count = count;
    for (int i = 0; i < count; i++) a->ints[i] = values[i];
}

const CaseAttr *case_attr(const Case *c, const char *name)
{
    for (int i = 0; i < c->attr_count; i++)
        if (strcmp(c->attrs[i].name, name) == 0) return &c->attrs[i];
    return NULL;
}
