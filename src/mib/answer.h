/* answer: which object answers a request, by plain comparison of sub-identifiers. The walk of a whole module in the
 * order of SNMP, without SNMP: the floor snmp gives it to snmpd, print to people, and a test can check it against a
 * linear search. */
#ifndef RDMA_AGENTX_ANSWER_H
#define RDMA_AGENTX_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib/view.h"

/* What a request is answered from. */
struct look {
    const struct view *view; /* the rows, and of which module */
    const void *scalars;     /* the record of its scalars; NULL: they are absent */
    const void *held;        /* what keeps both, for whoever gave it */
};

/* An object instance and its value. Texts belong to the look. */
struct answer {
    const struct table *table;
    const struct column *column;
    struct cursor cursor; /* its row; not for scalars */
    struct value value;
};

enum answer_result { ANSWER_FOUND, ANSWER_NO_OBJECT, ANSWER_NO_INSTANCE };

/* The object instance with exactly this name; suffix is what follows the root. */
enum answer_result answer_get(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer);

/* The first object instance of the module behind suffix that has a value; cells that are absent are stepped over. False
 * at the end. */
bool answer_next(const struct look *look, const uint32_t *suffix, size_t length, struct answer *answer);

/* Writes what follows the root in the name of the answer; suffix has room for INDEX_MAX. Returns its length. */
size_t answer_name(const struct look *look, const struct answer *answer, uint32_t *suffix);

#endif
