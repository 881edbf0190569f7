#include "gather/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gather/collector_list.h"
#include "gather/collector_tell.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "gather/worker.h"

enum {
    GRACE = 25,         /* ms a read has to hand over what it has when its time is up */
    END_OF_READS = 650, /* ms after the start of a refresh */
    FAREWELL = 300,     /* ms that threads get to end */
};

struct collector {
    struct collector_settings settings;
    struct worker_pool pool;
    struct worker **workers; /* sorted by name with strcmp */
    size_t count;
    size_t first;                         /* is queued first */
    char (*lacking)[COLLECTOR_NAME_SIZE]; /* items for which no thread could be had, sorted likewise */
    size_t lacking_count;
    /* The listing thread */
    pthread_cond_t list_wanted, listed;
    bool want_list, leaving;
    struct collector_names names; /* as last listed */
    bool names_are_new;
    struct collector_told told;
};

/* --- Listing --- */

static void *run_lister(void *context)
{
    struct collector *collector = context;
    struct worker_pool *pool = &collector->pool;

    worker_own_descriptors(pool);
    pthread_mutex_lock(&pool->lock);
    while (!collector->leaving) {
        struct collector_names names;

        if (!collector->want_list) {
            pthread_cond_wait(&collector->list_wanted, &pool->lock);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        collector_list(&collector->settings, &names);
        pthread_mutex_lock(&pool->lock);
        collector_names_fini(&collector->names);
        collector->names = names;
        collector->names_are_new = true;
        collector->want_list = false;
        pthread_cond_signal(&collector->listed);
    }
    pool->threads--;
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Has the items listed; false if that takes too long. Lock held, given up while waiting. */
static bool list_items(struct collector *collector)
{
    int64_t end = clock_ms() + collector->settings.read_timeout;

    collector->names_are_new = false;
    collector->want_list = true;
    pthread_cond_signal(&collector->list_wanted);
    while (!collector->names_are_new)
        if (!thread_wait_until(&collector->listed, &collector->pool.lock, end))
            return collector->names_are_new;
    return true;
}

static void retire(struct worker *worker)
{
    collector_tell_removal(worker);
    worker_retire(worker);
}

/* Makes the workers those of the names: both are sorted. An item without a thread is kept in mind all the same. */
static void match_workers(struct collector *collector)
{
    const struct collector_names *names = &collector->names;
    struct worker **workers = memory_new(names->count, sizeof(*workers));
    size_t count = 0, old = 0;
    int error = 0;

    collector->lacking = memory_resize(collector->lacking, names->count, sizeof(*collector->lacking));
    collector->lacking_count = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct worker *worker;

        while (old < collector->count && strcmp(collector->workers[old]->name, names->name[i]) < 0)
            retire(collector->workers[old++]);
        if (old < collector->count && strcmp(collector->workers[old]->name, names->name[i]) == 0)
            worker = collector->workers[old++];
        else
            worker = worker_new(&collector->pool, names->name[i]);
        if (worker) {
            workers[count++] = worker;
        } else {
            error = -errno;
            strcpy(collector->lacking[collector->lacking_count++], names->name[i]);
        }
    }
    collector_tell_lacking(&collector->told, collector->lacking_count, error);
    while (old < collector->count)
        retire(collector->workers[old++]);
    free(collector->workers);
    collector->workers = workers;
    collector->count = count;
    if (collector->first >= count)
        collector->first = 0;
}

/* --- Waiting --- */

/* Gives up on reads past their deadline; returns when the next one will be. */
static int64_t expire(struct collector *collector, int64_t end)
{
    int64_t now = clock_ms(), next = end;

    for (size_t i = 0; i < collector->count; i++) {
        struct worker *worker = collector->workers[i];

        if (worker->state != WORKER_READING)
            continue;
        if (now >= worker->deadline + GRACE)
            worker_give_up(worker);
        else if (worker->deadline + GRACE < next)
            next = worker->deadline + GRACE;
    }
    worker_start_queued(&collector->pool);
    /* A worker that has just started may be due before those looked at above; its time is no shorter. */
    if (now + collector->settings.read_timeout + GRACE < next)
        next = now + collector->settings.read_timeout + GRACE;
    return next;
}

static bool was_read(const struct worker *worker)
{
    return worker->state == WORKER_STALLED ||
           (worker->state == WORKER_IDLE && (!worker->result || worker->summary.complete));
}

/* If time was too short for all, the next refresh begins with the first that was not read to its end. */
static void note_first(struct collector *collector)
{
    for (size_t i = 0; i < collector->count; i++) {
        size_t at = (collector->first + i) % collector->count;

        if (was_read(collector->workers[at]))
            continue;
        collector->first = i == 0 ? (at + 1) % collector->count : at; /* one that never ends has had its turn */
        return;
    }
}

static void wait_for_reads(struct collector *collector, int64_t end)
{
    while (collector->pool.outstanding > 0 && clock_ms() < end) {
        int64_t next = expire(collector, end);

        if (collector->pool.outstanding > 0)
            thread_wait_until(&collector->pool.done, &collector->pool.lock, next);
    }
    note_first(collector);
    for (size_t i = 0; i < collector->count; i++)
        worker_give_up(collector->workers[i]);
}

/* --- Results --- */

/* Moves the worker's result to the reading; an item that has just gone leaves no entry. */
static void take_result(struct worker *worker, struct collector_reading *reading)
{
    struct collector_entry *entry = &reading->entries[reading->count];
    void *result = worker->result;
    int error = worker->error;

    collector_tell_worker(worker);
    worker->result = NULL;
    worker->error = 0;
    if (!result && (error == -ENODEV || error == -ENOENT))
        return;
    reading->failures += result ? worker->summary.failures + !worker->summary.complete : 1;
    strcpy(entry->name, worker->name);
    entry->result = result;
    entry->stalled = worker->stalled;
    reading->count++;
}

/* One entry for each item there is, sorted by name. */
static void take_results(struct collector *collector, struct collector_reading *reading)
{
    size_t lacking = 0;

    reading->entries = memory_new(collector->count + collector->lacking_count, sizeof(*reading->entries));
    for (size_t i = 0; i <= collector->count; i++) {
        const char *name = i < collector->count ? collector->workers[i]->name : "\x7f";

        for (; lacking < collector->lacking_count && strcmp(collector->lacking[lacking], name) < 0; lacking++) {
            strcpy(reading->entries[reading->count++].name, collector->lacking[lacking]);
            reading->failures++;
        }
        if (i < collector->count)
            take_result(collector->workers[i], reading);
    }
}

void collector_refresh(struct collector *collector, struct collector_reading *reading)
{
    struct worker_pool *pool = &collector->pool;
    int64_t start = clock_ms();

    *reading = (struct collector_reading){0};
    pthread_mutex_lock(&pool->lock);
    if (list_items(collector)) {
        reading->error = collector->names.error;
        if (!reading->error)
            match_workers(collector);
    } else {
        reading->error = -ETIMEDOUT;
    }
    reading->names_not_served = collector->names.not_served;
    collector_tell_listing(&collector->told, reading->error, &collector->names);
    pool->end = start + END_OF_READS;
    for (size_t i = 0; i < collector->count; i++)
        worker_queue(collector->workers[(collector->first + i) % collector->count]);
    worker_start_queued(pool);
    wait_for_reads(collector, start + COLLECTOR_LONGEST_REFRESH);
    take_results(collector, reading);
    collector_tell_descriptors(pool);
    pthread_mutex_unlock(&pool->lock);
}

void collector_reading_fini(struct collector_reading *reading)
{
    free(reading->entries);
    *reading = (struct collector_reading){0};
}

/* --- Beginning and end --- */

struct collector *collector_new(const struct collector_settings *settings)
{
    struct collector *collector = memory_new(1, sizeof(*collector));
    int error;

    collector->settings = *settings;
    collector->told.source = &collector->settings.source;
    worker_pool_init(&collector->pool, &collector->settings);
    pthread_cond_init(&collector->list_wanted, NULL);
    thread_init_condition(&collector->listed);
    collector->workers = memory_new(0, sizeof(*collector->workers));
    collector->lacking = memory_new(0, sizeof(*collector->lacking));
    collector->pool.threads = 1;
    error = thread_start(NULL, run_lister, collector);
    if (error) {
        free(collector->workers);
        free(collector->lacking);
        free(collector);
        errno = -error;
        return NULL;
    }
    return collector;
}

void collector_free(struct collector *collector)
{
    struct worker_pool *pool = &collector->pool;
    int64_t end = clock_ms() + FAREWELL;
    bool all_ended;

    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < collector->count; i++)
        worker_retire(collector->workers[i]);
    collector->count = 0;
    collector->leaving = true;
    pthread_cond_signal(&collector->list_wanted);
    while (pool->threads > 0)
        if (!thread_wait_until(&pool->done, &pool->lock, end))
            break;
    all_ended = pool->threads == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!all_ended)
        return;
    collector_names_fini(&collector->names);
    free(collector->workers);
    free(collector->lacking);
    free(collector);
}
