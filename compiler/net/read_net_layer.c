/*
 * Calls of layers: finds the layer, matches the arguments to its row, gives its builder what it
 * asks for. Mistakes in arguments are reported here, one each; a layer with a poisoned input is not
 * built.
 */
#include "read_net_layer.h"

static const NetLayer *const tables[] = {layers_conv, layers_pool,  layers_dense, layers_activation,
                                         layers_norm, layers_shape, layers_join,  layers_reduce};

const NetLayer *layer_find(const char *name)
{
    for (size_t t = 0; t < COUNT(tables); t++)
        for (const NetLayer *layer = tables[t]; layer->name; layer++)
            if (!strcmp(layer->name, name)) return layer;
    return NULL;
}

int layer_names(const char **names, int most)
{
    int count = 0;
    for (size_t t = 0; t < COUNT(tables); t++)
        for (const NetLayer *layer = tables[t]; layer->name && count < most; layer++)
            names[count++] = layer->name;
    return count;
}

/* ---- matching arguments ---- */

static int arg_count(const NetLayer *layer)
{
    int count = 0;
    while (count < LAYER_MAX_ARGS && layer->args[count].name) count++;
    return count;
}

static int arg_index(const NetLayer *layer, const char *name)
{
    for (int i = 0; i < arg_count(layer); i++)
        if (!strcmp(layer->args[i].name, name)) return i;
    return -1;
}

static void unknown_arg(Reader *r, const NetLayer *layer, const NetName *name)
{
    const char *names[LAYER_MAX_ARGS];
    Text all = {0};
    int count = arg_count(layer);
    for (int i = 0; i < count; i++) {
        names[i] = layer->args[i].name;
        text_add(&all, "%s%s", i ? ", " : "", names[i]);
    }
    Diagnostic *d =
        net_error(r, "E0406", name->source, "%s has no argument `%s`", layer->name, name->text);
    const char *near = nearest_name(name->text, names, count);
    if (near)
        net_suggest(d, near);
    else
        net_note(d, "its arguments are %s", all.data);
    text_free(&all);
}

static bool all_kind(const Value *v, bool (*fits)(const Value *item))
{
    if (v->kind != VALUE_LIST) return false;
    for (int i = 0; i < v->list.count; i++)
        if (!fits(&v->list.items[i])) return false;
    return true;
}

static bool is_int(const Value *v) { return v->kind == VALUE_INT && !v->huge; }

static bool is_tensor(const Value *v) { return v->kind == VALUE_TENSOR; }

static bool is_data(const Value *v)
{
    return value_is_number(v) || all_kind(v, is_data) || is_tensor(v);
}

static bool fits(ArgKind kind, const Value *v)
{
    switch (kind) {
    case ARG_TENSOR: return is_tensor(v);
    case ARG_TENSORS: return all_kind(v, is_tensor) && v->list.count > 0;
    case ARG_INT: return is_int(v);
    case ARG_INTS: return is_int(v) || all_kind(v, is_int);
    case ARG_FLOAT: return value_is_number(v);
    case ARG_BOOL: return v->kind == VALUE_BOOL;
    case ARG_TEXT: return v->kind == VALUE_STRING;
    case ARG_PAD: return v->kind == VALUE_STRING || is_int(v) || all_kind(v, is_int);
    case ARG_DATA: return is_data(v);
    case ARG_SWITCH: return is_data(v) || v->kind == VALUE_BOOL;
    }
    return false;
}

static const char *wanted(ArgKind kind)
{
    static const char *const names[] = {[ARG_TENSOR] = "a tensor",
                                        [ARG_TENSORS] = "a list of at least one tensor",
                                        [ARG_INT] = "an integer",
                                        [ARG_INTS] = "an integer or a list of them",
                                        [ARG_FLOAT] = "a number",
                                        [ARG_BOOL] = "true or false",
                                        [ARG_TEXT] = "a string",
                                        [ARG_PAD] = "an integer, a list of them or \"same\"",
                                        [ARG_DATA] = "a number, a list of numbers or a tensor",
                                        [ARG_SWITCH] = "true, false or the values themselves"};
    return names[kind];
}

