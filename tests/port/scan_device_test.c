/* scan_device_test: a device as a whole: its ports and its names, its removal, return and renaming. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum { SECOND = 1000 };

#define OTHER "devices/virtual/infiniband/other"
#define OTHER_GUID "0000:0000:0000:0002\n"

/* --- Ports --- */

START_TEST(ports_come_in_ascending_order_and_junk_is_no_port)
{
    static const char *const names[] = {"10", "2", "0",  "4294967295", "4294967296", "99999999999999999999",
                                        "-3", "x", "4a", "0x5",        "01",         "00"};
    static const int64_t numbers[] = {0, 1, 2, 10, 4294967295};
    char path[UNIT_PATH_SIZE];

    for (int i = 0; i < UNIT_COUNT(names); i++) {
        snprintf(path, sizeof(path), "ports/%s/state", names[i]);
        scan_tree_write(path, "1: DOWN\n");
    }
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->port_count, UNIT_COUNT(numbers));
    for (int i = 0; i < UNIT_COUNT(numbers); i++) {
        snprintf(path, sizeof(path), "mlx5_0/%" PRId64, numbers[i]);
        ck_assert_int_eq(scan_tree.device->ports[i].number, numbers[i]);
        ck_assert_str_eq(scan_tree.device->ports[i].name, path);
        ck_assert_int_eq(scan_tree.device->ports[i].state, numbers[i] == 1 ? PORT_ACTIVE : PORT_DOWN);
    }
}
END_TEST

START_TEST(a_device_without_ports_is_a_device)
{
    unit_remove(scan_tree.root, SCAN_TREE_DEVICE "/ports");
    ck_assert_ptr_nonnull(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.device->port_count, 0);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

START_TEST(a_counter_name_that_cannot_be_an_index_is_counted)
{
    scan_tree_write_port("hw_counters/c23456789_123456789_123456789_123456789_12345678", "1\n");  /* 48 fit */
    scan_tree_write_port("hw_counters/c23456789_123456789_123456789_123456789_123456789", "1\n"); /* 49 do not */
    scan_tree_write_port("hw_counters/K\xc3\xb6ln", "1\n");
    scan_tree_write("hw_counters/c23456789_123456789_123456789_123456789_123456789", "1\n"); /* 49 fit a device's */
    scan_tree_write("hw_counters/c23456789_123456789_123456789_123456789_123456789_", "1\n");
    scan_tree_read(0);
    ck_assert_uint_eq(scan_tree.port->named.names->count, HW_COUNTERS + 1);
    ck_assert_uint_eq(scan_tree.port->named.names->not_served, 2);
    ck_assert(strcmp(scan_tree.port->named.names->rejected, "K??ln") == 0 ||
              strlen(scan_tree.port->named.names->rejected) == 49);
    ck_assert_uint_eq(scan_tree.device->named.names->count, 1);
    ck_assert_uint_eq(scan_tree.device->named.names->not_served, 1);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

START_TEST(counter_names_sort_by_length_and_then_octets)
{
    const struct counter_names *names;

    scan_tree_write_port("hw_counters/Z", "1\n");
    scan_tree_write_port("hw_counters/aa", "1\n");
    scan_tree_write_port("hw_counters/b", "1\n");
    scan_tree_read(0);
    names = scan_tree.port->named.names;
    ck_assert_str_eq(names->name[0].text, "Z");
    ck_assert_str_eq(names->name[1].text, "b");
    ck_assert_str_eq(names->name[2].text, "aa");
    ck_assert_str_eq(names->name[3].text, "lifespan");
    ck_assert_int_eq(names->name[3].kind, KIND_SETTING);
    ck_assert_str_eq(names->name[names->count - 1].text, "rx_write_requests");
}
END_TEST

/* --- Removal, return, renaming --- */

static void remove_device(void)
{
    unit_remove(scan_tree.root, "class/infiniband/mlx5_0");
}

static void replace_device(void)
{
    remove_device();
    scan_tree_add(OTHER, "mlx5_0", OTHER_GUID);
    unit_write(scan_tree.root, OTHER "/ports/1/counters/symbol_error", "4711\n");
}

START_TEST(a_device_that_is_gone_leaves_nothing)
{
    scan_tree_read(0);
    remove_device();
    ck_assert_ptr_null(scan_tree_read(SECOND));
    ck_assert_int_eq(scan_tree.error, -ENOENT);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), 0);
}
END_TEST

