#include "port/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "port/scan_file.h"
#include "port/scan_identity.h"
#include "port/scan_port.h"
#include "kernel/sysfs.h"
#include "port/verbs.h"

enum {
    LONGEST_DEVICE_COUNTER_NAME = 49, /* with the device, the index then fits an OID */
    ROOT_PATH_SIZE = 4096,            /* PATH_MAX: the root is the user's */
    REOPENINGS = 2,                   /* in one pass: the device may be registered again while it is read */
    SETTLING_TIME = 5000,             /* ms in which the kernel has made all files of a device that was just found */
};

struct scan {
    struct scan_settings *settings;
    char name[DEVICE_NAME_SIZE];
    char *path;      /* of the link that has the name */
    int device, net; /* directories, -1: not open */
    dev_t st_dev;
    ino_t st_ino;
    uint64_t object;     /* the number of the directory that these two name */
    uint64_t class_mark; /* when the link was last looked at */
    int64_t look_due;    /* ms: look at it whatever the mark */
    struct scan_identity identity;
    struct scan_named named;
    struct scan_port *ports;
    size_t port_count;
    uint32_t files;    /* that a pass may have to read */
    size_t first_port; /* is read first: where the last pass ran out of time */
    bool is_hurried;   /* it did */
    int64_t verbs_due; /* ms: libibverbs is not asked before */
    int64_t list_due;  /* ms: see whether the directories still have what they had */
    size_t entries;    /* that they had */
    bool list_failed;  /* one of them could not be listed */
};

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

    /* As the kernel prints it: 1 and 01 would be two ports of one number. */
    if (name[0] < '0' || name[0] > '9' || (name[0] == '0' && name[1]) || *end || number > UINT32_MAX)
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
    scan_identity_fini(&scan->identity);
    close(scan->device);
    scan->device = -1;
    if (scan->net >= 0)
        close(scan->net);
    scan->net = -1;
}

struct entries {
    size_t count;
    bool failed;
};

/* The directories of ib_cm come and go with that module, and nothing of them is read. */
static bool count_entry(void *context, const char *name)
{
    ((struct entries *)context)->count += strncmp(name, "cm_", 3) != 0;
    return true;
}

static void count_directory(int device, const char *path, struct entries *entries)
{
    int error = sysfs_list(device, path, count_entry, entries);

    if (error && error != -ENOENT)
        entries->failed = true;
}

/* What the directories hold that are listed once, or have attributes that are read once. */
static struct entries count_entries(const struct scan *scan)
{
    struct entries entries = {0};
    char path[SCAN_PATH_SIZE];

    count_directory(scan->device, ".", &entries);
    count_directory(scan->device, "ports", &entries);
    count_directory(scan->device, "hw_counters", &entries);
    for (size_t i = 0; i < scan->port_count; i++) {
        snprintf(path, sizeof(path), "ports/%" PRId64, scan->ports[i].number);
        count_directory(scan->device, path, &entries);
        snprintf(path, sizeof(path), "ports/%" PRId64 "/counters", scan->ports[i].number);
        count_directory(scan->device, path, &entries);
        snprintf(path, sizeof(path), "ports/%" PRId64 "/hw_counters", scan->ports[i].number);
        count_directory(scan->device, path, &entries);
    }
    return entries;
}

/* The set of files does not change while a device is registered, but the kernel may still be making it when the device
 * is found, and a directory may refuse to be listed. True if it is another one now. */
static bool has_other_files(struct scan *scan, int64_t now)
{
    struct entries entries;

    if (now < scan->list_due)
        return false;
    entries = count_entries(scan);
    scan->list_due = entries.failed ? now + SCAN_SLOW_INTERVAL : INT64_MAX;
    return entries.count != scan->entries || (scan->list_failed && !entries.failed);
}

static uint32_t count_files(const struct scan *scan)
{
    size_t files = scan->named.directory.count + SCAN_IDENTITY_FILES;

    for (size_t i = 0; i < scan->port_count; i++)
        files += scan->ports[i].counters.count + scan->ports[i].hw.directory.count + SCAN_PORT_ATTRIBUTES + 2;
    return (uint32_t)files;
}

/* Opens the device that has the name now. 0 or -errno. */
static int open_device(struct scan *scan, struct scan_pass *pass)
{
    static atomic_uint_fast64_t registrations;
    char path[ROOT_PATH_SIZE];
    struct entries entries;
    uint64_t registration;
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
    registration = atomic_fetch_add(&registrations, 1) + 1;
    if (scan->object == 0 || status.st_dev != scan->st_dev || status.st_ino != scan->st_ino)
        scan->object = registration;
    scan->st_dev = status.st_dev;
    scan->st_ino = status.st_ino;
    snprintf(path, sizeof(path), "%s/class/net", scan->settings->sysfs_root);
    scan->net = sysfs_open_directory(AT_FDCWD, path);
    scan->net = scan->net < 0 ? -1 : scan->net;
    pass->device = scan->device;
    scan_identity_init(&scan->identity, pass, class, scan->name);
    scan->identity.known->object = scan->object;
    scan->identity.known->registration = registration;
    close(class);
    open_ports(scan, pass);
    scan_named_init(&scan->named, pass, "hw_counters", LONGEST_DEVICE_COUNTER_NAME);
    scan->files = count_files(scan);
    entries = count_entries(scan);
    scan->entries = entries.count;
    scan->list_failed = entries.failed;
    scan->list_due = pass->now + SETTLING_TIME;
    return 0;
}