static bool set_arg(LayerCall *c, int at, Value v, Source source)
{
    const LayerArg *arg = &c->layer->args[at];
    if (v.kind == VALUE_POISON || (c->list_missed && v.kind == VALUE_TENSOR)) return false;
    if (c->values[at].kind != VALUE_OMITTED) {
        Diagnostic *d = net_error(c->r, "E0406", source, "argument `%s` of %s is given twice",
                                  arg->name, c->layer->name);
        net_label(d, c->values[at].source, "first here");
        return false;
    }
    if (v.kind != VALUE_OMITTED && !fits(arg->kind, &v)) {
        Diagnostic *d = net_error(c->r, "E0407", source, "argument `%s` of %s must be %s, not %s",
                                  arg->name, c->layer->name, wanted(arg->kind),
                                  v.kind == VALUE_LIST && !v.list.count ? "an empty list"
                                                                        : value_kind_name(&v));
        if (arg->kind == ARG_TENSOR && (v.kind == VALUE_BLOCK || v.kind == VALUE_LAYER))
            net_help(d, "call it: a block or layer has no value of its own");
        if (arg->kind == ARG_TENSORS && v.kind == VALUE_TENSOR) {
            net_help(d, "a list in brackets: %s([a, b])", c->layer->name);
            c->list_missed = true;
        }
        return false;
    }
    c->values[at] = v;
    return true;
}

static bool too_many(LayerCall *c, const NetArg *arg, int given)
{
    const NetExpr *first = c->e->call->args.items[0].value;
    bool piped = first->source.line < c->e->call->callee.source.line ||
                 (first->source.line == c->e->call->callee.source.line &&
                  first->source.column < c->e->call->callee.source.column);
    Diagnostic *d =
        net_error(c->r, "E0406", arg->value->source,
                  "%s takes at most %d argument%s, this is number %d%s", c->layer->name, given - 1,
                  given == 2 ? "" : "s", given, piped ? ", counting what is piped in" : "");
    Text all = {0};
    for (int i = 0; i < given - 1; i++)
        text_add(&all, "%s%s", i ? ", " : "", c->layer->args[i].name);
    net_note(d, given == 2 ? "it is %s" : "they are %s", all.data);
    text_free(&all);
    return false;
}

static bool match_args(LayerCall *c)
{
    const NetArgs *args = &c->e->call->args;
    bool good = true;
    for (int i = 0; i < LAYER_MAX_ARGS; i++) c->values[i] = (Value){.kind = VALUE_OMITTED};
    for (int i = 0, positional = 0; i < args->count; i++) {
        const NetArg *arg = &args->items[i];
        Value v = eval(c->r, c->s, arg->value);
        int at = arg->name.text ? arg_index(c->layer, arg->name.text) : positional++;
        if (at < 0) {
            unknown_arg(c->r, c->layer, &arg->name);
            good = false;
        } else {
            good &= at < arg_count(c->layer) ? set_arg(c, at, v, arg->value->source)
                                             : too_many(c, arg, at + 1);
        }
    }
    for (int i = 0; good && i < arg_count(c->layer); i++) {
        if (!c->layer->args[i].required || c->values[i].kind != VALUE_OMITTED) continue;
        Diagnostic *d =
            net_error(c->r, "E0406", c->e->call->callee.source, "%s lacks its argument `%s`",
                      c->layer->name, c->layer->args[i].name);
        net_label(d, c->e->call->callee.source, "needs %s", wanted(c->layer->args[i].kind));
        good = false;
    }
    for (int i = 0; i < LAYER_MAX_ARGS; i++) good &= !value_has_poison(&c->values[i]);
    return good;
}

Value layer_call(Reader *r, Scope *s, const NetExpr *e, const NetLayer *layer, Naming naming)
{
    LayerCall c = {.r = r, .s = s, .layer = layer, .e = e, .naming = naming};
    bool good = match_args(&c);
    c.path = net_scope_instance(r, s, layer->name, &e->call->as, &naming);
    if (!good) return poison;
    const Value *x = &c.values[0];
    c.x = x->kind == VALUE_LIST ? x->list.items[0].tensor : x->tensor;
    c.dtype = c.x->dtype;
    if (c.x->rank < 0 || c.x->dtype == DT_NONE) {
        Diagnostic *d = net_error(
            r, "E0412", e->source,
            "%s must know the shape of its input, and nothing is known of it here", layer->name);
        net_help(d, "give the inner graph's input a type, or use operators");
        return poison;
    }
    return layer->build(&c);
}

/* ---- arguments ---- */

const Value *arg_value(const LayerCall *c, const char *name)
{
    int at = arg_index(c->layer, name);
    assert(at >= 0);
    return &c->values[at];
}

