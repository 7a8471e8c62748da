/*
 * In: the nodes of a graph. Out: the call that each becomes in the text: a layer where there is one
 * that makes just this node with its weights (print_layer.c), arithmetic, else the operator with
 * its attributes.
 */
#include "print_call.h"

#include "op.h"
#include "optimise.h"
#include "print_net.h"
#include "read_net_ast.h"

#include <ctype.h>

enum { LITERAL = 32 /* elements of a constant that are written where it is read */ };

/* ---- arguments ---- */

static PrintArg *add_arg(const CallMaker *m, PrintCall *c, PrintArg arg)
{
    LIST_PUSH(m->arena, &c->args, arg);
    return &c->args.items[c->args.count - 1];
}

void call_value(const CallMaker *m, PrintCall *c, const char *name, const Tensor *t)
{
    add_arg(m, c, (PrintArg){.name = name, .given = GIVEN_VALUE, .input = c->inputs.count});
    LIST_PUSH(m->arena, &c->inputs, t);
}

PrintArg *call_text(const CallMaker *m, PrintCall *c, const char *name, TextType type,
                    const char *text)
{
    return add_arg(m, c, (PrintArg){.name = name, .given = GIVEN_TEXT, .type = type, .text = text});
}

void call_int(const CallMaker *m, PrintCall *c, const char *name, int64_t value,
              const char *otherwise)
{
    PrintArg *arg =
        call_text(m, c, name, TEXT_INT, arena_format(m->arena, "%lld", (long long)value));
    arg->number = value;
    arg->otherwise = otherwise;
}

static const char *keep(const CallMaker *m, Text *text)
{
    const char *copy = arena_string(m->arena, text->data);
    text_free(text);
    return copy;
}

void call_float(const CallMaker *m, PrintCall *c, const char *name, double value,
                const char *otherwise)
{
    Text text = {0};
    print_float(&text, DT_F32, value);
    call_text(m, c, name, TEXT_FLOAT, keep(m, &text))->otherwise = otherwise;
}

void call_ints(const CallMaker *m, PrintCall *c, const char *name, const int64_t *values, int count,
               const char *otherwise)
{
    bool same = count > 0;
    for (int i = 1; i < count; i++) same = same && values[i] == values[0];
    if (same) {
        call_int(m, c, name, values[0], otherwise);
        return;
    }
    Text text = {0};
    text_add(&text, "[");
    for (int i = 0; i < count; i++) text_add(&text, "%s%lld", i ? ", " : "", (long long)values[i]);
    text_add(&text, "]");
    call_text(m, c, name, TEXT_LIST, keep(m, &text))->otherwise = otherwise;
}

void call_bool(const CallMaker *m, PrintCall *c, const char *name, bool value, bool otherwise)
{
    call_text(m, c, name, TEXT_BOOL, value ? "true" : "false")->otherwise =
        otherwise ? "true" : "false";
}

/* ---- operands ---- */

static bool is_known(const Tensor *t) { return t->kind == TENSOR_PARAM || t->kind == TENSOR_CONST; }

bool print_is_short(const Tensor *t) { return t->data && tensor_elements(t) <= LITERAL; }

static bool is_literal(const Tensor *t) { return print_is_short(t) && !t->trainable; }

bool print_is_shared(const CallMaker *m, const Tensor *t)
{
    return is_known(t) && m->uses[t->id] > 1;
}

static void add_weight(const CallMaker *m, PrintCall *c, const Tensor *t)
{
    add_arg(m, c, (PrintArg){.given = GIVEN_WEIGHT, .weight = t});
    for (int i = 0; i < t->rank; i++)
        add_arg(m, c,
                (PrintArg){.given = GIVEN_DIM,
                           .type = TEXT_INT,
                           .number = t->dims[i],
                           .text = arena_format(m->arena, "%lld", (long long)t->dims[i])});
}

static void add_literal(const CallMaker *m, PrintCall *c, const Tensor *t)
{
    Text text = {0};
    print_type(&text, t->dtype, t->rank, t->dims);
    text_add(&text, " ");
    print_elements(&text, t, 8);
    call_text(m, c, NULL, TEXT_OTHER, keep(m, &text));
}

static void add_operand(const CallMaker *m, PrintCall *c, const Tensor *t)
{
    if (!t)
        add_arg(m, c, (PrintArg){.given = GIVEN_NOTHING});
    else if (!is_known(t) || print_is_shared(m, t))
        call_value(m, c, NULL, t);
    else if (is_literal(t))
        add_literal(m, c, t);
    else
        add_weight(m, c, t);
}

