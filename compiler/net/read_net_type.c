/*
 * Types of the .net reader: f32[N, 3, 2 * H] against tensors. A dimension's name gets its size
 * once, from `where`, from --dim or from the first tensor it is held against, and remembers where.
 */
#include "read_net.h"

/* ---- sizes given before anything is read ---- */

void type_bind_where(Reader *r, Scope *s, const NetDef *net)
{
    for (int i = 0; i < net->where.count; i++) {
        const NetParam *p = &net->where.items[i];
        const Binding *first = map_get(s->names, p->name.text);
        if (first) {
            Diagnostic *d =
                net_error(r, "E0404", p->name.source, "`%s` has two values", p->name.text);
            net_label(d, first->source, "the first is here");
            continue;
        }
        const int64_t *option = read_model_dim(r->options, p->name.text);
        Value v = option ? value_int(*option, p->name.source) : eval(r, s, p->value);
        if (v.kind != VALUE_INT && v.kind != VALUE_POISON) {
            net_error(r, "E0407", p->value->source, "`%s` must be an integer, not %s", p->name.text,
                      value_kind_name(&v));
            v = poison;
        }
        net_scope_bind(r, s, p->name, v, true)->fixed = true;
    }
}

/* A name in an input's type that has no size yet: from an option, or an error that goes with it
 * ever after. */
static void bind_dim(Reader *r, Scope *s, NetName name)
{
    const int64_t *option = read_model_dim(r->options, name.text);
    Value v = poison;
    if (option || r->options->dim_default) {
        v = value_int(option ? *option : r->options->dim_default, name.source);
    } else {
        Diagnostic *d =
            net_error(r, "E0208", name.source, "the dimension `%s` has no size", name.text);
        net_help(d, "give it one with `where %s = 1` before the net's body, or with --dim %s=1",
                 name.text, name.text);
    }
    net_scope_bind(r, s, name, v, true)->fixed = true;
}

/* Every name in a dimension of an input's type. */
static void bind_dims(Reader *r, Scope *s, const NetExpr *e)
{
    if (e->kind == NET_NAME && !net_scope_find(r, s, e->name))
        bind_dim(r, s, (NetName){e->name, e->source});
    if (e->kind == NET_BINARY) bind_dims(r, s, e->binary.left);
    if (e->kind == NET_BINARY || e->kind == NET_UNARY) bind_dims(r, s, e->binary.right);
}

/* ---- types ---- */

static bool dim_size(Reader *r, Scope *s, const NetExpr *e, int64_t *size)
{
    if (!eval_int(r, s, e, "a dimension", size)) return false;
    if (*size >= 0) return true;
    net_error(r, "E0205", e->source, "a dimension cannot be negative; this is %lld",
              (long long)*size);
    return false;
}

/* A type with a shape that a tensor can have; false after a diagnostic. */
static bool check_shaped(Reader *r, const NetType *type)
{
    const char *dtype = dtype_name(type->dtype);
    if (!type->shaped) {
        Diagnostic *d = net_error(r, "E0203", type->source, "this type has no shape");
        net_help(d, "write %s[2, 3] with its dimensions, or %s[] for a scalar", dtype, dtype);
    } else if (type->dims.count > MAX_RANK) {
        net_error(r, "E0203", type->source, "a tensor has at most %d dimensions, this one has %d",
                  MAX_RANK, type->dims.count);
    }
    return type->shaped && type->dims.count <= MAX_RANK;
}

bool type_dims(Reader *r, Scope *s, const NetType *type, int64_t dims[MAX_RANK])
{
    if (!check_shaped(r, type)) return false;
    bool good = true;
    for (int i = 0; i < type->dims.count; i++)
        good &= dim_size(r, s, type->dims.items[i], &dims[i]);
    int64_t elements;
    if (good && !checked_elements(dims, type->dims.count, &elements)) {
        net_error(r, "E0205", type->source,
                  "a tensor of this shape has too many elements to count");
        return false;
    }
    return good;
}