START_TEST(a_device_that_never_was_is_an_error)
{
    unit_remove(scan_tree.root, "class");
    ck_assert_ptr_null(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.error, -ENOENT);
}
END_TEST

START_TEST(a_link_that_leads_nowhere_is_told_apart_from_a_removal)
{
    unit_remove(scan_tree.root, "devices");
    ck_assert_ptr_null(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.error, -ENOLINK);
}
END_TEST

START_TEST(a_device_that_cannot_be_opened_says_why)
{
    unit_remove(scan_tree.root, "class/infiniband/mlx5_0");
    unit_write(scan_tree.root, "class/infiniband/mlx5_0", "");
    ck_assert_ptr_null(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.error, -ENOTDIR);
}
END_TEST

/* The kernel may still be making the files of a device that is found. */
START_TEST(files_that_come_late_are_read_5_s_later)
{
    static const char *const late[] = {SCAN_TREE_DEVICE "/node_guid", SCAN_TREE_PORT "/rate"};
    struct device first;

    unit_rename(scan_tree.root, late[_i], "late");
    scan_tree_read(0);
    ck_assert(scan_tree.device->node_guid[0] == '\0' || scan_tree.device->ports[0].speed == ABSENT);
    unit_rename(scan_tree.root, "late", late[_i]);
    first = *scan_tree.device;
    scan_tree_read(5 * SECOND);
    ck_assert_str_ne(scan_tree.device->node_guid, "");
    ck_assert_int_eq(scan_tree.device->ports[0].speed, 400000);
    ck_assert_uint_ne(scan_tree.device->registration, first.registration);
    ck_assert_uint_eq(scan_tree.device->object, first.object);
}
END_TEST

/* ib_cm may be loaded at any time. */
START_TEST(directories_of_ib_cm_that_come_late_change_nothing)
{
    uint64_t first = scan_tree_read(0)->registration;

    unit_write(scan_tree.root, SCAN_TREE_PORT "/cm_rx_msgs/req", "0\n");
    ck_assert_uint_eq(scan_tree_read(5 * SECOND)->registration, first);
}
END_TEST

START_TEST(another_device_of_the_name_is_another_registration)
{
    uint64_t first = scan_tree_read(0)->registration;

    ck_assert_uint_eq(scan_tree_read(SECOND)->registration, first);
    replace_device();
    scan_tree_read(SECOND);
    ck_assert_uint_ne(scan_tree.device->registration, first);
    ck_assert_uint_eq(scan_tree.device->object, scan_tree.device->registration);
    ck_assert_str_eq(scan_tree.device->node_guid, "0000:0000:0000:0002");
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 4711);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), MOST_HELD);
}
END_TEST

START_TEST(a_device_that_returns_is_another_registration)
{
    uint64_t first = scan_tree_read(0)->registration;

    unit_rename(scan_tree.root, "class/infiniband/mlx5_0", "class/infiniband/away");
    ck_assert_ptr_null(scan_tree_read(SECOND));
    unit_rename(scan_tree.root, "class/infiniband/away", "class/infiniband/mlx5_0");
    ck_assert_uint_ne(scan_tree_read(SECOND)->registration, first);
}
END_TEST

/* The files of a device that is unregistered while it is read answer ENODEV, as those of sysfs do. */
static void replace_while_it_is_read(void)
{
    replace_device();
    sysfs_fake_fail(SCAN_TREE_DEVICE, ENODEV);
}

static const char *const moments[] = {
    "/counters/symbol_error", "/counters/link_downed", "/hw_counters/rx_write_requests",
    "/ports/1/state",         "/ports/1/rate",
};

START_TEST(a_device_that_changes_under_a_pass_is_never_mixed)
{
    if (_i >= UNIT_COUNT(moments))
        scan_tree_read(0);
    sysfs_fake_call_before(moments[_i % UNIT_COUNT(moments)], replace_while_it_is_read);
    scan_tree_read(61 * SECOND);
    ck_assert_str_eq(scan_tree.device->node_guid, "0000:0000:0000:0002");
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 4711);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

