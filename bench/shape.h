/* shape: the table that the programs of bench serve instead of rdma-agentx: its counter tables, for devices mlx5_0,
 * mlx5_1 ... of one port each, with a value in every cell. trees.py makes the files with the same values. */
#ifndef RDMA_AGENTX_BENCH_SHAPE_H
#define RDMA_AGENTX_BENCH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_OID_MAX = 128 };

struct shape_oid {
    size_t length;
    uint32_t id[SHAPE_OID_MAX];
};

/* A cell. */
struct shape_cell {
    const struct shape_table *table;
    uint32_t column;
    size_t row;
};

/* Makes the table below root. Ends the process if memory is out or root is no OID. */
void shape_init(const char *root, size_t rows);

/* The cell with exactly this name. */
bool shape_find(const struct shape_oid *name, struct shape_cell *cell);

/* The first cell behind name, or at it if at is set. */
bool shape_next(const struct shape_oid *name, bool at, struct shape_cell *cell);

void shape_name(const struct shape_cell *cell, struct shape_oid *name);
uint64_t shape_value(const struct shape_cell *cell);

/* Where all of it is. */
const struct shape_oid *shape_root(void);

/* "1.3.6" or ".1.3.6"; false if the text is anything else. */
bool shape_parse(const char *text, struct shape_oid *oid);

/* As SNMP sorts: negative, 0 or positive. */
int shape_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length);

#endif
