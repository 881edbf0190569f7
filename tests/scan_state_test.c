/* scan_state_test: which files a pass asks at all: what costs a firmware command is asked no more often than it must.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scan_tree.h"
#include "sysfs_fake.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, COUNTERS = 21, HW_COUNTERS = 6 };

static const struct port *port(void)
{
    return &scan_tree.device->ports[0];
}

static size_t asks(int64_t after, const char *part)
{
    sysfs_fake_forget();
    scan_tree_read(after);
    return sysfs_fake_reads(part);
}

/* Reads of the slow attributes in the last pass: all of them, or none. */
static bool attributes_were_read(void)
{
    static const char *const files[] = {"link_layer", "rate",  "lid",      "lid_mask_count",
                                        "sm_lid",     "sm_sl", "cap_mask", "gids/0"};
    size_t reads = 0;
    char part[64];

    for (int i = 0; i < UNIT_COUNT(files); i++) {
        snprintf(part, sizeof(part), "/ports/1/%s", files[i]);
        ck_assert_uint_le(sysfs_fake_reads(part), strcmp(files[i], "lid") == 0 ? 2 : 1); /* lid_mask_count */
        reads += sysfs_fake_reads(part) > 0;
    }
    ck_assert(reads == 0 || reads == UNIT_COUNT(files));
    return reads > 0;
}

/* --- Counters --- */

/* mlx5 refreshes its whole set only when this one is read. */
START_TEST(rx_write_requests_is_read_before_the_other_hardware_counters)
{
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(asks(SECOND, "/hw_counters/"), HW_COUNTERS);
        ck_assert_str_eq(strrchr(sysfs_fake_first_read("/hw_counters/"), '/'), "/rx_write_requests");
    }
}
END_TEST

START_TEST(counters_are_read_at_each_pass_before_all_else)
{
    scan_tree_read(0); /* which looks at the PCI function, too */
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(asks(SECOND, "/counters/"), COUNTERS);
        ck_assert_ptr_nonnull(strstr(sysfs_fake_first_read("/"), "/counters/"));
    }
}
END_TEST

/* --- InfiniBand --- */

START_TEST(an_infiniband_port_is_asked_for_its_state_at_each_pass)
{
    for (int pass = 0; pass < 3; pass++) {
        ck_assert_uint_eq(asks(SECOND, "1/state"), 1);
        ck_assert_uint_eq(sysfs_fake_reads("1/phys_state"), 1);
    }
    scan_tree_write_port("state", "1: DOWN\n");
    scan_tree_write_port("phys_state", "2: Polling\n");
    scan_tree_read(SECOND);
    ck_assert_int_eq(port()->state, PORT_DOWN);
    ck_assert_str_eq(port()->phys_state_text, "Polling");
}
END_TEST

START_TEST(attributes_are_read_once_a_minute)
{
    asks(0, "");
    ck_assert(attributes_were_read());
    for (int minute = 0; minute < 3; minute++) {
        for (int pass = 0; pass < 59; pass++) {
            asks(SECOND, "");
            ck_assert(!attributes_were_read());
            ck_assert_int_eq(port()->lid, 0x1a);
            ck_assert_int_eq(port()->speed, 400000);
        }
        asks(SECOND, "");
        ck_assert(attributes_were_read());
    }
}
END_TEST

START_TEST(attributes_are_read_when_the_state_has_changed)
{
    scan_tree_read(0);
    scan_tree_write_port("state", "1: DOWN\n");
    asks(SECOND, "");
    ck_assert(attributes_were_read());
    ck_assert_int_eq(port()->speed, ABSENT);
    asks(SECOND, "");
    ck_assert(!attributes_were_read());
    scan_tree_write_port("state", "4: ACTIVE\n");
    scan_tree_write_port("rate", "200 Gb/sec (4X HDR)\n");
    asks(SECOND, "");
    ck_assert_int_eq(port()->speed, 200000);
    asks(SECOND, "");
    ck_assert(!attributes_were_read());
}
END_TEST

static const char *const link_files[] = {"counters/link_downed", "counters/link_error_recovery"};

START_TEST(attributes_are_read_when_an_error_counter_of_the_link_moved)
{
    scan_tree_read(0);
    scan_tree_write_port(link_files[_i], "200\n");
    asks(SECOND, "");
    ck_assert(attributes_were_read());
    asks(SECOND, "");
    ck_assert(!attributes_were_read());
    scan_tree_write_port(link_files[_i], "0\n"); /* reset */
    asks(SECOND, "");
    ck_assert(attributes_were_read());
}
END_TEST

