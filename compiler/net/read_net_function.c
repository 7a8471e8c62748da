/*
 * Functions of the .net language: questions about tensors and lists, answered while reading, and
 * about the parameters and multiply-adds of an instance, answered when the whole net is there.
 * Assertions are checked here, at the end.
 */
#include "read_net.h"

#include "receptive_field.h"

#include <math.h>

typedef Value Answer(Reader *r, const NetExpr *e, const Value *args);

struct NetFunction {
    const char *name, *args; /* a letter for each argument: t tensor, l list, i integer, n number,
                                v any value */
    Answer *answer;
    /* Instead, of an instance path: the sum of its parameters', or of its nodes'. */
    int64_t (*of_parameter)(const Tensor *t);
    int64_t (*of_node)(const Node *n);
};

/* ---- of tensors and lists ---- */

/* A dimension that is known while reading; those that only a run knows, the operator Shape gives.
 */
static bool is_fixed(Reader *r, const Value *arg, int d)
{
    const Tensor *t = arg->tensor;
    if (!t->extents || !t->extents[d]) return true;
    Diagnostic *e = net_error(r, "E0310", arg->source, "dimension %d of %s depends on data", d,
                              tensor_type_text(r->arena, t));
    diag_help(e, "Shape(x) is the operator that gives it when the network runs");
    return false;
}

static bool all_fixed(Reader *r, const Value *arg)
{
    for (int d = 0; d < arg->tensor->rank; d++)
        if (!is_fixed(r, arg, d)) return false;
    return true;
}

static Value answer_shape(Reader *r, const NetExpr *e, const Value *args)
{
    const Tensor *t = args[0].tensor;
    if (!all_fixed(r, &args[0])) return poison;
    Value *items = NEW_ARRAY(r->arena, Value, t->rank);
    for (int i = 0; i < t->rank; i++) items[i] = value_int(t->dims[i], e->source);
    return value_list(items, t->rank, e->source);
}

static Value answer_dim(Reader *r, const NetExpr *e, const Value *args)
{
    const Tensor *t = args[0].tensor;
    int64_t at = args[1].i < 0 ? args[1].i + t->rank : args[1].i;
    if (at >= 0 && at < t->rank)
        return is_fixed(r, &args[0], (int)at) ? value_int(t->dims[at], e->source) : poison;
    net_error(r, "E0204", args[1].source, "%s has no dimension %lld", tensor_type_text(r->arena, t),
              (long long)args[1].i);
    return poison;
}

static Value answer_channels(Reader *r, const NetExpr *e, const Value *args)
{
    if (args[0].tensor->rank >= 2)
        return is_fixed(r, &args[0], 1) ? value_int(args[0].tensor->dims[1], e->source) : poison;
    net_error(r, "E0203", args[0].source, "%s has no channels: they are dimension 1",
              tensor_type_text(r->arena, args[0].tensor));
    return poison;
}

static Value answer_rank(Reader *r, const NetExpr *e, const Value *args)
{
    (void)r;
    return value_int(args[0].tensor->rank, e->source);
}

static Value answer_elements(Reader *r, const NetExpr *e, const Value *args)
{
    if (!all_fixed(r, &args[0])) return poison;
    return value_int(tensor_elements(args[0].tensor), e->source);
}

static Value answer_len(Reader *r, const NetExpr *e, const Value *args)
{
    (void)r;
    return value_int(args[0].list.count, e->source);
}

static Value answer_append(Reader *r, const NetExpr *e, const Value *args)
{
    int count = args[0].list.count;
    Value *items = NEW_ARRAY(r->arena, Value, count + 1);
    if (count) memcpy(items, args[0].list.items, (size_t)count * sizeof *items);
    items[count] = args[1];
    Value list = value_list(items, count + 1, e->source);
    if (list.list.size <= NET_MAX_LIST) return list;
    net_error(r, "E0410", e->source, "this list holds more than %d values", NET_MAX_LIST);
    return poison;
}

