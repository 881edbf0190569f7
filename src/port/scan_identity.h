/* scan_identity: what a device is: the attributes that cannot change while it is registered, and where in the host it
 * sits. */
#ifndef RDMA_AGENTX_SCAN_IDENTITY_H
#define RDMA_AGENTX_SCAN_IDENTITY_H

#include <stdint.h>

#include "port/port.h"
#include "port/scan_file.h"

enum { SCAN_IDENTITY_FILES = 11 };

struct scan_identity {
    struct device *known; /* without ports and counters */
    struct scan_file attribute[SCAN_IDENTITY_FILES];
    uint32_t failed;                      /* bit i: attribute[i] exists and its last answer was no value */
    int64_t due;                          /* ms */
    int64_t told_vendor_id, told_part_id; /* by libibverbs: for a device of which sysfs has none */
};

/* Looks at the device's place: links, driver, whether it is a virtual function. class is the directory
 * class/infiniband, name the device's entry in it. */
void scan_identity_init(struct scan_identity *identity, const struct scan_pass *pass, int class, const char *name);
void scan_identity_fini(struct scan_identity *identity);

/* Reads the attributes that are due: all at first, then every minute those that failed or may change, and the name of
 * the physical function's device. */
void scan_identity_read(struct scan_identity *identity, struct scan_pass *pass);

/* Completes a device, which has its ports and counters, by all else that is known of it. */
void scan_identity_adopt(const struct scan_identity *identity, struct device *device);

#endif
