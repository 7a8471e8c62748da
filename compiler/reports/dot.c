/* A drawing in the DOT language: Graphviz places it. Nested groups are clusters. */
#include "drawing.h"

#include "json.h"

/* Fill and line of each kind: those of page/drawing.css in the light. */
static const char *const colours[BOX_KINDS][2] = {
    [BOX_OTHER] = {"#eeeeee", "#8a8a8a"},  [BOX_INPUT] = {"#ffffff", "#555555"},
    [BOX_OUTPUT] = {"#ffffff", "#555555"}, [BOX_CONV] = {"#d6e6fa", "#3c74b8"},
    [BOX_DENSE] = {"#e4dcf8", "#7458b8"},  [BOX_POOL] = {"#fbdcd8", "#b8524a"},
    [BOX_NORM] = {"#dff0d8", "#5b8f45"},   [BOX_ACTIVATION] = {"#fdeccb", "#b07d1a"},
    [BOX_SHAPE] = {"#e9ecef", "#7b858f"},  [BOX_ARITHMETIC] = {"#d4f0ee", "#2d8c84"},
    [BOX_GROUP] = {"#e3edf3", "#4f7388"},
};

/* A quoted string of DOT, where a backslash is one of the text. */
static void quote(Text *out, const char *text)
{
    text_add(out, "\"");
    for (; *text; text++)
        text_add(out, *text == '\n' ? "\\n" : strchr("\"\\", *text) ? "\\%c" : "%c", *text);
    text_add(out, "\"");
}

static void add_label(const Drawing *d, const Box *b, Text *out)
{
    const char *text = "";
    for (int i = 0; i < b->line_count; i++)
        text = arena_format(d->arena, "%s%s%s", text, i ? "\n" : "", b->lines[i]);
    quote(out, text);
}

static void add_group(const Drawing *d, int group, int depth, Text *out)
{
    int indent = 2 * depth;
    if (group) {
        text_add(out, "%*ssubgraph cluster_%d {\n%*slabel=", indent, "", group, indent + 2, "");
        quote(out, d->groups.items[group].label);
        text_add(out, ";\n");
    }
    for (int i = 0; i < d->boxes.count; i++) {
        const Box *b = &d->boxes.items[i];
        if (b->group != group) continue;
        text_add(out, "%*sn%d [label=", indent + 2, "", i);
        add_label(d, b, out);
        text_add(out, ", fillcolor=\"%s\", color=\"%s\"];\n", colours[b->kind][0],
                 colours[b->kind][1]);
    }
    for (int i = 1; i < d->groups.count; i++)
        if (d->groups.items[i].parent == group) add_group(d, i, depth + 1, out);
    if (group) text_add(out, "%*s}\n", indent, "");
}

void drawing_dot(const Drawing *d, Text *out)
{
    text_add(out, "digraph ");
    quote(out, d->title);
    text_add(
        out,
        " {\n  graph [fontname=\"Helvetica\", fontsize=10, style=rounded, color=\"#9aa5ae\"];\n"
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10];\n"
        "  edge [color=\"#6b7680\", arrowsize=0.6];\n");
    add_group(d, 0, 0, out);
    for (int i = 0; i < d->arrows.count; i++)
        text_add(out, "  n%d -> n%d;\n", d->arrows.items[i].from, d->arrows.items[i].to);
    text_add(out, "}\n");
}
