/* Values of the .net reader: making, naming and comparing them. No names, no graph. */
#include "read_net.h"

const Value poison = {.kind = VALUE_POISON};

Value value_int(int64_t i, Source source)
{
    return (Value){.kind = VALUE_INT, .i = i, .source = source};
}

Value value_float(double f, Source source)
{
    return (Value){.kind = VALUE_FLOAT, .f = f, .source = source};
}

Value value_bool(bool b, Source source)
{
    return (Value){.kind = VALUE_BOOL, .b = b, .source = source};
}

Value value_list(Value *items, int count, Source source)
{
    Value list = {.kind = VALUE_LIST, .list.items = items, .list.count = count, .source = source};
    for (int i = 0; i < count; i++)
        list.list.size += items[i].kind == VALUE_LIST ? items[i].list.size + 1 : 1;
    return list;
}

Value value_tensor(Tensor *t, Source source)
{
    return (Value){.kind = VALUE_TENSOR, .tensor = t, .source = source};
}

const char *value_kind_name(const Value *v)
{
    static const char *const names[] = {
        [VALUE_POISON] = "nothing",       [VALUE_OMITTED] = "nothing",
        [VALUE_INT] = "an integer",       [VALUE_FLOAT] = "a real number",
        [VALUE_BOOL] = "a truth value",   [VALUE_STRING] = "a string",
        [VALUE_LIST] = "a list",          [VALUE_TENSOR] = "a tensor",
        [VALUE_TUPLE] = "several values", [VALUE_BLOCK] = "a block",
        [VALUE_LAYER] = "a layer",        [VALUE_GRAPH] = "a graph",
        [VALUE_TYPE] = "a type"};
    return names[v->kind];
}

static void put_value(Text *out, Arena *arena, const Value *v, int depth)
{
    switch (v->kind) {
    case VALUE_INT: text_add(out, v->huge ? "%llu" : "%lld", (long long)v->i); break;
    case VALUE_FLOAT: text_add(out, "%.9g", v->f); break;
    case VALUE_BOOL: text_add(out, "%s", v->b ? "true" : "false"); break;
    case VALUE_STRING: text_add(out, "\"%s\"", v->s.data); break;
    case VALUE_TENSOR: text_add(out, "%s", tensor_type_text(arena, v->tensor)); break;
    case VALUE_LIST:
        text_add(out, "[");
        for (int i = 0; i < v->list.count && i < 8 && depth < 3; i++) {
            if (i) text_add(out, ", ");
            put_value(out, arena, &v->list.items[i], depth + 1);
        }
        text_add(out, depth == 3 ? "...]" : v->list.count > 8 ? ", ...]" : "]");
        break;
    default: text_add(out, "%s", value_kind_name(v));
    }
}

const char *value_text(Arena *arena, const Value *v)
{
    Text text = {0};
    put_value(&text, arena, v, 0);
    const char *result = arena_string(arena, text.data);
    text_free(&text);
    return result;
}

bool value_is_number(const Value *v) { return v->kind == VALUE_INT || v->kind == VALUE_FLOAT; }

double value_number(const Value *v)
{
    if (v->kind == VALUE_FLOAT) return v->f;
    return v->huge ? (double)(uint64_t)v->i : (double)v->i;
}

bool value_has_poison(const Value *v)
{
    if (v->kind == VALUE_TENSOR) return v->tensor->poisoned;
    if (v->kind != VALUE_TUPLE) return v->kind == VALUE_POISON; /* no list holds poison */
    for (int i = 0; i < v->list.count; i++)
        if (value_has_poison(&v->list.items[i])) return true;
    return false;
}

bool value_equal(const Value *a, const Value *b)
{
    if (value_is_number(a) && value_is_number(b)) {
        if (a->kind == VALUE_INT && b->kind == VALUE_INT) return a->i == b->i && a->huge == b->huge;
        return value_number(a) == value_number(b);
    }
    if (a->kind != b->kind) return false;
    if (a->kind == VALUE_BOOL) return a->b == b->b;
    if (a->kind == VALUE_STRING)
        return a->s.length == b->s.length && !memcmp(a->s.data, b->s.data, a->s.length);
    if (a->kind == VALUE_BLOCK) return a->block.def == b->block.def;
    if (a->kind == VALUE_LAYER) return a->layer == b->layer;
    if (a->kind != VALUE_LIST || a->list.count != b->list.count) return false;
    for (int i = 0; i < a->list.count; i++)
        if (!value_equal(&a->list.items[i], &b->list.items[i])) return false;
    return true;
}
