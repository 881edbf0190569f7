#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

enum { STACK_SIZE = 512 * 1024 }; /* address space; libibverbs' providers are not frugal */

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t unused;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, thread ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    error = pthread_create(thread ? thread : &unused, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

void thread_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool thread_cond_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms)
{
    struct timespec end = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    return pthread_cond_timedwait(condition, lock, &end) != ETIMEDOUT;
}
