/* worker: the thread that reads one item, and what becomes of it when a read does not return. All fields but the atomic
 * ones are guarded by the collector's lock; functions that say so are called with it held. */
#ifndef RDMA_AGENTX_WORKER_H
#define RDMA_AGENTX_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gather/collector.h"
#include "base/trouble.h"

enum { WORKER_COMPLETE_READS_TO_RECOVER = 3 };

enum worker_state {
    WORKER_IDLE,
    WORKER_QUEUED,  /* waits for one of the places */
    WORKER_READING, /* has one */
    WORKER_STALLED, /* missed its deadline; still reads, or waits to probe */
};

/* What all workers share. */
struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t done; /* nothing is outstanding any more, or a thread has ended */
    const struct collector_settings *settings;
    struct worker *queue, **queue_end;
    int places;         /* reads that may still start */
    size_t outstanding; /* queued and reading */
    size_t threads;
    int64_t end;                           /* ms: no read goes on longer */
    bool shares_descriptors, sharing_told; /* with the process: own tables are refused here */
};

struct worker {
    char name[COLLECTOR_NAME_SIZE];
    struct worker_pool *pool;
    struct worker *next_queued;
    sem_t wake;          /* a read is wanted, or the end */
    atomic_bool wanted;  /* a read, which has not begun: who takes this back decides what becomes of it */
    atomic_bool leaving; /* the item is gone: end as soon as possible */
    pthread_cond_t left; /* the same, for who waits to probe */
    enum worker_state state;
    int64_t started;         /* ms; this and the next stay as they are from wanted to the end of the read */
    int64_t deadline;        /* ms */
    int64_t typical;         /* ms that the last complete read took, or one would have */
    int64_t backoff;         /* ms before the next probe */
    unsigned complete_reads; /* running */
    bool stalled;            /* told, and not yet as over */
    struct trouble failed, late, partial;
    uint64_t registration;            /* as last told */
    void *result;                     /* of the last read, until it is taken; NULL: none */
    struct collector_summary summary; /* of it */
    int error;
};

void worker_pool_init(struct worker_pool *pool, const struct collector_settings *settings);

/* To be called first in each thread, without the lock: gives it a descriptor table of its own, or notes that it shares
 * the process's. */
void worker_own_descriptors(struct worker_pool *pool);

/* Starts the thread of an item; lock held. NULL with errno if there is none to be had. */
struct worker *worker_new(struct worker_pool *pool, const char *name);

/* The item is gone: the thread ends and frees the worker, now or when its read returns; lock held. */
void worker_retire(struct worker *worker);

/* Asks for a read; does nothing for a stalled worker; lock held. */
void worker_queue(struct worker *worker);

/* Gives free places to queued workers; lock held. */
void worker_start_queued(struct worker_pool *pool);

/* Takes away the place of a read that has missed its deadline, and a place in the queue; lock held. */
void worker_give_up(struct worker *worker);

#endif