/* True if the name leads elsewhere than to the directory that is held. Inode numbers of sysfs are not used again. */
static bool is_gone(void *context)
{
    const struct scan *scan = context;
    struct stat status;

    return stat(scan->path, &status) != 0 || status.st_dev != scan->st_dev || status.st_ino != scan->st_ino;
}

/* The listing of the class, done once for all devices, would have shown that the link is another one. */
static bool may_be_gone(struct scan *scan, int64_t now)
{
    uint64_t mark = scan->settings->class_mark;

    if (mark != 0 && mark == scan->class_mark && now < scan->look_due)
        return false;
    scan->class_mark = mark;
    scan->look_due = now + SCAN_SLOW_INTERVAL;
    return true;
}

/* --- A pass --- */

static void ask_verbs(struct scan *scan, const struct scan_pass *pass, struct device *device)
{
    bool wanted = false;

    for (size_t i = 0; i < scan->port_count; i++)
        wanted |= scan->ports[i].wants_mtu;
    if (!wanted || pass->stopped || pass->now < scan->verbs_due || !verbs_is_safe(scan->settings->sysfs_root))
        return;
    scan->verbs_due = pass->now + SCAN_SLOW_INTERVAL; /* udev may not have let us in yet */
    for (size_t i = 0; i < scan->port_count; i++)
        device->ports[i].active_mtu = device->ports[i].max_mtu = ABSENT;
    if (verbs_query(device) == 0) {
        scan->verbs_due = 0;
        scan->identity.told_vendor_id = device->vendor_id;
        scan->identity.told_part_id = device->part_id;
    }
    for (size_t i = 0; i < scan->port_count; i++) {
        scan->ports[i].wants_mtu = scan->verbs_due != 0;
        scan->ports[i].known.active_mtu = device->ports[i].active_mtu;
        scan->ports[i].known.max_mtu = device->ports[i].max_mtu;
    }
}

/* Counters first, since they matter most when time runs out and cost least. Where time has run out, port after port
 * instead, beginning with the one that had none, so that all get their turn. */
static bool read_ports(struct scan *scan, struct scan_pass *pass, const struct scan_host *host, struct device *device)
{
    bool whole = true, was_hurried = scan->is_hurried;
    size_t n = scan->port_count, first = n > 0 ? scan->first_port % n : 0, stopped_at = first;

    scan->is_hurried = false;
    for (size_t i = 0; i < n; i++) {
        size_t at = (first + i) % n;

        scan_port_read_counters(pass, &scan->ports[at], host, &device->ports[at]);
        if (was_hurried)
            scan_port_read_attributes(pass, &scan->ports[at], host, &device->ports[at]);
        if (pass->stopped && !scan->is_hurried) {
            scan->is_hurried = true;
            stopped_at = i == 0 ? at + 1 : at; /* one that takes all the time alone has had its turn */
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!was_hurried)
            scan_port_read_attributes(pass, &scan->ports[i], host, &device->ports[i]);
        whole &= device->ports[i].status == STATUS_OK;
    }
    scan->is_hurried |= pass->stopped;
    scan->first_port = stopped_at;
    return whole;
}

static struct device *read_device(struct scan *scan, struct scan_pass *pass)
{
    struct device *device = device_new(scan->name, scan->port_count);
    struct scan_host host = {.net = scan->net,
                             .name = scan->name,
                             .is_real_sysfs = sysfs_is_real(scan->settings->sysfs_root),
                             .traits = &scan->identity.known->traits,
                             .port_count = device->port_count};
    bool whole = read_ports(scan, pass, &host, device) && !scan->list_failed;

    whole &=
        scan_named_read(pass, &scan->named, host.traits, &device->named, NULL, NULL) == scan->named.directory.count;
    scan_identity_read(&scan->identity, pass);
    ask_verbs(scan, pass, device);
    scan_identity_adopt(&scan->identity, device);
    device->status = whole && !scan->identity.failed ? STATUS_OK : STATUS_PARTIAL;
    device->complete = !pass->stopped;
    device->failures = pass->failures + scan->list_failed;
    device->files = scan->files;
    device->files_read = pass->reads;
    return device;
}

struct scan *scan_new(struct scan_settings *settings, const char *name)
{
    static const char form[] = "%s/class/infiniband/%s";
    struct scan *scan = memory_new(1, sizeof(*scan));
    size_t size = sizeof(form) + strlen(settings->sysfs_root) + strlen(name);

    scan->settings = settings;
    snprintf(scan->name, sizeof(scan->name), "%s", name);
    scan->path = memory_new(size, 1);
    snprintf(scan->path, size, form, settings->sysfs_root, name);
    scan->device = scan->net = -1;
    return scan;
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    close_device(scan);
    free(scan->path);
    free(scan);
}

struct device *scan_device(struct scan *scan, const struct patience *patience, int *error)
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

    if (scan->device >= 0 && ((may_be_gone(scan, pass.now) && is_gone(scan)) || has_other_files(scan, pass.now)))
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
