/* verbs: what only libibverbs tells of a port. Opens the device, asks and closes it; keeps no context. */
#ifndef RDMA_AGENTX_VERBS_H
#define RDMA_AGENTX_VERBS_H

#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* True if asking cannot make libibverbs load kernel modules: the host has user-space verbs already. sysfs_root must be
 * /sys, the only one that libibverbs looks at. */
bool verbs_is_safe(const char *sysfs_root);

/* Sets active_mtu and max_mtu of the ports of the device called name. 0, or -errno and the ports keep ABSENT: -ENODEV
 * if libibverbs does not have the device. Takes as long as the driver does. */
int verbs_query_ports(const char *name, struct port *ports, size_t count);

#endif
