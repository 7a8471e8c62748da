/* textDocument/formatting: the layout of `netc fmt`, as one edit of the whole text; none where the
 * text has it already, and no answer where it has syntax errors. */
#include "lsp.h"

#include "format_net.h"

static int line_count(const File *file)
{
    int lines = 1;
    for (size_t i = 0; i < file->bytes; i++) lines += file->data[i] == '\n';
    return lines;
}

void lsp_formatting(Text *out, Arena *arena, const Document *doc)
{
    Text text = {0};
    if (!format_net(arena, doc->file, &text, diags_new(arena))) {
        text_free(&text);
        return;
    }
    const char *laid_out = text.data ? text.data : "";
    if (!strcmp(laid_out, (const char *)doc->file->data)) {
        text_add(out, "[]");
    } else {
        int lines = line_count(doc->file);
        size_t length;
        source_line(doc->file, lines, &length);
        Source whole = {.file = doc->file,
                        .line = 1,
                        .column = 1,
                        .end_line = lines,
                        .end_column = (int)length + 1};
        text_add(out, "[{\"range\":");
        range_json(out, &whole);
        text_add(out, ",\"newText\":");
        json_quote(out, laid_out);
        text_add(out, "}]");
    }
    text_free(&text);
}
