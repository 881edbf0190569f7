#include "port/scan_port.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/catalogue.h"
#include "base/memory.h"
#include "port/scan_netdev.h"
#include "kernel/sysfs.h"

enum {
    LONGEST_PORT_COUNTER_NAME = 48, /* with device and port, the index then fits an OID */
    IB_PORT_STATES = 6,
    IB_PHYS_STATES = 8,
    UNKNOWN = 255,        /* of every enumeration of the MIB */
    SETTLING = 2000,      /* ms from when a netdev moves until its port has: linkwatch may take a second */
    STATE_BACKOFF = 5000, /* ms: the one cell that must not stay away when a firmware reset is over */
};

/* --- What there is --- */

static bool add_counter(void *context, const char *file)
{
    struct scan_port *port = context;
    const struct column *column = catalogue_of_file(TABLE_PORT_COUNTER, file);

    if (column && port->counters.count < PORT_COUNTERS)
        port->counter_slot[port->counters.count++] = column->slot;
    return true;
}

static void map_columns(struct scan_port *port)
{
    const struct counter_names *names = port->hw.names;

    if (!names)
        return;
    port->hw_slot = memory_new(names->count, sizeof(*port->hw_slot));
    for (size_t i = 0; i < names->count; i++) {
        const struct column *column = catalogue_of_file(TABLE_PORT_HW_COUNTER, names->name[i].text);

        port->hw_slot[i] = (int8_t)(column ? column->slot : -1);
    }
}

void scan_port_init(struct scan_port *port, const struct scan_pass *pass, const char *device, int64_t number)
{
    struct device *blank = device_new(device, 1);
    char path[SCAN_PATH_SIZE - 64];

    *port = (struct scan_port){.number = number, .known = blank->ports[0], .last_state = ABSENT, .wants_mtu = true};
    device_free(blank);
    port->known.number = number;
    snprintf(port->known.device_name, sizeof(port->known.device_name), "%s", device);
    snprintf(port->known.name, sizeof(port->known.name), "%s/%" PRId64, device, number);
    scan_file_init(&port->state);
    scan_file_init(&port->phys_state);
    for (size_t i = 0; i < SCAN_PORT_ATTRIBUTES; i++)
        scan_file_init(&port->attribute[i]);
    for (size_t i = 0; i < SCAN_NETDEV_FILES; i++)
        scan_file_init(&port->netdev_file[i]);

    port->link_slot[0] = catalogue_of_file(TABLE_PORT_COUNTER, "link_downed")->slot;
    port->link_slot[1] = catalogue_of_file(TABLE_PORT_COUNTER, "link_error_recovery")->slot;
    snprintf(path, sizeof(path), "ports/%" PRId64 "/counters", number);
    sysfs_list(pass->device, path, add_counter, port);
    scan_directory_init(&port->counters, path, port->counters.count);
    snprintf(path, sizeof(path), "ports/%" PRId64 "/hw_counters", number);
    scan_named_init(&port->hw, pass, path, LONGEST_PORT_COUNTER_NAME);
    map_columns(port);
}

void scan_port_fini(struct scan_port *port, atomic_int *held)
{
    scan_directory_fini(&port->counters, held);
    scan_named_fini(&port->hw, held);
    free(port->hw_slot);
    scan_file_fini(&port->state, held);
    scan_file_fini(&port->phys_state, held);
    for (size_t i = 0; i < SCAN_NETDEV_FILES; i++)
        scan_file_fini(&port->netdev_file[i], held);
}

/* --- Counters --- */

struct counter_sink {
    const struct scan_port *reader;
    struct counters *counters;
};

static const char *counter_name(void *context, size_t i)
{
    const struct counter_sink *sink = context;
    return catalogue_table(TABLE_PORT_COUNTER)->columns[sink->reader->counter_slot[i]].file;
}

static void store_counter(void *context, size_t i, uint64_t value)
{
    const struct counter_sink *sink = context;
    uint8_t slot = sink->reader->counter_slot[i];

    sink->counters->value[slot] = value;
    sink->counters->present |= UINT64_C(1) << slot;
}

