/*
 * Graphs within graphs: a loop's body is copied once for each iteration, bound to what goes in,
 * inferred and moved among the nodes of the graph around it. And the end of a graph, where its
 * outputs become tensors.
 */
#include "expand.h"

/* ---- copies ---- */

/* What tensors became in the copies around one. */
typedef struct Copy {
    const struct Copy *outer;
    const Graph *from;
    Tensor **to; /* by id */
} Copy;

static Tensor *copied(const Copy *c, Tensor *t)
{
    for (; c; c = c->outer)
        if (graph_owns(c->from, t)) return c->to[t->id];
    return t;
}

static Graph *copy_graph(Graph *outer, const Graph *from, const Copy *around);

static void copy_node(Graph *g, const Node *from, const Copy *c)
{
    Arena *arena = g->arena;
    Node *n = NEW(arena, Node);
    *n = *from;
    n->adapted = false; /* to what this copy is given */
    n->inputs = NEW_ARRAY(arena, Tensor *, n->input_count);
    n->outputs = NEW_ARRAY(arena, Tensor *, n->output_count);
    for (int i = 0; i < n->input_count; i++) n->inputs[i] = copied(c, from->inputs[i]);
    for (int i = 0; i < n->output_count; i++) {
        if (!from->outputs[i]) continue;
        n->outputs[i] = copied(c, from->outputs[i]);
        n->outputs[i]->producer = n;
    }
    n->attrs = arena_copy(arena, from->attrs, (size_t)from->attr_count * sizeof *from->attrs);
    for (int i = 0; i < n->attr_count; i++)
        if (n->attrs[i].graph) n->attrs[i].graph = copy_graph(g, from->attrs[i].graph, c);
    LIST_PUSH(arena, &g->nodes, n);
    map_set(g->node_names, n->name, n);
}

/* Of lists that were made while the body was read. */
static void copy_expansion(Arena *arena, Tensor *t, const Copy *c)
{
    if (!t->expansion) return;
    Expansion *e = NEW(arena, Expansion);
    *e = *t->expansion;
    e->items = NEW_ARRAY(arena, Tensor *, e->count);
    for (int i = 0; i < e->count; i++) e->items[i] = copied(c, t->expansion->items[i]);
    t->expansion = e;
}

static void copy_extents(Arena *arena, Tensor *t, const Copy *c)
{
    if (!t->extents) return;
    t->extents = arena_copy(arena, t->extents, (size_t)t->rank * sizeof *t->extents);
    for (int d = 0; d < t->rank; d++) t->extents[d] = copied(c, t->extents[d]);
}

static Graph *copy_graph(Graph *outer, const Graph *from, const Copy *around)
{
    Arena *arena = outer->arena;
    Graph *g = graph_new(arena, from->name);
    g->outer = outer;
    g->opset = from->opset;
    Copy c = {around, from, NEW_ARRAY(arena, Tensor *, from->tensors.count)};
    for (int i = 0; i < from->tensors.count; i++) {
        Tensor *t = c.to[i] = NEW(arena, Tensor);
        *t = *from->tensors.items[i];
        LIST_PUSH(arena, &g->tensors, t);
        map_set(g->by_name, t->name, t);
    }
    for (int i = 0; i < g->tensors.count; i++) {
        copy_expansion(arena, g->tensors.items[i], &c);
        copy_extents(arena, g->tensors.items[i], &c);
    }
    for (int i = 0; i < from->nodes.count; i++) copy_node(g, from->nodes.items[i], &c);
    for (int i = 0; i < from->inputs.count; i++)
        LIST_PUSH(arena, &g->inputs, copied(&c, from->inputs.items[i]));
    for (int i = 0; i < from->outputs.count; i++)
        LIST_PUSH(arena, &g->outputs, copied(&c, from->outputs.items[i]));
    return g;
}

/* ---- moving ---- */

