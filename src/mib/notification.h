/* notification: what a notification of a module carries, from the rows that answer GET. Without SNMP, so that a test can
 * look at all of it. */
#ifndef RDMA_AGENTX_NOTIFICATION_H
#define RDMA_AGENTX_NOTIFICATION_H

#include <stddef.h>
#include <stdint.h>

#include "mib/answer.h"

enum { NOTIFICATION_MOST_OBJECTS = 7 };

/* Writes the objects that the notification carries of the row with this index, and returns how many there are: 0 if there
 * is no such row. What is absent is left out, but for enumerations that have an unknown(255), which then stands for it. */
size_t notification_fill(const struct notification *notification, const struct look *look, const uint32_t *index,
                         size_t length, struct answer answers[static NOTIFICATION_MOST_OBJECTS]);

#endif