void scan_port_read_counters(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host,
                             struct port *port)
{
    struct counter_sink sink = {.reader = reader, .counters = &port->counters};
    size_t files = reader->counters.count + reader->hw.directory.count, got;

    got = scan_directory_read(pass, &reader->counters,
                              &(struct scan_values){.name = counter_name, .store = store_counter, .context = &sink});
    got += scan_named_read(pass, &reader->hw, host->traits, &port->named, reader->hw_slot, &port->hw_counters);
    port->status = got == files ? STATUS_OK : got > 0 || pass->stopped ? STATUS_PARTIAL : STATUS_REFUSED;
}

/* --- Attributes --- */

static bool store_link_layer(struct port *port, const char *text, size_t length)
{
    static const char *const layers[] = {"Unknown", "InfiniBand", "Ethernet"};

    if (!sysfs_parse_text(text, length, port->link_layer_text, sizeof(port->link_layer_text)))
        return false;
    port->link_layer = UNKNOWN;
    for (int64_t i = 0; i < 3; i++)
        if (strcmp(port->link_layer_text, layers[i]) == 0)
            port->link_layer = i;
    return true;
}

/* The kernel prints a rate for a port that is down too, "10 Gb/sec (4X SDR)" or what the driver makes up: it is a rate
 * of nothing. Then the file need not even be asked. */
static bool store_rate(struct port *port, const char *text, size_t length)
{
    struct sysfs_rate rate;

    if (!sysfs_parse_rate(text, length, &rate))
        return false;
    if (port->state == PORT_DOWN || port->state == PORT_NOP)
        return true;
    port->speed = rate.speed;
    port->width = rate.width;
    strcpy(port->speed_text, rate.speed_text);
    strcpy(port->width_text, rate.width_text);
    strcpy(port->generation, rate.generation);
    return true;
}

static bool store_lid(struct port *port, const char *text, size_t length)
{
    return sysfs_parse_number(text, length, &port->lid);
}

static bool store_lmc(struct port *port, const char *text, size_t length)
{
    return sysfs_parse_number(text, length, &port->lmc);
}

static bool store_sm_lid(struct port *port, const char *text, size_t length)
{
    return sysfs_parse_number(text, length, &port->sm_lid);
}

static bool store_sm_sl(struct port *port, const char *text, size_t length)
{
    return sysfs_parse_number(text, length, &port->sm_sl);
}

static bool store_capability_mask(struct port *port, const char *text, size_t length)
{
    return sysfs_parse_number(text, length, &port->capability_mask);
}

/* An empty GID table is no failure. */
static bool store_gid(struct port *port, const char *text, size_t length)
{
    sysfs_parse_guid(text, length, port->gid, sizeof(port->gid));
    return true;
}

/* clang-format off */
static const struct {
    const char *file;
    bool (*store)(struct port *port, const char *text, size_t length);
    bool is_asked;    /* of the port itself, in one query each (ib_query_port); the kernel knows the others */
    bool is_optional; /* refusing it says nothing of the port's health */
} attributes[SCAN_PORT_ATTRIBUTES] = {
    {"link_layer", store_link_layer, false, false},
    {"rate", store_rate, true, false},
    {"lid", store_lid, true, false},
    {"lid_mask_count", store_lmc, true, false},
    {"sm_lid", store_sm_lid, true, false},
    {"sm_sl", store_sm_sl, true, false},
    {"cap_mask", store_capability_mask, true, false},
    {"gids/0", store_gid, false, true},
};
/* clang-format on */

