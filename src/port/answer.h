/* answer: which object answers a request, by plain comparison of sub-identifiers. The walk of the whole MIB in the
 * order of SNMP, without SNMP: table gives it to Net-SNMP, print to people, and a test can check it against a linear
 * search. */
#ifndef RDMA_AGENTX_ANSWER_H
#define RDMA_AGENTX_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/column.h"
#include "port/snapshot.h"

/* An object instance and its value. Texts belong to the snapshot. */
struct answer {
    const struct column *column;
    struct cursor cursor; /* its row; not for scalars */
    struct value value;
};

enum answer_result { ANSWER_FOUND, ANSWER_NO_OBJECT, ANSWER_NO_INSTANCE };

/* The object instance with exactly this name; suffix is what follows the MIB's root. */
enum answer_result answer_get(const struct snapshot *snapshot, const struct agent_state *agent, const uint32_t *suffix,
                              size_t length, struct answer *answer);

/* The first object instance behind suffix that has a value; cells that are absent are stepped over. False at
 * the end. */
bool answer_next(const struct snapshot *snapshot, const struct agent_state *agent, const uint32_t *suffix,
                 size_t length, struct answer *answer);

/* Writes what follows the root in the name of the answer; suffix has room for SNAPSHOT_INDEX_MAX. Returns
 * its length. */
size_t answer_name(const struct snapshot *snapshot, const struct answer *answer, uint32_t *suffix);

#endif
