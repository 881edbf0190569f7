#include "port/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "port/events_job.h"
#include "base/log.h"
#include "base/memory.h"
#include "kernel/sysfs.h"

enum {
    MOST_READY = 16,
    MOST_TRIES = 3, /* to open a device, one at each check; udev may be busy with it */
};

const struct events_source events_source_verbs = {verbs_list, verbs_open, verbs_descriptor, verbs_next_event,
                                                  verbs_close};

/* A device whose link events are listened to, or will be, or will no longer be. */
struct listener {
    struct listener *next;
    char uverbs[UVERBS_NAME_SIZE], name[DEVICE_NAME_SIZE];
    struct verbs_link *link; /* NULL: not open */
    bool is_busy;            /* a thread is opening or closing it */
    bool is_gone;            /* the device is, or wants to be, or is not wanted: close, and forget */
    bool is_listed;          /* in the listing that was made last */
    bool may_try;            /* to open it, once */
    int tries;               /* to open it under this name */
};

struct events {
    struct events *next; /* that was left behind */
    struct events_settings settings;
    int epoll;
    struct events_jobs jobs;
    struct listener *listeners;
    bool is_listing, is_outdated; /* what is listed has changed meanwhile */
    int64_t check_due;            /* ms */
};

/* --- Listening --- */

static void start_job(struct events *events, enum events_job_kind kind, struct listener *listener)
{
    struct events_job job = {.kind = kind, .context = listener, .link = listener->link};

    snprintf(job.uverbs, sizeof(job.uverbs), "%s", listener->uverbs);
    snprintf(job.name, sizeof(job.name), "%s", listener->name);
    listener->is_busy = true;
    listener->link = NULL;
    events_job_start(&events->jobs, &job);
}

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

static void try_to_open(struct events *events, struct listener *listener)
{
    if (listener->link || listener->is_busy || !listener->may_try || listener->tries == MOST_TRIES)
        return;
    listener->may_try = false;
    listener->tries++;
    start_job(events, EVENTS_JOB_OPEN, listener);
}

static void listen_to(struct events *events, const struct events_found *found)
{
    struct listener *listener = find_listener(events, found->uverbs);

    if (!listener) {
        listener = memory_new(1, sizeof(*listener));
        snprintf(listener->uverbs, sizeof(listener->uverbs), "%s", found->uverbs);
        listener->next = events->listeners;
        events->listeners = listener;
    }
    if (strcmp(listener->name, found->name) != 0) {
        snprintf(listener->name, sizeof(listener->name), "%s", found->name);
        listener->tries = 0;
        listener->may_try = true;
    }
    listener->is_listed = true;
    try_to_open(events, listener);
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
    start_job(events, EVENTS_JOB_CLOSE, listener);
}

/* A listing that is under way may have passed what has changed, and is made again. */
static void start_listing(struct events *events)
{
    events->is_outdated = events->is_listing;
    if (events->is_listing || !events->settings.source)
        return;
    events->is_listing = true;
    events_job_start(&events->jobs, &(struct events_job){.kind = EVENTS_JOB_LIST});
}

static void check(struct events *events, int64_t now)
{
    events->check_due = now + events->settings.check_interval;
    for (struct listener *listener = events->listeners; listener; listener = listener->next)
        listener->may_try = true;
    start_listing(events);
}

/* --- What threads have done --- */

static void end_listing(struct events *events, const struct events_job *job)
{
    events->is_listing = false;
    if (events->is_outdated)
        start_listing(events);
    if (events->is_listing || job->error)
        return;
    for (struct listener *listener = events->listeners; listener; listener = listener->next)
        listener->is_listed = false;
    for (size_t i = 0; i < job->found_count; i++)
        listen_to(events, &job->found[i]);
    for (struct listener *listener = events->listeners, *next; listener; listener = next) {
        next = listener->next;
        if (!listener->is_listed && !listener->is_gone)
            let_go(events, listener);
    }
}

