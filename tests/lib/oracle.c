#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rows.h"

/* RFC 3416 4.2.2: the order of two names. */
int oracle_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return a_length < b_length ? -1 : a_length > b_length;
}

static void put(struct oracle_instance *instance, uint64_t part)
{
    instance->name[instance->length++] = (uint32_t)part;
}

static void put_text(struct oracle_instance *instance, const char *text)
{
    put(instance, strlen(text));
    for (; *text; text++)
        put(instance, (unsigned char)*text);
}

/* Lists one cell if it has a value. RFC 2578 7.7: how an index is encoded. port is NULL for rows of devices, name for
 * those without counters. */
static void add(struct oracle *oracle, const struct column *column, const struct row *row, const struct device *device,
                const struct port *port, const char *name)
{
    struct oracle_instance *instance;

    if (oracle->count == oracle->room) {
        oracle->room = oracle->room * 2 + 64;
        oracle->instances = memory_resize(oracle->instances, oracle->room, sizeof(*oracle->instances));
    }
    instance = &oracle->instances[oracle->count];
    *instance = (struct oracle_instance){.column = column};
    put(instance, 1);
    put(instance, column->table);
    if (!device) {
        put(instance, column->number);
        put(instance, 0);
    } else {
        put(instance, 1);
        put(instance, column->number);
        put_text(instance, device->name);
        if (port)
            put(instance, (uint64_t)port->number);
        if (name)
            put_text(instance, name);
    }
    if (column_value(column, row, &instance->value))
        oracle->count++;
}

static void add_members(struct oracle *oracle, const struct column *column, const void *record,
                        const struct named_counters *named, const struct device *device, const struct port *port)
{
    for (size_t i = 0; named->names && i < named->names->count; i++)
        add(oracle, column, &(struct row){.record = record, .member = i}, device, port, named->names->name[i].text);
}

static void add_device(struct oracle *oracle, const struct column *column, const struct device *device)
{
    if (column->table == TABLE_DEVICE)
        add(oracle, column, &(struct row){.record = device}, device, NULL, NULL);
    if (column->table == TABLE_DEVICE_COUNTER)
        add_members(oracle, column, device, &device->named, device, NULL);
    if (column->table == TABLE_DEVICE || column->table == TABLE_DEVICE_COUNTER)
        return;
    for (int64_t i = 0; i < device->port_count; i++) {
        const struct port *port = &device->ports[i];

        if (column->table == TABLE_COUNTER)
            add_members(oracle, column, port, &port->named, device, port);
        else
            add(oracle, column, &(struct row){.record = port}, device, port, NULL);
    }
}

void oracle_init(struct oracle *oracle, const struct agent_state *agent, struct device *const *devices, size_t count)
{
    const struct column *columns[ROWS_MOST_COLUMNS];
    size_t column_count = rows_columns(columns);

    *oracle = (struct oracle){0};
    for (size_t i = 0; i < column_count; i++) {
        if (columns[i]->table == TABLE_AGENT)
            add(oracle, columns[i], &(struct row){.record = agent}, NULL, NULL, NULL);
        for (size_t j = 0; j < count && columns[i]->table != TABLE_AGENT; j++)
            add_device(oracle, columns[i], devices[j]);
    }
}

void oracle_fini(struct oracle *oracle)
{
    free(oracle->instances);
    *oracle = (struct oracle){0};
}

const struct oracle_instance *oracle_get(const struct oracle *oracle, const uint32_t *name, size_t length)
{
    for (size_t i = 0; i < oracle->count; i++)
        if (oracle_compare(oracle->instances[i].name, oracle->instances[i].length, name, length) == 0)
            return &oracle->instances[i];
    return NULL;
}

const struct oracle_instance *oracle_next(const struct oracle *oracle, const uint32_t *name, size_t length)
{
    const struct oracle_instance *next = NULL;

    for (size_t i = 0; i < oracle->count; i++) {
        const struct oracle_instance *candidate = &oracle->instances[i];

        if (oracle_compare(candidate->name, candidate->length, name, length) <= 0)
            continue;
        if (!next || oracle_compare(candidate->name, candidate->length, next->name, next->length) < 0)
            next = candidate;
    }
    return next;
}
