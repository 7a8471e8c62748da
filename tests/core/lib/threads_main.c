/* One run of tests/core/lib/threads.net; what comes out is not looked at. */
#include "threads.h"

static float x[1 * 16 * 40 * 40], y[1 * 32 * 20 * 20];
static _Alignas(64) unsigned char workspace[THREADS_WORKSPACE_BYTES];

int main(void) { return threads_run(x, y, workspace); }
