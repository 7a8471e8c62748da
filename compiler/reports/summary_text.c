/* The rows of a summary as text: for people, for other programs, for a page of Markdown. */
#include "json.h"
#include "summary.h"

enum { COLUMNS = 9 };
static const struct Column {
    const char *title, *key, *words;
    bool left;
} columns[COLUMNS] = {
    {"LAYER", "layer", "Layer", true},
    {"OPERATOR", "operator", "Operator", true},
    {"OUTPUT", "output", "Output", true},
    {"KERNEL", "kernel", "Kernel", true},
    {"PARAMETERS", "parameters", "Parameters", false},
    {"MULTIPLY-ADDS", "macs", "Multiply-adds", false},
    {"FIELD", "field", "Field", false},
    {"OUTPUT BYTES", "output_bytes", "Output bytes", false},
    {"WEIGHT BYTES", "weight_bytes", "Weight bytes", false},
};

typedef struct Cells {
    const char *text[COLUMNS];
} Cells;

static Cells row_cells(Arena *arena, const SummaryRow *row, bool commas)
{
    const Figures *f = row->figures;
    return (Cells){{row->label, f->op, f->output, f->kernel,
                    count_text(arena, f->parameters, commas), count_text(arena, f->macs, commas),
                    f->field, count_text(arena, f->activation, commas),
                    count_text(arena, f->weights, commas)}};
}

/* Characters, of which one may have several bytes. */
static int text_width(const char *text)
{
    int width = 0;
    for (; *text; text++) width += (*text & 0xc0) != 0x80;
    return width;
}

/* All rows, labels indented by depth, and the total as the last. */
static Cells *all_cells(Arena *arena, const FigureTable *t, const SummaryRows *rows,
                        const char *indent)
{
    Cells *cells = NEW_ARRAY(arena, Cells, rows->count + 1);
    for (int i = 0; i < rows->count; i++) {
        cells[i] = row_cells(arena, &rows->items[i], true);
        for (int d = 0; d < rows->items[i].depth; d++)
            cells[i].text[0] = arena_format(arena, "%s%s", indent, cells[i].text[0]);
    }
    SummaryRow total = {.label = "total", .figures = &t->total};
    cells[rows->count] = row_cells(arena, &total, true);
    return cells;
}

static void add_line(const Cells *cells, const int *width, Text *out)
{
    for (int c = 0; c < COLUMNS; c++) {
        int gap = width[c] - text_width(cells->text[c]);
        text_add(out, "%s%*s%s", c ? "  " : "", columns[c].left ? 0 : gap, "", cells->text[c]);
        if (columns[c].left) text_add(out, "%*s", gap, "");
    }
    text_add(out, "\n");
}

void summary_table(Arena *arena, const FigureTable *t, const SummaryRows *rows, Text *out)
{
    Cells head, *cells = all_cells(arena, t, rows, "  ");
    int width[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        head.text[c] = columns[c].title;
        width[c] = text_width(head.text[c]);
        for (int i = 0; i <= rows->count; i++)
            width[c] = (int)max64(width[c], text_width(cells[i].text[c]));
    }
    const Graph *g = t->graph;
    text_add(out, "%s", g->name);
    for (int i = 0; i < g->inputs.count; i++)
        text_add(out, "%s%s: %s", i ? ", " : " (", g->inputs.items[i]->name,
                 tensor_type_text(arena, g->inputs.items[i]));
    text_add(out, "%s\n", g->inputs.count ? ")" : "");
    add_line(&head, width, out);
    for (int i = 0; i <= rows->count; i++) add_line(&cells[i], width, out);
}

void summary_csv(Arena *arena, const SummaryRows *rows, Text *out)
{
    for (int c = 0; c < COLUMNS; c++) text_add(out, "%s%s", c ? "," : "", columns[c].key);
    text_add(out, "\n");
    for (int i = 0; i < rows->count; i++) {
        Cells cells = row_cells(arena, &rows->items[i], false);
        for (int c = 0; c < COLUMNS; c++) {
            bool quote = strpbrk(cells.text[c], ",\"\n") != NULL;
            text_add(out, "%s%s", c ? "," : "", quote ? "\"" : "");
            for (const char *p = cells.text[c]; *p; p++)
                text_add(out, *p == '"' ? "\"\"" : "%c", *p);
            text_add(out, "%s", quote ? "\"" : "");
        }
        text_add(out, "\n");
    }
}

/* A table cell: what Markdown would take for markup is escaped. */
static void add_markdown(Text *out, const char *text)
{
    for (; *text; text++)
        text_add(out, *text == '\n' ? " " : strchr("\\`*_[]<>|", *text) ? "\\%c" : "%c", *text);
}

void summary_markdown(Arena *arena, const FigureTable *t, const SummaryRows *rows, Text *out)
{
    Cells *cells = all_cells(arena, t, rows, "\xe2\x80\x83"); /* a space that Markdown keeps */
    for (int c = 0; c < COLUMNS; c++) text_add(out, "| %s ", columns[c].words);
    text_add(out, "|\n");
    for (int c = 0; c < COLUMNS; c++) text_add(out, columns[c].left ? "|---" : "|---:");
    text_add(out, "|\n");
    for (int i = 0; i <= rows->count; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            text_add(out, "| ");
            add_markdown(out, cells[i].text[c]);
            text_add(out, " ");
        }
        text_add(out, "|\n");
    }
}

/* ---- JSON ---- */

static void add_json_figures(const Figures *f, Text *out)
{
    text_add(out,
             "\"parameters\": %lld, \"macs\": %lld, \"output_bytes\": %lld, "
             "\"weight_bytes\": %lld}",
             (long long)f->parameters, (long long)f->macs, (long long)f->activation,
             (long long)f->weights);
}

static void add_json_text(const char *key, const char *value, Text *out)
{
    text_add(out, "\"%s\": ", key);
    json_quote(out, value);
    text_add(out, ", ");
}

static void add_json_row(const char *key, const char *path, const Figures *f, Text *out)
{
    add_json_text(key, path, out);
    if (*f->op) add_json_text("operator", f->op, out);
    add_json_text("output", f->output, out);
    if (*f->op) add_json_text("kernel", f->kernel, out);
    add_json_text("field", f->field, out);
    add_json_figures(f, out);
}

void summary_json(const FigureTable *t, Text *out)
{
    text_add(out, "{\"name\": ");
    json_quote(out, t->graph->name);
    text_add(out, ",\n \"layers\": [");
    for (int i = 0; i < t->nodes.count; i++) {
        text_add(out, "%s\n  {", i ? "," : "");
        add_json_row("layer", t->nodes.items[i]->name, &t->layers[i], out);
    }
    text_add(out, "],\n \"instances\": [");
    for (int i = 0, n = 0; i < t->instances.count; i++) {
        if (t->instances.items[i]->node) continue;
        text_add(out, "%s\n  {", n++ ? "," : "");
        add_json_row("instance", t->instances.items[i]->path, &t->of_instances[i], out);
    }
    text_add(out, "],\n \"total\": {");
    add_json_figures(&t->total, out);
    text_add(out, "}\n");
}
