/* port: what was read of one RDMA device and its ports, as plain data. Knows neither files nor SNMP. */
#ifndef RDMA_AGENTX_PORT_H
#define RDMA_AGENTX_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/absent.h"
#include "device/traits.h"
#include "mib/named.h"

enum {
    DEVICE_NAME_SIZE = 64, /* IB_DEVICE_NAME_MAX, include/uapi/rdma/rdma_netlink.h */
    ATTRIBUTE_SIZE = 65,   /* node_desc has 64 octets, the longest of the others is shorter */
    WORD_SIZE = 33,        /* "PortConfigurationTraining", "400 Gb/sec" */
    PORT_COUNTERS = 21,    /* files of ports/N/counters with a column of their own */
    PORT_HW_COUNTERS = 35, /* files of ports/N/hw_counters with a column of their own */
};

/* RdmaReadStatus of the MIB. */
enum read_status { STATUS_OK = 1, STATUS_PARTIAL = 2, STATUS_REFUSED = 3, STATUS_STALLED = 4 };

/* rdmaAgentHealth of the MIB. */
enum agent_health { HEALTH_OK = 1, HEALTH_DEGRADED = 2, HEALTH_FAILED = 3 };

/* enum ib_port_state, include/rdma/ib_verbs.h */
enum port_state { PORT_NOP = 0, PORT_DOWN = 1, PORT_ACTIVE = 4 };

/* Counters with a column of their own: a counter_set of mib/column.h. */
struct counters {
    uint64_t present;
    uint64_t value[PORT_HW_COUNTERS];
};

/* What the agent has noticed of a port since it first saw it; filled by the cache. TimeStamps are hundredths of a
 * second of sysUpTime. */
struct port_history {
    int64_t previous_state;
    int64_t last_change;
    int64_t state_changes;
    int64_t error_events;
    int64_t saturated;
    int64_t counter_discontinuity;
    int64_t hw_counter_discontinuity;
    int64_t named_counter_discontinuity;
};

/* One port as read. Numbers are ABSENT and texts empty where nothing could be read. */
struct port {
    const struct device *device;
    int64_t number;
    int64_t status;
    int64_t state;
    int64_t phys_state;
    int64_t link_layer;
    int64_t width; /* lanes */
    int64_t speed; /* Mb/s */
    int64_t lid;
    int64_t lmc;
    int64_t sm_lid;
    int64_t sm_sl;
    int64_t capability_mask;
    int64_t active_mtu; /* octets */
    int64_t max_mtu;    /* octets */
    int64_t ifindex;
    int64_t carrier_changes; /* of the netdev; no object of the MIB */
    char device_name[DEVICE_NAME_SIZE];
    char name[DEVICE_NAME_SIZE + 12]; /* "mlx5_0/1" */
    char state_text[WORD_SIZE];
    char phys_state_text[WORD_SIZE];
    char link_layer_text[WORD_SIZE];
    char width_text[WORD_SIZE];
    char speed_text[WORD_SIZE];
    char generation[WORD_SIZE];
    char gid[ATTRIBUTE_SIZE];
    char netdev[ATTRIBUTE_SIZE];
    struct counters counters;
    struct counters hw_counters;
    struct named_counters named;
    struct port_history history;
};

/* One device as read, with its ports in ascending order. Made by device_new, released by device_free. */
struct device {
    char name[DEVICE_NAME_SIZE];
    uint64_t object;       /* of the kernel: changes when another one answers to the same name; 0: not read yet */
    uint64_t registration; /* changes with it, and when the object has got other files: what was counted begins anew */
    bool complete;         /* nothing was left unread for lack of time */
    bool stalled;          /* announced as stalled, and not as recovered yet; filled by the cache */
    uint32_t failures;     /* reads that gave no usable value */
    uint32_t files;        /* that a complete pass may have to read */
    uint32_t files_read;   /* in this one */
    int64_t status;
    int64_t node_type;
    int64_t vendor_id;
    int64_t part_id;
    int64_t numa_node;
    int64_t virtual_function; /* TruthValue */
    int64_t port_count;
    char node_guid[ATTRIBUTE_SIZE];
    char system_image_guid[ATTRIBUTE_SIZE];
    char node_description[ATTRIBUTE_SIZE];
    char firmware[ATTRIBUTE_SIZE];
    char hardware_revision[ATTRIBUTE_SIZE];
    char hca_type[ATTRIBUTE_SIZE];
    char board_id[128]; /* hfi1 prints a sentence */
    char pci_address[ATTRIBUTE_SIZE];
    char driver[ATTRIBUTE_SIZE];
    char parent[DEVICE_NAME_SIZE];
    struct driver_traits traits;
    struct named_counters named;
    int64_t registered; /* filled by the cache, like struct port_history */
    int64_t counter_discontinuity;
    struct port *ports;
};

/* What the agent says of itself. Times are in the units of the MIB. */
struct agent_state {
    char version[WORD_SIZE];
    int64_t health; /* enum agent_health */
    int64_t devices;
    int64_t ports;
    int64_t stalled_devices;
    int64_t notifications_enabled; /* TruthValue */
    int64_t cache_max_age;
    int64_t read_since; /* µs of the monotonic clock: when the values began to be read; 0: none were yet */
    int64_t refreshes;
    int64_t scrape_errors;
    int64_t names_not_served;
    int64_t refresh_last;
    int64_t refresh_p50;
    int64_t refresh_p95;
    int64_t refresh_p99;
    int64_t refresh_max;
    int64_t refresh_time;
};

/* A device with room for its ports; every number ABSENT, every text empty. Aborts when memory is out. */
struct device *device_new(const char *name, size_t ports);
void device_free(struct device *device);

/* Empties every cell that a poll reads: state, link, counters. What cannot change and the names stay. */
void device_forget_polled(struct device *device);

/* A copy with names, identity and history, but with nothing in the cells that a poll reads. */
struct device *device_husk(const struct device *device);

#endif
