#include "port/port.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The numbers a poll reads; a port that was never read and a husk have the same. */
static void forget_port(struct port *port)
{
    port->state = port->phys_state = port->carrier_changes = ABSENT;
    port->width = port->speed = ABSENT;
    port->lid = port->lmc = port->sm_lid = port->sm_sl = port->capability_mask = ABSENT;
    port->active_mtu = port->max_mtu = ABSENT;
    port->state_text[0] = port->phys_state_text[0] = '\0';
    port->width_text[0] = port->speed_text[0] = port->generation[0] = '\0';
    port->gid[0] = '\0';
    port->counters.present = port->hw_counters.present = 0;
    named_counters_forget(&port->named);
}

struct device *device_new(const char *name, size_t ports)
{
    struct device *device = memory_new(1, sizeof(*device));

    strncpy(device->name, name, sizeof(device->name) - 1);
    device->node_type = device->vendor_id = device->part_id = device->numa_node = ABSENT;
    device->virtual_function = ABSENT;
    device->traits.data_unit = 4;
    device->port_count = (int64_t)ports;
    device->ports = memory_new(ports, sizeof(*device->ports));
    for (size_t i = 0; i < ports; i++) {
        struct port *port = &device->ports[i];

        port->device = device;
        forget_port(port);
        port->link_layer = port->ifindex = ABSENT;
        port->history.previous_state = ABSENT;
    }
    return device;
}

void device_free(struct device *device)
{
    if (!device)
        return;
    for (int64_t i = 0; i < device->port_count; i++)
        named_counters_fini(&device->ports[i].named);
    named_counters_fini(&device->named);
    free(device->ports);
    free(device);
}

void device_forget_polled(struct device *device)
{
    for (int64_t i = 0; i < device->port_count; i++)
        forget_port(&device->ports[i]);
    named_counters_forget(&device->named);
}

struct device *device_husk(const struct device *device)
{
    struct device *husk = memory_new(1, sizeof(*husk));

    *husk = *device;
    named_counters_init(&husk->named, device->named.names);
    husk->ports = memory_new((size_t)device->port_count, sizeof(*husk->ports));
    for (int64_t i = 0; i < device->port_count; i++) {
        husk->ports[i] = device->ports[i];
        husk->ports[i].device = husk;
        named_counters_init(&husk->ports[i].named, device->ports[i].named.names);
    }
    device_forget_polled(husk);
    return husk;
}
