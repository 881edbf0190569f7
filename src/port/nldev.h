/* nldev: what the kernel tells of a port over netlink (RDMA_NLDEV) and not in sysfs: its netdev, if both are in the same
 * network namespace. */
#ifndef RDMA_AGENTX_NLDEV_H
#define RDMA_AGENTX_NLDEV_H

#include <stddef.h>
#include <stdint.h>

/* Finds the netdev of a port of the device called device. 1 with its name in netdev; 0 if it has none here; -errno, as
 * -ENODEV without such a device. The kernel asks the port for its state on the way: it takes as long as that. */
int nldev_find_netdev(const char *device, uint32_t port, char *netdev, size_t size);

#endif
