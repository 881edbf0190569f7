#include "port/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bucket.h"
#include "mib/index.h"
#include "port/catalogue.h"
#include "base/memory.h"

static const int64_t never = INT64_MAX;

enum told { TOLD_NOTHING, TOLD_INACTIVE, TOLD_ACTIVE };

struct known_port {
    int64_t number;
    int64_t state; /* the last that could be read */
    int64_t state_changes, carrier_changes, link_downed, ifindex;
    bool awaits_count; /* link_downed has not counted yet that the port went down */
    enum told told;
    uint64_t seen, seen_told; /* things that happened to it, and those of them that a notification has told */
    int64_t since;            /* ms: the first that was not told; never: there is none */
    int64_t next_at;          /* ms: no notification before */
};

struct known_device {
    char name[DEVICE_NAME_SIZE];
    uint64_t object, registration; /* 0 until it was read */
    int64_t status;
    bool is_present, is_stalled, is_registered_anew;
    bool told_present, told_stalled;
    bool is_being_told; /* something of the device itself: it must not be forgotten meanwhile */
    int64_t since;      /* ms: something of the device itself is to be told; never: nothing is */
    struct known_port *ports;
    int64_t port_count;
};

struct changes {
    struct known_device **devices; /* in the order of the snapshot */
    size_t count;
    bool has_begun;
    struct bucket bucket;
    uint8_t link_downed_slot;
};

struct changes *changes_new(void)
{
    struct changes *changes = memory_new(1, sizeof(*changes));

    changes->devices = memory_new(0, sizeof(struct known_device *));
    changes->bucket = bucket_new(CHANGES_BURST, CHANGES_TOKEN_INTERVAL);
    changes->link_downed_slot = catalogue_of_file(TABLE_PORT_COUNTER, "link_downed")->slot;
    return changes;
}

static void free_device(struct known_device *known)
{
    free(known->ports);
    free(known);
}

void changes_free(struct changes *changes)
{
    if (!changes)
        return;
    for (size_t i = 0; i < changes->count; i++)
        free_device(changes->devices[i]);
    free(changes->devices);
    free(changes);
}

/* --- What has happened to a port --- */

/* How much a count has grown since it was last read; 0 if it has fallen or was not there. */
static int64_t growth(int64_t *last, int64_t count)
{
    int64_t before = *last;

    if (count == ABSENT)
        return 0;
    *last = count;
    return before != ABSENT && count > before ? count - before : 0;
}

/* True if link_downed has counted a loss of the link that the states do not show. The one that made the port go down may
 * be counted a look after it: counters and state are not read in the same moment. */
static bool was_downed(struct known_port *known, const struct port *port, uint8_t slot, int64_t before)
{
    bool has = port->counters.present >> slot & 1;
    int64_t losses = growth(&known->link_downed, has ? (int64_t)port->counters.value[slot] : ABSENT);

    if (known->state == PORT_ACTIVE)
        known->awaits_count = false;
    else if (before == PORT_ACTIVE)
        known->awaits_count = losses == 0;
    else if (known->awaits_count && losses > 0) {
        known->awaits_count = false;
        losses--;
    }
    return losses > 0;
}

/* True if the carrier of the netdev went and came back; a single change may show in the state a look later. */
static bool carrier_went_and_came(struct known_port *known, const struct port *port, int64_t before)
{
    int64_t moves, base = known->carrier_changes;

    if (port->carrier_changes == ABSENT)
        return false;
    known->carrier_changes = port->carrier_changes;
    if (base == ABSENT || port->carrier_changes < base || known->ifindex != port->ifindex || known->state != before) {
        known->ifindex = port->ifindex;
        return false;
    }
    moves = port->carrier_changes - base;
    known->carrier_changes -= moves % 2;
    return moves >= 2;
}

static void note_port(struct known_port *known, const struct port *port, uint8_t slot, int64_t now)
{
    int64_t before = known->state, changes = known->state_changes;
    bool came_back, is_active, was_active = before == PORT_ACTIVE;

    if (port->state != ABSENT)
        known->state = port->state;
    is_active = known->state == PORT_ACTIVE;
    known->state_changes = port->history.state_changes;
    came_back = was_downed(known, port, slot, before);
    came_back |= carrier_went_and_came(known, port, before);
    came_back |= known->state_changes > changes;
    if (known->state == ABSENT)
        return;
    if (before == ABSENT) { /* of another registration, something may have been told */
        if (known->told == TOLD_NOTHING)
            known->told = is_active ? TOLD_ACTIVE : TOLD_INACTIVE;
        known->seen += (known->told == TOLD_ACTIVE) != is_active;
    } else if (known->state == before ? came_back : was_active != is_active) {
        known->seen++;
    }
    if (known->since == never && known->seen != known->seen_told)
        known->since = now;
}

