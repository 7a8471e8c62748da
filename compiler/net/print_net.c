/*
 * In: a Graph, inferred or not. Out: .net text that read_net reads back to the same graph:
 * operators alone, with their attributes, versions and names. Writes no layers and no blocks, even
 * where the text it was read from had them.
 */
#include "print_net.h"

#include "datafile.h"
#include "read_net_ast.h"

#include <ctype.h>

enum {
    INDENT = 4,
    LITERAL =
        32 /* elements that are written out; more are weights, where there is a file for them */
};

typedef struct Printer {
    Text *out;
    Arena *arena; /* scratch */
    const Graph *main;
    const char *weights_file; /* NULL: none */
    Tensors *weights;
    Map *versions;   /* int * by domain, as the head of the file says */
    Map *dim_values; /* int64_t * by the name of a dimension */
    LIST(const char *) dim_names;
} Printer;

static void line(Printer *p, int depth) { text_add(p->out, "%*s", depth * INDENT, ""); }

/* ---- types ---- */

/* A dimension is written by its name when every dimension of the name has the same size, and
 * nothing else the name. */
static void collect_dims(Printer *p)
{
    for (int i = 0; i < p->main->inputs.count; i++) {
        const Tensor *t = p->main->inputs.items[i];
        for (int d = 0; t->dim_names && d < t->rank; d++) {
            const char *name = t->dim_names[d];
            if (!name || map_get(p->dim_values, name) || map_get(p->main->by_name, name)) continue;
            map_set(p->dim_values, name, &t->dims[d]);
            LIST_PUSH(p->arena, &p->dim_names, name);
        }
    }
}

static void print_dims(Printer *p, const Tensor *t)
{
    text_add(p->out, "%s[", dtype_name(t->dtype));
    for (int d = 0; d < t->rank; d++) {
        const char *name = t->dim_names ? t->dim_names[d] : NULL;
        const int64_t *value = name ? map_get(p->dim_values, name) : NULL;
        if (d) text_add(p->out, ", ");
        if (value && *value == t->dims[d])
            print_name(p->out, name);
        else
            text_add(p->out, "%lld", (long long)t->dims[d]);
    }
    text_add(p->out, "]");
}

static void print_declaration(Printer *p, const Tensor *t)
{
    print_name(p->out, t->name);
    const Declared *d = t->declared;
    bool known = d && d->dtype;
    for (int i = 0; known && i < d->rank; i++) known = d->dims[i] >= 0;
    if (t->dtype == DT_NONE && !known) return;
    text_add(p->out, ": ");
    if (t->dtype == DT_NONE)
        print_type(p->out, d->dtype, d->rank, d->dims);
    else if (t->rank < 0)
        print_type(p->out, t->dtype, -1, NULL);
    else
        print_dims(p, t);
}

static void print_signature(Printer *p, const Graph *g)
{
    text_add(p->out, "(");
    for (int i = 0; i < g->inputs.count; i++) {
        if (i) text_add(p->out, ", ");
        print_declaration(p, g->inputs.items[i]);
    }
    text_add(p->out, ") -> (");
    for (int i = 0; i < g->outputs.count; i++) {
        if (i) text_add(p->out, ", ");
        print_declaration(p, g->outputs.items[i]);
    }
    text_add(p->out, ")");
}

/* ---- tensors ---- */

static bool is_weight(const Printer *p, const Graph *g, const Tensor *t)
{
    if (!p->weights_file || g->outer || !safetensors_dtype(t->dtype)) return false;
    return tensor_elements(t) > LITERAL && (t->kind == TENSOR_PARAM || !print_is_uniform(t));
}

/* Without a file, long runs of floats are left out: what is printed is for people then. */
static bool is_left_out(const Printer *p, const Graph *g, const Tensor *t)
{
    bool is_long = dtype_is_float(t->dtype) && tensor_elements(t) > LITERAL && !print_is_uniform(t);
    return is_long && !p->weights_file && !g->outer;
}

static void print_tensor(Printer *p, const Graph *g, const Tensor *t, int depth)
{
    line(p, depth);
    text_add(p->out, t->kind == TENSOR_PARAM && t->trainable ? "param " : "const ");
    print_name(p->out, t->name);
    text_add(p->out, ": ");
    print_type(p->out, t->dtype, t->rank, t->dims);
    if (t->data && is_weight(p, g, t)) {
        LIST_PUSH(p->main->arena, p->weights, t);
    } else if (t->data && !is_left_out(p, g, t)) {
        text_add(p->out, " = ");
        print_elements(p->out, t, (depth + 1) * INDENT);
    }
    text_add(p->out, "\n");
}

