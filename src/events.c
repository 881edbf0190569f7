#include "events.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector_list.h"
#include "log.h"
#include "memory.h"
#include "sysfs.h"
#include "worker.h"

enum {
    MOST_READY = 16,
    UVERBS_NAME_SIZE = 64,
    MOST_TRIES = 3, /* to open a device; udev may be busy with it */
};

const struct events_source events_source_verbs = {verbs_list, verbs_open, verbs_descriptor, verbs_next_event,
                                                  verbs_close};

/* A device whose link events are listened to, or will be, or will no longer be. */
struct listener {
    struct listener *next;
    char uverbs[UVERBS_NAME_SIZE];
    struct verbs_link *link; /* NULL: not open */
    bool is_busy;            /* a thread is opening or closing it */
    bool is_gone;            /* the device is, or wants to be: close, and forget */
    bool is_listed;          /* is there, as far as the listing goes that is made or was made last */
    bool is_unwanted;        /* excluded by the options */
    int tries;               /* to open it */
};

enum job_kind { JOB_LIST, JOB_OPEN, JOB_CLOSE };

/* What a thread does for the main thread, and gives back. */
struct job {
    struct job *next;
    struct events *events;
    enum job_kind kind;
    struct listener *listener;
    struct verbs_link *link;
    int error;
    char name[DEVICE_NAME_SIZE];
    char (*found)[UVERBS_NAME_SIZE];
    size_t found_count;
};

struct events {
    struct events *next; /* that was left behind */
    struct events_settings settings;
    int epoll, wake;
    struct listener *listeners;
    size_t jobs; /* under way */
    bool is_listing;
    int64_t list_due; /* ms */
    pthread_mutex_t lock;
    struct job *done; /* guarded by the lock */
};

/* --- Threads --- */

static bool find(void *context, const char *uverbs)
{
    struct job *job = context;

    job->found = memory_resize(job->found, job->found_count + 1, sizeof(*job->found));
    snprintf(job->found[job->found_count++], sizeof(*job->found), "%s", uverbs);
    return true;
}

static bool wants(void *context, const char *name)
{
    const struct events_settings *settings = context;

    return collector_wants(settings->include, settings->exclude, name);
}

static void do_job(struct job *job)
{
    struct events_settings *settings = &job->events->settings;

    switch (job->kind) {
    case JOB_LIST:
        job->error = settings->source->list(find, job);
        break;
    case JOB_OPEN:
        job->link = settings->source->open(job->listener->uverbs, wants, settings, job->name, &job->error);
        break;
    case JOB_CLOSE:
        settings->source->close(job->link);
        break;
    }
}

static void *run_job(void *context)
{
    struct job *job = context;
    struct events *events = job->events;

    do_job(job);
    pthread_mutex_lock(&events->lock);
    job->next = events->done;
    events->done = job;
    eventfd_write(events->wake, 1); /* with the lock: without it, events may be gone */
    pthread_mutex_unlock(&events->lock);
    return NULL;
}

/* The thread keeps the process's table of descriptors, since what it opens is polled here. */
static void start_job(struct events *events, enum job_kind kind, struct listener *listener)
{
    struct job *job = memory_new(1, sizeof(*job));

    *job = (struct job){.events = events, .kind = kind, .listener = listener};
    if (listener) {
        listener->is_busy = true;
        job->link = listener->link;
        listener->link = NULL;
    }
    events->jobs++;
    if (worker_start_thread(run_job, job) != 0)
        run_job(job); /* better late than never */
}

/* --- Listening --- */

static struct listener *find_listener(struct events *events, const char *uverbs)
{
    struct listener *listener = events->listeners;

    while (listener && (listener->is_gone || strcmp(listener->uverbs, uverbs) != 0))
        listener = listener->next;
    return listener;
}

static void remove_listener(struct events *events, struct listener *listener)
{
    struct listener **at = &events->listeners;

    while (*at != listener)
        at = &(*at)->next;
    *at = listener->next;
    free(listener);
}

