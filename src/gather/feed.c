#include "gather/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

enum {
    FAREWELL = 300,               /* ms that the thread gets to end */
    WATCH_LEAST = 15 * 60 * 1000, /* ms: pollers of five minutes jitter */
    WATCH_MOST = 90 * 60 * 1000,  /* ms: discovery comes hourly */
    WATCH_FACTOR = 3,             /* distances of the last two wishes */
};

/* A look that was published, until nobody has it any more. */
struct published {
    struct feed_look shown; /* first: who has it gives it back by this */
    atomic_uint owners;     /* grows under the lock only, where the feed is one while it is the newest */
};

struct feed {
    struct feed_settings settings;
    pthread_mutex_t lock;
    pthread_cond_t wanted, done; /* a look is to be made; one has ended, or the thread has */
    struct published *newest;
    _Atomic(const struct feed_look *) served; /* the newest, unless it has expired: for those without the lock */
    atomic_int_fast64_t fresh_until;          /* µs: on demand, no look is made before; likewise */
    struct feed_state state;
    struct statistics statistics;
    int64_t begun_at, ended_at;       /* µs: of the newest that succeeded */
    int64_t busy_since;               /* µs; of the one under way */
    int64_t next_at;                  /* µs: in the background */
    int64_t wished_at, watched_until; /* µs */
    int64_t target;                   /* the look that was wished for: state.number is to reach it */
    int64_t valid_from;               /* µs: looks that began earlier are not served */
    bool is_wanted, is_busy;
    bool is_leaving, has_ended;
};

/* --- Looks and their owners --- */

static void drop(struct feed *feed, struct published *published)
{
    if (atomic_fetch_sub(&published->owners, 1) > 1)
        return;
    feed->settings.release(published->shown.look);
    free(published);
}

static bool is_expired(const struct feed *feed)
{
    return feed->begun_at < feed->valid_from;
}

/* Lock held. */
static void publish(struct feed *feed, void *look)
{
    struct published *published = memory_new(1, sizeof(*published));

    published->shown.look = look;
    atomic_init(&published->owners, 1);
    if (feed->newest)
        drop(feed, feed->newest);
    feed->newest = published;
    atomic_store(&feed->served, is_expired(feed) ? NULL : &published->shown);
}

/* --- The thread --- */

static bool is_watched(const struct feed *feed, int64_t now)
{
    return feed->settings.in_background && now < feed->watched_until;
}

/* Sleeps until a look is to be made, or the end. Lock held. The clock of a test does not wake anybody. */
static void await(struct feed *feed)
{
    while (!feed->is_leaving && !feed->is_wanted) {
        int64_t now = feed->settings.clock();

        if (!is_watched(feed, now)) {
            pthread_cond_wait(&feed->wanted, &feed->lock);
            continue;
        }
        if (now >= feed->next_at)
            return;
        thread_wait_until(&feed->wanted, &feed->lock, (clock_us() + feed->next_at - now + 999) / 1000);
    }
}

static void end_look(struct feed *feed, void *look, int64_t failures)
{
    int64_t now = feed->settings.clock();

    feed->is_busy = false;
    feed->state.number++;
    feed->state.failures += failures + !look;
    feed->state.last_failed = !look;
    statistics_add(&feed->statistics, now - feed->busy_since);
    feed->next_at = feed->busy_since + feed->settings.interval * 1000;
    feed->ended_at = now;
    if (look) {
        feed->begun_at = feed->busy_since;
        publish(feed, look);
    }
    if (!feed->settings.in_background && !is_expired(feed))
        atomic_store(&feed->fresh_until, now + feed->settings.interval * 1000);
    pthread_cond_broadcast(&feed->done);
    if (feed->settings.published >= 0)
        eventfd_write(feed->settings.published, 1);
}

static void *run(void *context)
{
    struct feed *feed = context;

    pthread_mutex_lock(&feed->lock);
    for (await(feed); !feed->is_leaving; await(feed)) {
        int64_t failures = 0;
        void *look;

        feed->is_wanted = false;
        feed->is_busy = true;
        feed->busy_since = feed->settings.clock();
        pthread_mutex_unlock(&feed->lock);
        look = feed->settings.take(feed->settings.context, &failures);
        pthread_mutex_lock(&feed->lock);
        end_look(feed, look, failures);
    }
    feed->has_ended = true;
    pthread_cond_broadcast(&feed->done);
    pthread_mutex_unlock(&feed->lock);
    return NULL;
}

/* --- Beginning and end --- */

