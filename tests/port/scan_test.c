/* scan_test: what a pass makes of a device's files: every file a cell, one bad file one cell less. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum { SECOND = 1000, HW_COLUMNS = 5, UNKNOWN = 255 };

static void expect_whole(void)
{
    ck_assert_ptr_nonnull(scan_tree.device);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
    ck_assert_uint_eq(scan_tree.device->failures, 0);
    ck_assert(scan_tree.device->complete);
}

/* --- A device that is well --- */

START_TEST(every_file_of_a_device_has_its_cell)
{
    const struct device *device = scan_tree_read(0);

    expect_whole();
    ck_assert_str_eq(device->name, "mlx5_0");
    ck_assert_int_eq(device->node_type, 1);
    ck_assert_str_eq(device->node_guid, "0c42:a103:0065:1f3a");
    ck_assert_str_eq(device->system_image_guid, "0c42:a103:0065:1f3b");
    ck_assert_str_eq(device->node_description, "host mlx5_0");
    ck_assert_str_eq(device->firmware, "28.41.1000");
    ck_assert_str_eq(device->hardware_revision, "0");
    ck_assert_str_eq(device->hca_type, "MT4129");
    ck_assert_str_eq(device->board_id, "MT_0000000838");
    ck_assert_str_eq(device->pci_address, "0000:1a:00.0");
    ck_assert_int_eq(device->vendor_id, 0x15b3);
    ck_assert_int_eq(device->part_id, 0x1021);
    ck_assert_str_eq(device->driver, "mlx5_core");
    ck_assert_int_eq(device->numa_node, 1);
    ck_assert_int_eq(device->virtual_function, 2);
    ck_assert_str_eq(device->parent, "");
    ck_assert_int_eq(device->port_count, 1);
}
END_TEST

START_TEST(every_file_of_a_port_has_its_cell)
{
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.port->number, 1);
    ck_assert_str_eq(scan_tree.port->device_name, "mlx5_0");
    ck_assert_str_eq(scan_tree.port->name, "mlx5_0/1");
    ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    ck_assert_str_eq(scan_tree.port->state_text, "ACTIVE");
    ck_assert_int_eq(scan_tree.port->phys_state, 5);
    ck_assert_str_eq(scan_tree.port->phys_state_text, "LinkUp");
    ck_assert_int_eq(scan_tree.port->link_layer, 1);
    ck_assert_str_eq(scan_tree.port->link_layer_text, "InfiniBand");
    ck_assert_int_eq(scan_tree.port->width, 4);
    ck_assert_str_eq(scan_tree.port->width_text, "4X");
    ck_assert_int_eq(scan_tree.port->speed, 400000);
    ck_assert_str_eq(scan_tree.port->speed_text, "400 Gb/sec");
    ck_assert_str_eq(scan_tree.port->generation, "NDR");
    ck_assert_int_eq(scan_tree.port->lid, 0x1a);
    ck_assert_int_eq(scan_tree.port->lmc, 0);
    ck_assert_int_eq(scan_tree.port->sm_lid, 1);
    ck_assert_int_eq(scan_tree.port->sm_sl, 0);
    ck_assert_int_eq(scan_tree.port->capability_mask, 0x2651e848);
    ck_assert_str_eq(scan_tree.port->gid, "fe80:0000:0000:0000:0c42:a103:0065:1f3a");
    ck_assert_str_eq(scan_tree.port->netdev, "");
    ck_assert_int_eq(scan_tree.port->ifindex, ABSENT);
    ck_assert_int_eq(scan_tree.port->active_mtu, ABSENT); /* libibverbs is asked of /sys only */
}
END_TEST

START_TEST(every_counter_file_has_its_cells)
{
    const struct counter_names *names;

    scan_tree_read(0);
    names = scan_tree.port->named.names;
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
    for (uint64_t i = 0; i < COUNTERS; i++)
        ck_assert_uint_eq(scan_tree.port->counters.value[i], 100 + i);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->hw_counters), HW_COLUMNS);
    ck_assert_uint_eq(names->count, HW_COUNTERS);
    for (size_t i = 0; i < names->count; i++) {
        const struct column *column = catalogue_of_file(TABLE_PORT_HW_COUNTER, names->name[i].text);

        ck_assert(scan_tree.port->named.present[i]);
        ck_assert_uint_eq(scan_tree.port->named.value[i], 100u + (column ? column->slot : 0));
        if (column)
            ck_assert_uint_eq(scan_tree.port->hw_counters.value[column->slot], scan_tree.port->named.value[i]);
    }
}
END_TEST

