/* agent: the AgentX session with snmpd, from the first connection to the last: main loop, Net-SNMP's settings, signals,
 * its log, and what Net-SNMP forgets to do again after a failure. */
#ifndef RDMA_AGENTX_AGENT_H
#define RDMA_AGENTX_AGENT_H

#include <stdint.h>

#include "cache.h"

struct agent_settings {
    const char *socket; /* NULL: as Net-SNMP is configured */
    struct cache *cache;
};

/* To be called before other threads exist: catches the signals that end the process. */
void agent_catch_signals(void);

/* Serves until SIGTERM or SIGINT, then closes the session; the process ends 800 ms after the signal whatever snmpd
 * does. Returns 0, or -1 after logging why it could not serve. */
int agent_run(const struct agent_settings *settings);

/* sysUpTime of snmpd, in hundredths of a second, as far as it is known. */
int64_t agent_uptime(void);

#endif
