/* registry: which families are registered with snmpd, each by itself: one that snmpd refuses, because another subagent has
 * it, is tried again and does not hold up the others, and a background one is registered when it has something to serve.
 * There is one in a process. */
#ifndef RDMA_AGENTX_REGISTRY_H
#define RDMA_AGENTX_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "family/family.h"
#include "snmp/serve.h"

/* The families that run, none of which is registered yet. */
void registry_init(const struct family_run *runs, size_t count, struct serve *serve);

/* Registers those that are ready; with the master, too, if there is one (a netsnmp_session, else NULL). To be called at the
 * start and in each turn of the main loop. False after logging if Net-SNMP does not take one. */
bool registry_turn(void *master);

/* Registers all with a master that has just been connected to. */
void registry_attach(void *master);

/* The master is gone. Background families look once before they are registered with the next. */
void registry_detach(void);

/* Tries again to register what the master has refused. */
void registry_try_again(void *master);

/* Net-SNMP has logged this of a registration that was refused. */
void registry_note_refusal(const char *text);

bool registry_is_refused(void);

#endif
