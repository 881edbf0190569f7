/* port_look: a look at all devices, as requests and notifications are answered from it. */
#ifndef RDMA_AGENTX_PORT_LOOK_H
#define RDMA_AGENTX_PORT_LOOK_H

#include "port/port.h"
#include "port/snapshot.h"

struct port_look {
    struct snapshot *snapshot;
    struct agent_state agent;
};

#endif
