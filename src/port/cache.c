#include "port/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/history.h"
#include "base/memory.h"

enum {
    DURATIONS = 1024, /* refreshes that the percentiles are of */
    TRUE = 1,         /* TruthValue */
    FALSE = 2,
};

/* The last durations in the order they came and in ascending order. */
struct durations {
    uint32_t ring[DURATIONS], sorted[DURATIONS];
    size_t count, next;
};

struct cache {
    struct cache_settings settings;
    struct snapshot *snapshot; /* NULL before the first refresh */
    struct history *history;
    struct agent_state agent;
    struct durations durations;
    int64_t read_at; /* µs: the end of its reading */
    bool is_stale;   /* refresh at the next request, whatever the age */
};

struct cache *cache_new(const struct cache_settings *settings)
{
    struct cache *cache = memory_new(1, sizeof(*cache));

    cache->settings = *settings;
    cache->history = history_new();
    cache->is_stale = true;
    snprintf(cache->agent.version, sizeof(cache->agent.version), "%s", settings->version);
    cache->agent.cache_max_age = settings->max_age;
    cache->agent.notifications_enabled = settings->notifications ? TRUE : FALSE;
    cache->agent.health = HEALTH_OK;
    return cache;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    snapshot_free(cache->snapshot);
    history_free(cache->history);
    free(cache);
}

/* --- Statistics --- */

static size_t rank(const struct durations *durations, uint32_t duration)
{
    size_t low = 0, high = durations->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (durations->sorted[middle] < duration)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_duration(struct durations *durations, uint32_t duration)
{
    uint32_t *sorted = durations->sorted;
    size_t at;

    if (durations->count == DURATIONS) {
        at = rank(durations, durations->ring[durations->next]);
        durations->count--;
        memmove(&sorted[at], &sorted[at + 1], (durations->count - at) * sizeof(*sorted));
    }
    at = rank(durations, duration);
    memmove(&sorted[at + 1], &sorted[at], (durations->count - at) * sizeof(*sorted));
    sorted[at] = duration;
    durations->count++;
    durations->ring[durations->next] = duration;
    durations->next = (durations->next + 1) % DURATIONS;
}

/* The smallest duration that is not exceeded by percent of all (nearest rank). */
static int64_t percentile(const struct durations *durations, unsigned percent)
{
    size_t at = (durations->count * percent + 99) / 100;

    return durations->sorted[at > 0 ? at - 1 : 0];
}

static void note_duration(struct cache *cache, int64_t microseconds)
{
    struct agent_state *agent = &cache->agent;

    add_duration(&cache->durations, microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds);
    agent->refreshes++;
    agent->refresh_last = microseconds;
    agent->refresh_time += microseconds;
    agent->refresh_p50 = percentile(&cache->durations, 50);
    agent->refresh_p95 = percentile(&cache->durations, 95);
    agent->refresh_p99 = percentile(&cache->durations, 99);
    agent->refresh_max = percentile(&cache->durations, 100);
}

static int64_t names_not_served(const struct device *device)
{
    int64_t names = device->named.names ? device->named.names->not_served : 0;

    for (int64_t i = 0; i < device->port_count; i++)
        if (device->ports[i].named.names)
            names += device->ports[i].named.names->not_served;
    return names;
}

static void note_reading(struct cache *cache, const struct collector_reading *reading, struct device **devices)
{
    struct agent_state *agent = &cache->agent;

    agent->devices = (int64_t)reading->count;
    agent->ports = agent->stalled_devices = 0;
    agent->names_not_served = reading->names_not_served;
    agent->scrape_errors += reading->failures + (reading->error != 0);
    agent->health = reading->error ? HEALTH_FAILED : HEALTH_OK;
    for (size_t i = 0; i < reading->count; i++) {
        if (!devices[i]->complete && agent->health == HEALTH_OK)
            agent->health = HEALTH_DEGRADED;
        agent->ports += devices[i]->port_count;
        agent->stalled_devices += devices[i]->status == STATUS_STALLED;
        agent->names_not_served += names_not_served(devices[i]);
    }
}

/* --- Refreshing --- */

/* What is shown of a device of which nothing was read: its names, so that nobody takes it for removed, and no values. */
static struct device *unread_device(const struct cache *cache, const struct collector_entry *entry)
{
    const struct device *last = cache->snapshot ? snapshot_find_device(cache->snapshot, entry->name) : NULL;
    struct device *device = last ? device_husk(last) : device_new(entry->name, 0);

    device->status = entry->stalled ? STATUS_STALLED : STATUS_PARTIAL;
    device->complete = false;
    for (int64_t i = 0; i < device->port_count; i++)
        device->ports[i].status = device->status;
    return device;
}

static void refresh(struct cache *cache)
{
    int64_t start = cache->settings.clock();
    struct collector_reading reading;
    struct device **devices;
    struct snapshot *snapshot;

    cache->settings.refresh(cache->settings.context, &reading);
    devices = memory_new(reading.count, sizeof(struct device *));
    for (size_t i = 0; i < reading.count; i++) {
        const struct collector_entry *entry = &reading.entries[i];

        devices[i] = entry->result ? entry->result : unread_device(cache, entry);
        devices[i]->stalled = entry->stalled;
    }
    history_note(cache->history, devices, reading.count, cache->settings.uptime());
    note_reading(cache, &reading, devices);
    snapshot = snapshot_new(devices, reading.count);
    snapshot_free(cache->snapshot);
    cache->snapshot = snapshot;
    free(devices);
    collector_reading_fini(&reading);
    cache->agent.read_since = start;
    cache->read_at = cache->settings.clock();
    cache->is_stale = false;
    note_duration(cache, cache->read_at - start);
}

static int64_t ms_since(const struct cache *cache, int64_t moment)
{
    return (cache->settings.clock() - moment) / 1000;
}

/* The age counts from the end of a reading, or a slow one would be followed by the next at once. */
int64_t cache_age(const struct cache *cache)
{
    return cache->is_stale ? INT64_MAX : ms_since(cache, cache->read_at);
}

const struct snapshot *cache_snapshot(struct cache *cache)
{
    return cache_refresh(cache, cache->settings.max_age);
}

const struct snapshot *cache_refresh(struct cache *cache, int64_t max_age)
{
    if (cache_age(cache) >= max_age)
        refresh(cache);
    return cache->snapshot;
}

struct snapshot *cache_get(const struct cache *cache)
{
    return cache->snapshot ? snapshot_get(cache->snapshot) : NULL;
}

const struct agent_state *cache_agent(struct cache *cache)
{
    return &cache->agent;
}

void cache_restart_uptime(struct cache *cache)
{
    history_forget_times(cache->history);
    cache->is_stale = true;
}
