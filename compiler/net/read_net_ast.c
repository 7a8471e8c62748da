/*
 * Builders of the syntax tree of a .net file, one for each action of grammar/net.y. They record
 * what was written and where; they check nothing but how deep the tree grows, which later stages
 * rely on.
 */
#include "read_net_ast.h"

const char *net_operator_text(NetOperator op)
{
    static const char *const texts[NET_OPERATOR_COUNT] = {
        [NET_ADD] = "+",       [NET_SUB] = "-", [NET_MUL] = "*",   [NET_DIV] = "/",
        [NET_FLOORDIV] = "//", [NET_MOD] = "%", [NET_EQ] = "==",   [NET_NE] = "!=",
        [NET_LT] = "<",        [NET_LE] = "<=", [NET_GT] = ">",    [NET_GE] = ">=",
        [NET_AND] = "and",     [NET_OR] = "or", [NET_NOT] = "not", [NET_NEG] = "-"};
    return texts[op];
}

NetExpr *net_expr(NetParser *p, NetExprKind kind, NetPlace place)
{
    NetExpr *e = NEW(net_arena(p), NetExpr);
    e->kind = kind;
    e->source = net_source(p, place);
    return e;
}

/* Makes `e` one deeper than its child. A tree too deep to walk is cut here, after its one error. */
static void over(NetParser *p, NetExpr *e, const NetExpr *child)
{
    if (!child || child->depth < e->depth) return;
    e->depth = child->depth + 1;
    if (e->depth < NET_MAX_DEPTH) return;
    NetPlace place = {e->source.line, e->source.column, e->source.end_line, e->source.end_column};
    net_too_deep(p, place, "levels of one expression", NET_MAX_DEPTH);
    e->kind = NET_OMITTED, e->depth = 0;
}

NetExpr *net_name_expr(NetParser *p, NetPlace place, const char *name)
{
    NetExpr *e = net_expr(p, NET_NAME, place);
    e->name = name;
    return e;
}

NetExpr *net_int(NetParser *p, NetPlace place, uint64_t magnitude)
{
    NetExpr *e = net_expr(p, NET_INT, place);
    e->integer.magnitude = magnitude;
    return e;
}

NetExpr *net_float(NetParser *p, NetPlace place, double value)
{
    NetExpr *e = net_expr(p, NET_FLOAT, place);
    e->number = value;
    return e;
}

NetExpr *net_string(NetParser *p, NetPlace place, String s)
{
    NetExpr *e = net_expr(p, NET_STRING, place);
    e->string = s;
    return e;
}

NetExpr *net_bool(NetParser *p, NetPlace place, bool truth)
{
    NetExpr *e = net_expr(p, NET_BOOL, place);
    e->truth = truth;
    return e;
}

NetExpr *net_dtype(NetParser *p, NetPlace place, Dtype dtype)
{
    NetExpr *e = net_expr(p, NET_DTYPE, place);
    e->dtype = dtype;
    return e;
}

NetExpr *net_list(NetParser *p, NetPlace place, NetExprs items)
{
    NetExpr *e = net_expr(p, NET_LIST, place);
    e->list = items;
    for (int i = 0; i < items.count; i++) over(p, e, items.items[i]);
    return e;
}

NetExpr *net_typed(NetParser *p, NetPlace place, NetType *type, NetExpr *value)
{
    NetExpr *e = net_expr(p, NET_TYPED, place);
    e->typed.type = type, e->typed.value = value;
    over(p, e, value);
    return e;
}

NetExpr *net_call(NetParser *p, NetPlace place, NetCall *call)
{
    NetExpr *e = net_expr(p, NET_CALL, place);
    e->call = call;
    for (int i = 0; i < call->args.count; i++) over(p, e, call->args.items[i].value);
    return e;
}

/* x |> f(a) is f(x, a). */
NetExpr *net_pipe(NetParser *p, NetPlace place, NetExpr *from, NetCall *stage)
{
    NetArgs args = {0};
    LIST_PUSH(net_arena(p), &args, ((NetArg){.value = from}));
    for (int i = 0; i < stage->args.count; i++)
        LIST_PUSH(net_arena(p), &args, stage->args.items[i]);
    stage->args = args;
    return net_call(p, place, stage);
}

/* A minus before a literal makes a negative literal, so that -9223372036854775808 and -0.0 can be
 * written. */
NetExpr *net_unary(NetParser *p, NetPlace place, NetOperator op, NetExpr *of)
{
    if (op == NET_NEG && of->kind == NET_INT && !of->integer.negative) {
        NetExpr *e = net_int(p, place, of->integer.magnitude);
        e->integer.negative = true;
        return e;
    }
    if (op == NET_NEG && of->kind == NET_FLOAT) return net_float(p, place, -of->number);
    NetExpr *e = net_expr(p, NET_UNARY, place);
    e->binary.op = op, e->binary.right = of;
    over(p, e, of);
    return e;
}

NetExpr *net_binary(NetParser *p, NetPlace place, NetOperator op, NetExpr *left, NetExpr *right)
{
    NetExpr *e = net_expr(p, NET_BINARY, place);
    e->binary.op = op, e->binary.left = left, e->binary.right = right;
    over(p, e, left);
    over(p, e, right);
    return e;
}

