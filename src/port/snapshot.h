/* snapshot: the devices of one reading and their ports as rows of RDMA-PORT-MIB. Immutable once made. Does not know where
 * the devices came from. */
#ifndef RDMA_AGENTX_SNAPSHOT_H
#define RDMA_AGENTX_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib/view.h"
#include "port/port.h"

struct snapshot;

/* A snapshot of these devices in any order; takes them over and leaves the array to the caller. Devices of one name
 * must not be given twice. */
struct snapshot *snapshot_new(struct device **devices, size_t count);

/* A new owner; snapshot_free gives one up and frees the last one's. In any thread. */
struct snapshot *snapshot_get(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* Its rows, which live as long as it. */
const struct view *snapshot_view(const struct snapshot *snapshot);

/* How many devices and ports it has; the devices in the order of SNMP. */
size_t snapshot_devices(const struct snapshot *snapshot);
size_t snapshot_ports(const struct snapshot *snapshot);
const struct device *snapshot_device(const struct snapshot *snapshot, size_t i);

/* The device of this name; NULL if there is none. */
const struct device *snapshot_find_device(const struct snapshot *snapshot, const char *name);

/* Writes the index of a device, or of one of its ports; port is ABSENT for the device. Returns how many numbers it has;
 * index has room for DEVICE_NAME_SIZE + 2. */
size_t snapshot_index(const char *device, int64_t port, uint32_t *index);

#endif