/* The one that follows is unregistered at once, too. */
static void replace_twice(void)
{
    sysfs_fake_fail(OTHER, ENODEV);
    sysfs_fake_call_before(OTHER "/ports/1/counters", remove_device);
    replace_while_it_is_read();
}

START_TEST(a_device_that_goes_again_and_again_is_gone)
{
    sysfs_fake_call_before("/counters/symbol_error", replace_twice);
    ck_assert_ptr_null(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.error, -ENODEV);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), 0);
}
END_TEST

START_TEST(a_device_that_answers_nothing_but_is_there_keeps_its_row)
{
    sysfs_fake_fail(SCAN_TREE_DEVICE, ENODEV);
    ck_assert_ptr_nonnull(scan_tree_read(0));
    ck_assert_int_eq(scan_tree.device->status, STATUS_PARTIAL);
    ck_assert_int_eq(scan_tree.port->status, STATUS_REFUSED);
}
END_TEST

START_TEST(two_devices_that_swap_names_keep_their_numbers)
{
    struct scan *first = scan_tree.scan, *second = scan_new(&scan_tree.settings, "mlx5_1");

    scan_tree_add(OTHER, "mlx5_1", OTHER_GUID);
    unit_write(scan_tree.root, OTHER "/ports/1/counters/symbol_error", "4711\n");
    for (int swaps = 0; swaps < 3; swaps++) {
        bool swapped = swaps % 2;

        for (int i = 0; i < 2; i++) {
            scan_tree.scan = i == 0 ? first : second;
            scan_tree_read(SECOND);
            ck_assert_str_eq(scan_tree.device->name, i == 0 ? "mlx5_0" : "mlx5_1");
            ck_assert_str_eq(scan_tree.port->device_name, scan_tree.device->name);
            ck_assert_uint_eq(scan_tree_counter("symbol_error"), (i == 1) != swapped ? 4711 : 100);
            ck_assert_str_eq(scan_tree.device->node_guid,
                             (i == 1) != swapped ? "0000:0000:0000:0002" : "0c42:a103:0065:1f3a");
        }
        unit_rename(scan_tree.root, "class/infiniband/mlx5_0", "class/infiniband/between");
        unit_rename(scan_tree.root, "class/infiniband/mlx5_1", "class/infiniband/mlx5_0");
        unit_rename(scan_tree.root, "class/infiniband/between", "class/infiniband/mlx5_1");
    }
    scan_tree.scan = first;
    scan_free(second);
}
END_TEST

/* The mark is that of a listing: while it stays, nobody need look at every link, but a minute is the longest. */
START_TEST(a_device_that_takes_over_a_name_is_noticed_when_the_class_is_another_one)
{
    static const struct {
        uint64_t mark;
        int64_t later; /* ms */
        bool is_noticed;
    } cases[] = {{1, SECOND, false}, {2, SECOND, true}, {0, SECOND, true}, {1, 60 * SECOND, true}};

    scan_tree_add(OTHER, "mlx5_1", OTHER_GUID);
    scan_tree.settings.class_mark = 1;
    scan_tree_read(0);
    scan_tree_read(SECOND);
    unit_rename(scan_tree.root, "class/infiniband/mlx5_0", "class/infiniband/between");
    unit_rename(scan_tree.root, "class/infiniband/mlx5_1", "class/infiniband/mlx5_0");
    scan_tree.settings.class_mark = cases[_i].mark;
    scan_tree_read(cases[_i].later);
    ck_assert_str_eq(scan_tree.device->node_guid, cases[_i].is_noticed ? "0000:0000:0000:0002" : "0c42:a103:0065:1f3a");
}
END_TEST

/* --- The device of the physical function --- */

#define FUNCTION "devices/pci0000:17/0000:17:00.0/0000:19:00.0"

