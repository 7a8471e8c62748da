/* Unfinished files: a folder for them, moved into place at the end, removed on every way out. */
#include "workdir.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_OPEN = 8 };

/* The folders that exist now, for the ways out that do not come by workdir_remove; fixed storage,
 * because a signal handler reads it. `made` are folders made for outputs: removed again when they
 * end up empty. */
static char open_paths[MAX_OPEN][4096], made[MAX_OPEN][4096];
static volatile sig_atomic_t owner;

static bool note_path(char table[][4096], const char *path)
{
    int i = 0;
    while (i < MAX_OPEN && table[i][0]) i++;
    return i < MAX_OPEN && snprintf(table[i], sizeof table[i], "%s", path) < (int)sizeof table[i];
}

void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char file[4096 + 256];
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlink(file);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

static void remove_all(void)
{
    if (owner != getpid()) return;
    for (int i = 0; i < MAX_OPEN; i++)
        if (open_paths[i][0]) remove_folder(open_paths[i]);
    for (int i = MAX_OPEN - 1; i >= 0; i--)
        if (made[i][0]) rmdir(made[i]);
}

/* Only async-signal-safe calls: rm does the work. */
static void interrupted(int signal_number)
{
    for (int i = 0; i < MAX_OPEN && owner == getpid(); i++) {
        if (!open_paths[i][0]) continue;
        pid_t child = fork();
        if (child == 0) {
            execl("/bin/rm", "rm", "-rf", open_paths[i], (char *)NULL);
            _exit(127);
        }
        if (child > 0) waitpid(child, NULL, 0);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void watch_exits(void)
{
    if (owner) return;
    owner = getpid();
    atexit(remove_all);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < COUNT(signals); i++)
        if (signal(signals[i], interrupted) == SIG_IGN) signal(signals[i], SIG_IGN);
}

bool make_folders(const char *path)
{
    char partial[4096];
    if ((size_t)snprintf(partial, sizeof partial, "%s", path) >= sizeof partial) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *p = partial + 1;; p++) {
        if (*p != '/' && *p) continue;
        char end = *p;
        *p = '\0';
        if (mkdir(partial, 0777) == 0)
            note_path(made, partial);
        else if (errno != EEXIST)
            return false;
        if (!end) break;
        *p = end;
    }
    struct stat status;
    if (stat(path, &status) != 0) return false;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode);
}

Workdir *workdir_make(Arena *arena, const char *parent)
{
    watch_exits();
    if (!make_folders(parent)) die("cannot write to the folder %s: %s", parent, strerror(errno));
    Workdir *w = NEW(arena, Workdir);
    w->arena = arena;
    w->parent = arena_string(arena, parent);
    char *path = arena_format(arena, "%s/.netc-XXXXXX", parent);
    sigset_t all, before; /* a signal between making and noting it would leave it behind */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    bool made_it = mkdtemp(path), noted = made_it && note_path(open_paths, path);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!made_it) die("cannot write to the folder %s: %s", parent, strerror(errno));
    assert(noted);
    w->path = path;
    return w;
}

Workdir *workdir_beside(Arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash) return workdir_make(arena, ".");
    if (slash == file) return workdir_make(arena, "/");
    char *parent = arena_string(arena, file);
    parent[slash - file] = '\0';
    return workdir_make(arena, parent);
}

const char *workdir_file(const Workdir *w, const char *name)
{
    return arena_format(w->arena, "%s/%s", w->path, name);
}

void workdir_write(const Workdir *w, const char *name, const void *data, size_t bytes)
{
    FILE *file = fopen(workdir_file(w, name), "wb");
    bool good = file && (bytes == 0 || fwrite(data, bytes, 1, file) == 1);
    if (file && fclose(file) != 0) good = false;
    if (!good) die("cannot write %s in %s: %s", name, w->parent, strerror(errno));
}

void workdir_plan(Workdir *w, const char *name, const char *place)
{
    struct stat status;
    if (stat(place, &status) == 0 && !S_ISREG(status.st_mode))
        die("cannot write %s: it is not a regular file", place);
    Planned planned = {name, place};
    LIST_PUSH(w->arena, &w->planned, planned);
}

void workdir_publish(Workdir *w)
{
    for (int i = 0; i < w->planned.count; i++) {
        const Planned *p = &w->planned.items[i];
        if (rename(workdir_file(w, p->name), p->place) != 0)
            die("cannot write %s: %s", p->place, strerror(errno));
    }
    workdir_remove(w);
}

static void forget(char table[][4096], const char *path)
{
    for (int i = 0; i < MAX_OPEN; i++)
        if (strcmp(table[i], path) == 0) table[i][0] = '\0';
}

void workdir_publish_all(Workdir *w, const char *place)
{
    if (rename(w->path, place) == 0) {
        forget(open_paths, w->path);
        return;
    }
    if (errno != EEXIST && errno != ENOTEMPTY) die("cannot write %s: %s", place, strerror(errno));
    workdir_remove(w);
}

void workdir_remove(Workdir *w)
{
    remove_folder(w->path);
    forget(open_paths, w->path);
}
