#include "port/events_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gather/collector_list.h"
#include "base/memory.h"
#include "base/thread.h"

bool events_jobs_init(struct events_jobs *jobs, const struct events_settings *settings)
{
    *jobs = (struct events_jobs){.settings = settings, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&jobs->lock, NULL);
    return jobs->wake >= 0;
}

void events_jobs_fini(struct events_jobs *jobs)
{
    if (jobs->wake >= 0)
        close(jobs->wake);
    pthread_mutex_destroy(&jobs->lock);
}

static bool find(void *context, const char *uverbs, const char *name)
{
    struct events_job *job = context;
    const struct events_settings *settings = job->jobs->settings;
    struct events_found *found;

    if (!collector_wants(settings->include, settings->exclude, name))
        return true;
    job->found = memory_resize(job->found, job->found_count + 1, sizeof(*job->found));
    found = &job->found[job->found_count++];
    snprintf(found->uverbs, sizeof(found->uverbs), "%s", uverbs);
    snprintf(found->name, sizeof(found->name), "%s", name);
    return true;
}

static void do_job(struct events_job *job)
{
    const struct events_source *source = job->jobs->settings->source;

    switch (job->kind) {
    case EVENTS_JOB_LIST:
        job->error = source->list(find, job);
        break;
    case EVENTS_JOB_OPEN:
        job->link = source->open(job->uverbs, job->name, &job->error);
        break;
    case EVENTS_JOB_CLOSE:
        source->close(job->link);
        break;
    }
}

static void *run(void *context)
{
    struct events_job *job = context;
    struct events_jobs *jobs = job->jobs;

    do_job(job);
    pthread_mutex_lock(&jobs->lock);
    job->next = jobs->done;
    jobs->done = job;
    eventfd_write(jobs->wake, 1); /* with the lock: without it, jobs may be gone */
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* The thread keeps the process's table of descriptors, since what it opens is polled by another. */
void events_job_start(struct events_jobs *jobs, const struct events_job *job)
{
    struct events_job *started = memory_new(1, sizeof(*started));

    *started = *job;
    started->jobs = jobs;
    jobs->under_way++;
    if (thread_start(NULL, run, started) != 0)
        run(started); /* better late than never */
}

struct events_job *events_jobs_take(struct events_jobs *jobs)
{
    struct events_job *done;
    eventfd_t ignored;

    eventfd_read(jobs->wake, &ignored);
    pthread_mutex_lock(&jobs->lock);
    done = jobs->done;
    jobs->done = NULL;
    pthread_mutex_unlock(&jobs->lock);
    for (const struct events_job *job = done; job; job = job->next)
        jobs->under_way--;
    return done;
}

void events_job_free(struct events_job *job)
{
    free(job->found);
    free(job);
}
