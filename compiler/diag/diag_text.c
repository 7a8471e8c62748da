/*
 * Writes diagnostics for people: message, place, source lines with carets and labels, notes, help.
 * Elements of a model without lines (ONNX) are named in words instead. Tabs, wide characters and
 * very long lines are laid out so that carets stay under what they mean; control characters never
 * reach the terminal.
 */
#include "diag_record.h"

enum { TAB = 4, LONGEST_LINE = 120, KEPT_BEFORE = 40 };

typedef enum Style { STYLE_PLAIN, STYLE_PRIMARY, STYLE_SECONDARY, STYLE_BOLD, STYLE_COUNT } Style;

/* One underlined stretch of one line. */
typedef struct Mark {
    int line;
    int from, to; /* byte columns from 0; to exclusive; -1: the end of the line */
    bool primary;
    const char *text; /* NULL: none */
    int left, right;  /* the cells it takes on the screen; set when its line is laid out */
} Mark;

typedef struct Writer {
    Text out;
    bool color;
    Severity severity;
    int gutter; /* width of the line numbers */
    LIST(Mark) marks;
    Arena *arena;
} Writer;

/* ---- characters ---- */

static bool in_ranges(int code, const int (*ranges)[2], int count)
{
    for (int i = 0; i < count; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1]) return true;
    return false;
}

