/* scan_tree: a device in a directory of plain files, and passes over it at times of the test's choosing. */
#ifndef RDMA_AGENTX_SCAN_TREE_H
#define RDMA_AGENTX_SCAN_TREE_H

#include <stdint.h>

#include "port/catalogue.h"
#include "port/port.h"
#include "port/scan.h"
#include "unit.h"

/* Where the device of that class name is, and its port 1; below the root. */
#define SCAN_TREE_DEVICE "devices/pci0000:17/0000:17:00.0/0000:1a:00.0/infiniband/mlx5_0"
#define SCAN_TREE_PORT SCAN_TREE_DEVICE "/ports/1"

struct scan_tree {
    char root[UNIT_PATH_SIZE];
    struct scan_settings settings;
    struct scan *scan;       /* of mlx5_0 */
    struct device *device;   /* the last pass's */
    const struct port *port; /* its first one; NULL if it has none */
    int64_t now;             /* ms */
    int error;               /* of the last pass */
};

extern struct scan_tree scan_tree;

/* Files of its port that are read at each pass, and held open. */
enum { COUNTERS = 21, HW_COUNTERS = 6, STATES = 2, MOST_HELD = COUNTERS + HW_COUNTERS + STATES };

/* Makes mlx5_0, an InfiniBand device with one active port, and all its counters; their files hold 100 + slot. To be
 * used as fixtures. */
void scan_tree_make(void);
void scan_tree_free(void);

/* A copy of it: a device of another name. */
void scan_tree_add(const char *device, const char *name, const char *guid);

/* Makes it an Ethernet device with the netdev eth0. */
void scan_tree_make_ethernet(void);

/* Writes a file below mlx5_0, or below its port 1. */
void scan_tree_write(const char *path, const char *text);
void scan_tree_write_port(const char *path, const char *text);

/* A pass, so many ms after the last one. The result belongs to scan_tree and lives until the next one; NULL with
 * scan_tree.error set. */
struct device *scan_tree_read(int64_t after);

/* Likewise, with patience for this many reads. */
struct device *scan_tree_read_in_haste(int64_t after, int reads);

/* The value of a counter file of port 1 in the last pass; UINT64_MAX: absent. */
uint64_t scan_tree_counter(const char *file);
uint64_t scan_tree_hw_counter(const char *file);

/* How many of the port's counters have a value. */
int scan_tree_present(const struct counters *counters);

#endif
