#include "gather/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

enum {
    FIRST_BACKOFF = 1000, /* ms */
    LONGEST_BACKOFF = 60 * 1000,
    LONGEST_TYPICAL = 10 * 1000,
    LONGEST_WAIT = 650, /* ms: what takes longer is in time for no refresh */
    SHORTEST_READ = 50, /* ms */
};

void worker_pool_init(struct worker_pool *pool, const struct collector_settings *settings)
{
    *pool = (struct worker_pool){.settings = settings, .places = COLLECTOR_MOST_READS};
    pool->queue_end = &pool->queue;
    pthread_mutex_init(&pool->lock, NULL);
    thread_init_condition(&pool->done);
}

void worker_own_descriptors(struct worker_pool *pool)
{
    if (thread_own_descriptors())
        return;
    pthread_mutex_lock(&pool->lock);
    pool->shares_descriptors = true;
    pthread_mutex_unlock(&pool->lock);
}

/* --- One read --- */

/* When a read should hand over what it has: before a part that would outlast the deadline if it took as long as the
 * longest one until now. */
struct deadline {
    int64_t end, last, longest; /* ms */
};

/* It is asked before each part, hence the cheap clock. */
static bool is_over(void *context)
{
    struct deadline *deadline = context;
    int64_t now = clock_coarse_ms();

    if (now - deadline->last > deadline->longest)
        deadline->longest = now - deadline->last;
    deadline->last = now;
    return now + deadline->longest >= deadline->end;
}

static void note_duration(struct worker *worker, int64_t elapsed)
{
    const struct collector_summary *summary = &worker->summary;

    if (summary->complete)
        worker->typical = elapsed;
    else if (summary->parts_read > 0)
        worker->typical = elapsed * summary->parts / summary->parts_read;
    if (worker->typical > LONGEST_TYPICAL)
        worker->typical = LONGEST_TYPICAL;
    worker->complete_reads = summary->complete ? worker->complete_reads + 1 : 0;
    if (worker->complete_reads >= WORKER_COMPLETE_READS_TO_RECOVER)
        worker->backoff = 0;
}

/* A read that was given up, but would have been in time with more patience, has it next time: an item whose every read
 * takes that long must be served, too. */
static void note_lateness(struct worker *worker, int64_t elapsed)
{
    if (elapsed < LONGEST_WAIT && elapsed > worker->typical)
        worker->typical = elapsed;
}

static void free_result(const struct worker *worker, void *result)
{
    if (result)
        worker->pool->settings->source.free(result);
}

/* Hands over what was read; lock held. False if it came too late for anyone to use. */
static bool finish(struct worker *worker, void *result, int error)
{
    struct worker_pool *pool = worker->pool;

    if (worker->state != WORKER_READING) {
        note_lateness(worker, clock_ms() - worker->started);
        free_result(worker, result);
        return false;
    }
    if (result) {
        worker->summary = pool->settings->source.describe(result);
        note_duration(worker, clock_ms() - worker->started);
    }
    worker->result = result;
    worker->error = error;
    worker->state = WORKER_IDLE;
    pool->places++;
    if (--pool->outstanding == 0)
        pthread_cond_signal(&pool->done);
    worker_start_queued(pool);
    return true;
}

/* Reads the item, without the lock until it is read: a worker that is woken need not wait for who wakes it. Returns
 * with the lock held if that came too late. */
static bool read_item(struct worker *worker, void *state)
{
    struct worker_pool *pool = worker->pool;
    struct deadline deadline = {.end = worker->deadline, .last = clock_coarse_ms()};
    struct patience patience = {.now = worker->started, .is_over = is_over, .context = &deadline};
    int error = 0;
    void *result = pool->settings->source.read(state, &patience, &error);

    pthread_mutex_lock(&pool->lock);
    if (!finish(worker, result, error))
        return false;
    pthread_mutex_unlock(&pool->lock);
    return true;
}

/* --- After a missed deadline: see now and then whether the item answers again --- */

static void wait_for(struct worker *worker, int64_t ms)
{
    int64_t until = clock_ms() + ms;

    while (!worker->leaving && clock_ms() < until)
        thread_wait_until(&worker->left, &worker->pool->lock, until);
}

