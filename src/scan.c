#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "column.h"
#include "memory.h"
#include "scan_file.h"
#include "scan_port.h"
#include "sysfs.h"
#include "verbs.h"

enum {
    DEVICE_ATTRIBUTES = 9,
    LONGEST_DEVICE_COUNTER_NAME = 49, /* with the device, the index then fits an OID */
    ROOT_PATH_SIZE = 4096,            /* PATH_MAX: the root is the user's */
    REOPENINGS = 2,                   /* in one pass: the device may be registered again while it is read */
};

struct scan {
    struct scan_settings *settings;
    char name[DEVICE_NAME_SIZE];
    int device, net; /* directories, -1: not open */
    dev_t st_dev;
    ino_t st_ino;
    struct device *known; /* what cannot change, and no ports */
    struct scan_file attribute[DEVICE_ATTRIBUTES];
    uint32_t attributes_failed;
    int64_t slow_due;
    struct scan_named named;
    struct scan_port *ports;
    size_t port_count;
    uint32_t files; /* that a pass may have to read */
};

/* --- Attributes of the device: asked once, and those that failed or may change every minute --- */

static bool store_node_type(struct device *device, const char *text, size_t length)
{
    enum { IB_NODE_TYPES_END = 8, UNKNOWN = 255 };
    char name[WORD_SIZE];

    if (!sysfs_parse_state(text, length, &device->node_type, name, sizeof(name)))
        return false;
    if (device->node_type < 1 || device->node_type >= IB_NODE_TYPES_END)
        device->node_type = UNKNOWN;
    return true;
}

/* Texts may be empty: efa has a bare newline for its firmware, a driver without GUID zeros. Neither is a failure. */
#define STORE_TEXT(parse, member) \
    static bool store_##member(struct device *device, const char *text, size_t length) \
    { \
        device->member[0] = '\0'; \
        parse(text, length, device->member, sizeof(device->member)); \
        return true; \
    }
STORE_TEXT(sysfs_parse_guid, node_guid)
STORE_TEXT(sysfs_parse_guid, system_image_guid)
STORE_TEXT(sysfs_parse_text, node_description)
STORE_TEXT(sysfs_parse_text, firmware)
STORE_TEXT(sysfs_parse_text, hardware_revision)
STORE_TEXT(sysfs_parse_text, hca_type)
STORE_TEXT(sysfs_parse_text, board_id)

static bool store_numa_node(struct device *device, const char *text, size_t length)
{
    device->numa_node = ABSENT;
    return strcmp(text, "-1\n") == 0 /* the platform does not say */ ||
           sysfs_parse_number(text, length, &device->numa_node);
}

/* clang-format off */
static const struct {
    const char *file;
    bool (*store)(struct device *device, const char *text, size_t length);
    bool may_change;
} attributes[DEVICE_ATTRIBUTES] = {
    {"node_type", store_node_type, false},
    {"node_guid", store_node_guid, false},
    {"sys_image_guid", store_system_image_guid, false},
    {"node_desc", store_node_description, true}, /* rdma-ndd writes it */
    {"fw_ver", store_firmware, false},
    {"hw_rev", store_hardware_revision, false},
    {"hca_type", store_hca_type, false},
    {"board_id", store_board_id, false},
    {"device/numa_node", store_numa_node, false},
};
/* clang-format on */

static void read_attributes(struct scan *scan, struct scan_pass *pass)
{
    char text[SCAN_TEXT_SIZE];

    if (pass->now < scan->slow_due)
        return;
    scan->slow_due = pass->now + SCAN_SLOW_INTERVAL;
    for (size_t i = 0; i < DEVICE_ATTRIBUTES; i++) {
        uint32_t bit = 1u << i;
        ssize_t n;

        if (scan->attribute[i].was_read && !attributes[i].may_change && !(scan->attributes_failed & bit))
            continue;
        n = scan_file_read(pass, &scan->attribute[i], attributes[i].file, false, text);
        scan->attributes_failed &= ~bit;
        if (n < 0 ? n != -ENOENT : !attributes[i].store(scan->known, text, (size_t)n))
            scan->attributes_failed |= bit;
        if (scan->attributes_failed & bit && n >= 0)
            pass->failures++;
        if (scan->attributes_failed & bit && scan->attribute[i].retry_at == 0)
            scan->slow_due = pass->now;
    }
}

/* --- What is read from the directory tree itself, once --- */

static void read_hexadecimal(int dir, const char *path, int64_t *number)
{
    char text[SCAN_TEXT_SIZE];
    ssize_t n = sysfs_read_file(dir, path, text, sizeof(text));

    if (n > 0)
        sysfs_parse_number(text, (size_t)n, number);
}

/* The last component of path that is a PCI address: of a sub-function, it is its parent's. */
static void find_pci_address(const char *path, char *address, size_t size)
{
    for (const char *at = path; at; at = strchr(at, '/')) {
        size_t n;

        at += *at == '/';
        n = strcspn(at, "/");
        if (sysfs_is_pci_address(at, n))
            snprintf(address, size, "%.*s", (int)n, at);
    }
}

