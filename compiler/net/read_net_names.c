/*
 * What netc print wrote has instance paths for names, and in the metadata of its .safetensors the
 * names that nodes and tensors had before: "node PATH" and "tensor PATH". They are given back here,
 * when everything that goes by path is done, so that reports and generated C speak of the network
 * as it came. Names must stay unique, so a doubtful one is not given.
 */
#include "read_net.h"

typedef struct Renaming {
    Reader *r;
    const char *kind;
    Map *taken; /* names in their new use */
} Renaming;

static const char *wanted(const Renaming *n, const char *path)
{
    return weights_name(n->r, arena_format(n->r->arena, "%s %s", n->kind, path));
}

static const char *unique(const Renaming *n, const char *name)
{
    const char *result = name;
    for (int i = 1; map_get(n->taken, result); i++)
        result = arena_format(n->r->arena, "%s_%d", name, i);
    return result;
}

/* The names of what keeps its own are taken first. */
static void rename_all(const Renaming *n, const char **names, void *const *objects,
                       const bool *keeps, int count)
{
    const char **want = NEW_ARRAY(n->r->arena, const char *, count + 1);
    for (int i = 0; i < count; i++) {
        want[i] = keeps && keeps[i] ? NULL : wanted(n, names[i]);
        if (!want[i]) map_set(n->taken, names[i], objects[i]);
    }
    for (int i = 0; i < count; i++) {
        if (!want[i]) continue;
        names[i] = map_get(n->taken, want[i]) ? unique(n, names[i]) : want[i];
        map_set(n->taken, names[i], objects[i]);
    }
}

static void rename_nodes(Reader *r)
{
    Graph *g = r->top;
    Renaming n = {r, "node", map_new(r->arena)};
    const char **names = NEW_ARRAY(r->arena, const char *, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) names[i] = g->nodes.items[i]->name;
    rename_all(&n, names, (void *const *)g->nodes.items, NULL, g->nodes.count);
    for (int i = 0; i < g->nodes.count; i++) g->nodes.items[i]->name = names[i];
    g->node_names = n.taken;
}

/* Inputs and outputs have their names in the text. */
static void rename_tensors(Reader *r)
{
    Graph *g = r->top;
    Renaming n = {r, "tensor", map_new(r->arena)};
    const char **names = NEW_ARRAY(r->arena, const char *, g->tensors.count + 1);
    bool *keeps = NEW_ARRAY(r->arena, bool, g->tensors.count + 1);
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        names[i] = t->name;
        keeps[i] = t->kind == TENSOR_INPUT || graph_is_output(g, t);
    }
    rename_all(&n, names, (void *const *)g->tensors.items, keeps, g->tensors.count);
    for (int i = 0; i < g->tensors.count; i++) g->tensors.items[i]->name = names[i];
    g->by_name = n.taken;
}

void names_restore(Reader *r)
{
    if (!weights_have_names(r)) return;
    rename_nodes(r);
    rename_tensors(r);
}
