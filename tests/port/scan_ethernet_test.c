/* scan_ethernet_test: how often an Ethernet port is asked: seldom while its netdev, which vouches for it, is still. */
#include <errno.h>
#include <stdatomic.h>

#include "lib/scan_asks.h"
#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

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
        ck_assert_uint_eq(scan_asks(SECOND, "state"), 1); /* operstate */
        ck_assert_uint_eq(sysfs_fake_reads("1/state") + sysfs_fake_reads("phys_state"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("eth0/carrier_changes"), 1);
        ck_assert_uint_eq(sysfs_fake_reads("eth0/flags"), 1);
        ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
        ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
    }
}
END_TEST

START_TEST(an_ethernet_port_is_asked_every_minute)
{
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(scan_asks(MINUTE - 1, "1/state"), 0);
    ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    ck_assert_uint_eq(scan_asks(1, "1/state"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("1/phys_state"), 1);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
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
    ck_assert_uint_eq(scan_asks(MINUTE, "1/state"), 1); /* and sees that there is no speed */
    scan_tree_write_port("gids/0", "fe80:0000:0000:0000:0000:00ff:fe00:0001\n");
    for (int minute = 1; minute < 60; minute++) {
        ck_assert_uint_eq(scan_asks(MINUTE, "1/state") + sysfs_fake_reads("1/phys_state"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("1/rate") + sysfs_fake_reads("1/lid") + sysfs_fake_reads("1/cap_mask"), 0);
        ck_assert_uint_eq(sysfs_fake_reads("1/gids/0"), 1);
        ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
        ck_assert_int_eq(scan_tree.port->speed, 400000);
        ck_assert_int_eq(scan_tree.port->lid, 0x1a);
        ck_assert_str_eq(scan_tree.port->gid, "fe80:0000:0000:0000:0000:00ff:fe00:0001");
    }
    ck_assert_uint_eq(scan_asks(MINUTE, "1/state"), 1);
    ck_assert(scan_asked_attributes());
}
END_TEST

START_TEST(attributes_without_time_are_read_next_though_there_is_no_speed)
{
    enum { UP_TO_THE_RATE = COUNTERS + HW_COUNTERS + 3 + 2 + 2 }; /* netdev, states, link_layer, rate */

    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    scan_asks(MINUTE, "");
    unit_write(scan_tree.root, "class/net/eth0/operstate", "down\n");
    scan_tree_write_port("state", "2: INIT\n");
    sysfs_fake_forget();
    scan_tree_read_in_haste(SECOND, UP_TO_THE_RATE);
    ck_assert_int_eq(scan_tree.port->speed, 400000);
    ck_assert_int_eq(scan_tree.port->lid, ABSENT);
    scan_asks(SECOND, "");
    ck_assert_int_eq(scan_tree.port->lid, 0x1a);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
}
END_TEST

START_TEST(an_ethernet_port_that_has_its_speed_back_is_asked_every_minute)
{
    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    ck_assert_uint_eq(scan_asks(MINUTE, "1/state"), 1);
    unit_write(scan_tree.root, "class/net/eth0/speed", "400000\n");
    ck_assert_uint_eq(scan_asks(MINUTE, "1/state"), 0);
    for (int minute = 0; minute < 3; minute++)
        ck_assert_uint_eq(scan_asks(MINUTE, "1/state"), 1);
    ck_assert(scan_asked_attributes());
}
END_TEST

START_TEST(an_ethernet_port_without_speed_is_asked_when_its_netdev_has_moved)
{
    unit_write(scan_tree.root, "class/net/eth0/speed", "-1\n");
    scan_asks(MINUTE, "");
    unit_write(scan_tree.root, movements[_i].path, movements[_i].text);
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
    ck_assert(scan_asked_attributes());
}
END_TEST

START_TEST(an_ethernet_port_is_asked_when_its_netdev_has_moved)
{
    unit_write(scan_tree.root, movements[_i].path, movements[_i].text);
    scan_tree_write_port("state", "1: DOWN\n");
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
    ck_assert(scan_asked_attributes());
    if (movements[_i].text[0] == '\0')
        return;
    for (int pass = 0; pass < 2; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1); /* the port may move after it */
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 0);
}
END_TEST

START_TEST(a_netdev_that_there_was_no_time_for_has_not_moved)
{
    for (int reads = 0; reads < COUNTERS + HW_COUNTERS + 3; reads++) {
        scan_tree_read_in_haste(1, reads);
        ck_assert_uint_eq(scan_asks(1, "1/state"), 0);
    }
}
END_TEST

START_TEST(an_ethernet_port_that_moves_after_its_netdev_is_seen_to)
{
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    scan_tree_write_port("state", "1: DOWN\n");
    scan_tree_read(5 * SECOND);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
}
END_TEST

START_TEST(a_state_that_there_was_no_time_to_look_at_is_absent)
{
    scan_tree_write_port("state", "1: DOWN\n");
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read_in_haste(SECOND, COUNTERS + HW_COUNTERS);
    ck_assert_int_eq(scan_tree.port->state, ABSENT);
    ck_assert_int_eq(scan_tree.port->phys_state, ABSENT);
    ck_assert_str_eq(scan_tree.port->state_text, "");
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.port->state, PORT_DOWN);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
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
    ck_assert_str_eq(scan_tree.port->netdev, "ens1");
    ck_assert_int_eq(scan_tree.port->ifindex, 7);
    sysfs_fake_fail("ens1/flags", 0);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 0);
}
END_TEST