START_TEST(counters_of_the_device_are_read_too)
{
    scan_tree_write("hw_counters/rx_bytes", "18446744073709551615\n");
    scan_tree_write("hw_counters/lifespan", "10\n");
    scan_tree_read(0);
    expect_whole();
    ck_assert_uint_eq(scan_tree.device->named.names->count, 2);
    ck_assert_str_eq(scan_tree.device->named.names->name[1].text, "rx_bytes");
    ck_assert_uint_eq(scan_tree.device->named.value[1], UINT64_MAX);
}
END_TEST

START_TEST(a_file_nobody_knows_is_left_alone)
{
    scan_tree_write_port("counters/of_the_future", "1\n");
    scan_tree_write_port("has_smi", "1\n");
    scan_tree_write_port("gids/1", "\n");
    scan_tree_write_port("pkeys/0", "0xffff\n");
    scan_tree_write("chip_reset", "");
    scan_tree_read(0);
    expect_whole();
    ck_assert_uint_eq(sysfs_fake_reads("of_the_future") + sysfs_fake_reads("has_smi") + sysfs_fake_reads("gids/1") +
                          sysfs_fake_reads("pkeys") + sysfs_fake_reads("chip_reset"),
                      0);
}
END_TEST

/* --- One bad file, one cell --- */

static const char *const no_counters[] = {"N/A (no PMA)\n", "", "\n", "-1\n", "12", "12\n\n", "18446744073709551616\n"};

START_TEST(a_bad_counter_loses_its_cell_and_no_other)
{
    const struct column *columns = catalogue_table(TABLE_PORT_COUNTER)->columns;
    char path[UNIT_PATH_SIZE];

    snprintf(path, sizeof(path), "counters/%s", columns[_i].file);
    for (int i = 0; i < UNIT_COUNT(no_counters); i++) {
        scan_tree_write_port(path, no_counters[i]);
        scan_tree_read(SECOND);
        ck_assert_uint_eq(scan_tree_counter(columns[_i].file), UINT64_MAX);
        ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS - 1);
        ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
        ck_assert_int_eq(scan_tree.device->status, STATUS_PARTIAL);
        ck_assert_uint_eq(scan_tree.device->failures, 1);
    }
    scan_tree_write_port(path, "7\n");
    scan_tree_read(SECOND);
    expect_whole();
    ck_assert_uint_eq(scan_tree_counter(columns[_i].file), 7);
}
END_TEST

static const struct {
    const char *path;
    size_t offset;
} numbers[] = {
    {"state", offsetof(struct port, state)},
    {"phys_state", offsetof(struct port, phys_state)},
    {"rate", offsetof(struct port, speed)},
    {"rate", offsetof(struct port, width)},
    {"lid", offsetof(struct port, lid)},
    {"lid_mask_count", offsetof(struct port, lmc)},
    {"sm_lid", offsetof(struct port, sm_lid)},
    {"sm_sl", offsetof(struct port, sm_sl)},
    {"cap_mask", offsetof(struct port, capability_mask)},
};

static int64_t number_at(size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)scan_tree.port + offset);
}

START_TEST(a_bad_attribute_loses_its_cell_until_it_is_well)
{
    char good[64];
    FILE *file;
    char path[UNIT_PATH_SIZE], whole[UNIT_PATH_SIZE];

    file = fopen(unit_path(whole, scan_tree.root, unit_path(path, SCAN_TREE_PORT, numbers[_i].path)), "r");
    ck_assert_ptr_nonnull(fgets(good, sizeof(good), file));
    fclose(file);
    scan_tree_write_port(numbers[_i].path, "nonsense\n");
    scan_tree_read(0);
    ck_assert_int_eq(number_at(numbers[_i].offset), ABSENT);
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    ck_assert_uint_eq(scan_tree.device->failures, 1);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);

    scan_tree_write_port(numbers[_i].path, good);
    scan_tree_read(SECOND);
    ck_assert_int_ne(number_at(numbers[_i].offset), ABSENT);
    expect_whole();
}
END_TEST

