/* scan_netdev: the network interface of a port. Its files tell, without a firmware command and without rtnl_lock,
 * whether asking the port for its state is worth it. */
#ifndef RDMA_AGENTX_SCAN_NETDEV_H
#define RDMA_AGENTX_SCAN_NETDEV_H

#include <stdbool.h>

#include "port/scan_port.h"

/* Finds the port's netdev, its ifindex, its MTU and whether it has a speed; a change of the MTU makes the port want
 * libibverbs' answer again. */
void scan_netdev_find(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host);

/* True unless the netdev vouches for the link being as it was at the last pass. */
bool scan_netdev_moved(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host);

#endif