static bool copy_name(void *name, const char *entry)
{
    snprintf(name, DEVICE_NAME_SIZE, "%s", entry);
    return false;
}

static void read_place(struct scan *scan, int class)
{
    struct device *known = scan->known;
    char link[1024];
    struct stat status;

    if (sysfs_read_link(class, scan->name, link, sizeof(link)) > 0)
        find_pci_address(link, known->pci_address, sizeof(known->pci_address));
    if (sysfs_read_link(scan->device, "device/driver", link, sizeof(link)) > 0) {
        const char *slash = strrchr(link, '/');

        sysfs_parse_text(slash ? slash + 1 : link, strlen(slash ? slash + 1 : link), known->driver,
                         sizeof(known->driver));
    }
    read_hexadecimal(scan->device, "device/vendor", &known->vendor_id);
    read_hexadecimal(scan->device, "device/device", &known->part_id);
    known->virtual_function = fstatat(scan->device, "device/physfn", &status, AT_SYMLINK_NOFOLLOW) == 0 ? 1 : 2;
    if (known->virtual_function == 1)
        sysfs_list(scan->device, "device/physfn/infiniband", copy_name, known->parent);
    known->traits = column_traits(known->driver, known->vendor_id, known->part_id);
}

/* --- Opening and closing --- */

struct port_numbers {
    int64_t *number;
    size_t count, room;
};

