/* traits: what the driver of a device is known to do differently. */
#ifndef RDMA_AGENTX_TRAITS_H
#define RDMA_AGENTX_TRAITS_H

#include <stdbool.h>
#include <stdint.h>

struct driver_traits {
    uint8_t data_unit;     /* octets in a unit of port_xmit_data and port_rcv_data */
    bool counters_wrap;    /* where others stop at their limit */
    bool ones_mean_absent; /* 2^64-1 in hw_counters stands for "not available" */
};

/* How the devices of a driver differ (Linux 5.10 to 7.3). vendor and part are the PCI numbers, for hosts that show no
 * driver link; driver may be empty. */
struct driver_traits traits_of_driver(const char *driver, int64_t vendor, int64_t part);

#endif
