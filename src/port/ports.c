#include "port/ports.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "gather/collector.h"
#include "gather/feed.h"
#include "port/alerts.h"
#include "port/cache.h"
#include "port/catalogue.h"
#include "port/devices_source.h"
#include "port/port_look.h"
#include "port/status_line.h"

struct ports {
    struct collector *collector;
    struct cache *cache; /* the feed's thread's */
    struct feed *feed;
    struct alerts *alerts; /* NULL: managers are not notified */
    int64_t interval;      /* ms */
    atomic_bool uptime_restarted;
};

/* --- Looking, in the feed's thread --- */

static void refresh(void *context, struct collector_reading *reading)
{
    collector_refresh(context, reading);
}

static void *take(void *context, int64_t *failures)
{
    struct ports *ports = context;
    struct port_look *look = memory_new(1, sizeof(*look));
    int64_t errors = cache_agent(ports->cache)->scrape_errors;

    if (atomic_exchange(&ports->uptime_restarted, false))
        cache_restart_uptime(ports->cache);
    cache_refresh(ports->cache, 0);
    look->snapshot = cache_get(ports->cache);
    look->agent = *cache_agent(ports->cache);
    *failures = look->agent.scrape_errors - errors;
    return look;
}

static void release_look(void *context)
{
    struct port_look *look = context;

    snapshot_free(look->snapshot);
    free(look);
}

/* --- The family --- */

static void free_ports(struct ports *ports)
{
    if (!feed_free(ports->feed))
        return; /* its thread is in the middle of a look, and uses all of this */
    cache_free(ports->cache);
    if (ports->collector)
        collector_free(ports->collector);
    free(ports);
}

static void *start(const struct family_settings *settings)
{
    static struct scan_settings scans; /* a thread that is stuck in a read uses it to the very end */
    struct ports *ports = memory_new(1, sizeof(*ports));

    ports->interval = settings->cache_ttl;
    scans = (struct scan_settings){.sysfs_root = settings->sysfs_root, .most_held = settings->most_held};
    ports->collector = collector_new(&(struct collector_settings){
        .source = devices_source(&scans),
        .read_timeout = (int)settings->read_timeout,
        .include = settings->include,
        .exclude = settings->exclude,
    });
    if (!ports->collector) {
        free_ports(ports);
        return NULL;
    }
    ports->cache = cache_new(&(struct cache_settings){
        .max_age = settings->cache_ttl,
        .clock = clock_us,
        .uptime = settings->uptime,
        .refresh = refresh,
        .context = ports->collector,
        .version = settings->version,
        .notifications = settings->notifies,
    });
    ports->feed = feed_new(&(struct feed_settings){
        .interval = settings->cache_ttl,
        .take = take,
        .release = release_look,
        .context = ports,
        .published = settings->published,
    });
    if (!ports->feed) {
        free_ports(ports);
        return NULL;
    }
    if (settings->notifies)
        ports->alerts = alerts_new(settings, ports->feed);
    return ports;
}

/* A feed that is stuck keeps what it uses. */
static void stop(void *state)
{
    struct ports *ports = state;

    alerts_free(ports->alerts);
    free_ports(ports);
}

static bool wish(void *state)
{
    return feed_wish(((struct ports *)state)->feed);
}

static bool view(void *state, int64_t until, struct look *look, bool *is_late)
{
    struct ports *ports = state;
    const struct feed_look *held = feed_get(ports->feed, until, is_late);
    const struct port_look *newest = held ? held->look : NULL;

    if (!newest)
        return false;
    *look = (struct look){.view = snapshot_view(newest->snapshot), .scalars = &newest->agent, .held = held};
    return true;
}

static void release(void *state, struct look *look)
{
    feed_put(((struct ports *)state)->feed, look->held);
}

static bool is_newest(void *state, const struct look *look)
{
    return feed_is_newest(((struct ports *)state)->feed, look->held);
}

static void restart_uptime(void *state)
{
    struct ports *ports = state;

    atomic_store(&ports->uptime_restarted, true);
    feed_expire(ports->feed);
}

/* --- How it fares --- */

static int64_t status_of(const struct agent_state *agent)
{
    static const uint8_t statuses[] = {
        [HEALTH_OK] = SOURCE_STATUS_OK,
        [HEALTH_DEGRADED] = SOURCE_STATUS_PARTIAL,
        [HEALTH_FAILED] = SOURCE_STATUS_FAILED,
    };

    return agent->health == HEALTH_DEGRADED && agent->stalled_devices > 0 ? SOURCE_STATUS_STALLED
                                                                          : statuses[agent->health];
}

static void describe(void *state, struct family_state *described)
{
    struct ports *ports = state;
    const struct feed_look *held;
    const struct port_look *newest;
    bool is_late;

    *described = (struct family_state){
        .status = SOURCE_STATUS_NEVER,
        .interval = ports->interval,
        .age = ABSENT,
        .looks = feed_state(ports->feed).number,
        .failures = feed_state(ports->feed).failures,
        .last = ABSENT,
        .p50 = ABSENT,
        .p95 = ABSENT,
        .p99 = ABSENT,
        .max = ABSENT,
        .rows = ABSENT,
        .names_not_served = ABSENT,
    };
    held = feed_get(ports->feed, 0, &is_late);
    if (!held)
        return;
    newest = held->look;
    described->status = status_of(&newest->agent);
    described->age = (clock_us() - newest->agent.read_since) / 1000;
    described->last = newest->agent.refresh_last;
    described->p50 = newest->agent.refresh_p50;
    described->p95 = newest->agent.refresh_p95;
    described->p99 = newest->agent.refresh_p99;
    described->max = newest->agent.refresh_max;
    described->rows = newest->agent.devices + newest->agent.ports;
    described->names_not_served = newest->agent.names_not_served;
    status_line(newest->snapshot, &newest->agent, described->reason, sizeof(described->reason));
    feed_put(ports->feed, held);
}

static void announce(const struct look *look, const char *root)
{
    const struct port_look *newest = ((const struct feed_look *)look->held)->look;

    log_info("serving", LOG_NUMBER("devices", snapshot_devices(newest->snapshot)),
             LOG_NUMBER("ports", snapshot_ports(newest->snapshot)), LOG_TEXT("root", root));
}

/* --- Notifications --- */

static int64_t notifier_wait(void *state, bool may_send, int64_t now)
{
    return alerts_wait(((struct ports *)state)->alerts, may_send, now);
}

static int notifier_descriptor(void *state)
{
    return alerts_descriptor(((struct ports *)state)->alerts);
}

static void notifier_turn(void *state, int64_t now)
{
    alerts_turn(((struct ports *)state)->alerts, now);
}

static bool notifier_next(void *state, int64_t now, struct family_notice *notice)
{
    return alerts_next(((struct ports *)state)->alerts, now, notice);
}

static void notifier_told(void *state, struct family_notice *notice, bool delivered, int64_t now)
{
    alerts_told(((struct ports *)state)->alerts, notice, delivered, now);
}

static const struct family_notifier notifier = {
    .wait = notifier_wait,
    .descriptor = notifier_descriptor,
    .turn = notifier_turn,
    .next = notifier_next,
    .told = notifier_told,
};

const struct family port_family = {
    .name = "port",
    .text = "state and counters of RDMA ports",
    .mib = &port_mib,
    .is_default = true,
    .is_forced = true,
    .start = start,
    .stop = stop,
    .wish = wish,
    .view = view,
    .release = release,
    .is_newest = is_newest,
    .restart_uptime = restart_uptime,
    .describe = describe,
    .announce = announce,
    .notifier = &notifier,
};
