/* A profile's JSON, which nobody vouches for, against the program it must be of. */
#include "profile.h"

#include "json.h"

#include <errno.h>

typedef struct Reader {
    Arena *arena;
    const Program *program;
    Profile *profile;
    int kernels; /* read so far; -1: there is no list of them */
    const char *error;
} Reader;

static bool refuse(Reader *r, const char *error)
{
    if (!r->error) r->error = error;
    return false;
}

/* One of the list: its name must be that of the program's kernel in the same place. */
static bool read_kernel(Reader *r, Json *j)
{
    const char *key, *name = NULL;
    double seconds = -1;
    bool first = true;
    if (!json_open(j, '{')) return false;
    while (json_more(j, '}', &first)) {
        if (!json_key(j, &key)) return false;
        bool good = strcmp(key, "name") == 0      ? json_string(j, &name)
                    : strcmp(key, "seconds") == 0 ? json_real(j, &seconds)
                                                  : json_skip(j);
        if (!good) return false;
    }
    int k = r->kernels++;
    if (k >= r->program->kernels.count) return true; /* the count is compared at the end */
    const char *title = r->program->kernels.items[k]->title;
    if (!name || strcmp(name, title) != 0)
        return refuse(r, arena_format(r->arena, "kernel %d is `%s` there and `%s` here", k,
                                      name ? name : "", title));
    if (!(seconds >= 0)) return refuse(r, arena_format(r->arena, "kernel %d has no `seconds`", k));
    r->profile->seconds[k] = seconds;
    return true;
}

static bool read_kernels(Reader *r, Json *j)
{
    bool first = true;
    r->kernels = 0;
    if (!json_open(j, '[')) return false;
    while (json_more(j, ']', &first))
        if (!read_kernel(r, j)) return false;
    return true;
}

static bool read_member(Reader *r, Json *j)
{
    Profile *p = r->profile;
    const struct {
        const char *key;
        double *value;
    } numbers[] = {{"median_seconds", &p->median_seconds},
                   {"peak_gflops", &p->peak_gflops},
                   {"threads", &p->threads}};
    const char *key;
    if (!json_key(j, &key)) return false;
    if (strcmp(key, "network") == 0) return json_string(j, &p->network);
    if (strcmp(key, "target") == 0) return json_string(j, &p->target);
    if (strcmp(key, "kernels") == 0) return read_kernels(r, j);
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (strcmp(key, numbers[i].key) == 0) return json_real(j, numbers[i].value);
    return json_skip(j);
}

static bool read_all(Reader *r, Json *j)
{
    bool first = true;
    if (!json_open(j, '{')) return false;
    while (json_more(j, '}', &first))
        if (!read_member(r, j)) return false;
    return !j->error;
}

/* It must be of this network, compiled like this. */
static bool compare(Reader *r)
{
    const Profile *p = r->profile;
    const Program *of = r->program;
    if (r->kernels < 0)
        return refuse(r, "there is no list `kernels`; netc bench --profile --json writes one");
    if (!p->network || strcmp(p->network, of->graph->name) != 0)
        return refuse(r, arena_format(r->arena, "it is of the network `%s`, not of `%s`",
                                      p->network ? p->network : "", of->graph->name));
    if (!p->target || strcmp(p->target, of->target->name) != 0)
        return refuse(r, arena_format(r->arena, "it is for the target %s, not for %s (--target)",
                                      p->target ? p->target : "", of->target->name));
    if (r->kernels != of->kernels.count)
        return refuse(r, arena_format(r->arena,
                                      "it has %d kernels, where the network has %d with these "
                                      "options (--threads, --winograd)",
                                      r->kernels, of->kernels.count));
    return true;
}

const Profile *profile_read(Arena *arena, const char *path, const Program *p, const char **error)
{
    const File *file = file_map(arena, path);
    if (!file) {
        *error = strerror(errno);
        return NULL;
    }
    Profile *profile = NEW(arena, Profile);
    profile->seconds = NEW_ARRAY(arena, double, p->kernels.count + 1);
    Reader r = {.arena = arena, .program = p, .profile = profile, .kernels = -1};
    const char *text = (const char *)file->data;
    Json j = {.arena = arena, .text = text, .at = text, .end = text + file->bytes};
    if (!read_all(&r, &j) && !r.error)
        refuse(&r, arena_format(arena, "byte %td: %s was wanted", j.at - j.text, j.error));
    if (!r.error) compare(&r);
    *error = r.error;
    return r.error ? NULL : profile;
}
