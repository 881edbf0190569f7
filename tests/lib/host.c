#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/catalogue.h"
#include "base/memory.h"
#include "rows.h"

struct host host;

void host_add(const char *name)
{
    struct host_device *device = &host.device[host.devices++];

    ck_assert_uint_le(host.devices, HOST_MOST_DEVICES);
    snprintf(device->name, sizeof(device->name), "%s", name);
    device->state = ACTIVE;
    device->carrier_changes = device->ifindex = ABSENT;
    device->link_downed = 3;
    device->status = STATUS_OK;
    device->object = device->registration = host.devices;
    device->is_there = true;
}

void host_register_anew(size_t i)
{
    host.device[i].object = ++host.device[i].registration;
}

static struct device *read_device(const struct host_device *from)
{
    struct device *device = rows_device(from->name, 1);

    device->object = from->object;
    device->registration = from->registration;
    device->status = from->status;
    device->stalled = from->stalled;
    device->ports[0].state = from->state;
    device->ports[0].carrier_changes = from->carrier_changes;
    device->ports[0].ifindex = from->ifindex;
    if (from->link_downed != ABSENT)
        rows_set_counter(device, 0, TABLE_PORT_COUNTER, "link_downed", (uint64_t)from->link_downed);
    return device;
}

void host_look_after(int64_t ms)
{
    struct device **found = memory_new(host.devices, sizeof(struct device *));
    size_t count = 0;

    host.now += ms;
    for (size_t i = 0; i < host.devices; i++)
        if (host.device[i].is_there)
            found[count++] = read_device(&host.device[i]);
    history_note(host.history, found, count, host.now / 10);
    snapshot_free(host.snapshot);
    host.snapshot = snapshot_new(found, count);
    free(found);
    changes_note(host.changes, host.snapshot, host.now);
}

void host_look(void)
{
    host_look_after(HOST_LOOK);
}

void host_make(void)
{
    memset(&host, 0, sizeof(host));
    host.now = 1000000;
    host.changes = changes_new();
    host.history = history_new();
    host_add("mlx5_0");
    host_add("mlx5_1");
    host_look();
}

void host_free(void)
{
    changes_free(host.changes);
    history_free(host.history);
    snapshot_free(host.snapshot);
}

void host_forget(void)
{
    changes_free(host.changes);
    host.changes = changes_new();
}

void host_stall(int i)
{
    host.device[i].stalled = true;
    host.device[i].status = STATUS_STALLED;
    host.device[i].state = host.device[i].link_downed = ABSENT;
    host_look();
}

void host_recover(int i, int64_t state)
{
    host.device[i].stalled = false;
    host.device[i].status = STATUS_OK;
    host.device[i].state = state;
    host_look();
}

void host_wait_out_damping(void)
{
    host.now += CHANGES_PORT_INTERVAL;
}

int host_next(void)
{
    if (!changes_next(host.changes, host.now, &host.told))
        return 0;
    changes_told(host.changes, &host.told, host.now);
    return (int)host.told.kind;
}

int64_t host_wait(void)
{
    return changes_wait(host.changes, host.now);
}