START_TEST(one_error_counter_of_the_link_is_enough)
{
    sysfs_fake_fail(link_files[1 - _i], EINVAL);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    asks(SECOND, "");
    ck_assert(!attributes_were_read());
    scan_tree_write_port(link_files[_i], "200\n");
    asks(SECOND, "");
    ck_assert(attributes_were_read());
}
END_TEST

START_TEST(other_counters_may_move_as_they_like)
{
    scan_tree_read(0);
    scan_tree_write_port("counters/symbol_error", "200\n");
    scan_tree_write_port("counters/port_rcv_errors", "200\n");
    asks(SECOND, "");
    ck_assert(!attributes_were_read());
}
END_TEST

START_TEST(an_attribute_that_failed_in_passing_is_asked_again_at_once)
{
    sysfs_fake_fail("/sm_lid", EIO);
    scan_tree_read(0);
    ck_assert_int_eq(port()->sm_lid, ABSENT);
    ck_assert_uint_eq(asks(SECOND, "/sm_lid"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/cap_mask"), 0); /* and the others are not */
    ck_assert_int_eq(port()->capability_mask, 0x2651e848);
    sysfs_fake_fail("/sm_lid", 0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(port()->sm_lid, 1);
    ck_assert_uint_eq(asks(SECOND, "/sm_lid"), 0);
}
END_TEST

/* --- The device --- */

START_TEST(what_cannot_change_is_asked_once)
{
    static const char *const files[] = {"node_type", "node_guid", "sys_image_guid", "fw_ver",
                                        "hw_rev",    "hca_type",  "board_id"};

    scan_tree_read(0);
    for (int minute = 0; minute < 3; minute++) {
        ck_assert_uint_eq(asks(MINUTE, "/node_desc"), 1); /* rdma-ndd writes it */
        for (int i = 0; i < UNIT_COUNT(files); i++)
            ck_assert_uint_eq(sysfs_fake_reads(files[i]), 0);
        ck_assert_uint_eq(asks(SECOND, "/node_desc"), 0);
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
    ck_assert_uint_eq(asks(SECOND, "/fw_ver"), 0);
}
END_TEST

/* --- Ethernet: the netdev vouches for the link --- */

static void make_ethernet(void)
{
    scan_tree_make();
    scan_tree_make_ethernet();
    scan_tree_read(0);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND); /* from here on it knows what the netdev said, and that this was all */
}

START_TEST(an_ethernet_port_is_not_asked_while_its_netdev_stands_still)
{
    for (int pass = 0; pass < 59; pass++) {
        ck_assert_uint_eq(asks(SECOND, "state"), 1); /* operstate */
        ck_assert_uint_eq(sysfs_fake_reads("1/state") + sysfs_fake_reads("phys_state"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("eth0/carrier_changes"), 1);
        ck_assert_uint_eq(sysfs_fake_reads("eth0/flags"), 1);
        ck_assert_int_eq(port()->state, PORT_ACTIVE);
        ck_assert_int_eq(port()->status, STATUS_OK);
    }
}
END_TEST

START_TEST(an_ethernet_port_is_asked_every_minute)
{
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(asks(MINUTE - 1, "1/state"), 0);
    ck_assert_int_eq(port()->state, PORT_ACTIVE);
    ck_assert_uint_eq(asks(1, "1/state"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("1/phys_state"), 1);
    ck_assert_int_eq(port()->state, PORT_DOWN);
}
END_TEST

static const struct {
    const char *path, *text;
} movements[] = {
    {"class/net/eth0/carrier_changes", "3\n"},
    {"class/net/eth0/flags", "0x1002\n"},
    {"class/net/eth0/operstate", "down\n"},
    {"class/net/eth0/operstate", ""},
};

/* What the speed of a netdev reads as that has none. */
static const char *const no_speeds[] = {"-1\n", "0\n", ""};

START_TEST(an_ethernet_port_without_speed_is_asked_every_hour)
{
    unit_write(scan_tree.root, "class/net/eth0/speed", no_speeds[_i]);
    ck_assert_uint_eq(asks(MINUTE, "1/state"), 1); /* and sees that there is no speed */
    scan_tree_write_port("gids/0", "fe80:0000:0000:0000:0000:00ff:fe00:0001\n");
    for (int minute = 1; minute < 60; minute++) {
        ck_assert_uint_eq(asks(MINUTE, "1/state") + sysfs_fake_reads("1/phys_state"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("1/rate") + sysfs_fake_reads("1/lid") + sysfs_fake_reads("1/cap_mask"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("1/gids/0"), 1);
        ck_assert_int_eq(port()->state, PORT_ACTIVE);
        ck_assert_int_eq(port()->speed, 400000);
        ck_assert_int_eq(port()->lid, 0x1a);
        ck_assert_str_eq(port()->gid, "fe80:0000:0000:0000:0000:00ff:fe00:0001");
    }
    ck_assert_uint_eq(asks(MINUTE, "1/state"), 1);
    ck_assert(attributes_were_read());
}
END_TEST

START_TEST(attributes_without_time_are_read_next_though_there_is_no_speed)
{
    enum { UP_TO_THE_RATE = COUNTERS + HW_COUNTERS + 3 + 2 + 2 }; /* netdev, states, link_layer, rate */

    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    asks(MINUTE, "");
    unit_write(scan_tree.root, "class/net/eth0/operstate", "down\n");
    scan_tree_write_port("state", "2: INIT\n");
    sysfs_fake_forget();
    scan_tree_read_in_haste(SECOND, UP_TO_THE_RATE);
    ck_assert_int_eq(port()->speed, 400000);
    ck_assert_int_eq(port()->lid, ABSENT);
    asks(SECOND, "");
    ck_assert_int_eq(port()->lid, 0x1a);
    ck_assert_int_eq(port()->status, STATUS_OK);
}
END_TEST

START_TEST(an_ethernet_port_that_has_its_speed_back_is_asked_every_minute)
{
    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    ck_assert_uint_eq(asks(MINUTE, "1/state"), 1);
    unit_write(scan_tree.root, "class/net/eth0/speed", "400000\n");
    ck_assert_uint_eq(asks(MINUTE, "1/state"), 0);
    for (int minute = 0; minute < 3; minute++)
        ck_assert_uint_eq(asks(MINUTE, "1/state"), 1);
    ck_assert(attributes_were_read());
}
END_TEST

START_TEST(an_ethernet_port_without_speed_is_asked_when_its_netdev_has_moved)
{
    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    asks(MINUTE, "");
    unit_write(scan_tree.root, movements[_i].path, movements[_i].text);
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(asks(SECOND, "1/state"), 1);
    ck_assert_int_eq(port()->state, PORT_DOWN);
    ck_assert(attributes_were_read());
}
END_TEST

START_TEST(an_ethernet_port_is_asked_when_its_netdev_has_moved)
{
    unit_write(scan_tree.root, movements[_i].path, movements[_i].text);
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(asks(SECOND, "1/state"), 1);
    ck_assert_int_eq(port()->state, PORT_DOWN);
    ck_assert(attributes_were_read());
    if (movements[_i].text[0] == '\0')
        return;
    for (int pass = 0; pass < 2; pass++)
        ck_assert_uint_eq(asks(SECOND, "1/state"), 1); /* the port may move after it */
    ck_assert_uint_eq(asks(SECOND, "1/state"), 0);
}
END_TEST

START_TEST(a_netdev_that_there_was_no_time_for_has_not_moved)
{
    for (int reads = 0; reads < COUNTERS + HW_COUNTERS + 3; reads++) {
        scan_tree_read_in_haste(1, reads);
        ck_assert_uint_eq(asks(1, "1/state"), 0);
    }
}
END_TEST

START_TEST(an_ethernet_port_that_moves_after_its_netdev_is_seen_to)
{
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read(SECOND);
    ck_assert_int_eq(port()->state, PORT_ACTIVE);
    scan_tree_write_port("state", "1: DOWN\n");
    scan_tree_read(5 * SECOND);
    ck_assert_int_eq(port()->state, PORT_DOWN);
}
END_TEST

START_TEST(a_state_that_there_was_no_time_to_look_at_is_absent)
{
    scan_tree_write_port("state", "1: DOWN\n");
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read_in_haste(SECOND, COUNTERS + HW_COUNTERS);
    ck_assert_int_eq(port()->state, ABSENT);
    ck_assert_int_eq(port()->phys_state, ABSENT);
    ck_assert_str_eq(port()->state_text, "");
    ck_assert_int_eq(port()->status, STATUS_PARTIAL);
    scan_tree_read(SECOND);
    ck_assert_int_eq(port()->state, PORT_DOWN);
    ck_assert_int_eq(port()->status, STATUS_OK);
}
END_TEST

START_TEST(files_of_the_netdev_are_held_open)
{
    sysfs_fake_forget();
    for (int pass = 0; pass < 5; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(sysfs_fake_opens("eth0"), 0);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), COUNTERS + HW_COUNTERS + 2 + 3);
}
END_TEST

START_TEST(a_netdev_that_is_renamed_is_found_at_once)
{
    unit_rename(scan_tree.root, "class/net/eth0", "class/net/ens1");
    scan_tree_write_port("gid_attrs/ndevs/0", "ens1\n");
    sysfs_fake_fail("ens1/flags", ENODEV); /* what a held descriptor says */
    scan_tree_read(SECOND);
    ck_assert_str_eq(port()->netdev, "ens1");
    ck_assert_int_eq(port()->ifindex, 7);
    sysfs_fake_fail("ens1/flags", 0);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(asks(SECOND, "1/state"), 0);
}
END_TEST

START_TEST(a_netdev_that_is_gone_costs_the_port_nothing_else)
{
    unit_remove(scan_tree.root, "class/net/eth0");
    scan_tree_write_port("gid_attrs/ndevs/0", "\n");
    sysfs_fake_fail("eth0", ENODEV);
    scan_tree_read(SECOND);
    ck_assert_str_eq(port()->netdev, "");
    ck_assert_int_eq(port()->ifindex, ABSENT);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_uint_eq(scan_tree.device->failures, 0);
    ck_assert_uint_eq(asks(SECOND, "1/state"), 1);
}
END_TEST

START_TEST(an_ethernet_port_without_a_netdev_is_asked_at_each_pass)
{
    scan_tree_write_port("link_layer", "Ethernet\n");
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(asks(SECOND, "1/state"), 1);
}
END_TEST

/* The kernel may still have been making the files of a device that was just found. */
START_TEST(a_state_that_was_not_there_yet_is_asked_for_at_each_pass)
{
    static const char *const files[] = {"1/state", "1/phys_state"};

    sysfs_fake_fail(files[_i], ENOENT);
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read(SECOND);
    ck_assert_uint_eq(asks(SECOND, files[_i]), 1);
    sysfs_fake_fail(files[_i], 0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(port()->state, PORT_ACTIVE);
    ck_assert_int_eq(port()->phys_state, 5);
    ck_assert_uint_eq(asks(SECOND, files[_i]), 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_state");
    TCase *infiniband = unit_case(suite, "infiniband"), *ethernet = unit_case(suite, "ethernet");

    tcase_add_checked_fixture(infiniband, scan_tree_make, scan_tree_free);
    tcase_add_test(infiniband, rx_write_requests_is_read_before_the_other_hardware_counters);
    tcase_add_test(infiniband, counters_are_read_at_each_pass_before_all_else);
    tcase_add_test(infiniband, an_infiniband_port_is_asked_for_its_state_at_each_pass);
    tcase_add_test(infiniband, attributes_are_read_once_a_minute);
    tcase_add_test(infiniband, attributes_are_read_when_the_state_has_changed);
    tcase_add_loop_test(infiniband, attributes_are_read_when_an_error_counter_of_the_link_moved, 0,
                        UNIT_COUNT(link_files));
    tcase_add_loop_test(infiniband, one_error_counter_of_the_link_is_enough, 0, UNIT_COUNT(link_files));
    tcase_add_test(infiniband, other_counters_may_move_as_they_like);
    tcase_add_test(infiniband, an_attribute_that_failed_in_passing_is_asked_again_at_once);
    tcase_add_test(infiniband, what_cannot_change_is_asked_once);
    tcase_add_test(infiniband, what_failed_in_passing_is_asked_again_at_once);
    tcase_add_test(infiniband, an_ethernet_port_without_a_netdev_is_asked_at_each_pass);

    tcase_add_checked_fixture(ethernet, make_ethernet, scan_tree_free);
    tcase_add_test(ethernet, an_ethernet_port_is_not_asked_while_its_netdev_stands_still);
    tcase_add_test(ethernet, an_ethernet_port_is_asked_every_minute);
    tcase_add_loop_test(ethernet, an_ethernet_port_is_asked_when_its_netdev_has_moved, 0, UNIT_COUNT(movements));
    tcase_add_loop_test(ethernet, an_ethernet_port_without_speed_is_asked_every_hour, 0, UNIT_COUNT(no_speeds));
    tcase_add_test(ethernet, attributes_without_time_are_read_next_though_there_is_no_speed);
    tcase_add_test(ethernet, an_ethernet_port_that_has_its_speed_back_is_asked_every_minute);
    tcase_add_loop_test(ethernet, an_ethernet_port_without_speed_is_asked_when_its_netdev_has_moved, 0,
                        UNIT_COUNT(movements));
    tcase_add_loop_test(ethernet, a_state_that_was_not_there_yet_is_asked_for_at_each_pass, 0, 2);
    tcase_add_test(ethernet, a_netdev_that_there_was_no_time_for_has_not_moved);
    tcase_add_test(ethernet, an_ethernet_port_that_moves_after_its_netdev_is_seen_to);
    tcase_add_test(ethernet, a_state_that_there_was_no_time_to_look_at_is_absent);
    tcase_add_test(ethernet, files_of_the_netdev_are_held_open);
    tcase_add_test(ethernet, a_netdev_that_is_renamed_is_found_at_once);
    tcase_add_test(ethernet, a_netdev_that_is_gone_costs_the_port_nothing_else);
    return suite;
}
