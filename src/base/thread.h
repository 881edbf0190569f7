/* thread: threads that take no signal, hold no descriptor of the process open, and wait on the monotonic clock. */
#ifndef RDMA_AGENTX_THREAD_H
#define RDMA_AGENTX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Starts a thread with all signals blocked, to be joined by who wants to have *thread; with NULL nobody can. 0 or
 * -errno. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* To be called first in such a thread: gives it a descriptor table of its own, empty but for standard error, where a
 * sanitizer wants to report. So it holds no socket of the process open, however long it is stuck. False if it is refused
 * one (a container's seccomp filter): then it shares the process's. */
bool thread_own_descriptors(void);

/* A condition for thread_wait_until. */
void thread_init_condition(pthread_cond_t *condition);

/* Waits for the condition, no longer than until that moment of clock_ms; false if it has come. */
bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t moment);

#endif