static Value answer_int(Reader *r, const NetExpr *e, const Value *args)
{
    double x = value_number(&args[0]);
    if (args[0].kind == VALUE_INT) return args[0];
    if (x > -9.2e18 && x < 9.2e18) return value_int((int64_t)x, e->source);
    net_error(r, "E0408", args[0].source, "%g does not fit 64 bits", x);
    return poison;
}

static Value answer_float(Reader *r, const NetExpr *e, const Value *args)
{
    (void)r;
    return value_float(value_number(&args[0]), e->source);
}

/* Whole where both numbers are and the exponent is not negative. */
static Value answer_pow(Reader *r, const NetExpr *e, const Value *args)
{
    const Value *base = &args[0], *exponent = &args[1];
    bool whole =
        base->kind == VALUE_INT && !base->huge && exponent->kind == VALUE_INT && exponent->i >= 0;
    if (!whole) return value_float(pow(value_number(base), value_number(exponent)), e->source);
    /* from 64 factors on only -1, 0 and 1 fit, which repeat */
    int64_t power = 1, factors = exponent->i > 64 ? 64 + exponent->i % 2 : exponent->i;
    for (int64_t i = 0; i < factors; i++)
        if (__builtin_mul_overflow(power, base->i, &power)) {
            net_error(r, "E0408", e->source, "%lld to the power of %lld does not fit 64 bits",
                      (long long)base->i, (long long)exponent->i);
            return poison;
        }
    return value_int(power, e->source);
}

/* An attribute of ONNX's type kind, of which no more is kept than that it is there. */
static Value answer_type(Reader *r, const NetExpr *e, const Value *args)
{
    (void)r, (void)args;
    return (Value){.kind = VALUE_TYPE, .source = e->source};
}

/* ---- of instances ---- */

/* Whether a name is that of the instance or of something inside it. */
static bool inside(const char *name, const char *prefix, size_t length)
{
    if (!length) return true;
    return !strncmp(name, prefix, length) &&
           (!name[length] || name[length] == '.' || name[length] == '[');
}

static int64_t of_trainable(const Tensor *t) { return t->trainable ? tensor_elements(t) : 0; }

static int64_t of_bytes(const Tensor *t)
{
    return (int64_t)dtype_bytes(t->dtype, tensor_elements(t));
}

static int64_t of_macs(const Node *n) { return n->op && n->op->macs ? n->op->macs(n) : 0; }

/* As netc summary counts them: names and constants are no layers. */
static int64_t of_output_bytes(const Node *n)
{
    int64_t sum = 0;
    for (int i = 0; i < n->output_count && strcmp(n->op_type, "Identity"); i++) {
        const Tensor *t = n->outputs[i];
        if (t && t->rank >= 0 && !tensor_is_const(t)) sum += of_bytes(t);
    }
    return sum;
}

/* *found is set where the instance has a node, or a parameter where those are measured. */
static int64_t measure(Reader *r, const NetFunction *f, const char *path, bool *found)
{
    int64_t sum = 0;
    size_t length = strlen(path);
    for (int i = 0; f->of_parameter && i < r->params.count; i++) {
        const Tensor *t = r->params.items[i];
        if (!inside(t->name, path, length)) continue;
        *found = true;
        sum += f->of_parameter(t);
    }
    for (int i = 0; i < r->top->nodes.count; i++) {
        const Node *n = r->top->nodes.items[i];
        if (!inside(n->name, path, length)) continue;
        *found = true;
        if (f->of_node) sum += f->of_node(n);
    }
    return sum;
}

/* Fields are of the whole graph, whose every shape must be known. */
static bool all_known(const Graph *g)
{
    for (int i = 0; i < g->tensors.count; i++)
        if (g->tensors.items[i]->rank < 0 || g->tensors.items[i]->poisoned) return false;
    return true;
}

