/* shortcut: answers Get and GetNext where they come in from snmpd, rather than let Net-SNMP carry each through its agent
 * by way of a pipe, which takes half as long again. What it does not know goes the normal way, to the same answers. */
#ifndef RDMA_AGENTX_SHORTCUT_H
#define RDMA_AGENTX_SHORTCUT_H

#include <stdbool.h>

#include "snmp/serve.h"

/* When it is taken. Auto: with the versions of Net-SNMP's library that it was proven with. */
enum shortcut_use { SHORTCUT_AUTO, SHORTCUT_ON, SHORTCUT_OFF };

/* True if it is to be taken with the library that is loaded; logs why not if that is not by choice. */
bool shortcut_is_wanted(enum shortcut_use use);

/* True if it was proven with this version of the library, "5.9.3". */
bool shortcut_is_proven(const char *version);

/* Takes over the connection to the master that session has been opened to; to be called at each connection. session
 * is a netsnmp_session. */
void shortcut_take(void *session, struct serve *serve);

/* The connection has ended. */
void shortcut_leave(void);

/* Answers what can be read from the connection. False if Net-SNMP has something to read there. is_alone: nothing else
 * waits to be done, so that the next question may be waited for. */
bool shortcut_serve(bool is_alone);

#endif
