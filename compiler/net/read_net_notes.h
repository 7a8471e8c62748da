/*
 * What the .net reader finds out about the names in the text, for those who ask (editors): what
 * each name means, where it got its meaning, and what a call made. In: hooks of the reader, which
 * cost nothing where ReadOptions.notes is NULL. Only names of the net's own file are noted, and of
 * those in blocks every instance anew.
 */
#ifndef NETC_READ_NET_NOTES_H
#define NETC_READ_NET_NOTES_H

#include "read_net.h"

enum { NET_MAX_NOTES = 200000 };

typedef enum NetNoteKind { NOTE_NAME, NOTE_CALL, NOTE_IMPORT } NetNoteKind;

typedef struct NetNote {
    NetNoteKind kind;
    Source where;       /* the name; of an import its path */
    Source definition;  /* file NULL: there is none in a file */
    const char *name;   /* as written; NULL of an import */
    Value value;        /* what the name means, or the call gave */
    const char *domain; /* of a call of an operator, else NULL */
    const NetDef *block;
    /* Of a call: what it added to the net, blocks inside it included. */
    int64_t parameters, macs;
} NetNote;

typedef struct NetNotes {
    Arena *arena;
    const File *home;
    LIST(NetNote) all;
} NetNotes;

/* Files that are open in an editor: read in place of what the disk holds. */
typedef struct OpenFiles {
    LIST(const File *) all;
} OpenFiles;

void note_name(Reader *r, Source where, const char *name, const Value *value, Source definition);
void note_import(Reader *r, Source where, const File *file);

/* Around a call: what it adds is what is there after it and was not before. */
typedef struct NoteMark {
    int params, nodes;
} NoteMark;
NoteMark note_mark(const Reader *r);
void note_call(Reader *r, const Scope *s, const NetExpr *call, const Value *value, NoteMark before);

/* The file at that path, from those that are open or the disk; NULL as file_map. */
const File *note_open(Reader *r, const char *path);

#endif
