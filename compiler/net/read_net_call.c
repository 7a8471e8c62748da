/*
 * Calls by name: an operator of ONNX, a block, a layer or a function, in that order of looking. A
 * block is expanded where it is called: a scope of its own, instance paths below its own, and a
 * frame for the trace in diagnostics.
 */
#include "read_net_notes.h"

/* ---- what a name calls ---- */

static Diagnostic *unknown_callee(Reader *r, Scope *s, const NetName *name)
{
    const char *names[512];
    int count = layer_names(names, 300);
    count += function_names(names + count, 50);
    for (int i = 0; i < s->module->block_names.count && count < (int)COUNT(names); i++)
        names[count++] = s->module->block_names.items[i];
    Diagnostic *d = net_error(r, "E0405", name->source, "there is no layer, block or function `%s`",
                              name->text);
    const char *near = nearest_name(name->text, names, count);
    for (const Op *const *table = op_tables; !near && *table; table++)
        for (const Op *op = *table; op->name && !near; op++)
            if (!op->domain && !strcasecmp(op->name, name->text)) near = op->name;
    net_suggest(d, near);
    return d;
}

static bool is_operator(const NetCall *call)
{
    char first = call->callee.text[0];
    return call->domain || call->version || (first >= 'A' && first <= 'Z');
}

static Value call_block(Reader *r, Scope *s, const NetExpr *e, const Value *block, Naming naming);

/* A value that is called: a block or layer given as an argument, or a mistake. */
static Value call_value(Reader *r, Scope *s, const NetExpr *e, Value callee, Naming naming)
{
    if (callee.kind == VALUE_BLOCK) return call_block(r, s, e, &callee, naming);
    if (callee.kind == VALUE_LAYER) return layer_call(r, s, e, callee.layer, naming);
    if (value_has_poison(&callee)) return poison;
    const NetName *name = &e->call->callee;
    Diagnostic *d = net_error(r, "E0405", name->source, "`%s` is %s and cannot be called",
                              name->text, value_kind_name(&callee));
    net_label(d, name->source, "%s", value_kind_name(&callee));
    return poison;
}

static Value call(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    const NetName *name = &e->call->callee;
    if (!function_find(name->text) && assert_computes(r, name->source)) return poison;
    const Block *block = module_block(s, name->text);
    if (block && !e->call->domain)
        return call_value(r, s, e, block_value(block, e->source), naming);
    if (is_operator(e->call)) return operator_call(r, s, e, naming);
    Binding *b = net_scope_find(r, s, name->text);
    if (b && (b->value.kind == VALUE_BLOCK || b->value.kind == VALUE_LAYER)) {
        b->used = true;
        return call_value(r, s, e, b->value, naming);
    }
    const NetLayer *layer = layer_find(name->text);
    if (layer) return layer_call(r, s, e, layer, naming);
    const NetFunction *function = function_find(name->text);
    if (function) return function_call(r, s, e, function);
    if (b) return call_value(r, s, e, b->value, naming);
    if (!s->module->broken) unknown_callee(r, s, name);
    for (int i = 0; i < e->call->args.count; i++) eval(r, s, e->call->args.items[i].value);
    return poison;
}

Value call_eval(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    NoteMark before = note_mark(r);
    Value v = call(r, s, e, naming);
    note_call(r, s, e, &v, before);
    return v;
}

/* ---- blocks ---- */

static int param_index(const NetDef *def, const char *name)
{
    for (int i = 0; i < def->inputs.count; i++)
        if (!strcmp(def->inputs.items[i].name.text, name)) return i;
    return -1;
}

static const char *const kinds[] = {"int", "float", "list", "block", "tensor"};

/* Whether a value is of the kind that a block's parameter names; no kind takes anything. */
static bool of_kind(const NetParam *p, const Value *v)
{
    if (p->type && !p->type->shaped && p->type->dtype == DT_BOOL) return v->kind == VALUE_BOOL;
    if (p->type && !p->type->shaped && p->type->dtype == DT_STRING) return v->kind == VALUE_STRING;
    if (p->type) return v->kind == VALUE_TENSOR;
    if (!p->kind.text) return true;
    switch (p->kind.text[0]) {
    case 'i': return v->kind == VALUE_INT;
    case 'f': return value_is_number(v);
    case 'l': return v->kind == VALUE_LIST;
    case 'b': return v->kind == VALUE_BLOCK || v->kind == VALUE_LAYER;
    default: return v->kind == VALUE_TENSOR;
    }
}

/* What a parameter takes, in words. */
static const char *kind_text(const NetParam *p)
{
    static const char *const words[] = {"an integer", "a number", "a list", "a block or a layer",
                                        "a tensor"};
    if (p->type && !p->type->shaped && p->type->dtype == DT_BOOL) return "true or false";
    if (p->type && !p->type->shaped && p->type->dtype == DT_STRING) return "a string";
    for (size_t i = 0; p->kind.text && i < COUNT(kinds); i++)
        if (!strcmp(kinds[i], p->kind.text)) return words[i];
    return "a tensor";
}

static bool bind_param(Reader *r, Scope *inner, const NetDef *def, int i, Value v)
{
    const NetParam *p = &def->inputs.items[i];
    if (v.kind == VALUE_POISON) return false;
    if (!of_kind(p, &v)) {
        Diagnostic *d = net_error(r, "E0407", v.source, "`%s` of block `%s` must be %s, not %s",
                                  p->name.text, def->name.text, kind_text(p), value_kind_name(&v));
        net_label(d, p->name.source, "declared here");
        return false;
    }
    if (p->type && p->type->shaped && !type_unify(r, inner, p->type, v.tensor, "argument", p->name))
        return false;
    NetName name = p->name;
    net_scope_bind(r, inner, name, v, false);
    return true;
}