/* A list of sizes along the spatial dimensions; "all", or "none" where places are lost. */
static Value answer_field(Reader *r, const NetExpr *e, const Value *args)
{
    const Tensor *t = args[0].tensor;
    if (!r->as_of || !all_known(r->top) || t->id >= r->top->tensors.count ||
        r->top->tensors.items[t->id] != t) {
        net_error(r, "E0406", e->source,
                  r->as_of ? "the receptive field is known where all shapes of the net are"
                           : "field(x) is known at the end only: it can stand in `assert`");
        return poison;
    }
    const Field *f = &receptive_fields(r->arena, r->top)[t->id];
    if (f->kind != FIELD_WINDOW) {
        const char *word = f->kind == FIELD_ALL ? "all" : "none";
        return (Value){.kind = VALUE_STRING, .s = {word, strlen(word)}, .source = e->source};
    }
    Value *items = NEW_ARRAY(r->arena, Value, f->spatial);
    for (int i = 0; i < f->spatial; i++)
        items[i] = f->size[i] == floor(f->size[i]) && f->size[i] < 0x1p62
                       ? value_int((int64_t)f->size[i], e->source)
                       : value_float(f->size[i], e->source);
    return value_list(items, f->spatial, e->source);
}

/* Of the nodes' paths, and those of the instances around them. */
static const char *nearest_path(Reader *r, const char *path)
{
    LIST(const char *) names = {0};
    for (int i = 0; i < r->top->nodes.count && i < 5000; i++) {
        const char *name = r->top->nodes.items[i]->name;
        LIST_PUSH(r->arena, &names, name);
        for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
            LIST_PUSH(r->arena, &names, arena_format(r->arena, "%.*s", (int)(dot - name), name));
    }
    return nearest_name(path, names.items, names.count);
}

static Value measure_call(Reader *r, Scope *s, const NetExpr *e, const NetFunction *f)
{
    const NetArgs *args = &e->call->args;
    const char *path = args->count == 1 ? net_path_text(r->arena, args->items[0].value) : NULL;
    if (!path || !r->as_of) {
        net_error(r, "E0406", e->source,
                  path ? "%s(path) is known at the end only: it can stand in `assert`"
                       : "%s takes the net's name or the path of an instance",
                  f->name);
        return poison;
    }
    bool whole = !strcmp(path, r->net->name.text), found = whole;
    const char *full = whole ? "" : arena_format(r->arena, "%s%s", s->path, path);
    int64_t sum = measure(r, f, full, &found);
    if (found) return value_int(sum, e->source);
    Diagnostic *d =
        net_error(r, "E0403", args->items[0].value->source, "no instance has the path `%s`", full);
    net_suggest(d, nearest_path(r, full));
    return poison;
}

static const NetFunction functions[] = {
    {"shape", "t", .answer = answer_shape},       {"dim", "ti", .answer = answer_dim},
    {"channels", "t", .answer = answer_channels}, {"rank", "t", .answer = answer_rank},
    {"elements", "t", .answer = answer_elements}, {"len", "l", .answer = answer_len},
    {"append", "lv", .answer = answer_append},    {"pow", "nn", .answer = answer_pow},
    {"int", "n", .answer = answer_int},           {"float", "n", .answer = answer_float},
    {"type", "", .answer = answer_type},          {"field", "t", .answer = answer_field},
    {"params", .of_parameter = of_trainable},     {"macs", .of_node = of_macs},
    {"weight_bytes", .of_parameter = of_bytes},   {"output_bytes", .of_node = of_output_bytes},
};

const NetFunction *function_find(const char *name)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (!strcmp(functions[i].name, name)) return &functions[i];
    return NULL;
}

int function_names(const char **names, int most)
{
    int count = 0;
    while (count < most && count < (int)COUNT(functions))
        names[count] = functions[count].name, count++;
    return count;
}

static bool takes(char letter, const Value *v)
{
    return letter == 't'   ? v->kind == VALUE_TENSOR && v->tensor->rank >= 0
           : letter == 'l' ? v->kind == VALUE_LIST
           : letter == 'i' ? v->kind == VALUE_INT && !v->huge
           : letter == 'v' ? v->kind != VALUE_OMITTED && v->kind != VALUE_TUPLE
                           : value_is_number(v);
}

