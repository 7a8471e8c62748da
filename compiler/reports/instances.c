/* Names of nodes to the tree of instances. What a part of a path means is decided here alone. */
#include "instances.h"

/* Where the part of the path that starts at `at` ends: slashes part the names of ONNX files, else
 * points and brackets do ("layer1", "[0]", ".conv"). */
static const char *part_end(const char *path, const char *at)
{
    if (!*at) return at;
    if (*path == '/') return at + 1 + strcspn(at + 1, "/");
    bool bracket = *at == '[';
    const char *end = at + 1;
    while (*end && (bracket ? end[-1] != ']' : *end != '.' && *end != '[')) end++;
    return end;
}

static const char *part_name(Arena *arena, const char *at, const char *end)
{
    if (end > at + 1 && (*at == '.' || *at == '/')) at++;
    return arena_format(arena, "%.*s", (int)(end - at), at);
}

static Instance *add(Arena *arena, Instance *parent, const char *name, const char *path)
{
    Instance *i = NEW(arena, Instance);
    *i = (Instance){.name = name, .path = path, .parent = parent, .depth = parent->depth + 1};
    LIST_PUSH(arena, &parent->children, i);
    return i;
}

enum { DEEPEST = 64 }; /* what lies deeper is one name */

static void place(Arena *arena, Instance *root, Map *known, const Node *node)
{
    const char *path = node->name, *at = path;
    Instance *in = root;
    for (const char *end = part_end(path, at); *at && *end && in->depth < DEEPEST;
         end = part_end(path, at)) {
        const char *prefix = arena_format(arena, "%.*s", (int)(end - path), path);
        Instance *next = map_get(known, prefix);
        if (!next) {
            next = add(arena, in, part_name(arena, at, end), prefix);
            map_set(known, prefix, next);
        }
        in = next;
        at = end;
    }
    Instance *leaf = add(arena, in, part_name(arena, at, at + strlen(at)), path);
    leaf->node = node;
}

/* conv1/Conv alone is conv1. */
static void collapse(Instance *i)
{
    for (int c = 0; c < i->children.count; c++) collapse(i->children.items[c]);
    if (i->depth == 0 || i->children.count != 1 || !i->children.items[0]->node) return;
    i->node = i->children.items[0]->node;
    i->path = i->node->name;
    i->children.count = 0;
}

Instance *instances_of(Arena *arena, const char *name, const Nodes *nodes)
{
    Instance *root = NEW(arena, Instance);
    root->name = name;
    root->path = "";
    Map *known = map_new(arena);
    for (int i = 0; i < nodes->count; i++) place(arena, root, known, nodes->items[i]);
    collapse(root);
    return root;
}

static void collect(Arena *arena, Instance *in, Instances *list)
{
    for (int c = 0; c < in->children.count; c++) {
        Instance *child = in->children.items[c];
        child->depth = in->depth + 1;
        child->id = list->count;
        LIST_PUSH(arena, list, child);
        collect(arena, child, list);
    }
}

Instances instances_list(Arena *arena, Instance *root)
{
    Instances list = {0};
    collect(arena, root, &list);
    return list;
}

const char *instance_title(Arena *arena, const Instance *in)
{
    bool index = *in->name == '[' && in->parent->depth;
    return index ? arena_format(arena, "%s%s", instance_title(arena, in->parent), in->name)
                 : in->name;
}