static void release_all(struct feed *feed)
{
    if (feed->newest)
        drop(feed, feed->newest);
    pthread_cond_destroy(&feed->wanted);
    pthread_cond_destroy(&feed->done);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

struct feed *feed_new(const struct feed_settings *settings)
{
    struct feed *feed = memory_new(1, sizeof(*feed));
    int error;

    feed->settings = *settings;
    if (!feed->settings.clock)
        feed->settings.clock = clock_us;
    feed->is_wanted = settings->in_background;
    feed->target = settings->in_background;
    pthread_mutex_init(&feed->lock, NULL);
    thread_init_condition(&feed->wanted);
    thread_init_condition(&feed->done);
    error = thread_start(NULL, run, feed);
    if (!error)
        return feed;
    release_all(feed);
    errno = -error;
    return NULL;
}

bool feed_free(struct feed *feed)
{
    int64_t end = clock_ms() + FAREWELL;
    bool has_ended;

    if (!feed)
        return true;
    pthread_mutex_lock(&feed->lock);
    feed->is_leaving = true;
    pthread_cond_signal(&feed->wanted);
    while (!feed->has_ended && thread_wait_until(&feed->done, &feed->lock, end))
        ;
    has_ended = feed->has_ended;
    pthread_mutex_unlock(&feed->lock);
    if (has_ended)
        release_all(feed);
    return has_ended;
}

/* --- For those who serve it --- */

/* Lock held. A look that is under way will do, unless it began before what it would see was over. */
static void want(struct feed *feed)
{
    bool will_do = feed->is_busy && feed->busy_since >= feed->valid_from;

    feed->target = feed->state.number + (feed->is_busy && !will_do ? 2 : 1);
    if (will_do)
        return;
    feed->is_wanted = true;
    pthread_cond_signal(&feed->wanted);
}

static int64_t watch_time(int64_t distance)
{
    int64_t time = WATCH_FACTOR * distance;

    return time < WATCH_LEAST ? WATCH_LEAST : time > WATCH_MOST ? WATCH_MOST : time;
}

static bool is_due(const struct feed *feed, int64_t now)
{
    return feed->state.number == 0 || is_expired(feed) || now - feed->ended_at >= feed->settings.interval * 1000;
}

bool feed_wish(struct feed *feed)
{
    int64_t now = feed->settings.clock();
    bool is_awaited;

    if (now < atomic_load_explicit(&feed->fresh_until, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&feed->lock);
    if (!feed->settings.in_background) {
        if (is_due(feed, now))
            want(feed);
    } else {
        bool was_watched = is_watched(feed, now);
        int64_t distance = feed->wished_at > 0 ? (now - feed->wished_at) / 1000 : 0;

        /* The varbinds of one request, and the requests of one walk, are no distance. */
        if (distance >= feed->settings.interval || feed->wished_at == 0) {
            feed->watched_until = now + watch_time(distance) * 1000;
            feed->wished_at = now;
        } else if (feed->watched_until < now + WATCH_LEAST * INT64_C(1000)) {
            feed->watched_until = now + WATCH_LEAST * INT64_C(1000);
        }
        if (is_due(feed, now) && (!was_watched || is_expired(feed)))
            want(feed);
        else
            pthread_cond_signal(&feed->wanted); /* the thread sleeps until it is told that it is watched */
    }
    is_awaited = feed->state.number < feed->target;
    pthread_mutex_unlock(&feed->lock);
    return is_awaited;
}

void feed_expire(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->valid_from = feed->settings.clock() + 1;
    atomic_store(&feed->served, NULL);
    atomic_store(&feed->fresh_until, 0);
    pthread_mutex_unlock(&feed->lock);
}

void feed_look(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    want(feed);
    pthread_mutex_unlock(&feed->lock);
}

const struct feed_look *feed_get(struct feed *feed, int64_t until, bool *is_late)
{
    const struct feed_look *look = NULL;

    pthread_mutex_lock(&feed->lock);
    while (feed->state.number < feed->target && thread_wait_until(&feed->done, &feed->lock, until))
        ;
    *is_late = feed->state.number < feed->target;
    if (feed->newest && !is_expired(feed)) {
        atomic_fetch_add_explicit(&feed->newest->owners, 1, memory_order_relaxed);
        look = &feed->newest->shown;
    }
    pthread_mutex_unlock(&feed->lock);
    return look;
}

bool feed_is_newest(struct feed *feed, const struct feed_look *look)
{
    return atomic_load_explicit(&feed->served, memory_order_acquire) == look;
}

void feed_put(struct feed *feed, const struct feed_look *look)
{
    if (look)
        drop(feed, (struct published *)look);
}

struct feed_state feed_state(struct feed *feed)
{
    struct feed_state state;
    int64_t now;

    pthread_mutex_lock(&feed->lock);
    now = feed->settings.clock();
    state = feed->state;
    state.age = feed->newest ? (now - feed->begun_at) / 1000 : -1;
    state.rest = feed->state.number > 0 && !is_expired(feed) ? (now - feed->ended_at) / 1000 : -1;
    state.busy = feed->is_busy ? (now - feed->busy_since) / 1000 : -1;
    state.is_watched = is_watched(feed, now);
    pthread_mutex_unlock(&feed->lock);
    return state;
}

void feed_statistics(struct feed *feed, struct statistics *statistics)
{
    pthread_mutex_lock(&feed->lock);
    *statistics = feed->statistics;
    pthread_mutex_unlock(&feed->lock);
}
