/* clock: the monotonic clock, which nobody sets. */
#ifndef RDMA_AGENTX_CLOCK_H
#define RDMA_AGENTX_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);
int64_t clock_us(void);

/* Cheaper than clock_ms, and behind it by a tick of the kernel, 10 ms at most. */
int64_t clock_coarse_ms(void);

#endif