bool arg_given(const LayerCall *c, const char *name)
{
    return arg_value(c, name)->kind != VALUE_OMITTED;
}

int64_t arg_int(const LayerCall *c, const char *name, int64_t otherwise)
{
    return arg_given(c, name) ? arg_value(c, name)->i : otherwise;
}

double arg_float(const LayerCall *c, const char *name, double otherwise)
{
    return arg_given(c, name) ? value_number(arg_value(c, name)) : otherwise;
}

bool arg_bool(const LayerCall *c, const char *name, bool otherwise)
{
    return arg_given(c, name) ? arg_value(c, name)->b : otherwise;
}

static const char *arg_text(const LayerCall *c, const char *name, const char *otherwise)
{
    return arg_given(c, name) ? arg_value(c, name)->s.data : otherwise;
}

int arg_list(LayerCall *c, const char *name, int64_t out[MAX_RANK])
{
    const Value *v = arg_value(c, name);
    if (v->kind == VALUE_INT) {
        out[0] = v->i;
        return 1;
    }
    if (v->list.count > MAX_RANK) {
        net_error(c->r, "E0406", v->source,
                  "`%s` has %d numbers; a tensor has at most %d dimensions", name, v->list.count,
                  MAX_RANK);
        return -1;
    }
    for (int i = 0; i < v->list.count; i++) out[i] = v->list.items[i].i;
    return v->list.count;
}

bool arg_ints(LayerCall *c, const char *name, int count, int64_t otherwise, int64_t least,
              int64_t *out)
{
    for (int i = 0; i < count; i++) out[i] = otherwise;
    if (!arg_given(c, name)) return true;
    const Value *v = arg_value(c, name);
    if (v->kind == VALUE_LIST && v->list.count != count) {
        Diagnostic *d = net_error(c->r, "E0406", v->source,
                                  "`%s` has %d number%s, %s has %d dimension%s to use them for",
                                  name, v->list.count, v->list.count == 1 ? "" : "s",
                                  c->layer->name, count, count == 1 ? "" : "s");
        net_label(d, v->source, "%d of them", v->list.count);
        net_help(d, strcmp(name, "pad")
                        ? "one number stands for all dimensions"
                        : "one number stands for all dimensions, and a list can also "
                          "give all begins, then all ends");
        return false;
    }
    for (int i = 0; i < count; i++) {
        out[i] = v->kind == VALUE_LIST ? v->list.items[i].i : v->i;
        if (out[i] >= least && out[i] <= INT32_MAX) continue;
        net_error(c->r, "E0406", v->source, "`%s` of %s must be at least %lld, not %lld", name,
                  c->layer->name, (long long)least, (long long)out[i]);
        return false;
    }
    return true;
}

bool arg_axis(LayerCall *c, const char *name, int64_t otherwise, int rank, int *axis)
{
    int64_t given = arg_int(c, name, otherwise), at = given < 0 ? given + rank : given;
    *axis = (int)at;
    if (at >= 0 && at < rank) return true;
    Source where = arg_given(c, name) ? arg_value(c, name)->source : c->e->source;
    Diagnostic *d = net_error(c->r, "E0204", where, "axis %lld is outside %s", (long long)given,
                              tensor_type_text(c->r->arena, c->x));
    net_note(d, "axes go from 0 to %d, or from -%d to -1 counted from the end", rank - 1, rank);
    return false;
}

int arg_choice(LayerCall *c, const char *name, const char *const *words)
{
    int count = 0;
    const char *word = arg_text(c, name, words[0]);
    Text all = {0};
    for (; words[count]; count++) {
        if (!strcmp(word, words[count])) {
            text_free(&all);
            return count;
        }
        text_add(&all, "%s\"%s\"", count ? ", " : "", words[count]);
    }
    Diagnostic *d = net_error(c->r, "E0406", arg_value(c, name)->source,
                              "`%s` of %s cannot be \"%s\"; there are %s", name, c->layer->name,
                              word, all.data);
    net_suggest(d, nearest_name(word, words, count));
    text_free(&all);
    return -1;
}

/* ---- building ---- */

Diagnostic *layer_error(LayerCall *c, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diagnostic *d = net_verror(c->r, code, c->e->source, format, args);
    va_end(args);
    if (c->x->source.line) net_label(d, c->x->source, "%s", tensor_type_text(c->r->arena, c->x));
    return d;
}

