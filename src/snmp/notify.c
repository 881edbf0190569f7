#include "config.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "snmp/notify.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/bucket.h"
#include "port/changes.h"
#include "base/log.h"
#include "port/lookout.h"
#include "mib/notification.h"
#include "snmp/session.h"
#include "snmp/varbind.h"

enum {
    RETRY_INTERVAL = 1000, /* ms from a try to send that failed to the next */
    EVENT_LOOKS = 10,      /* looks at once because of events: a storm of them must not be one of readings */
    EVENT_INTERVAL = 1000, /* ms until there may be one more */
};

/* A name below the root: { notifications(0), kind } */
enum { ARC_NOTIFICATIONS = 0 };

static struct {
    struct notify_settings settings; /* cache is NULL while nothing is to be told */
    struct lookout *lookout;         /* for events; NULL: there are none */
    struct changes *changes;
    int64_t refreshes; /* of the cache, as noted */
    struct bucket event_looks;
    bool wants_look;    /* because of an event */
    struct change sent; /* is on its way to snmpd */
    bool is_sending;
    int64_t retry_at; /* ms */
} notify;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void notify_start(const struct notify_settings *settings)
{
    notify.settings = *settings;
    notify.changes = changes_new();
    notify.event_looks = bucket_new(EVENT_LOOKS, EVENT_INTERVAL);
    notify.lookout = settings->events ? lookout_start(settings->events) : NULL;
    if (settings->events && !notify.lookout)
        log_warn("no events: there is no thread for them; all devices are polled", LOG_TEXT("error", strerror(errno)));
}

void notify_end(void)
{
    lookout_end(notify.lookout);
    notify.lookout = NULL;
    changes_free(notify.changes);
    notify.changes = NULL;
    notify.settings.cache = NULL;
}

/* --- Sending --- */

static void on_answer(bool delivered)
{
    notify.is_sending = false;
    if (!notify.changes)
        return;
    if (delivered)
        changes_told(notify.changes, &notify.sent, now_ms());
    else
        notify.retry_at = now_ms() + RETRY_INTERVAL;
}

/* Adds a varbind at the end of the list; NULL if memory is out. */
static netsnmp_variable_list *append(netsnmp_variable_list **list)
{
    static const oid none[] = {0, 0};

    return snmp_varlist_add_variable(list, none, OID_LENGTH(none), ASN_NULL, NULL, 0);
}

/* snmpTrapOID.0 says which notification it is (RFC 3416, 4.2.6). */
static netsnmp_variable_list *name_notification(const struct notification *notification)
{
    static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
    uint32_t suffix[] = {ARC_NOTIFICATIONS, notification->number};
    netsnmp_variable_list *list = NULL, named = {0};

    varbind_put_suffix(&named, suffix, 2);
    snmp_varlist_add_variable(&list, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, named.name,
                              named.name_length * sizeof(oid));
    snmp_reset_var_buffers(&named);
    return list;
}

static netsnmp_variable_list *list_variables(const struct notification *notification, const struct snapshot *snapshot,
                                             const struct change *change)
{
    struct look look = {.view = snapshot_view(snapshot)};
    uint32_t index[DEVICE_NAME_SIZE + 2];
    struct answer answers[NOTIFICATION_MOST_OBJECTS];
    size_t count =
        notification_fill(notification, &look, index, snapshot_index(change->device, change->port, index), answers);
    netsnmp_variable_list *list = name_notification(notification);

    for (size_t i = 0; i < count; i++) {
        netsnmp_variable_list *varbind = append(&list);

        if (!varbind)
            break;
        varbind_put_name(varbind, &look, &answers[i]);
        varbind_put_value(varbind, &answers[i]);
    }
    return list;
}

/* A device may be gone, or be better again, when it is told of: its row is what the change says. */
static struct snapshot *rows_of_device(const struct change *change)
{
    struct device *device = device_new(change->device, 0);

    device->status = change->status;
    return snapshot_new(&device, 1);
}

static void send_change(const struct change *change)
{
    const struct notification *notification = &port_mib.notifications[change->kind - 1];
    struct snapshot *device = change->port == ABSENT ? rows_of_device(change) : NULL;
    const struct snapshot *snapshot = device ? device : cache_last_snapshot(notify.settings.cache);

    notify.sent = *change;
    notify.is_sending = session_notify(list_variables(notification, snapshot, change), on_answer);
    snapshot_free(device);
    if (!notify.is_sending) {
        notify.retry_at = now_ms() + RETRY_INTERVAL;
        return;
    }
    if (change->port == ABSENT)
        log_info("notification", LOG_TEXT("name", notification->name), LOG_TEXT("device", change->device));
    else
        log_info("notification", LOG_TEXT("name", notification->name), LOG_TEXT("device", change->device),
                 LOG_NUMBER("port", change->port));
}

/* --- Looking --- */

/* Whoever asked for a refresh, what it found is noted. */
static void note_refresh(int64_t now)
{
    const struct agent_state *agent = cache_agent(notify.settings.cache);

    if (agent->refreshes == notify.refreshes)
        return;
    notify.refreshes = agent->refreshes;
    if (agent->health == HEALTH_FAILED && agent->devices == 0)
        return; /* none could be listed, which is not to say that there is none */
    changes_note(notify.changes, cache_last_snapshot(notify.settings.cache), now);
}

static int64_t until_look(int64_t now)
{
    int64_t age = cache_age(notify.settings.cache), wait;

    wait = age >= notify.settings.watch_interval ? 0 : notify.settings.watch_interval - age;
    if (notify.wants_look && bucket_wait(&notify.event_looks, now) < wait)
        return bucket_wait(&notify.event_looks, now);
    return wait;
}

static void look(int64_t now)
{
    if (notify.wants_look && bucket_wait(&notify.event_looks, now) == 0)
        bucket_take(&notify.event_looks, now);
    notify.wants_look = false;
    cache_refresh(notify.settings.cache, 0);
}

int notify_descriptor(void)
{
    return notify.lookout ? lookout_descriptor(notify.lookout) : -1;
}

static int64_t until_send(int64_t now)
{
    int64_t wait = changes_wait(notify.changes, now);

    if (wait < 0 || notify.is_sending || session_socket() < 0)
        return INT64_MAX;
    return notify.retry_at > now + wait ? notify.retry_at - now : wait;
}

int64_t notify_wait(void)
{
    int64_t until, next;

    if (!notify.settings.cache)
        return -1;
    until = until_look(now_ms());
    next = until_send(now_ms());
    return until < next ? until : next;
}

void notify_run(void)
{
    struct change change;

    if (!notify.settings.cache)
        return;
    if (notify.lookout)
        notify.wants_look |= lookout_take(notify.lookout);
    if (until_look(now_ms()) == 0)
        look(now_ms());
    note_refresh(now_ms());
    if (until_send(now_ms()) == 0 && changes_next(notify.changes, now_ms(), &change))
        send_change(&change);
}
