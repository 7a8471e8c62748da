/* The Graph: construction, look-up, rewriting, and the checker that runs between stages. */
#include "graph.h"

Graph *graph_new(Arena *arena, const char *name)
{
    Graph *g = NEW(arena, Graph);
    g->arena = arena;
    g->name = arena_string(arena, name);
    g->by_name = map_new(arena);
    g->node_names = map_new(arena);
    g->name_counts = map_new(arena);
    g->extents = map_new(arena);
    return g;
}

int64_t graph_string_bytes(const Graph *g)
{
    enum { USUAL = 256 };
    while (g->outer) g = g->outer;
    return g->string_bytes ? g->string_bytes : USUAL;
}

Tensor *graph_find(const Graph *g, const char *name)
{
    for (; g; g = g->outer) {
        Tensor *t = map_get(g->by_name, name);
        if (t) return t;
    }
    return NULL;
}

Tensor *graph_add_tensor(Graph *g, TensorKind kind, const char *name, Dtype dtype, int rank,
                         const int64_t *dims)
{
    assert(!map_get(g->by_name, name) && rank <= MAX_RANK);
    Tensor *t = NEW(g->arena, Tensor);
    t->name = arena_string(g->arena, name);
    t->kind = kind;
    t->dtype = dtype;
    t->rank = rank;
    if (rank >= 0) t->dims = arena_copy(g->arena, dims, (size_t)rank * sizeof *dims);
    t->id = g->tensors.count;
    LIST_PUSH(g->arena, &g->tensors, t);
    map_set(g->by_name, t->name, t);
    return t;
}

Tensor *graph_add_const(Graph *g, const char *name, Dtype dtype, int rank, const int64_t *dims,
                        const void *data)
{
    Tensor *t = graph_add_tensor(g, TENSOR_CONST, name, dtype, rank, dims);
    t->data = data;
    return t;
}

static bool name_taken(const Graph *g, const char *name)
{
    if (graph_find(g, name)) return true;
    for (; g; g = g->outer)
        if (map_get(g->node_names, name)) return true;
    return false;
}

const char *graph_unique_name(const Graph *g, const char *stem)
{
    if (!name_taken(g, stem)) return arena_string(g->arena, stem);
    int *last =
        map_get(g->name_counts, stem); /* or many nodes of one stem would take quadratic time */
    if (!last) {
        last = NEW(g->arena, int);
        map_set(g->name_counts, arena_string(g->arena, stem), last);
    }
    const char *name;
    do name = arena_format(g->arena, "%s_%d", stem, ++*last);
    while (name_taken(g, name));
    return name;
}

Node *graph_add_node(Graph *g, const char *op_type, const char *domain, int version,
                     const char *name, int input_count, int output_count)
{
    Node *n = NEW(g->arena, Node);
    n->op_type = arena_string(g->arena, op_type);
    n->domain = arena_string(g->arena, domain);
    n->version = version;
    n->name = arena_string(g->arena, name);
    n->input_count = input_count;
    n->inputs = NEW_ARRAY(g->arena, Tensor *, input_count);
    n->output_count = output_count;
    n->outputs = NEW_ARRAY(g->arena, Tensor *, output_count);
    n->id = g->nodes.count;
    LIST_PUSH(g->arena, &g->nodes, n);
    map_set(g->node_names, n->name, n);
    return n;
}

void node_set_output(Node *node, int index, Tensor *tensor)
{
    assert(index < node->output_count && tensor->kind == TENSOR_VALUE);
    node->outputs[index] = tensor;
    tensor->producer = node;
}

Attr *node_add_attr(Graph *g, Node *node, const char *name, AttrKind kind)
{
    Attr *attrs = NEW_ARRAY(g->arena, Attr, node->attr_count + 1);
    if (node->attr_count) memcpy(attrs, node->attrs, (size_t)node->attr_count * sizeof *attrs);
    node->attrs = attrs;
    Attr *a = &attrs[node->attr_count++];
    a->name = arena_string(g->arena, name);
    a->kind = kind;
    return a;
}

const Attr *node_attr(const Node *node, const char *name)
{
    for (int i = 0; i < node->attr_count; i++)
        if (strcmp(node->attrs[i].name, name) == 0) return &node->attrs[i];
    return NULL;
}

/* ---- rewriting ---- */

static void replace_in_nodes(Graph *g, Tensor *from, Tensor *to)
{
    for (int n = 0; n < g->nodes.count; n++) {
        Node *node = g->nodes.items[n];
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] == from) node->inputs[i] = to;
        for (int a = 0; a < node->attr_count; a++)
            if (node->attrs[a].graph) graph_replace_uses(node->attrs[a].graph, from, to);
    }
}

void graph_replace_uses(Graph *g, Tensor *from, Tensor *to)
{
    replace_in_nodes(g, from, to);
    for (int i = 0; i < g->outputs.count; i++)
        if (g->outputs.items[i] == from) g->outputs.items[i] = to;
}

bool graph_is_output(const Graph *g, const Tensor *t)
{
    for (int i = 0; i < g->outputs.count; i++)
        if (g->outputs.items[i] == t) return true;
    return g->output_names && map_get(g->output_names, t->name); /* one that is still being built */
}

