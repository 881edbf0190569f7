/* collector_tell: what the collector has its source log: items that come and go, and each thing that goes wrong with one
 * or with all, once when it begins and once when it is over. */
#ifndef RDMA_AGENTX_COLLECTOR_TELL_H
#define RDMA_AGENTX_COLLECTOR_TELL_H

#include <stddef.h>
#include <stdint.h>

#include "base/trouble.h"
#include "gather/collector_list.h"
#include "gather/worker.h"

/* What was told of all items. */
struct collector_told {
    const struct collector_source *source;
    struct trouble listing, lacking;
    uint32_t names; /* that cannot be an index */
};

/* A listing; error is -errno or 0. */
void collector_tell_listing(struct collector_told *told, int error, const struct collector_names *names);

/* So many items have no thread, because of error (-errno). */
void collector_tell_lacking(struct collector_told *told, size_t count, int error);

/* An item is there no longer. Lock held. */
void collector_tell_removal(const struct worker *worker);

/* What has become of an item at this refresh, before its result is taken. Lock held. */
void collector_tell_worker(struct worker *worker);

/* Threads have no descriptors of their own. Lock held. */
void collector_tell_descriptors(struct worker_pool *pool);

#endif
