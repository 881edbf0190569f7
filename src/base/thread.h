/* thread: threads as this program wants them: without signals, with waits on the monotonic clock. */
#ifndef RDMA_AGENTX_THREAD_H
#define RDMA_AGENTX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Starts a thread without signals, to be joined by who wants to have *thread; with NULL nobody can. 0 or -errno. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* A condition whose waits end at times of the monotonic clock. */
void thread_cond_init(pthread_cond_t *condition);

/* Waits for the condition until then (ms of the monotonic clock) at most; lock held. False if the time was up. */
bool thread_cond_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t ms);

#endif
