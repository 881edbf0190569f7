/* scan: one device, from its files (and libibverbs) to rows. A file that fails costs a cell, a port that fails a row;
 * nothing costs more. Knows neither threads nor clocks: the time and the patience are its caller's. */
#ifndef RDMA_AGENTX_SCAN_H
#define RDMA_AGENTX_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gather/patience.h"
#include "port/port.h"

/* Shared by the scans of all devices. */
struct scan_settings {
    const char *sysfs_root; /* "/sys" */
    int most_held;          /* descriptors; each costs 4.75 kB of kernel memory */
    atomic_int held;
    /* Of the class directory, sysfs_list_marked, from the last listing that has ended; 0: not known. While it stays, so do
     * the devices. */
    atomic_uint_fast64_t class_mark;
};

/* What is known of one device between passes: its descriptors, its refusing files, its slow attributes. */
struct scan;

/* Nothing is opened yet. settings must outlive the scan. */
struct scan *scan_new(struct scan_settings *settings, const char *name);
void scan_free(struct scan *scan);

/* One pass over the device. The caller frees the result; NULL with *error set to -errno if there is no such device or
 * its directory cannot be opened (-ENOLINK: its link in the class leads nowhere). When patience runs out, the result
 * holds what was read and is not complete. */
struct device *scan_device(struct scan *scan, const struct patience *patience, int *error);

/* Reads a single file of the device, to see whether it answers at all. */
void scan_probe(struct scan *scan);

#endif