const char **type_dim_names(Reader *r, const NetType *type)
{
    const char **names = NEW_ARRAY(r->arena, const char *, type->dims.count);
    bool any = false;
    for (int i = 0; i < type->dims.count; i++) {
        const NetExpr *e = type->dims.items[i];
        if (e->kind != NET_NAME || !map_get(r->net_scope->names, e->name)) continue;
        names[i] = e->name, any = true;
    }
    return any ? names : NULL;
}

Tensor *type_input(Reader *r, Scope *s, const NetParam *input)
{
    int64_t dims[MAX_RANK];
    for (int i = 0; i < input->type->dims.count; i++) bind_dims(r, s, input->type->dims.items[i]);
    if (!type_dims(r, s, input->type, dims)) return NULL;
    Tensor *t = graph_add_tensor(r->graph, TENSOR_INPUT, input->name.text, input->type->dtype,
                                 input->type->dims.count, dims);
    t->dim_names = type_dim_names(r, input->type);
    t->source = input->name.source;
    return t;
}

/* ---- a tensor against a type ---- */

static Diagnostic *mismatch(Reader *r, Source where, const Tensor *t, const char *what,
                            const char *name)
{
    Diagnostic *d = net_error(r, "E0207", where, "%s `%s` is %s, which is not the declared type",
                              what, name, tensor_type_text(r->arena, t));
    if (t->source.line) net_label(d, t->source, "%s from here", tensor_type_text(r->arena, t));
    return d;
}

static bool unify_dim(Reader *r, Scope *s, const NetExpr *e, const Tensor *t, int i,
                      const char *what, const char *name)
{
    if (e->kind == NET_NAME && !net_scope_find(r, s, e->name)) {
        Binding *b = net_scope_bind(r, s, (NetName){e->name, e->source},
                                    value_int(t->dims[i], e->source), true);
        b->fixed = true;
        b->order = 0; /* assertions anywhere may use it */
        b->from = t->source;
        return true;
    }
    int64_t size;
    if (!dim_size(r, s, e, &size)) return false;
    if (size == t->dims[i]) return true;
    Diagnostic *d = mismatch(r, e->source, t, what, name);
    net_label(d, e->source, "declared %lld, found %lld", (long long)size, (long long)t->dims[i]);
    const Binding *b = e->kind == NET_NAME ? net_scope_find(r, s, e->name) : NULL;
    if (b && (b->source.line != e->source.line || b->source.column != e->source.column))
        net_label(d, b->source, "`%s` is %lld from here", e->name, (long long)size);
    if (b && r->frame == NULL && read_model_dim(r->options, e->name))
        net_note(d, "--dim says that `%s` is %lld", e->name, (long long)size);
    if (b && b->from.line && memcmp(&b->from, &t->source, sizeof t->source))
        net_label(d, b->from, "the %lld comes from here", (long long)size);
    return false;
}

bool type_unify(Reader *r, Scope *s, const NetType *type, const Tensor *t, const char *what,
                NetName name)
{
    if (t->poisoned || t->rank < 0) return true;
    if (t->dtype != type->dtype) {
        Diagnostic *d = mismatch(r, type->source, t, what, name.text);
        net_label(d, type->source, "declared %s", dtype_name(type->dtype));
        net_help(d, "Cast(x, to: %s) converts", dtype_name(type->dtype));
        return false;
    }
    if (!type->shaped) return true;
    if (!check_shaped(r, type)) return false;
    if (t->rank != type->dims.count) {
        Diagnostic *d = mismatch(r, type->source, t, what, name.text);
        net_label(d, type->source, "declared with %d dimensions, found %d", type->dims.count,
                  t->rank);
        return false;
    }
    for (int i = 0; i < t->rank; i++)
        if (!unify_dim(r, s, type->dims.items[i], t, i, what, name.text)) return false;
    return true;
}
