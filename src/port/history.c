#include "port/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/catalogue.h"
#include "base/memory.h"

/* The last value of every counter that was ever read. */
struct known_port {
    int64_t number;
    int64_t state;
    struct counters counters, hw_counters;
    struct named_counters named;
    struct port_history noticed;
};

struct known_device {
    char name[DEVICE_NAME_SIZE];
    uint64_t registration;
    int64_t registered, counter_discontinuity;
    struct named_counters named;
    struct known_port *ports;
    int64_t port_count;
};

struct history {
    struct known_device **devices; /* sorted by strcmp of their names */
    size_t count;
};

struct history *history_new(void)
{
    struct history *history = memory_new(1, sizeof(*history));

    history->devices = memory_new(0, sizeof(*history->devices));
    return history;
}

static void free_device(struct known_device *known)
{
    for (int64_t i = 0; i < known->port_count; i++)
        named_counters_fini(&known->ports[i].named);
    named_counters_fini(&known->named);
    free(known->ports);
    free(known);
}

void history_free(struct history *history)
{
    if (!history)
        return;
    for (size_t i = 0; i < history->count; i++)
        free_device(history->devices[i]);
    free(history->devices);
    free(history);
}

/* A registration seen for the first time: its counters begin here. */
static struct known_device *new_device(const struct device *device, int64_t uptime)
{
    struct known_device *known = memory_new(1, sizeof(*known));

    snprintf(known->name, sizeof(known->name), "%s", device->name);
    known->registration = device->registration;
    known->registered = known->counter_discontinuity = uptime;
    named_counters_init(&known->named, device->named.names);
    known->port_count = device->port_count;
    known->ports = memory_new((size_t)device->port_count, sizeof(*known->ports));
    for (int64_t i = 0; i < device->port_count; i++) {
        struct known_port *port = &known->ports[i];

        port->number = device->ports[i].number;
        port->state = ABSENT;
        named_counters_init(&port->named, device->ports[i].named.names);
        port->noticed = (struct port_history){
            .previous_state = ABSENT,
            .counter_discontinuity = uptime,
            .hw_counter_discontinuity = uptime,
            .named_counter_discontinuity = uptime,
        };
    }
    return known;
}

/* Remembers value as the last one of its counter. Returns how much it has grown, and sets *fell if it has fallen. */
static uint64_t note_value(uint64_t *last, bool was_read, uint64_t value, bool *fell)
{
    uint64_t before = *last;

    *last = value;
    if (!was_read)
        return 0;
    if (value < before)
        *fell = true;
    return value < before ? 0 : value - before;
}

/* Notes the counters of one table. Returns whether one fell. */
static bool note_counters(enum port_table table, struct counters *last, const struct counters *read,
                          const struct driver_traits *traits, struct port_history *noticed)
{
    const struct table *counted = catalogue_table(table);
    bool fell = false;

    for (size_t i = 0; i < counted->count; i++) {
        const struct column *column = &counted->columns[i];
        uint64_t bit = UINT64_C(1) << column->slot, growth;

        if (!column->file || !(read->present & bit))
            continue;
        growth = note_value(&last->value[column->slot], last->present & bit, read->value[column->slot], &fell);
        if (column->is_error)
            noticed->error_events = (uint32_t)((uint64_t)noticed->error_events + growth); /* a Counter32 */
        if (catalogue_is_saturated(column, traits, read->value[column->slot]))
            noticed->saturated++;
    }
    last->present |= read->present;
    return fell;
}

static bool note_named(struct named_counters *last, const struct named_counters *read)
{
    bool fell = false;

    for (size_t i = 0; read->names && i < read->names->count; i++) {
        if (!read->present[i] || read->names->name[i].kind != KIND_COUNTER)
            continue;
        note_value(&last->value[i], last->present[i], read->value[i], &fell);
        last->present[i] = true;
    }
    return fell;
}

static void note_state(struct known_port *known, int64_t state, int64_t uptime)
{
    if (state == ABSENT)
        return;
    if (known->state != ABSENT && known->state != state) {
        known->noticed.previous_state = known->state;
        known->noticed.last_change = uptime;
        known->noticed.state_changes++;
    }
    known->state = state;
}

static void note_port(struct known_port *known, struct port *port, const struct driver_traits *traits, int64_t uptime)
{
    struct port_history *noticed = &known->noticed;

    note_state(known, port->state, uptime);
    noticed->saturated = 0;
    if (note_counters(TABLE_PORT_COUNTER, &known->counters, &port->counters, traits, noticed))
        noticed->counter_discontinuity = uptime;
    if (note_counters(TABLE_PORT_HW_COUNTER, &known->hw_counters, &port->hw_counters, traits, noticed))
        noticed->hw_counter_discontinuity = uptime;
    if (note_named(&known->named, &port->named))
        noticed->named_counter_discontinuity = uptime;
    port->history = *noticed;
    if (port->status != STATUS_OK && port->counters.present == 0)
        port->history.saturated = ABSENT; /* of counters that could not be read */
}

static void note_device(struct known_device *known, struct device *device, int64_t uptime)
{
    if (note_named(&known->named, &device->named))
        known->counter_discontinuity = uptime;
    for (int64_t i = 0; i < device->port_count; i++)
        note_port(&known->ports[i], &device->ports[i], &device->traits, uptime);
    device->registered = known->registered;
    device->counter_discontinuity = known->counter_discontinuity;
}

void history_note(struct history *history, struct device **devices, size_t count, int64_t uptime)
{
    struct known_device **now = memory_new(count, sizeof(*now));
    size_t old = 0;

    for (size_t i = 0; i < count; i++) {
        struct known_device *known = NULL;

        while (old < history->count && strcmp(history->devices[old]->name, devices[i]->name) < 0)
            free_device(history->devices[old++]);
        if (old < history->count && strcmp(history->devices[old]->name, devices[i]->name) == 0)
            known = history->devices[old++];
        if (known && known->registration != devices[i]->registration) {
            free_device(known);
            known = NULL;
        }
        now[i] = known ? known : new_device(devices[i], uptime);
        note_device(now[i], devices[i], uptime);
    }
    while (old < history->count)
        free_device(history->devices[old++]);
    free(history->devices);
    history->devices = now;
    history->count = count;
}

void history_forget_times(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        struct known_device *known = history->devices[i];

        known->registered = known->counter_discontinuity = 0;
        for (int64_t j = 0; j < known->port_count; j++) {
            struct port_history *noticed = &known->ports[j].noticed;

            noticed->last_change = 0;
            noticed->counter_discontinuity = noticed->hw_counter_discontinuity = 0;
            noticed->named_counter_discontinuity = 0;
        }
    }
}