/* ---- attributes ---- */

static void print_graph_body(Printer *p, const Graph *g, int depth);

static void print_attr(Printer *p, const Attr *a, int depth)
{
    print_name(p->out, a->name);
    text_add(p->out, ": ");
    if (a->kind != ATTR_GRAPH) {
        print_attr_value(p->out, a, (depth + 1) * INDENT);
        return;
    }
    text_add(p->out, "graph ");
    if (*a->graph->name) print_name(p->out, a->graph->name);
    print_signature(p, a->graph);
    print_graph_body(p, a->graph, depth);
}

/* ---- nodes ---- */

static void print_callee(Printer *p, const Node *n)
{
    bool plain = isupper((unsigned char)*n->op_type) && net_is_plain_name(n->op_type);
    if (*n->domain || !plain) {
        print_string(p->out, (String){n->domain, strlen(n->domain)});
        text_add(p->out, "::");
    }
    print_name(p->out, n->op_type);
    const int *version = map_get(p->versions, n->domain);
    if (!version || *version != n->version) text_add(p->out, "@%d", n->version);
}

static const Tensor *first_output(const Node *n)
{
    for (int i = 0; i < n->output_count; i++)
        if (n->outputs[i]) return n->outputs[i];
    return NULL;
}

static void print_targets(Printer *p, const Node *n)
{
    for (int i = 0; i < n->output_count; i++) {
        if (i) text_add(p->out, ", ");
        if (n->outputs[i])
            print_name(p->out, n->outputs[i]->name);
        else
            text_add(p->out, "_");
    }
    if (n->output_count) text_add(p->out, " = ");
}

/* The shapes of the results, for the reader. */
static void print_shapes(Printer *p, const Node *n)
{
    const char *before = "  # ";
    for (int i = 0; i < n->output_count; i++) {
        const Tensor *t = n->outputs[i];
        if (!t || t->rank < 0) continue;
        text_add(p->out, "%s", before);
        print_type(p->out, t->dtype, t->rank, t->dims);
        before = ", ";
    }
}

static void print_node(Printer *p, const Node *n, int depth)
{
    line(p, depth);
    print_targets(p, n);
    print_callee(p, n);
    text_add(p->out, "(");
    const char *before = "";
    for (int i = 0; i < n->input_count; i++, before = ", ") {
        text_add(p->out, "%s", before);
        if (n->inputs[i])
            print_name(p->out, n->inputs[i]->name);
        else
            text_add(p->out, "_");
    }
    for (int i = 0; i < n->attr_count; i++, before = ", ") {
        text_add(p->out, "%s", before);
        print_attr(p, &n->attrs[i], depth);
    }
    text_add(p->out, ")");
    const Tensor *first = first_output(n);
    if (!first || strcmp(first->name, n->name) != 0) {
        text_add(p->out, " as ");
        print_name(p->out, n->name);
    }
    print_shapes(p, n);
    text_add(p->out, "\n");
}

/* A Constant node with a long tensor is that tensor, in the weights file. */
static const Tensor *long_constant(const Printer *p, const Graph *g, const Node *n)
{
    const Attr *value =
        strcmp(n->op_type, "Constant") == 0 && !*n->domain ? node_attr(n, "value") : NULL;
    if (!value || !value->tensor || !n->outputs[0] || !is_weight(p, g, value->tensor)) return NULL;
    Tensor *t = arena_copy(p->main->arena, value->tensor, sizeof *t);
    t->name = n->outputs[0]->name;
    return t;
}

static void mark_used(const Graph *g, const Tensor *t, bool *used)
{
    if (t && t->id >= 0 && t->id < g->tensors.count && g->tensors.items[t->id] == t)
        used[t->id] = true;
}

/* Which of g's tensors are read in `in`, which is g or a graph inside it. */
static void mark_uses(const Graph *g, const Graph *in, bool *used)
{
    for (int n = 0; n < in->nodes.count; n++) {
        const Node *node = in->nodes.items[n];
        for (int i = 0; i < node->input_count; i++) mark_used(g, node->inputs[i], used);
        for (int a = 0; a < node->attr_count; a++)
            if (node->attrs[a].graph) mark_uses(g, node->attrs[a].graph, used);
    }
    for (int i = 0; i < in->outputs.count; i++) mark_used(g, in->outputs.items[i], used);
}

