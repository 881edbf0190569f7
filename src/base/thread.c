#include "base/thread.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_SIZE = 512 * 1024,  /* address space; libraries are not frugal */
    MOST_DESCRIPTORS = 16384, /* more than there ever are: the process holds a quarter of it */
};

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t detached;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, thread ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread ? thread : &detached, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

/* Where close_range(2) cannot be had (Linux before 5.9, a filter), one after the other. */
static void close_between(unsigned first, unsigned last)
{
    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
    for (unsigned fd = first; fd <= last && fd < MOST_DESCRIPTORS; fd++)
        close((int)fd);
}

bool thread_own_descriptors(void)
{
    if (unshare(CLONE_FILES) != 0)
        return false;
    close_between(STDIN_FILENO, STDOUT_FILENO);
    close_between(STDERR_FILENO + 1, UINT_MAX);
    return true;
}

void thread_init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t moment)
{
    struct timespec time = {.tv_sec = moment / 1000, .tv_nsec = moment % 1000 * 1000000};

    return pthread_cond_timedwait(condition, lock, &time) != ETIMEDOUT;
}