START_TEST(an_attribute_that_cannot_be_read_loses_its_cell)
{
    char path[UNIT_PATH_SIZE];

    snprintf(path, sizeof(path), "/ports/1/%s", numbers[_i].path);
    sysfs_fake_fail(path, EIO);
    scan_tree_read(0);
    ck_assert_int_eq(number_at(numbers[_i].offset), ABSENT);
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    ck_assert_uint_ge(scan_tree.device->failures, 1);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

START_TEST(a_bad_node_type_is_counted_and_loses_its_cell)
{
    scan_tree_write("node_type", "nonsense\n");
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->node_type, ABSENT);
    ck_assert_int_eq(scan_tree.device->status, STATUS_PARTIAL);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
    ck_assert_uint_eq(scan_tree.device->failures, 1);
}
END_TEST

static const char *const optional_files[] = {
    "hw_rev",
    "hca_type",
    "board_id",
    "fw_ver",
    "node_desc",
    "sys_image_guid",
    "device/numa_node",
    "device/vendor",
    "device/driver",
    "ports/1/lid",
    "ports/1/lid_mask_count",
    "ports/1/sm_sl",
    "ports/1/cap_mask",
    "ports/1/gids",
    "ports/1/rate",
    "ports/1/link_layer",
};

/* Eleven drivers lack one or the other. */
START_TEST(a_file_that_does_not_exist_is_no_failure)
{
    char path[UNIT_PATH_SIZE];

    unit_remove(scan_tree.root, unit_path(path, SCAN_TREE_DEVICE, optional_files[_i]));
    for (int i = 0; i < 3; i++) {
        scan_tree_read(61 * SECOND);
        expect_whole();
    }
}
END_TEST

static const struct {
    const char *path, *text;
} empty_files[] = {
    {"node_guid", "0000:0000:0000:0000\n"},
    {"sys_image_guid", "0000:0000:0000:0000\n"},
    {"node_desc", "\n"},
    {"fw_ver", "\n"},
    {"hw_rev", ""},
    {"device/numa_node", "-1\n"},
    {"ports/1/gids/0", "0000:0000:0000:0000:0000:0000:0000:0000\n"},
};

START_TEST(a_file_that_is_empty_by_right_is_no_failure)
{
    scan_tree_write(empty_files[_i].path, empty_files[_i].text);
    scan_tree_read(0);
    expect_whole();
    ck_assert_str_eq(strcmp(empty_files[_i].path, "node_guid") == 0 ? scan_tree.device->node_guid : "", "");
    ck_assert_str_eq(strcmp(empty_files[_i].path, "ports/1/gids/0") == 0 ? scan_tree.port->gid : "", "");
    ck_assert(strcmp(empty_files[_i].path, "device/numa_node") != 0 || scan_tree.device->numa_node == ABSENT);
}
END_TEST

START_TEST(a_port_without_counters_is_well)
{
    unit_remove(scan_tree.root, SCAN_TREE_PORT "/counters");
    unit_remove(scan_tree.root, SCAN_TREE_PORT "/hw_counters");
    scan_tree_read(0);
    expect_whole();
    ck_assert_ptr_null(scan_tree.port->named.names);
}
END_TEST

START_TEST(a_port_all_of_whose_counters_fail_is_refused)
{
    sysfs_fake_fail("counters/", EIO);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.port->status, STATUS_REFUSED);
    ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    ck_assert_int_eq(scan_tree.device->status, STATUS_PARTIAL);
    ck_assert_uint_eq(scan_tree.device->failures, COUNTERS + HW_COUNTERS);
}
END_TEST

/* --- Numbers outside an enumeration, and what drivers do --- */

START_TEST(a_number_the_mib_does_not_know_is_unknown)
{
    scan_tree_write("node_type", "42: <unknown>\n");
    scan_tree_write_port("state", "6: UNKNOWN\n");
    scan_tree_write_port("phys_state", "0: <unknown>\n");
    scan_tree_write_port("link_layer", "Token Ring\n");
    scan_tree_read(0);
    expect_whole();
    ck_assert_int_eq(scan_tree.device->node_type, UNKNOWN);
    ck_assert_int_eq(scan_tree.port->state, UNKNOWN);
    ck_assert_int_eq(scan_tree.port->phys_state, UNKNOWN);
    ck_assert_int_eq(scan_tree.port->link_layer, UNKNOWN);
    ck_assert_str_eq(scan_tree.port->state_text, "UNKNOWN");
    ck_assert_str_eq(scan_tree.port->link_layer_text, "Token Ring");
}
END_TEST