/* A number read as "4: ACTIVE"; beyond those of the MIB it is unknown. False if the file exists and gave no value. */
static bool read_state(struct scan_pass *pass, struct scan_port *reader, struct scan_file *file, const char *name,
                       int64_t first, int64_t end, int64_t *number, char *text)
{
    char path[SCAN_PATH_SIZE], answer[SCAN_TEXT_SIZE];
    ssize_t n;

    path[0] = '\0';
    *number = ABSENT;
    text[0] = '\0';
    if (file->fd < 0)
        snprintf(path, sizeof(path), "ports/%" PRId64 "/%s", reader->number, name);
    n = scan_file_read(pass, file, path, true, answer);
    if (n < 0)
        return n == -ENOENT;
    if (!sysfs_parse_state(answer, (size_t)n, number, text, WORD_SIZE)) {
        pass->failures++;
        return false;
    }
    if (*number < first || *number >= end)
        *number = UNKNOWN;
    return true;
}

static bool lacks_states(const struct port *known)
{
    return known->state == ABSENT || known->phys_state == ABSENT;
}

static void read_states(struct scan_pass *pass, struct scan_port *reader)
{
    struct port *known = &reader->known;

    reader->state_failed =
        !read_state(pass, reader, &reader->state, "state", 0, IB_PORT_STATES, &known->state, known->state_text);
    reader->phys_state_failed = !read_state(pass, reader, &reader->phys_state, "phys_state", 1, IB_PHYS_STATES,
                                            &known->phys_state, known->phys_state_text);
    scan_file_hurry(&reader->state, pass->now, STATE_BACKOFF);
    scan_file_hurry(&reader->phys_state, pass->now, STATE_BACKOFF);
    reader->state_due = lacks_states(known) ? pass->now : pass->now + SCAN_SLOW_INTERVAL;
    reader->loud_due = pass->now + SCAN_LOUD_INTERVAL;
}

static void forget_asked(struct port *known)
{
    known->width = known->speed = ABSENT;
    known->lid = known->lmc = known->sm_lid = known->sm_sl = known->capability_mask = ABSENT;
    known->width_text[0] = known->speed_text[0] = known->generation[0] = '\0';
}

static void forget_others(struct port *known)
{
    known->gid[0] = '\0';
    known->link_layer = ABSENT;
    known->link_layer_text[0] = '\0';
}

static void read_attribute(struct scan_pass *pass, struct scan_port *reader, size_t i)
{
    char path[SCAN_PATH_SIZE], text[SCAN_TEXT_SIZE];
    ssize_t n;
    bool failed;

    snprintf(path, sizeof(path), "ports/%" PRId64 "/%s", reader->number, attributes[i].file);
    n = scan_file_read(pass, &reader->attribute[i], path, false, text);
    failed = n < 0 ? n != -ENOENT : !attributes[i].store(&reader->known, text, (size_t)n);
    reader->attributes_failed &= ~(1u << i);
    reader->attributes_again &= ~(1u << i);
    if (failed && n >= 0)
        pass->failures++;
    if (failed && !attributes[i].is_optional)
        reader->attributes_failed |= 1u << i;
    if (failed && reader->attribute[i].retry_at == 0)
        reader->attributes_again |= 1u << i;
}

/* ask: those that the port itself must be asked for, too. */
static void read_attributes(struct scan_pass *pass, struct scan_port *reader, bool ask)
{
    if (ask)
        forget_asked(&reader->known);
    forget_others(&reader->known);
    for (size_t i = 0; i < SCAN_PORT_ATTRIBUTES; i++)
        if (ask || !attributes[i].is_asked)
            read_attribute(pass, reader, i);
    reader->attributes_cut = ask && pass->stopped;
    reader->slow_due = pass->stopped ? pass->now : pass->now + SCAN_SLOW_INTERVAL;
}

/* Those that failed in passing are not left for a minute. */
static void read_attributes_again(struct scan_pass *pass, struct scan_port *reader)
{
    for (size_t i = 0; i < SCAN_PORT_ATTRIBUTES; i++)
        if (reader->attributes_again >> i & 1)
            read_attribute(pass, reader, i);
}

/* --- When what is asked --- */

