/* view: all rows of a module at one moment, in the order of SNMP. Immutable once made. Does not know what the records
 * are, nor whose. */
#ifndef RDMA_AGENTX_VIEW_H
#define RDMA_AGENTX_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib/index.h"
#include "mib/mib.h"

/* A record and how the indexes of its rows begin: a single row, or one for each of its members. No key begins with
 * another one of its set. */
struct bundle {
    const void *record;
    const uint32_t *key;
    size_t key_length;
};

/* Rows of the tables that have one index. */
struct rows {
    struct bundle *bundles;
    size_t count;
    uint32_t *keys; /* of all bundles */
    size_t used;
};

struct view {
    const struct mib *mib;
    struct rows sets[MIB_MOST_SETS];
    uint64_t present[MIB_MOST_TABLES]; /* of each table: counters that any row has */
};

/* A place in a table, found by view_find and view_next and moved on by view_advance. */
struct cursor {
    size_t bundle;
    size_t member; /* 0 in tables without */
};

/* A view without rows. Records that are added must outlive it; view_fini frees none. */
void view_init(struct view *view, const struct mib *mib);
void view_fini(struct view *view);

/* Room for so many records in a set, and so many numbers in their keys together. */
void view_reserve(struct view *view, unsigned set, size_t records, size_t numbers);

/* Adds a record behind all of its set; the key is copied. */
void view_add(struct view *view, unsigned set, const void *record, const uint32_t *key, size_t key_length);

/* Sorts a set whose records were added in another order than SNMP's. */
void view_sort(struct view *view, unsigned set);

/* All records are there: notes which counters any of them has. */
void view_finish(struct view *view);

/* False if no row has a value in this column of a table. */
bool view_may_have(const struct view *view, const struct table *table, const struct column *column);

/* The row with exactly this index. */
bool view_find(const struct view *view, const struct table *table, const uint32_t *index, size_t length,
               struct cursor *cursor);

/* The first row whose index sorts behind this one; an index of length 0 precedes all rows. */
bool view_next(const struct view *view, const struct table *table, const uint32_t *index, size_t length,
               struct cursor *cursor);

/* The row after the cursor's. */
bool view_advance(const struct view *view, const struct table *table, struct cursor *cursor);

/* What the cursor points at. */
struct row view_row(const struct view *view, const struct table *table, struct cursor cursor);

/* The sub-identifiers of the row's index; index has room for INDEX_MAX. Returns how many there are. */
size_t view_index(const struct view *view, const struct table *table, struct cursor cursor, uint32_t *index);

#endif