static void listen_to(struct events *events, const char *uverbs)
{
    struct listener *listener = find_listener(events, uverbs);

    if (!listener) {
        listener = memory_new(1, sizeof(*listener));
        snprintf(listener->uverbs, sizeof(listener->uverbs), "%s", uverbs);
        listener->next = events->listeners;
        events->listeners = listener;
    }
    listener->is_listed = true;
    if (listener->link || listener->is_busy || listener->is_unwanted || listener->tries == MOST_TRIES)
        return;
    listener->tries++;
    start_job(events, JOB_OPEN, listener);
}

/* Closes at once, or as soon as the thread that is still opening it gives it back. */
static void let_go(struct events *events, struct listener *listener)
{
    listener->is_gone = true;
    if (listener->is_busy)
        return;
    if (!listener->link) {
        remove_listener(events, listener);
        return;
    }
    epoll_ctl(events->epoll, EPOLL_CTL_DEL, events->settings.source->descriptor(listener->link), NULL);
    start_job(events, JOB_CLOSE, listener);
}

static void start_listing(struct events *events, int64_t now)
{
    events->list_due = now + events->settings.check_interval;
    if (events->is_listing || !events->settings.source)
        return;
    events->is_listing = true;
    for (struct listener *listener = events->listeners; listener; listener = listener->next)
        listener->is_listed = false; /* what comes while it is made is there as well */
    start_job(events, JOB_LIST, NULL);
}

/* --- What threads have done --- */

static void end_listing(struct events *events, const struct job *job)
{
    events->is_listing = false;
    if (job->error)
        return;
    for (size_t i = 0; i < job->found_count; i++)
        listen_to(events, job->found[i]);
    for (struct listener *listener = events->listeners, *next; listener; listener = next) {
        next = listener->next;
        if (!listener->is_listed && !listener->is_gone)
            let_go(events, listener);
    }
}

static void end_opening(struct events *events, const struct job *job)
{
    struct listener *listener = job->listener;

    listener->is_busy = false;
    listener->link = job->link;
    if (listener->link && !listener->is_gone) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = listener};

        log_info("listening to link events", LOG_TEXT("device", job->name));
        epoll_ctl(events->epoll, EPOLL_CTL_ADD, events->settings.source->descriptor(listener->link), &wanted);
    } else if (listener->is_gone) {
        let_go(events, listener);
    } else if (job->error == -EPERM) {
        listener->is_unwanted = true;
    } else if (listener->tries == MOST_TRIES) {
        log_warn("no link events of the device: it is polled",
                 LOG_TEXT("device", job->name[0] ? job->name : listener->uverbs),
                 LOG_TEXT("error", strerror(-job->error)));
    }
}

static void end_jobs(struct events *events)
{
    struct job *done, *next;
    eventfd_t ignored;

    eventfd_read(events->wake, &ignored);
    pthread_mutex_lock(&events->lock);
    done = events->done;
    events->done = NULL;
    pthread_mutex_unlock(&events->lock);
    for (; done; done = next) {
        next = done->next;
        events->jobs--;
        if (done->kind == JOB_LIST)
            end_listing(events, done);
        else if (done->kind == JOB_OPEN)
            end_opening(events, done);
        else
            remove_listener(events, done->listener);
        free(done->found);
        free(done);
    }
}

/* --- What has come --- */

bool events_note(struct events *events, const struct uevent *event)
{
    if (strcmp(event->subsystem, "infiniband") == 0)
        return true;
    if (strcmp(event->subsystem, "infiniband_verbs") != 0 || !events->settings.source)
        return false;
    if (event->action == UEVENT_ADD) {
        listen_to(events, event->name);
    } else if (event->action == UEVENT_REMOVE) {
        struct listener *listener = find_listener(events, event->name);

        if (listener)
            let_go(events, listener);
    }
    return false; /* one of infiniband follows, or came before */
}

static bool take_uevents(struct events *events, int64_t now)
{
    bool should_look = false;
    struct uevent event;
    int result;

    while ((result = uevent_receive(events->settings.uevents, &event)) == 1)
        should_look |= events_note(events, &event);
    if (result == 0)
        return should_look;
    start_listing(events, now);
    return true;
}

static bool take_link_events(struct events *events, struct listener *listener)
{
    bool should_look = false;
    enum verbs_event event;

    while ((event = events->settings.source->next(listener->link)) != VERBS_NOTHING && event != VERBS_GONE)
        should_look |= event == VERBS_PORT;
    if (event != VERBS_GONE)
        return should_look;
    let_go(events, listener);
    return true;
}

