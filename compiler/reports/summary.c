/*
 * netc summary: a row for each layer of an inferred graph, and the totals. Nothing is optimised
 * away before: the table shows the network as it was written. Nodes that compute only constants,
 * and mere names, are left out.
 */
#include "commands.h"
#include "op.h"
#include "receptive_field.h"

#include <stdlib.h>

typedef struct Row {
    const char *layer, *op, *output, *field;
    int64_t parameters, macs, activation, weights;
} Row;

typedef struct Summary {
    LIST(Row) rows;
    Row total;
} Summary;

static int64_t tensor_size(const Tensor *t)
{
    return (int64_t)dtype_bytes(t->dtype, tensor_elements(t));
}

/* Parameters and their bytes; those that an earlier layer shares count there. */
static void add_parameters(const Node *node, bool *counted, Row *row)
{
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *t = node->inputs[i];
        if (!t || t->kind != TENSOR_PARAM || counted[t->id]) continue;
        counted[t->id] = true;
        if (t->trainable) row->parameters += tensor_elements(t);
        row->weights += tensor_size(t);
    }
}

/* Constants, and names: an Identity is no layer. */
static bool left_out(const Node *node)
{
    if (strcmp(node->op_type, "Identity") == 0) return true;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] && !tensor_is_const(node->outputs[i])) return false;
    return true;
}

static Row make_row(Arena *arena, const Node *node, bool *counted, const Field *fields)
{
    Row row = {.layer = node->name, .op = node->op_type, .output = "-", .field = "-"};
    for (int i = node->output_count - 1; i >= 0; i--) {
        const Tensor *t = node->outputs[i];
        if (!t) continue;
        row.activation += tensor_size(t);
        row.output = dims_text(arena, t->dims, t->rank);
        row.field = field_text(arena, &fields[t->id]);
    }
    if (node->op && node->op->macs) row.macs = node->op->macs(node);
    add_parameters(node, counted, &row);
    return row;
}

static Summary summarise(Arena *arena, const Graph *g)
{
    Summary s = {.total = {.layer = "total", .op = "", .output = "", .field = ""}};
    bool *counted = NEW_ARRAY(arena, bool, g->tensors.count + 1);
    const Field *fields = receptive_fields(arena, g);
    for (int i = 0; i < g->nodes.count; i++) {
        if (left_out(g->nodes.items[i])) continue;
        Row row = make_row(arena, g->nodes.items[i], counted, fields);
        LIST_PUSH(arena, &s.rows, row);
        s.total.parameters += row.parameters;
        s.total.macs += row.macs;
        s.total.activation += row.activation;
        s.total.weights += row.weights;
    }
    return s;
}

/* ---- the table ---- */

enum { COLUMNS = 8 };
static const char *const titles[COLUMNS] = {"LAYER",        "OPERATOR",      "OUTPUT",
                                            "PARAMETERS",   "MULTIPLY-ADDS", "FIELD",
                                            "OUTPUT BYTES", "WEIGHT BYTES"};
static const bool left_aligned[COLUMNS] = {true, true, true};

/* 62,378,344 */
static const char *number_text(Arena *arena, int64_t value, bool commas)
{
    const char *text = "";
    for (; commas && value >= 1000; value /= 1000)
        text = arena_format(arena, ",%03d%s", (int)(value % 1000), text);
    return arena_format(arena, "%lld%s", (long long)value, text);
}

static void row_cells(Arena *arena, const Row *row, bool commas, const char *cells[COLUMNS])
{
    cells[0] = row->layer;
    cells[1] = row->op;
    cells[2] = row->output;
    cells[3] = number_text(arena, row->parameters, commas);
    cells[4] = number_text(arena, row->macs, commas);
    cells[5] = row->field;
    cells[6] = number_text(arena, row->activation, commas);
    cells[7] = number_text(arena, row->weights, commas);
}

static void print_cells(const char *const cells[COLUMNS], const int width[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++)
        printf("%s%*s", c ? "  " : "", left_aligned[c] ? -width[c] : width[c], cells[c]);
    printf("\n");
}