/* link_downed or link_error_recovery: the link has been away, whatever its state is now. */
static bool link_counters_moved(struct scan_port *reader, const struct port *port)
{
    bool moved = false;

    for (size_t i = 0; i < SCAN_LINK_COUNTERS; i++) {
        uint8_t slot = reader->link_slot[i];

        if (!(port->counters.present >> slot & 1) || port->counters.value[slot] == reader->link_events[i])
            continue;
        reader->link_events[i] = port->counters.value[slot];
        moved = true;
    }
    return moved;
}

/* A state that could not be read is none: it has not changed. */
static bool state_changed(struct scan_port *reader)
{
    int64_t before = reader->last_state;

    if (reader->known.state != ABSENT)
        reader->last_state = reader->known.state;
    return before != ABSENT && before != reader->last_state;
}

/* What refused may answer now: the state changed, or other files of the port have begun to answer. */
static void retry_refused(struct scan_port *reader)
{
    scan_file_retry(&reader->state);
    scan_file_retry(&reader->phys_state);
    scan_directory_retry(&reader->counters);
    scan_directory_retry(&reader->hw.directory);
    for (size_t i = 0; i < SCAN_PORT_ATTRIBUTES; i++)
        scan_file_retry(&reader->attribute[i]);
}

static void copy_known(const struct scan_port *reader, struct port *port)
{
    struct port read = *port;

    *port = reader->known;
    port->device = read.device;
    port->counters = read.counters;
    port->hw_counters = read.hw_counters;
    port->named = read.named;
    port->status = read.status;
    if (port->status == STATUS_OK && (reader->attributes_failed || reader->state_failed || reader->phys_state_failed))
        port->status = STATUS_PARTIAL;
}

/* What nobody has looked at in this pass is not shown, whatever it was before. */
static void forget_states(struct port *port)
{
    port->state = port->phys_state = ABSENT;
    port->state_text[0] = port->phys_state_text[0] = '\0';
    if (port->status == STATUS_OK)
        port->status = STATUS_PARTIAL;
}

/* Is it enough of a reason to ask the port that a minute has passed? Not where each answer would put a line into the
 * kernel's log: there the netdev, and an hour, must do. */
static bool may_ask_by_time(const struct scan_port *reader, int64_t now)
{
    return !reader->netdev_lacks_speed || now >= reader->loud_due || reader->attributes_cut ||
           lacks_states(&reader->known);
}

/* The netdev vouches for an Ethernet port, but moves before it: once the port must be asked when all has settled. */
static bool netdev_vouches(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host)
{
    if (scan_netdev_moved(pass, reader, host)) {
        reader->is_settling = true;
        reader->settled_at = pass->now + SETTLING;
        return false;
    }
    if (!reader->is_settling)
        return true;
    reader->is_settling = pass->now < reader->settled_at;
    return false;
}

void scan_port_read_attributes(struct scan_pass *pass, struct scan_port *reader, const struct scan_host *host,
                               struct port *port)
{
    bool answers_again = reader->counters.answers_again || reader->hw.directory.answers_again;
    bool moved = link_counters_moved(reader, port) || answers_again, look, refused;
    bool by_time = may_ask_by_time(reader, pass->now), unseen;
    int64_t old_state = reader->known.state;

    if (answers_again)
        retry_refused(reader); /* a firmware reset is over */

    look = reader->known.link_layer != LINK_LAYER_ETHERNET || !netdev_vouches(pass, reader, host) ||
           (by_time && pass->now >= reader->state_due) || answers_again;
    unseen = !look && pass->stopped; /* neither the port nor its netdev was asked */
    if (look) {
        refused = reader->state.refusals > 0;
        read_states(pass, reader);
        if (state_changed(reader) || (refused && reader->state.refusals == 0))
            retry_refused(reader);
        moved |= reader->known.state != old_state;
    }
    reader->wants_mtu |= moved;
    if (moved || pass->now >= reader->slow_due) {
        read_attributes(pass, reader, moved || by_time);
        if (!pass->stopped)
            scan_netdev_find(pass, reader, host);
    } else {
        read_attributes_again(pass, reader);
    }
    copy_known(reader, port);
    if (unseen)
        forget_states(port);
}
