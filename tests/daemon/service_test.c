/* service_test: what the service manager is told, on a real socket: when, how often, and that nothing of it can hold up
 * the daemon. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/service.h"
#include "lib/unit.h"

enum { MESSAGE_SIZE = 1024, START = 1000 };

static struct service service;
static int manager; /* the other end */

/* Listens as a service manager does, at a path or, beginning with '@', without one. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);

    ck_assert_uint_lt(length, sizeof(address.sun_path));
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_msg(
        bind(manager, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0,
        "%s: %s", name, strerror(errno));
    setenv("NOTIFY_SOCKET", name, 1);
}

static void set_up(void)
{
    char name[64];

    snprintf(name, sizeof(name), "@rdma-agentx-test-%d", (int)getpid());
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    listen_at(name);
}

static void tear_down(void)
{
    service_fini(&service);
    close(manager);
}

/* The next datagram; "" if there is none. */
static const char *told(void)
{
    static char message[MESSAGE_SIZE];
    ssize_t n = recv(manager, message, sizeof(message) - 1, 0);

    message[n > 0 ? n : 0] = '\0';
    return message;
}

/* --- The address --- */

START_TEST(a_socket_with_a_path_is_told)
{
    char directory[UNIT_PATH_SIZE], path[UNIT_PATH_SIZE];

    close(manager);
    unit_directory(directory);
    listen_at(unit_path(path, directory, "notify"));
    service_init(&service);
    service_ready(&service);
    ck_assert_str_eq(told(), "READY=1");
}
END_TEST

START_TEST(a_socket_without_a_path_is_told)
{
    service_init(&service);
    service_ready(&service);
    ck_assert_str_eq(told(), "READY=1");
}
END_TEST

/* The longest name that fits sun_path, which is not terminated then. */
START_TEST(a_name_as_long_as_can_be_is_told)
{
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];

    close(manager);
    snprintf(name, sizeof(name), "@%0*d", (int)sizeof(name) - 2, (int)getpid());
    listen_at(name);
    service_init(&service);
    service_ready(&service);
    ck_assert_str_eq(told(), "READY=1");
}
END_TEST

static const char *const no_addresses[] = {
    NULL,
    "",
    "/",
    "@",
    "notify",
    "vsock:2:1234",
    "@0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901",
};

START_TEST(without_an_address_nothing_is_told_and_no_descriptor_used)
{
    int before = unit_descriptors();

    if (no_addresses[_i])
        setenv("NOTIFY_SOCKET", no_addresses[_i], 1);
    else
        unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "2000000", 1);
    service_init(&service);
    ck_assert_int_eq(unit_descriptors(), before);
    service_ready(&service);
    ck_assert_int_eq(service_turn(&service, "serving", START), INT64_MAX);
    service_stopping(&service);
    ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(a_manager_that_has_gone_is_survived)
{
    service_init(&service);
    close(manager);
    service_ready(&service);
    ck_assert_int_eq(service_turn(&service, "serving", START), START + SERVICE_STATUS_INTERVAL);
    service_stopping(&service);
    set_up();
    service_turn(&service, "serving", START + SERVICE_STATUS_INTERVAL);
    ck_assert_str_eq(told(), "STATUS=serving");
}
END_TEST

/* --- Status --- */

START_TEST(a_status_is_told_when_it_changes_and_not_again)
{
    service_init(&service);
    ck_assert_int_eq(service_turn(&service, "one", START), INT64_MAX);
    ck_assert_str_eq(told(), "STATUS=one");
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(service_turn(&service, "one", START + i * SERVICE_STATUS_INTERVAL), INT64_MAX);
    ck_assert_str_eq(told(), "");
    service_turn(&service, "two", START + 100 * SERVICE_STATUS_INTERVAL);
    ck_assert_str_eq(told(), "STATUS=two");
}
END_TEST

START_TEST(what_changes_too_fast_is_told_once_a_second_and_the_last_is_always_told)
{
    int64_t due = INT64_MAX;
    char text[32];

    service_init(&service);
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "status %d", i);
        due = service_turn(&service, text, START + i);
    }
    ck_assert_str_eq(told(), "STATUS=status 0");
    ck_assert_str_eq(told(), "");
    ck_assert_int_eq(due, START + SERVICE_STATUS_INTERVAL);
    ck_assert_int_eq(service_turn(&service, text, due), INT64_MAX);
    ck_assert_str_eq(told(), "STATUS=status 99");
}
END_TEST

