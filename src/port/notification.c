#include "port/notification.h"

#include <string.h>

#include "port/column.h"

enum { UNKNOWN = 255 };

static const char *const of_port[] = {
    "rdmaPortName",         "rdmaPortState",   "rdmaPortPreviousState", "rdmaPortPhysState",
    "rdmaPortStateChanges", "rdmaPortIfIndex", "rdmaPortLinkDowned",    NULL,
};
static const char *const of_device[] = {"rdmaDeviceKernelName", "rdmaDeviceStatus", NULL};

static const struct notification notifications[] = {
    {NOTIFICATION_PORT_UP, "rdmaPortUp", of_port},
    {NOTIFICATION_PORT_DOWN, "rdmaPortDown", of_port},
    {NOTIFICATION_PORT_FLAPPED, "rdmaPortFlapped", of_port},
    {NOTIFICATION_DEVICE_ADDED, "rdmaDeviceAdded", of_device},
    {NOTIFICATION_DEVICE_REMOVED, "rdmaDeviceRemoved", of_device},
    {NOTIFICATION_DEVICE_STALLED, "rdmaDeviceStalled", of_device},
    {NOTIFICATION_DEVICE_RECOVERED, "rdmaDeviceRecovered", of_device},
};

const struct notification *notification_all(size_t *count)
{
    *count = sizeof(notifications) / sizeof(notifications[0]);
    return notifications;
}

const struct notification *notification_of(enum notification_kind kind)
{
    return &notifications[kind - 1];
}

static const struct column *find_column(const char *object)
{
    size_t count;
    const struct column *columns = column_all(&count), *column = columns;

    while (column < columns + count && strcmp(column->object, object) != 0)
        column++;
    return column < columns + count ? column : NULL;
}

static bool fill(const struct snapshot *snapshot, const char *device, int64_t port, const char *object,
                 struct answer *answer)
{
    const struct column *column = find_column(object);
    struct row row = {0};

    if (!column || !snapshot_find_row(snapshot, column->table, device, port, &answer->cursor))
        return false;
    answer->column = column;
    snapshot_row(snapshot, column->table, answer->cursor, &row);
    if (column_value(column, &row, &answer->value))
        return true;
    if (!column_label(column, UNKNOWN))
        return false;
    answer->value = (struct value){.type = SMI_INTEGER, .number = UNKNOWN};
    return true;
}

size_t notification_fill(const struct notification *notification, const struct snapshot *snapshot, const char *device,
                         int64_t port, struct answer answers[static NOTIFICATION_MOST_OBJECTS])
{
    size_t count = 0;

    for (const char *const *object = notification->objects; *object; object++)
        count += fill(snapshot, device, port, *object, &answers[count]);
    return count;
}
