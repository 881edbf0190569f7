/* print: every object that would be served, one "name.index = value" a line: for people, and to see what the agent sees
 * without snmpd. */
#ifndef RDMA_AGENTX_PRINT_H
#define RDMA_AGENTX_PRINT_H

#include <stdio.h>

#include "port/snapshot.h"

void print_snapshot(FILE *out, const struct snapshot *snapshot, const struct agent_state *agent);

#endif
