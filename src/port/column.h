/* column: the catalogue. One row for every object the MIB has, and the value of a column for a row of its table.
 * Everything else iterates over it: reading, presence, wire types, the tests against the MIB, the Prometheus files. */
#ifndef RDMA_AGENTX_COLUMN_H
#define RDMA_AGENTX_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/port.h"

/* Arcs below { rdmaPortMIB 1 }. */
enum table {
    TABLE_AGENT = 1,
    TABLE_DEVICE = 2,
    TABLE_PORT = 3,
    TABLE_PORT_COUNTER = 4,
    TABLE_PORT_HW_COUNTER = 5,
    TABLE_COUNTER = 6,
    TABLE_DEVICE_COUNTER = 7,
    TABLE_END
};

enum column_type {
    SMI_INTEGER, /* INTEGER, Integer32, enumerations */
    SMI_GAUGE,   /* Gauge32 and Unsigned32, which are one on the wire */
    SMI_COUNTER32,
    SMI_COUNTER64,
    SMI_TIMESTAMP, /* TimeTicks */
    SMI_TEXT,      /* DisplayString */
};

/* Where a cell comes from. */
enum column_source {
    SOURCE_INDEX,   /* not accessible: the index itself */
    SOURCE_NUMBER,  /* int64_t at offset in the row's structure */
    SOURCE_TEXT,    /* char[] there */
    SOURCE_COUNTER, /* value[slot] of the row's counters */
    SOURCE_OCTETS,  /* the same in octets */
    SOURCE_KIND,    /* of a named counter */
    SOURCE_VALUE,   /* of a named counter of kind counter */
    SOURCE_LEVEL,   /* of a named counter of any other kind */
};

struct label {
    int64_t number;
    const char *name;
};

struct column {
    uint8_t table;
    uint8_t number;             /* sub-identifier below the entry */
    uint8_t type;               /* enum column_type */
    uint8_t source;             /* enum column_source */
    uint8_t slot;               /* SOURCE_COUNTER, SOURCE_OCTETS: place in struct counters */
    bool is_error;              /* its increments are error events of the port */
    bool is_hexadecimal;        /* RdmaHexNumber */
    uint16_t offset;            /* SOURCE_NUMBER, SOURCE_TEXT */
    uint64_t limit;             /* the hardware stops counting here; 0: it does not */
    const char *object;         /* descriptor in the MIB */
    const char *file;           /* sysfs file of a counter, NULL for all else */
    const char *alias;          /* the name some drivers give that file */
    const char *metric;         /* Prometheus name where the rule of column_metric does not give it */
    const struct label *labels; /* names of an enumeration, ending with a NULL name */
};

/* A row of any table: which of the pointers are set follows from the table. */
struct row {
    const struct agent_state *agent;
    const struct device *device;
    const struct port *port;
    size_t member; /* place in the names of a named table */
};

struct value {
    enum column_type type;
    uint64_t number;  /* SMI_INTEGER: the two's complement */
    const char *text; /* SMI_TEXT; belongs to the row */
};

/* The catalogue, ordered by table and number; *count columns. */
const struct column *column_all(size_t *count);

/* The columns of one table, without a gap from 1 to *count: [i] has number i + 1. */
const struct column *column_table(enum table table, size_t *count);

/* The value of a column in a row of its table. False if the cell is absent: it could not be read, or the object is not
 * accessible. */
bool column_value(const struct column *column, const struct row *row, struct value *value);

/* The name of a number of an enumeration, or NULL. */
const char *column_label(const struct column *column, int64_t number);

/* Writes the Prometheus name of a counter into text and returns its length, or 0 for columns that are none. */
size_t column_metric(const struct column *column, char *text, size_t size);

/* The column of a counter file, or NULL: table is TABLE_PORT_COUNTER or TABLE_PORT_HW_COUNTER. */
const struct column *column_of_file(enum table table, const char *file);

/* True if value is as far as the hardware counts, so that the truth is "at least that". */
bool column_is_saturated(const struct column *column, const struct driver_traits *traits, uint64_t value);

/* What a file of hw_counters means, by its name. An unknown one is a counter. */
enum counter_kind column_kind(const char *file);

/* How the devices of a driver differ (Linux 5.10 to 7.3). vendor and part are the PCI numbers, for hosts that show no
 * driver link; driver may be empty. */
struct driver_traits column_traits(const char *driver, int64_t vendor, int64_t part);

#endif
