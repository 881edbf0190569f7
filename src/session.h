/* session: the AgentX session with snmpd, from the first connection to the last: Net-SNMP's settings, its log, and what
 * Net-SNMP forgets to do again after a failure. There is one in a process. */
#ifndef RDMA_AGENTX_SESSION_H
#define RDMA_AGENTX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cache.h"

struct session_settings {
    const char *socket; /* NULL: as Net-SNMP is configured */
    struct cache *cache;
    void (*connected)(void); /* called at each connection, before the MIB is registered */
};

/* Starts Net-SNMP's agent library, registers the MIB with it and opens the session; without an snmpd it is looked for
 * from then on. False after logging why not. */
bool session_start(const struct session_settings *settings);

/* Unregisters and closes: waits for snmpd, which may hang. */
void session_end(void);

/* The descriptor of the connection; -1: there is none. A signal handler may ask. */
int session_socket(void);

enum session_state { SESSION_AWAY, SESSION_REFUSED, SESSION_OPEN };

/* Whether snmpd is there, and has registered the MIB. */
enum session_state session_state(void);

/* sysUpTime of snmpd, in hundredths of a second, as far as it is known. */
int64_t session_uptime(void);

#endif
