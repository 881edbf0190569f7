/* events_job: what may take as long as a driver does: threads list, open and close devices, one for each job, and give
 * back what came of it. */
#ifndef RDMA_AGENTX_EVENTS_JOB_H
#define RDMA_AGENTX_EVENTS_JOB_H

#include <pthread.h>
#include <stddef.h>

#include "port/events.h"
#include "port/port.h"

enum { UVERBS_NAME_SIZE = 64 };

enum events_job_kind { EVENTS_JOB_LIST, EVENTS_JOB_OPEN, EVENTS_JOB_CLOSE };

/* A device in a listing: one that the options want. */
struct events_found {
    char uverbs[UVERBS_NAME_SIZE], name[DEVICE_NAME_SIZE];
};

struct events_job {
    struct events_job *next;
    struct events_jobs *jobs;
    enum events_job_kind kind;
    void *context;                                         /* of who started it */
    char uverbs[UVERBS_NAME_SIZE], name[DEVICE_NAME_SIZE]; /* to open */
    struct verbs_link *link;                               /* that was opened, or is to be closed */
    int error;
    struct events_found *found;
    size_t found_count;
};

struct events_jobs {
    const struct events_settings *settings;
    int wake; /* becomes readable with each job that is done */
    size_t under_way;
    pthread_mutex_t lock;
    struct events_job *done; /* guarded by the lock */
};

/* settings and jobs must last until no job is under way. False with errno. */
bool events_jobs_init(struct events_jobs *jobs, const struct events_settings *settings);
void events_jobs_fini(struct events_jobs *jobs);

/* Starts a copy of the job. */
void events_job_start(struct events_jobs *jobs, const struct events_job *job);

/* The jobs that are done, as a list, which are under way no longer; the caller frees each. */
struct events_job *events_jobs_take(struct events_jobs *jobs);
void events_job_free(struct events_job *job);

#endif
