/* virtual_sysfs: a device's files in memory, in the place of those that sysfs would read (the linker's --wrap). Paths are
 * those below the device's directory. */
#ifndef RDMA_AGENTX_VIRTUAL_SYSFS_H
#define RDMA_AGENTX_VIRTUAL_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

enum { VIRTUAL_PATH_SIZE = 300 };

/* Makes the files of a whole device, and nothing else. */
void virtual_sysfs_reset(void);

/* Gives a file these octets, or lets every read of it fail if error is not 0; it is there from now on. False if there
 * is no room for more. The octets must stay where they are. */
bool virtual_sysfs_set(const char *path, size_t path_length, const char *octets, size_t length, int error);

/* The octets of a file; NULL if it is not there or its reads fail. */
const char *virtual_sysfs_get(const char *path, size_t *length);

#endif
