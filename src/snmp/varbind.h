/* varbind: a name and a value as Net-SNMP holds them, and how those of the MIB get in and out. */
#ifndef RDMA_AGENTX_VARBIND_H
#define RDMA_AGENTX_VARBIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib/answer.h"

struct variable_list; /* which Net-SNMP also calls netsnmp_variable_list */

/* What follows the MIB's root in the name; suffix has room for INDEX_MAX. False if the name does not begin with
 * the root. */
bool varbind_suffix(const struct variable_list *varbind, uint32_t *suffix, size_t *length);

/* The name becomes the root and suffix. */
void varbind_put_suffix(struct variable_list *varbind, const uint32_t *suffix, size_t length);

/* Name or value become those of the answer. */
void varbind_put_name(struct variable_list *varbind, const struct look *look, const struct answer *answer);
void varbind_put_value(struct variable_list *varbind, const struct answer *answer);

#endif
