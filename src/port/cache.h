/* cache: the current snapshot, no older than its maximum age when somebody asks; nobody asking, nothing is read. Keeps
 * the statistics of refreshes too. The clocks and the reading are parameters. */
#ifndef RDMA_AGENTX_CACHE_H
#define RDMA_AGENTX_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "gather/collector.h"
#include "port/port.h"
#include "port/snapshot.h"

struct cache_settings {
    int64_t max_age;                                                   /* ms */
    int64_t (*clock)(void);                                            /* µs, monotonic */
    int64_t (*uptime)(void);                                           /* sysUpTime, hundredths of a second */
    void (*refresh)(void *context, struct collector_reading *reading); /* collector_refresh or a test's */
    void *context;
    const char *version;
    bool notifications; /* are sent: what rdmaAgentNotificationsEnabled says */
};

struct cache;

struct cache *cache_new(const struct cache_settings *settings);
void cache_free(struct cache *cache);

/* The snapshot, refreshed first if it is older than the maximum age. A refresh that failed counts as one, so that
 * failures are not answered with a storm of reads. Belongs to the cache and is valid until the next call. */
const struct snapshot *cache_snapshot(struct cache *cache);

/* Likewise with another maximum age, in ms. */
const struct snapshot *cache_refresh(struct cache *cache, int64_t max_age);

/* The snapshot as it is, however old, to be given back by snapshot_free; NULL before the first refresh. */
struct snapshot *cache_get(const struct cache *cache);

/* Milliseconds since it was read; INT64_MAX if it should be read again whatever its age. */
int64_t cache_age(const struct cache *cache);

/* What the agent says of itself at this moment; refreshes nothing. */
const struct agent_state *cache_agent(struct cache *cache);

/* snmpd has started again, and sysUpTime with it: times noted before become 0. */
void cache_restart_uptime(struct cache *cache);

#endif
