/* status_line: how the devices fare, in one line: for the service manager, the log and rdmaFamilyReason. It says the same as
 * rdmaAgentHealth, since both come from the same reading. */
#ifndef RDMA_AGENTX_STATUS_LINE_H
#define RDMA_AGENTX_STATUS_LINE_H

#include <stddef.h>

#include "port/port.h"
#include "port/snapshot.h"

/* What a reading has found: "serving 2 devices, 3 ports", or what is wrong and with which devices. Cut where there is no
 * room. */
void status_line(const struct snapshot *snapshot, const struct agent_state *agent, char *text, size_t size);

#endif
