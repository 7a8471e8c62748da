/*
 * A node against its operator's schema at the node's version: number of inputs and outputs,
 * attributes' names and kinds, input types and the type variables they share. Shapes are the
 * operator's own business.
 */
#include "expand.h"

static const char *const kind_names[] = {
    [ATTR_NONE] = "nothing",
    [ATTR_FLOAT] = "a number",
    [ATTR_INT] = "an integer",
    [ATTR_STRING] = "a string",
    [ATTR_TENSOR] = "a tensor",
    [ATTR_GRAPH] = "a graph",
    [ATTR_FLOATS] = "a list of numbers",
    [ATTR_INTS] = "a list of integers",
    [ATTR_STRINGS] = "a list of strings",
    [ATTR_TYPE] = "a type",
};

/* ---- version ---- */

static bool check_version(Infer *in)
{
    const Node *n = in->node;
    const Op *op = n->op;
    if (op->versions && op->versions[0] > n->version)
        return infer_error(
            in, "E0307",
            "%s exists from version %d of the operator set; this model uses version %d", op->name,
            op->versions[0], n->version);
    if (op->last && n->version > op->last)
        return infer_error(
            in, "E0307",
            "%s exists up to version %d of the operator set; this model uses version %d", op->name,
            op->last, n->version);
    return true;
}

/* ---- inputs and outputs ---- */

/* Of a variadic operator: its definition is one expression of them all, which stages walk into. */
enum { MOST_INPUTS = 4096 };

/* Slots in force: how many there are (INT32_MAX when variadic), and up to which one they are
 * required. */
static void count_slots(const Op *op, int version, const Slot *(*find)(const Op *, int, int),
                        int *least, int *most)
{
    const Slot *s;
    *least = *most = 0;
    for (int i = 0; (s = find(op, version, i)); i++) {
        if (!s->optional) *least = i + 1;
        *most = i + 1;
        if (s->variadic) *most = INT32_MAX;
        if (s->variadic) break;
    }
}

static const char *wanted_text(Arena *arena, int least, int most)
{
    if (least == most) return arena_format(arena, "%d", least);
    if (most == INT32_MAX) return arena_format(arena, "at least %d", least);
    return arena_format(arena, "%d to %d", least, most);
}

static int given(Tensor *const *list, int count)
{
    while (count && !list[count - 1]) count--;
    return count;
}

static bool check_arity(Infer *in)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    int least, most, inputs = given(n->inputs, n->input_count),
                     outputs = given(n->outputs, n->output_count);
    count_slots(n->op, n->version, op_input, &least, &most);
    if (inputs > MOST_INPUTS)
        return infer_error(in, "E0305", "%s has %d inputs; at most %d are possible", n->op->name,
                           inputs, MOST_INPUTS);
    if (inputs < least || inputs > most) {
        infer_error(in, "E0305", "%s takes %s input%s, but %d %s given", n->op->name,
                    wanted_text(arena, least, most), most == 1 ? "" : "s", inputs,
                    inputs == 1 ? "is" : "are");
        const Slot *missing = inputs < least ? op_input(n->op, n->version, inputs) : NULL;
        if (missing) diag_note(infer_last_error(in), "the input '%s' is missing", missing->name);
        return false;
    }
    for (int i = 0; i < n->input_count; i++) {
        const Slot *s = op_input(n->op, n->version, i);
        if (!n->inputs[i] && s && !s->optional)
            return infer_error(in, "E0305", "the input '%s' of %s is missing", s->name,
                               n->op->name);
    }
    count_slots(n->op, n->version, op_output, &least, &most);
    if (outputs > most)
        return infer_error(in, "E0305", "%s has %s output%s, but %d are named", n->op->name,
                           wanted_text(arena, least, most), most == 1 ? "" : "s", outputs);
    return true;
}

/* ---- types ---- */

static const char *types_text(Arena *arena, uint32_t types)
{
    Text text = {0};
    for (int t = 1; t < DT_COUNT; t++)
        if (types & TYPE(t)) text_add(&text, "%s%s", text.length ? ", " : "", dtype_name((Dtype)t));
    char *copy = arena_string(arena, text.data ? text.data : "none");
    text_free(&text);
    return copy;
}

/* The input before i that shares its type variable; a variadic slot without one is free for each of
 * its inputs. */
static int shares_with(const Node *n, int i)
{
    const char *variable = op_input(n->op, n->version, i)->variable;
    for (int j = 0; variable && j < i; j++) {
        const char *other = op_input(n->op, n->version, j)->variable;
        if (n->inputs[j] && other && strcmp(other, variable) == 0) return j;
    }
    return -1;
}

static const char *const taken_names[] = {
    [TAKES_SEQUENCE] = "a sequence",
    [TAKES_OPTIONAL] = "an optional",
    [TAKES_SEQUENCE | TAKES_OPTIONAL] = "a sequence or an optional",
    [TAKES_TENSOR] = "a tensor",
    [TAKES_TENSOR | TAKES_SEQUENCE] = "a tensor or a sequence",
    [TAKES_TENSOR | TAKES_OPTIONAL] = "a tensor or an optional",
};

