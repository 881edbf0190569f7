/* scan_netdev_test: which network interface is a port's. */
#include <stdio.h>
#include <string.h>

#include "scan_tree.h"
#include "sysfs_fake.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

struct file {
    const char *path, *text;
};

/* Files below the device, in two parts: how the kernel shows it, and the netdevs of ports 1 and 2 that follow. */
static const struct {
    const char *what;
    struct file files[6];
    bool two_ports;
    const char *netdevs[2];
} cases[] = {
    {"nothing tells", {{NULL, NULL}}, false, {"", ""}},
    {"RoCE: the first GID", {{"ports/1/gid_attrs/ndevs/0", "eth0\n"}}, false, {"eth0", ""}},
    {"the first GID goes before the PCI function",
     {{"ports/1/gid_attrs/ndevs/0", "bond0\n"}, {"device/net/eth0/dev_port", "0\n"}},
     false,
     {"bond0", ""}},
    {"mlx4: dev_port of the PCI function's netdevs",
     {{"device/net/eth0/dev_port", "0\n"}, {"device/net/eth1/dev_port", "1\n"}},
     true,
     {"eth0", "eth1"}},
    {"before dev_port: dev_id, in hexadecimal",
     {{"device/net/ib0/dev_id", "0x0\n"}, {"device/net/ib1/dev_id", "0x1\n"}},
     true,
     {"ib0", "ib1"}},
    {"dev_port goes before dev_id",
     {{"device/net/eth0/dev_port", "1\n"}, {"device/net/eth0/dev_id", "0x0\n"}},
     true,
     {"", "eth0"}},
    {"the only netdev of the only port", {{"device/net/ib0/mtu", "1500\n"}}, false, {"ib0", ""}},
    {"the only netdev of two ports is nobody's", {{"device/net/ib0/mtu", "1500\n"}}, true, {"", ""}},
    {"two netdevs without a number are nobody's",
     {{"device/net/ib0/mtu", "1500\n"}, {"device/net/ib1/mtu", "1500\n"}},
     false,
     {"", ""}},
    {"a netdev of another port is not ours", {{"device/net/eth1/dev_port", "1\n"}}, false, {"", ""}},
    {"rxe: parent", {{"parent", "eth3\n"}}, false, {"eth3", ""}},
    {"the PCI function goes before parent",
     {{"parent", "eth3\n"}, {"device/net/eth0/dev_port", "0\n"}},
     false,
     {"eth0", ""}},
};

START_TEST(the_kernel_tells_whose_netdev_it_is)
{
    for (int i = 0; cases[_i].files[i].path; i++)
        scan_tree_write(cases[_i].files[i].path, cases[_i].files[i].text);
    if (cases[_i].two_ports)
        scan_tree_write("ports/2/state", "4: ACTIVE\n");
    scan_tree_read(0);
    for (int i = 0; i < scan_tree.device->port_count; i++)
        ck_assert_msg(strcmp(scan_tree.device->ports[i].netdev, cases[_i].netdevs[i]) == 0, "%s: port %d has %s",
                      cases[_i].what, i + 1, scan_tree.device->ports[i].netdev);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

static const struct {
    const char *text;
    int64_t ifindex;
} indexes[] = {
    {"7\n", 7},
    {"2147483647\n", 2147483647},
    {"2147483648\n", ABSENT},
    {"0\n", ABSENT},
    {"-1\n", ABSENT},
    {"x\n", ABSENT},
    {"", ABSENT},
};

START_TEST(an_ifindex_is_from_1_to_2147483647)
{
    scan_tree_make_ethernet();
    unit_write(scan_tree.root, "class/net/eth0/ifindex", indexes[_i].text);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->ports[0].ifindex, indexes[_i].ifindex);
    ck_assert_str_eq(scan_tree.device->ports[0].netdev, "eth0");
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

START_TEST(a_netdev_that_changes_is_noticed_within_a_minute)
{
    scan_tree_make_ethernet();
    scan_tree_read(0);
    scan_tree_write_port("gid_attrs/ndevs/0", "bond0\n");
    unit_write(scan_tree.root, "class/net/bond0/ifindex", "12\n");
    scan_tree_read(MINUTE);
    ck_assert_str_eq(scan_tree.device->ports[0].netdev, "bond0");
    ck_assert_int_eq(scan_tree.device->ports[0].ifindex, 12);
}
END_TEST

START_TEST(a_netdev_of_other_hardware_only_has_the_same_name)
{
    scan_tree_make_ethernet();
    unit_mkdir(scan_tree.root, "devices/pci0000:17/0000:17:00.0/0000:2b:00.0");
    unit_symlink(scan_tree.root, "class/net/eth0/device", "../../../devices/pci0000:17/0000:17:00.0/0000:1a:00.0");
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->ports[0].ifindex, 7);
    unit_remove(scan_tree.root, "class/net/eth0/device");
    unit_symlink(scan_tree.root, "class/net/eth0/device", "../../../devices/pci0000:17/0000:17:00.0/0000:2b:00.0");
    scan_tree_read(60000);
    ck_assert_int_eq(scan_tree.device->ports[0].ifindex, ABSENT);
    ck_assert_str_eq(scan_tree.device->ports[0].netdev, "eth0");
}
END_TEST

START_TEST(without_class_net_there_is_a_name_and_no_index)
{
    scan_tree_make_ethernet();
    unit_remove(scan_tree.root, "class/net");
    scan_tree_read(0);
    ck_assert_str_eq(scan_tree.device->ports[0].netdev, "eth0");
    ck_assert_int_eq(scan_tree.device->ports[0].ifindex, ABSENT);
    sysfs_fake_forget();
    scan_tree_read(SECOND);
    ck_assert_uint_eq(sysfs_fake_reads("1/state"), 1);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_netdev");
    TCase *tcase = unit_case(suite, "netdev");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_loop_test(tcase, the_kernel_tells_whose_netdev_it_is, 0, UNIT_COUNT(cases));
    tcase_add_loop_test(tcase, an_ifindex_is_from_1_to_2147483647, 0, UNIT_COUNT(indexes));
    tcase_add_test(tcase, a_netdev_that_changes_is_noticed_within_a_minute);
    tcase_add_test(tcase, a_netdev_of_other_hardware_only_has_the_same_name);
    tcase_add_test(tcase, without_class_net_there_is_a_name_and_no_index);
    return suite;
}
