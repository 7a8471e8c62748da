/*
 * The language server: answers an editor's requests about .net documents until it says exit. One
 * file per kind of answer; each adds JSON, "null" where there is nothing to say.
 */
#ifndef NETC_LSP_H
#define NETC_LSP_H

#include "document.h"
#include "rpc.h"

/* Serves one client; the exit code, 0 when it shut the server down before it left. */
int lsp_serve(FILE *in, FILE *out, const ReadOptions *options);

/* ---- lsp_diagnostics.c ---- */

/* Sends the diagnostics of every document whose have changed, and of `force` (NULL: none). */
void lsp_publish(FILE *out, Documents *docs, const Document *force);
/* That a document that is closed has none. */
void lsp_unpublish(FILE *out, const char *uri);

/* ---- what is at a place; line and column as a Source counts ---- */

void lsp_hover(Text *out, Arena *arena, const Document *doc, int line,
               int column); /* lsp_hover.c */
void lsp_definition(Text *out, Arena *arena, const Documents *docs, const Document *doc, int line,
                    int column);
void lsp_completion(Text *out, Arena *arena, const Document *doc, int line, int column);
void lsp_formatting(Text *out, Arena *arena, const Document *doc);

/* "conv(x, out, kernel, ...)" of a layer, "block basic(x, out: int)" of a block, of an operator its
 * line of documentation too; NULL: it is neither. */
const char *lsp_signature(Arena *arena, const NetNote *note);
/* The block that the notes know by that name; NULL: none. */
const NetDef *lsp_block(const NetNotes *notes, const char *name);

#endif
