/* The facts of a report as JSON. Names may be any bytes: what is not UTF-8, and what would end a
 * <script>, is escaped. */
#include "cost.h"
#include "diag_record.h"
#include "json.h"
#include "report.h"
#include "work.h"

#include <math.h>

/* ---- members: each with the comma before the next ---- */

static void add_text(Text *out, const char *key, const char *value)
{
    text_add(out, "\"%s\":", key);
    json_quote(out, value);
    text_add(out, ",");
}

static void add_number(Text *out, const char *key, double value)
{
    text_add(out, "\"%s\":%.*g,", key, value == floor(value) && fabs(value) < 1e15 ? 15 : 9, value);
}

/* In place of the last member's comma. */
static void end(Text *out, const char *bracket)
{
    if (out->data[out->length - 1] == ',') out->length--;
    text_add(out, "%s", bracket);
}

static void add_figures(Text *out, const Figures *f)
{
    add_text(out, "output", f->output);
    add_text(out, "kernel", f->kernel);
    add_text(out, "field", f->field);
    add_number(out, "parameters", (double)f->parameters);
    add_number(out, "macs", (double)f->macs);
    add_number(out, "activation", (double)f->activation);
    add_number(out, "weights", (double)f->weights);
}

/* ---- the network ---- */

static void add_interface(Arena *arena, Text *out, const char *key, Tensor *const *tensors,
                          int count)
{
    text_add(out, "\"%s\":[", key);
    for (int i = 0; i < count; i++) {
        text_add(out, "{");
        add_text(out, "name", tensors[i]->name);
        add_text(out, "type", tensor_type_text(arena, tensors[i]));
        end(out, "},");
    }
    end(out, "],");
}

/* Another layer that computes now what a layer computed, before the graph was optimised: what this
 * one did is part of its weights, or of nothing. */
static const char *folded_into(const Instance *in, const Figures *f)
{
    const Node *now = f->out ? f->out->producer : NULL;
    return now && now != in->node ? now->name : NULL;
}

static void add_tree(Text *out, const FigureTable *t)
{
    text_add(out, "\n\"tree\":[");
    for (int i = 0; i < t->instances.count; i++) {
        const Instance *in = t->instances.items[i];
        text_add(out, "\n{");
        add_text(out, "name", in->name);
        add_text(out, "path", in->path);
        add_number(out, "parent", in->parent->depth ? in->parent->id : -1);
        const Figures *f = &t->of_instances[i];
        if (*f->op) add_text(out, "op", f->op);
        if (*f->op) add_text(out, "kind", box_kind_names[box_kind(f->op)]);
        const char *into = folded_into(in, f);
        if (into) add_text(out, "into", into);
        add_figures(out, f);
        end(out, "},");
    }
    end(out, "],");
}

/* ---- the program ---- */

static void add_kernels(Arena *arena, Text *out, const Report *r)
{
    const Program *p = r->program;
    const double *macs = work_macs(arena, p), resident = cost_resident(p);
    text_add(out, "\n\"kernels\":[");
    for (int i = 0; i < p->kernels.count; i++) {
        const Kernel *k = p->kernels.items[i];
        const Node *lead = kernel_leader(k);
        text_add(out, "\n{");
        add_text(out, "name", k->title);
        add_text(out, "schedule", k->schedule);
        add_text(out, "kind", box_kind_names[lead ? box_kind(lead->op_type) : BOX_OTHER]);
        if (k->definition) add_text(out, "output", tensor_type_text(arena, k->definition->out));
        if (lead) add_text(out, "lead", lead->name);
        text_add(out, "\"layers\":[");
        for (int n = 0; n < k->nodes.count; n++) {
            json_quote(out, k->nodes.items[n]->name);
            text_add(out, ",");
        }
        end(out, "],");
        add_number(out, "macs", macs[i]);
        add_number(out, "bytes", work_bytes(k));
        Cost cost = cost_of(p->pool, k, p->target, resident);
        add_number(out, "cycles", round(cost.cycles));
        add_text(out, "bound", cost_bound_name(cost.bound));
        if (r->profile) add_number(out, "seconds", r->profile->seconds[i]);
        end(out, "},");
    }
    end(out, "],");
}

