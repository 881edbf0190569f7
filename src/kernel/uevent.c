#include "kernel/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    KERNEL_GROUP = 1,             /* udevd sends to the other one */
    LONGEST_MESSAGE = 8192,       /* UEVENT_BUFFER_SIZE and more, include/linux/kobject.h */
    RECEIVE_BUFFER = 1024 * 1024, /* a driver with many virtual functions sends hundreds at once */
};

int uevent_open(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
    int size = RECEIVE_BUFFER, error;
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

static void copy_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

bool uevent_parse(const char *message, size_t length, struct uevent *event)
{
    static const char subsystem[] = "SUBSYSTEM=", path[] = "DEVPATH=", action[] = "ACTION=";
    const char *end = message + length;
    bool is_whole = length > 0 && end[-1] == '\0';

    *event = (struct uevent){.action = UEVENT_OTHER};
    for (const char *at = message; is_whole && at < end; at += strlen(at) + 1) {
        if (strncmp(at, subsystem, strlen(subsystem)) == 0)
            copy_text(event->subsystem, sizeof(event->subsystem), at + strlen(subsystem));
        else if (strncmp(at, path, strlen(path)) == 0 && strrchr(at, '/'))
            copy_text(event->name, sizeof(event->name), strrchr(at, '/') + 1);
        else if (strcmp(at, "ACTION=add") == 0)
            event->action = UEVENT_ADD;
        else if (strcmp(at, "ACTION=remove") == 0)
            event->action = UEVENT_REMOVE;
        else if (strncmp(at, action, strlen(action)) == 0)
            event->action = UEVENT_OTHER;
    }
    return event->subsystem[0] && event->name[0];
}

int uevent_receive(int socket, struct uevent *event)
{
    char message[LONGEST_MESSAGE];

    for (;;) {
        struct sockaddr_nl from = {0};
        struct iovec part = {.iov_base = message, .iov_len = sizeof(message)};
        struct msghdr header = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
        ssize_t n = recvmsg(socket, &header, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ENOBUFS ? -ENOBUFS : 0;
        if (from.nl_family != AF_NETLINK || from.nl_pid != 0 || header.msg_flags & MSG_TRUNC)
            continue;
        if (uevent_parse(message, (size_t)n, event))
            return 1;
    }
}
