/*
 * Names of the .net reader: what they mean from which statement on, the instance paths that layers
 * and their parameters get, and errors with the trace of the blocks they happened in.
 */
#include "read_net_notes.h"

/* How often a body assigns a name, and where for the last time. */
typedef struct Assigned {
    int times;
    const NetName *last;
} Assigned;

static void count_assigned(Reader *r, Scope *s, const NetBody *body)
{
    for (int i = 0; body && i < body->count; i++) {
        const NetStmt *stmt = body->items[i];
        for (int t = 0; stmt->kind == NET_ASSIGN && t < stmt->targets.count; t++) {
            const NetName *target = &stmt->targets.items[t];
            if (!target->text) continue;
            Assigned *a = map_get(s->assigned, target->text);
            if (!a) map_set(s->assigned, target->text, a = NEW(r->arena, Assigned));
            a->times++, a->last = target;
        }
    }
}

static bool assigned_once(const Scope *s, const char *name)
{
    const Assigned *a = map_get(s->assigned, name);
    return a && a->times == 1;
}

Scope *net_scope_new(Reader *r, Scope *outer, const char *path, const NetBody *body)
{
    Scope *s = NEW(r->arena, Scope);
    s->outer = outer;
    s->module = outer ? outer->module : NULL;
    s->path = path;
    s->names = map_new(r->arena);
    s->kinds = map_new(r->arena);
    s->taken = map_new(r->arena);
    s->assigned = map_new(r->arena);
    count_assigned(r, s, body);
    return s;
}

Scope *net_scope_unnamed(Reader *r, Scope *outer, const Scope *around, const NetBody *body)
{
    Scope *s = net_scope_new(r, outer, around->path, body);
    s->kinds = around->kinds, s->taken = around->taken;
    return s;
}

const char *net_scope_owner(Reader *r, const Scope *s)
{
    size_t length = strlen(s->path);
    if (!length) return r->net->name.text;
    return arena_format(r->arena, "%.*s", (int)length - 1, s->path);
}

/* ---- names ---- */

Binding *net_scope_bind(Reader *r, Scope *s, NetName name, Value value, bool quiet)
{
    Binding *b = NEW(r->arena, Binding);
    *b = (Binding){.value = value, .source = name.source, .quiet = quiet, .order = r->order};
    b->previous = map_get(s->names, name.text);
    if (!b->previous) LIST_PUSH(r->arena, &s->name_list, name.text);
    map_set(s->names, name.text, b);
    note_name(r, name.source, name.text, &value, name.source);
    return b;
}

void net_scope_warn_hidden(Reader *r, const Scope *s, const NetName *name)
{
    if (map_get(s->names, name->text) || !s->outer) return;
    const Binding *outer = net_scope_find(r, s->outer, name->text);
    const Block *block = module_block(s, name->text);
    if (!outer && !block) return;
    Diagnostic *d =
        net_warning(r, "W0007", name->source, "`%s` hides another `%s`", name->text, name->text);
    net_label(d, name->source, "from here on this one is meant");
    net_label(d, outer ? outer->source : block->source, outer ? "the other one" : "the block");
}

Binding *net_scope_find(Reader *r, const Scope *s, const char *name)
{
    for (; s; s = s->outer) {
        Binding *b = map_get(s->names, name);
        while (b && r->as_of && b->order > r->as_of) b = b->previous;
        if (b) return b;
    }
    return NULL;
}

const char *net_scope_nearest(Reader *r, const Scope *s, const char *name)
{
    LIST(const char *) all = {0};
    for (; s; s = s->outer)
        for (int i = 0; i < s->name_list.count && all.count < 1000; i++)
            LIST_PUSH(r->arena, &all, s->name_list.items[i]);
    return nearest_name(name, all.items, all.count);
}

void net_scope_warn_unused(Reader *r, const Scope *s)
{
    for (int i = 0; i < s->name_list.count; i++) {
        const Binding *next = NULL;
        for (const Binding *b = map_get(s->names, s->name_list.items[i]); b;
             next = b, b = b->previous) {
            if (b->used || b->quiet || value_has_poison(&b->value)) continue;
            Diagnostic *d =
                net_warning(r, "W0001", b->source, "`%s` is never used", s->name_list.items[i]);
            if (next) net_label(d, next->source, "bound again here, before anything reads it");
        }
    }
}

/* ---- instance paths ---- */

static const char *take_path(Reader *r, Scope *s, const char *path, Source where)
{
    map_set(s->taken, path, arena_copy(r->arena, &where, sizeof where));
    return path;
}

static const char *numbered_path(Reader *r, Scope *s, const char *kind)
{
    int *count = map_get(s->kinds, kind);
    if (!count) map_set(s->kinds, kind, count = NEW(r->arena, int));
    for (;;) {
        const char *name = arena_format(r->arena, "%s%d", kind, ++*count);
        const char *path = arena_format(r->arena, "%s%s", s->path, name);
        if (!map_get(s->taken, path) && !assigned_once(s, name)) return path;
    }
}

/* The path that `as` gives, NAME[INDEX]..., where `_` is the path around; NULL after a diagnostic.
 */
static const char *given_path(Reader *r, Scope *s, const NetAs *as)
{
    if (!as->name.text && !*s->path) {
        Diagnostic *d =
            net_error(r, "E0404", as->name.source,
                      "`_` is the path of the block around a layer, and there is none here");
        net_help(d, "as name");
        return NULL;
    }
    const char *path = as->name.text ? arena_format(r->arena, "%s%s", s->path, as->name.text)
                                     : net_scope_owner(r, s);
    for (int i = 0; i < as->indices.count; i++) {
        int64_t at;
        const NetExpr *e = as->indices.items[i];
        if (!eval_int(r, s, e, "the index of an instance", &at)) return NULL;
        if (at < 0) {
            net_error(r, "E0406", e->source, "an instance has no index %lld", (long long)at);
            return NULL;
        }
        path = arena_format(r->arena, "%s[%lld]", path, (long long)at);
    }
    return path;
}

