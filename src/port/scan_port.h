/* scan_port: one port of a device: which counters it has, and when which of its attributes is worth asking. */
#ifndef RDMA_AGENTX_SCAN_PORT_H
#define RDMA_AGENTX_SCAN_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "port/port.h"
#include "port/scan_file.h"

enum {
    /* Attributes beyond state: rate, LIDs and so on. Each costs a whole port query, so they are asked when the state or
     * an error counter of the link moved, or after a minute. */
    SCAN_PORT_ATTRIBUTES = 8,
    SCAN_NETDEV_FILES = 3,
    SCAN_LINK_COUNTERS = 2,
    SCAN_SLOW_INTERVAL = 60 * 1000, /* ms */
    /* A port whose every answer puts a line into the kernel's log: see netdev_lacks_speed. */
    SCAN_LOUD_INTERVAL = 60 * SCAN_SLOW_INTERVAL,
    LINK_LAYER_ETHERNET = 2, /* enum rdma_link_layer, include/rdma/ib_verbs.h */
};

/* A hw_counters directory of a port or a device. */
struct scan_named {
    struct scan_directory directory;
    struct counter_names *names; /* NULL without the directory */
};

struct scan_port {
    int64_t number;
    struct scan_directory counters;
    uint8_t counter_slot[PORT_COUNTERS];
    struct scan_named hw;
    int8_t *hw_slot; /* place in struct counters of each name, -1 without a column */
    struct scan_file state, phys_state;
    struct scan_file attribute[SCAN_PORT_ATTRIBUTES];
    struct scan_file netdev_file[SCAN_NETDEV_FILES];
    char netdev_mark[SCAN_NETDEV_FILES][16]; /* what they said last */
    bool netdev_is_foreign;                  /* its name is that of another one in this network namespace */
    /* Then drivers that tell the speed of their netdev as the port's make the kernel write "speed is unknown" to its log
     * whenever the port is asked for anything (ib_get_eth_speed, drivers/infiniband/core/verbs.c). */
    bool netdev_lacks_speed;
    uint32_t attributes_failed; /* bit i: attribute[i] exists and its last answer was no value */
    uint32_t attributes_again;  /* bit i: its next answer may be another one already */
    bool attributes_cut;        /* there was no time for all of them */
    bool state_failed, phys_state_failed;
    int64_t last_state;                    /* that could be read */
    int64_t state_due, slow_due, loud_due; /* ms */
    bool is_settling;                      /* the netdev has moved; the port is to be asked once more at settled_at */
    int64_t settled_at;                    /* ms */
    bool wants_mtu;
    char netdev_mtu[16];
    uint8_t link_slot[SCAN_LINK_COUNTERS];    /* of link_downed and link_error_recovery */
    uint64_t link_events[SCAN_LINK_COUNTERS]; /* what they were last */
    struct port known;                        /* attributes as last read */
};

/* What all ports of a device need to know of it. */
struct scan_host {
    int net;          /* directory class/net, -1 without it */
    const char *name; /* of the device */
    bool is_real_sysfs;
    const struct driver_traits *traits;
    int64_t port_count;
};

/* Lists what the port has; the device directory is that of the pass. */
void scan_port_init(struct scan_port *port, const struct scan_pass *pass, const char *device, int64_t number);
void scan_port_fini(struct scan_port *port, atomic_int *held);

/* The names below the directory at path, sorted, at most longest characters each; an empty set without names and
 * without a directory. */
void scan_named_init(struct scan_named *named, const struct scan_pass *pass, const char *path, size_t longest);
void scan_named_fini(struct scan_named *named, atomic_int *held);

/* Reads all files of the directory into values, whose names are the directory's; slots (or NULL) says which go into
 * columns too. Returns how many gave a value. */
size_t scan_named_read(struct scan_pass *pass, struct scan_named *named, const struct driver_traits *traits,
                       struct named_counters *values, const int8_t *slots, struct counters *columns);

/* Reads the counters into port, whose named counters are made here. */
void scan_port_read_counters(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host,
                             struct port *port);

/* Reads the attributes that are due and copies all that are known into port; to be called after the counters, and once
 * for each pass. Sets wants_mtu when libibverbs should be asked again. */
void scan_port_read_attributes(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host,
                               struct port *port);

#endif
