#include "verbs_fake.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/port.h"

enum { MOST = 4 };

struct verbs_link {
    int pipe[2];
    bool is_open;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct {
    struct verbs_link link;
    char name[DEVICE_NAME_SIZE];
    bool is_there;
    int error, begun, openings, closings;
} devices[MOST];
static bool hangs;
static int uevents[2];

struct events *verbs_fake_events;
int64_t verbs_fake_now;

/* --- The source --- */

static int list(bool (*each)(void *context, const char *uverbs, const char *name), void *context)
{
    char uverbs[16];

    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST; i++) {
        snprintf(uverbs, sizeof(uverbs), "uverbs%d", i);
        if (devices[i].is_there)
            each(context, uverbs, devices[i].name);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

static struct verbs_link *open_link(const char *uverbs, const char *name, int *error)
{
    int i = uverbs[strlen("uverbs")] - '0';
    struct verbs_link *link = NULL;

    pthread_mutex_lock(&lock);
    devices[i].begun++;
    while (hangs || devices[i].link.is_open)
        pthread_cond_wait(&changed, &lock);
    devices[i].openings++;
    *error = strcmp(devices[i].name, name) != 0 ? -ENODEV : devices[i].error;
    if (!*error) {
        link = &devices[i].link;
        ck_assert_int_eq(pipe(link->pipe), 0);
        link->is_open = true;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return link;
}

static int descriptor(const struct verbs_link *link)
{
    return link->pipe[0];
}

static enum verbs_event next_event(struct verbs_link *link)
{
    struct pollfd readable = {.fd = link->pipe[0], .events = POLLIN};
    char octet;

    if (poll(&readable, 1, 0) != 1)
        return VERBS_NOTHING;
    ck_assert_int_eq(read(link->pipe[0], &octet, 1), 1);
    return octet == 'p' ? VERBS_PORT : octet == 'o' ? VERBS_OTHER : VERBS_GONE;
}

static void close_link(struct verbs_link *link)
{
    pthread_mutex_lock(&lock);
    ck_assert(link->is_open);
    link->is_open = false;
    close(link->pipe[0]);
    close(link->pipe[1]);
    for (int i = 0; i < MOST; i++)
        devices[i].closings += link == &devices[i].link;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static const struct events_source source = {list, open_link, descriptor, next_event, close_link};

/* --- What is so --- */

void verbs_fake_put(int i, bool is_there)
{
    pthread_mutex_lock(&lock);
    devices[i].is_there = is_there;
    pthread_mutex_unlock(&lock);
}

void verbs_fake_rename(int i, const char *name)
{
    pthread_mutex_lock(&lock);
    snprintf(devices[i].name, sizeof(devices[i].name), "%s", name);
    pthread_mutex_unlock(&lock);
}

void verbs_fake_refuse(int i, int error)
{
    pthread_mutex_lock(&lock);
    devices[i].error = error;
    pthread_mutex_unlock(&lock);
}

void verbs_fake_hang(bool begins)
{
    pthread_mutex_lock(&lock);
    hangs = begins;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void verbs_fake_tell(int i, const char *octets)
{
    pthread_mutex_lock(&lock);
    ck_assert_int_eq(write(devices[i].link.pipe[1], octets, strlen(octets)), (int)strlen(octets));
    pthread_mutex_unlock(&lock);
}

/* --- What was done --- */

static int look_up(const int *number)
{
    int result;

    pthread_mutex_lock(&lock);
    result = *number;
    pthread_mutex_unlock(&lock);
    return result;
}

bool verbs_fake_is_open(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = devices[i].link.is_open;
    pthread_mutex_unlock(&lock);
    return result;
}

bool verbs_fake_is_closed(int i)
{
    return !verbs_fake_is_open(i);
}

bool verbs_fake_is_being_opened(int i)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = devices[i].begun > devices[i].openings;
    pthread_mutex_unlock(&lock);
    return result;
}

bool verbs_fake_was_opened_twice(int i)
{
    return verbs_fake_openings(i) == 2 && verbs_fake_is_open(i);
}

int verbs_fake_openings(int i)
{
    return look_up(&devices[i].openings);
}

int verbs_fake_closings(int i)
{
    return look_up(&devices[i].closings);
}

/* --- Events --- */

static void make(const char *exclude, int descriptor_of_uevents)
{
    if (verbs_fake_events)
        events_free(verbs_fake_events);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST; i++)
        devices[i].begun = devices[i].openings = devices[i].closings = 0;
    pthread_mutex_unlock(&lock);
    verbs_fake_events = events_new(&(struct events_settings){.source = &source,
                                                             .exclude = exclude,
                                                             .check_interval = VERBS_FAKE_INTERVAL,
                                                             .uevents = descriptor_of_uevents},
                                   verbs_fake_now);
    ck_assert_ptr_nonnull(verbs_fake_events);
}

void verbs_fake_make(const char *exclude)
{
    make(exclude, dup(uevents[0]));
}

void verbs_fake_make_deaf(void)
{
    make(NULL, -1);
}

void verbs_fake_set_up(void)
{
    memset(devices, 0, sizeof(devices));
    for (int i = 0; i < MOST; i++)
        snprintf(devices[i].name, sizeof(devices[i].name), "mlx5_%d", i);
    devices[0].is_there = devices[1].is_there = true;
    verbs_fake_now = 1000;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, uevents), 0);
}

void verbs_fake_tear_down(void)
{
    events_free(verbs_fake_events);
    verbs_fake_events = NULL;
    close(uevents[0]);
    close(uevents[1]);
}

bool verbs_fake_run_until(bool (*holds)(int i), int i)
{
    int64_t end = clock_ms() + VERBS_FAKE_PATIENCE;
    bool should_look = false;

    while (!holds(i)) {
        struct pollfd readable = {.fd = events_descriptor(verbs_fake_events), .events = POLLIN};

        ck_assert_int_lt(clock_ms(), end);
        poll(&readable, 1, 10);
        should_look |= events_take(verbs_fake_events, verbs_fake_now);
    }
    return should_look;
}

void verbs_fake_settle(void)
{
    struct pollfd readable = {.fd = events_descriptor(verbs_fake_events), .events = POLLIN};

    while (poll(&readable, 1, 100) == 1)
        events_take(verbs_fake_events, verbs_fake_now);
}

void verbs_fake_check(void)
{
    verbs_fake_now += VERBS_FAKE_INTERVAL;
    events_take(verbs_fake_events, verbs_fake_now);
    verbs_fake_settle();
}

bool verbs_fake_note(enum uevent_action action, const char *subsystem, const char *name)
{
    struct uevent event = {.action = action};

    snprintf(event.subsystem, sizeof(event.subsystem), "%s", subsystem);
    snprintf(event.name, sizeof(event.name), "%s", name);
    return events_note(verbs_fake_events, &event);
}
