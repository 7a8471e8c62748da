/*
 * Documents that the editor has open: their text, which counts in place of what the disk holds, and
 * what checking it gave. Texts and checks have arenas of their own, freed when others replace them.
 *
 * The protocol's positions count lines from 0 and UTF-16 units; a Source's count from 1 and bytes.
 */
#ifndef NETC_DOCUMENT_H
#define NETC_DOCUMENT_H

#include "diag_record.h"
#include "json.h"
#include "read_net_notes.h"

typedef struct Document {
    Arena *arena; /* of the text: uri, file */
    const char *uri;
    int64_t version; /* -1: the editor gave none */
    const File *file;
    Arena *checked; /* of what the check made: diags, notes */
    Diags *diags;
    NetNotes notes;
    /* The notes of the last text that was syntactically right, for names alone: their places are
     * not those of this text. In `checked`, or in an arena of its own. */
    NetNotes known;
    Arena *known_arena;
    char *published; /* the diagnostics sent last; malloc'd */
} Document;

typedef struct Documents {
    LIST(Document *) all; /* each malloc'd; the list is in `arena` */
    Arena *arena;
    const ReadOptions *options;
} Documents;

Document *documents_find(const Documents *docs, const char *uri);
/* Opens it, or takes another text for it; then checks all documents, as others may import it. */
void documents_set(Documents *docs, const char *uri, int64_t version, const char *text);
void documents_close(Documents *docs, Document *doc);
void documents_free(Documents *docs);

/* Between the protocol's positions and places in the text; each within the text, whatever is asked.
 */
typedef struct Position {
    int64_t line, character;
} Position;
void document_place(const Document *doc, Position at, int *line, int *column);
/* Adds {"start":...,"end":...}; the start of the file where there is no line. */
void range_json(Text *out, const Source *where);
/* Adds {"uri":...,"range":...}; false when the file has no URI. */
bool location_json(Text *out, Arena *arena, const Documents *docs, const Source *where);

#endif
