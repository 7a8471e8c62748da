/*
 * The cache of compiled networks: one folder an entry, named by the hash of the generated code, the
 * weights, the flags and the compiler's version. Entries are made aside and renamed into place, so
 * that processes can share the cache without locks.
 */
#include "library.h"

#include "build.h"
#include "toolchain.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char library_name[] = "model.so", seconds_name[] = "seconds";
/* The cache is pruned to CACHE_BYTES, but never of what was used in the last hour. */
static const int64_t CACHE_BYTES = (int64_t)4 << 30;
enum { RECENT_SECONDS = 3600 };

/* NULL when nobody asked for a certain folder and the usual one cannot be written: a home may be
 * missing or read-only. */
static const char *cache_folder(Arena *arena)
{
    const char *own = getenv("NETC_CACHE"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME"), *usual;
    if (own && *own) return own;
    if (cache && *cache == '/')
        usual = arena_format(arena, "%s/netc", cache);
    else if (home && *home)
        usual = arena_format(arena, "%s/.cache/netc", home);
    else
        return NULL;
    return make_folders(usual) && access(usual, W_OK) == 0 ? usual : NULL;
}

/* ---- pruning ---- */

typedef struct Entry {
    const char *path;
    time_t used;
    int64_t bytes;
} Entry;

static int64_t folder_bytes(Arena *arena, const char *path)
{
    int64_t bytes = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct stat status;
        if (stat(arena_format(arena, "%s/%s", path, e->d_name), &status) == 0 &&
            S_ISREG(status.st_mode))
            bytes += status.st_size;
    }
    if (dir) closedir(dir);
    return bytes;
}

static int oldest_first(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    return (x->used > y->used) - (x->used < y->used);
}

static void prune(Arena *arena, const char *folder)
{
    LIST(Entry) entries = {0};
    int64_t total = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct stat status;
        Entry entry = {.path = arena_format(arena, "%s/%s", folder, e->d_name)};
        if (e->d_name[0] == '.' || stat(entry.path, &status) != 0 || !S_ISDIR(status.st_mode))
            continue;
        entry.used = status.st_mtime;
        entry.bytes = folder_bytes(arena, entry.path);
        total += entry.bytes;
        LIST_PUSH(arena, &entries, entry);
    }
    if (dir) closedir(dir);
    if (entries.count)
        qsort(entries.items, (size_t)entries.count, sizeof *entries.items, oldest_first);
    time_t recent = time(NULL) - RECENT_SECONDS;
    for (int i = 0; i < entries.count && total > CACHE_BYTES && entries.items[i].used < recent;
         i++) {
        remove_folder(entries.items[i].path);
        total -= entries.items[i].bytes;
    }
}

/* ---- looking up and building ---- */

static void build_into(const Job *job, const Generated *g, Workdir *w)
{
    double start = seconds_now();
    build(job, g, BUILD_SHARED, w, library_name);
    const char *took = arena_format(job->arena, "%.3f\n", seconds_now() - start);
    workdir_write(w, seconds_name, took, strlen(took));
    const char *const *names = generated_files(job->arena, g, true);
    for (; *names; names++)
        if (!(g->options.weights == WEIGHTS_FILE && strcmp(*names, g->weights) == 0))
            unlink(workdir_file(w, *names));
    const Words objects = build_objects(job->arena, g);
    for (int i = 0; i < objects.count; i++) unlink(workdir_file(w, objects.items[i]));
}

static Library library_in(const Job *job, const Generated *g, const char *folder)
{
    Library library = {.path = arena_format(job->arena, "%s/%s", folder, library_name)};
    if (g->options.weights == WEIGHTS_FILE)
        library.weights = arena_format(job->arena, "%s/%s", folder, g->weights);
    FILE *file = fopen(arena_format(job->arena, "%s/%s", folder, seconds_name), "r");
    if (file && fscanf(file, "%lf", &library.seconds) != 1) library.seconds = 0;
    if (file) fclose(file);
    return library;
}

static Library build_afresh(const Job *job, const Generated *g)
{
    const char *scratch = getenv("TMPDIR");
    Workdir *w = workdir_make(job->arena, scratch && *scratch ? scratch : "/tmp");
    build_into(job, g, w);
    Library library = library_in(job, g, w->path);
    library.own = w;
    return library;
}

Library library_get(const Job *job)
{
    const Generated *g = generate(job, true, true);
    const char *folder = job->options->no_cache ? NULL : cache_folder(job->arena);
    if (!folder) return build_afresh(job, g);
    Words words = cc_words(job->arena, job->options);
    const char *salt = cc_version(job->arena, job->options);
    for (int i = 0; i < words.count; i++)
        salt = arena_format(job->arena, "%s %s", salt, words.items[i]);
    const char *entry =
        arena_format(job->arena, "%s/%s", folder, generated_hash(job->arena, g, salt));
    Library library = library_in(job, g, entry);
    if (access(library.path, R_OK) == 0) {
        utimensat(AT_FDCWD, entry, NULL, 0);
        return library;
    }
    Workdir *w = workdir_make(job->arena, folder);
    build_into(job, g, w);
    workdir_publish_all(w, entry);
    prune(job->arena, folder);
    return library_in(job, g, entry);
}

void library_release(Library *library)
{
    if (library->own) workdir_remove(library->own);
    library->own = NULL;
}
