/*
 * A Loop whose number of runs only a run knows, as a control step. Comes in: the node, with its
 * body inferred (ops/loop.c). Goes out: definitions that set up the state, the step that repeats
 * the body's definitions, calls that hand the state on, and what the node's outputs are then.
 *
 *     i = 0; state = initial; active = condition && 0 < trips
 *     while (active) { the body; collected[i] = ...; i = i + 1; active = ... && i < trips; state =
 * next }
 *
 * State is written by calls alone, and after all of the body, so that the passes over definitions
 * need to know nothing of it but that no work moves into a loop.
 */
#include "program.h"

#include "op.h"

enum { BEFORE = 2 }; /* inputs of node and body before the states: trips or number, condition */

typedef struct LoopCode {
    Program *p;
    Definer d;
    const Node *node;
    const Graph *body;
    int states, scans;
    Tensor *number, *active; /* of the run */
} LoopCode;

/* ---- the body's tensors become the program's ---- */

static void move_tensor(Graph *g, Tensor *t)
{
    t->name = graph_unique_name(g, t->name);
    t->id = g->tensors.count;
    LIST_PUSH(g->arena, &g->tensors, t);
    map_set(g->by_name, t->name, t);
    if (t->kind == TENSOR_INPUT) t->kind = TENSOR_VALUE;
}

/* The body is asked only where the condition holds. */
static void set_condition(Graph *g, Tensor *t)
{
    static const bool holds = true;
    t->data = arena_copy(g->arena, &holds, sizeof holds);
    t->kind = TENSOR_CONST;
}

/* ---- definitions ---- */

static void push_all(LoopCode *c)
{
    for (int i = 0; i < c->d.definitions.count; i++)
        LIST_PUSH(c->p->arena, &c->p->definitions, c->d.definitions.items[i]);
    c->d.definitions.count = 0;
}

static void push_control(LoopCode *c, ControlKind kind)
{
    Call *call = NEW(c->p->arena, Call);
    call->kind = kind;
    if (kind == CONTROL_LOOP) {
        call->read_count = 1;
        call->reads = NEW(c->p->arena, Tensor *);
        call->reads[0] = c->active;
    }
    Tensor *none = define_temporary(&c->d, "control", DT_I64, 0, NULL);
    define_tensor(&c->d, none, NULL, ex_int(c->p->pool, 0));
    c->d.definitions.items[c->d.definitions.count - 1]->call = call;
    push_all(c);
}

static int64_t bytes_of(const Tensor *t)
{
    return (int64_t)array_bytes((size_t)tensor_elements(t), dtype_bytes(t->dtype, 1));
}

static void copy(LoopCode *c, Tensor *from, Tensor *to)
{
    if (from == to || tensor_elements(to) == 0) return;
    define_call(&c->d, "netc_copy", CALL_TENSORS(from), CALL_TENSORS(to),
                CALL_NUMBERS(bytes_of(to)));
}

/* The only element of t, whatever its rank. */
static Expr *number_of(LoopCode *c, Tensor *t)
{
    Expr *zero[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++) zero[i] = ex_int(c->p->pool, 0);
    if (t->data && t->dtype == DT_BOOL)
        return ex_int_of(c->p->pool, DT_BOOL, dtype_get_int(DT_BOOL, t->data, 0));
    return t->data ? ex_int(c->p->pool, dtype_get_int(t->dtype, t->data, 0))
                   : ex_load(c->p->pool, t, zero);
}

static Tensor *define_scalar(LoopCode *c, const char *suffix, Expr *value)
{
    Tensor *t = define_temporary(&c->d, suffix, value->dtype, 0, NULL);
    define_tensor(&c->d, t, NULL, value);
    return t;
}

/* condition && number < trips, each where there is one. */
static Expr *goes_on(LoopCode *c, Tensor *condition, Expr *number)
{
    Pool *p = c->p->pool;
    Tensor *trips = node_input(c->node, 0);
    Expr *result = condition ? number_of(c, condition) : ex_int_of(p, DT_BOOL, 1);
    if (trips) result = ex_and(p, result, ex_lt(p, number, number_of(c, trips)));
    return result;
}

