/*
 * Graph to Program: each node's definitions, in order. What generated code cannot do yet (an
 * operator without a definition, an element type without a C type, a parameter without values) is
 * reported here, all of it at once.
 */
#include "op.h"
#include "program.h"

/* Floats narrower than f32 are stored as integers and computed as f32, integers narrower than a
 * byte computed as i32. */
static bool type_generates(Dtype t) { return dtype_info(t)->c != NULL; }

static bool check_types(const Node *n, Diags *diags)
{
    for (int i = 0; i < n->input_count + n->output_count; i++) {
        const Tensor *t = i < n->input_count ? n->inputs[i] : n->outputs[i - n->input_count];
        if (!t || type_generates(t->dtype)) continue;
        Diagnostic *d =
            diag_error(diags, "E0602", n->source,
                       "generated code cannot hold elements of type %s yet", dtype_name(t->dtype));
        diag_label(d, n->source, "%s `%s` of %s", i < n->input_count ? "input" : "output", t->name,
                   n->op_type);
        return false;
    }
    return true;
}

/* Of what is handed through: a constant, an input. */
static void check_outputs(const Graph *g, Diags *diags)
{
    for (int i = 0; i < g->outputs.count; i++) {
        const Tensor *t = g->outputs.items[i];
        if (t->kind == TENSOR_VALUE || type_generates(t->dtype)) continue;
        diag_error(diags, "E0602", t->source,
                   "generated code cannot hold the output `%s`, whose elements are of type %s",
                   t->name, dtype_name(t->dtype));
    }
}

/* Parameters that are read but have no values, in one diagnostic. */
void lower_check_parameters(const Graph *g, Diags *diags)
{
    Diagnostic *d = NULL;
    int missing = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (t->kind != TENSOR_PARAM || t->data || graph_use_count(g, t) == 0) continue;
        missing++;
        if (!d)
            d = diag_error(diags, "E0502", t->source, "network `%s` has parameters without values",
                           g->name);
        if (missing <= 8) diag_note(d, "`%s`: %s", t->name, tensor_type_text(g->arena, t));
    }
    if (!d) return;
    if (missing > 8) diag_note(d, "and %d more", missing - 8);
    diag_help(d, "give them with --weights-from FILE (.safetensors, .npz, .onnx), or fill them at "
                 "random with --init SEED");
}

static Dtype computed_type(Dtype t)
{
    return dtype_is_packed(t) && !dtype_is_float(t) ? DT_I32 : define_wide(t);
}

/* Arithmetic on types that C has no operators for happens in wider ones and is rounded or wrapped.
 */
static Expr *widen(Pool *p, Expr *e, void *context)
{
    bool computes = e->kind == EX_UNARY || e->kind == EX_BINARY || e->kind == EX_REDUCE;
    if (!computes || computed_type(e->args[0]->dtype) == e->args[0]->dtype) return NULL;
    Dtype type = computed_type(e->args[0]->dtype);
    Expr *x[2];
    for (int i = 0; i < e->arg_count; i++)
        x[i] = ex_cast(p, type, ex_rewrite(p, e->args[i], widen, context));
    Expr *wide = e->kind == EX_UNARY    ? ex_unary(p, e->op, x[0])
                 : e->kind == EX_BINARY ? ex_binary(p, e->op, x[0], x[1])
                                        : ex_reduce(p, e->op, e->vars, e->var_count, x[0]);
    return ex_cast(p, e->dtype, wide);
}

static bool writes_anything(const Definition *def)
{
    bool any = tensor_elements(def->out) > 0;
    for (int i = 0; def->call && i < def->call->write_count; i++)
        any |= tensor_elements(def->call->writes[i]) > 0;
    return any;
}

void lower_node(Program *p, const Node *n, Diags *diags)
{
    if (!check_types(n, diags)) return;
    if (node_attr(n, "body")) {
        lower_loop(p, n, diags);
        return;
    }
    Definer d = {.pool = p->pool, .graph = p->graph, .node = n};
    if (!define_node(&d, n)) {
        diag_error(diags, "E0601", n->source, "operator %s has no generated code yet", n->op_type);
        return;
    }
    for (int i = 0; i < d.definitions.count; i++) {
        Definition *def = d.definitions.items[i];
        if (!writes_anything(def)) continue;
        def->body = ex_rewrite(p->pool, def->body, widen, NULL);
        LIST_PUSH(p->arena, &p->definitions, def);
    }
}

/* An output that no definition writes (an input or a constant handed through) becomes a copy of it.
 */
static void copy_through(Program *p, int i)
{
    Tensor *t = p->graph->outputs.items[i];
    Graph *g = p->graph;
    Node *n = graph_add_node(g, "Identity", "", g->opset, graph_unique_name(g, "copy"), 1, 1);
    Tensor *out = graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, t->name), t->dtype,
                                   t->rank, t->dims);
    n->inputs[0] = t;
    node_set_output(n, 0, out);
    g->outputs.items[i] = out;
    Definer d = {.pool = p->pool, .graph = g, .node = n};
    Var **index = define_indices(&d, t->rank, t->dims);
    define_tensor(&d, out, index, ex_load(p->pool, t, define_index_exprs(&d, index, t->rank)));
    if (tensor_elements(out)) LIST_PUSH(p->arena, &p->definitions, d.definitions.items[0]);
}

static void copy_outputs(Program *p)
{
    Graph *g = p->graph;
    for (int i = 0; i < g->outputs.count; i++) {
        bool again = g->outputs.items[i]->kind != TENSOR_VALUE;
        for (int j = 0; j < i; j++) again |= g->outputs.items[j] == g->outputs.items[i];
        if (again) copy_through(p, i);
    }
}

/* All tensors together must fit an address space, with room for what layouts add: later sums of
 * sizes cannot overflow. */
static void check_size(const Graph *g, Diags *diags)
{
    const int64_t most = INT64_C(1) << 46;
    int64_t total = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        int64_t bytes = (int64_t)dtype_bytes(t->dtype, tensor_elements(t));
        if (bytes > most || (total += bytes) > most) {
            Diagnostic *d =
                diag_error(diags, "E0603", t->source,
                           "the tensors of network `%s` take more than 64 TiB", g->name);
            diag_note(d, "`%s` alone: %s", t->name, tensor_type_text(g->arena, t));
            return;
        }
    }
}

Program *lower(Graph *g, const Target *target, Diags *diags)
{
    Program *p = NEW(g->arena, Program);
    p->arena = g->arena;
    p->pool = pool_new(g->arena);
    p->graph = g;
    p->target = target;
    p->model_tensors = g->tensors.count;
    p->threads = 1;
    int before = diags_errors(diags);
    lower_check_parameters(g, diags);
    check_outputs(g, diags);
    check_size(g, diags);
    if (diags_errors(diags) > before) return NULL;
    int count = g->nodes.count; /* definitions may add nodes for copies, not to be lowered again */
    for (int i = 0; i < count; i++) lower_node(p, g->nodes.items[i], diags);
    if (diags_errors(diags) > before) return NULL;
    copy_outputs(p);
    narrow(p);
    return p;
}