/* --- What has happened to a device --- */

/* What is to be told of the device itself; 0: nothing. */
static enum notification_kind kind_of_device(const struct known_device *known)
{
    if (!known->is_present)
        return known->told_present ? NOTIFICATION_DEVICE_REMOVED : 0;
    if (!known->told_present || known->is_registered_anew)
        return NOTIFICATION_DEVICE_ADDED;
    if (known->is_stalled != known->told_stalled)
        return known->is_stalled ? NOTIFICATION_DEVICE_STALLED : NOTIFICATION_DEVICE_RECOVERED;
    return 0;
}

static void set_since(struct known_device *known, int64_t now)
{
    if (kind_of_device(known) == 0)
        known->since = never;
    else if (known->since == never)
        known->since = now;
}

static struct known_device *new_device(const char *name)
{
    struct known_device *known = memory_new(1, sizeof(*known));

    snprintf(known->name, sizeof(known->name), "%s", name);
    known->since = never;
    known->ports = memory_new(0, sizeof(*known->ports));
    return known;
}

/* The ports of another registration: nothing is known of them but what was told of those with the same number. */
static void take_ports(struct known_device *known, const struct device *device)
{
    struct known_port *ports = memory_new((size_t)device->port_count, sizeof(*ports));

    for (int64_t i = 0, old = 0; i < device->port_count; i++) {
        ports[i] = (struct known_port){
            .number = device->ports[i].number,
            .state = ABSENT,
            .state_changes = device->ports[i].history.state_changes,
            .carrier_changes = ABSENT,
            .link_downed = ABSENT,
            .ifindex = ABSENT,
            .since = never,
            .next_at = INT64_MIN,
        };
        while (old < known->port_count && known->ports[old].number < ports[i].number)
            old++;
        if (old < known->port_count && known->ports[old].number == ports[i].number) {
            ports[i].told = known->ports[old].told;
            ports[i].next_at = known->ports[old].next_at;
        }
    }
    free(known->ports);
    known->ports = ports;
    known->port_count = device->port_count;
}

static void note_device(struct changes *changes, struct known_device *known, const struct device *device, int64_t now)
{
    bool is_other = known->registration != device->registration;

    if (is_other || known->port_count != device->port_count)
        take_ports(known, device);
    known->is_registered_anew |= known->object != 0 && known->object != device->object;
    known->object = device->object;
    known->registration = device->registration;
    known->status = device->status;
    known->is_present = true;
    known->is_stalled = device->stalled;
    known->told_present |= !changes->has_begun;
    set_since(known, now);
    for (int64_t i = 0; i < device->port_count; i++)
        note_port(&known->ports[i], &device->ports[i], changes->link_downed_slot, now);
}

/* A device that is not in the snapshot. Returns false if there is nothing to be told of it. */
static bool note_absence(struct known_device *known, int64_t now)
{
    known->is_present = known->is_stalled = false;
    set_since(known, now);
    return known->told_present || known->is_being_told;
}

static int compare_names(const struct known_device *known, const struct device *device)
{
    return index_compare_texts(known->name, strlen(known->name), device->name, strlen(device->name));
}

void changes_note(struct changes *changes, const struct snapshot *snapshot, int64_t now)
{
    struct known_device **devices = memory_new(snapshot_devices(snapshot) + changes->count, sizeof(*devices));
    size_t count = 0, old = 0, at = 0;

    while (at < snapshot_devices(snapshot) || old < changes->count) {
        const struct device *device = at < snapshot_devices(snapshot) ? snapshot_device(snapshot, at) : NULL;
        struct known_device *known = old < changes->count ? changes->devices[old] : NULL;
        int order = device ? (known ? compare_names(known, device) : 1) : -1;

        old += order <= 0;
        if (order < 0) {
            if (note_absence(known, now))
                devices[count++] = known;
            else
                free_device(known);
            continue;
        }
        devices[count] = order > 0 ? new_device(device->name) : known;
        note_device(changes, devices[count++], device, now);
        at++;
    }
    free(changes->devices);
    changes->devices = devices;
    changes->count = count;
    changes->has_begun = true;
}

