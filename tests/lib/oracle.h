/* oracle: every object instance of some devices, listed the long way, and found by looking at each: what answer must
 * find too. */
#ifndef RDMA_AGENTX_ORACLE_H
#define RDMA_AGENTX_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "port/catalogue.h"
#include "port/port.h"

enum { ORACLE_NAME_MAX = 128 };

struct oracle_instance {
    uint32_t name[ORACLE_NAME_MAX]; /* behind the root */
    size_t length;
    const struct column *column;
    struct value value;
};

struct oracle {
    struct oracle_instance *instances; /* in no order */
    size_t count, room;
};

/* Lists what there is; the devices and the agent must stay as they are. */
void oracle_init(struct oracle *oracle, const struct agent_state *agent, struct device *const *devices, size_t count);
void oracle_fini(struct oracle *oracle);

/* The instance of this name, and the first one behind it; NULL if there is none. */
const struct oracle_instance *oracle_get(const struct oracle *oracle, const uint32_t *name, size_t length);
const struct oracle_instance *oracle_next(const struct oracle *oracle, const uint32_t *name, size_t length);

/* Negative, 0 or positive as a sorts before, like or behind b. */
int oracle_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length);

#endif
