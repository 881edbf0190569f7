/* health: how the families fare together, in one line, and the log of its changes. */
#ifndef RDMA_AGENTX_HEALTH_H
#define RDMA_AGENTX_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "family/family.h"

enum health_level { HEALTH_LEVEL_OK = 1, HEALTH_LEVEL_DEGRADED = 2, HEALTH_LEVEL_FAILED = 3 };

/* What the log was told last. */
struct health {
    int64_t told; /* enum health_level; HEALTH_LEVEL_OK goes without saying at the start */
    int64_t last; /* ms: when it was last so */
};

/* How a family with this status fares. */
enum health_level health_level(enum source_status status);

/* The line of the family that fares worst, with its name before it unless that is the first, whose line it is while all
 * are well. Returns how that one fares. */
enum health_level health_describe(const struct family_run *runs, size_t count, char *text, size_t size);

/* To be called when a family has looked: logs a change of the level, with the line that describes it as its cause. A worse
 * one is told at once, a better one after a while of it (trouble.h). now is milliseconds of a monotonic clock. */
void health_note(struct health *health, enum health_level level, const char *text, int64_t now);

#endif
