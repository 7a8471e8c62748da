/* What `netc bench --profile --json` measured, read back for a report. */
#ifndef NETC_PROFILE_H
#define NETC_PROFILE_H

#include "program.h"

typedef struct Profile {
    const char *network, *target;
    double median_seconds, peak_gflops, threads;
    double *seconds; /* of each kernel of the program, in order */
} Profile;

/* NULL, with what was wanted and what was found in *error (in the arena), when the file cannot be
 * read or is of another program. */
const Profile *profile_read(Arena *arena, const char *path, const Program *p, const char **error);

#endif
