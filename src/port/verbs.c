#include "port/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/sysfs.h"

static const char verbs_class[] = "/sys/class/infiniband_verbs";

/* sysfs_list: stops at the first verbs device. */
static bool is_other(void *found, const char *name)
{
    *(bool *)found = strncmp(name, "uverbs", strlen("uverbs")) == 0;
    return !*(bool *)found;
}

bool verbs_is_safe(const char *sysfs_root)
{
    bool found = false;

    if (sysfs_is_real(sysfs_root))
        sysfs_list(AT_FDCWD, verbs_class, is_other, &found);
    return found;
}

/* enum ibv_mtu to octets: IBV_MTU_256 is 1, and each step doubles. */
static int64_t mtu_octets(enum ibv_mtu mtu)
{
    return mtu >= IBV_MTU_256 && mtu <= IBV_MTU_4096 ? 128 << mtu : ABSENT;
}

static int query_ports(struct ibv_context *context, struct device *device)
{
    for (int64_t i = 0; i < device->port_count; i++) {
        struct port *port = &device->ports[i];
        struct ibv_port_attr attributes;
        int error;

        if (port->number > UINT8_MAX)
            continue; /* libibverbs numbers ports in 8 bits */
        error = ibv_query_port(context, (uint8_t)port->number, &attributes);
        if (error)
            return -error;
        port->active_mtu = mtu_octets(attributes.active_mtu);
        port->max_mtu = mtu_octets(attributes.max_mtu);
    }
    return 0;
}

static int query_device(struct ibv_context *context, struct device *device)
{
    struct ibv_device_attr attributes;
    int error = ibv_query_device(context, &attributes);

    if (error)
        return -error;
    device->vendor_id = attributes.vendor_id ? attributes.vendor_id : ABSENT;
    device->part_id = attributes.vendor_part_id ? attributes.vendor_part_id : ABSENT;
    return 0;
}

/* The kernel's word: libibverbs may still have the name that a device had when it was listed first. */
static bool read_name(const char *uverbs, char *name)
{
    char path[PATH_MAX], text[DEVICE_NAME_SIZE + 1];
    ssize_t length;

    snprintf(path, sizeof(path), "%s/%s/ibdev", verbs_class, uverbs);
    length = sysfs_read_file(AT_FDCWD, path, text, sizeof(text));
    return length > 0 && sysfs_parse_text(text, (size_t)length, name, DEVICE_NAME_SIZE);
}

static struct ibv_device *find_device(struct ibv_device **devices, const char *name)
{
    char current[DEVICE_NAME_SIZE];

    for (size_t i = 0; devices[i]; i++)
        if (read_name(devices[i]->dev_name, current) && strcmp(current, name) == 0)
            return devices[i];
    return NULL;
}

/* Opens the device that has the name now, and is that uverbs (NULL: any). NULL with -errno in *error. */
static struct ibv_context *open_device(const char *name, const char *uverbs, int *error)
{
    struct ibv_device **devices = ibv_get_device_list(NULL), *found;
    struct ibv_context *opened = NULL;

    *error = devices ? -ENODEV : -errno;
    if (!devices)
        return NULL;
    found = find_device(devices, name);
    if (found && (!uverbs || strcmp(found->dev_name, uverbs) == 0)) {
        opened = ibv_open_device(found);
        *error = opened ? 0 : errno ? -errno : -EIO;
    }
    ibv_free_device_list(devices);
    return opened;
}

int verbs_query(struct device *device)
{
    int result;
    struct ibv_context *context = open_device(device->name, NULL, &result);

    if (!context)
        return result;
    result = query_ports(context, device);
    if (result == 0)
        result = query_device(context, device);
    ibv_close_device(context);
    return result;
}

/* --- Events --- */

struct verbs_link {
    struct ibv_context *context;
};

struct name_filter {
    bool (*each)(void *context, const char *uverbs, const char *name);
    void *context;
};

/* What has no name, or no longer, is about to go. */
static bool pass_device(void *context, const char *uverbs)
{
    const struct name_filter *filter = context;
    char name[DEVICE_NAME_SIZE];

    if (strncmp(uverbs, "uverbs", strlen("uverbs")) != 0 || !read_name(uverbs, name))
        return true;
    return filter->each(filter->context, uverbs, name);
}

int verbs_list(bool (*each)(void *context, const char *uverbs, const char *name), void *context)
{
    struct name_filter filter = {.each = each, .context = context};
    int error = sysfs_list(AT_FDCWD, verbs_class, pass_device, &filter);

    return error == -ENOENT ? 0 : error;
}

struct verbs_link *verbs_open(const char *uverbs, const char *name, int *error)
{
    struct ibv_context *opened = open_device(name, uverbs, error);
    struct verbs_link *link;

    if (!opened)
        return NULL;
    if (fcntl(opened->async_fd, F_SETFL, O_NONBLOCK) != 0) {
        *error = -errno;
        ibv_close_device(opened);
        return NULL;
    }
    link = memory_new(1, sizeof(*link));
    link->context = opened;
    return link;
}

int verbs_descriptor(const struct verbs_link *link)
{
    return link->context->async_fd;
}

enum verbs_event verbs_next_event(struct verbs_link *link)
{
    struct ibv_async_event event;

    errno = 0;
    if (ibv_get_async_event(link->context, &event) != 0)
        return errno == EAGAIN || errno == EINTR ? VERBS_NOTHING : VERBS_GONE;
    ibv_ack_async_event(&event);
    switch (event.event_type) {
    case IBV_EVENT_PORT_ACTIVE:
    case IBV_EVENT_PORT_ERR:
        return VERBS_PORT;
    case IBV_EVENT_DEVICE_FATAL:
        return VERBS_GONE;
    default:
        return VERBS_OTHER;
    }
}

void verbs_close(struct verbs_link *link)
{
    ibv_close_device(link->context);
    free(link);
}