bool events_take(struct events *events, int64_t now)
{
    struct epoll_event ready[MOST_READY];
    int n = epoll_wait(events->epoll, ready, MOST_READY, 0);
    bool should_look = false, has_jobs = false;

    /* Listeners last no longer than jobs and uevents: first those, of which none is gone yet. */
    for (int i = 0; i < n; i++)
        if (ready[i].data.ptr && ready[i].data.ptr != events)
            should_look |= take_link_events(events, ready[i].data.ptr);
    for (int i = 0; i < n; i++) {
        if (ready[i].data.ptr == events)
            should_look |= take_uevents(events, now);
        has_jobs |= !ready[i].data.ptr;
    }
    if (has_jobs)
        end_jobs(events);
    if (now >= events->list_due)
        start_listing(events, now);
    return should_look;
}

/* --- Beginning and end --- */

struct events *events_new(const struct events_settings *settings, int64_t now)
{
    struct events *events = memory_new(1, sizeof(*events));
    struct epoll_event of_jobs = {.events = EPOLLIN}, of_uevents = {.events = EPOLLIN, .data.ptr = events};

    pthread_mutex_init(&events->lock, NULL);
    events->settings = *settings;
    events->epoll = epoll_create1(EPOLL_CLOEXEC);
    events->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (settings->uevents < 0)
        events->settings.source = NULL; /* nothing would tell when a device must be closed */
    if (events->epoll < 0 || events->wake < 0 || epoll_ctl(events->epoll, EPOLL_CTL_ADD, events->wake, &of_jobs) != 0 ||
        (settings->uevents >= 0 && epoll_ctl(events->epoll, EPOLL_CTL_ADD, settings->uevents, &of_uevents) != 0)) {
        events_free(events);
        return NULL;
    }
    start_listing(events, now);
    return events;
}

/* Takes back what threads have done, and does nothing further about it. */
static void discard_jobs(struct events *events)
{
    struct job *done, *next;

    pthread_mutex_lock(&events->lock);
    done = events->done;
    events->done = NULL;
    pthread_mutex_unlock(&events->lock);
    for (; done; done = next) {
        next = done->next;
        events->jobs--;
        if (done->kind == JOB_OPEN)
            done->listener->link = done->link;
        free(done->found);
        free(done);
    }
}

void events_free(struct events *events)
{
    static struct events *left_behind; /* so that a search for leaks finds it */

    if (!events)
        return;
    discard_jobs(events);
    for (struct listener *listener = events->listeners; listener; listener = listener->next)
        if (listener->link)
            events->settings.source->close(listener->link);
    if (events->jobs > 0) { /* a thread is stuck; what it uses ends with the process, and so does what it holds open */
        events->next = left_behind;
        left_behind = events;
        return;
    }
    while (events->listeners)
        remove_listener(events, events->listeners);
    if (events->settings.uevents >= 0)
        close(events->settings.uevents);
    if (events->wake >= 0)
        close(events->wake);
    if (events->epoll >= 0)
        close(events->epoll);
    pthread_mutex_destroy(&events->lock);
    free(events);
}

struct events *events_listen(const char *sysfs_root, bool wants_links, const char *include, const char *exclude,
                             int64_t check_interval, int64_t now)
{
    struct events_settings settings = {.include = include, .exclude = exclude, .check_interval = check_interval};
    struct events *events;

    if (!sysfs_is_real(sysfs_root)) {
        if (wants_links)
            log_warn("no link events: libibverbs knows no other root than /sys; all devices are polled");
        return NULL;
    }
    settings.uevents = uevent_open();
    settings.source = wants_links ? &events_source_verbs : NULL;
    events = settings.uevents < 0 ? NULL : events_new(&settings, now);
    if (!events)
        log_warn("no link events: the kernel's device events cannot be had; all devices are polled",
                 LOG_TEXT("error", strerror(settings.uevents < 0 ? -settings.uevents : errno)));
    return events;
}

int events_descriptor(const struct events *events)
{
    return events->epoll;
}
