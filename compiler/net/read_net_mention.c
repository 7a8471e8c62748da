/*
 * Which names a piece of a .net file mentions, whether or not it is expanded. In: expressions and
 * bodies. Out: names that count as used because a side of an `if` that is not taken reads them, and
 * warnings of imports, blocks and constants that nothing in the file mentions.
 */
#include "read_net.h"

typedef struct Visitor {
    void (*name)(struct Visitor *v, const char *name);
    Reader *r;
    Scope *s;
    Map *names; /* all that were mentioned; NULL: not collected */
} Visitor;

static void in_expr(Visitor *v, const NetExpr *e);

static void in_exprs(Visitor *v, const NetExprs *list)
{
    for (int i = 0; i < list->count; i++) in_expr(v, list->items[i]);
}

static void in_type(Visitor *v, const NetType *type)
{
    if (type) in_exprs(v, &type->dims);
}

static void in_params(Visitor *v, const NetParams *params)
{
    for (int i = 0; i < params->count; i++) {
        in_type(v, params->items[i].type);
        if (params->items[i].value) in_expr(v, params->items[i].value);
    }
}

static void in_body(Visitor *v, const NetBody *body)
{
    for (int i = 0; i < body->count; i++) {
        in_type(v, body->items[i]->type);
        in_exprs(v, &body->items[i]->values);
    }
}

static void in_def(Visitor *v, const NetDef *def)
{
    in_params(v, &def->inputs);
    in_params(v, &def->outputs);
    in_params(v, &def->where);
    in_body(v, &def->body);
}

static void in_call(Visitor *v, const NetCall *call)
{
    v->name(v, call->callee.text);
    for (int i = 0; i < call->args.count; i++) in_expr(v, call->args.items[i].value);
    in_exprs(v, &call->as.indices);
}

static void in_repeat(Visitor *v, const NetRepeat *repeat)
{
    in_expr(v, repeat->count);
    for (int i = 0; i < repeat->carried.count; i++) v->name(v, repeat->carried.items[i].text);
    in_body(v, &repeat->body);
}

static void in_expr(Visitor *v, const NetExpr *e)
{
    switch (e->kind) {
    case NET_NAME: v->name(v, e->name); break;
    case NET_LIST: in_exprs(v, &e->list); break;
    case NET_TYPED:
        in_type(v, e->typed.type);
        in_expr(v, e->typed.value);
        break;
    case NET_CALL: in_call(v, e->call); break;
    case NET_BINARY: in_expr(v, e->binary.left); /* fall through */
    case NET_UNARY: in_expr(v, e->binary.right); break;
    case NET_IF:
        in_expr(v, e->branch.condition);
        in_expr(v, e->branch.yes);
        in_expr(v, e->branch.no);
        break;
    case NET_INDEX:
        in_expr(v, e->index.of);
        in_expr(v, e->index.at);
        break;
    case NET_MEMBER: in_expr(v, e->member.of); break;
    case NET_REPEAT: in_repeat(v, e->repeat); break;
    case NET_GRAPH: in_def(v, e->graph); break;
    default: break;
    }
}

/* ---- what is not expanded ---- */

static void use_name(Visitor *v, const char *name)
{
    Binding *b = net_scope_find(v->r, v->s, name);
    if (b) b->used = true;
}

void mention_use(Reader *r, Scope *s, const NetExpr *e)
{
    Visitor v = {.name = use_name, .r = r, .s = s};
    in_expr(&v, e);
}

/* ---- what a file never mentions ---- */

static void collect_name(Visitor *v, const char *name)
{
    if (!map_get(v->names, name)) map_set(v->names, name, v->r);
}

static Map *mentioned(Reader *r, const Module *m)
{
    Visitor v = {.name = collect_name, .r = r, .names = map_new(r->arena)};
    for (int i = 0; i < m->ast->consts.count; i++) {
        in_type(&v, m->ast->consts.items[i]->type);
        in_exprs(&v, &m->ast->consts.items[i]->values);
    }
    for (int i = 0; i < m->ast->blocks.count; i++) in_def(&v, m->ast->blocks.items[i]);
    for (int i = 0; i < m->ast->nets.count; i++) in_def(&v, m->ast->nets.items[i]);
    return v.names;
}

static bool from_import(Source source, const NetImport *import)
{
    return source.file == import->source.file && source.line == import->source.line &&
           source.column == import->source.column;
}

/* Something that the whole import brought is mentioned. */
static bool import_mentioned(const Module *m, const NetImport *import, const Map *names)
{
    for (int i = 0; i < m->block_names.count; i++) {
        const Block *block = map_get(m->blocks, m->block_names.items[i]);
        if (from_import(block->source, import) && map_get(names, m->block_names.items[i]))
            return true;
    }
    for (int i = 0; i < m->scope->name_list.count; i++) {
        const Binding *b = map_get(m->scope->names, m->scope->name_list.items[i]);
        if (from_import(b->source, import) && map_get(names, m->scope->name_list.items[i]))
            return true;
    }
    return false;
}

static void unused_import(Reader *r, const Module *m, const NetImport *import, const Map *names)
{
    for (int i = 0; i < import->names.count; i++) {
        const NetName *own = &import->names.items[i].own;
        if (!map_get(names, own->text))
            net_warning(r, "W0001", own->source, "`%s` is imported and never used", own->text);
    }
    if (!import->names.count && !import_mentioned(m, import, names))
        net_warning(r, "W0001", import->source, "nothing of %s is used", import->path.data);
}

void mention_warn_unused(Reader *r, const Module *m)
{
    const Map *names = mentioned(r, m);
    for (int i = 0; i < m->ast->imports.count; i++)
        unused_import(r, m, m->ast->imports.items[i], names);
    for (int i = 0; i < m->ast->blocks.count; i++) {
        const NetName *name = &m->ast->blocks.items[i]->name;
        if (!map_get(names, name->text))
            net_warning(r, "W0001", name->source, "block `%s` is never used", name->text);
    }
    for (int i = 0; i < m->ast->consts.count; i++) {
        const NetName *name = &m->ast->consts.items[i]->targets.items[0];
        if (!map_get(names, name->text))
            net_warning(r, "W0001", name->source, "`%s` is never used", name->text);
    }
}
