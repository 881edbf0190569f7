#include "port/alerts.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "port/catalogue.h"
#include "port/changes.h"
#include "port/events.h"
#include "port/lookout.h"
#include "port/port_look.h"

enum {
    RETRY_INTERVAL = 1000, /* ms from a try to send that failed to the next */
    EVENT_LOOKS = 10,      /* looks at once because of events: a storm of them must not be one of readings */
    EVENT_INTERVAL = 1000, /* ms until there may be one more */
};

struct alerts {
    struct feed *feed;
    int64_t watch_interval; /* ms */
    struct events *events;
    struct lookout *lookout; /* for events; NULL: there are none */
    struct changes *changes;
    int64_t noted; /* number of the look */
    struct bucket event_looks;
    bool wants_look; /* because of an event */
    struct change sent;
    bool is_sending;
    int64_t retry_at; /* ms */
};

struct alerts *alerts_new(const struct family_settings *settings, struct feed *feed)
{
    struct alerts *alerts = memory_new(1, sizeof(*alerts));

    alerts->feed = feed;
    alerts->watch_interval = settings->watch_interval;
    alerts->changes = changes_new();
    alerts->event_looks = bucket_new(EVENT_LOOKS, EVENT_INTERVAL);
    alerts->events = events_listen(settings->sysfs_root, settings->asks_verbs, settings->include, settings->exclude,
                                   settings->watch_interval, clock_ms());
    alerts->lookout = alerts->events ? lookout_start(alerts->events) : NULL;
    if (alerts->events && !alerts->lookout)
        log_warn("no events: there is no thread for them; all devices are polled", LOG_TEXT("error", strerror(errno)));
    return alerts;
}

void alerts_free(struct alerts *alerts)
{
    if (!alerts)
        return;
    lookout_end(alerts->lookout);
    events_free(alerts->events);
    changes_free(alerts->changes);
    free(alerts);
}

/* --- Looking --- */

static int64_t until_look(const struct alerts *alerts, int64_t now)
{
    struct feed_state state = feed_state(alerts->feed);
    int64_t wait;

    if (state.busy >= 0)
        return INT64_MAX; /* its end is told */
    wait = state.rest < 0 || state.rest >= alerts->watch_interval ? 0 : alerts->watch_interval - state.rest;
    if (alerts->wants_look && bucket_wait(&alerts->event_looks, now) < wait)
        return bucket_wait(&alerts->event_looks, now);
    return wait;
}

static void look(struct alerts *alerts, int64_t now)
{
    if (alerts->wants_look && bucket_wait(&alerts->event_looks, now) == 0)
        bucket_take(&alerts->event_looks, now);
    alerts->wants_look = false;
    feed_look(alerts->feed);
}

/* Whoever asked for a look, what it found is noted. */
static void note_look(struct alerts *alerts, int64_t now)
{
    int64_t number = feed_state(alerts->feed).number;
    const struct feed_look *held;
    const struct port_look *newest;
    bool is_late;

    if (number == alerts->noted || !(held = feed_get(alerts->feed, 0, &is_late)))
        return;
    newest = held->look;
    alerts->noted = number;
    /* Where none could be listed, that is not to say that there is none. */
    if (newest->agent.health != HEALTH_FAILED || newest->agent.devices > 0)
        changes_note(alerts->changes, newest->snapshot, now);
    feed_put(alerts->feed, held);
}

/* --- Sending --- */

static int64_t until_send(const struct alerts *alerts, int64_t now)
{
    int64_t wait = changes_wait(alerts->changes, now);

    if (wait < 0 || alerts->is_sending || feed_state(alerts->feed).rest < 0)
        return INT64_MAX; /* without a look that may be served there are no rows to send */
    return alerts->retry_at > now + wait ? alerts->retry_at - now : wait;
}

/* A device may be gone, or be better again, when it is told of: its row is what the change says. */
static struct snapshot *rows_of_device(const struct change *change)
{
    struct device *device = device_new(change->device, 0);

    device->status = change->status;
    return snapshot_new(&device, 1);
}

/* False if there are no rows that could be sent. */
static bool fill_notice(struct alerts *alerts, const struct change *change, struct family_notice *notice)
{
    const struct feed_look *held;
    struct snapshot *row;
    bool is_late;

    *notice = (struct family_notice){.notification = &port_mib.notifications[change->kind - 1], .port = change->port};
    strcpy(notice->device, change->device);
    notice->index_length = snapshot_index(change->device, change->port, notice->index);
    if (change->port == ABSENT) {
        row = rows_of_device(change);
        notice->look = (struct look){.view = snapshot_view(row), .held = row};
        return true;
    }
    if (feed_state(alerts->feed).number != alerts->noted)
        return false; /* it would carry what another look has seen: that one is noted first */
    held = feed_get(alerts->feed, 0, &is_late);
    if (!held)
        return false;
    notice->look = (struct look){.view = snapshot_view(((const struct port_look *)held->look)->snapshot), .held = held};
    return true;
}

void alerts_turn(struct alerts *alerts, int64_t now)
{
    if (alerts->lookout)
        alerts->wants_look |= lookout_take(alerts->lookout);
    if (until_look(alerts, now) == 0)
        look(alerts, now);
    note_look(alerts, now);
}

bool alerts_next(struct alerts *alerts, int64_t now, struct family_notice *notice)
{
    if (until_send(alerts, now) != 0 || !changes_next(alerts->changes, now, &alerts->sent))
        return false;
    alerts->is_sending = fill_notice(alerts, &alerts->sent, notice);
    return alerts->is_sending;
}

void alerts_told(struct alerts *alerts, struct family_notice *notice, bool delivered, int64_t now)
{
    if (notice->port == ABSENT)
        snapshot_free((struct snapshot *)notice->look.held);
    else
        feed_put(alerts->feed, notice->look.held);
    alerts->is_sending = false;
    if (delivered)
        changes_told(alerts->changes, &alerts->sent, now);
    else
        alerts->retry_at = now + RETRY_INTERVAL;
}

int alerts_descriptor(const struct alerts *alerts)
{
    return alerts->lookout ? lookout_descriptor(alerts->lookout) : -1;
}

int64_t alerts_wait(struct alerts *alerts, bool may_send, int64_t now)
{
    int64_t until = until_look(alerts, now), next = may_send ? until_send(alerts, now) : INT64_MAX;

    if (next < until)
        until = next;
    return until == INT64_MAX ? -1 : until;
}
