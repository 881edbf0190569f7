#include "rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_NAMES = 64 };

struct device *rows_device_with_ports(const char *name, const int64_t *ports, size_t count)
{
    struct device *device = device_new(name, count);

    device->registration = 1;
    device->complete = true;
    device->status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        struct port *port = &device->ports[i];

        port->number = ports[i];
        port->status = STATUS_OK;
        snprintf(port->device_name, sizeof(port->device_name), "%s", name);
        snprintf(port->name, sizeof(port->name), "%s/%" PRId64, name, ports[i]);
    }
    return device;
}

struct device *rows_device(const char *name, size_t count)
{
    int64_t *ports = memory_new(count, sizeof(*ports));
    struct device *device;

    for (size_t i = 0; i < count; i++)
        ports[i] = (int64_t)i + 1;
    device = rows_device_with_ports(name, ports, count);
    free(ports);
    return device;
}

/* --- Named counters --- */

static int compare_names(const void *a, const void *b)
{
    const struct counter_name *x = a, *y = b;

    return x->length != y->length ? x->length - y->length : memcmp(x->text, y->text, x->length);
}

static void name_counters(struct named_counters *named, const char *text)
{
    struct counter_names *names = memory_new(1, sizeof(*names) + MOST_NAMES * sizeof(names->name[0]));

    atomic_init(&names->owners, 1);
    for (size_t n; *text; text += n + (text[n] == ' ')) {
        struct counter_name *name = &names->name[names->count++];

        n = strcspn(text, " ");
        assert(n < sizeof(name->text));
        assert(names->count <= MOST_NAMES);
        memcpy(name->text, text, n);
        name->length = (uint8_t)n;
        name->kind = (uint8_t)catalogue_kind(name->text);
    }
    qsort(names->name, names->count, sizeof(names->name[0]), compare_names);
    named_counters_init(named, names);
    counter_names_put(names);
}

void rows_name_device_counters(struct device *device, const char *names)
{
    name_counters(&device->named, names);
}

void rows_name_port_counters(struct device *device, size_t i, const char *names)
{
    name_counters(&device->ports[i].named, names);
}

void rows_set_named(struct named_counters *named, const char *name, uint64_t value)
{
    for (size_t i = 0; i < named->names->count; i++) {
        if (strcmp(named->names->name[i].text, name) != 0)
            continue;
        named->value[i] = value;
        named->present[i] = true;
        return;
    }
    fprintf(stderr, "no counter %s\n", name);
    abort();
}

void rows_set_counter(struct device *device, size_t i, enum port_table table, const char *file, uint64_t value)
{
    struct port *port = &device->ports[i];
    struct counters *counters = table == TABLE_PORT_COUNTER ? &port->counters : &port->hw_counters;
    const struct column *column = catalogue_of_file(table, file);

    assert(column);
    counters->value[column->slot] = value;
    counters->present |= UINT64_C(1) << column->slot;
}

size_t rows_columns(const struct column *columns[static ROWS_MOST_COLUMNS])
{
    size_t count = 0;

    for (size_t i = 0; i < port_mib.table_count; i++)
        for (size_t j = 0; j < port_mib.tables[i].count; j++) {
            assert(count < ROWS_MOST_COLUMNS);
            columns[count++] = &port_mib.tables[i].columns[j];
        }
    return count;
}

/* --- Random values --- */

/* splitmix64 of Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
uint64_t rows_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void fill_counters(struct counters *counters, uint64_t *state)
{
    counters->present = rows_random(state) & rows_random(state) & ((UINT64_C(1) << PORT_HW_COUNTERS) - 1);
    for (size_t i = 0; i < PORT_HW_COUNTERS; i++)
        counters->value[i] = rows_random(state);
}

static void fill_named(struct named_counters *named, uint64_t *state)
{
    for (size_t i = 0; named->names && i < named->names->count; i++) {
        named->value[i] = rows_random(state);
        named->present[i] = rows_random(state) & 1;
    }
}

/* All cells of one table that are numbers or texts of a structure. */
static void fill_structure(enum port_table table, void *structure, uint64_t *state)
{
    const struct column *columns = catalogue_table(table)->columns;

    for (size_t i = 0; i < catalogue_table(table)->count; i++) {
        char *cell = (char *)structure + columns[i].offset;
        bool is_name = columns[i].offset == offsetof(struct device, name) && table == TABLE_DEVICE;
        uint64_t number = rows_random(state);

        if (columns[i].source == SOURCE_NUMBER && strcmp(columns[i].object, "rdmaDevicePorts") != 0 &&
            strcmp(columns[i].object, "rdmaPortDevicePort") != 0)
            *(int64_t *)(void *)cell = number & 1 ? (int64_t)(number >> 40) : ABSENT;
        if (columns[i].source == SOURCE_TEXT && !is_name && table != TABLE_AGENT)
            strcpy(cell, number & 1 ? "text" : "");
    }
}

void rows_fill(struct device *device, uint64_t *state)
{
    fill_structure(TABLE_DEVICE, device, state);
    fill_named(&device->named, state);
    for (int64_t i = 0; i < device->port_count; i++) {
        struct port *port = &device->ports[i];

        fill_structure(TABLE_PORT, port, state);
        fill_counters(&port->counters, state);
        fill_counters(&port->hw_counters, state);
        fill_named(&port->named, state);
    }
}

struct agent_state rows_agent(void)
{
    struct agent_state agent;
    const struct column *columns = catalogue_table(TABLE_AGENT)->columns;

    memset(&agent, 0, sizeof(agent));
    snprintf(agent.version, sizeof(agent.version), "0.0.0");
    for (size_t i = 0; i < catalogue_table(TABLE_AGENT)->count; i++)
        if (columns[i].source == SOURCE_NUMBER)
            *(int64_t *)(void *)((char *)&agent + columns[i].offset) = (int64_t)i;
    return agent;
}