const char *net_scope_instance(Reader *r, Scope *s, const char *kind, const NetAs *as,
                               const Naming *naming)
{
    if (naming->path) return naming->path;
    const char *given = as->given ? given_path(r, s, as) : NULL;
    if (given) {
        const Source *first = map_get(s->taken, given);
        if (first) {
            Diagnostic *d =
                net_error(r, "E0404", as->name.source, "two instances have the path `%s`", given);
            net_label(d, as->name.source, "taken a second time");
            if (first->line) net_label(d, *first, "first taken here");
        }
        return take_path(r, s, given, as->name.source);
    }
    for (int i = 0; naming->sole && i < naming->targets->count; i++) {
        const NetName *target = &naming->targets->items[i];
        if (!target->text) continue;
        const char *path = arena_format(r->arena, "%s%s", s->path, target->text);
        if (assigned_once(s, target->text) && !map_get(s->taken, path))
            return take_path(r, s, path, target->source);
        break;
    }
    return take_path(r, s, numbered_path(r, s, kind), (Source){0});
}

const char *net_scope_tensor_name(Reader *r, const Scope *s, const Naming *naming, int i)
{
    if (!naming->targets || i >= naming->targets->count) return NULL;
    const NetName *target = &naming->targets->items[i];
    const Assigned *a = target->text ? map_get(s->assigned, target->text) : NULL;
    if (!a || a->last != target) return NULL;
    const char *name = arena_format(r->arena, "%s%s", s->path, target->text);
    return map_get(r->graph->by_name, name) ? NULL : name;
}

static bool taken_anywhere(const Graph *g, const char *name, bool node)
{
    for (; g; g = g->outer)
        if (map_get(node ? g->node_names : g->by_name, name)) return true;
    return false;
}

static const char *fresh_name(Reader *r, const char *stem, bool node)
{
    if (!taken_anywhere(r->graph, stem, node)) return stem;
    int *last = map_get(r->fresh, stem);
    if (!last) map_set(r->fresh, arena_string(r->arena, stem), last = NEW(r->arena, int));
    const char *name;
    do name = arena_format(r->arena, "%s_%d", stem, ++*last);
    while (taken_anywhere(r->graph, name, node));
    return name;
}

const char *fresh_tensor_name(Reader *r, const char *stem) { return fresh_name(r, stem, false); }

const char *fresh_node_name(Reader *r, const char *stem) { return fresh_name(r, stem, true); }

/* ---- errors ---- */

static const char *place_key(Reader *r, Source where)
{
    return arena_format(r->arena, "%p:%d:%d:%d", (const void *)where.file, where.line, where.column,
                        where.end_column);
}

bool net_was_reported(Reader *r, Source where)
{
    return r->frame && map_get(r->reported, place_key(r, where));
}

bool net_reported(Reader *r, Source where)
{
    if (net_was_reported(r, where)) return true;
    if (r->frame) map_set(r->reported, place_key(r, where), r);
    return false;
}

void net_trace(Reader *r, Diagnostic *d)
{
    int shown = 0;
    for (const Frame *f = r->frame; d && f && shown < 5; f = f->outer, shown++)
        diag_label(d, f->call, "%s", f->what);
}

Diagnostic *net_verror(Reader *r, const char *code, Source where, const char *format, va_list args)
{
    if (r->stopped || net_reported(r, where)) return NULL;
    Diagnostic *d = diag_verror(r->diags, code, where, format, args);
    net_trace(r, d);
    if (diags_errors(r->diags) >= NET_MAX_ERRORS) r->stopped = true;
    return d;
}

Diagnostic *net_error(Reader *r, const char *code, Source where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diagnostic *d = net_verror(r, code, where, format, args);
    va_end(args);
    return d;
}

Diagnostic *net_warning(Reader *r, const char *code, Source where, const char *format, ...)
{
    const char *key = arena_format(r->arena, "%s %s", code, place_key(r, where));
    if (r->stopped || diags_errors(r->diags) || diags_count(r->diags) >= NET_MAX_WARNINGS ||
        map_get(r->reported, key))
        return NULL;
    map_set(r->reported, key, r);
    va_list args;
    va_start(args, format);
    Diagnostic *d = diag_vwarning(r->diags, code, where, format, args);
    va_end(args);
    return d;
}

bool net_expand(Reader *r, Source where)
{
    if (++r->expansions <= NET_MAX_EXPANSIONS) return true;
    net_error(r, "E0410", where, "the net expands to more than %d blocks and rounds",
              NET_MAX_EXPANSIONS);
    r->stopped = true;
    return false;
}

/* The text of a printf format, for the functions below. */
#define FORMATTED(d, format, call)                                                                 \
    do {                                                                                           \
        if (!(d)) return;                                                                          \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        Text text = {0};                                                                           \
        text_vadd(&text, format, args);                                                            \
        va_end(args);                                                                              \
        call;                                                                                      \
        text_free(&text);                                                                          \
    } while (0)

void net_label(Diagnostic *d, Source where, const char *format, ...)
{
    FORMATTED(d, format, diag_label(d, where, "%s", text.data));
}

void net_note(Diagnostic *d, const char *format, ...)
{
    FORMATTED(d, format, diag_note(d, "%s", text.data));
}

void net_help(Diagnostic *d, const char *format, ...)
{
    FORMATTED(d, format, diag_help(d, "%s", text.data));
}

void net_suggest(Diagnostic *d, const char *nearest)
{
    if (nearest) net_help(d, "did you mean `%s`?", nearest);
}