START_TEST(a_status_that_is_too_long_is_cut_and_told_once)
{
    char text[2 * SERVICE_STATUS_SIZE];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    service_init(&service);
    service_turn(&service, text, START);
    ck_assert_uint_eq(strlen(told()), strlen("STATUS=") + SERVICE_STATUS_SIZE - 1);
    service_turn(&service, text, START + 2 * SERVICE_STATUS_INTERVAL);
    ck_assert_str_eq(told(), "");
}
END_TEST

/* A manager that reads nothing has no room at last. */
START_TEST(a_busy_manager_holds_up_nobody_and_is_told_later)
{
    char text[32];
    int64_t now = START;
    int i = 0, last;

    service_init(&service);
    alarm(10); /* if it blocks after all */
    do {
        snprintf(text, sizeof(text), "status %d", i++);
        now += SERVICE_STATUS_INTERVAL;
    } while (service_turn(&service, text, now) == INT64_MAX && i < 100000);
    ck_assert_int_lt(i, 100000);
    last = i - 1;
    for (int n = 0; n < last; n++)
        ck_assert_str_ne(told(), "");
    ck_assert_str_eq(told(), "");
    ck_assert_int_eq(service_turn(&service, text, now + SERVICE_STATUS_INTERVAL), INT64_MAX);
    ck_assert_str_eq(told() + strlen("STATUS="), text);
}
END_TEST

START_TEST(ready_and_the_end_are_told)
{
    service_init(&service);
    service_ready(&service);
    service_stopping(&service);
    ck_assert_str_eq(told(), "READY=1");
    ck_assert_str_eq(told(), "STOPPING=1\nSTATUS=ending");
}
END_TEST

/* --- Watchdog --- */

START_TEST(the_watchdog_is_fed_at_a_third_of_its_time)
{
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    service_init(&service);
    for (int64_t now = START; now < START + 60000; now += 1000) {
        ck_assert_int_eq(service_turn(&service, "", now), START + 10000 * ((now - START) / 10000 + 1));
        ck_assert_str_eq(told(), (now - START) % 10000 == 0 ? "WATCHDOG=1" : "");
    }
}
END_TEST

static const struct {
    const char *microseconds, *pid;
} no_watchdogs[] = {{NULL, NULL}, {"0", NULL}, {"-5", NULL}, {"", NULL}, {"30s", NULL}, {"30000000", "1"}};

START_TEST(without_a_watchdog_of_ours_none_is_fed)
{
    if (no_watchdogs[_i].microseconds)
        setenv("WATCHDOG_USEC", no_watchdogs[_i].microseconds, 1);
    if (no_watchdogs[_i].pid)
        setenv("WATCHDOG_PID", no_watchdogs[_i].pid, 1);
    service_init(&service);
    ck_assert_int_eq(service_turn(&service, "", START), INT64_MAX);
    ck_assert_str_eq(told(), "");
}
END_TEST

/* The loop is to wake for the sooner of the two. */
START_TEST(the_next_turn_is_due_for_what_comes_first)
{
    setenv("WATCHDOG_USEC", "1500000", 1);
    service_init(&service);
    service_turn(&service, "one", START);
    ck_assert_int_eq(service_turn(&service, "two", START + 1), START + 500);
    ck_assert_int_eq(service_turn(&service, "two", START + 600), START + 1000);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("service");
    TCase *address = unit_case(suite, "address"), *status = unit_case(suite, "status");
    TCase *watchdog = unit_case(suite, "watchdog");

    tcase_add_checked_fixture(address, set_up, tear_down);
    tcase_add_test(address, a_socket_with_a_path_is_told);
    tcase_add_test(address, a_socket_without_a_path_is_told);
    tcase_add_test(address, a_name_as_long_as_can_be_is_told);
    tcase_add_loop_test(address, without_an_address_nothing_is_told_and_no_descriptor_used, 0,
                        UNIT_COUNT(no_addresses));
    tcase_add_test(address, a_manager_that_has_gone_is_survived);

    tcase_add_checked_fixture(status, set_up, tear_down);
    tcase_add_test(status, ready_and_the_end_are_told);
    tcase_add_test(status, a_status_is_told_when_it_changes_and_not_again);
    tcase_add_test(status, what_changes_too_fast_is_told_once_a_second_and_the_last_is_always_told);
    tcase_add_test(status, a_status_that_is_too_long_is_cut_and_told_once);
    tcase_add_test(status, a_busy_manager_holds_up_nobody_and_is_told_later);

    tcase_add_checked_fixture(watchdog, set_up, tear_down);
    tcase_add_test(watchdog, the_watchdog_is_fed_at_a_third_of_its_time);
    tcase_add_loop_test(watchdog, without_a_watchdog_of_ours_none_is_fed, 0, UNIT_COUNT(no_watchdogs));
    tcase_add_test(watchdog, the_next_turn_is_due_for_what_comes_first);
    return suite;
}
