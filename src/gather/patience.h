/* patience: where and how often to ask whether a read has taken long enough. */
#ifndef RDMA_AGENTX_PATIENCE_H
#define RDMA_AGENTX_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
    int64_t now; /* ms, monotonic: the start of the read */
    bool (*is_over)(void *context);
    void *context;
};

#endif