static void move_tensors(Graph *g, const Graph *from)
{
    for (int i = 0; i < from->tensors.count; i++) {
        Tensor *t = from->tensors.items[i];
        if (t->kind == TENSOR_INPUT || expand_is_other(t)) continue;
        t->name = graph_unique_name(g, t->name);
        t->id = g->tensors.count;
        LIST_PUSH(g->arena, &g->tensors, t);
        map_set(g->by_name, t->name, t);
    }
}

void expand_absorb(Graph *g, const Graph *from)
{
    move_tensors(g, from);
    for (int i = 0; i < from->nodes.count; i++) {
        Node *n = from->nodes.items[i];
        n->name = graph_unique_name(g, n->name);
        n->id = g->nodes.count;
        map_set(g->node_names, n->name, n);
        LIST_PUSH(g->arena, &g->nodes, n);
        for (int a = 0; a < n->attr_count; a++)
            if (n->attrs[a].graph) n->attrs[a].graph->outer = g;
    }
}

/* ---- runs ---- */

static int count_nodes(const Graph *g)
{
    int count = g->nodes.count;
    for (int i = 0; i < g->nodes.count; i++)
        for (int a = 0; a < g->nodes.items[i]->attr_count; a++)
            if (g->nodes.items[i]->attrs[a].graph)
                count += count_nodes(g->nodes.items[i]->attrs[a].graph);
    return count;
}

bool expand_body_of(Infer *in, const char *name, int inputs, int outputs, Body *body)
{
    const Attr *a = node_attr(in->node, name);
    *body = (Body){.name = name, .graph = a->graph};
    if (!a->graph) return infer_error(in, "E0303", "the graph %s is missing", name);
    if (inputs >= 0 && a->graph->inputs.count != inputs)
        return infer_error(in, "E0305", "%s takes %d inputs, but %s gives it %d", name,
                           a->graph->inputs.count, in->node->op_type, inputs);
    if (a->graph->outputs.count != outputs)
        return infer_error(in, "E0305", "%s has %d outputs, but %s wants %d of it", name,
                           a->graph->outputs.count, in->node->op_type, outputs);
    body->nodes = count_nodes(a->graph);
    return true;
}

static bool type_agrees(const Tensor *wanted, const Tensor *given)
{
    const Declared *d = wanted->declared;
    Dtype dtype = wanted->dtype ? wanted->dtype : d ? d->dtype : DT_NONE;
    if (given->expansion) return dtype == DT_NONE;
    if (dtype && dtype != given->dtype) return false;
    if (wanted->rank < 0)
        return true; /* shapes that a model declares of a loop's state may be those of its start */
    return wanted->rank == given->rank &&
           memcmp(wanted->dims, given->dims, (size_t)wanted->rank * sizeof *wanted->dims) == 0;
}

static void same_as(Arena *arena, Tensor *t, Tensor *other)
{
    Expansion *e = NEW(arena, Expansion);
    *e = (Expansion){.kind = IS_SAME, .count = 1};
    e->items = NEW_ARRAY(arena, Tensor *, 1);
    e->items[0] = other;
    t->expansion = e;
}

static bool bind_inputs(Infer *in, const Body *body, const Graph *copy, Tensor *const *inputs)
{
    Arena *arena = in->graph->arena;
    for (int i = 0; i < copy->inputs.count; i++) {
        Tensor *given = expand_resolve(inputs[i]), *wanted = copy->inputs.items[i];
        if (!given || given->poisoned) return false;
        if (!type_agrees(wanted, given))
            return infer_error(in, "E0202", "%s of %s takes %s for '%s', but is given %s",
                               body->name, in->node->op_type,
                               wanted->rank >= 0 ? tensor_type_text(arena, wanted)
                               : wanted->declared && wanted->declared->dtype
                                   ? dtype_name(wanted->declared->dtype)
                                   : tensor_type_text(arena, wanted),
                               wanted->name, expand_text(arena, given));
        same_as(arena, wanted, given);
    }
    return true;
}