static void print_table(Arena *arena, const Graph *g, const Summary *s)
{
    const char *cells[COLUMNS];
    int width[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) width[c] = (int)strlen(titles[c]);
    for (int i = 0; i <= s->rows.count; i++) {
        row_cells(arena, i < s->rows.count ? &s->rows.items[i] : &s->total, true, cells);
        for (int c = 0; c < COLUMNS; c++)
            if ((int)strlen(cells[c]) > width[c]) width[c] = (int)strlen(cells[c]);
    }
    printf("%s", g->name);
    for (int i = 0; i < g->inputs.count; i++)
        printf("%s%s: %s", i ? ", " : " (", g->inputs.items[i]->name,
               tensor_type_text(arena, g->inputs.items[i]));
    printf("%s\n", g->inputs.count ? ")" : "");
    print_cells(titles, width);
    for (int i = 0; i <= s->rows.count; i++) {
        row_cells(arena, i < s->rows.count ? &s->rows.items[i] : &s->total, true, cells);
        print_cells(cells, width);
    }
}

/* ---- for other programs ---- */

static void print_csv(Arena *arena, const Summary *s)
{
    printf("layer,operator,output,parameters,macs,field,output_bytes,weight_bytes\n");
    for (int i = 0; i < s->rows.count; i++) {
        const char *cells[COLUMNS];
        row_cells(arena, &s->rows.items[i], false, cells);
        for (int c = 0; c < COLUMNS; c++) {
            bool quote = strpbrk(cells[c], ",\"\n") != NULL;
            printf("%s%s", c ? "," : "", quote ? "\"" : "");
            for (const char *p = cells[c]; *p; p++) printf(*p == '"' ? "\"\"" : "%c", *p);
            printf("%s", quote ? "\"" : "");
        }
        printf("\n");
    }
}

static void print_json_string(const char *text)
{
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        printf(*p == '"' || *p == '\\' ? "\\%c" : *p < 0x20 ? "\\u%04x" : "%c", *p);
    putchar('"');
}

static void print_json_numbers(const Row *r)
{
    printf("\"parameters\": %lld, \"macs\": %lld, \"output_bytes\": %lld, \"weight_bytes\": %lld}",
           (long long)r->parameters, (long long)r->macs, (long long)r->activation,
           (long long)r->weights);
}

static void print_json(const Graph *g, const Summary *s)
{
    printf("{\"name\": ");
    print_json_string(g->name);
    printf(",\n \"layers\": [");
    for (int i = 0; i < s->rows.count; i++) {
        const Row *r = &s->rows.items[i];
        const struct {
            const char *key, *value;
        } texts[] = {
            {"layer", r->layer}, {"operator", r->op}, {"output", r->output}, {"field", r->field}};
        printf("%s\n  {", i ? "," : "");
        for (size_t k = 0; k < COUNT(texts); k++) {
            printf("\"%s\": ", texts[k].key);
            print_json_string(texts[k].value);
            printf(", ");
        }
        print_json_numbers(r);
    }
    printf("],\n \"total\": {");
    print_json_numbers(&s->total);
    printf("}\n");
}

static int summary(Job *job)
{
    Summary s = summarise(job->arena, job->graph);
    if (job->options->json)
        print_json(job->graph, &s);
    else if (job->options->csv)
        print_csv(job->arena, &s);
    else
        print_table(job->arena, job->graph, &s);
    return EXIT_DONE;
}

const Command command_summary = {
    .name = "summary",
    .operands = "FILE",
    .title = "Tabulates a network's layers, parameters and multiply-adds",
    .help = "PARAMETERS counts what is learned (not running statistics). FIELD is the\n"
            "receptive field: how much of the input, along each spatial dimension, one\n"
            "element of the output can depend on; `all` where it depends on everything.\n"
            "WEIGHT BYTES include running statistics.\n",
    .least = 1,
    .most = 1,
    .groups = GROUP_MODEL | GROUP_WEIGHTS | GROUP_JSON | GROUP_CSV,
    .needs = STAGE_INFERRED,
    .run = summary,
};
