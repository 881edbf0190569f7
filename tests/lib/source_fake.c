#include "source_fake.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { MOST_DEVICES = 1100, LONGEST_WAIT = 10 * 1000 };

struct source_fake source_fake = {.descriptor = -1};

static struct source_fake_device devices[MOST_DEVICES];
static size_t device_count;
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
    for (size_t i = device_count; i > 0 && !error; i--)
        if (devices[i - 1].present)
            each(names, devices[i - 1].name);
    pthread_mutex_unlock(&lock);
    return error;
}

static void *open_device(void *context, const char *name)
{
    struct source_fake_device *device = NULL;

    (void)context;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < device_count; i++)
        if (strcmp(devices[i].name, name) == 0)
            device = &devices[i];
    device->opens++;
    while (device->open_hangs)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return device;
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
static struct device *make_device(const struct source_fake_device *state, int files_read)
{
    struct device *device = device_new(state->name, 1);

    device->registration = state->registration;
    device->failures = state->failures;
    device->files = (uint32_t)state->files;
    device->files_read = (uint32_t)files_read;
    device->complete = files_read == state->files;
    device->ports[0].number = 1;
    device->ports[0].counters.present = 1;
    device->ports[0].counters.value[0] = state->reads;
    return device;
}

static struct device *read_device(void *context, const struct scan_patience *patience, int *error)
{
    struct source_fake_device *state = context;
    struct device *device = NULL;
    int files_read = 0;
    bool hangs;

    pthread_mutex_lock(&lock);
    hangs = state->hangs;
    look_at_thread();
    state->reads++;
    if (++source_fake.running > source_fake.most_running)
        source_fake.most_running = source_fake.running;
    pthread_cond_broadcast(&changed);
    for (unsigned releases = state->releases; hangs && releases == state->releases;)
        pthread_cond_wait(&changed, &lock);
    while (files_read < state->files && !patience->is_over(patience->context)) {
        int64_t end = clock_ms() + state->ms;

        while (clock_ms() < end)
            wait_until(end);
        files_read++;
    }
    source_fake.running--;
    *error = state->error;
    if (!state->error)
        device = make_device(state, files_read);
    pthread_mutex_unlock(&lock);
    return device;
}

static void probe(void *context)
{
    struct source_fake_device *state = context;

    pthread_mutex_lock(&lock);
    state->probes++;
    pthread_cond_broadcast(&changed);
    while (state->probe_hangs)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void close_device(void *context)
{
    struct source_fake_device *state = context;

    pthread_mutex_lock(&lock);
    state->closes++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

struct collector_source source_fake_source(void)
{
    return (struct collector_source){
        .list = list, .open = open_device, .read = read_device, .probe = probe, .close = close_device};
}

struct source_fake_device *source_fake_add(const char *name)
{
    struct source_fake_device *device = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < device_count; i++)
        if (strcmp(devices[i].name, name) == 0)
            device = &devices[i];
    if (!device) {
        ck_assert_uint_lt(device_count, MOST_DEVICES);
        device = &devices[device_count++];
        snprintf(device->name, sizeof(device->name), "%s", name);
        device->registration = device_count;
    }
    device->present = true;
    pthread_mutex_unlock(&lock);
    return device;
}

void source_fake_hang(struct source_fake_device *device, bool reads, bool probes)
{
    pthread_mutex_lock(&lock);
    device->hangs = reads;
    device->releases += !reads;
    device->probe_hangs = probes;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void source_fake_hang_opening(struct source_fake_device *device, bool hangs)
{
    pthread_mutex_lock(&lock);
    device->open_hangs = hangs;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void source_fake_heal(struct source_fake_device *device)
{
    pthread_mutex_lock(&lock);
    device->hangs = false;
    pthread_mutex_unlock(&lock);
}

void source_fake_release_all(void)
{
    for (size_t i = 0; i < device_count; i++) {
        source_fake_hang(&devices[i], false, false);
        source_fake_hang_opening(&devices[i], false);
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
