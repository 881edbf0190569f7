/* verbs: what only libibverbs tells: attributes of a device and its ports, for which it opens the device, asks and closes
 * it again; and events as they happen, for which the device stays open. */
#ifndef RDMA_AGENTX_VERBS_H
#define RDMA_AGENTX_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/port.h"

/* True if asking cannot make libibverbs load kernel modules: the host has user-space verbs already. sysfs_root must be
 * /sys, the only one that libibverbs looks at. */
bool verbs_is_safe(const char *sysfs_root);

/* Sets active_mtu and max_mtu of the device's ports, and its vendor_id and part_id: those of ibv_query_device, which may be
 * an IEEE OUI and are ABSENT for 0. 0, or -errno and the rest keeps what it has: -ENODEV if libibverbs does not have the
 * device. Takes as long as the driver does. */
int verbs_query(struct device *device);

/* --- Events --- */

/* A device that is open for its events. */
struct verbs_link;

enum verbs_event { VERBS_NOTHING, VERBS_PORT, VERBS_OTHER, VERBS_GONE };

/* Calls each for every user-space verbs device there is, "uverbs0", with the name of the device behind it, "mlx5_0", as
 * the kernel has it now; opens none. 0 or -errno. */
int verbs_list(bool (*each)(void *context, const char *uverbs, const char *name), void *context);

/* Opens the device behind uverbs, if that is still its name. The link, or NULL with *error: -ENODEV if it has another
 * name or is gone, else what opening it gave. Takes as long as the driver does. */
struct verbs_link *verbs_open(const char *uverbs, const char *name, int *error);

/* Becomes readable with each event, and is read without waiting. */
int verbs_descriptor(const struct verbs_link *link);
enum verbs_event verbs_next_event(struct verbs_link *link);

/* Until this returns the kernel does not remove the device. Takes as long as the driver does. */
void verbs_close(struct verbs_link *link);

#endif