/* --- What may be told now --- */

/* When something of the port may be told: not of a device that itself has to be announced first, nor while the state is
 * not known because the device hangs. */
static int64_t port_due(const struct known_device *device, const struct known_port *port)
{
    if (port->since == never || device->since != never || device->status == STATUS_STALLED)
        return never;
    return port->next_at;
}

static struct change change_of_device(const struct known_device *known)
{
    struct change change = {
        .kind = kind_of_device(known),
        .port = ABSENT,
        .status = known->is_stalled ? STATUS_STALLED : known->status,
        .object = known->object,
    };

    strcpy(change.device, known->name);
    return change;
}

static struct change change_of_port(const struct known_device *device, const struct known_port *port)
{
    struct change change = {
        .port = port->number,
        .status = device->status,
        .registration = device->registration,
        .seen = port->seen,
        .is_active = port->state == PORT_ACTIVE,
    };

    change.kind = change.is_active == (port->told == TOLD_ACTIVE) ? NOTIFICATION_PORT_FLAPPED
                  : change.is_active                              ? NOTIFICATION_PORT_UP
                                                                  : NOTIFICATION_PORT_DOWN;
    strcpy(change.device, device->name);
    return change;
}

bool changes_next(struct changes *changes, int64_t now, struct change *change)
{
    struct known_device *told = NULL;
    int64_t longest = never;

    if (bucket_wait(&changes->bucket, now) > 0)
        return false;
    for (size_t i = 0; i < changes->count; i++) {
        struct known_device *device = changes->devices[i];

        device->is_being_told = false;
        if (device->since < longest) {
            longest = device->since;
            *change = change_of_device(device);
            told = device;
        }
        for (int64_t j = 0; j < device->port_count; j++) {
            const struct known_port *port = &device->ports[j];

            if (port->since >= longest || port_due(device, port) > now)
                continue;
            longest = port->since;
            *change = change_of_port(device, port);
            told = NULL;
        }
    }
    if (told)
        told->is_being_told = true;
    return longest != never;
}

/* --- What was told --- */

static void told_port(struct known_device *device, const struct change *change, int64_t now)
{
    for (int64_t i = 0; i < device->port_count; i++) {
        struct known_port *port = &device->ports[i];

        if (port->number != change->port)
            continue;
        port->told = change->is_active ? TOLD_ACTIVE : TOLD_INACTIVE;
        port->next_at = now + CHANGES_PORT_INTERVAL;
        if (device->registration != change->registration)
            return;
        port->seen_told = change->seen;
        port->since = port->seen == port->seen_told ? never : now;
    }
}

static void told_device(struct known_device *device, const struct change *change, int64_t now)
{
    device->is_being_told = false;
    device->told_present = change->kind != NOTIFICATION_DEVICE_REMOVED;
    if (!device->told_present && !device->is_present)
        device->port_count = 0; /* if it comes back, it is as if for the first time */
    if (change->kind != NOTIFICATION_DEVICE_ADDED)
        device->told_stalled = change->kind == NOTIFICATION_DEVICE_STALLED;
    if (change->kind == NOTIFICATION_DEVICE_ADDED)
        device->is_registered_anew = device->object != change->object;
    device->since = never;
    set_since(device, now);
}

void changes_told(struct changes *changes, const struct change *change, int64_t now)
{
    bucket_take(&changes->bucket, now);
    for (size_t i = 0; i < changes->count; i++) {
        struct known_device *device = changes->devices[i];

        if (strcmp(device->name, change->device) != 0)
            continue;
        if (change->port != ABSENT)
            told_port(device, change, now);
        else
            told_device(device, change, now);
    }
}

int64_t changes_wait(const struct changes *changes, int64_t now)
{
    int64_t first = never, token = now + bucket_wait(&changes->bucket, now);

    for (size_t i = 0; i < changes->count; i++) {
        const struct known_device *device = changes->devices[i];

        if (device->since != never)
            first = now;
        for (int64_t j = 0; j < device->port_count; j++)
            if (port_due(device, &device->ports[j]) < first)
                first = port_due(device, &device->ports[j]);
    }
    if (first == never)
        return -1;
    if (first < token)
        first = token;
    return first > now ? first - now : 0;
}
