/* status: the family of RDMA-AGENT-MIB: how the families fare, itself among them. Always on; it reads nothing. */
#ifndef RDMA_AGENTX_STATUS_H
#define RDMA_AGENTX_STATUS_H

#include "family/family.h"

extern const struct family status_family;

#endif
