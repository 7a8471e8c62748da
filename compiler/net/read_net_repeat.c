/*
 * repeat N as NAME[i] (x, ...) { ... }: the body N times, what it gives being the carried names of
 * the next round. A round has the instance path NAME[i]; a body that is one call of a block gives
 * that path to the block's instance.
 */
#include "read_net.h"

static bool is_single_block(Reader *r, const Scope *s, const NetBody *body)
{
    if (body->count != 1 || body->items[0]->values.count != 1) return false;
    const NetStmt *stmt = body->items[0];
    const NetExpr *e = stmt->values.items[0];
    if ((stmt->kind != NET_VALUE && stmt->kind != NET_RETURN) || e->kind != NET_CALL ||
        e->call->as.given)
        return false;
    const Binding *b = net_scope_find(r, s, e->call->callee.text);
    return module_block(s, e->call->callee.text) || (b && b->value.kind == VALUE_BLOCK);
}

/* The initial values: what the carried names mean outside. */
static bool carry_in(Reader *r, Scope *s, const NetRepeat *repeat, Value *carried)
{
    for (int i = 0; i < repeat->carried.count; i++) {
        const NetName *name = &repeat->carried.items[i];
        NetExpr e = {.kind = NET_NAME, .source = name->source, .name = name->text};
        carried[i] = eval(r, s, &e);
        if (value_has_poison(&carried[i])) return false;
    }
    return true;
}

/* What a round gave, as values of the carried names; false after a diagnostic. */
static bool carry_out(Reader *r, const NetRepeat *repeat, Value v, Value *carried)
{
    if (value_has_poison(&v)) return false;
    int given = v.kind == VALUE_OMITTED ? 0 : v.kind == VALUE_TUPLE ? v.list.count : 1;
    if (given != repeat->carried.count) {
        Diagnostic *d =
            net_error(r, "E0414", repeat->path.source,
                      "a round of `%s` gives %d value%s for %d carried name%s",
                      repeat->path.text ? repeat->path.text : "_", given, given == 1 ? "" : "s",
                      repeat->carried.count, repeat->carried.count == 1 ? "" : "s");
        net_help(d, "the last expression of the body, or `return a, b`, is what the next round "
                    "begins with");
        return false;
    }
    for (int i = 0; i < given; i++) carried[i] = v.kind == VALUE_TUPLE ? v.list.items[i] : v;
    return true;
}

/* The scope of a round; `path` is NULL for a repeat that is called `_`. */
static Scope *round_scope(Reader *r, Scope *s, const NetRepeat *repeat, const char *own)
{
    if (!own) return net_scope_unnamed(r, s, s, &repeat->body);
    Scope *inner = net_scope_new(r, s, arena_format(r->arena, "%s.", own), &repeat->body);
    if (is_single_block(r, inner, &repeat->body)) inner->collapse = own;
    return inner;
}

static bool run_round(Reader *r, Scope *s, const NetRepeat *repeat, const char *path, int64_t round,
                      Value *carried)
{
    const char *own = path ? arena_format(r->arena, "%s[%lld]", path, (long long)round) : NULL;
    Frame frame = {.outer = r->frame,
                   .call = repeat->path.source,
                   .what = arena_format(r->arena, "in round %lld of this repeat, instance `%s`",
                                        (long long)round, own ? own : net_scope_owner(r, s))};
    Scope *inner = round_scope(r, s, repeat, own);
    for (int i = 0; i < repeat->carried.count; i++)
        net_scope_bind(r, inner, repeat->carried.items[i], carried[i], false);
    if (repeat->index.text)
        net_scope_bind(r, inner, repeat->index, value_int(round, repeat->index.source), false)
            ->fixed = true;
    r->frame = &frame;
    Value v = body_run(r, inner, &repeat->body);
    bool good = carry_out(r, repeat, v, carried);
    net_scope_warn_unused(r, inner);
    r->frame = frame.outer;
    return good;
}

Value repeat_eval(Reader *r, Scope *s, const NetExpr *e, Naming naming)
{
    (void)naming;
    const NetRepeat *repeat = e->repeat;
    int64_t count;
    int carried_count = repeat->carried.count;
    Value *carried = NEW_ARRAY(r->arena, Value, carried_count);
    if (!eval_int(r, s, repeat->count, "the number of rounds", &count) ||
        !carry_in(r, s, repeat, carried))
        return poison;
    if (count < 0 || count > NET_MAX_ROUNDS) {
        net_error(r, "E0410", repeat->count->source, "a repeat has 0 to %d rounds, not %lld",
                  NET_MAX_ROUNDS, (long long)count);
        return poison;
    }
    const NetAs as = {.name = repeat->path, .given = true};
    const char *path = as.name.text ? net_scope_instance(r, s, "repeat", &as, &(Naming){0}) : NULL;
    for (int64_t i = 0; i < count; i++)
        if (r->stopped || !net_expand(r, e->source) || !run_round(r, s, repeat, path, i, carried))
            return poison;
    for (int i = 0; i < carried_count; i++) carried[i].source = e->source;
    if (carried_count == 1) return carried[0];
    Value tuple = value_list(carried, carried_count, e->source);
    tuple.kind = VALUE_TUPLE;
    return tuple;
}
