/* snapshot: all rows at one moment, in the order of SNMP: by device name (length first, then octets), port number and
 * counter name. Immutable once made. Indexes are plain sub-identifiers, compared and never decoded, so that a cut, an
 * over-long or a nonsensical one finds its right neighbour. Does not know where the rows came from. */
#ifndef RDMA_AGENTX_SNAPSHOT_H
#define RDMA_AGENTX_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/column.h"
#include "port/port.h"

enum {
    SNAPSHOT_INDEX_MAX = 128, /* sub-identifiers of an OID, RFC 2578 3.5 */
};

struct snapshot;

/* A place in a table, found by snapshot_find and snapshot_next and moved on by snapshot_advance. */
struct cursor {
    size_t group;  /* device or port */
    size_t member; /* counter of that device or port; 0 in tables without */
};

/* A snapshot of these devices in any order; takes them over and leaves the array to the caller. Devices of one name
 * must not be given twice. */
struct snapshot *snapshot_new(struct device **devices, size_t count);
void snapshot_free(struct snapshot *snapshot);

size_t snapshot_devices(const struct snapshot *snapshot);
size_t snapshot_ports(const struct snapshot *snapshot);

/* False if no row has a value in this column of a table. */
bool snapshot_may_have(const struct snapshot *snapshot, const struct column *column);

/* The row with exactly this index. */
bool snapshot_find(const struct snapshot *snapshot, enum table table, const uint32_t *index, size_t length,
                   struct cursor *cursor);

/* The row of a device, or of one of its ports; port is ABSENT in the tables of devices. Not for named counters. */
bool snapshot_find_row(const struct snapshot *snapshot, enum table table, const char *device, int64_t port,
                       struct cursor *cursor);

/* The first row whose index sorts behind this one; an index of length 0 precedes all rows. */
bool snapshot_next(const struct snapshot *snapshot, enum table table, const uint32_t *index, size_t length,
                   struct cursor *cursor);

/* The row after the cursor's. */
bool snapshot_advance(const struct snapshot *snapshot, enum table table, struct cursor *cursor);

/* What the cursor points at. row->agent is left alone. */
void snapshot_row(const struct snapshot *snapshot, enum table table, struct cursor cursor, struct row *row);

/* The sub-identifiers of the row's index; index has room for SNAPSHOT_INDEX_MAX. Returns how many there are. */
size_t snapshot_index(const struct snapshot *snapshot, enum table table, struct cursor cursor, uint32_t *index);

/* True if a text can be an index of 1 to longest printable ASCII characters. */
bool snapshot_is_name(const char *text, size_t longest);

/* Sorts names as an index of texts sorts: negative, 0 or positive. */
int snapshot_compare_names(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
