#include "port/status_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_NAMES = 4,                                       /* of devices in a line */
    NAMES_SIZE = MOST_NAMES * (DEVICE_NAME_SIZE + 2) + 8, /* ", " before each, ", ..." */
};

/* Devices with the same thing the matter. */
struct group {
    size_t count;
    char names[NAMES_SIZE];
};

static void add(struct group *group, const char *name)
{
    size_t length = strlen(group->names);

    if (group->count < MOST_NAMES)
        snprintf(group->names + length, sizeof(group->names) - length, "%s%s", group->count > 0 ? ", " : "", name);
    else if (group->count == MOST_NAMES)
        snprintf(group->names + length, sizeof(group->names) - length, ", ...");
    group->count++;
}

/* Appends to text what fits. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list values;

    va_start(values, format);
    vsnprintf(text + length, size - length, format, values);
    va_end(values);
}

/* "2 of 8 devices stalled: mlx5_3, mlx5_4" */
static void append_group(char *text, size_t size, const struct group *group, int64_t devices, const char *what)
{
    if (group->count > 0)
        append(text, size, "%s%zu of %" PRId64 " device%s %s: %s", *text ? "; " : "", group->count, devices,
               devices == 1 ? "" : "s", what, group->names);
}

void status_line(const struct snapshot *snapshot, const struct agent_state *agent, char *text, size_t size)
{
    struct group stalled = {0}, late = {0}, partial = {0};

    for (size_t i = 0; snapshot && i < snapshot_devices(snapshot); i++) {
        const struct device *device = snapshot_device(snapshot, i);

        if (device->status == STATUS_STALLED)
            add(&stalled, device->name);
        else if (!device->complete)
            add(&late, device->name);
        else if (device->status != STATUS_OK)
            add(&partial, device->name);
    }
    *text = '\0';
    if (agent->health == HEALTH_FAILED)
        append(text, size, "cannot list the RDMA devices");
    append_group(text, size, &stalled, agent->devices, "stalled");
    append_group(text, size, &late, agent->devices, "not read in full");
    if (agent->health == HEALTH_OK)
        append(text, size, "serving %" PRId64 " device%s, %" PRId64 " port%s", agent->devices,
               agent->devices == 1 ? "" : "s", agent->ports, agent->ports == 1 ? "" : "s");
    append_group(text, size, &partial, agent->devices, "partial");
}
