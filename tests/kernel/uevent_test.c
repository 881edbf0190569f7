/* uevent_test: messages of the kernel, whole, cut and made up; and that only the kernel's are believed. */
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/uevent.h"
#include "lib/unit.h"

#define MESSAGE(text) text, sizeof(text)

static const struct {
    const char *message;
    size_t length;
    bool is_one;
    struct uevent event;
} messages[] = {
    {MESSAGE("add@/devices/virtual/infiniband_verbs/uverbs0\0ACTION=add\0DEVPATH=/devices/virtual/infiniband_verbs/"
             "uverbs0\0SUBSYSTEM=infiniband_verbs\0MAJOR=231\0MINOR=192\0DEVNAME=infiniband/uverbs0\0SEQNUM=1377"),
     true,
     {UEVENT_ADD, "infiniband_verbs", "uverbs0"}},
    {MESSAGE("remove@/devices/virtual/infiniband/rxe0\0ACTION=remove\0DEVPATH=/devices/virtual/infiniband/rxe0\0"
             "SUBSYSTEM=infiniband\0NAME=rxe0\0SEQNUM=1379"),
     true,
     {UEVENT_REMOVE, "infiniband", "rxe0"}},
    {MESSAGE("move@/devices/virtual/infiniband/rxe7\0ACTION=move\0DEVPATH=/devices/virtual/infiniband/rxe7\0"
             "SUBSYSTEM=infiniband\0DEVPATH_OLD=/devices/virtual/infiniband/rxe0"),
     true,
     {UEVENT_OTHER, "infiniband", "rxe7"}},
    {MESSAGE("libudev\0\xfe\xed\xca\xfe"), false, {UEVENT_OTHER, "", ""}},
    {MESSAGE("ACTION=add\0SUBSYSTEM=infiniband"), false, {UEVENT_ADD, "infiniband", ""}},
    {MESSAGE("ACTION=add\0DEVPATH=/devices/a\0"), false, {UEVENT_ADD, "", "a"}},
    {MESSAGE("ACTION=add\0DEVPATH=none\0SUBSYSTEM=infiniband"), false, {UEVENT_ADD, "infiniband", ""}},
    {"ACTION=add\0DEVPATH=/a\0SUBSYSTEM=infiniband", 42, false, {UEVENT_OTHER, "", ""}}, /* without its last NUL */
    {"", 0, false, {UEVENT_OTHER, "", ""}},
    {MESSAGE("ACTION=add\0DEVPATH=/a/a-name-of-seventy-characters-which-is-more-than-there-is-room-for-in-it\0"
             "SUBSYSTEM=a-subsystem-with-more-than-thirty-one-characters"),
     true,
     {UEVENT_ADD, "a-subsystem-with-more-than-thirt",
      "a-name-of-seventy-characters-which-is-more-than-there-is-room-f"}},
};

START_TEST(a_message_is_what_the_kernel_says)
{
    struct uevent event;
    struct uevent wanted = messages[_i].event;

    wanted.subsystem[sizeof(wanted.subsystem) - 1] = wanted.name[sizeof(wanted.name) - 1] = '\0';
    ck_assert_int_eq(uevent_parse(messages[_i].message, messages[_i].length, &event), messages[_i].is_one);
    ck_assert_int_eq(event.action, wanted.action);
    ck_assert_str_eq(event.subsystem, wanted.subsystem);
    ck_assert_str_eq(event.name, wanted.name);
}
END_TEST

/* Any process may send to a netlink socket of its user by its port. */
START_TEST(only_the_kernel_is_believed)
{
    struct sockaddr_nl address;
    socklen_t size = sizeof(address);
    struct uevent event;
    int ours = uevent_open(), theirs = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
    static const char message[] = "add@/a\0ACTION=add\0DEVPATH=/a/rxe0\0SUBSYSTEM=infiniband";

    if (ours < 0 || theirs < 0)
        return; /* forbidden here: nobody can send anything either */
    ck_assert_int_eq(getsockname(ours, (struct sockaddr *)&address, &size), 0);
    address.nl_groups = 0;
    if (sendto(theirs, message, sizeof(message), 0, (const struct sockaddr *)&address, size) > 0)
        ck_assert_int_eq(uevent_receive(ours, &event), 0);
    close(ours);
    close(theirs);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("uevent");
    TCase *tcase = unit_case(suite, "uevent");

    tcase_add_loop_test(tcase, a_message_is_what_the_kernel_says, 0, UNIT_COUNT(messages));
    tcase_add_test(tcase, only_the_kernel_is_believed);
    return suite;
}