static bool check_kinds(Reader *r, const NetDef *def)
{
    for (int i = 0; i < def->inputs.count; i++) {
        const NetName *kind = &def->inputs.items[i].kind;
        bool known = !kind->text;
        for (size_t k = 0; k < COUNT(kinds); k++) known = known || !strcmp(kind->text, kinds[k]);
        if (known) continue;
        Diagnostic *d =
            net_error(r, "E0403", kind->source, "`%s` is no kind of parameter", kind->text);
        net_help(
            d, "int, float, bool, string, list, block, tensor, or a type such as f32[N, C, H, W]");
        return false;
    }
    return true;
}

/* Arguments of the call by place or name, into `values`; false after a diagnostic. */
static bool block_args(Reader *r, Scope *s, const NetExpr *e, const NetDef *def, Value *values)
{
    const NetArgs *args = &e->call->args;
    bool good = true;
    for (int i = 0; i < args->count; i++) {
        const NetArg *arg = &args->items[i];
        Value v = eval(r, s, arg->value);
        int at = arg->name.text ? param_index(def, arg->name.text) : i;
        if (at >= 0 && at < def->inputs.count && values[at].kind == VALUE_OMITTED) {
            values[at] = v;
            continue;
        }
        Source where = arg->name.text ? arg->name.source : arg->value->source;
        Diagnostic *d;
        if (at >= 0 && at < def->inputs.count) {
            d = net_error(r, "E0406", where, "argument `%s` of block `%s` is given twice",
                          def->inputs.items[at].name.text, def->name.text);
        } else if (arg->name.text) {
            d = net_error(r, "E0406", where, "block `%s` has no parameter `%s`", def->name.text,
                          arg->name.text);
        } else {
            d = net_error(r, "E0406", where, "block `%s` takes %d arguments, this is number %d",
                          def->name.text, def->inputs.count, i + 1);
        }
        net_label(d, def->name.source, "the block");
        good = false;
    }
    return good;
}

/* Binds every parameter, defaults where nothing is given. Defaults may use the parameters before
 * them. */
static bool bind_params(Reader *r, Scope *inner, const NetExpr *e, const NetDef *def, Value *values)
{
    bool good = true;
    Frame *own = r->frame;
    for (int i = 0; i < def->inputs.count; i++) {
        const NetParam *p = &def->inputs.items[i];
        r->frame = own;
        if (values[i].kind == VALUE_OMITTED && p->value) values[i] = eval(r, inner, p->value);
        bool typed = p->type && p->type->shaped;
        if (!typed) r->frame = own->outer; /* what does not fit is the caller's mistake */
        if (values[i].kind == VALUE_OMITTED) {
            Diagnostic *d =
                net_error(r, "E0406", e->call->callee.source, "block `%s` lacks its argument `%s`",
                          def->name.text, p->name.text);
            net_label(d, p->name.source, "declared here");
            good = false;
        } else {
            good &= bind_param(r, inner, def, i, values[i]);
        }
    }
    r->frame = own;
    return good;
}

static bool enter(Reader *r, const NetExpr *e, const NetDef *def, Frame *frame, const char *path)
{
    for (const Frame *f = r->frame; f; f = f->outer) {
        if (f->block != def) continue;
        Diagnostic *d = net_error(r, "E0414", e->source, "block `%s` calls itself", def->name.text);
        net_label(d, def->name.source, "the block");
        net_help(d, "`repeat` makes several instances of a block");
        return false;
    }
    if (!net_expand(r, e->source)) return false;
    if (r->frames == NET_MAX_CALLS) {
        net_error(r, "E0410", e->source, "blocks call blocks more than %d deep", NET_MAX_CALLS);
        return false;
    }
    *frame = (Frame){.outer = r->frame,
                     .block = def,
                     .call = e->call->callee.source,
                     .what = arena_format(r->arena, "in this call of block `%s`, instance `%s`",
                                          def->name.text, path)};
    r->frame = frame;
    r->frames++;
    return true;
}

Value block_value(const Block *block, Source source)
{
    return (Value){.kind = VALUE_BLOCK,
                   .block = {.def = block->def, .module = block->module},
                   .source = source};
}

static Value call_block(Reader *r, Scope *s, const NetExpr *e, const Value *block, Naming naming)
{
    const NetDef *def = block->block.def;
    Value *values = NEW_ARRAY(r->arena, Value, def->inputs.count);
    for (int i = 0; i < def->inputs.count; i++) values[i].kind = VALUE_OMITTED;
    bool good = check_kinds(r, def) && block_args(r, s, e, def, values);
    const NetAs *as = &e->call->as;
    bool unnamed = as->given && !as->name.text && !as->indices.count && !naming.path;
    const char *path =
        unnamed ? net_scope_owner(r, s) : net_scope_instance(r, s, def->name.text, as, &naming);
    Frame frame;
    if (!good || !enter(r, e, def, &frame, path)) return poison;
    Scope *inner = unnamed ? net_scope_unnamed(r, block->block.module->scope, s, &def->body)
                           : net_scope_new(r, block->block.module->scope,
                                           arena_format(r->arena, "%s.", path), &def->body);
    Value v = bind_params(r, inner, e, def, values) ? body_run(r, inner, &def->body) : poison;
    if (v.kind == VALUE_OMITTED) {
        net_error(r, "E0414", def->name.source, "block `%s` returns nothing", def->name.text);
        v = poison;
    }
    net_scope_warn_unused(r, inner);
    r->frame = frame.outer;
    r->frames--;
    v.source = e->source;
    return v;
}
