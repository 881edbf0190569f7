#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <string.h>

#include "sysfs.h"

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
        sysfs_list(AT_FDCWD, "/sys/class/infiniband_verbs", is_other, &found);
    return found;
}

/* enum ibv_mtu to octets: IBV_MTU_256 is 1, and each step doubles. */
static int64_t mtu_octets(enum ibv_mtu mtu)
{
    return mtu >= IBV_MTU_256 && mtu <= IBV_MTU_4096 ? 128 << mtu : ABSENT;
}

static int query_ports(struct ibv_context *context, struct port *ports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ibv_port_attr attributes;
        int error;

        if (ports[i].number > UINT8_MAX)
            continue; /* libibverbs numbers ports in 8 bits */
        error = ibv_query_port(context, (uint8_t)ports[i].number, &attributes);
        if (error)
            return -error;
        ports[i].active_mtu = mtu_octets(attributes.active_mtu);
        ports[i].max_mtu = mtu_octets(attributes.max_mtu);
    }
    return 0;
}

int verbs_query_ports(const char *name, struct port *ports, size_t count)
{
    struct ibv_device **devices = ibv_get_device_list(NULL);
    struct ibv_context *context = NULL;
    int result = -ENODEV;

    if (!devices)
        return -errno;
    for (size_t i = 0; devices[i]; i++) {
        if (strcmp(ibv_get_device_name(devices[i]), name) != 0)
            continue;
        context = ibv_open_device(devices[i]);
        if (!context)
            result = errno ? -errno : -EIO;
        break;
    }
    ibv_free_device_list(devices);
    if (!context)
        return result;
    result = query_ports(context, ports, count);
    ibv_close_device(context);
    return result;
}
