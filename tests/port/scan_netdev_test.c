/* scan_netdev_test: which network interface is a port's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/nldev.h"
#include "lib/scan_asks.h"
#include "lib/scan_tree.h"
#include "kernel/sysfs.h"
#include "lib/sysfs_fake.h"
#include "port/verbs.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* --- Netlink, which is asked only of the sysfs of this host --- */

static struct {
    bool sysfs_is_real;
    int result; /* of nldev_find_netdev */
    const char *netdev;
    int questions;
} kernel;

bool __wrap_sysfs_is_real(const char *root);
bool __wrap_verbs_is_safe(const char *sysfs_root);
int __wrap_nldev_find_netdev(const char *device, uint32_t port, char *netdev, size_t size);

bool __wrap_sysfs_is_real(const char *root)
{
    (void)root;
    return kernel.sysfs_is_real;
}

bool __wrap_verbs_is_safe(const char *sysfs_root)
{
    (void)sysfs_root;
    return false;
}

int __wrap_nldev_find_netdev(const char *device, uint32_t port, char *netdev, size_t size)
{
    ck_assert_str_eq(device, "mlx5_0");
    ck_assert_uint_eq(port, 1);
    kernel.questions++;
    if (kernel.result > 0)
        snprintf(netdev, size, "%s", kernel.netdev);
    return kernel.result;
}

static void make(void)
{
    memset(&kernel, 0, sizeof(kernel));
    scan_tree_make();
}

/* --- Names and numbers --- */

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

/* --- Whether the netdev of that name is the port's --- */

enum place { SAME_HARDWARE, OTHER_HARDWARE, NO_HARDWARE, NOT_HERE };

static void place_netdev(enum place place)
{
    static const char *const functions[] = {"0000:1a:00.0", "0000:2b:00.0"};
    char target[UNIT_PATH_SIZE];

    scan_tree_make_ethernet();
    if (place == NOT_HERE)
        unit_remove(scan_tree.root, "class/net/eth0");
    if (place > OTHER_HARDWARE)
        return;
    unit_mkdir(scan_tree.root, "devices/pci0000:17/0000:17:00.0/0000:2b:00.0");
    snprintf(target, sizeof(target), "../../../devices/pci0000:17/0000:17:00.0/%s", functions[place]);
    unit_symlink(scan_tree.root, "class/net/eth0/device", target);
}

static const struct {
    const char *what;
    bool sysfs_is_real;
    enum place place;
    int result; /* of netlink */
    const char *netdev;
    int questions;
    bool is_ours;
} identities[] = {
    {"a copy: the same hardware", false, SAME_HARDWARE, 0, NULL, 0, true},
    {"a copy: other hardware", false, OTHER_HARDWARE, 1, "eth0", 0, false},
    {"a copy: a bond", false, NO_HARDWARE, 0, NULL, 0, true},
    {"the same hardware", true, SAME_HARDWARE, 0, NULL, 0, true},
    {"mana below netvsc, the second port of mlx5", true, OTHER_HARDWARE, 1, "eth0", 1, true},
    {"another one, with hardware", true, OTHER_HARDWARE, 0, NULL, 1, false},
    {"other hardware, and netlink does not answer", true, OTHER_HARDWARE, -EPROTONOSUPPORT, NULL, 1, false},
    {"a bond", true, NO_HARDWARE, 1, "eth0", 1, true},
    {"a bond, of which netlink names a member", true, NO_HARDWARE, 1, "eth1", 1, true},
    {"another one, as of a pod", true, NO_HARDWARE, 0, NULL, 1, false},
    {"no hardware, and netlink does not answer", true, NO_HARDWARE, -EPROTONOSUPPORT, NULL, 1, false},
    {"no netdev of that name", true, NOT_HERE, 0, NULL, 0, false},
};

