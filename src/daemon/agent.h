/* agent: the daemon's life, from the start over the main loop and the signals to the end. */
#ifndef RDMA_AGENTX_AGENT_H
#define RDMA_AGENTX_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "port/cache.h"
#include "port/events.h"
#include "snmp/shortcut.h"

struct agent_settings {
    const char *socket; /* NULL: as Net-SNMP is configured */
    struct cache *cache;
    enum shortcut_use shortcut;
    bool notifications;     /* are sent */
    int64_t watch_interval; /* ms: for them, the devices are looked at so often */
    struct events *events;  /* and when these tell; may be NULL */
};

/* To be called before other threads exist: catches the signals that end the process. */
void agent_catch_signals(void);

/* Serves until SIGTERM or SIGINT, then closes the session; the process ends 800 ms after the signal whatever snmpd
 * does. Returns 0, or -1 after logging why it could not serve. */
int agent_run(const struct agent_settings *settings);

#endif