/* To be called with the lock, which it gives up. */
static void recover(struct worker *worker, void *state)
{
    struct worker_pool *pool = worker->pool;

    while (!worker->leaving) {
        int64_t started;

        worker->backoff = worker->backoff == 0 ? FIRST_BACKOFF : worker->backoff * 2;
        if (worker->backoff > LONGEST_BACKOFF)
            worker->backoff = LONGEST_BACKOFF;
        wait_for(worker, worker->backoff);
        if (worker->leaving)
            break;
        started = clock_ms();
        pthread_mutex_unlock(&pool->lock);
        pool->settings->source.probe(state);
        pthread_mutex_lock(&pool->lock);
        if (clock_ms() - started < LONGEST_WAIT)
            break;
    }
    worker->state = WORKER_IDLE;
    pthread_mutex_unlock(&pool->lock);
}

static void free_worker(struct worker *worker)
{
    free_result(worker, worker->result);
    pthread_cond_destroy(&worker->left);
    sem_destroy(&worker->wake);
    free(worker);
}

/* Waits until a read is wanted; false if the end is. */
static bool wait_until_wanted(struct worker *worker)
{
    while (true) {
        while (sem_wait(&worker->wake) != 0)
            ;
        if (worker->leaving)
            return false;
        if (atomic_exchange(&worker->wanted, false))
            return true;
        pthread_mutex_lock(&worker->pool->lock);
        if (worker->state == WORKER_STALLED)
            worker->state = WORKER_IDLE; /* its time was over before the read began: nothing hangs */
        pthread_mutex_unlock(&worker->pool->lock);
    }
}

static void *run(void *context)
{
    struct worker *worker = context;
    struct worker_pool *pool = worker->pool;
    void *state;

    worker_own_descriptors(pool);
    state = pool->settings->source.open(pool->settings->source.context, worker->name);
    while (wait_until_wanted(worker))
        if (!read_item(worker, state))
            recover(worker, state);
    pool->settings->source.close(state);
    pthread_mutex_lock(&pool->lock);
    free_worker(worker); /* now: who has woken it held the lock until it was done with it */
    pool->threads--;
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* --- For the collector --- */

struct worker *worker_new(struct worker_pool *pool, const char *name)
{
    struct worker *worker = memory_new(1, sizeof(*worker));
    int error;

    worker->pool = pool;
    sem_init(&worker->wake, 0, 0);
    snprintf(worker->name, sizeof(worker->name), "%s", name);
    thread_init_condition(&worker->left);
    error = thread_start(NULL, run, worker);
    if (error) {
        free_worker(worker);
        errno = -error;
        return NULL;
    }
    pool->threads++;
    return worker;
}

void worker_retire(struct worker *worker)
{
    worker_give_up(worker);
    worker->leaving = true;
    pthread_cond_signal(&worker->left);
    sem_post(&worker->wake);
}

void worker_queue(struct worker *worker)
{
    struct worker_pool *pool = worker->pool;

    if (worker->state != WORKER_IDLE)
        return;
    worker->state = WORKER_QUEUED;
    worker->next_queued = NULL;
    *pool->queue_end = worker;
    pool->queue_end = &worker->next_queued;
    pool->outstanding++;
}

/* With less time left than this a read is better not begun: its item comes first next time. */
static int64_t least_time(const struct worker *worker)
{
    int64_t least = worker->typical > SHORTEST_READ ? worker->typical : SHORTEST_READ;

    return least < worker->pool->settings->read_timeout ? least : worker->pool->settings->read_timeout;
}

void worker_start_queued(struct worker_pool *pool)
{
    int64_t now = clock_ms();

    while (pool->queue && pool->places > 0 && now + least_time(pool->queue) <= pool->end) {
        struct worker *worker = pool->queue;
        int64_t patience = worker->typical * 2;

        pool->queue = worker->next_queued;
        if (!pool->queue)
            pool->queue_end = &pool->queue;
        pool->places--;
        if (patience < pool->settings->read_timeout)
            patience = pool->settings->read_timeout;
        worker->state = WORKER_READING;
        worker->started = now;
        worker->deadline = now + patience < pool->end ? now + patience : pool->end;
        worker->wanted = true;
        sem_post(&worker->wake);
    }
}

static void leave_queue(struct worker *worker)
{
    struct worker_pool *pool = worker->pool;
    struct worker **at = &pool->queue;

    while (*at != worker)
        at = &(*at)->next_queued;
    *at = worker->next_queued;
    if (!*at)
        pool->queue_end = at;
}

void worker_give_up(struct worker *worker)
{
    if (worker->state == WORKER_QUEUED) {
        leave_queue(worker);
        worker->state = WORKER_IDLE;
    } else if (worker->state == WORKER_READING) {
        worker->wanted = false; /* if it has not begun, it need not */
        worker->state = WORKER_STALLED;
        worker->complete_reads = 0;
        worker->pool->places++;
    } else {
        return;
    }
    worker->pool->outstanding--;
}
