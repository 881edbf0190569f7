/* service: what the service manager that started us is told: that we are ready, how we fare, that the main loop turns,
 * that we end. The protocol of sd_notify(3) is one datagram to the socket in $NOTIFY_SOCKET, so libsystemd is not
 * needed: it and the five libraries behind it would be mapped into a process that is to cost next to nothing. Without a
 * manager all of this does nothing. Times are milliseconds of a monotonic clock. */
#ifndef RDMA_AGENTX_SERVICE_H
#define RDMA_AGENTX_SERVICE_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
    SERVICE_STATUS_SIZE = 256,
    SERVICE_STATUS_INTERVAL = 1000, /* ms: a new status is told no more often */
};

struct service {
    int fd; /* -1: there is no manager */
    struct sockaddr_un address;
    socklen_t address_length;
    int64_t watchdog_interval; /* 0: there is no watchdog */
    int64_t watchdog_due, status_due;
    char status[SERVICE_STATUS_SIZE]; /* as last told */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void service_init(struct service *service);
void service_fini(struct service *service);

/* The daemon serves, or will as soon as snmpd is there. */
void service_ready(struct service *service);

/* To be called at each turn of the main loop. Tells how the daemon fares, in one line, if that has changed, and, at
 * a third of the time after which the manager would kill us, that the loop turns. Returns when it has to be called next at
 * the latest; INT64_MAX: there is nothing to tell. */
int64_t service_turn(struct service *service, const char *status, int64_t now);

/* The end has begun. */
void service_stopping(struct service *service);

#endif
