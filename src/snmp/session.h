/* session: the AgentX session with snmpd, from the first connection to the last: Net-SNMP's settings, its log, and what
 * Net-SNMP forgets to do again after a failure. There is one in a process. */
#ifndef RDMA_AGENTX_SESSION_H
#define RDMA_AGENTX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "family/family.h"
#include "snmp/shortcut.h"

struct session_settings {
    const char *socket;            /* NULL: as Net-SNMP is configured */
    const struct family_run *runs; /* of the families; outlive the session */
    size_t run_count;
    enum shortcut_use shortcut;
    void (*connected)(void); /* called at each connection, before the MIB is registered */
};

/* Starts Net-SNMP's agent library, registers the MIB with it and opens the session; without an snmpd it is looked for
 * from then on. False after logging why not. */
bool session_start(const struct session_settings *settings);

/* Registers what has become ready. To be called in each turn of the main loop. */
void session_turn(void);

/* Unregisters and closes: waits for snmpd, which may hang. */
void session_end(void);

/* The descriptor of the connection; -1: there is none. A signal handler may ask. */
int session_socket(void);

enum session_state { SESSION_AWAY, SESSION_REFUSED, SESSION_OPEN };

/* Whether snmpd is there, and has registered the MIB. */
enum session_state session_state(void);

/* Sends a notification: snmpTrapOID.0 and what it carries, a list of Net-SNMP's that is taken over. False if snmpd is away
 * or has not answered the last one yet; else done is called once: with true when snmpd has it, with false when that
 * cannot be known because the session was lost. One at a time, or both would wait for room in the other's socket. */
struct variable_list;
bool session_notify(struct variable_list *variables, void (*done)(bool delivered));

/* sysUpTime of snmpd, in hundredths of a second, as far as it is known. */
int64_t session_uptime(void);

#endif
