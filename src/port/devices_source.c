#include "port/devices_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "kernel/sysfs.h"
#include "port/port.h"

enum { MOST_FIELDS = 4 }; /* of a line */

_Static_assert((int)COLLECTOR_NAME_SIZE == (int)DEVICE_NAME_SIZE, "a device's name is that of an item");

/* --- Reading --- */

static int list_class(void *context, bool (*each)(void *names, const char *name), void *names)
{
    struct scan_settings *settings = context;
    char path[4096];
    uint64_t mark;
    int error;

    snprintf(path, sizeof(path), "%s/class/infiniband", settings->sysfs_root);
    settings->class_mark = 0;
    error = sysfs_list_marked(AT_FDCWD, path, each, names, &mark);
    if (error == 0)
        settings->class_mark = mark;
    return error == -ENOENT ? 0 : error; /* no RDMA on this host, or not yet */
}

static void *open_scan(void *context, const char *name)
{
    return scan_new(context, name);
}

static void *read_scan(void *state, const struct patience *patience, int *error)
{
    return scan_device(state, patience, error);
}

static void probe_scan(void *state)
{
    scan_probe(state);
}

static void close_scan(void *state)
{
    scan_free(state);
}

static void free_device(void *result)
{
    device_free(result);
}

static struct collector_summary describe(const void *result)
{
    const struct device *device = result;

    return (struct collector_summary){
        .registration = device->registration,
        .complete = device->complete,
        .whole = device->status == STATUS_OK,
        .failures = device->failures,
        .parts = device->files,
        .parts_read = device->files_read,
    };
}

/* --- What the log says --- */

/* As it begins, and as it is over. */
static const struct {
    const char *message;
    enum log_level level;
} lines[COLLECTOR_EVENTS][2] = {
    [COLLECTOR_FOUND] = {{"device found", LOG_LEVEL_INFO}},
    [COLLECTOR_REMOVED] = {{"device removed", LOG_LEVEL_INFO}},
    [COLLECTOR_REJECTED] = {{"device name cannot be an SNMP index: 1 to 63 printable ASCII characters would",
                             LOG_LEVEL_WARN}},
    [COLLECTOR_SHARING] = {{"threads cannot have descriptors of their own (unshare is refused): while a device hangs, "
                            "the end of this process does not close its connection",
                            LOG_LEVEL_WARN}},
    [COLLECTOR_UNLISTED] = {{"cannot list the RDMA devices", LOG_LEVEL_ERROR},
                            {"can list the RDMA devices again", LOG_LEVEL_INFO}},
    [COLLECTOR_LACKING] = {{"cannot start a thread for each device", LOG_LEVEL_ERROR},
                           {"each device has a thread again", LOG_LEVEL_INFO}},
    [COLLECTOR_FAILED] = {{"cannot open the device", LOG_LEVEL_ERROR}, {"can open the device again", LOG_LEVEL_INFO}},
    [COLLECTOR_STALLED] = {{"device stalled: a read does not return", LOG_LEVEL_WARN},
                           {"device recovered", LOG_LEVEL_INFO}},
    [COLLECTOR_LATE] = {{"device not read in time", LOG_LEVEL_WARN}, {"device read in time again", LOG_LEVEL_INFO}},
    [COLLECTOR_PARTIAL] = {{"device partial: not all of its files give a value", LOG_LEVEL_INFO},
                           {"device whole again", LOG_LEVEL_INFO}},
};

/* The row in which something is missing: a port, or the device itself. */
static const char *partial_row(const struct device *device)
{
    for (int64_t i = 0; i < device->port_count; i++)
        if (device->ports[i].status != STATUS_OK)
            return device->ports[i].name;
    return device->name;
}

static void tell_counters(const char *row, const struct named_counters *named)
{
    if (named->names && named->names->not_served > 0)
        log_warn("counter name cannot be an SNMP index: 48 printable ASCII characters can, of a device's own 49",
                 LOG_TEXT("of", row), LOG_TEXT("counter", named->names->rejected),
                 LOG_NUMBER("names", named->names->not_served));
}

static void tell_all_counters(const struct device *device)
{
    tell_counters(device->name, &device->named);
    for (int64_t i = 0; i < device->port_count; i++)
        tell_counters(device->ports[i].name, &device->ports[i].named);
}

/* What of the news has a field of its own; that a trouble is over says no more than of which device. */
static void tell(void *context, const struct collector_news *news)
{
    struct log_field fields[1 + MOST_FIELDS + 1] = {LOG_TEXT("msg", lines[news->event][news->is_over].message)};
    const struct device *device = news->result;
    char name[DEVICE_NAME_SIZE] = "";
    size_t n = 1;

    (void)context;
    if (news->name) {
        sysfs_parse_text(news->name, strlen(news->name), name, sizeof(name));
        fields[n++] = LOG_TEXT("device", name);
    }
    if (news->event == COLLECTOR_FOUND)
        fields[n++] = LOG_NUMBER("ports", device->port_count);
    if (news->count > 0)
        fields[n++] = LOG_NUMBER(news->event == COLLECTOR_LACKING ? "lacking" : "names", news->count);
    if (news->event == COLLECTOR_PARTIAL && !news->is_over)
        fields[n++] = LOG_TEXT("first", partial_row(device));
    if (news->error)
        fields[n] = LOG_TEXT("error", strerror(-news->error));
    log_fields(lines[news->event][news->is_over].level, fields);
    if (news->event == COLLECTOR_FOUND)
        tell_all_counters(device);
}

struct collector_source devices_source(struct scan_settings *settings)
{
    return (struct collector_source){
        .list = list_class,
        .open = open_scan,
        .read = read_scan,
        .probe = probe_scan,
        .close = close_scan,
        .free = free_device,
        .describe = describe,
        .tell = tell,
        .context = settings,
    };
}