static bool add_port(void *context, const char *name)
{
    struct port_numbers *ports = context;
    char *end;
    long long number = strtoll(name, &end, 10);

    if (name[0] < '0' || name[0] > '9' || *end || number > UINT32_MAX)
        return true;
    if (ports->count == ports->room) {
        ports->room = ports->room * 2 + 4;
        ports->number = memory_resize(ports->number, ports->room, sizeof(*ports->number));
    }
    ports->number[ports->count++] = number;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void open_ports(struct scan *scan, const struct scan_pass *pass)
{
    struct port_numbers ports = {0};

    sysfs_list(scan->device, "ports", add_port, &ports);
    if (ports.count > 0)
        qsort(ports.number, ports.count, sizeof(*ports.number), compare_numbers);
    scan->ports = memory_new(ports.count, sizeof(*scan->ports));
    scan->port_count = ports.count;
    for (size_t i = 0; i < ports.count; i++)
        scan_port_init(&scan->ports[i], pass, scan->name, ports.number[i]);
    free(ports.number);
}

static int open_class(const struct scan *scan)
{
    char path[ROOT_PATH_SIZE];

    snprintf(path, sizeof(path), "%s/class/infiniband", scan->settings->sysfs_root);
    return sysfs_open_directory(AT_FDCWD, path);
}

static void close_device(struct scan *scan)
{
    if (scan->device < 0)
        return;
    for (size_t i = 0; i < scan->port_count; i++)
        scan_port_fini(&scan->ports[i], &scan->settings->held);
    free(scan->ports);
    scan->ports = NULL;
    scan->port_count = 0;
    scan_named_fini(&scan->named, &scan->settings->held);
    device_free(scan->known);
    scan->known = NULL;
    close(scan->device);
    scan->device = -1;
    if (scan->net >= 0)
        close(scan->net);
    scan->net = -1;
}

static uint32_t count_files(const struct scan *scan)
{
    size_t files = scan->named.directory.count + DEVICE_ATTRIBUTES;

    for (size_t i = 0; i < scan->port_count; i++)
        files += scan->ports[i].counters.count + scan->ports[i].hw.directory.count + SCAN_PORT_ATTRIBUTES + 2;
    return (uint32_t)files;
}

/* Opens the device that has the name now. 0 or -errno. */
static int open_device(struct scan *scan, struct scan_pass *pass)
{
    static atomic_uint_fast64_t registrations;
    char path[ROOT_PATH_SIZE];
    struct stat status;
    int class = open_class(scan);

    if (class < 0)
        return class;
    scan->device = sysfs_open_directory(class, scan->name);
    if (scan->device < 0 || fstat(scan->device, &status) != 0) {
        int error = scan->device < 0 ? scan->device : -errno;

        if (error == -ENOENT && fstatat(class, scan->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            error = -ENOLINK; /* not removed: in a container, what the link leads to may not be mounted */
        close(class);
        return error;
    }
    scan->st_dev = status.st_dev;
    scan->st_ino = status.st_ino;
    snprintf(path, sizeof(path), "%s/class/net", scan->settings->sysfs_root);
    scan->net = sysfs_open_directory(AT_FDCWD, path);
    scan->net = scan->net < 0 ? -1 : scan->net;
    scan->known = device_new(scan->name, 0);
    scan->known->registration = atomic_fetch_add(&registrations, 1) + 1;
    scan->attributes_failed = 0;
    scan->slow_due = 0;
    for (size_t i = 0; i < DEVICE_ATTRIBUTES; i++)
        scan_file_init(&scan->attribute[i]);
    pass->device = scan->device;
    read_place(scan, class);
    close(class);
    open_ports(scan, pass);
    scan_named_init(&scan->named, pass, "hw_counters", LONGEST_DEVICE_COUNTER_NAME);
    scan->files = count_files(scan);
    return 0;
}

/* True if the name leads elsewhere than to the directory that is held. Inode numbers of sysfs are not used again. */
static bool is_gone(void *context)
{
    const struct scan *scan = context;
    char path[ROOT_PATH_SIZE];
    struct stat status;

    snprintf(path, sizeof(path), "%s/class/infiniband/%s", scan->settings->sysfs_root, scan->name);
    return stat(path, &status) != 0 || status.st_dev != scan->st_dev || status.st_ino != scan->st_ino;
}

/* --- A pass --- */

/* Completes a result, which has its ports and counters, by all else that is known of the device. */
static void adopt_known(struct device *device, const struct device *known)
{
    struct device read = *device;

    *device = *known;
    device->ports = read.ports;
    device->port_count = read.port_count;
    device->named = read.named;
}

static void ask_verbs(struct scan *scan, const struct scan_pass *pass, struct device *device)
{
    bool wanted = false;

    for (size_t i = 0; i < scan->port_count; i++)
        wanted |= scan->ports[i].wants_mtu;
    if (!wanted || pass->stopped || !verbs_is_safe(scan->settings->sysfs_root))
        return;
    for (size_t i = 0; i < scan->port_count; i++)
        device->ports[i].active_mtu = device->ports[i].max_mtu = ABSENT;
    verbs_query_ports(scan->name, device->ports, scan->port_count);
    for (size_t i = 0; i < scan->port_count; i++) {
        scan->ports[i].wants_mtu = false;
        scan->ports[i].known.active_mtu = device->ports[i].active_mtu;
        scan->ports[i].known.max_mtu = device->ports[i].max_mtu;
    }
}

/* Counters first, since they matter most when time runs out and cost least. */
static struct device *read_device(struct scan *scan, struct scan_pass *pass)
{
    struct device *device = device_new(scan->name, scan->port_count);
    struct scan_host host = {
        .net = scan->net, .name = scan->name, .traits = &scan->known->traits, .port_count = device->port_count};
    bool whole;

    for (size_t i = 0; i < scan->port_count; i++)
        scan_port_read_counters(pass, &scan->ports[i], &host, &device->ports[i]);
    whole = scan_named_read(pass, &scan->named, host.traits, &device->named, NULL, NULL) == scan->named.directory.count;
    for (size_t i = 0; i < scan->port_count; i++) {
        scan_port_read_attributes(pass, &scan->ports[i], &host, &device->ports[i]);
        whole &= device->ports[i].status == STATUS_OK;
    }
    read_attributes(scan, pass);
    ask_verbs(scan, pass, device);
    adopt_known(device, scan->known);
    device->status = whole && !scan->attributes_failed ? STATUS_OK : STATUS_PARTIAL;
    device->complete = !pass->stopped;
    device->failures = pass->failures;
    device->files = scan->files;
    device->files_read = pass->reads;
    return device;
}

struct scan *scan_new(struct scan_settings *settings, const char *name)
{
    struct scan *scan = memory_new(1, sizeof(*scan));

    scan->settings = settings;
    snprintf(scan->name, sizeof(scan->name), "%s", name);
    scan->device = scan->net = -1;
    return scan;
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    close_device(scan);
    free(scan);
}

struct device *scan_device(struct scan *scan, const struct scan_patience *patience, int *error)
{
    struct scan_pass pass = {
        .now = patience->now,
        .held = &scan->settings->held,
        .most_held = scan->settings->most_held,
        .enough = patience->is_over,
        .context = patience->context,
        .is_gone = is_gone,
        .gone_context = scan,
    };

    if (scan->device >= 0 && is_gone(scan))
        close_device(scan);
    for (int tries = 0; tries < REOPENINGS; tries++) {
        struct device *device;

        *error = scan->device < 0 ? open_device(scan, &pass) : 0;
        if (*error)
            return NULL;
        pass.device = scan->device;
        device = read_device(scan, &pass);
        if (!pass.gone)
            return device;
        device_free(device);
        close_device(scan);
        pass.gone = pass.stopped = pass.asked_gone = false;
    }
    *error = -ENODEV;
    return NULL;
}

void scan_probe(struct scan *scan)
{
    const struct scan_port *port = scan->port_count > 0 ? &scan->ports[0] : NULL;
    char path[SCAN_PATH_SIZE], text[SCAN_TEXT_SIZE];

    if (scan->device < 0 || !port)
        return;
    if (port->hw.directory.count > 0)
        snprintf(path, sizeof(path), "%s/%s", port->hw.directory.path, port->hw.names->name[0].text);
    else
        snprintf(path, sizeof(path), "ports/%" PRId64 "/state", port->number);
    sysfs_read_file(scan->device, path, text, sizeof(text));
}