/* Cells of a character on a terminal: the Unicode blocks that are wide, and those that combine. */
static int code_width(int code)
{
    static const int wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                                  {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                                  {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                                  {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};
    static const int zero[][2] = {
        {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
    if (in_ranges(code, zero, COUNT(zero))) return 0;
    return in_ranges(code, wide, COUNT(wide)) ? 2 : 1;
}

/* Characters that would move the cursor, change colours or turn the direction of text. */
static bool code_hostile(int code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

/* Text of a message, safe to show. */
static void put_clean(Text *out, const char *s)
{
    size_t length = strlen(s);
    for (size_t at = 0; at < length;) {
        int bytes, code = utf8_decode(s + at, length - at, &bytes);
        if (code < 0 || code_hostile(code))
            for (int i = 0; i < bytes; i++)
                text_add(out, "\\x%02x", (unsigned char)s[at + (size_t)i]);
        else
            text_put(out, s + at, (size_t)bytes);
        at += (size_t)bytes;
    }
}

/* One character of a source line at screen column `column`: its width, and its bytes when `out` is
 * given. */
static int put_source(Text *out, const char *s, size_t length, int column, int *bytes)
{
    int code = utf8_decode(s, length, bytes);
    if (code == '\t') {
        int width = TAB - column % TAB;
        if (out) text_add(out, "%*s", width, "");
        return width;
    }
    bool shown = code >= 0 && !code_hostile(code);
    if (out) text_put(out, shown ? s : "\xef\xbf\xbd", shown ? (size_t)*bytes : 3);
    return shown ? code_width(code) : 1;
}

/* ---- colours ---- */

static void style(Writer *w, Style style)
{
    static const char *const codes[STYLE_COUNT] = {
        [STYLE_PLAIN] = "0", [STYLE_SECONDARY] = "1;34", [STYLE_BOLD] = "1"};
    static const char *const severities[] = {
        [SEVERITY_ERROR] = "1;31", [SEVERITY_WARNING] = "1;33", [SEVERITY_NOTE] = "1;36"};
    if (w->color)
        text_add(&w->out, "\033[%sm",
                 style == STYLE_PRIMARY ? severities[w->severity] : codes[style]);
}

static Style mark_style(const Mark *mark)
{
    return mark->primary ? STYLE_PRIMARY : STYLE_SECONDARY;
}

/* The gutter: a line number or blanks (0), then a bar. */
static void put_gutter(Writer *w, int line)
{
    style(w, STYLE_SECONDARY);
    if (line)
        text_add(&w->out, "%*d |", w->gutter, line);
    else
        text_add(&w->out, "%*s |", w->gutter, "");
    style(w, STYLE_PLAIN);
}

/* Ends a row, without blanks at its end. */
static void end_row(Writer *w)
{
    while (w->out.length && w->out.data[w->out.length - 1] == ' ') w->out.length--;
    text_put(&w->out, "\n", 1);
}

/* ---- one source line with its marks ---- */

/* The stretch of a line's cells that is shown, and its text. */
typedef struct Window {
    const char *text;
    size_t length;
    int from, to; /* cells */
    int width;    /* of the whole line */
} Window;

/* The screen column of a byte column; past the end of the line one cell a byte. */
static int cell_of(const Window *view, int byte)
{
    int column = 0, bytes;
    size_t at = 0;
    for (; at < view->length && at < (size_t)byte; at += (size_t)bytes)
        column += put_source(NULL, view->text + at, view->length - at, column, &bytes);
    return column;
}

/* Where a cell is shown: cut lines begin with three dots. */
static int shown_at(const Window *view, int cell)
{
    int64_t inside = min64(max64(cell, view->from), view->to);
    return (int)inside - view->from + (view->from ? 3 : 0);
}

static void place_marks(Window *view, Mark *marks, int count)
{
    view->width = cell_of(view, (int)view->length);
    const Mark *anchor = &marks[0];
    for (int i = 0; i < count; i++) {
        marks[i].left = cell_of(view, marks[i].from);
        marks[i].right = marks[i].to < 0 ? view->width : cell_of(view, marks[i].to);
        if (marks[i].primary) anchor = &marks[i];
    }
    view->from = 0, view->to = view->width + 1;
    if (view->width > LONGEST_LINE) {
        view->from = anchor->left > LONGEST_LINE / 2 ? anchor->left - KEPT_BEFORE : 0;
        view->to = (int)min64(view->from + LONGEST_LINE, view->width + 1);
    }
    for (int i = 0; i < count; i++) {
        marks[i].left = shown_at(view, marks[i].left);
        marks[i].right = (int)max64(shown_at(view, marks[i].right), marks[i].left + 1);
    }
}

static void put_line(Writer *w, const Window *view, int line)
{
    put_gutter(w, line);
    text_add(&w->out, " %s", view->from ? "..." : "");
    int column = 0, bytes;
    for (size_t at = 0; at < view->length && column < view->to; at += (size_t)bytes) {
        Text *out = column >= view->from ? &w->out : NULL;
        column += put_source(out, view->text + at, view->length - at, column, &bytes);
    }
    if (column < view->width) text_add(&w->out, "...");
    end_row(w);
}

static int compare_marks(const Mark *a, const Mark *b)
{
    if (a->left != b->left) return a->left - b->left;
    return (int)a->primary - (int)b->primary;
}

/* By place, left to right; a line has few. */
static void sort_marks(Mark *marks, int count)
{
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && compare_marks(&marks[k - 1], &marks[k]) > 0; k--) {
            Mark mark = marks[k];
            marks[k] = marks[k - 1];
            marks[k - 1] = mark;
        }
}

/* The mark shown in a cell: the narrowest, so that a mark inside another is seen. */
static const Mark *mark_at(const Mark *marks, int count, int column)
{
    const Mark *found = NULL;
    for (int i = 0; i < count; i++) {
        const Mark *m = &marks[i];
        if (column < m->left || column >= m->right) continue;
        int wider = found ? (m->right - m->left) - (found->right - found->left) : -1;
        if (wider < 0 || (wider == 0 && m->primary)) found = m;
    }
    return found;
}

/* The row of carets; `beside` is the mark whose label stands on it, or NULL. */
static void put_carets(Writer *w, const Mark *marks, int count, const Mark *beside)
{
    int right = 0;
    for (int i = 0; i < count; i++) right = (int)max64(right, marks[i].right);
    put_gutter(w, 0);
    text_put(&w->out, " ", 1);
    const Mark *last = NULL;
    for (int column = 0; column < right; column++) {
        const Mark *mark = mark_at(marks, count, column);
        if (mark != last) style(w, mark ? mark_style(mark) : STYLE_PLAIN);
        text_put(&w->out, !mark ? " " : mark->primary ? "^" : "-", 1);
        last = mark;
    }
    if (beside) {
        text_put(&w->out, " ", 1);
        style(w, mark_style(beside));
        put_clean(&w->out, beside->text);
    }
    style(w, STYLE_PLAIN);
    end_row(w);
}

/* A row of bars under the marks that still wait for their label, then `last`'s label when it is
 * given. */
static void put_bars(Writer *w, const Mark *const *waiting, int count, const Mark *last)
{
    put_gutter(w, 0);
    text_put(&w->out, " ", 1);
    int column = 0;
    for (int i = 0; i < count; i++) {
        if (waiting[i]->left < column || (last && waiting[i]->left >= last->left)) continue;
        style(w, mark_style(waiting[i]));
        text_add(&w->out, "%*s|", waiting[i]->left - column, "");
        column = waiting[i]->left + 1;
    }
    if (last) {
        style(w, mark_style(last));
        text_add(&w->out, "%*s", last->left - column, "");
        put_clean(&w->out, last->text);
    }
    style(w, STYLE_PLAIN);
    end_row(w);
}

/* The mark whose label can stand right of the carets: nothing is marked beyond it. */
static const Mark *label_beside(const Mark *marks, int count)
{
    const Mark *best = NULL;
    for (int i = 0; i < count; i++)
        if (marks[i].text) best = &marks[i];
    for (int i = 0; best && i < count; i++)
        if (marks[i].right > best->right) return NULL;
    return best;
}

static void put_marked_line(Writer *w, const File *file, Mark *marks, int count)
{
    Window view = {0};
    view.text = source_line(file, marks[0].line, &view.length);
    place_marks(&view, marks, count);
    sort_marks(marks, count);
    put_line(w, &view, marks[0].line);
    const Mark *beside = label_beside(marks, count);
    put_carets(w, marks, count, beside);
    const Mark **waiting = NEW_ARRAY(w->arena, const Mark *, count);
    int left = 0;
    for (int i = 0; i < count; i++)
        if (marks[i].text && &marks[i] != beside) waiting[left++] = &marks[i];
    if (left) put_bars(w, waiting, left, NULL);
    for (; left > 0; left--) put_bars(w, waiting, left - 1, waiting[left - 1]);
}

/* ---- the lines of one file ---- */

static void add_mark(Writer *w, const Source *s, bool primary, const char *text)
{
    Mark mark = {.line = s->line,
                 .from = s->column - 1,
                 .to = s->end_column - 1,
                 .primary = primary,
                 .text = text};
    if (s->end_line > s->line) {
        /* of a range of lines the first and the last are marked; the label stands at the last */
        size_t length, indent = 0;
        const char *last = source_line(s->file, s->end_line, &length);
        while (indent < length && (last[indent] == ' ' || last[indent] == '\t')) indent++;
        mark.to = -1, mark.text = NULL;
        LIST_PUSH(w->arena, &w->marks, mark);
        mark.line = s->end_line, mark.from = (int)indent, mark.to = s->end_column - 1,
        mark.text = text;
    }
    LIST_PUSH(w->arena, &w->marks, mark);
}

/* The marks of one diagnostic in one file; the main place carries the text of a label put on it. */
static void collect_marks(Writer *w, const Diagnostic *d, const File *file)
{
    bool labelled = false;
    w->marks.count = 0;
    for (int i = 0; i < d->labels.count; i++) {
        const DiagLabel *label = &d->labels.items[i];
        if (label->where.file != file || !label->where.line) continue;
        bool main = source_same(&label->where, &d->where);
        labelled |= main;
        add_mark(w, &label->where, main, label->text);
    }
    if (!labelled && d->where.file == file && d->where.line) add_mark(w, &d->where, true, NULL);
    for (int i = 1; i < w->marks.count; i++) /* by line, keeping their order */
        for (int k = i; k > 0 && w->marks.items[k - 1].line > w->marks.items[k].line; k--) {
            Mark mark = w->marks.items[k];
            w->marks.items[k] = w->marks.items[k - 1];
            w->marks.items[k - 1] = mark;
        }
}

static void put_between(Writer *w, const File *file, int from, int to)
{
    if (to - from == 2) {
        Window view = {0};
        view.text = source_line(file, from + 1, &view.length);
        view.width = cell_of(&view, (int)view.length);
        view.to = LONGEST_LINE;
        put_line(w, &view, from + 1);
    } else if (to - from > 2) {
        style(w, STYLE_SECONDARY);
        text_add(&w->out, "%.*s", (int)max64(w->gutter, 3), "...................");
        style(w, STYLE_PLAIN);
        text_put(&w->out, "\n", 1);
    }
}

static void put_snippet(Writer *w, const File *file)
{
    put_gutter(w, 0);
    end_row(w);
    for (int i = 0, next; i < w->marks.count; i = next) {
        int line = w->marks.items[i].line;
        for (next = i; next < w->marks.count && w->marks.items[next].line == line;) next++;
        if (i) put_between(w, file, w->marks.items[i - 1].line, line);
        put_marked_line(w, file, &w->marks.items[i], next - i);
    }
}

/* ---- one diagnostic ---- */

static void put_place(Writer *w, const char *arrow, const Source *s)
{
    if (!s->file && !s->element) return;
    style(w, STYLE_SECONDARY);
    text_add(&w->out, "%*s%s ", w->gutter, "", arrow);
    style(w, STYLE_PLAIN);
    if (s->file) put_clean(&w->out, s->file->path);
    if (s->file && s->line)
        text_add(&w->out, ":%d:%d", s->line, source_characters(s, s->line, s->column - 1) + 1);
    if (s->file && s->element) text_add(&w->out, ": ");
    if (s->element) put_clean(&w->out, s->element);
    text_put(&w->out, "\n", 1);
}

/* A label on an element: the element in words, then the text under it. */
static void put_element_labels(Writer *w, const Diagnostic *d)
{
    for (int i = 0; i < d->labels.count; i++) {
        const DiagLabel *label = &d->labels.items[i];
        if (label->where.line) continue;
        if (!source_same(&label->where, &d->where)) put_place(w, ":::", &label->where);
        put_gutter(w, 0);
        text_put(&w->out, " ", 1);
        put_clean(&w->out, label->text);
        end_row(w);
    }
}

static void put_hints(Writer *w, const char *kind, const char *const *items, int count)
{
    for (int i = 0; i < count; i++) {
        style(w, STYLE_SECONDARY);
        text_add(&w->out, "%*s = ", w->gutter, "");
        style(w, STYLE_BOLD);
        text_add(&w->out, "%s", kind);
        style(w, STYLE_PLAIN);
        text_add(&w->out, ": ");
        put_clean(&w->out, items[i]);
        text_put(&w->out, "\n", 1);
    }
}

static void put_other_files(Writer *w, const Diagnostic *d)
{
    for (int i = 0; i < d->labels.count; i++) {
        const Source *place = &d->labels.items[i].where;
        bool seen = place->file == d->where.file || !place->line;
        for (int k = 0; k < i; k++) seen |= d->labels.items[k].where.file == place->file;
        if (seen) continue;
        collect_marks(w, d, place->file);
        put_place(w, ":::", place);
        put_snippet(w, place->file);
    }
}

static int gutter_width(const Diagnostic *d)
{
    int last = d->where.end_line, width = 1;
    for (int i = 0; i < d->labels.count; i++)
        last = (int)max64(last, d->labels.items[i].where.end_line);
    for (; last >= 10; last /= 10) width++;
    return width;
}

static void put_diagnostic(Writer *w, const Diagnostic *d)
{
    w->severity = d->severity;
    w->gutter = gutter_width(d);
    style(w, STYLE_PRIMARY);
    text_add(&w->out, "%s[%s]", severity_name(d->severity), d->code);
    style(w, STYLE_BOLD);
    text_add(&w->out, ": ");
    put_clean(&w->out, d->message);
    style(w, STYLE_PLAIN);
    text_put(&w->out, "\n", 1);
    put_place(w, "-->", &d->where);
    collect_marks(w, d, d->where.file);
    if (w->marks.count) put_snippet(w, d->where.file);
    put_element_labels(w, d);
    put_other_files(w, d);
    if (w->marks.count && d->notes.count + d->help.count) {
        put_gutter(w, 0);
        end_row(w);
    }
    put_hints(w, "note", d->notes.items, d->notes.count);
    put_hints(w, "help", d->help.items, d->help.count);
    text_put(&w->out, "\n", 1);
}

void diags_print(const Diags *diags, FILE *out, bool color)
{
    Writer w = {.color = color, .arena = diags->arena};
    Diagnostic *const *sorted = diags_sorted(diags);
    for (int i = 0; i < diags->all.count; i++) put_diagnostic(&w, sorted[i]);
    if (w.out.length) fwrite(w.out.data, 1, w.out.length, out);
    text_free(&w.out);
}