bool layer_rank(LayerCall *c, int least, const char *shape)
{
    if (c->x->rank >= least) return true;
    Diagnostic *d = layer_error(c, "E0412", "%s needs an input of %s, not %s", c->layer->name,
                                shape, tensor_type_text(c->r->arena, c->x));
    if (c->x->rank == 2) net_help(d, "after flatten the layer for a matrix is linear");
    return false;
}

Tensor *layer_param(LayerCall *c, const char *suffix, bool trainable, int rank, const int64_t *dims)
{
    const char *name = fresh_tensor_name(c->r, arena_format(c->r->arena, "%s.%s", c->path, suffix));
    Tensor *t = graph_add_tensor(c->r->graph, TENSOR_PARAM, name, c->dtype, rank, dims);
    t->trainable = trainable;
    t->source = c->e->source;
    weights_give(c->r, t);
    return t;
}

/* Data for a weight: leading dimensions of 1 need not be written. */
static Tensor *weight_data(LayerCall *c, const char *name, const Value *v, int rank,
                           const int64_t *dims)
{
    int written;
    int64_t shape[MAX_RANK];
    if (!literal_shape(c->r, v, &written, shape)) return NULL;
    int skip = v->kind == VALUE_LIST && written > 1 && written < rank ? rank - written : 0;
    for (int i = 0; i < skip; i++)
        if (dims[i] != 1) skip = 0;
    const void *data = literal_data(c->r, v, c->dtype, rank - skip, dims + skip);
    if (!data) return NULL;
    const char *tensor = fresh_tensor_name(c->r, arena_format(c->r->arena, "%s.%s", c->path, name));
    Tensor *t = graph_add_const(c->r->graph, tensor, c->dtype, rank, dims, data);
    t->source = v->source;
    return t;
}

static Tensor *weight_tensor(LayerCall *c, const char *name, const Value *v, int rank,
                             const int64_t *dims)
{
    Tensor *t = v->tensor;
    bool same = t->rank == rank && t->dtype == c->dtype;
    for (int i = 0; same && i < rank; i++) same = t->dims[i] == dims[i];
    if (same) return t;
    const Tensor fitting = {.dtype = c->dtype, .rank = rank, .dims = (int64_t *)dims};
    Diagnostic *d =
        layer_error(c, "E0412", "`%s` of %s must be %s here, not %s", name, c->layer->name,
                    tensor_type_text(c->r->arena, &fitting), tensor_type_text(c->r->arena, t));
    net_label(d, v->source, "%s", tensor_type_text(c->r->arena, t));
    return NULL;
}

bool layer_weight(LayerCall *c, const char *name, bool otherwise, int rank, const int64_t *dims,
                  Tensor **weight)
{
    const Value *v = arg_value(c, name);
    *weight = NULL;
    if (v->kind == VALUE_OMITTED || v->kind == VALUE_BOOL) {
        if (v->kind == VALUE_BOOL ? v->b : otherwise)
            *weight = layer_param(c, name, true, rank, dims);
        return true;
    }
    *weight = v->kind == VALUE_TENSOR ? weight_tensor(c, name, v, rank, dims)
                                      : weight_data(c, name, v, rank, dims);
    return *weight != NULL;
}

Tensor *layer_scalar(LayerCall *c, double value)
{
    Value v = value_float(value, c->e->source);
    return literal_tensor(c->r, &v, c->x->dtype, arena_format(c->r->arena, "%s.const", c->path));
}

Tensor *layer_ints(LayerCall *c, const char *suffix, const int64_t *items, int count)
{
    return int_list_tensor(c->r, arena_format(c->r->arena, "%s.%s", c->path, suffix), items, count);
}

Node *layer_node(LayerCall *c, const char *suffix, const char *op_type, int since, int inputs,
                 int outputs)
{
    const char *name = suffix ? arena_format(c->r->arena, "%s.%s", c->path, suffix) : c->path;
    return node_new(c->r, c->e->source, op_type, since, name, inputs, outputs);
}

Tensor *layer_step(LayerCall *c, Node *node)
{
    Value v = node_finish(c->r, c->s, node, &(Naming){0});
    return v.kind == VALUE_TENSOR ? v.tensor : NULL;
}

Value layer_done(LayerCall *c, Node *node) { return node_finish(c->r, c->s, node, &c->naming); }
