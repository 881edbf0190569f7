/* scan_asks: which files a pass over the device of scan_tree asks for, by what sysfs_fake has seen. */
#ifndef RDMA_AGENTX_SCAN_ASKS_H
#define RDMA_AGENTX_SCAN_ASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often a pass, so many ms after the last one, asks for files with part in their paths. */
size_t scan_asks(int64_t after, const char *part);

/* Whether the last pass read the slow attributes of port 1. Fails the test if it read some of them and not others. */
bool scan_asked_attributes(void);

#endif
