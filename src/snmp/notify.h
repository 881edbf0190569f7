/* notify: tells managers what has changed: looks at the devices when that is due, and hands snmpd one notification after
 * the other. There is one in a process. */
#ifndef RDMA_AGENTX_NOTIFY_H
#define RDMA_AGENTX_NOTIFY_H

#include <stdint.h>

#include "port/cache.h"
#include "port/events.h"

struct notify_settings {
    struct cache *cache;
    int64_t watch_interval; /* ms */
    struct events *events;  /* what tells earlier; may be NULL */
};

/* Starts a thread that takes the events; they are another's again after notify_end. Without this, the functions below do
 * nothing and want nothing. */
void notify_start(const struct notify_settings *settings);
void notify_end(void);

/* Becomes readable when notify_run should be called; -1: never. */
int notify_descriptor(void);

/* Milliseconds until notify_run should be called if nothing else happens before; -1: for ever. */
int64_t notify_wait(void);

/* Looks if it is time to, and sends what is due and snmpd is ready for. To be called in each round of the main loop. */
void notify_run(void);

#endif
