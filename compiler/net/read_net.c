/*
 * Reads a .net file. In: its bytes. Out: a Graph whose tensors have types and shapes wherever they
 * can be known, parameters with their data when weights were given, or diagnostics. The stages
 * below each finish with everything they can report.
 */
#include "read_net.h"

#include "bake.h"

/* ---- the file's head ---- */

static void read_opsets(Reader *r)
{
    const NetFile *ast = r->home->ast;
    r->top->opset = NET_DEFAULT_OPSET;
    for (int i = 0; i < ast->opsets.count; i++) {
        const NetOpset *o = &ast->opsets.items[i];
        if (o->version < 1 || o->version > NET_MAX_OPSET)
            net_error(r, "E0406", o->source, "%lld is no version of an operator set",
                      (long long)o->version);
        else
            for (int k = 0; k < i; k++)
                if (!strcmp(ast->opsets.items[k].domain, o->domain)) {
                    Diagnostic *d = net_error(r, "E0404", o->source,
                                              "the version of this operator set is given twice");
                    net_label(d, ast->opsets.items[k].source, "first here");
                    break;
                }
        if (!*o->domain) r->top->opset = (int)o->version;
    }
}

/* A file describes one net. */
static const NetDef *only_net(Reader *r)
{
    const NetFile *ast = r->home->ast;
    if (!ast->nets.count) {
        Diagnostic *d =
            net_error(r, "E0415", (Source){.file = r->home->file}, "the file has no net");
        if (ast->blocks.count)
            net_help(d, "a file of blocks is imported by one with a net: import \"%s\"",
                     r->home->file->path);
        else
            net_help(d, "net name(x: f32[1, 3]) -> (y) { y = relu(x) }");
        return NULL;
    }
    if (ast->nets.count > 1) {
        Diagnostic *d = net_error(r, "E0415", ast->nets.items[1]->name.source,
                                  "a file describes one net; this is another");
        net_label(d, ast->nets.items[0]->name.source, "the net");
        net_help(d, "parts of a net are blocks");
    }
    return ast->nets.items[0];
}

/* ---- the net ---- */

static void read_input(Reader *r, const NetParam *p)
{
    const Binding *first = map_get(r->net_scope->names, p->name.text);
    if (first || map_get(r->graph->by_name, p->name.text)) {
        Diagnostic *d =
            net_error(r, "E0404", p->name.source, "the input's name `%s` is taken", p->name.text);
        if (first) net_label(d, first->source, "first meaning");
        return;
    }
    if (!p->type || p->value) {
        Diagnostic *d = net_error(r, "E0406", p->name.source,
                                  p->value       ? "the input `%s` of the net cannot have a default"
                                  : p->kind.text ? "the input `%s` of the net must be a tensor"
                                                 : "the input `%s` has no type",
                                  p->name.text);
        if (p->kind.text && !p->value)
            net_label(d, p->kind.source, "a kind that parameters of blocks have");
        if (!p->value) net_help(d, "%s: f32[1, 3, 224, 224], for example", p->name.text);
        net_scope_bind(r, r->net_scope, p->name, poison, true);
        return;
    }
    Tensor *t = type_input(r, r->net_scope, p);
    if (t) LIST_PUSH(r->arena, &r->graph->inputs, t);
    net_scope_bind(r, r->net_scope, p->name, t ? value_tensor(t, p->name.source) : poison, false);
}

static void unknown_options(Reader *r)
{
    for (int i = 0; i < r->options->dims.count; i++) {
        const char *name = r->options->dims.items[i].name;
        if (map_get(r->net_scope->names, name)) continue;
        Diagnostic *d = diag_warning(r->diags, "W0003", r->net->name.source,
                                     "--dim %s: the net has no dimension of that name", name);
        const char *near = net_scope_nearest(r, r->net_scope, name);
        if (near && !strcmp(near, name))
            net_note(d, "`%s` is a constant of the file", name);
        else
            net_suggest(d, near);
    }
    for (int i = 0; i < r->options->lists.count; i++)
        if (r->options->lists.items[i].input && !r->options->lists.items[i].elements)
            diag_warning(r->diags, "W0003", r->net->name.source,
                         "--elements %s: the inputs of a .net are tensors",
                         r->options->lists.items[i].input);
}

static void build(Reader *r)
{
    const NetDef *net = r->net;
    Scope *s = r->net_scope = net_scope_new(r, r->home->scope, "", &net->body);
    type_bind_where(r, s, net);
    for (int i = 0; i < net->inputs.count; i++) read_input(r, &net->inputs.items[i]);
    bake_inputs(r->graph, r->options, r->diags);
    if (r->options->inputs_only) return;
    unknown_options(r);
    graph_name_outputs(r, net);
    Value result = body_run(r, s, &net->body);
    if (!net->outputs.count) net_error(r, "E0411", net->name.source, "the net has no outputs");
    graph_bind_outputs(r, s, net, &result);
    net_scope_warn_unused(r, s);
    mention_warn_unused(r, r->home);
    if (!diags_errors(r->diags)) graph_warn_constant_outputs(r, net);
}

static bool good(const Reader *r) { return !r->stopped && diags_errors(r->diags) == 0; }

/* A file of blocks alone is no mistake to an editor, which asks what its names mean. */
static bool library_for_editor(Reader *r)
{
    const NetFile *ast = r->home->ast;
    if (!r->options->notes || ast->nets.count || !(ast->blocks.count || ast->consts.count))
        return false;
    r->top = r->graph = graph_new(r->arena, "");
    module_define(r, r->home);
    return true;
}

Graph *read_net(Arena *arena, const File *file, const ReadOptions *options, Diags *diags)
{
    int before = diags_errors(diags);
    Reader *r = NEW(arena, Reader);
    *r = (Reader){.arena = arena,
                  .diags = diags,
                  .options = options,
                  .home = NEW(arena, Module),
                  .modules = map_new(arena),
                  .reported = map_new(arena),
                  .fresh = map_new(arena)};
    r->home->file = file;
    if (!module_parse(r, r->home) || library_for_editor(r) || !(r->net = only_net(r))) return NULL;
    r->top = r->graph = graph_new(arena, r->net->name.text);
    r->top->string_bytes = options->string_bytes;
    r->top->bounds = options->bounds.items;
    r->top->bound_count = options->bounds.count;
    read_opsets(r);
    if (!options->inputs_only) weights_open(r);
    module_define(r, r->home);
    build(r);
    if (good(r)) asserts_check(r);
    bool whole = !r->stopped && diags_errors(diags) == r->weight_errors;
    if (whole && !options->inputs_only) weights_finish(r);
    if (good(r) && options->init) init_fill(r);
    if (good(r) && !options->inputs_only) names_restore(r);
    return diags_errors(diags) == before && !r->stopped ? r->top : NULL;
}
