/*
 * In: a graph, and the text that was printed of it. Out: whether the text reads back as the same
 * nodes in the same order, with attributes and constants that mean the same; its weights, and
 * names, by what reading calls them. Layers write attributes that a graph may leave to their
 * defaults.
 */
#include "print_check.h"

#include "op.h"
#include "optimise.h"

typedef struct Check {
    const Graph *g, *h; /* what was printed, what was read */
    const Tensor **of;  /* by id of h's tensors: g's */
    PrintedNet *out;
    Map *given; /* names of g that are given to something: what several read is several in h */
} Check;

/* ---- attributes ---- */

/* What a list stands for when it is left out. */
static bool is_default_list(const Node *n, const Attr *a)
{
    static const struct {
        const char *name;
        int64_t value;
    } rows[] = {{"pads", 0}, {"output_padding", 0}, {"strides", 1}, {"dilations", 1}};
    if (!strcmp(a->name, "kernel_shape")) return true; /* the weight has it */
    if (!strcmp(a->name, "perm")) {
        for (int i = 0; i < a->count; i++)
            if (a->ints[i] != a->count - 1 - i) return false;
        return true;
    }
    (void)n;
    for (size_t r = 0; r < COUNT(rows); r++) {
        if (strcmp(rows[r].name, a->name)) continue;
        bool all = true;
        for (int i = 0; i < a->count; i++) all &= a->ints[i] == rows[r].value;
        return all;
    }
    return false;
}

static bool same_bytes(const void *a, const void *b, size_t bytes)
{
    return !bytes || memcmp(a, b, bytes) == 0;
}

static bool same_value(const Tensor *a, const Tensor *b)
{
    if (a->dtype != b->dtype || a->rank != b->rank ||
        !same_bytes(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims))
        return false;
    return dtype_same(a->dtype, a->data, b->data, tensor_elements(a));
}

static bool same_list(const Attr *a, const Attr *b)
{
    if (a->count != b->count) return false;
    size_t count = (size_t)a->count;
    if (a->kind == ATTR_INTS) return same_bytes(a->ints, b->ints, count * sizeof *a->ints);
    if (a->kind == ATTR_FLOATS) return same_bytes(a->floats, b->floats, count * sizeof *a->floats);
    for (size_t i = 0; i < count; i++)
        if (a->strings[i].length != b->strings[i].length ||
            !same_bytes(a->strings[i].data, b->strings[i].data, a->strings[i].length))
            return false;
    return true;
}

/* The axis from 0, whichever end it is counted from. */
static int64_t int_of(const Node *n, const char *name)
{
    int64_t value = attr_int(n, name);
    bool counted = value < 0 && n->inputs[0] && !strcmp(name, "axis");
    return counted ? value + n->inputs[0]->rank : value;
}

static bool is_unpadded(const Node *n)
{
    const Attr *pads = node_attr(n, "pads");
    for (int i = 0; pads && i < pads->count; i++)
        if (pads->ints[i]) return false;
    return true;
}

/* Of two nodes of the same operator and version. */
static bool same_attr(const Node *a, const Node *b, const char *name)
{
    static const char *const unused[] = {"momentum", "spatial",
                                         NULL}; /* of batch normalisation: for training alone */
    const Attr *x = node_attr(a, name), *y = node_attr(b, name), *given = x ? x : y;
    for (int i = 0; unused[i]; i++)
        if (!strcmp(unused[i], name) && is_op(a, "BatchNormalization")) return true;
    if (!strcmp(name, "count_include_pad") && is_unpadded(a)) return true;
    if (x && y && x->kind != y->kind) return false;
    switch (given->kind) {
    case ATTR_INT: return int_of(a, name) == int_of(b, name);
    case ATTR_FLOAT: return attr_float(a, name) == attr_float(b, name);
    case ATTR_STRING:
        if (!x || !y) return !strcmp(attr_text(a, name), attr_text(b, name));
        return x->s.length == y->s.length && same_bytes(x->s.data, y->s.data, x->s.length);
    case ATTR_INTS: return x && y ? same_list(x, y) : is_default_list(a, given);
    case ATTR_FLOATS:
    case ATTR_STRINGS: return x && y && same_list(x, y);
    case ATTR_TENSOR: return x && y && same_value(x->tensor, y->tensor);
    default: return given->kind == ATTR_TYPE && x && y;
    }
}

static bool same_attrs(const Node *a, const Node *b)
{
    for (int i = 0; i < a->attr_count; i++)
        if (!same_attr(a, b, a->attrs[i].name)) return false;
    for (int i = 0; i < b->attr_count; i++)
        if (!same_attr(a, b, b->attrs[i].name)) return false;
    return true;
}

/* ---- nodes ---- */

static bool pair(Check *c, const Tensor *read, const Tensor *printed)
{
    if (c->of[read->id]) return c->of[read->id] == printed;
    if (read->dtype != printed->dtype || read->rank != printed->rank) return false;
    if (!same_bytes(read->dims, printed->dims, (size_t)read->rank * sizeof *read->dims))
        return false;
    c->of[read->id] = printed;
    return true;
}

