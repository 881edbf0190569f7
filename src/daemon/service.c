#include "daemon/service.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_SIZE = SERVICE_STATUS_SIZE + 16 };

/* "/path", or "@name" of a socket without a file. */
static bool parse_address(struct service *service, const char *name)
{
    size_t length = name ? strlen(name) : 0;

    if (length < 2 || length >= sizeof(service->address.sun_path) || (name[0] != '/' && name[0] != '@'))
        return false;
    service->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(service->address.sun_path, name, length);
    if (name[0] == '@')
        service->address.sun_path[0] = '\0';
    service->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

/* A positive number in the environment; 0 if there is none. */
static int64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end;
    long long number;

    if (!text || text[0] < '0' || text[0] > '9')
        return 0;
    number = strtoll(text, &end, 10);
    return *end ? 0 : number;
}

void service_init(struct service *service)
{
    int64_t pid = number_of("WATCHDOG_PID");

    *service = (struct service){.fd = -1, .status_due = INT64_MIN, .watchdog_due = INT64_MIN};
    if (!parse_address(service, getenv("NOTIFY_SOCKET")))
        return;
    service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (pid == 0 || pid == getpid())
        service->watchdog_interval = number_of("WATCHDOG_USEC") / 3 / 1000;
}

void service_fini(struct service *service)
{
    if (service->fd >= 0)
        close(service->fd);
    service->fd = -1;
}

/* With MSG_DONTWAIT a manager that has no room for it holds up nobody. */
static bool tell(const struct service *service, const char *message, int flags)
{
    return service->fd >= 0 && sendto(service->fd, message, strlen(message), MSG_NOSIGNAL | flags,
                                      (const struct sockaddr *)&service->address, service->address_length) >= 0;
}

void service_ready(struct service *service)
{
    tell(service, "READY=1", 0);
}

/* Returns when it is to be tried again. */
static int64_t tell_status(struct service *service, const char *status, int64_t now)
{
    char message[MESSAGE_SIZE];

    if (strncmp(status, service->status, SERVICE_STATUS_SIZE - 1) == 0)
        return INT64_MAX;
    if (now < service->status_due)
        return service->status_due;
    service->status_due = now + SERVICE_STATUS_INTERVAL;
    snprintf(message, sizeof(message), "STATUS=%.*s", SERVICE_STATUS_SIZE - 1, status);
    if (!tell(service, message, MSG_DONTWAIT))
        return service->status_due;
    snprintf(service->status, sizeof(service->status), "%.*s", SERVICE_STATUS_SIZE - 1, status);
    return INT64_MAX;
}

static int64_t feed_watchdog(struct service *service, int64_t now)
{
    if (service->watchdog_interval == 0)
        return INT64_MAX;
    if (now >= service->watchdog_due)
        service->watchdog_due =
            now + (tell(service, "WATCHDOG=1", MSG_DONTWAIT) ? service->watchdog_interval : SERVICE_STATUS_INTERVAL);
    return service->watchdog_due;
}

int64_t service_turn(struct service *service, const char *status, int64_t now)
{
    int64_t status_due, watchdog_due;

    if (service->fd < 0)
        return INT64_MAX;
    status_due = tell_status(service, status, now);
    watchdog_due = feed_watchdog(service, now);
    return status_due < watchdog_due ? status_due : watchdog_due;
}

void service_stopping(struct service *service)
{
    tell(service, "STOPPING=1\nSTATUS=ending", MSG_DONTWAIT);
}
