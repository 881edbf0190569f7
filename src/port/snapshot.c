#include "port/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Rows whose indexes begin alike: a device, or a port of one. The rows themselves are its members: a single one, or
 * one for each named counter. No key begins with another one, since texts carry their length. */
struct group {
    const struct device *device;
    const struct port *port; /* NULL for a device */
    const uint32_t *key;
    size_t key_length;
};

struct snapshot {
    struct device **devices;
    struct group *device_groups, *port_groups;
    size_t device_count, port_count;
    uint64_t counters_present, hw_counters_present; /* in any port */
    uint32_t *keys;                                 /* of all groups */
};

/* Negative, 0 or positive as a sorts before, like or behind b; a beginning of b sorts before it. */
static int compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    size_t n = a_length < b_length ? a_length : b_length;

    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return (a_length > b_length) - (a_length < b_length);
}

int snapshot_compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return memcmp(a, b, a_length);
}

bool snapshot_is_name(const char *text, size_t longest)
{
    size_t length = strlen(text);

    if (length == 0 || length > longest)
        return false;
    for (const char *c = text; *c; c++)
        if (*c < ' ' || *c >= 0x7f)
            return false;
    return true;
}

static int compare_devices(const void *a, const void *b)
{
    const char *x = (*(struct device *const *)a)->name, *y = (*(struct device *const *)b)->name;

    return snapshot_compare_names(x, strlen(x), y, strlen(y));
}

/* Writes a text as an index part: its length, then its octets. */
static size_t put_text(uint32_t *key, const char *text, size_t length)
{
    key[0] = (uint32_t)length;
    for (size_t i = 0; i < length; i++)
        key[i + 1] = (unsigned char)text[i];
    return length + 1;
}

/* Adds the device and its ports, whose keys go to *keys, which moves behind them. */
static void add_groups(struct snapshot *snapshot, const struct device *device, uint32_t **keys)
{
    uint32_t *key = *keys;
    size_t length = put_text(key, device->name, strlen(device->name));

    snapshot->device_groups[snapshot->device_count++] =
        (struct group){.device = device, .key = key, .key_length = length};
    for (int64_t i = 0; i < device->port_count; i++) {
        uint32_t *port_key = key + length + (size_t)i * (length + 1);

        memcpy(port_key, key, length * sizeof(*key));
        port_key[length] = (uint32_t)device->ports[i].number;
        snapshot->counters_present |= device->ports[i].counters.present;
        snapshot->hw_counters_present |= device->ports[i].hw_counters.present;
        snapshot->port_groups[snapshot->port_count++] =
            (struct group){.device = device, .port = &device->ports[i], .key = port_key, .key_length = length + 1};
    }
    *keys = key + length + (size_t)device->port_count * (length + 1);
}

struct snapshot *snapshot_new(struct device **devices, size_t count)
{
    struct snapshot *snapshot = memory_new(1, sizeof(*snapshot));
    size_t ports = 0, key_room = 0;
    uint32_t *keys;

    snapshot->devices = memory_new(count, sizeof(*snapshot->devices));
    if (count > 0)
        memcpy(snapshot->devices, devices, count * sizeof(struct device *));
    qsort(snapshot->devices, count, sizeof(*snapshot->devices), compare_devices);
    for (size_t i = 0; i < count; i++) {
        size_t n = (size_t)snapshot->devices[i]->port_count;

        ports += n;
        key_room += (strlen(snapshot->devices[i]->name) + 2) * (n + 1);
    }
    snapshot->device_groups = memory_new(count, sizeof(*snapshot->device_groups));
    snapshot->port_groups = memory_new(ports, sizeof(*snapshot->port_groups));
    snapshot->keys = keys = memory_new(key_room, sizeof(*snapshot->keys));
    for (size_t i = 0; i < count; i++)
        add_groups(snapshot, snapshot->devices[i], &keys);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    for (size_t i = 0; i < snapshot->device_count; i++)
        device_free(snapshot->devices[i]);
    free(snapshot->devices);
    free(snapshot->device_groups);
    free(snapshot->port_groups);
    free(snapshot->keys);
    free(snapshot);
}

size_t snapshot_devices(const struct snapshot *snapshot)
{
    return snapshot->device_count;
}

size_t snapshot_ports(const struct snapshot *snapshot)
{
    return snapshot->port_count;
}

bool snapshot_may_have(const struct snapshot *snapshot, const struct column *column)
{
    if (column->source == SOURCE_INDEX)
        return false;
    if (column->source != SOURCE_COUNTER && column->source != SOURCE_OCTETS)
        return true;
    return (column->table == TABLE_PORT_COUNTER ? snapshot->counters_present : snapshot->hw_counters_present) >>
               column->slot &
           1;
}

