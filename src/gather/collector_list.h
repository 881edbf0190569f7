/* collector_list: the names of the items there are, listed by a thread of its own. */
#ifndef RDMA_AGENTX_COLLECTOR_LIST_H
#define RDMA_AGENTX_COLLECTOR_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "gather/collector.h"

/* Sorted by strcmp, without those that are excluded or cannot be an index. */
struct collector_names {
    char (*name)[COLLECTOR_NAME_SIZE];
    size_t count;
    uint32_t not_served;
    char *rejected; /* one of those, as it is; NULL: none */
    int error;
};

/* Lists now. The caller releases names with collector_names_fini. */
void collector_list(const struct collector_settings *settings, struct collector_names *names);
void collector_names_fini(struct collector_names *names);

/* True if the name matches one of the comma-separated globs. */
bool collector_matches(const char *globs, const char *name);

/* True if the item is to be served, and may be opened: NULL is no such list. */
bool collector_wants(const char *include, const char *exclude, const char *name);

#endif
