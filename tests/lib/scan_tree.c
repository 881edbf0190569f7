#include "scan_tree.h"

#include <stdio.h>
#include <string.h>

struct scan_tree scan_tree;

static const char *const hw_counters[] = {
    "duplicate_request", "lifespan", "np_cnp_sent", "out_of_buffer", "roce_adp_retrans", "rx_write_requests",
};

static const struct {
    const char *path, *text;
} device_files[] = {
    {"node_type", "1: CA\n"},
    {"node_guid", "0c42:a103:0065:1f3a\n"},
    {"sys_image_guid", "0c42:a103:0065:1f3b\n"},
    {"node_desc", "host mlx5_0\n"},
    {"fw_ver", "28.41.1000\n"},
    {"hw_rev", "0\n"},
    {"hca_type", "MT4129\n"},
    {"board_id", "MT_0000000838\n"},
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
};

static void write_below(const char *directory, const char *path, const char *text)
{
    char whole[UNIT_PATH_SIZE];

    unit_write(scan_tree.root, unit_path(whole, directory, path), text);
}

static void write_device(const char *directory)
{
    const struct table *table = catalogue_table(TABLE_PORT_COUNTER);
    const struct column *columns = table->columns;
    char path[UNIT_PATH_SIZE], text[32];

    for (int i = 0; i < UNIT_COUNT(device_files); i++)
        write_below(directory, device_files[i].path, device_files[i].text);
    for (size_t i = 0; i < table->count; i++) {
        if (!columns[i].file)
            continue;
        snprintf(path, sizeof(path), "ports/1/counters/%s", columns[i].file);
        snprintf(text, sizeof(text), "%d\n", 100 + columns[i].slot);
        write_below(directory, path, text);
    }
    for (int i = 0; i < UNIT_COUNT(hw_counters); i++) {
        const struct column *column = catalogue_of_file(TABLE_PORT_HW_COUNTER, hw_counters[i]);

        snprintf(path, sizeof(path), "ports/1/hw_counters/%s", hw_counters[i]);
        snprintf(text, sizeof(text), "%d\n", 100 + (column ? column->slot : 0));
        write_below(directory, path, text);
    }
}

void scan_tree_add(const char *device, const char *name, const char *guid)
{
    char link[UNIT_PATH_SIZE], target[UNIT_PATH_SIZE];

    write_device(device);
    write_below(device, "node_guid", guid);
    snprintf(link, sizeof(link), "class/infiniband/%s", name);
    snprintf(target, sizeof(target), "../../%s", device);
    unit_symlink(scan_tree.root, link, target);
}

void scan_tree_make(void)
{
    unit_directory(scan_tree.root);
    scan_tree_add(SCAN_TREE_DEVICE, "mlx5_0", "0c42:a103:0065:1f3a\n");
    unit_symlink(scan_tree.root, SCAN_TREE_DEVICE "/device", "../../../0000:1a:00.0");
    scan_tree_write("device/vendor", "0x15b3\n");
    scan_tree_write("device/device", "0x1021\n");
    scan_tree_write("device/numa_node", "1\n");
    unit_symlink(scan_tree.root, SCAN_TREE_DEVICE "/device/driver", "../../../../bus/pci/drivers/mlx5_core");
    unit_mkdir(scan_tree.root, "class/net");
    scan_tree.settings = (struct scan_settings){.sysfs_root = scan_tree.root, .most_held = 4096};
    scan_tree.scan = scan_new(&scan_tree.settings, "mlx5_0");
}

void scan_tree_free(void)
{
    device_free(scan_tree.device);
    scan_free(scan_tree.scan);
    scan_tree.device = NULL;
    scan_tree.port = NULL;
    scan_tree.scan = NULL;
}

void scan_tree_make_ethernet(void)
{
    scan_tree_write_port("link_layer", "Ethernet\n");
    scan_tree_write_port("gid_attrs/ndevs/0", "eth0\n");
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "2\n");
    unit_write(scan_tree.root, "class/net/eth0/flags", "0x1003\n");
    unit_write(scan_tree.root, "class/net/eth0/operstate", "up\n");
    unit_write(scan_tree.root, "class/net/eth0/ifindex", "7\n");
    unit_write(scan_tree.root, "class/net/eth0/mtu", "1500\n");
}

void scan_tree_write(const char *path, const char *text)
{
    write_below(SCAN_TREE_DEVICE, path, text);
}

void scan_tree_write_port(const char *path, const char *text)
{
    write_below(SCAN_TREE_PORT, path, text);
}

/* --- Passes --- */

static bool is_over(void *reads)
{
    return (*(int *)reads)-- <= 0;
}

struct device *scan_tree_read_in_haste(int64_t after, int reads)
{
    struct patience patience = {.is_over = is_over, .context = &reads};

    scan_tree.now += after;
    patience.now = scan_tree.now;
    device_free(scan_tree.device);
    scan_tree.device = scan_device(scan_tree.scan, &patience, &scan_tree.error);
    scan_tree.port = scan_tree.device && scan_tree.device->port_count > 0 ? &scan_tree.device->ports[0] : NULL;
    return scan_tree.device;
}

struct device *scan_tree_read(int64_t after)
{
    enum { MORE_THAN_ENOUGH = 1000000 };

    return scan_tree_read_in_haste(after, MORE_THAN_ENOUGH);
}

static uint64_t value_of(const struct counters *counters, const struct column *column)
{
    ck_assert_ptr_nonnull(column);
    return counters->present >> column->slot & 1 ? counters->value[column->slot] : UINT64_MAX;
}

uint64_t scan_tree_counter(const char *file)
{
    return value_of(&scan_tree.port->counters, catalogue_of_file(TABLE_PORT_COUNTER, file));
}

uint64_t scan_tree_hw_counter(const char *file)
{
    return value_of(&scan_tree.port->hw_counters, catalogue_of_file(TABLE_PORT_HW_COUNTER, file));
}

int scan_tree_present(const struct counters *counters)
{
    return __builtin_popcountll(counters->present);
}
