/* mib: a MIB module as data: its tables, their columns, its notifications. */
#ifndef RDMA_AGENTX_MIB_H
#define RDMA_AGENTX_MIB_H

#include <stddef.h>
#include <stdint.h>

#include "mib/column.h"

enum {
    MIB_PATH_MAX = 2,  /* numbers from the root to the objects: {1} or {11, 1} */
    MIB_MOST_SETS = 8, /* of rows */
    MIB_MOST_TABLES = 16,
};

enum table_shape {
    TABLE_SCALARS, /* one record, the module's own */
    TABLE_ROWS,    /* a row for each record of a set */
    TABLE_MEMBERS, /* a row for each named counter of each record of a set */
};

/* The parts of an index, as characters of table.index. */
enum { INDEX_TEXT = 't', INDEX_NUMBER = 'n' };

struct table {
    uint8_t arc;                  /* below the module's objects */
    uint8_t shape;                /* enum table_shape */
    uint8_t set;                  /* of rows: tables that have the same index share one */
    uint16_t members;             /* TABLE_MEMBERS: where in the record the named_counters are */
    uint16_t counters;            /* where the counter_set of its SOURCE_COUNTER columns is; 0: it has none */
    const char *index;            /* "tn": a text and a number */
    const struct column *columns; /* in the order of their numbers, without a gap from 1 */
    size_t count;
};

struct notification {
    uint32_t number; /* below the module's notifications */
    const char *name;
    const char *const *objects; /* in the order of the MIB, ends with NULL */
};

struct mib {
    const char *name;            /* "RDMA-PORT-MIB" */
    const char *description;     /* in sysORTable */
    uint32_t path[MIB_PATH_MAX]; /* from the root to the objects */
    size_t path_length;
    const struct table *tables; /* in the order of their arcs, without a gap from 1 */
    size_t table_count;
    const struct notification *notifications; /* in the order of their numbers, without a gap from 1 */
    size_t notification_count;
};

/* The table, or the column of it, with this number; NULL if there is none. */
const struct table *mib_table(const struct mib *mib, uint32_t arc);
const struct column *mib_column(const struct table *table, uint32_t number);

/* The column of this descriptor, and its table; NULL if there is none. */
const struct column *mib_object(const struct mib *mib, const char *object, const struct table **table);

#endif
