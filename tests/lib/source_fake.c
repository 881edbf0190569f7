#include "source_fake.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

enum { MOST_ITEMS = 1100, LONGEST_WAIT = 10 * 1000 };

struct source_fake source_fake = {.descriptor = -1};

static struct source_fake_item items[MOST_ITEMS];
static size_t item_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* Waits for a change, no longer than until that moment of clock_ms; lock held. */
static void wait_until(int64_t end)
{
    int64_t left = end - clock_ms();
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    left = left > 0 ? left : 0;
    at.tv_sec += left / 1000;
    at.tv_nsec += left % 1000 * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&changed, &lock, &at);
}

static int list(void *context, bool (*each)(void *names, const char *name), void *names)
{
    int error;

    (void)context;
    pthread_mutex_lock(&lock);
    source_fake.lists++;
    pthread_cond_broadcast(&changed);
    while (source_fake.list_hangs)
        pthread_cond_wait(&changed, &lock);
    error = source_fake.list_error;
    for (size_t i = item_count; i > 0 && !error; i--)
        if (items[i - 1].present)
            each(names, items[i - 1].name);
    pthread_mutex_unlock(&lock);
    return error;
}

static void *open_item(void *context, const char *name)
{
    struct source_fake_item *item = NULL;

    (void)context;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < item_count; i++)
        if (strcmp(items[i].name, name) == 0)
            item = &items[i];
    item->opens++;
    while (item->open_hangs)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return item;
}

static void look_at_thread(void)
{
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGHUP))
        source_fake.saw_signals = true;
    if (source_fake.descriptor >= 0 && fcntl(source_fake.descriptor, F_GETFD) >= 0)
        source_fake.saw_descriptor = true;
}

/* Lock held. */
static struct source_fake_result *make_result(const struct source_fake_item *item, int parts_read)
{
    struct source_fake_result *result = memory_new(1, sizeof(*result));

    strcpy(result->name, item->name);
    result->reads = item->reads;
    result->summary = (struct collector_summary){
        .registration = item->registration,
        .complete = parts_read == item->parts,
        .whole = !item->lacks,
        .failures = item->failures,
        .parts = (uint32_t)item->parts,
        .parts_read = (uint32_t)parts_read,
    };
    source_fake.results++;
    return result;
}

static void *read_item(void *context, const struct patience *patience, int *error)
{
    struct source_fake_item *item = context;
    struct source_fake_result *result = NULL;
    int parts_read = 0;
    bool hangs;

    pthread_mutex_lock(&lock);
    hangs = item->hangs;
    look_at_thread();
    item->reads++;
    if (++source_fake.running > source_fake.most_running)
        source_fake.most_running = source_fake.running;
    pthread_cond_broadcast(&changed);
    for (unsigned releases = item->releases; hangs && releases == item->releases;)
        pthread_cond_wait(&changed, &lock);
    while (parts_read < item->parts && !patience->is_over(patience->context)) {
        int64_t end = clock_ms() + item->ms;

        while (clock_ms() < end)
            wait_until(end);
        parts_read++;
    }
    source_fake.running--;
    *error = item->error;
    if (!item->error)
        result = make_result(item, parts_read);
    pthread_mutex_unlock(&lock);
    return result;
}

static void probe(void *context)
{
    struct source_fake_item *item = context;

    pthread_mutex_lock(&lock);
    item->probes++;
    pthread_cond_broadcast(&changed);
    while (item->probe_hangs)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void close_item(void *context)
{
    struct source_fake_item *item = context;

    pthread_mutex_lock(&lock);
    item->closes++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void free_result(void *result)
{
    pthread_mutex_lock(&lock);
    source_fake.results--;
    pthread_mutex_unlock(&lock);
    free(result);
}

static struct collector_summary describe(const void *result)
{
    return ((const struct source_fake_result *)result)->summary;
}

static void tell(void *context, const struct collector_news *news)
{
    (void)context;
    source_fake.told[news->event][news->is_over]++;
    source_fake.news = *news;
    snprintf(source_fake.news_of, sizeof(source_fake.news_of), "%s", news->name ? news->name : "");
}

struct collector_source source_fake_source(void)
{
    return (struct collector_source){
        .list = list,
        .open = open_item,
        .read = read_item,
        .probe = probe,
        .close = close_item,
        .free = free_result,
        .describe = describe,
        .tell = tell,
    };
}

void source_fake_forget(struct collector_reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        if (reading->entries[i].result)
            free_result(reading->entries[i].result);
    collector_reading_fini(reading);
}

struct source_fake_item *source_fake_add(const char *name)
{
    struct source_fake_item *item = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < item_count; i++)
        if (strcmp(items[i].name, name) == 0)
            item = &items[i];
    if (!item) {
        ck_assert_uint_lt(item_count, MOST_ITEMS);
        item = &items[item_count++];
        snprintf(item->name, sizeof(item->name), "%s", name);
        item->registration = item_count;
    }
    item->present = true;
    pthread_mutex_unlock(&lock);
    return item;
}

void source_fake_hang(struct source_fake_item *item, bool reads, bool probes)
{
    pthread_mutex_lock(&lock);
    item->hangs = reads;
    item->releases += !reads;
    item->probe_hangs = probes;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void source_fake_hang_opening(struct source_fake_item *item, bool hangs)
{
    pthread_mutex_lock(&lock);
    item->open_hangs = hangs;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void source_fake_heal(struct source_fake_item *item)
{
    pthread_mutex_lock(&lock);
    item->hangs = false;
    pthread_mutex_unlock(&lock);
}

void source_fake_release_all(void)
{
    for (size_t i = 0; i < item_count; i++) {
        source_fake_hang(&items[i], false, false);
        source_fake_hang_opening(&items[i], false);
    }
    source_fake_hang_listing(false);
}

void source_fake_hang_listing(bool hangs)
{
    pthread_mutex_lock(&lock);
    source_fake.list_hangs = hangs;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

bool source_fake_wait_quietly(const unsigned *number, unsigned least)
{
    int64_t end = clock_ms() + LONGEST_WAIT;
    bool reached;

    pthread_mutex_lock(&lock);
    while (*number < least && clock_ms() < end)
        wait_until(end);
    reached = *number >= least;
    pthread_mutex_unlock(&lock);
    return reached;
}

void source_fake_wait(const unsigned *number, unsigned least)
{
    ck_assert_msg(source_fake_wait_quietly(number, least), "waited in vain for %u: it is %u", least, *number);
}
