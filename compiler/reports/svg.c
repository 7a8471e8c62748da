/* A placed drawing as SVG. Colours are classes, which page/drawing.css gives for light and dark. */
#include "carried.h"
#include "diag_record.h"
#include "drawing.h"

#include <math.h>

enum { MARGIN = 8, LINE = 14, LINE_BELOW = 12 };

void xml_text(Text *out, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        int bytes, code = utf8_decode(text + at, length - at, &bytes);
        const char *name = code == '&'   ? "&amp;"
                           : code == '<' ? "&lt;"
                           : code == '>' ? "&gt;"
                           : code == '"' ? "&quot;"
                                         : NULL;
        if (name)
            text_add(out, "%s", name);
        else if (code < 0)
            text_add(out, "\xef\xbf\xbd");
        else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff)
            text_add(out, " ");
        else
            text_put(out, text + at, (size_t)bytes);
        at += (size_t)bytes;
    }
}

/* To a tenth of a pixel. */
static double tenth(double x) { return round(x * 10) / 10 + 0.0; }

static void add_route(const Drawing *d, const Route *r, Text *out)
{
    const Point *p = r->points;
    text_add(out, "M%g %g", tenth(p[0].x), tenth(p[0].y));
    for (int i = 1; i < r->count; i++) {
        const Point *a = &p[i - 1], *b = &p[i];
        bool straight = d->sideways ? fabs(a->y - b->y) < 0.5 : fabs(a->x - b->x) < 0.5;
        if (a->x == b->x && a->y == b->y) continue;
        if (straight)
            text_add(out, "L%g %g", tenth(b->x), tenth(b->y));
        else if (d->sideways)
            text_add(out, "C%g %g %g %g %g %g", tenth((a->x + b->x) / 2), tenth(a->y),
                     tenth((a->x + b->x) / 2), tenth(b->y), tenth(b->x), tenth(b->y));
        else
            text_add(out, "C%g %g %g %g %g %g", tenth(a->x), tenth((a->y + b->y) / 2), tenth(b->x),
                     tenth((a->y + b->y) / 2), tenth(b->x), tenth(b->y));
    }
}

static void add_routes(const Drawing *d, Text *out)
{
    text_add(out, "<path class=\"route\" d=\"");
    for (int i = 0; i < d->routes.count; i++) add_route(d, &d->routes.items[i], out);
    text_add(out, "\"/>\n<path class=\"head\" d=\"");
    for (int i = 0; i < d->routes.count; i++) {
        const Route *r = &d->routes.items[i];
        Point end = r->points[r->count - 1];
        double x = tenth(end.x), y = tenth(end.y);
        if (r->head && d->sideways)
            text_add(out, "M%g %gl-6 -3v6z", x, y);
        else if (r->head)
            text_add(out, "M%g %gl-3 -6h6z", x, y);
    }
    text_add(out, "\"/>\n");
}

static bool framed(const Drawing *d, int group)
{
    return group > 0 && !d->groups.items[group].dissolved && d->groups.items[group].w > 0;
}

static void add_frames(const Drawing *d, Text *out)
{
    for (int i = 0; i < d->groups.count; i++) {
        const Group *g = &d->groups.items[i];
        if (framed(d, i))
            text_add(out,
                     "<rect class=\"frame\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" "
                     "rx=\"6\"/>\n",
                     tenth(g->x), tenth(g->y), tenth(g->w), tenth(g->h));
    }
}

/* Behind the arrows, which would cross them. */
static void add_labels(const Drawing *d, Text *out)
{
    for (int i = 0; i < d->groups.count; i++) {
        const Group *g = &d->groups.items[i];
        if (!framed(d, i)) continue;
        text_add(out, "<text class=\"label\" x=\"%g\" y=\"%g\">", tenth(g->x + 8),
                 tenth(g->y + 13));
        xml_text(out, g->label);
        text_add(out, "</text>\n");
    }
}

static void add_lines(const Box *b, Text *out)
{
    bool body = b->body.w > 0;
    double y = body ? b->y + b->h - LINE_BELOW * b->line_count + 9
                    : b->y + (b->h - LINE * b->line_count) / 2 + 10.5;
    for (int i = 0; i < b->line_count; i++, y += body ? LINE_BELOW : LINE) {
        text_add(out, "<text%s x=\"%g\" y=\"%g\">", i ? "" : " class=\"name\"",
                 tenth(b->x + b->w / 2), tenth(y));
        xml_text(out, b->lines[i]);
        text_add(out, "</text>");
    }
}

/* Front, right side and top, in the middle above the lines. */
static void add_body(const Box *b, Text *out)
{
    const Body *s = &b->body;
    double shift = body_shift(s), rise = body_rise(s);
    double x = b->x + (b->w - s->w - shift) / 2, y = b->y + rise;
    text_add(out,
             "<path class=\"side\" d=\"M%g %gl%g %gh%gv%gl%g %gv%gz\"/>"
             "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/>",
             tenth(x), tenth(y), tenth(shift), tenth(-rise), tenth(s->w), tenth(s->h),
             tenth(-shift), tenth(rise), tenth(-s->h), tenth(x), tenth(y), tenth(s->w),
             tenth(s->h));
}

static void add_box(const Box *b, Text *out)
{
    text_add(out, "<g class=\"box %s\"", box_kind_names[b->kind]);
    if (b->link) {
        text_add(out, " data-layer=\"");
        xml_text(out, b->link);
        text_add(out, "\"><title>");
        xml_text(out, b->link);
        text_add(out, "</title>");
    } else {
        text_add(out, ">");
    }
    if (b->body.w > 0)
        add_body(b, out);
    else
        text_add(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" rx=\"4\"/>", tenth(b->x),
                 tenth(b->y), tenth(b->w), tenth(b->h));
    add_lines(b, out);
    text_add(out, "</g>\n");
}

/* The rule is for a kind of box that the drawing does not have. */
static bool is_idle(const char *line, size_t length, const bool *used)
{
    for (int k = 0; k < BOX_KINDS; k++) {
        size_t name = strlen(box_kind_names[k]);
        const char *at = length > 10 + name ? line + strlen(".drawing .") : "";
        if (!used[k] && strncmp(at, box_kind_names[k], name) == 0 && at[name] == ' ') return true;
    }
    return false;
}

static void add_style(const Drawing *d, Text *out)
{
    bool used[BOX_KINDS] = {false};
    for (int i = 0; i < d->boxes.count; i++) used[d->boxes.items[i].kind] = true;
    text_add(out, "<style>\n");
    for (const char *line = (const char *)carried_get(page_files, "drawing.css")->data; *line;) {
        size_t length = strcspn(line, "\n") + 1;
        if (!is_idle(line, length, used)) text_put(out, line, length);
        line += length;
    }
    text_add(out, "</style>\n");
}

void drawing_svg(const Drawing *d, bool style, Text *out)
{
    double w = ceil(d->w + 2 * MARGIN), h = ceil(d->h + 2 * MARGIN);
    text_add(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drawing\" width=\"%g\" "
             "height=\"%g\" viewBox=\"%d %d %g %g\" role=\"img\" aria-label=\"",
             w, h, -MARGIN, -MARGIN, w, h);
    xml_text(out, d->title);
    text_add(out, "\">\n");
    if (style) add_style(d, out);
    add_frames(d, out);
    add_routes(d, out);
    add_labels(d, out);
    for (int i = 0; i < d->boxes.count; i++) add_box(&d->boxes.items[i], out);
    text_add(out, "</svg>\n");
}
