/* host: a made-up host whose devices have one port each, refreshes of it as the cache does them, and the notifications
 * that they cause. The clock is the test's. */
#ifndef RDMA_AGENTX_HOST_H
#define RDMA_AGENTX_HOST_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/changes.h"
#include "port/history.h"
#include "mib/notification.h"
#include "port/port.h"
#include "port/snapshot.h"

/* States of ports, as the kernel numbers them. */
enum { DOWN = 1, INIT = 2, ACTIVE = 4 };

enum {
    HOST_MOST_DEVICES = 256,
    HOST_LOOK = 1000, /* ms from one look to the next */
};

/* A device and its port. A test changes what the next look is to find. */
struct host_device {
    char name[DEVICE_NAME_SIZE];
    int64_t state, carrier_changes, ifindex, link_downed; /* ABSENT: cannot be read */
    int64_t status;
    uint64_t object, registration;
    bool is_there, stalled;
};

struct host {
    struct host_device device[HOST_MOST_DEVICES];
    size_t devices;
    int64_t now; /* ms */
    struct changes *changes;
    struct history *history;
    struct snapshot *snapshot; /* of the last look */
    struct change told;        /* the last notification */
};

extern struct host host;

/* Makes the host, with mlx5_0 and mlx5_1, both ACTIVE, and looks at it once. To be used as fixtures. */
void host_make(void);
void host_free(void);

/* Another object of the kernel answers to the name of host.device[i]. */
void host_register_anew(size_t i);

/* One more device, ACTIVE. */
void host_add(const char *name);

/* A refresh, so many ms after the last one, and what it tells; or HOST_LOOK after it. */
void host_look_after(int64_t ms);
void host_look(void);

/* Forgets what was seen: the next look is the first one. */
void host_forget(void);

/* The device at place i stalls and is looked at. */
void host_stall(int i);

/* It answers again, its port is in that state, and it is looked at. */
void host_recover(int i, int64_t state);

/* Lets as much time pass as one notification of a port keeps the next one back. */
void host_wait_out_damping(void);

/* Delivers the next notification, which is then in host.told. Returns its kind, 0 if there is none. */
int host_next(void);

/* Milliseconds until there will be one; -1 if nothing is held back. */
int64_t host_wait(void);

#define TELLS(wanted) ck_assert_int_eq(host_next(), NOTIFICATION_##wanted)
#define TELLS_NOTHING() ck_assert_int_eq(host_next(), 0)

#endif
