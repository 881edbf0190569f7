/* ports: the family of RDMA-PORT-MIB: devices and their ports, read from sysfs on demand. */
#ifndef RDMA_AGENTX_PORTS_H
#define RDMA_AGENTX_PORTS_H

#include "family/family.h"

extern const struct family port_family;

#endif
