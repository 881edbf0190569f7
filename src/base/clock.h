/* clock: the monotonic clock, which no administrator sets. */
#ifndef RDMA_AGENTX_CLOCK_H
#define RDMA_AGENTX_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds, in milliseconds. */
int64_t clock_us(void);
int64_t clock_ms(void);

#endif
