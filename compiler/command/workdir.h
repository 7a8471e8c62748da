/*
 * Files that are not finished yet live in a folder of their own, beside the place they are meant
 * for; publishing renames them there. So outputs appear whole or not at all, and nothing is left
 * behind when netc ends early or is interrupted. All functions die (exit 3) when the machine
 * refuses.
 */
#ifndef NETC_WORKDIR_H
#define NETC_WORKDIR_H

#include "base.h"

typedef struct Planned {
    const char *name, *place;
} Planned;

typedef struct Workdir {
    Arena *arena;
    const char *parent, *path;
    LIST(Planned) planned;
} Workdir;

/* A new, empty folder in `parent`, which is made, with its parents, when it is not there. */
Workdir *workdir_make(Arena *arena, const char *parent);
/* A new, empty folder beside `file`. */
Workdir *workdir_beside(Arena *arena, const char *file);
const char *workdir_file(const Workdir *w, const char *name);
void workdir_write(const Workdir *w, const char *name, const void *data, size_t bytes);
/* Says where a file of the folder will go, replacing what is there; dies when it cannot. */
void workdir_plan(Workdir *w, const char *name, const char *place);
/* Moves every planned file to its place and removes the folder. */
void workdir_publish(Workdir *w);
/* Moves the whole folder to `place`; when someone else's is there already, that one stays and this
 * one is removed. */
void workdir_publish_all(Workdir *w, const char *place);
void workdir_remove(Workdir *w);

/* Makes a folder and its parents; false with errno set. */
bool make_folders(const char *path);
/* Removes a folder and the files in it, no deeper; does not complain. */
void remove_folder(const char *path);

#endif
