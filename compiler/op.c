/*
 * Looking operators and their schemas up: by name in the generated registry, slots and attributes
 * as they were at a version, attribute values with defaults filled in. Checks nothing: infer does.
 */
#include "op.h"

const Op *op_find(const char *domain, const char *name)
{
    for (const Op *const *table = op_tables; *table; table++)
        for (const Op *op = *table; op->name; op++)
            if (strcmp(op->name, name) == 0 && strcmp(op->domain ? op->domain : "", domain) == 0)
                return op;
    return NULL;
}

static bool in_force(int since, int until, int version)
{
    return version >= since && (until == 0 || version <= until);
}

/* The row at `index` of those in force; a variadic one goes on for ever. */
static const Slot *slot(const Slot *rows, int version, int index)
{
    for (const Slot *s = rows; s && s->name; s++) {
        if (!in_force(s->since, s->until, version)) continue;
        if (index == 0 || s->variadic) return s;
        index--;
    }
    return NULL;
}

const Slot *op_input(const Op *op, int version, int index)
{
    return slot(op->inputs, version, index);
}
const Slot *op_output(const Op *op, int version, int index)
{
    return slot(op->outputs, version, index);
}

const AttrSpec *op_attr(const Op *op, int version, const char *name)
{
    for (const AttrSpec *a = op->attrs; a && a->name; a++)
        if (strcmp(a->name, name) == 0 && in_force(a->since, a->until, version)) return a;
    return NULL;
}

/* ---- values ---- */

static const AttrSpec *default_of(const Node *node, const char *name)
{
    static const AttrSpec none = {0};
    const AttrSpec *spec = node->op ? op_attr(node->op, node->version, name) : NULL;
    return spec ? spec : &none;
}

int64_t attr_int(const Node *node, const char *name)
{
    const Attr *a = node_attr(node, name);
    return a ? a->i : default_of(node, name)->i;
}

double attr_float(const Node *node, const char *name)
{
    const Attr *a = node_attr(node, name);
    return a ? a->f : default_of(node, name)->f;
}

const char *attr_text(const Node *node, const char *name)
{
    const Attr *a = node_attr(node, name);
    const char *text = a ? a->s.data : default_of(node, name)->s;
    return text ? text : "";
}

const int64_t *attr_ints(const Node *node, const char *name, int *count)
{
    const Attr *a = node_attr(node, name);
    *count = a ? a->count : 0;
    return a ? a->ints : NULL;
}

const double *attr_floats(const Node *node, const char *name, int *count)
{
    const Attr *a = node_attr(node, name);
    *count = a ? a->count : 0;
    return a ? a->floats : NULL;
}

bool attr_given(const Node *node, const char *name) { return node_attr(node, name) != NULL; }