static const struct group *table_groups(const struct snapshot *snapshot, enum table table, size_t *count)
{
    if (table == TABLE_DEVICE || table == TABLE_DEVICE_COUNTER) {
        *count = snapshot->device_count;
        return snapshot->device_groups;
    }
    *count = snapshot->port_count;
    return snapshot->port_groups;
}

/* The names that are the members of a group, or NULL where the group is its only row. */
static const struct counter_names *group_names(const struct group *group, enum table table)
{
    return table == TABLE_COUNTER ? group->port->named.names : group->device->named.names;
}

static bool has_members(enum table table)
{
    return table == TABLE_COUNTER || table == TABLE_DEVICE_COUNTER;
}

static size_t member_count(const struct group *group, enum table table)
{
    const struct counter_names *names;

    if (!has_members(table))
        return 1;
    names = group_names(group, table);
    return names ? names->count : 0;
}

/* The first group whose rows do not all sort before index, which is the one that index points into or the next. */
static size_t first_group(const struct group *groups, size_t count, const uint32_t *index, size_t length)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct group *group = &groups[middle];
        size_t n = length < group->key_length ? length : group->key_length;

        if (compare(group->key, group->key_length, index, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* True if index begins with the group's key. */
static bool points_into(const struct group *group, const uint32_t *index, size_t length)
{
    return length >= group->key_length && compare(group->key, group->key_length, index, group->key_length) == 0;
}

static int compare_name(const struct counter_name *name, const uint32_t *rest, size_t length)
{
    uint32_t key[COUNTER_NAME_SIZE + 1];

    return compare(key, put_text(key, name->text, name->length), rest, length);
}

/* The first member that does not sort before rest; *exact says whether it is equal. */
static size_t first_member(const struct group *group, enum table table, const uint32_t *rest, size_t length,
                           bool *exact)
{
    size_t low = 0, high = member_count(group, table);

    if (!has_members(table)) {
        *exact = length == 0;
        return length == 0 ? 0 : 1;
    }
    *exact = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(&group_names(group, table)->name[middle], rest, length);

        if (order == 0)
            *exact = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cursor's row, or the first one behind it where the cursor is past its group's end. */
static bool settle(const struct snapshot *snapshot, enum table table, struct cursor *cursor)
{
    size_t count;
    const struct group *groups = table_groups(snapshot, table, &count);

    for (; cursor->group < count; cursor->group++, cursor->member = 0)
        if (cursor->member < member_count(&groups[cursor->group], table))
            return true;
    return false;
}

bool snapshot_find(const struct snapshot *snapshot, enum table table, const uint32_t *index, size_t length,
                   struct cursor *cursor)
{
    size_t count;
    const struct group *groups = table_groups(snapshot, table, &count);
    size_t at = first_group(groups, count, index, length);
    bool exact;

    if (at == count || !points_into(&groups[at], index, length))
        return false;
    cursor->group = at;
    cursor->member =
        first_member(&groups[at], table, index + groups[at].key_length, length - groups[at].key_length, &exact);
    return exact;
}

bool snapshot_find_row(const struct snapshot *snapshot, enum table table, const char *device, int64_t port,
                       struct cursor *cursor)
{
    uint32_t index[DEVICE_NAME_SIZE + 2];
    size_t length = put_text(index, device, strlen(device));

    if (port != ABSENT)
        index[length++] = (uint32_t)port;
    return snapshot_find(snapshot, table, index, length, cursor);
}

bool snapshot_next(const struct snapshot *snapshot, enum table table, const uint32_t *index, size_t length,
                   struct cursor *cursor)
{
    size_t count;
    const struct group *groups = table_groups(snapshot, table, &count);
    bool exact;

    *cursor = (struct cursor){.group = first_group(groups, count, index, length)};
    if (cursor->group < count && points_into(&groups[cursor->group], index, length)) {
        const struct group *group = &groups[cursor->group];

        cursor->member = first_member(group, table, index + group->key_length, length - group->key_length, &exact);
        cursor->member += exact;
    }
    return settle(snapshot, table, cursor);
}

bool snapshot_advance(const struct snapshot *snapshot, enum table table, struct cursor *cursor)
{
    cursor->member++;
    return settle(snapshot, table, cursor);
}

void snapshot_row(const struct snapshot *snapshot, enum table table, struct cursor cursor, struct row *row)
{
    size_t count;
    const struct group *group = &table_groups(snapshot, table, &count)[cursor.group];

    row->device = group->device;
    row->port = group->port;
    row->member = cursor.member;
}

size_t snapshot_index(const struct snapshot *snapshot, enum table table, struct cursor cursor, uint32_t *index)
{
    size_t count;
    const struct group *group = &table_groups(snapshot, table, &count)[cursor.group];
    size_t length = group->key_length;

    memcpy(index, group->key, length * sizeof(*index));
    if (has_members(table)) {
        const struct counter_name *name = &group_names(group, table)->name[cursor.member];

        length += put_text(index + length, name->text, name->length);
    }
    return length;
}
