#include "virtual_sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernel/sysfs.h"

enum { MOST_FILES = 128, MOST_DESCRIPTORS = 1024 };

struct file {
    char path[VIRTUAL_PATH_SIZE];
    const char *octets;
    size_t length;
    int error;
};

static struct file files[MOST_FILES];
static size_t file_count;
static const struct file *of_descriptor[MOST_DESCRIPTORS];

static const struct {
    const char *path, *text;
} whole_device[] = {
    {"node_type", "1: CA\n"},
    {"node_guid", "0c42:a103:0065:1f3a\n"},
    {"sys_image_guid", "0c42:a103:0065:1f3b\n"},
    {"node_desc", "host mlx5_0\n"},
    {"fw_ver", "28.41.1000\n"},
    {"hw_rev", "0\n"},
    {"hca_type", "MT4129\n"},
    {"board_id", "MT_0000000838\n"},
    {"device/vendor", "0x15b3\n"},
    {"device/device", "0x1021\n"},
    {"device/numa_node", "1\n"},
    {"device/driver", "../../../../bus/pci/drivers/mlx5_core"},
    {"mlx5_0", "../../devices/pci0000:17/0000:17:00.0/0000:1a:00.0/infiniband/mlx5_0"},
    {"hw_counters/lifespan", "10\n"},
    {"ports/1/state", "4: ACTIVE\n"},
    {"ports/1/phys_state", "5: LinkUp\n"},
    {"ports/1/link_layer", "InfiniBand\n"},
    {"ports/1/rate", "400 Gb/sec (4X NDR)\n"},
    {"ports/1/lid", "0x1a\n"},
    {"ports/1/lid_mask_count", "0\n"},
    {"ports/1/sm_lid", "0x1\n"},
    {"ports/1/sm_sl", "0\n"},
    {"ports/1/cap_mask", "0x2651e848\n"},
    {"ports/1/gids/0", "fe80:0000:0000:0000:0c42:a103:0065:1f3a\n"},
    {"ports/1/gid_attrs/ndevs/0", "eth0\n"},
    {"ports/1/counters/symbol_error", "65535\n"},
    {"ports/1/counters/link_downed", "1\n"},
    {"ports/1/counters/port_xmit_data", "18446744073709551615\n"},
    {"ports/1/counters/unicast_xmit_packets", "12\n"},
    {"ports/1/hw_counters/rx_write_requests", "9\n"},
    {"ports/1/hw_counters/out_of_buffer", "0\n"},
    {"ports/1/hw_counters/lifespan", "10\n"},
    {"ports/2/state", "1: DOWN\n"},
    {"ports/2/counters/symbol_error", "0\n"},
    /* of class/net */
    {"eth0/carrier_changes", "2\n"},
    {"eth0/flags", "0x1003\n"},
    {"eth0/operstate", "up\n"},
    {"eth0/ifindex", "7\n"},
    {"eth0/mtu", "1500\n"},
};

static struct file *find(const char *path, size_t length)
{
    for (size_t i = 0; i < file_count; i++)
        if (strlen(files[i].path) == length && memcmp(files[i].path, path, length) == 0)
            return &files[i];
    return NULL;
}

void virtual_sysfs_reset(void)
{
    file_count = 0;
    for (size_t i = 0; i < sizeof(whole_device) / sizeof(whole_device[0]); i++)
        virtual_sysfs_set(whole_device[i].path, strlen(whole_device[i].path), whole_device[i].text,
                          strlen(whole_device[i].text), 0);
}

bool virtual_sysfs_set(const char *path, size_t path_length, const char *octets, size_t length, int error)
{
    struct file *file = find(path, path_length);

    if (!file) {
        if (file_count == MOST_FILES || path_length >= VIRTUAL_PATH_SIZE)
            return false;
        file = &files[file_count++];
        memcpy(file->path, path, path_length);
        file->path[path_length] = '\0';
    }
    file->octets = octets;
    file->length = length;
    file->error = error;
    return true;
}

const char *virtual_sysfs_get(const char *path, size_t *length)
{
    const struct file *file = find(path, strlen(path));

    if (!file || file->error)
        return NULL;
    *length = file->length;
    return file->octets;
}

/* --- What the linker puts in the place of sysfs --- */

int __wrap_sysfs_open(int dir, const char *path);
ssize_t __wrap_sysfs_read(int fd, char *text, size_t size);
ssize_t __wrap_sysfs_read_file(int dir, const char *path, char *text, size_t size);
ssize_t __wrap_sysfs_read_link(int dir, const char *path, char *text, size_t size);
int __wrap_sysfs_list(int dir, const char *path, bool (*each)(void *context, const char *name), void *context);

static ssize_t copy(const struct file *file, char *text, size_t size)
{
    if (!file || file->error)
        return file ? -file->error : -ENOENT;
    if (file->length >= size)
        return -EFBIG;
    memcpy(text, file->octets, file->length);
    text[file->length] = '\0';
    return (ssize_t)file->length;
}

int __wrap_sysfs_open(int dir, const char *path)
{
    const struct file *file = find(path, strlen(path));
    int fd;

    (void)dir;
    if (!file)
        return -ENOENT;
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && fd < MOST_DESCRIPTORS); /* the scan lets go of what it holds */
    of_descriptor[fd] = file;
    return fd;
}

ssize_t __wrap_sysfs_read(int fd, char *text, size_t size)
{
    return copy(of_descriptor[fd], text, size);
}

ssize_t __wrap_sysfs_read_file(int dir, const char *path, char *text, size_t size)
{
    (void)dir;
    return copy(find(path, strlen(path)), text, size);
}

ssize_t __wrap_sysfs_read_link(int dir, const char *path, char *text, size_t size)
{
    (void)dir;
    return copy(find(path, strlen(path)), text, size);
}

/* The component of the path behind directory; its length is 0 if the path does not lead through there. */
static size_t entry_of(const char *path, const char *directory, const char **entry)
{
    size_t n = strlen(directory);

    if (strncmp(path, directory, n) != 0 || path[n] != '/')
        return 0;
    *entry = path + n + 1;
    return strcspn(*entry, "/");
}

/* True if one of the files before this one leads through the same entry. */
static bool was_listed(size_t before, const char *directory, const char *entry, size_t length)
{
    for (size_t i = 0; i < before; i++) {
        const char *other;

        if (entry_of(files[i].path, directory, &other) == length && memcmp(entry, other, length) == 0)
            return true;
    }
    return false;
}

int __wrap_sysfs_list(int dir, const char *path, bool (*each)(void *context, const char *name), void *context)
{
    bool exists = false;

    (void)dir;
    for (size_t i = 0; i < file_count; i++) {
        const char *entry;
        char name[VIRTUAL_PATH_SIZE];
        size_t length = entry_of(files[i].path, path, &entry);

        exists |= length > 0;
        if (length == 0 || entry[0] == '.' || was_listed(i, path, entry, length))
            continue;
        memcpy(name, entry, length);
        name[length] = '\0';
        if (!each(context, name))
            break;
    }
    return exists ? 0 : -ENOENT;
}