START_TEST(a_netdev_is_the_ports_by_its_hardware_or_else_by_netlink)
{
    kernel.sysfs_is_real = identities[_i].sysfs_is_real;
    kernel.result = identities[_i].result;
    kernel.netdev = identities[_i].netdev;
    place_netdev(identities[_i].place);
    scan_tree_read(0);
    ck_assert_msg(scan_tree.port->ifindex == (identities[_i].is_ours ? 7 : ABSENT), "%s: ifindex", identities[_i].what);
    ck_assert_int_eq(kernel.questions, identities[_i].questions);
    ck_assert_str_eq(scan_tree.port->netdev, "eth0");
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    if (identities[_i].place == NOT_HERE)
        return;
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_asks(SECOND, "1/state"), identities[_i].is_ours ? 0 : 1); /* it vouches for its port only */
    ck_assert_uint_eq(sysfs_fake_reads("eth0/carrier_changes"), identities[_i].is_ours ? 1 : 0);
}
END_TEST

START_TEST(netlink_is_asked_once_of_a_netdev_that_stays_and_every_minute_of_another)
{
    kernel.sysfs_is_real = true;
    kernel.netdev = "eth0";
    kernel.result = _i;
    place_netdev(OTHER_HARDWARE);
    for (int pass = 0; pass <= 180; pass++)
        scan_tree_read(SECOND);
    ck_assert_int_eq(kernel.questions, _i == 1 ? 1 : 4);
}
END_TEST

START_TEST(a_netdev_that_takes_over_the_name_is_asked_for)
{
    kernel.sysfs_is_real = true;
    kernel.netdev = "eth0";
    kernel.result = 1;
    place_netdev(NO_HARDWARE);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.port->ifindex, 7);
    unit_write(scan_tree.root, "class/net/eth0/ifindex", "8\n");
    kernel.result = 0;
    scan_tree_read(MINUTE);
    ck_assert_int_eq(scan_tree.port->ifindex, ABSENT);
    kernel.result = 1;
    scan_tree_read(MINUTE);
    ck_assert_int_eq(scan_tree.port->ifindex, 8);
}
END_TEST

/* Of erdma, whose netdev is that of virtio, sysfs names none; nor does it of an InfiniBand port without IPoIB. */
START_TEST(of_an_ethernet_port_netlink_names_what_sysfs_does_not)
{
    bool is_ethernet = _i == 1;

    kernel.sysfs_is_real = true;
    kernel.netdev = "eth0";
    kernel.result = 1;
    place_netdev(OTHER_HARDWARE);
    scan_tree_write_port("gid_attrs/ndevs/0", "\n");
    scan_tree_write_port("link_layer", is_ethernet ? "Ethernet\n" : "InfiniBand\n");
    for (int minute = 0; minute < 3; minute++)
        scan_tree_read(MINUTE);
    ck_assert_int_eq(kernel.questions, is_ethernet);
    ck_assert_str_eq(scan_tree.port->netdev, is_ethernet ? "eth0" : "");
    ck_assert_int_eq(scan_tree.port->ifindex, is_ethernet ? 7 : ABSENT);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_netdev");
    TCase *tcase = unit_case(suite, "netdev");

    tcase_add_checked_fixture(tcase, make, scan_tree_free);
    tcase_add_loop_test(tcase, the_kernel_tells_whose_netdev_it_is, 0, UNIT_COUNT(cases));
    tcase_add_loop_test(tcase, an_ifindex_is_from_1_to_2147483647, 0, UNIT_COUNT(indexes));
    tcase_add_test(tcase, a_netdev_that_changes_is_noticed_within_a_minute);
    tcase_add_test(tcase, without_class_net_there_is_a_name_and_no_index);
    tcase_add_loop_test(tcase, a_netdev_is_the_ports_by_its_hardware_or_else_by_netlink, 0, UNIT_COUNT(identities));
    tcase_add_loop_test(tcase, netlink_is_asked_once_of_a_netdev_that_stays_and_every_minute_of_another, 0, 2);
    tcase_add_test(tcase, a_netdev_that_takes_over_the_name_is_asked_for);
    tcase_add_loop_test(tcase, of_an_ethernet_port_netlink_names_what_sysfs_does_not, 0, 2);
    return suite;
}
