#include "port/scan_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "port/scan_port.h"
#include "kernel/sysfs.h"

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

/* By its driver, or else by what hardware it is. */
static void find_traits(struct device *device)
{
    device->traits = traits_of_driver(device->driver, device->vendor_id, device->part_id);
}

static bool store_vendor(struct device *device, const char *text, size_t length)
{
    bool is_number = sysfs_parse_number(text, length, &device->vendor_id);

    find_traits(device);
    return is_number;
}

static bool store_part(struct device *device, const char *text, size_t length)
{
    bool is_number = sysfs_parse_number(text, length, &device->part_id);

    find_traits(device);
    return is_number;
}

/* clang-format off */
static const struct {
    const char *file;
    bool (*store)(struct device *device, const char *text, size_t length);
    bool may_change;
} attributes[SCAN_IDENTITY_FILES] = {
    {"node_type", store_node_type, false},
    {"node_guid", store_node_guid, false},
    {"sys_image_guid", store_system_image_guid, false},
    {"node_desc", store_node_description, true}, /* rdma-ndd writes it */
    {"fw_ver", store_firmware, false},
    {"hw_rev", store_hardware_revision, false},
    {"hca_type", store_hca_type, false},
    {"board_id", store_board_id, false},
    {"device/numa_node", store_numa_node, false},
    {"device/vendor", store_vendor, false},
    {"device/device", store_part, false},
};
/* clang-format on */

static bool copy_name(void *name, const char *entry)
{
    snprintf(name, DEVICE_NAME_SIZE, "%s", entry);
    return false;
}

/* The device of the physical function may be renamed, go, or come later than the virtual ones. */
static void find_parent(struct device *known, int device)
{
    known->parent[0] = '\0';
    if (known->virtual_function == 1)
        sysfs_list(device, "device/physfn/infiniband", copy_name, known->parent);
}

void scan_identity_read(struct scan_identity *identity, struct scan_pass *pass)
{
    char text[SCAN_TEXT_SIZE];

    if (pass->now < identity->due)
        return;
    identity->due = pass->now + SCAN_SLOW_INTERVAL;
    find_parent(identity->known, pass->device);
    for (size_t i = 0; i < SCAN_IDENTITY_FILES; i++) {
        uint32_t bit = 1u << i;
        ssize_t n;

        if (identity->attribute[i].was_read && !attributes[i].may_change && !(identity->failed & bit))
            continue;
        n = scan_file_read(pass, &identity->attribute[i], attributes[i].file, false, text);
        identity->failed &= ~bit;
        if (n < 0 ? n != -ENOENT : !attributes[i].store(identity->known, text, (size_t)n))
            identity->failed |= bit;
        if (n < 0 && attributes[i].may_change)
            attributes[i].store(identity->known, "", 0); /* what it was is not what it is */
        if (identity->failed & bit && n >= 0)
            pass->failures++;
        if (identity->failed & bit && identity->attribute[i].retry_at == 0)
            identity->due = pass->now;
    }
}

void scan_identity_adopt(const struct scan_identity *identity, struct device *device)
{
    const struct device read = *device;

    *device = *identity->known;
    device->ports = read.ports;
    device->port_count = read.port_count;
    device->named = read.named;
    if (device->vendor_id == ABSENT && device->part_id == ABSENT && !identity->failed) {
        device->vendor_id = identity->told_vendor_id;
        device->part_id = identity->told_part_id;
    }
}

/* --- What is read from the directory tree itself, once --- */

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

static void read_place(struct scan_identity *identity, int device, int class)
{
    struct device *known = identity->known;
    char link[1024];
    struct stat status;

    if (sysfs_read_link(class, known->name, link, sizeof(link)) > 0)
        find_pci_address(link, known->pci_address, sizeof(known->pci_address));
    if (sysfs_read_link(device, "device/driver", link, sizeof(link)) > 0) {
        const char *slash = strrchr(link, '/');

        sysfs_parse_text(slash ? slash + 1 : link, strlen(slash ? slash + 1 : link), known->driver,
                         sizeof(known->driver));
    }
    known->virtual_function = fstatat(device, "device/physfn", &status, AT_SYMLINK_NOFOLLOW) == 0 ? 1 : 2;
    find_traits(known);
}

void scan_identity_init(struct scan_identity *identity, const struct scan_pass *pass, int class, const char *name)
{
    *identity = (struct scan_identity){.known = device_new(name, 0), .told_vendor_id = ABSENT, .told_part_id = ABSENT};
    for (size_t i = 0; i < SCAN_IDENTITY_FILES; i++)
        scan_file_init(&identity->attribute[i]);
    read_place(identity, pass->device, class);
}

void scan_identity_fini(struct scan_identity *identity)
{
    device_free(identity->known);
    identity->known = NULL;
}