bool graph_owns(const Graph *g, const Tensor *t)
{
    return t && t->id < g->tensors.count && g->tensors.items[t->id] == t;
}

int graph_use_count(const Graph *g, const Tensor *t)
{
    int uses = 0;
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        for (int i = 0; i < node->input_count; i++) uses += node->inputs[i] == t;
        for (int a = 0; a < node->attr_count; a++)
            if (node->attrs[a].graph) uses += graph_use_count(node->attrs[a].graph, t);
    }
    for (int i = 0; i < g->outputs.count; i++) uses += g->outputs.items[i] == t;
    return uses;
}

void graph_renumber(Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++) g->nodes.items[i]->id = i;
    for (int i = 0; i < g->tensors.count; i++) g->tensors.items[i]->id = i;
}

void graph_remove_nodes(Graph *g, const bool *drop)
{
    int kept = 0;
    for (int i = 0; i < g->nodes.count; i++)
        if (!drop[i]) g->nodes.items[kept++] = g->nodes.items[i];
    g->nodes.count = kept;
    graph_renumber(g);
}

/* Inputs of operators that hold floats which nobody trains. */
static const struct {
    const char *op;
    int input;
} untrained[] = {
    {"BatchNormalization", 3},
    {"BatchNormalization", 4},
    {"Clip", 1},
    {"Clip", 2},
    {"Pad", 2},
    {"Resize", 1},
    {"Resize", 2},
    {"Upsample", 1},
    {"Dropout", 1},
    {"OneHot", 2},
    {"Range", 0},
    {"Range", 1},
    {"Range", 2},
    {"ConstantOfShape", 0},
    {"QuantizeLinear", 1},
    {"DequantizeLinear", 1},
};

void graph_mark_untrained(Graph *g)
{
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        for (size_t i = 0; i < COUNT(untrained); i++)
            if (untrained[i].input < node->input_count &&
                strcmp(untrained[i].op, node->op_type) == 0 && node->inputs[untrained[i].input])
                node->inputs[untrained[i].input]->trainable = false;
    }
}

/* ---- tensors ---- */

int64_t tensor_elements(const Tensor *t)
{
    int64_t n;
    bool fits = t->rank >= 0 && checked_elements(t->dims, t->rank, &n);
    assert(fits);
    return n;
}

bool tensor_varies(const Tensor *t)
{
    for (int d = 0; t->extents && d < t->rank; d++)
        if (t->extents[d]) return true;
    return false;
}

const char *dims_text(Arena *arena, const int64_t *dims, int rank)
{
    if (rank == 0) return "scalar";
    Text text = {0};
    for (int i = 0; i < rank; i++) text_add(&text, "%s%lld", i ? "x" : "", (long long)dims[i]);
    char *copy = arena_string(arena, text.data);
    text_free(&text);
    return copy;
}

const char *tensor_type_text(Arena *arena, const Tensor *t)
{
    if (t->rank < 0) return t->dtype ? dtype_name(t->dtype) : "unknown type";
    Text text = {0};
    text_add(&text, "%s[", dtype_name(t->dtype));
    for (int i = 0; i < t->rank; i++)
        text_add(&text, t->extents && t->extents[i] ? "%sup to %lld" : "%s%lld", i ? ", " : "",
                 (long long)t->dims[i]);
    text_add(&text, "]");
    char *copy = arena_string(arena, text.data);
    text_free(&text);
    return copy;
}

/* ---- the checker ---- */

static void check_tensor(const Graph *g, const Tensor *t, bool inferred)
{
    assert(t->name && t->rank >= -1 && t->rank <= MAX_RANK);
    assert(map_get(g->by_name, t->name) == t);
    if (t->kind == TENSOR_CONST) assert(t->data);
    if (inferred && t->kind != TENSOR_VALUE) assert(t->dtype != DT_NONE && t->rank >= 0);
    for (int i = 0; i < t->rank; i++) assert(t->dims[i] >= 0);
}

void check_graph(const Graph *g, bool inferred)
{
    bool *defined = NEW_ARRAY(g->arena, bool, g->tensors.count + 1);
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        assert(t->id == i);
        check_tensor(g, t, inferred);
        defined[i] = t->kind != TENSOR_VALUE || (t->expansion && t->expansion->kind != IS_KNOWN);
    }
    for (int n = 0; n < g->nodes.count; n++) {
        const Node *node = g->nodes.items[n];
        assert(node->id == n && node->name);
        for (int i = 0; i < node->input_count; i++) {
            const Tensor *t = node->inputs[i];
            if (t && t->id < g->tensors.count && g->tensors.items[t->id] == t)
                assert(defined[t->id]);
            else
                assert(!t || g->outer); /* a captured value */
        }
        for (int i = 0; i < node->output_count; i++) {
            const Tensor *t = node->outputs[i];
            if (!t) continue;
            assert(t->producer == node && t->kind == TENSOR_VALUE && !defined[t->id]);
            if (inferred) assert(t->dtype != DT_NONE && t->rank >= 0);
            defined[t->id] = true;
        }
    }
    for (int i = 0; i < g->outputs.count; i++) {
        const Tensor *t = g->outputs.items[i];
        assert(defined[t->id] || g->outer);
    }
}
