/*
 * In: an inferred graph. Out: .net text with layers, blocks and repeats. The text is read again at
 * once and compared node by node (print_check.c): that shows which weight has which instance path,
 * and that nothing was lost.
 */
#include "print_structure.h"

#include "format_net.h"
#include "op.h"
#include "optimise.h"
#include "print_call.h"
#include "print_check.h"
#include "print_net.h"

/* ---- before ---- */

static bool is_known(const Tensor *t) { return t->kind == TENSOR_PARAM || t->kind == TENSOR_CONST; }

/* Exporters write weights that are equal once, and copies by Identity: a layer has weights of its
 * own. */
static void copy_weights(Graph *g)
{
    bool *drop = NEW_ARRAY(g->arena, bool, g->nodes.count + 1);
    for (int i = 0; i < g->nodes.count; i++) {
        const Node *n = g->nodes.items[i];
        if (!is_op(n, "Identity") || !is_known(n->inputs[0]) || graph_is_output(g, n->outputs[0]))
            continue;
        Tensor *to = n->outputs[0];
        const Tensor *from = n->inputs[0];
        to->kind = from->kind, to->data = from->data, to->trainable = from->trainable;
        to->producer = NULL;
        drop[i] = true;
    }
    graph_remove_nodes(g, drop);
}

static bool can_say(const Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++)
        for (int a = 0; a < g->nodes.items[i]->attr_count; a++)
            if (g->nodes.items[i]->attrs[a].kind == ATTR_GRAPH) return false;
    for (int i = 0; i < g->tensors.count; i++) {
        const Tensor *t = g->tensors.items[i];
        if (is_known(t) && !safetensors_dtype(t->dtype) && !print_is_short(t)) return false;
    }
    return true;
}

/* ---- text ---- */

static void put_block(const CallMaker *m, const PrintBlock *block, Text *out)
{
    static const char *const types[] = {"", ": int", ": float", ": list", ": bool"};
    text_add(out, "\nblock %s(", block->name);
    for (int i = 0; i < block->inputs.count; i++)
        text_add(out, "%s%s", i ? ", " : "", print_input_name(m->arena, i));
    for (int i = 0; i < block->params.count; i++) {
        const PrintParam *p = &block->params.items[i];
        text_add(out, ", %s%s", p->name, types[p->type]);
        if (p->otherwise) text_add(out, " = %s", p->otherwise);
    }
    text_add(out, ") {\n");
    print_body(m, &block->calls, &block->inputs, &block->outputs, block, out);
    text_add(out, "}\n");
}

static void put_constant(const CallMaker *m, const Tensor *t, PrintTensors *inputs, Text *out)
{
    text_add(out, "    %s ", t->kind == TENSOR_PARAM && t->trainable ? "param" : "const");
    print_name(out, t->name);
    text_add(out, ": ");
    print_type(out, t->dtype, t->rank, t->dims);
    if (print_is_short(t)) {
        text_add(out, " = ");
        print_elements(out, t, 8);
    }
    text_add(out, "\n");
    LIST_PUSH(m->arena, inputs, t);
}

/* Constants that several calls read, or that are outputs, stand at the top of the net. */
static void put_shared(const CallMaker *m, const PrintCalls *calls, PrintTensors *inputs, Text *out)
{
    const Graph *g = m->graph;
    bool *stated = NEW_ARRAY(m->arena, bool, g->tensors.count + 1);
    for (int i = 0; i < calls->count; i++)
        for (int k = 0; k < calls->items[i]->inputs.count; k++)
            stated[calls->items[i]->inputs.items[k]->id] = true;
    for (int i = 0; i < g->outputs.count; i++) stated[g->outputs.items[i]->id] = true;
    for (int i = 0; i < g->tensors.count; i++)
        if (stated[i] && is_known(g->tensors.items[i]))
            put_constant(m, g->tensors.items[i], inputs, out);
}

static void put_net(const CallMaker *m, const PrintCalls *calls, Text *out)
{
    const Graph *g = m->graph;
    PrintTensors inputs = {0}, outputs = {0};
    for (int i = 0; i < g->inputs.count; i++) LIST_PUSH(m->arena, &inputs, g->inputs.items[i]);
    for (int i = 0; i < g->outputs.count; i++) LIST_PUSH(m->arena, &outputs, g->outputs.items[i]);
    text_add(out, "\nnet ");
    print_name(out, g->name);
    print_net_signature(g, out);
    text_add(out, " {\n");
    put_shared(m, calls, &inputs, out);
    print_body(m, calls, &inputs, &outputs, NULL, out);
    text_add(out, "}\n");
}

static void put_blocks_and_net(const CallMaker *m, Text *out)
{
    PrintCalls calls = {0};
    PrintBlocks blocks = {0};
    print_calls(m, &calls);
    print_group(m, &calls, &blocks);
    for (int i = 0; i < blocks.count; i++) put_block(m, blocks.items[i], out);
    put_net(m, &calls, out);
}

/* As netc fmt has it. */
static bool lay_out(const Graph *g, Text *text)
{
    Text formatted = {0};
    const File file = {"printed.net", (const uint8_t *)text->data, text->length};
    bool good = format_net(g->arena, &file, &formatted, diags_new(g->arena));
    text_free(text);
    *text = formatted;
    return good;
}

bool print_structure(Graph *g, const char *weights_file, PrintedNet *out)
{
    Text body = {0};
    Arena *scratch = arena_new();
    copy_weights(g);
    dead_remove(g);
    CallMaker m = {.arena = scratch, .graph = g, .uses = graph_uses(g)};
    *out = (PrintedNet){0};
    bool good = can_say(g);
    if (good) {
        text_add(&body, "opset %d\n", g->opset);
        size_t head = body.length;
        put_blocks_and_net(&m, &body);
        good = print_check(g, &body, out);
        text_put(&out->text, body.data, head);
        if (good && weights_file && (out->weights.count || out->names.count)) {
            text_add(&out->text, "weights ");
            print_string(&out->text, (String){weights_file, strlen(weights_file)});
            text_add(&out->text, "\n");
        }
        text_put(&out->text, body.data + head, body.length - head);
        good = good && lay_out(g, &out->text);
        text_free(&body);
    }
    arena_free(scratch);
    if (!good) text_free(&out->text);
    return good;
}