static const char *wanted(char letter)
{
    return letter == 't'   ? "a tensor"
           : letter == 'l' ? "a list"
           : letter == 'i' ? "an integer"
           : letter == 'v' ? "one value"
                           : "a number";
}

Value function_call(Reader *r, Scope *s, const NetExpr *e, const NetFunction *f)
{
    if (!f->answer) return measure_call(r, s, e, f);
    const NetArgs *args = &e->call->args;
    int count = (int)strlen(f->args);
    Value values[4];
    bool good = args->count == count;
    if (!good)
        net_error(r, "E0406", e->source, "%s takes %d argument%s, not %d", f->name, count,
                  count == 1 ? "" : "s", args->count);
    for (int i = 0; good && i < count; i++) {
        values[i] = eval(r, s, args->items[i].value);
        if (value_has_poison(&values[i])) return poison;
        if (takes(f->args[i], &values[i])) continue;
        net_error(r, "E0407", args->items[i].value->source, "%s takes %s here, not %s", f->name,
                  wanted(f->args[i]), value_kind_name(&values[i]));
        good = false;
    }
    return good ? f->answer(r, e, values) : poison;
}

/* ---- assertions ---- */

static bool is_comparison(const NetExpr *e)
{
    return e->kind == NET_BINARY && e->binary.op >= NET_EQ && e->binary.op <= NET_GE;
}

static void label_value(Reader *r, Diagnostic *d, const NetExpr *e, const Value *v)
{
    bool written = e->kind <= NET_BOOL && e->kind != NET_NAME;
    if (!written && e->kind != NET_LIST) net_label(d, e->source, "%s", value_text(r->arena, v));
}

static void check_comparison(Reader *r, Scope *s, const NetExpr *e)
{
    Value a = eval(r, s, e->binary.left), b = eval(r, s, e->binary.right);
    Value v = net_arith_binary(r, s, e, a, b, &(Naming){0});
    if (v.kind != VALUE_BOOL || v.b) return;
    Diagnostic *d =
        net_error(r, "E0409", e->source, "this does not hold: %s %s %s", value_text(r->arena, &a),
                  net_operator_text(e->binary.op), value_text(r->arena, &b));
    label_value(r, d, e->binary.left, &a);
    label_value(r, d, e->binary.right, &b);
}

/* Both sides of the comparisons in a condition that fails. */
static void label_sides(Reader *r, Scope *s, Diagnostic *d, const NetExpr *e)
{
    if (e->kind != NET_BINARY && e->kind != NET_UNARY) return;
    if (is_comparison(e)) {
        Value a = eval(r, s, e->binary.left), b = eval(r, s, e->binary.right);
        label_value(r, d, e->binary.left, &a);
        label_value(r, d, e->binary.right, &b);
        return;
    }
    if (e->kind == NET_BINARY) label_sides(r, s, d, e->binary.left);
    label_sides(r, s, d, e->binary.right);
}

/* Each part that `and` joins by itself, so that the one that fails is shown. */
static void check_condition(Reader *r, Scope *s, const NetExpr *e)
{
    bool holds = true;
    if (e->kind == NET_BINARY && e->binary.op == NET_AND) {
        check_condition(r, s, e->binary.left);
        check_condition(r, s, e->binary.right);
    } else if (is_comparison(e)) {
        check_comparison(r, s, e);
    } else if (eval_bool(r, s, e, "an assertion", &holds) && !holds) {
        label_sides(r, s, net_error(r, "E0409", e->source, "this does not hold"), e);
    }
}

bool assert_computes(Reader *r, Source where)
{
    if (!r->as_of) return false;
    Diagnostic *d =
        net_error(r, "E0407", where, "an assertion asks about the net, it computes nothing");
    net_help(d, "give the value a name before, and assert of that");
    return true;
}

void asserts_check(Reader *r)
{
    for (int i = 0; i < r->asserts.count; i++) {
        const DeferredAssert *a = &r->asserts.items[i];
        r->as_of = a->order;
        r->frame = a->frame;
        check_condition(r, a->scope, a->condition);
    }
    r->as_of = 0;
    r->frame = NULL;
}