/* Constants of the body are in the graph once. */
static void share_constants(Arena *arena, Body *body, const Graph *copy)
{
    if (!body->first) {
        body->first = copy->tensors.items;
        return;
    }
    for (int i = 0; i < body->graph->tensors.count; i++) {
        Tensor *t = copy->tensors.items[i];
        if ((t->kind == TENSOR_CONST || t->kind == TENSOR_PARAM) && !t->expansion)
            same_as(arena, t, body->first[i]);
    }
}

/* Large constants that nodes made: they are the model's bytes, and so are found to be those of the
 * first copy. */
static void share_bytes(Body *body, Graph *copy)
{
    for (int i = 0; i < body->graph->tensors.count; i++) {
        Tensor *t = copy->tensors.items[i], *first = body->first[i];
        if (t == first || t->kind != TENSOR_CONST || t->expansion || !first->data ||
            t->data != first->data)
            continue;
        graph_replace_uses(copy, t, first);
        same_as(copy->arena, t, first);
    }
}

static bool count_run(Infer *in, Body *body)
{
    Graph *top = in->graph;
    if (!body->runs) return true; /* no more than the model has */
    while (top->outer) top = top->outer;
    if (body->nodes >= MOST_UNROLLED - top->unrolled)
        return infer_error(
            in, "E0309",
            "%s would be unrolled to more than %d nodes: its %s has %d, and this is run %d of it",
            in->node->op_type, MOST_UNROLLED, body->name, body->nodes, body->runs + 1);
    top->unrolled += body->nodes + 1;
    return true;
}

Tensor **expand_run(Infer *in, Body *body, Tensor *const *inputs)
{
    if (!count_run(in, body)) return NULL;
    Arena *arena = in->graph->arena;
    Graph *copy = copy_graph(in->graph, body->graph, NULL);
    if (!bind_inputs(in, body, copy, inputs)) return NULL;
    share_constants(arena, body, copy);
    if (!infer_graph(copy, in->diags)) {
        Diagnostic *d = diags_last(in->diags);
        diag_note(d, "in run %d of the %s of %s '%s'", body->runs + 1, body->name,
                  in->node->op_type, in->node->name);
        return NULL;
    }
    share_bytes(body, copy);
    body->runs++;
    Tensor **outputs = NEW_ARRAY(arena, Tensor *, copy->outputs.count);
    for (int i = 0; i < copy->outputs.count; i++) {
        outputs[i] = expand_resolve(copy->outputs.items[i]);
        if (outputs[i]->poisoned) return NULL;
    }
    expand_absorb(in->graph, copy);
    return outputs;
}

/* ---- bodies that stay ---- */

/* An output that is an input, a constant or a value of another graph becomes a copy of it. */
static void compute_output(Graph *g, int i)
{
    Tensor *t = g->outputs.items[i];
    if (t->kind == TENSOR_VALUE && graph_owns(g, t)) return;
    Node *n = graph_add_node(g, "Identity", "", g->opset > 16 ? g->opset : 16,
                             graph_unique_name(g, "Identity"), 1, 1);
    n->op = op_find("", "Identity");
    n->source = t->source;
    n->inputs[0] = t;
    node_set_output(n, 0,
                    graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, t->name), t->dtype,
                                     t->rank, t->dims));
    g->outputs.items[i] = n->outputs[0];
}

Graph *expand_keep(Infer *in, const Body *body, Tensor *const *like, Diags *why)
{
    Arena *arena = in->graph->arena;
    Graph *copy = copy_graph(in->graph, body->graph, NULL);
    for (int i = 0; i < copy->inputs.count; i++) {
        Tensor *t = copy->inputs.items[i];
        const Tensor *given = like[i];
        if (!type_agrees(t, given) || given->expansion || tensor_varies(given)) return NULL;
        t->dtype = given->dtype;
        t->rank = given->rank;
        t->dims = arena_copy(arena, given->dims, (size_t)given->rank * sizeof *given->dims);
    }
    if (!infer_graph(copy, why)) return NULL;
    for (int i = 0; i < copy->outputs.count; i++) {
        const Tensor *t = expand_resolve(copy->outputs.items[i]);
        if (t->poisoned || t->expansion) return NULL;
    }
    expand_outputs(copy, why);
    for (int i = 0; i < copy->outputs.count; i++) compute_output(copy, i);
    Graph *top = in->graph;
    while (top->outer) top = top->outer;
    top->unrolled += count_nodes(copy); /* with what was unrolled in it */
    return diags_errors(why) || top->unrolled > MOST_UNROLLED ? NULL : copy;
}

