/* SPDX-License-Identifier: 0BSD */
/*
 * Kernels shared out among the threads of a run, by OpenMP where it is compiled in, else by one
 * thread. A kernel has parts. Each thread has a run of them that is its own, the same share of
 * every kernel, so that what it reads is mostly what it wrote and lies in its own cache. A thread
 * that has done its own, and has waited a little, takes parts from the others' ends: one that is
 * held up does not hold up the rest. The next kernel begins when all parts are done. All state is
 * in the run's own frame. Which thread computes a part makes no difference to its result. C11, C99
 * and C++, gcc and clang.
 */
#ifndef NETC_THREADS_H
#define NETC_THREADS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <sched.h>
#endif

/* What the threads of a run know of one of them; its own cache lines, written rarely by others. */
typedef struct {
    uint64_t range; /* its parts that nobody has taken: kernel << 32 | first << 16 | end */
    int32_t status; /* of lane 0: what a kernel that failed returned */
    char apart[116];
    uint32_t done; /* parts that it has computed, in all kernels */
    uint32_t met;  /* how often it was at netc_meet */
    char apart_too[120];
} __attribute__((aligned(128))) netc_lane;

/* One thread in a run. */
typedef struct {
    netc_lane *lanes;
    uint32_t index, count; /* which of how many it is */
    uint32_t kernel;       /* number of the kernel that it is at */
    uint32_t parts;        /* of that kernel */
    uint32_t all, done;    /* parts of all kernels so far; those that this thread computed */
    uint32_t met;
    ptrdiff_t part; /* to compute now; -1: none */
} netc_worker;

/* OMP_NUM_THREADS, but not more than the code was made for. */
static inline int netc_team_size(int most)
{
#ifdef _OPENMP
    int wanted = omp_get_max_threads();
    return wanted < most ? wanted : most;
#else
    (void)most;
    return 1;
#endif
}

/* Before a block that each thread of a run executes. */
#ifdef _OPENMP
#define NETC_TEAM_TEXT(text) _Pragma(#text)
#define NETC_TEAM(most)      NETC_TEAM_TEXT(omp parallel num_threads(netc_team_size(most)))
#else
#define NETC_TEAM(most)
#endif

/* ThreadSanitizer does not see how OpenMP starts and ends a team: it is told. */
#ifdef __SANITIZE_THREAD__
#ifdef __cplusplus
extern "C" {
#endif
void __tsan_acquire(void *);
void __tsan_release(void *);
#ifdef __cplusplus
}
#endif
#define NETC_SEEN(p)  __tsan_acquire(p)
#define NETC_SHOWN(p) __tsan_release(p)
#else
#define NETC_SEEN(p)  (void)(p)
#define NETC_SHOWN(p) (void)(p)
#endif

static inline void netc_lanes_clear(netc_lane *lanes, int count)
{
    memset(lanes, 0, (size_t)count * sizeof *lanes);
    NETC_SHOWN(lanes);
}

static inline netc_worker netc_worker_join(netc_lane *lanes)
{
    netc_worker w;
    NETC_SEEN(lanes);
    memset(&w, 0, sizeof w);
    w.lanes = lanes;
    w.count = 1;
#ifdef _OPENMP
    w.index = (uint32_t)omp_get_thread_num();
    w.count = (uint32_t)omp_get_num_threads();
#endif
    w.part = -1;
    return w;
}

static inline void netc_worker_leave(netc_worker *w) { NETC_SHOWN(w->lanes); }

static inline int netc_lanes_status(netc_lane *lanes)
{
    NETC_SEEN(lanes);
    return lanes[0].status;
}

/* For whoever waits for the times-th time: mostly it takes some hundred nanoseconds. When it takes
 * longer, perhaps because there are fewer cores than threads, others are let run. */
static inline void netc_wait(uint32_t times)
{
    enum { SHORT = 1000 };
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
#if defined(__unix__) || defined(__APPLE__)
    if (times > SHORT) sched_yield();
#endif
    (void)times;
}

/* Takes a part from the first end (of its own parts) or the last (of others'). Whoever comes first
 * to a kernel sets the range: all parts of the kernels before are done. */
static inline int netc_take(netc_worker *w, uint32_t whose, int own)
{
    uint64_t *range = &w->lanes[whose].range, now = __atomic_load_n(range, __ATOMIC_ACQUIRE);
    for (;;) {
        uint32_t kernel = (uint32_t)(now >> 32), first = now >> 16 & 0xffff, end = now & 0xffff;
        if (kernel != w->kernel) {
            if ((int32_t)(kernel - w->kernel) > 0) return 0;
            first = w->parts * whose / w->count;
            end = w->parts * (whose + 1) / w->count;
        }
        if (first == end) return 0;
        uint32_t part = own ? first++ : --end;
        uint64_t left = (uint64_t)w->kernel << 32 | (uint64_t)first << 16 | end;
        if (__atomic_compare_exchange_n(range, &now, left, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            w->part = (ptrdiff_t)part;
            return 1;
        }
    }
}

static inline int netc_all_done(const netc_worker *w)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < w->count; i++)
        done += __atomic_load_n(&w->lanes[i].done, __ATOMIC_ACQUIRE);
    return (int32_t)(done - w->all) >= 0;
}

static inline void netc_begin(netc_worker *w, uint32_t parts)
{
    w->kernel++;
    w->parts = parts;
    w->all += parts;
    w->part = -1;
}

/* The next part to compute in w->part; 0 when all parts of the kernel are done. */
static inline int netc_next(netc_worker *w)
{
    enum { PATIENCE = 50 };
    if (w->part >= 0) __atomic_store_n(&w->lanes[w->index].done, ++w->done, __ATOMIC_RELEASE);
    if (netc_take(w, w->index, 1)) return 1;
    for (uint32_t times = 0; !netc_all_done(w); times++) {
        for (uint32_t i = 1; times > PATIENCE && i < w->count; i++)
            if (netc_take(w, (w->index + i) % w->count, 0)) return 1;
        netc_wait(times);
    }
    w->part = -1;
    return 0;
}

/* Before a statement that computes part w->part of a kernel. */
#define NETC_PARTS(w, parts) for (netc_begin(w, parts); netc_next(w);)

/* Until every thread is here. */
static inline void netc_meet(netc_worker *w)
{
    __atomic_store_n(&w->lanes[w->index].met, ++w->met, __ATOMIC_RELEASE);
    for (uint32_t i = 0, times = 0; i < w->count; times++) {
        if ((int32_t)(__atomic_load_n(&w->lanes[i].met, __ATOMIC_ACQUIRE) - w->met) >= 0)
            i++;
        else
            netc_wait(times);
    }
}

/* A condition that kernels write: all threads read the same. */
static inline int netc_agree(netc_worker *w, const void *condition)
{
    uint8_t holds;
    netc_meet(w);
    memcpy(&holds, condition, 1);
    netc_meet(w);
    return holds != 0;
}

static inline void netc_fail(netc_worker *w, int status)
{
    if (status) __atomic_store_n(&w->lanes[0].status, status, __ATOMIC_RELEASE);
}

/* Asked after a kernel that may fail. */
static inline int netc_failed(const netc_worker *w)
{
    return __atomic_load_n(&w->lanes[0].status, __ATOMIC_ACQUIRE) != 0;
}

#endif