START_TEST(a_parent_that_is_renamed_goes_or_comes_is_noticed_within_a_minute)
{
    unit_mkdir(scan_tree.root, FUNCTION);
    unit_symlink(scan_tree.root, SCAN_TREE_DEVICE "/device/physfn", "../0000:19:00.0");
    scan_tree_read(0);
    ck_assert_str_eq(scan_tree.device->parent, "");
    unit_mkdir(scan_tree.root, FUNCTION "/infiniband/mlx5_7");
    scan_tree_read(60 * SECOND);
    ck_assert_str_eq(scan_tree.device->parent, "mlx5_7");
    unit_rename(scan_tree.root, FUNCTION "/infiniband/mlx5_7", FUNCTION "/infiniband/pf");
    scan_tree_read(60 * SECOND - 1);
    ck_assert_str_eq(scan_tree.device->parent, "mlx5_7"); /* a listing a minute is enough */
    scan_tree_read(1);
    ck_assert_str_eq(scan_tree.device->parent, "pf");
    unit_remove(scan_tree.root, FUNCTION "/infiniband");
    scan_tree_read(60 * SECOND);
    ck_assert_str_eq(scan_tree.device->parent, "");
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

/* --- The rest --- */

START_TEST(a_root_may_have_a_long_path)
{
    char path[UNIT_PATH_SIZE], deep[UNIT_PATH_SIZE];

    memset(deep, 0, sizeof(deep));
    for (int i = 0; i < 130; i++)
        strcat(deep, "./");
    unit_path(path, scan_tree.root, deep);
    scan_tree.settings.sysfs_root = path;
    scan_tree_make_ethernet();
    for (int pass = 0; pass < 2; pass++) {
        scan_tree_read(SECOND);
        ck_assert_ptr_nonnull(scan_tree.device);
        ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
        ck_assert_int_eq(scan_tree.port->ifindex, 7);
    }
    ck_assert_uint_eq(sysfs_fake_opens("/counters/symbol_error"), 1);
}
END_TEST

START_TEST(a_probe_reads_one_file)
{
    scan_probe(scan_tree.scan); /* nothing is open yet */
    ck_assert_uint_eq(sysfs_fake_reads("/"), 0);
    scan_tree_read(0);
    sysfs_fake_forget();
    scan_probe(scan_tree.scan);
    ck_assert_uint_eq(sysfs_fake_reads("/"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/hw_counters/"), 1);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_device");
    TCase *tcase = unit_case(suite, "device");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_test(tcase, ports_come_in_ascending_order_and_junk_is_no_port);
    tcase_add_test(tcase, a_device_without_ports_is_a_device);
    tcase_add_test(tcase, a_counter_name_that_cannot_be_an_index_is_counted);
    tcase_add_test(tcase, counter_names_sort_by_length_and_then_octets);
    tcase_add_test(tcase, a_device_that_is_gone_leaves_nothing);
    tcase_add_test(tcase, a_device_that_never_was_is_an_error);
    tcase_add_test(tcase, a_link_that_leads_nowhere_is_told_apart_from_a_removal);
    tcase_add_test(tcase, a_device_that_cannot_be_opened_says_why);
    tcase_add_loop_test(tcase, files_that_come_late_are_read_5_s_later, 0, 2);
    tcase_add_test(tcase, directories_of_ib_cm_that_come_late_change_nothing);
    tcase_add_test(tcase, another_device_of_the_name_is_another_registration);
    tcase_add_test(tcase, a_device_that_returns_is_another_registration);
    tcase_add_loop_test(tcase, a_device_that_changes_under_a_pass_is_never_mixed, 0, 2 * UNIT_COUNT(moments));
    tcase_add_test(tcase, a_device_that_goes_again_and_again_is_gone);
    tcase_add_test(tcase, a_device_that_answers_nothing_but_is_there_keeps_its_row);
    tcase_add_test(tcase, two_devices_that_swap_names_keep_their_numbers);
    tcase_add_loop_test(tcase, a_device_that_takes_over_a_name_is_noticed_when_the_class_is_another_one, 0, 4);
    tcase_add_test(tcase, a_parent_that_is_renamed_goes_or_comes_is_noticed_within_a_minute);
    tcase_add_test(tcase, a_root_may_have_a_long_path);
    tcase_add_test(tcase, a_probe_reads_one_file);
    return suite;
}
