/* reader: one refresh as the daemon does it, and the least that any program could do: a bare loop of pread and parse
 * over the same counters. */
#ifndef RDMA_AGENTX_BENCH_READER_H
#define RDMA_AGENTX_BENCH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/cache.h"

/* A cache that is max_age old at most, on a clock of its own that makes 10 s of any two looks: with 0 it is too old
 * whenever it is asked. most_held is the number of descriptors. Collector and cache end with the process. */
struct cache *reader_new(const char *sysfs_root, int most_held, int64_t max_age);

/* True if the last refresh was whole. */
bool reader_is_whole(struct cache *cache);

/* Has the devices read until none is missing. Ends the process if they cannot be read. Returns how many refreshes that
 * took: more than one only on a busy machine. */
int reader_settle(struct cache *cache);

/* Finds every counter of every port and holds that many of them; the others are opened for each reading. Nothing else
 * is read. Ends the process on any error. */
struct bare *bare_new(const char *sysfs_root, size_t most_held);
void bare_read(struct bare *bare);

#endif
