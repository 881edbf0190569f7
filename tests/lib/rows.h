/* rows: devices with made-up values, for tests of what is done with rows once they are read. */
#ifndef RDMA_AGENTX_ROWS_H
#define RDMA_AGENTX_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/catalogue.h"
#include "port/port.h"

enum { ROWS_MOST_COLUMNS = 256 };

/* A device with ports 1 to count, named and numbered, without a value; device_free releases it. */
struct device *rows_device(const char *name, size_t count);

/* Likewise with these port numbers, which ascend. */
struct device *rows_device_with_ports(const char *name, const int64_t *ports, size_t count);

/* Gives the device, or its port at place i, these counters of hw_counters, separated by spaces and in any order; all
 * absent. The kind of each follows from its name. */
void rows_name_device_counters(struct device *device, const char *names);
void rows_name_port_counters(struct device *device, size_t i, const char *names);

/* Sets one counter by the name of its file. */
void rows_set_counter(struct device *device, size_t i, enum port_table table, const char *file, uint64_t value);
void rows_set_named(struct named_counters *named, const char *name, uint64_t value);

/* All columns of the MIB in its order; returns how many. */
size_t rows_columns(const struct column *columns[static ROWS_MOST_COLUMNS]);

/* The next number of a sequence that *state determines. */
uint64_t rows_random(uint64_t *state);

/* Gives or leaves a value to every cell of the device and its ports that can be without one. */
void rows_fill(struct device *device, uint64_t *state);

/* An agent with some value in every scalar. */
struct agent_state rows_agent(void);

#endif
