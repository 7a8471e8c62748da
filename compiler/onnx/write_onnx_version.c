/*
 * In: nodes that each say the version of their operator. Out: one version for each domain: the
 * graph's own, or the nearest in which every node's operator is still, or already, what it is in
 * the node's version. An operator counts as the same when no newer definition lies between, or that
 * changed nothing but types.
 */
#include "op.h"
#include "write_onnx.h"

/* New definitions that look the same and mean something else. */
static const struct {
    const char *op_type;
    int version;
} changed[] = {{"Softmax", 13},    {"LogSoftmax", 13},        {"Hardmax", 13},
               {"GridSample", 20}, {"RoiAlign", 16},          {"BatchNormalization", 14},
               {"Attention", 24},  {"GroupNormalization", 21}};

static bool is_changed(const Op *op, int from, int to)
{
    for (size_t i = 0; i < COUNT(changed); i++)
        if (!strcmp(changed[i].op_type, op->name) && from < changed[i].version &&
            changed[i].version <= to)
            return true;
    return false;
}

/* The version that defines what is in force at another. */
static int defined_at(const Op *op, int version)
{
    int at = 0;
    for (const int *v = op->versions; *v && *v <= version; v++) at = *v;
    return at;
}

static bool same_default(const AttrSpec *a, const AttrSpec *b)
{
    return a->kind == b->kind && a->i == b->i && a->f == b->f && a->required == b->required &&
           !strcmp(a->s ? a->s : "", b->s ? b->s : "");
}

/* Every attribute of the one version is in the other, and those that are left out mean the same. */
static bool same_attrs(const Node *n, int from, int to)
{
    for (const AttrSpec *a = n->op->attrs; a && a->name; a++) {
        const AttrSpec *before = op_attr(n->op, from, a->name),
                       *after = op_attr(n->op, to, a->name);
        bool given = node_attr(n, a->name);
        if (given ? !after || !before || after->kind != before->kind
                  : before && (!after ? before->required : !same_default(before, after)))
            return false;
        if (!before && after && after->required) return false;
    }
    return true;
}

static bool same_inputs(const Node *n, int from, int to)
{
    for (int i = 0;; i++) {
        const Slot *a = op_input(n->op, from, i), *b = op_input(n->op, to, i);
        if (!a && (!b || b->optional)) return true;
        if (!a || !b || strcmp(a->name, b->name) || a->optional != b->optional ||
            a->variadic != b->variadic)
            return false;
        if (a->variadic) return true;
    }
}

/* Older definitions than these differ in more than what the tables say. */
enum { OLDEST_COMPARED = 7 };

static bool means_same(const Node *n, int version)
{
    if (!n->op || n->version == version) return true;
    int from = n->version < version ? n->version : version,
        to = n->version < version ? version : n->version;
    if (!defined_at(n->op, from)) return false;
    if (defined_at(n->op, from) == defined_at(n->op, to)) return true;
    if (n->op->last && to > n->op->last) return false;
    return from >= OLDEST_COMPARED && !is_changed(n->op, from, to) &&
           same_attrs(n, n->version, version) && same_inputs(n, n->version, version);
}

/* ---- choosing ---- */

typedef LIST(const Node *) Nodes;

/* The nodes of a domain, in inner graphs too. */
static void collect(const Graph *g, const char *domain, Nodes *out)
{
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        if (!strcmp(n->domain, domain)) LIST_PUSH(g->arena, out, n);
        for (int a = 0; a < n->attr_count; a++)
            if (n->attrs[a].graph) collect(n->attrs[a].graph, domain, out);
    }
}

static const Node *misfit(const Nodes *nodes, int version)
{
    for (int i = 0; i < nodes->count; i++)
        if (!means_same(nodes->items[i], version)) return nodes->items[i];
    return NULL;
}

static bool choose(const Graph *g, const char *domain, int preferred, OpsetVersions *out,
                   Diags *diags)
{
    Nodes nodes = {0};
    int newest = preferred;
    collect(g, domain, &nodes);
    for (int i = 0; i < nodes.count; i++)
        if (nodes.items[i]->version > newest) newest = nodes.items[i]->version;
    int version = preferred ? preferred : newest;
    for (; version <= newest; version++)
        if (!misfit(&nodes, version)) {
            LIST_PUSH(g->arena, out, ((OpsetVersion){domain, version}));
            return true;
        }
    const Node *n = misfit(&nodes, newest);
    Diagnostic *d = diag_error(diags, "E0307", n->source,
                               "%s is of version %d, and not the same in version %d, which other "
                               "operators have",
                               n->op_type, n->version, newest);
    diag_note(d, "an ONNX model has one version of all operators");
    diag_help(d, "write the network in one: opset %d at its head", newest);
    return false;
}

static void collect_domains(const Graph *g, Map *seen, OpsetVersions *domains)
{
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        if (!map_get(seen, n->domain)) {
            map_set(seen, n->domain, (void *)n);
            LIST_PUSH(g->arena, domains, ((OpsetVersion){n->domain, 0}));
        }
        for (int a = 0; a < n->attr_count; a++)
            if (n->attrs[a].graph) collect_domains(n->attrs[a].graph, seen, domains);
    }
}

bool onnx_versions(const Graph *g, OpsetVersions *out, Diags *diags)
{
    OpsetVersions domains = {0};
    Map *seen = map_new(g->arena);
    map_set(seen, "", (void *)g);
    LIST_PUSH(g->arena, &domains, ((OpsetVersion){"", g->opset}));
    collect_domains(g, seen, &domains);
    bool good = true;
    for (int i = 0; i < domains.count; i++)
        good &= choose(g, domains.items[i].domain, domains.items[i].version, out, diags);
    return good;
}
