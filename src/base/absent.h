/* absent: the number that stands for one that could not be read. */
#ifndef RDMA_AGENTX_ABSENT_H
#define RDMA_AGENTX_ABSENT_H

#include <stdint.h>

#define ABSENT INT64_MIN

#endif