NetExpr *net_if(NetParser *p, NetPlace place, NetExpr *condition, NetExpr *yes, NetExpr *no)
{
    NetExpr *e = net_expr(p, NET_IF, place);
    e->branch.condition = condition, e->branch.yes = yes, e->branch.no = no;
    over(p, e, condition);
    over(p, e, yes);
    over(p, e, no);
    return e;
}

NetExpr *net_index(NetParser *p, NetPlace place, NetExpr *of, NetExpr *at)
{
    NetExpr *e = net_expr(p, NET_INDEX, place);
    e->index.of = of, e->index.at = at;
    over(p, e, of);
    over(p, e, at);
    return e;
}

NetExpr *net_member(NetParser *p, NetPlace place, NetExpr *of, NetName name)
{
    NetExpr *e = net_expr(p, NET_MEMBER, place);
    e->member.of = of, e->member.name = name;
    over(p, e, of);
    return e;
}

NetExpr *net_repeat(NetParser *p, NetPlace place, NetRepeat *repeat)
{
    NetExpr *e = net_expr(p, NET_REPEAT, place);
    e->repeat = repeat;
    return e;
}

NetExpr *net_graph(NetParser *p, NetPlace place, NetDef *def)
{
    NetExpr *e = net_expr(p, NET_GRAPH, place);
    e->graph = def;
    return e;
}

NetName net_name(NetParser *p, NetPlace place, const char *text)
{
    return (NetName){text, net_source(p, place)};
}

NetAs net_as(NetParser *p, NetPlace place, NetName name)
{
    name.source = net_source(p, place);
    return (NetAs){.name = name, .given = true};
}

NetType *net_type(NetParser *p, NetPlace place, Dtype dtype, const NetExprs *dims)
{
    NetType *type = NEW(net_arena(p), NetType);
    type->dtype = dtype;
    type->shaped = dims != NULL;
    if (dims) type->dims = *dims;
    type->source = net_source(p, place);
    return type;
}

/* Versions and opsets beyond what an int holds are as unknown as the largest int. */
static int64_t version_number(uint64_t version)
{
    return version > INT32_MAX ? INT32_MAX : (int64_t)version;
}

NetCall *net_callee(NetParser *p, const String *domain, NetName callee, uint64_t version)
{
    NetCall *call = NEW(net_arena(p), NetCall);
    call->callee = callee;
    if (domain) call->domain = domain->data;
    call->version = version_number(version);
    return call;
}

NetRepeat *net_repeat_head(NetParser *p, NetExpr *count, NetName path, NetName index,
                           NetNames carried)
{
    NetRepeat *repeat = NEW(net_arena(p), NetRepeat);
    *repeat = (NetRepeat){.count = count, .path = path, .index = index, .carried = carried};
    return repeat;
}

NetDef *net_def(NetParser *p, NetPlace place, NetName name, NetParams inputs, NetParams outputs,
                NetParams where)
{
    NetDef *def = NEW(net_arena(p), NetDef);
    *def = (NetDef){.name = name,
                    .inputs = inputs,
                    .outputs = outputs,
                    .where = where,
                    .source = net_source(p, place)};
    return def;
}

NetDef *net_graph_body(NetParser *p, NetPlace place, NetBody body)
{
    NetDef *def = net_def(p, place, (NetName){0}, (NetParams){0}, (NetParams){0}, (NetParams){0});
    def->body = body;
    return def;
}

NetStmt *net_stmt(NetParser *p, NetPlace place, NetStmtKind kind, NetNames targets, NetType *type,
                  NetExprs values)
{
    NetStmt *stmt = NEW(net_arena(p), NetStmt);
    *stmt = (NetStmt){.kind = kind,
                      .source = net_source(p, place),
                      .targets = targets,
                      .type = type,
                      .values = values};
    return stmt;
}

NetWeights *net_weights(NetParser *p, NetPlace place, String path)
{
    NetWeights *weights = NEW(net_arena(p), NetWeights);
    weights->path = path;
    weights->source = net_source(p, place);
    return weights;
}

NetImport *net_import(NetParser *p, NetPlace place, String path)
{
    NetImport *import = NEW(net_arena(p), NetImport);
    import->path = path;
    import->source = net_source(p, place);
    return import;
}

void net_import_name(NetParser *p, NetImport *import, NetName name, NetName own)
{
    NetImportName item = {name, own.text ? own : name};
    LIST_PUSH(net_arena(p), &import->names, item);
}

NetOpset net_opset(NetParser *p, NetPlace place, const String *domain, uint64_t version)
{
    const char *name = domain && strcmp(domain->data, "ai.onnx") ? domain->data : "";
    return (NetOpset){name, version_number(version), net_source(p, place)};
}

const char *net_path_text(Arena *arena, const NetExpr *path)
{
    if (path->kind == NET_NAME) return path->name;
    if (path->kind == NET_STRING) return path->string.data;
    if (path->kind != NET_MEMBER && path->kind != NET_INDEX) return NULL;
    const char *of =
        net_path_text(arena, path->kind == NET_MEMBER ? path->member.of : path->index.of);
    if (!of) return NULL;
    if (path->kind == NET_MEMBER) return arena_format(arena, "%s.%s", of, path->member.name.text);
    if (path->index.at->kind != NET_INT) return NULL;
    return arena_format(arena, "%s[%llu]", of,
                        (unsigned long long)path->index.at->integer.magnitude);
}