static bool is_used(const Graph *g, const Node *n, const bool *used)
{
    for (int i = 0; i < n->output_count; i++)
        if (graph_owns(g, n->outputs[i]) && used[n->outputs[i]->id]) return true;
    return false;
}

/* Which of g's tensors are read by what is printed: nodes that infer makes again where it needs
 * them are so if others read them. */
static bool *printed_uses(Printer *p, const Graph *g)
{
    bool *used = NEW_ARRAY(p->arena, bool, g->tensors.count + 1);
    for (int i = 0; i < g->outputs.count; i++) mark_used(g, g->outputs.items[i], used);
    for (int i = g->nodes.count - 1; i >= 0; i--) {
        Node *n = g->nodes.items[i];
        const Graph one = {.nodes = {.items = &n, .count = 1}};
        if (!n->of_extents || is_used(g, n, used)) mark_uses(g, &one, used);
    }
    return used;
}

/* What nothing reads is left out. */
static void print_tensors(Printer *p, const Graph *g, const bool *used, int depth)
{
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (used[i] && (t->kind == TENSOR_PARAM || t->kind == TENSOR_CONST))
            print_tensor(p, g, t, depth);
    }
}

static void print_graph_body(Printer *p, const Graph *g, int depth)
{
    text_add(p->out, " {\n");
    bool *used = printed_uses(p, g);
    print_tensors(p, g, used, depth + 1);
    for (int i = 0; i < g->nodes.count; i++) {
        if (g->nodes.items[i]->of_extents && !is_used(g, g->nodes.items[i], used)) continue;
        const Tensor *constant = long_constant(p, g, g->nodes.items[i]);
        if (constant)
            print_tensor(p, g, constant, depth + 1);
        else
            print_node(p, g->nodes.items[i], depth + 1);
    }
    line(p, depth);
    text_add(p->out, "}");
}

/* ---- the head ---- */

/* The first version met of each domain; a node of another one says so itself. */
static void print_opsets(Printer *p, const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        if (!map_get(p->versions, n->domain)) {
            map_set(p->versions, n->domain, (void *)&n->version);
            text_add(p->out, "opset ");
            print_string(p->out, (String){n->domain, strlen(n->domain)});
            text_add(p->out, " %d\n", n->version);
        }
        for (int a = 0; a < n->attr_count; a++)
            if (n->attrs[a].graph) print_opsets(p, n->attrs[a].graph);
    }
}

/* The signature of the net, and the sizes of its named dimensions. */
static void print_head(Printer *p)
{
    print_signature(p, p->main);
    for (int i = 0; i < p->dim_names.count; i++) {
        const char *name = p->dim_names.items[i];
        text_add(p->out, i ? ", " : " where ");
        print_name(p->out, name);
        text_add(p->out, " = %lld", (long long)*(const int64_t *)map_get(p->dim_values, name));
    }
}

static void print_main(Printer *p)
{
    text_add(p->out, "\nnet ");
    print_name(p->out, p->main->name);
    print_head(p);
    print_graph_body(p, p->main, 0);
    text_add(p->out, "\n");
}

void print_net_signature(const Graph *g, Text *out)
{
    Printer p = {.out = out, .arena = arena_new(), .main = g};
    p.dim_values = map_new(p.arena);
    collect_dims(&p);
    print_head(&p);
    arena_free(p.arena);
}

void print_net(const Graph *g, const char *weights_file, Tensors *weights, Text *out)
{
    Text body = {0};
    Printer p = {.out = out,
                 .arena = arena_new(),
                 .main = g,
                 .weights_file = weights_file,
                 .weights = weights};
    p.versions = map_new(p.arena);
    p.dim_values = map_new(p.arena);
    map_set(p.versions, "", (void *)&g->opset);
    text_add(out, "opset %d\n", g->opset);
    print_opsets(&p, g);
    collect_dims(&p);
    p.out = &body;
    print_main(&p);
    if (weights_file && weights->count) {
        text_add(out, "weights ");
        print_string(out, (String){weights_file, strlen(weights_file)});
        text_add(out, "\n");
    }
    text_put(out, body.data, body.length);
    text_free(&body);
    arena_free(p.arena);
}
