/* scan_state_test: which files a pass asks for at all: those that cost firmware commands no more often than it must. */
#include <errno.h>
#include <string.h>

#include "lib/scan_asks.h"
#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* --- Counters --- */

/* mlx5 refreshes its whole set only when this one is read. */
START_TEST(rx_write_requests_is_read_before_the_other_hardware_counters)
{
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(scan_asks(SECOND, "/hw_counters/"), HW_COUNTERS);
        ck_assert_str_eq(strrchr(sysfs_fake_first_read("/hw_counters/"), '/'), "/rx_write_requests");
    }
}
END_TEST

START_TEST(counters_are_read_at_each_pass_before_all_else)
{
    scan_tree_read(0); /* which looks at the PCI function, too */
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), COUNTERS);
        ck_assert_ptr_nonnull(strstr(sysfs_fake_first_read("/"), "/counters/"));
    }
}
END_TEST

/* --- InfiniBand --- */

START_TEST(an_infiniband_port_is_asked_for_its_state_at_each_pass)
{
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1);
        ck_assert_uint_eq(sysfs_fake_reads("1/phys_state"), 1);
    }
    scan_tree_write_port("state", "1: DOWN\n");
    scan_tree_write_port("phys_state", "2: Polling\n");
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
    ck_assert_str_eq(scan_tree.port->phys_state_text, "Polling");
}
END_TEST

START_TEST(attributes_are_read_once_a_minute)
{
    scan_asks(0, "");
    ck_assert(scan_asked_attributes());
    for (int minute = 0; minute < 3; minute++) {
        for (int pass = 0; pass < 59; pass++) {
            scan_asks(SECOND, "");
            ck_assert(!scan_asked_attributes());
            ck_assert_int_eq(scan_tree.port->lid, 0x1a);
            ck_assert_int_eq(scan_tree.port->speed, 400000);
        }
        scan_asks(SECOND, "");
        ck_assert(scan_asked_attributes());
    }
}
END_TEST

START_TEST(attributes_are_read_when_the_state_has_changed)
{
    scan_tree_read(0);
    scan_tree_write_port("state", "1: DOWN\n");
    scan_asks(SECOND, "");
    ck_assert(scan_asked_attributes());
    ck_assert_int_eq(scan_tree.port->speed, ABSENT);
    scan_asks(SECOND, "");
    ck_assert(!scan_asked_attributes());
    scan_tree_write_port("state", "4: ACTIVE\n");
    scan_tree_write_port("rate", "200 Gb/sec (4X HDR)\n");
    scan_asks(SECOND, "");
    ck_assert_int_eq(scan_tree.port->speed, 200000);
    scan_asks(SECOND, "");
    ck_assert(!scan_asked_attributes());
}
END_TEST

static const char *const link_files[] = {"counters/link_downed", "counters/link_error_recovery"};

START_TEST(attributes_are_read_when_an_error_counter_of_the_link_moved)
{
    scan_tree_read(0);
    scan_tree_write_port(link_files[_i], "200\n");
    scan_asks(SECOND, "");
    ck_assert(scan_asked_attributes());
    scan_asks(SECOND, "");
    ck_assert(!scan_asked_attributes());
    scan_tree_write_port(link_files[_i], "0\n"); /* reset */
    scan_asks(SECOND, "");
    ck_assert(scan_asked_attributes());
}
END_TEST

START_TEST(one_error_counter_of_the_link_is_enough)
{
    sysfs_fake_fail(link_files[1 - _i], EINVAL);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    scan_asks(SECOND, "");
    ck_assert(!scan_asked_attributes());
    scan_tree_write_port(link_files[_i], "200\n");
    scan_asks(SECOND, "");
    ck_assert(scan_asked_attributes());
}
END_TEST

START_TEST(other_counters_may_move_as_they_like)
{
    scan_tree_read(0);
    scan_tree_write_port("counters/symbol_error", "200\n");
    scan_tree_write_port("counters/port_rcv_errors", "200\n");
    scan_asks(SECOND, "");
    ck_assert(!scan_asked_attributes());
}
END_TEST

START_TEST(an_attribute_that_failed_in_passing_is_asked_again_at_once)
{
    sysfs_fake_fail("/sm_lid", EIO);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.port->sm_lid, ABSENT);
    ck_assert_uint_eq(scan_asks(SECOND, "/sm_lid"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/cap_mask"), 0); /* and the others are not */
    ck_assert_int_eq(scan_tree.port->capability_mask, 0x2651e848);
    sysfs_fake_fail("/sm_lid", 0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.port->sm_lid, 1);
    ck_assert_uint_eq(scan_asks(SECOND, "/sm_lid"), 0);
}
END_TEST

/* --- Ethernet without a netdev --- */

START_TEST(an_ethernet_port_without_a_netdev_is_asked_at_each_pass)
{
    scan_tree_write_port("link_layer", "Ethernet\n");
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1);
}
END_TEST

/* --- The device --- */

START_TEST(what_cannot_change_is_asked_once)
{
    static const char *const files[] = {"node_type", "node_guid", "sys_image_guid", "fw_ver",
                                        "hw_rev",    "hca_type",  "board_id"};

    scan_tree_read(0);
    for (int minute = 0; minute < 3; minute++) {
        ck_assert_uint_eq(scan_asks(MINUTE, "/node_desc"), 1); /* rdma-ndd writes it */
        for (int i = 0; i < UNIT_COUNT(files); i++)
            ck_assert_uint_eq(sysfs_fake_reads(files[i]), 0);
        ck_assert_uint_eq(scan_asks(SECOND, "/node_desc"), 0);
    }
    ck_assert_str_eq(scan_tree.device->board_id, "MT_0000000838");
    scan_tree_write("node_desc", "renamed\n");
    scan_tree_read(MINUTE);
    ck_assert_str_eq(scan_tree.device->node_description, "renamed");
}
END_TEST

START_TEST(what_failed_in_passing_is_asked_again_at_once)
{
    sysfs_fake_fail("/fw_ver", EIO);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->status, STATUS_PARTIAL);
    sysfs_fake_fail("/fw_ver", 0);
    scan_tree_read(SECOND);
    ck_assert_str_eq(scan_tree.device->firmware, "28.41.1000");
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_uint_eq(scan_asks(SECOND, "/fw_ver"), 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_state");
    TCase *tcase = unit_case(suite, "scan_state");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_test(tcase, rx_write_requests_is_read_before_the_other_hardware_counters);
    tcase_add_test(tcase, counters_are_read_at_each_pass_before_all_else);
    tcase_add_test(tcase, an_infiniband_port_is_asked_for_its_state_at_each_pass);
    tcase_add_test(tcase, attributes_are_read_once_a_minute);
    tcase_add_test(tcase, attributes_are_read_when_the_state_has_changed);
    tcase_add_loop_test(tcase, attributes_are_read_when_an_error_counter_of_the_link_moved, 0, UNIT_COUNT(link_files));
    tcase_add_loop_test(tcase, one_error_counter_of_the_link_is_enough, 0, UNIT_COUNT(link_files));
    tcase_add_test(tcase, other_counters_may_move_as_they_like);
    tcase_add_test(tcase, an_attribute_that_failed_in_passing_is_asked_again_at_once);
    tcase_add_test(tcase, what_cannot_change_is_asked_once);
    tcase_add_test(tcase, what_failed_in_passing_is_asked_again_at_once);
    tcase_add_test(tcase, an_ethernet_port_without_a_netdev_is_asked_at_each_pass);
    return suite;
}