static void end_opening(struct events *events, const struct events_job *job)
{
    struct listener *listener = job->context;

    listener->is_busy = false;
    listener->link = job->link;
    if (listener->link && !listener->is_gone) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = listener};

        log_info("listening to link events", LOG_TEXT("device", listener->name));
        epoll_ctl(events->epoll, EPOLL_CTL_ADD, events->settings.source->descriptor(listener->link), &wanted);
    } else if (listener->is_gone) {
        let_go(events, listener);
    } else if (listener->tries == MOST_TRIES) {
        log_warn("no link events of the device: it is polled", LOG_TEXT("device", listener->name),
                 LOG_TEXT("error", strerror(-job->error)));
    } else {
        try_to_open(events, listener); /* if it was renamed meanwhile, or a check has come */
    }
}

static void end_jobs(struct events *events)
{
    struct events_job *next;

    for (struct events_job *done = events_jobs_take(&events->jobs); done; done = next) {
        next = done->next;
        if (done->kind == EVENTS_JOB_LIST)
            end_listing(events, done);
        else if (done->kind == EVENTS_JOB_OPEN)
            end_opening(events, done);
        else
            remove_listener(events, done->context);
        events_job_free(done);
    }
}

/* --- What has come --- */

static void note_removal(struct events *events, const char *uverbs)
{
    struct listener *listener = find_listener(events, uverbs);

    events->is_outdated = events->is_listing;
    if (listener)
        let_go(events, listener);
}

bool events_note(struct events *events, const struct uevent *event)
{
    bool is_device = strcmp(event->subsystem, "infiniband") == 0;

    if (!is_device && strcmp(event->subsystem, "infiniband_verbs") != 0)
        return false;
    if (event->action != UEVENT_REMOVE)
        start_listing(events); /* udev gives a device its name after it was added, and then it may be wanted or not */
    else if (!is_device)
        note_removal(events, event->name);
    return is_device; /* one of those comes with each of infiniband_verbs */
}

static bool take_uevents(struct events *events)
{
    bool should_look = false;
    struct uevent event;
    int result;

    while ((result = uevent_receive(events->settings.uevents, &event)) == 1)
        should_look |= events_note(events, &event);
    if (result == 0)
        return should_look;
    start_listing(events); /* some were lost */
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
            should_look |= take_uevents(events);
        has_jobs |= !ready[i].data.ptr;
    }
    if (has_jobs)
        end_jobs(events);
    if (now >= events->check_due)
        check(events, now);
    return should_look;
}

/* --- Beginning and end --- */

struct events *events_new(const struct events_settings *settings, int64_t now)
{
    struct events *events = memory_new(1, sizeof(*events));
    struct epoll_event of_jobs = {.events = EPOLLIN}, of_uevents = {.events = EPOLLIN, .data.ptr = events};

    events->settings = *settings;
    events->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (settings->uevents < 0)
        events->settings.source = NULL; /* nothing would tell when a device must be closed */
    if (!events_jobs_init(&events->jobs, &events->settings) || events->epoll < 0 ||
        epoll_ctl(events->epoll, EPOLL_CTL_ADD, events->jobs.wake, &of_jobs) != 0 ||
        (settings->uevents >= 0 && epoll_ctl(events->epoll, EPOLL_CTL_ADD, settings->uevents, &of_uevents) != 0)) {
        events_free(events);
        return NULL;
    }
    check(events, now);
    return events;
}

/* Takes back what threads have done, and does nothing further about it. */
static void discard_jobs(struct events *events)
{
    struct events_job *next;

    for (struct events_job *done = events_jobs_take(&events->jobs); done; done = next) {
        next = done->next;
        if (done->kind == EVENTS_JOB_OPEN)
            ((struct listener *)done->context)->link = done->link;
        events_job_free(done);
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
    /* A thread may be stuck: what it uses ends with the process, and so does what it holds open. */
    if (events->jobs.under_way > 0) {
        events->next = left_behind;
        left_behind = events;
        return;
    }
    while (events->listeners)
        remove_listener(events, events->listeners);
    if (events->settings.uevents >= 0)
        close(events->settings.uevents);
    if (events->epoll >= 0)
        close(events->epoll);
    events_jobs_fini(&events->jobs);
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

int64_t events_wait(const struct events *events, int64_t now)
{
    if (!events->settings.source)
        return -1;
    return events->check_due > now ? events->check_due - now : 0;
}