static const struct {
    const char *state;
    bool has_rate;
} rates[] = {
    {"0: NOP\n", false}, {"1: DOWN\n", false}, {"2: INIT\n", true}, {"4: ACTIVE\n", true}, {"9: UNKNOWN\n", true}};

START_TEST(a_port_that_is_down_has_no_rate)
{
    scan_tree_write_port("state", rates[_i].state);
    scan_tree_read(0);
    expect_whole();
    ck_assert_int_eq(scan_tree.port->speed != ABSENT, rates[_i].has_rate);
    ck_assert_int_eq(scan_tree.port->width != ABSENT, rates[_i].has_rate);
    ck_assert_str_eq(scan_tree.port->speed_text, rates[_i].has_rate ? "400 Gb/sec" : "");
    ck_assert_str_eq(scan_tree.port->generation, rates[_i].has_rate ? "NDR" : "");
}
END_TEST

START_TEST(all_ones_of_ionic_are_absent_and_no_failure)
{
    unit_remove(scan_tree.root, SCAN_TREE_DEVICE "/device/driver");
    unit_symlink(scan_tree.root, SCAN_TREE_DEVICE "/device/driver", "../../bus/pci/drivers/ionic");
    scan_tree_write_port("hw_counters/np_cnp_sent", "18446744073709551615\n");
    scan_tree_write_port("counters/symbol_error", "18446744073709551615\n");
    scan_tree_read(0);
    expect_whole();
    ck_assert_uint_eq(scan_tree_hw_counter("np_cnp_sent"), UINT64_MAX);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->hw_counters), HW_COLUMNS - 1);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

START_TEST(a_virtual_function_knows_its_parent)
{
    unit_mkdir(scan_tree.root, "devices/pci0000:17/0000:17:00.0/0000:19:00.0/infiniband/mlx5_7");
    unit_symlink(scan_tree.root, SCAN_TREE_DEVICE "/device/physfn", "../0000:19:00.0");
    scan_tree_read(0);
    expect_whole();
    ck_assert_int_eq(scan_tree.device->virtual_function, 1);
    ck_assert_str_eq(scan_tree.device->parent, "mlx5_7");
}
END_TEST

START_TEST(other_names_of_files_fill_the_same_column)
{
    scan_tree_write_port("hw_counters/rx_packets", "12\n");
    scan_tree_read(0);
    ck_assert_uint_eq(scan_tree_hw_counter("rx_pkts"), 12);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan");
    TCase *tcase = unit_case(suite, "files");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_test(tcase, every_file_of_a_device_has_its_cell);
    tcase_add_test(tcase, every_file_of_a_port_has_its_cell);
    tcase_add_test(tcase, every_counter_file_has_its_cells);
    tcase_add_test(tcase, counters_of_the_device_are_read_too);
    tcase_add_test(tcase, a_file_nobody_knows_is_left_alone);
    tcase_add_loop_test(tcase, a_bad_counter_loses_its_cell_and_no_other, 0, COUNTERS);
    tcase_add_loop_test(tcase, a_bad_attribute_loses_its_cell_until_it_is_well, 0, UNIT_COUNT(numbers));
    tcase_add_loop_test(tcase, an_attribute_that_cannot_be_read_loses_its_cell, 0, UNIT_COUNT(numbers));
    tcase_add_test(tcase, a_bad_node_type_is_counted_and_loses_its_cell);
    tcase_add_loop_test(tcase, a_file_that_does_not_exist_is_no_failure, 0, UNIT_COUNT(optional_files));
    tcase_add_loop_test(tcase, a_file_that_is_empty_by_right_is_no_failure, 0, UNIT_COUNT(empty_files));
    tcase_add_test(tcase, a_port_without_counters_is_well);
    tcase_add_test(tcase, a_port_all_of_whose_counters_fail_is_refused);
    tcase_add_test(tcase, a_number_the_mib_does_not_know_is_unknown);
    tcase_add_loop_test(tcase, a_port_that_is_down_has_no_rate, 0, UNIT_COUNT(rates));
    tcase_add_test(tcase, all_ones_of_ionic_are_absent_and_no_failure);
    tcase_add_test(tcase, a_virtual_function_knows_its_parent);
    tcase_add_test(tcase, other_names_of_files_fill_the_same_column);
    return suite;
}
