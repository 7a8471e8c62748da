/*
 * The table of `netc summary`, as rows of text, and its forms: aligned columns, CSV, Markdown,
 * JSON.
 */
#ifndef NETC_SUMMARY_H
#define NETC_SUMMARY_H

#include "figures.h"

typedef struct SummaryRow {
    const char *label; /* a layer's path; in a tree the last part of it */
    const Figures *figures;
    int depth;
} SummaryRow;

typedef LIST(SummaryRow) SummaryRows;

void summary_table(Arena *arena, const FigureTable *t, const SummaryRows *rows, Text *out);
void summary_csv(Arena *arena, const SummaryRows *rows, Text *out);
void summary_markdown(Arena *arena, const FigureTable *t, const SummaryRows *rows, Text *out);
void summary_json(const FigureTable *t, Text *out);

#endif