static bool is_known(const Tensor *t) { return t->kind == TENSOR_PARAM || t->kind == TENSOR_CONST; }

/* Constants are compared; everything else is paired as it comes. */
static bool same_tensor(Check *c, const Tensor *read, const Tensor *printed)
{
    if (is_known(read) != is_known(printed)) return false;
    if (!read->data) return pair(c, read, printed);
    if (!printed->data || !same_value(read, printed)) return false;
    c->of[read->id] = printed;
    return true;
}

/* The shape that a Reshape is given may leave open what the result has. */
static bool is_open_shape(const Node *n, int input)
{
    return input == 1 && is_op(n, "Reshape") && !attr_given(n, "allowzero");
}

/* A Slice whose steps are not given has steps of one. */
static bool is_step(const Node *n, int input, const Tensor *t)
{
    return input == 4 && is_op(n, "Slice") && t && t->data && tensor_elements(t) == 1 &&
           dtype_get_int(t->dtype, t->data, 0) == 1;
}

static bool same_input(Check *c, const Node *read, const Node *printed, int i)
{
    const Tensor *x = node_input(read, i), *y = node_input(printed, i);
    if (!x || !y) return (!x && !y) || (!y && is_step(read, i, x));
    if (is_open_shape(printed, i) && x->data && y->data) return c->of[x->id] = y, true;
    return same_tensor(c, x, y);
}

static bool same_node(Check *c, const Node *read, const Node *printed)
{
    int inputs =
        read->input_count > printed->input_count ? read->input_count : printed->input_count;
    if (strcmp(read->op_type, printed->op_type) || strcmp(read->domain, printed->domain) ||
        read->version != printed->version)
        return false;
    for (int i = 0; i < inputs; i++)
        if (!same_input(c, read, printed, i)) return false;
    if (!same_attrs(read, printed)) return false;
    for (int i = 0; i < read->output_count; i++) {
        if (!read->outputs[i]) continue;
        const Tensor *y = node_output(printed, i);
        if (!y || !pair(c, read->outputs[i], y)) return false;
    }
    return true;
}

static bool same_ends(Check *c)
{
    const Graph *g = c->g, *h = c->h;
    if (g->inputs.count != h->inputs.count || g->outputs.count != h->outputs.count) return false;
    for (int i = 0; i < g->inputs.count; i++) {
        const Tensor *x = h->inputs.items[i], *y = g->inputs.items[i];
        if (strcmp(x->name, y->name) || !pair(c, x, y)) return false;
    }
    return true;
}

static bool same_outputs(Check *c)
{
    for (int i = 0; i < c->g->outputs.count; i++) {
        const Tensor *x = c->h->outputs.items[i], *y = c->g->outputs.items[i];
        if (strcmp(x->name, y->name) || !same_tensor(c, x, y)) return false;
    }
    return true;
}

static bool same_graph(Check *c)
{
    if (c->g->nodes.count != c->h->nodes.count || !same_ends(c)) return false;
    for (int i = 0; i < c->g->nodes.count; i++)
        if (!same_node(c, c->h->nodes.items[i], c->g->nodes.items[i])) return false;
    return same_outputs(c);
}

/* ---- what was read under other names ---- */

static void add_weight(const Check *c, const Tensor *read)
{
    const Tensor *from = c->of[read->id];
    if (read->kind != TENSOR_PARAM || read->data || !from || !from->data) return;
    DataTensor t = {
        .name = read->name, .dtype = from->dtype, .rank = from->rank, .data = from->data};
    memcpy(t.dims, from->dims, (size_t)from->rank * sizeof *from->dims);
    LIST_PUSH(c->g->arena, &c->out->weights, t);
}

static void add_name(const Check *c, const char *kind, const char *read, const char *printed)
{
    if (!strcmp(read, printed) || map_get(c->given, printed)) return;
    map_set(c->given, printed, c->out);
    DataName name = {arena_format(c->g->arena, "%s %s", kind, read), printed};
    LIST_PUSH(c->g->arena, &c->out->names, name);
}

static void collect(Check *c)
{
    c->given = map_new(c->g->arena);
    for (int i = 0; i < c->h->nodes.count; i++)
        add_name(c, "node", c->h->nodes.items[i]->name, c->g->nodes.items[i]->name);
    c->given = map_new(c->g->arena);
    for (int i = 0; i < c->h->tensors.count; i++) {
        const Tensor *read = c->h->tensors.items[i];
        if (!c->of[i]) continue;
        add_weight(c, read);
        add_name(c, "tensor", read->name, c->of[i]->name);
    }
}

bool print_check(const Graph *g, const Text *text, PrintedNet *out)
{
    File *file = NEW(g->arena, File);
    *file = (File){"printed.net", arena_copy(g->arena, text->data, text->length), text->length};
    Diags *diags = diags_new(g->arena);
    Graph *h = read_net(g->arena, file, &(ReadOptions){0}, diags);
    if (!h || !infer(h, diags)) return false;
    Check c = {.g = g, .h = h, .out = out};
    c.of = NEW_ARRAY(g->arena, const Tensor *, h->tensors.count + 1);
    if (!same_graph(&c)) return false;
    collect(&c);
    return true;
}
