/* changes: which notifications are due. Compares each snapshot with what it knows and what has been told, and holds back
 * what would be too much: of a port more than one in 5 seconds, of a host more than a token bucket has. What is held back
 * is not queued but told later as what it has become. Knows neither SNMP nor clocks: the time is a parameter. */
#ifndef RDMA_AGENTX_CHANGES_H
#define RDMA_AGENTX_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "port/catalogue.h"
#include "port/port.h"
#include "port/snapshot.h"

enum {
    CHANGES_PORT_INTERVAL = 5000, /* ms from one notification of a port to the next, at least */
    CHANGES_BURST = 25,           /* notifications of a host at once: the bucket */
    CHANGES_TOKEN_INTERVAL = 200, /* ms until the bucket has room for one more: 5 a second */
};

/* One notification. */
struct change {
    enum notification_kind kind;
    char device[DEVICE_NAME_SIZE];
    int64_t port;          /* ABSENT if it is of the device */
    int64_t status;        /* of the device, as the notification is to tell it */
    uint64_t object;       /* the device, when it was due */
    uint64_t registration; /* of the port's device then */
    uint64_t seen;         /* how much of what happened to the port it tells */
    bool is_active;        /* the port, as told */
};

struct changes;

struct changes *changes_new(void);
void changes_free(struct changes *changes);

/* Notes the snapshot of a refresh; now is in ms. Everything in the first one counts as known, but for a stall. */
void changes_note(struct changes *changes, const struct snapshot *snapshot, int64_t now);

/* The notification that has waited longest of those that may be sent now. False if there is none. */
bool changes_next(struct changes *changes, int64_t now, struct change *change);

/* It has been delivered. */
void changes_told(struct changes *changes, const struct change *change, int64_t now);

/* Milliseconds until changes_next will have something, 0 if it has; -1 if nothing is held back. */
int64_t changes_wait(const struct changes *changes, int64_t now);

#endif
