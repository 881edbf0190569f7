/* column: one object of a MIB: its place, its type on the wire, and where in the record of a row its value is. A family's
 * catalogue is an array of these, over which all else iterates: reading, presence, the tests against the MIB, --print,
 * the Prometheus files. */
#ifndef RDMA_AGENTX_COLUMN_H
#define RDMA_AGENTX_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum column_type {
    SMI_INTEGER, /* INTEGER, Integer32, enumerations */
    SMI_GAUGE,   /* Gauge32 and Unsigned32, which are one on the wire */
    SMI_COUNTER32,
    SMI_COUNTER64, /* and CounterBasedGauge64 (RFC 2856), which is one on the wire */
    SMI_TIMESTAMP, /* TimeTicks */
    SMI_TEXT,      /* DisplayString, SnmpAdminString */
};

/* Where a cell comes from. */
enum column_source {
    SOURCE_INDEX,   /* not accessible: the index itself */
    SOURCE_NUMBER,  /* int64_t at offset in the record */
    SOURCE_TEXT,    /* char[] there */
    SOURCE_COUNTER, /* value[slot] of the counter_set there; through derive, if there is one */
    SOURCE_KIND,    /* of the row's member of the named_counters there */
    SOURCE_VALUE,   /* of such a member, of kind counter */
    SOURCE_LEVEL,   /* of such a member, of any other kind */
    SOURCE_DERIVED, /* what derive makes of the record */
};

struct label {
    int64_t number;
    const char *name;
};

struct value {
    enum column_type type;
    uint64_t number;  /* SMI_INTEGER: the two's complement */
    const char *text; /* SMI_TEXT; belongs to the record */
};

/* A row of any table: its record, and which of the record's named counters it is where those are the rows. */
struct row {
    const void *record;
    size_t member;
};

/* How the counters that have columns of their own stand in a record: bit i of present says whether value[i] was read. */
struct counter_set {
    uint64_t present;
    uint64_t value[];
};

struct column {
    uint8_t table;              /* arc of its table below the module's objects */
    uint8_t number;             /* sub-identifier below the entry, or of the scalar */
    uint8_t type;               /* enum column_type */
    uint8_t source;             /* enum column_source */
    uint8_t slot;               /* SOURCE_COUNTER: place in the counter_set */
    bool is_error;              /* its increments are error events */
    bool is_hexadecimal;        /* RdmaHexNumber */
    uint16_t offset;            /* in the record */
    uint64_t limit;             /* the hardware stops counting here; 0: it does not */
    const char *object;         /* descriptor in the MIB */
    const char *file;           /* what a counter is read from, NULL for all else */
    const char *alias;          /* the name some drivers give that file */
    const char *metric;         /* Prometheus name where the family's rule does not give it */
    const struct label *labels; /* names of an enumeration, ending with a NULL name */
    /* Finds the value or, of a SOURCE_COUNTER, makes it of the one that was found; false: it is absent. */
    bool (*derive)(const struct column *column, const struct row *row, struct value *value);
};

/* The value of a column in a row of its table. False if the cell is absent: it could not be read, or the object is not
 * accessible. */
bool column_value(const struct column *column, const struct row *row, struct value *value);

/* The name of a number of an enumeration, or NULL. */
const char *column_label(const struct column *column, int64_t number);

#endif
