#include "port/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "port/catalogue.h"

struct snapshot {
    atomic_uint owners;
    struct view view;
    struct device **devices; /* in the order of SNMP */
    size_t device_count, port_count;
};

static int compare_devices(const void *a, const void *b)
{
    const char *x = (*(struct device *const *)a)->name, *y = (*(struct device *const *)b)->name;

    return index_compare_texts(x, strlen(x), y, strlen(y));
}

size_t snapshot_index(const char *device, int64_t port, uint32_t *index)
{
    size_t length = index_put_text(index, device, strlen(device));

    if (port != ABSENT)
        index[length++] = (uint32_t)port;
    return length;
}

/* Adds the device and its ports as rows. */
static void add_device(struct view *view, const struct device *device)
{
    uint32_t key[DEVICE_NAME_SIZE + 2];
    size_t length = snapshot_index(device->name, ABSENT, key);

    view_add(view, SET_DEVICES, device, key, length);
    for (int64_t i = 0; i < device->port_count; i++) {
        key[length] = (uint32_t)device->ports[i].number;
        view_add(view, SET_PORTS, &device->ports[i], key, length + 1);
    }
}

struct snapshot *snapshot_new(struct device **devices, size_t count)
{
    struct snapshot *snapshot = memory_new(1, sizeof(*snapshot));
    size_t device_numbers = 0, port_numbers = 0;

    atomic_init(&snapshot->owners, 1);
    snapshot->devices = memory_new(count, sizeof(*snapshot->devices));
    if (count > 0)
        memcpy(snapshot->devices, devices, count * sizeof(struct device *));
    qsort(snapshot->devices, count, sizeof(*snapshot->devices), compare_devices);
    snapshot->device_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t ports = (size_t)snapshot->devices[i]->port_count, length = strlen(snapshot->devices[i]->name) + 1;

        snapshot->port_count += ports;
        device_numbers += length;
        port_numbers += ports * (length + 1);
    }
    view_init(&snapshot->view, &port_mib);
    view_reserve(&snapshot->view, SET_DEVICES, count, device_numbers);
    view_reserve(&snapshot->view, SET_PORTS, snapshot->port_count, port_numbers);
    for (size_t i = 0; i < count; i++)
        add_device(&snapshot->view, snapshot->devices[i]);
    view_finish(&snapshot->view);
    return snapshot;
}

struct snapshot *snapshot_get(struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->owners, 1);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub(&snapshot->owners, 1) > 1)
        return;
    for (size_t i = 0; i < snapshot->device_count; i++)
        device_free(snapshot->devices[i]);
    view_fini(&snapshot->view);
    free(snapshot->devices);
    free(snapshot);
}

const struct view *snapshot_view(const struct snapshot *snapshot)
{
    return &snapshot->view;
}

size_t snapshot_devices(const struct snapshot *snapshot)
{
    return snapshot->device_count;
}

size_t snapshot_ports(const struct snapshot *snapshot)
{
    return snapshot->port_count;
}

const struct device *snapshot_device(const struct snapshot *snapshot, size_t i)
{
    return snapshot->devices[i];
}

const struct device *snapshot_find_device(const struct snapshot *snapshot, const char *name)
{
    const struct table *table = catalogue_table(TABLE_DEVICE);
    uint32_t index[DEVICE_NAME_SIZE + 2];
    struct cursor cursor;

    if (!view_find(&snapshot->view, table, index, snapshot_index(name, ABSENT, index), &cursor))
        return NULL;
    return view_row(&snapshot->view, table, cursor).record;
}
