/* Calls a compiled network with strings, of which some have no address. Prints what it returns. */
#include "movement.h"

#include <stdio.h>
#include <stdlib.h>

static const char *words[6] = {"a", "b", "c", "d", "e", "f"}, *more[3] = {"", "", ""};
static const int64_t pick[2] = {0, 7};
static const uint8_t flag[3] = {0, 1, 0};
static const char *strings[12][12];
static uint8_t same[6];
static char workspace[MOVEMENT_WORKSPACE_BYTES + 64];

static int run(void)
{
    const char *(*s)[12] = strings;
    void *work = workspace + (64 - (uintptr_t)workspace % 64) % 64;
    return movement_run(words, more, pick, flag, s[0], s[1], s[2], s[3], s[4], s[5], s[6], same,
                        s[7], s[8], s[9], s[10], s[11], s[11] + 6, work);
}

int main(void)
{
    int good = run();
    words[5] = NULL;
    int null = run();
    words[5] = "f";
    int again = run();
    printf("%d %d %d %d\n", good, null, again, strings[11][6] == words[0]);
    return 0;
}
