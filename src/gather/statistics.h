/* statistics: how long the looks of a source took: the last, the sum, and percentiles over the last 1,024. */
#ifndef RDMA_AGENTX_STATISTICS_H
#define RDMA_AGENTX_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

enum { STATISTICS_WINDOW = 1024 };

/* All zero: nothing was measured yet. Durations are in microseconds. */
struct statistics {
    uint32_t ring[STATISTICS_WINDOW], sorted[STATISTICS_WINDOW]; /* as they came, and ascending */
    size_t count, next;
    int64_t looks; /* ever */
    int64_t last, sum;
};

void statistics_add(struct statistics *statistics, int64_t microseconds);

/* The smallest duration that is not exceeded by percent of all (nearest rank); 0 before the first. */
int64_t statistics_percentile(const struct statistics *statistics, unsigned percent);

#endif
