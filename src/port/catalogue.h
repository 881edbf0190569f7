/* catalogue: RDMA-PORT-MIB as data: one row for every object, and what a file of counters means by its name. */
#ifndef RDMA_AGENTX_CATALOGUE_H
#define RDMA_AGENTX_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/traits.h"
#include "mib/mib.h"
#include "mib/named.h"

/* Arcs below { rdmaPortMIB 1 }. */
enum port_table {
    TABLE_AGENT = 1,
    TABLE_DEVICE = 2,
    TABLE_PORT = 3,
    TABLE_PORT_COUNTER = 4,
    TABLE_PORT_HW_COUNTER = 5,
    TABLE_COUNTER = 6,
    TABLE_DEVICE_COUNTER = 7,
};

/* Of rows. The records are struct device and struct port; that of the scalars is struct agent_state. */
enum port_set { SET_DEVICES, SET_PORTS };

/* Arcs below { rdmaPortMIB 0 }. */
enum notification_kind {
    NOTIFICATION_PORT_UP = 1,
    NOTIFICATION_PORT_DOWN = 2,
    NOTIFICATION_PORT_FLAPPED = 3,
    NOTIFICATION_DEVICE_ADDED = 4,
    NOTIFICATION_DEVICE_REMOVED = 5,
    NOTIFICATION_DEVICE_STALLED = 6,
    NOTIFICATION_DEVICE_RECOVERED = 7,
};

extern const struct mib port_mib;

/* A table of the module, by its arc. */
const struct table *catalogue_table(enum port_table table);

/* Writes the Prometheus name of a counter into text and returns its length, or 0 for columns that are none. */
size_t catalogue_metric(const struct column *column, char *text, size_t size);

/* The column of a counter file, or NULL: table is TABLE_PORT_COUNTER or TABLE_PORT_HW_COUNTER. */
const struct column *catalogue_of_file(enum port_table table, const char *file);

/* True if value is as far as the hardware counts, so that the truth is "at least that". */
bool catalogue_is_saturated(const struct column *column, const struct driver_traits *traits, uint64_t value);

/* What a file of hw_counters means, by its name. An unknown one is a counter. */
enum counter_kind catalogue_kind(const char *file);

#endif