/* ---- outputs ---- */

static void add_identity(Graph *g, Tensor *from, Tensor *to, Diags *diags)
{
    Node *n = graph_add_node(g, "Identity", "", g->opset > 16 ? g->opset : 16,
                             graph_unique_name(g, "Identity"), 1, 1);
    g->nodes.count--;
    n->op = op_find("", "Identity");
    n->source = to->source;
    n->inputs[0] = from;
    to->expansion = NULL;
    node_set_output(n, 0, to);
    LIST_PUSH(g->arena, &g->outputs, to);
    infer_append(g, n, diags);
}

/* `t` is the output itself, or NULL: one of that name is to be made. */
static void add_output(Graph *g, Tensor *t, const char *name, Tensor *value, Source source,
                       Diags *diags)
{
    const Expansion *e = value->expansion;
    if (!e || e->kind == IS_KNOWN) {
        Tensor *to =
            t ? t
              : graph_add_tensor(g, TENSOR_VALUE, graph_unique_name(g, name), DT_NONE, -1, NULL);
        to->source = source;
        if (!value->poisoned) add_identity(g, value, to, diags);
        return;
    }
    for (int i = 0; i < e->count; i++) {
        bool one = e->kind == IS_OPTIONAL;
        add_output(g, one ? t : NULL, one ? name : arena_format(g->arena, "%s_%d", name, i),
                   expand_resolve(e->items[i]), source, diags);
    }
}

void expand_outputs(Graph *g, Diags *diags)
{
    Tensor **old = g->outputs.items;
    int count = g->outputs.count;
    g->outputs.items = NULL;
    g->outputs.count = g->outputs.capacity = 0;
    for (int i = 0; i < count; i++) {
        Tensor *t = old[i];
        if (!expand_is_other(t))
            LIST_PUSH(g->arena, &g->outputs, t);
        else
            add_output(g, t, t->name, expand_resolve(t), t->source, diags);
    }
}

/* Extents that were the same as other tensors. */
static void resolve_extents(Graph *g)
{
    for (int i = 0; i < g->tensors.count; i++) {
        Tensor *t = g->tensors.items[i];
        for (int d = 0; t->extents && d < t->rank; d++)
            t->extents[d] = expand_resolve(t->extents[d]);
    }
    for (int i = 0; i < g->nodes.count; i++)
        for (int a = 0; a < g->nodes.items[i]->attr_count; a++)
            if (g->nodes.items[i]->attrs[a].graph)
                resolve_extents(g->nodes.items[i]->attrs[a].graph);
}

static void forget(Graph *g)
{
    int kept = 0;
    for (int i = 0; i < g->tensors.count; i++) {
        Tensor *t = g->tensors.items[i];
        if (expand_is_other(t)) {
            if (map_get(g->by_name, t->name) == t) map_set(g->by_name, t->name, NULL);
        } else {
            g->tensors.items[kept++] = t;
        }
        t->expansion = NULL;
    }
    g->tensors.count = kept;
    for (int i = 0; i < g->nodes.count; i++)
        for (int a = 0; a < g->nodes.items[i]->attr_count; a++)
            if (g->nodes.items[i]->attrs[a].graph) forget(g->nodes.items[i]->attrs[a].graph);
    graph_renumber(g);
}

void expand_forget(Graph *g)
{
    resolve_extents(g);
    forget(g);
}