static bool check_kind(Infer *in, const Tensor *t, const Slot *s)
{
    const Expansion *e = t->expansion;
    unsigned kind = !e ? TAKES_TENSOR : e->kind == IS_SEQUENCE ? TAKES_SEQUENCE : TAKES_OPTIONAL;
    unsigned taken = s->kinds ? s->kinds : TAKES_TENSOR;
    if (taken & kind) return true;
    return infer_error(in, "E0202", "the input '%s' ('%s') of %s is %s, but must be %s", s->name,
                       t->name, in->node->op->name, expand_text(in->graph->arena, t),
                       taken_names[taken]);
}

static Dtype element_type(const Tensor *t) { return t->expansion ? t->expansion->dtype : t->dtype; }

static bool check_types(Infer *in)
{
    const Node *n = in->node;
    Arena *arena = in->graph->arena;
    for (int i = 0; i < n->input_count; i++) {
        const Tensor *t = n->inputs[i];
        const Slot *s = op_input(n->op, n->version, i);
        if (!t || !s) continue;
        if (!t->expansion && (t->dtype == DT_NONE || t->rank < 0))
            return infer_error(in, "E0208", "the type or shape of the input '%s' is not known",
                               t->name);
        if (!check_kind(in, t, s)) return false;
        Dtype dtype = element_type(t);
        if (!dtype) continue;
        if (!(s->types & TYPE(dtype)))
            return infer_error(
                in, "E0202", "the input '%s' ('%s') of %s is %s; it takes %s",
                s->name, t->name, n->op->name, dtype_name(dtype), types_text(arena, s->types));
        int other = shares_with(n, i);
        if (other >= 0 && element_type(n->inputs[other]) && element_type(n->inputs[other]) != dtype)
            return infer_error(
                in, "E0202",
                "'%s' is %s and '%s' is %s, but %s takes elements of one type for both",
                n->inputs[other]->name, dtype_name(element_type(n->inputs[other])), t->name,
                dtype_name(dtype), n->op->name);
    }
    return true;
}

/* ---- attributes ---- */

/* Integers stand for numbers, and an empty list for a list of any kind. */
static bool convert(Arena *arena, Attr *a, AttrKind kind)
{
    bool list = a->kind == ATTR_INTS || a->kind == ATTR_FLOATS || a->kind == ATTR_STRINGS;
    if (a->kind == ATTR_INT && kind == ATTR_FLOAT) {
        a->f = (double)(float)a->i;
    } else if (a->kind == ATTR_INTS && kind == ATTR_FLOATS) {
        a->floats = NEW_ARRAY(arena, double, a->count);
        for (int i = 0; i < a->count; i++) a->floats[i] = (double)(float)a->ints[i];
    } else if (!list || a->count != 0 ||
               (kind != ATTR_INTS && kind != ATTR_FLOATS && kind != ATTR_STRINGS)) {
        return false;
    }
    a->kind = kind;
    return true;
}

static bool unknown_attribute(Infer *in, const Attr *a)
{
    const Op *op = in->node->op;
    const char *names[64];
    int count = 0;
    for (const AttrSpec *s = op->attrs; s && s->name && count < (int)COUNT(names); s++)
        if (op_attr(op, in->node->version, s->name) == s) names[count++] = s->name;
    infer_error(in, "E0302", "%s has no attribute '%s' in version %d of the operator set", op->name,
                a->name, in->node->version);
    const char *near = nearest_name(a->name, names, count);
    if (near) diag_help(infer_last_error(in), "did you mean '%s'?", near);
    if (a->source.line) diag_label(infer_last_error(in), a->source, "this attribute");
    return false;
}

static bool check_attributes(Infer *in)
{
    const Node *n = in->node;
    for (int i = 0; i < n->attr_count; i++) {
        Attr *a = &n->attrs[i];
        const AttrSpec *spec = op_attr(n->op, n->version, a->name);
        if (!spec) return unknown_attribute(in, a);
        if (a->kind != spec->kind && !convert(in->graph->arena, a, spec->kind))
            return infer_error(in, "E0304", "the attribute '%s' of %s must be %s, not %s", a->name,
                               n->op->name, kind_names[spec->kind], kind_names[a->kind]);
    }
    for (const AttrSpec *s = n->op->attrs; s && s->name; s++)
        if (s->required && op_attr(n->op, n->version, s->name) == s && !node_attr(n, s->name))
            return infer_error(in, "E0303", "the attribute '%s' (%s) of %s is missing", s->name,
                               kind_names[s->kind], n->op->name);
    return true;
}

bool infer_schema(Infer *in)
{
    return check_version(in) && check_arity(in) && check_attributes(in) && check_types(in);
}
