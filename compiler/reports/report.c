/* Filling the page: page/report.html has {{names}} where style, script, data and drawings go. */
#include "report.h"

#include "carried.h"

static void put_file(const char *name, Text *out)
{
    const CarriedFile *f = carried_get(page_files, name);
    text_put(out, f->data, f->bytes);
}

static void put_title(Arena *arena, const Report *r, Text *out)
{
    (void)arena;
    xml_text(out, r->program->graph->name);
}

static void put_style(Arena *arena, const Report *r, Text *out)
{
    (void)arena, (void)r;
    put_file("report.css", out);
    put_file("drawing.css", out);
}

static void put_script(Arena *arena, const Report *r, Text *out)
{
    (void)arena, (void)r;
    put_file("report.js", out);
}

static void put_drawings(Arena *arena, const Report *r, Text *out)
{
    (void)arena;
    for (int i = 0; i < r->drawings.count; i++) {
        text_add(out, "<div class=\"sheet\" data-title=\"");
        xml_text(out, r->drawings.items[i].title);
        text_add(out, "\"%s>\n", i ? " hidden" : "");
        drawing_svg(r->drawings.items[i].drawing, false, out);
        text_add(out, "</div>\n");
    }
}

static const struct Part {
    const char *name;
    void (*put)(Arena *arena, const Report *r, Text *out);
} parts[] = {{"title", put_title},
             {"style", put_style},
             {"script", put_script},
             {"data", report_data},
             {"drawings", put_drawings}};

void report_page(Arena *arena, const Report *r, Text *out)
{
    const char *at = (const char *)carried_get(page_files, "report.html")->data;
    for (const char *open; (open = strstr(at, "{{")); at = strstr(open, "}}") + 2) {
        text_put(out, at, (size_t)(open - at));
        size_t length = strcspn(open + 2, "}");
        for (size_t i = 0; i < COUNT(parts); i++)
            if (strlen(parts[i].name) == length && memcmp(parts[i].name, open + 2, length) == 0)
                parts[i].put(arena, r, out);
    }
    text_add(out, "%s", at);
}