START_TEST(a_netdev_that_is_gone_costs_the_port_nothing_else)
{
    unit_remove(scan_tree.root, "class/net/eth0");
    scan_tree_write_port("gid_attrs/ndevs/0", "\n");
    sysfs_fake_fail("eth0", ENODEV);
    scan_tree_read(SECOND);
    ck_assert_str_eq(scan_tree.port->netdev, "");
    ck_assert_int_eq(scan_tree.port->ifindex, ABSENT);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_uint_eq(scan_tree.device->failures, 0);
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), 1);
}
END_TEST

/* The kernel may still have been making the files of a device that was just found. */
START_TEST(a_state_that_was_not_there_yet_is_asked_for_at_each_pass)
{
    static const char *const files[] = {"1/state", "1/phys_state"};

    sysfs_fake_fail(files[_i], ENOENT);
    unit_write(scan_tree.root, "class/net/eth0/carrier_changes", "3\n");
    scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_asks(SECOND, files[_i]), 1);
    sysfs_fake_fail(files[_i], 0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    ck_assert_int_eq(scan_tree.port->phys_state, 5);
    ck_assert_uint_eq(scan_asks(SECOND, files[_i]), 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_ethernet");
    TCase *tcase = unit_case(suite, "scan_ethernet");

    tcase_add_checked_fixture(tcase, make_ethernet, scan_tree_free);
    tcase_add_test(tcase, an_ethernet_port_is_not_asked_while_its_netdev_stands_still);
    tcase_add_test(tcase, an_ethernet_port_is_asked_every_minute);
    tcase_add_loop_test(tcase, an_ethernet_port_is_asked_when_its_netdev_has_moved, 0, UNIT_COUNT(movements));
    tcase_add_loop_test(tcase, an_ethernet_port_without_speed_is_asked_every_hour, 0, UNIT_COUNT(no_speeds));
    tcase_add_test(tcase, attributes_without_time_are_read_next_though_there_is_no_speed);
    tcase_add_test(tcase, an_ethernet_port_that_has_its_speed_back_is_asked_every_minute);
    tcase_add_loop_test(tcase, an_ethernet_port_without_speed_is_asked_when_its_netdev_has_moved, 0,
                        UNIT_COUNT(movements));
    tcase_add_loop_test(tcase, a_state_that_was_not_there_yet_is_asked_for_at_each_pass, 0, 2);
    tcase_add_test(tcase, a_netdev_that_there_was_no_time_for_has_not_moved);
    tcase_add_test(tcase, an_ethernet_port_that_moves_after_its_netdev_is_seen_to);
    tcase_add_test(tcase, a_state_that_there_was_no_time_to_look_at_is_absent);
    tcase_add_test(tcase, files_of_the_netdev_are_held_open);
    tcase_add_test(tcase, a_netdev_that_is_renamed_is_found_at_once);
    tcase_add_test(tcase, a_netdev_that_is_gone_costs_the_port_nothing_else);
    return suite;
}
