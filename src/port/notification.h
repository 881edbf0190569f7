/* notification: what each notification of the MIB is called and carries; the catalogue's other half. Without SNMP, so that
 * a test can look at all of it. */
#ifndef RDMA_AGENTX_NOTIFICATION_H
#define RDMA_AGENTX_NOTIFICATION_H

#include <stddef.h>
#include <stdint.h>

#include "port/answer.h"
#include "port/snapshot.h"

/* Arcs below { rdmaPortMIB 0 }. */
enum notification_kind {
    NOTIFICATION_PORT_UP = 1,
    NOTIFICATION_PORT_DOWN = 2,
    NOTIFICATION_PORT_FLAPPED = 3,
    NOTIFICATION_DEVICE_ADDED = 4,
    NOTIFICATION_DEVICE_REMOVED = 5,
    NOTIFICATION_DEVICE_STALLED = 6,
    NOTIFICATION_DEVICE_RECOVERED = 7,
};

enum { NOTIFICATION_MOST_OBJECTS = 7 };

struct notification {
    enum notification_kind kind;
    const char *name;
    const char *const *objects; /* in the order of the MIB, ends with NULL */
};

/* All of them, ordered by kind without a gap; *count is how many. */
const struct notification *notification_all(size_t *count);
const struct notification *notification_of(enum notification_kind kind);

/* Writes the objects that the notification carries of this device, or of this port of it (else ABSENT), and returns how
 * many there are: 0 if the snapshot does not have it. What is absent is left out, but for enumerations that have an
 * unknown(255), which then stands for it. */
size_t notification_fill(const struct notification *notification, const struct snapshot *snapshot, const char *device,
                         int64_t port, struct answer answers[static NOTIFICATION_MOST_OBJECTS]);

#endif
