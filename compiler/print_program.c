/* --emit program and --emit plan: the Program for people to read. */
#include "calls.h"
#include "program.h"

static void print_buffer(const Program *p, const Buffer *b, Text *out)
{
    static const char *const kinds[] = {"input", "output", "constant", "work", "local"};
    const Layout *l = &b->layout;
    text_add(out, "buffer %s: %s %s", b->name, kinds[b->kind],
             tensor_type_text(p->arena, b->tensor));
    if (l->block_dim >= 0)
        text_add(out, ", dimension %d in blocks of %lld", l->block_dim, (long long)l->block);
    for (int d = 0; d < l->rank; d++)
        if (l->before[d] || l->after[d])
            text_add(out, ", halo %lld+%lld in dimension %d", (long long)l->before[d],
                     (long long)l->after[d], d);
    if (b->packing)
        text_add(out, ", packed %s",
                 dims_text(p->arena, l->rank ? (int64_t[]){b->elements} : NULL, l->rank ? 1 : 0));
    if (b->dtype != b->tensor->dtype) text_add(out, ", as %s", dtype_name(b->dtype));
    if (b->parent)
        text_add(out, ", view of %s from element %lld", b->parent->name, (long long)b->first);
    text_add(out, ", %zu bytes\n", buffer_bytes(b));
}

static void print_call(const Call *c, Text *out)
{
    text_add(out, "%s(", c->function->name);
    for (int i = 0; i < c->read_count; i++) text_add(out, "%s%s", i ? ", " : "", c->reads[i]->name);
    for (int i = 0; i < c->write_count; i++)
        text_add(out, "%s-> %s", i || c->read_count ? ", " : "", c->writes[i]->name);
    for (int i = 0; i < c->number_count; i++) text_add(out, ", %lld", (long long)c->numbers[i]);
    text_add(out, ")");
}

static void print_loop(const Stmt *s, Text *out)
{
    text_add(out, "%s %s in ", s->loop == LOOP_UNROLLED ? "unrolled" : "for", s->var->name);
    if (s->from) {
        ex_print(s->from, out);
        text_add(out, "..");
        ex_print(s->to, out);
    } else {
        text_add(out, "%lld..%lld", (long long)s->var->lo, (long long)s->var->hi);
    }
}

static void print_store(const Stmt *s, Text *out)
{
    text_add(out, "%s[", s->buffer->name);
    ex_print(s->offset, out);
    text_add(out, "] = ");
    ex_print(s->value, out);
    if (s->value->lanes > 1)
        text_add(out, " (%lld of %d lanes, %lld apart)", (long long)s->count, s->value->lanes,
                 (long long)s->stride);
}

static void print_statement(const Stmt *s, Text *out)
{
    switch (s->kind) {
    case ST_LOOP: print_loop(s, out); break;
    case ST_SET: text_add(out, "%s = ", s->reg->name), ex_print(s->value, out); break;
    case ST_STORE: print_store(s, out); break;
    case ST_IF: text_add(out, "if "), ex_print(s->value, out); break;
    case ST_POINT:
        text_add(out, "%s = %s + ", s->alias->name, s->buffer->name), ex_print(s->offset, out);
        break;
    case ST_PIN: text_add(out, "pin %s", s->alias->name); break;
    case ST_PREFETCH:
        text_add(out, "prefetch %lld lines of %s from ", (long long)s->count, s->buffer->name);
        ex_print(s->offset, out);
        break;
    case ST_ZERO:
        text_add(out, "zero %lld elements of %s from ", (long long)s->count, s->buffer->name);
        ex_print(s->offset, out);
        break;
    case ST_CALL: print_call(s->call, out); break;
    }
}

static void print_statements(const Stmt *s, int depth, Text *out)
{
    for (; s; s = s->next) {
        text_add(out, "%*s", 2 * depth, "");
        print_statement(s, out);
        text_add(out, "\n");
        print_statements(s->body, depth + 1, out);
    }
}

static void print_kernel(const Program *p, const Kernel *k, Text *out)
{
    if (k->control != CONTROL_NONE) {
        text_add(out, k->control == CONTROL_END ? "\nend of %s\n" : "\nwhile %s: %s\n",
                 k->control == CONTROL_END ? k->title : k->reads.items[0]->name, k->title);
        return;
    }
    text_add(out, "\nkernel %s (%s)", k->name, k->schedule);
    for (int i = 0; i < k->nodes.count; i++)
        text_add(out, "%s %s", i ? " +" : ":", k->nodes.items[i]->name);
    if (k->macs) text_add(out, ", %lld multiply-adds", (long long)k->macs);
    text_add(out, "\n");
    if (k->definition && !k->definition->call) {
        const Definition *d = k->definition;
        text_add(out, "  # %s[", d->out->name);
        for (int i = 0; i < d->out->rank; i++)
            text_add(out, "%s%s", i ? ", " : "", d->index[i]->name);
        text_add(out, "] = ");
        ex_print(d->body, out);
        text_add(out, "   %s\n", tensor_type_text(p->arena, d->out));
    }
    print_statements(k->body, 1, out);
}

void print_program(const Program *p, Text *out)
{
    text_add(out, "program %s for %s: %d kernels\n", p->graph->name, p->target->name,
             p->kernels.count);
    for (int i = 0; i < p->buffers.count; i++) print_buffer(p, p->buffers.items[i], out);
    for (int i = 0; i < p->kernels.count; i++) print_kernel(p, p->kernels.items[i], out);
}

void print_plan(const Program *p, Text *out)
{
    text_add(out, "workspace %zu bytes, lower bound %zu (%.1f %% above)\nweights %zu bytes\n\n",
             p->workspace_bytes, p->lower_bound,
             p->lower_bound ? 100.0 * ((double)p->workspace_bytes / (double)p->lower_bound - 1)
                            : 0.0,
             p->weight_bytes);
    text_add(out, "%12s %12s  %-9s %s\n", "offset", "bytes", "kernels", "buffer");
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        if (b->kind != BUFFER_WORK || b->parent) continue;
        text_add(out, "%12zu %12zu  %3d - %-3d %s\n", b->offset, buffer_bytes(b), b->first_use,
                 b->last_use, b->name);
    }
}
