/* agent: the daemon's life, from the start over the main loop and the signals to the end. */
#ifndef RDMA_AGENTX_AGENT_H
#define RDMA_AGENTX_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "family/family.h"
#include "snmp/shortcut.h"

struct agent_settings {
    const char *socket;            /* NULL: as Net-SNMP is configured */
    const struct family_run *runs; /* started; outlive the agent */
    size_t run_count;
    enum shortcut_use shortcut;
    int published; /* the eventfd that the families write when they have looked */
};

/* To be called before other threads exist: catches the signals that end the process. */
void agent_catch_signals(void);

/* Serves until SIGTERM or SIGINT, then closes the session; the process ends 800 ms after the signal whatever snmpd
 * does. Returns 0, or -1 after logging why it could not serve. */
int agent_run(const struct agent_settings *settings);

#endif