static void set_up(LoopCode *c)
{
    const Node *n = c->node;
    Pool *p = c->p->pool;
    copy(c, define_scalar(c, "first", ex_int(p, 0)), c->number);
    Expr *starts = goes_on(c, node_input(n, 1), ex_int(p, 0));
    copy(c, define_scalar(c, "starts", starts), c->active);
    for (int i = 0; i < c->states; i++)
        copy(c, n->inputs[BEFORE + i], c->body->inputs.items[BEFORE + i]);
    for (int k = 0; k < c->scans; k++) {
        Tensor *all = node_output(n, c->states + k);
        if (all && tensor_elements(all))
            define_call(&c->d, "netc_clear", NULL, 0, CALL_TENSORS(all),
                        CALL_NUMBERS(bytes_of(all)));
    }
    push_all(c);
}

/* First all that is next is put aside, for it may be another state or part of one. */
static void hand_on(LoopCode *c)
{
    Pool *p = c->p->pool;
    Graph *g = c->p->graph;
    const Tensor *trips = node_input(c->node, 0);
    bool bounded = trips && trips->data && dtype_get_int(trips->dtype, trips->data, 0) != INT64_MAX;
    Tensor **next = NEW_ARRAY(g->arena, Tensor *, c->states + 1);
    for (int k = 0; k < c->scans; k++) {
        Tensor *all = node_output(c->node, c->states + k),
               *x = c->body->outputs.items[1 + c->states + k];
        if (all && bounded && tensor_elements(all))
            define_call(&c->d, "netc_append", CALL_TENSORS(x, c->number), CALL_TENSORS(all),
                        CALL_NUMBERS(bytes_of(x)));
        else if (all && !bounded)
            define_call(&c->d, "netc_append_within", CALL_TENSORS(x, c->number), CALL_TENSORS(all),
                        CALL_NUMBERS(bytes_of(x), all->dims[0]));
    }
    for (int i = 0; i < c->states; i++) {
        Tensor *x = c->body->outputs.items[1 + i];
        next[i] = define_temporary(&c->d, "next", x->dtype, x->rank, x->dims);
        copy(c, x, next[i]);
    }
    Expr *number = ex_add(p, ex_load(p, c->number, NULL), ex_int(p, 1));
    Tensor *later = define_scalar(c, "later", number);
    Tensor *stays = define_scalar(c, "stays", goes_on(c, c->body->outputs.items[0], number));
    copy(c, later, c->number);
    copy(c, stays, c->active);
    for (int i = 0; i < c->states; i++) copy(c, next[i], c->body->inputs.items[BEFORE + i]);
    push_all(c);
}

/* An output is what the state was at the end. */
static void give(LoopCode *c, Tensor *out, Tensor *state)
{
    if (!out || tensor_elements(out) == 0) return;
    Var **vars = define_indices(&c->d, out->rank, out->dims);
    define_tensor(&c->d, out, vars,
                  ex_load(c->p->pool, state, define_index_exprs(&c->d, vars, out->rank)));
}

void lower_loop(Program *p, const Node *n, Diags *diags)
{
    const Graph *body = node_attr(n, "body")->graph;
    LoopCode c = {
        .p = p, .d = {.pool = p->pool, .graph = p->graph, .node = n}, .node = n, .body = body};
    c.states = body->inputs.count - BEFORE;
    c.scans = body->outputs.count - 1 - c.states;
    lower_check_parameters(body, diags);
    for (int i = 0; i < body->tensors.count; i++) move_tensor(p->graph, body->tensors.items[i]);
    c.number = body->inputs.items[0];
    c.active = define_temporary(&c.d, "active", DT_BOOL, 0, NULL);
    set_condition(p->graph, body->inputs.items[1]);
    set_up(&c);
    push_control(&c, CONTROL_LOOP);
    for (int i = 0; i < body->nodes.count; i++) {
        body->nodes.items[i]->id = n->id; /* reports count them as the loop's */
        lower_node(p, body->nodes.items[i], diags);
    }
    hand_on(&c);
    push_control(&c, CONTROL_END);
    for (int i = 0; i < c.states; i++) give(&c, node_output(n, i), body->inputs.items[BEFORE + i]);
    give(&c, node_output(n, c.states + c.scans), c.number);
    push_all(&c);
}
