/* health: how the daemon fares, in one line, and the log of its changes. The line, which the service manager is told,
 * the log and rdmaAgentHealth tell the same story, since all come from the same refresh. */
#ifndef RDMA_AGENTX_HEALTH_H
#define RDMA_AGENTX_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "port/port.h"
#include "port/snapshot.h"

/* What the log was told last. */
struct health {
    int64_t told; /* enum agent_health; HEALTH_OK goes without saying at the start */
    int64_t last; /* ms: when it was last so */
};

/* What the last refresh has found: "serving 2 devices, 3 ports", or what is wrong and with which devices. */
void health_describe(const struct snapshot *snapshot, const struct agent_state *agent, char *text, size_t size);

/* To be called after refreshes: logs a change of the health, with the line that describes it as its cause. A worse one
 * is told at once, a better one after a while of it (trouble.h). now is milliseconds of a monotonic clock. */
void health_note(struct health *health, const struct agent_state *agent, const char *text, int64_t now);

#endif