/* Of the layers whose kernel writes it first. */
static BoxKind buffer_kind(const Program *p, const Buffer *b)
{
    for (int i = b->first_use; i >= 0 && i <= b->last_use; i++) {
        const Kernel *k = p->kernels.items[i];
        const Node *lead = kernel_leader(k);
        for (int w = 0; lead && w < k->writes.count; w++)
            if (buffer_root(k->writes.items[w], NULL) == b) return box_kind(lead->op_type);
    }
    return BOX_OTHER;
}

static void add_buffers(Arena *arena, Text *out, const Program *p)
{
    text_add(out, "\n\"buffers\":[");
    for (int i = 0; i < p->buffers.count; i++) {
        const Buffer *b = p->buffers.items[i];
        if (b->kind != BUFFER_WORK || b->parent) continue;
        text_add(out, "\n{");
        add_text(out, "name", b->tensor ? b->tensor->name : b->name);
        if (b->tensor) add_text(out, "type", tensor_type_text(arena, b->tensor));
        add_text(out, "kind", box_kind_names[buffer_kind(p, b)]);
        add_number(out, "offset", (double)b->offset);
        add_number(out, "bytes", (double)buffer_bytes(b));
        add_number(out, "first", b->first_use);
        add_number(out, "last", b->last_use);
        end(out, "},");
    }
    end(out, "],");
}

static void add_rounding(Text *out, const RoundingErrors *errors)
{
    text_add(out, "\"rounding\":[");
    for (int i = 0; i < errors->count; i++) {
        const RoundingError *e = &errors->items[i];
        text_add(out, "{");
        add_text(out, "output", e->output);
        if (isfinite(e->absolute)) add_number(out, "absolute", e->absolute);
        if (isfinite(e->relative)) add_number(out, "relative", e->relative);
        end(out, "},");
    }
    end(out, "],");
}

static void add_profile(Text *out, const Profile *p)
{
    text_add(out, "\n\"profile\":{");
    add_number(out, "median", p->median_seconds);
    add_number(out, "peak", p->peak_gflops);
    end(out, "},");
}

/* Text that may stand in a <script>: `<` only occurs in strings. */
static void put_safe(Text *out, const Text *json)
{
    for (size_t at = 0; at < json->length;) {
        int bytes, code = utf8_decode(json->data + at, json->length - at, &bytes);
        if (code == '<')
            text_add(out, "\\u003c");
        else if (code < 0)
            text_add(out, "\\ufffd");
        else
            text_put(out, json->data + at, (size_t)bytes);
        at += (size_t)bytes;
    }
}

void report_data(Arena *arena, const Report *r, Text *out)
{
    const Program *p = r->program;
    Text json = {0};
    text_add(&json, "{");
    add_text(&json, "name", p->graph->name);
    add_text(&json, "file", r->file);
    add_text(&json, "version", r->version);
    add_text(&json, "target", p->target->name);
    add_number(&json, "threads", p->threads);
    add_interface(arena, &json, "inputs", p->graph->inputs.items, p->graph->inputs.count);
    add_interface(arena, &json, "outputs", p->graph->outputs.items, p->graph->outputs.count);
    text_add(&json, "\"total\":{");
    add_figures(&json, &r->written->total);
    end(&json, "},");
    add_number(&json, "workspace", (double)p->workspace_bytes);
    add_number(&json, "bound", (double)p->lower_bound);
    add_number(&json, "weightBytes", (double)p->weight_bytes);
    add_text(&json, "weightsType", r->weights_type);
    add_rounding(&json, &r->rounding);
    add_tree(&json, r->written);
    add_kernels(arena, &json, r);
    add_buffers(arena, &json, p);
    if (r->profile) add_profile(&json, r->profile);
    end(&json, "}");
    put_safe(out, &json);
    text_free(&json);
}
