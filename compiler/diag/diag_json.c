/*
 * Writes diagnostics as JSON for editors and build tools: one array of objects with code, severity,
 * title, message, place, labels, notes and help. Lines and columns count from 1, columns in
 * characters, ends exclusive.
 */
#include "diag_codes.h"
#include "diag_record.h"

static void json_string(FILE *out, const char *s)
{
    size_t length = strlen(s);
    fputc('"', out);
    for (size_t at = 0; at < length;) {
        int bytes, code = utf8_decode(s + at, length - at, &bytes);
        if (code < 0)
            fputs("\\ufffd", out);
        else if (code == '"' || code == '\\')
            fprintf(out, "\\%c", code);
        else if (code < 0x20 || code == 0x7f)
            fprintf(out, "\\u%04x", (unsigned)code);
        else
            fwrite(s + at, 1, (size_t)bytes, out);
        at += (size_t)bytes;
    }
    fputc('"', out);
}

static void json_member(FILE *out, const char *name, const char *value)
{
    fprintf(out, ", \"%s\": ", name);
    if (value)
        json_string(out, value);
    else
        fputs("null", out);
}

static void json_place(FILE *out, const Source *where)
{
    json_member(out, "file", where->file ? where->file->path : NULL);
    json_member(out, "element", where->element);
    if (!where->file || where->line == 0) {
        fputs(", \"range\": null", out);
        return;
    }
    fprintf(out,
            ", \"range\": {\"start\": {\"line\": %d, \"column\": %d}, \"end\": {\"line\": %d, "
            "\"column\": %d}}",
            where->line, source_characters(where, where->line, where->column - 1) + 1,
            where->end_line, source_characters(where, where->end_line, where->end_column - 1) + 1);
}

static void json_strings(FILE *out, const char *name, const char *const *items, int count)
{
    fprintf(out, ", \"%s\": [", name);
    for (int i = 0; i < count; i++) {
        if (i) fputs(", ", out);
        json_string(out, items[i]);
    }
    fputc(']', out);
}

static void json_labels(FILE *out, const Diagnostic *d)
{
    fputs(", \"labels\": [", out);
    for (int i = 0; i < d->labels.count; i++) {
        fprintf(out, "%s{\"text\": ", i ? ", " : "");
        json_string(out, d->labels.items[i].text);
        json_place(out, &d->labels.items[i].where);
        fputc('}', out);
    }
    fputc(']', out);
}

static void json_diagnostic(FILE *out, const Diagnostic *d)
{
    fprintf(out, "  {\"code\": \"%s\", \"severity\": \"%s\"", d->code, severity_name(d->severity));
    json_member(out, "title", diag_code_find(d->code)->title);
    json_member(out, "message", d->message);
    json_place(out, &d->where);
    json_labels(out, d);
    json_strings(out, "notes", d->notes.items, d->notes.count);
    json_strings(out, "help", d->help.items, d->help.count);
    fputc('}', out);
}

void diags_print_json(const Diags *diags, FILE *out)
{
    Diagnostic *const *sorted = diags_sorted(diags);
    fputs("[\n", out);
    for (int i = 0; i < diags->all.count; i++) {
        json_diagnostic(out, sorted[i]);
        fputs(i + 1 < diags->all.count ? ",\n" : "\n", out);
    }
    fputs("]\n", out);
}