/* ---- arithmetic ---- */

/* A number beside a tensor becomes a scalar of its type. */
static bool is_number(const Tensor *t, const Tensor *beside)
{
    bool plain = t->dtype == DT_F32 || t->dtype == DT_I64 || t->dtype == DT_I32;
    return plain && t->rank == 0 && is_literal(t) && t->dtype == beside->dtype;
}

static void add_arith_operand(const CallMaker *m, PrintCall *c, const Tensor *t,
                              const Tensor *beside)
{
    if (is_known(t) && !print_is_shared(m, t) && is_number(t, beside)) {
        Text text = {0};
        print_elements(&text, t, 0);
        call_text(m, c, NULL, t->dtype == DT_F32 ? TEXT_FLOAT : TEXT_OTHER, keep(m, &text));
    } else {
        add_operand(m, c, t);
    }
}

static bool arith(const CallMaker *m, const Node *n, PrintCall *c)
{
    static const struct {
        const char *op_type, *sign;
    } signs[] = {{"Add", "+"}, {"Sub", "-"}, {"Mul", "*"}, {"Div", "/"}};
    for (size_t i = 0; i < COUNT(signs); i++) {
        bool same =
            is_op(n, signs[i].op_type) && n->version == (m->graph->opset > 7 ? m->graph->opset : 7);
        if (!same || n->attr_count) continue;
        const Tensor *a = n->inputs[0], *b = n->inputs[1];
        if (is_known(a) && is_known(b)) return false;
        c->kind = CALL_ARITH;
        c->callee = signs[i].sign;
        add_arith_operand(m, c, a, b);
        add_arith_operand(m, c, b, a);
        return true;
    }
    return false;
}

/* ---- operators ---- */

static const char *callee(const CallMaker *m, const Node *n)
{
    Text text = {0};
    bool plain = isupper((unsigned char)*n->op_type) && net_is_plain_name(n->op_type);
    if (*n->domain || !plain) {
        print_string(&text, (String){n->domain, strlen(n->domain)});
        text_add(&text, "::");
    }
    print_name(&text, n->op_type);
    if (*n->domain || n->version != m->graph->opset) text_add(&text, "@%d", n->version);
    return keep(m, &text);
}

static void add_attr(const CallMaker *m, PrintCall *c, const Attr *a)
{
    Text text = {0}, name = {0};
    print_name(&name, a->name);
    print_attr_value(&text, a, 8);
    TextType type = a->kind == ATTR_INT                              ? TEXT_INT
                    : a->kind == ATTR_FLOAT                          ? TEXT_FLOAT
                    : a->kind == ATTR_INTS || a->kind == ATTR_FLOATS ? TEXT_LIST
                                                                     : TEXT_OTHER;
    call_text(m, c, keep(m, &name), type, keep(m, &text))->number = a->i;
}

static void operator(const CallMaker *m, const Node *n, PrintCall *c)
{
    c->kind = CALL_OPERATOR;
    c->callee = callee(m, n);
    for (int i = 0; i < n->input_count; i++) add_operand(m, c, n->inputs[i]);
    for (int i = 0; i < n->attr_count; i++) add_attr(m, c, &n->attrs[i]);
}

static PrintCall *node_call(const CallMaker *m, int at, int *count)
{
    const Node *n = m->graph->nodes.items[at];
    PrintCall *c = NEW(m->arena, PrintCall);
    *count = print_layer(m, at, c);
    if (!*count) {
        *c = (PrintCall){0};
        *count = 1;
        if (!arith(m, n, c)) operator(m, n, c);
    }
    const Node *last = m->graph->nodes.items[at + *count - 1];
    const Tensor **outputs = NEW_ARRAY(m->arena, const Tensor *, last->output_count);
    for (int i = 0; i < last->output_count; i++)
        outputs[i] = last->outputs[i] && m->uses[last->outputs[i]->id] ? last->outputs[i] : NULL;
    c->outputs = outputs;
    c->output_count = last->output_count;
    c->scope = last->name;
    return c;
}

void print_calls(const CallMaker *m, PrintCalls *calls)
{
    for (int at = 0, count; at < m->graph->nodes.count; at += count)
        LIST_PUSH(m->arena, calls, node_call(m, at, &count));
}
