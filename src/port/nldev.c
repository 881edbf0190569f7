#include "port/nldev.h"

#include <errno.h>
#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/port.h"

#define ATTRIBUTE_HEADER sizeof(struct nlattr) /* NLA_HDRLEN, unsigned; both align to 4 octets */

enum { REPLY_SIZE = 32 * 1024 }; /* the kernel's largest part of a dump */

struct request {
    struct nlmsghdr header;
    struct {
        struct nlattr attribute;
        uint32_t value;
    } number[2]; /* device and port */
};

/* What is done with the attributes of each message of a reply. */
struct reader {
    void (*each)(void *context, const void *attributes, size_t size);
    void *context;
};

/* The attribute of the type, and its length; NULL if there is none. */
static const void *find_attribute(const void *attributes, size_t size, uint16_t type, size_t *length)
{
    const char *at = attributes;

    while (size >= ATTRIBUTE_HEADER) {
        struct nlattr header;
        size_t step;

        memcpy(&header, at, sizeof(header));
        if (header.nla_len < ATTRIBUTE_HEADER || header.nla_len > size)
            return NULL;
        if ((header.nla_type & NLA_TYPE_MASK) == type) {
            *length = header.nla_len - ATTRIBUTE_HEADER;
            return at + ATTRIBUTE_HEADER;
        }
        step = NLMSG_ALIGN((size_t)header.nla_len);
        if (step > size)
            return NULL;
        at += step;
        size -= step;
    }
    return NULL;
}

static bool find_text(const void *attributes, size_t size, uint16_t type, char *text, size_t room)
{
    size_t length;
    const char *found = find_attribute(attributes, size, type, &length);

    return found && snprintf(text, room, "%.*s", (int)length, found) < (int)room && text[0] != '\0';
}

/* --- Asking --- */

static int send_request(int socket, uint16_t command, uint16_t flags, const uint32_t *numbers, size_t count)
{
    static const uint16_t types[] = {RDMA_NLDEV_ATTR_DEV_INDEX, RDMA_NLDEV_ATTR_PORT_INDEX};
    struct request request = {.header = {.nlmsg_type = (uint16_t)RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
                                         .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)}};

    for (size_t i = 0; i < count; i++) {
        request.number[i].attribute.nla_type = types[i];
        request.number[i].attribute.nla_len = sizeof(request.number[i]);
        request.number[i].value = numbers[i];
    }
    request.header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + count * sizeof(request.number[0]));
    return send(socket, &request, request.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* One message. 1: there are more to come; else 0 or -errno. */
static int take_message(const struct reader *reader, const struct nlmsghdr *header)
{
    const char *payload = (const char *)header + NLMSG_HDRLEN;
    size_t size = header->nlmsg_len - (size_t)NLMSG_HDRLEN;
    int error = -EBADMSG;

    if (header->nlmsg_type == NLMSG_DONE)
        return 0;
    if (header->nlmsg_type == NLMSG_ERROR) {
        if (size >= sizeof(error))
            memcpy(&error, payload, sizeof(error));
        return error < 0 ? error : 0;
    }
    reader->each(reader->context, payload, size);
    return header->nlmsg_flags & NLM_F_MULTI ? 1 : 0;
}

/* One datagram of messages; likewise. */
static int take_messages(const struct reader *reader, const char *buffer, size_t size)
{
    int more = 1;

    while (more == 1 && size >= NLMSG_HDRLEN) {
        struct nlmsghdr header;
        size_t step;

        memcpy(&header, buffer, sizeof(header));
        if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > size)
            return -EBADMSG;
        more = take_message(reader, (const struct nlmsghdr *)buffer);
        step = NLMSG_ALIGN((size_t)header.nlmsg_len);
        if (step >= size)
            break;
        buffer += step;
        size -= step;
    }
    return more;
}

static int ask(int socket, uint16_t command, uint16_t flags, const uint32_t *numbers, size_t count,
               const struct reader *reader)
{
    _Alignas(struct nlmsghdr) char buffer[REPLY_SIZE];
    int more = send_request(socket, command, flags, numbers, count);

    if (more < 0)
        return more;
    do {
        ssize_t n = recv(socket, buffer, sizeof(buffer), 0);

        if (n <= 0)
            return n < 0 ? -errno : -EBADMSG;
        more = take_messages(reader, buffer, (size_t)n);
    } while (more == 1);
    return more;
}

/* --- The two questions --- */

struct device_search {
    const char *name;
    uint32_t index;
    bool found;
};

static void look_at_device(void *context, const void *attributes, size_t size)
{
    struct device_search *search = context;
    char name[DEVICE_NAME_SIZE];
    size_t length;
    const void *index = find_attribute(attributes, size, RDMA_NLDEV_ATTR_DEV_INDEX, &length);

    if (!index || length != sizeof(search->index) ||
        !find_text(attributes, size, RDMA_NLDEV_ATTR_DEV_NAME, name, sizeof(name)) || strcmp(name, search->name) != 0)
        return;
    memcpy(&search->index, index, sizeof(search->index));
    search->found = true;
}

struct port_answer {
    char *netdev;
    size_t size;
    bool found;
};

static void look_at_port(void *context, const void *attributes, size_t size)
{
    struct port_answer *answer = context;

    answer->found = find_text(attributes, size, RDMA_NLDEV_ATTR_NDEV_NAME, answer->netdev, answer->size);
}

static int find_netdev(int socket, const char *device, uint32_t port, char *netdev, size_t size)
{
    struct device_search search = {.name = device};
    struct port_answer answer = {.netdev = netdev, .size = size};
    uint32_t numbers[] = {0, port};
    int error = ask(socket, RDMA_NLDEV_CMD_GET, NLM_F_DUMP, NULL, 0,
                    &(struct reader){.each = look_at_device, .context = &search});

    if (error || !search.found)
        return error ? error : -ENODEV;
    numbers[0] = search.index;
    error =
        ask(socket, RDMA_NLDEV_CMD_PORT_GET, 0, numbers, 2, &(struct reader){.each = look_at_port, .context = &answer});
    return error ? error : answer.found;
}

int nldev_find_netdev(const char *device, uint32_t port, char *netdev, size_t size)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA), result;

    if (fd < 0)
        return -errno;
    result = find_netdev(fd, device, port, netdev, size);
    close(fd);
    return result;
}
