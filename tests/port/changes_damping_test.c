/* changes_damping_test: which notifications are held back, for how long, and what becomes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/changes.h"
#include "port/catalogue.h"
#include "lib/host.h"
#include "mib/notification.h"
#include "lib/rows.h"
#include "port/snapshot.h"
#include "lib/unit.h"

START_TEST(a_port_has_one_notification_in_five_seconds_and_the_last_is_what_it_is)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = ACTIVE;
    host_look();
    TELLS_NOTHING();
    ck_assert_int_eq(host_wait(), CHANGES_PORT_INTERVAL - HOST_LOOK);
    host.now += CHANGES_PORT_INTERVAL - HOST_LOOK - 1;
    TELLS_NOTHING();
    host.now++;
    ck_assert_int_eq(host_wait(), 0);
    TELLS(PORT_UP);
}
END_TEST

START_TEST(a_port_that_is_as_it_was_told_has_flapped)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = ACTIVE;
    host_look();
    host.device[0].state = DOWN;
    host_look();
    TELLS_NOTHING();
    host_wait_out_damping();
    TELLS(PORT_FLAPPED);
    host_wait_out_damping();
    TELLS_NOTHING();
}
END_TEST

/* A device that is reset again and again drowns nobody with its ports. */
START_TEST(another_registration_holds_its_ports_back_as_well)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host_register_anew(0);
    host.device[0].state = ACTIVE;
    host_look();
    TELLS(DEVICE_ADDED);
    TELLS_NOTHING();
    host_wait_out_damping();
    TELLS(PORT_UP);
}
END_TEST

START_TEST(one_port_does_not_hold_back_another)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[1].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(host.told.device, "mlx5_1");
}
END_TEST

START_TEST(what_was_not_delivered_is_told_as_it_is_when_it_can_be)
{
    host.device[0].state = DOWN;
    host_look();
    ck_assert(changes_next(host.changes, host.now, &host.told)); /* and lost on its way */
    ck_assert_int_eq(host.told.kind, NOTIFICATION_PORT_DOWN);
    TELLS(PORT_DOWN);
    host.device[1].state = DOWN;
    host_look();
    ck_assert(changes_next(host.changes, host.now, &host.told));
    host.device[1].state = ACTIVE;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(what_happens_while_a_notification_is_under_way_is_told_after_it)
{
    host.device[0].state = DOWN;
    host_look();
    ck_assert(changes_next(host.changes, host.now, &host.told));
    host.device[0].state = ACTIVE;
    host_look();
    changes_told(host.changes, &host.told, host.now);
    TELLS_NOTHING();
    host_wait_out_damping();
    TELLS(PORT_UP);
    TELLS_NOTHING();
}
END_TEST

/* Downs of as many ports as there are. */
static void add_many_and_let_them_fall(size_t count)
{
    char name[sizeof("mlx5_") + 20];

    while (host.devices < count) {
        snprintf(name, sizeof(name), "mlx5_%zu", host.devices);
        host_add(name);
    }
    host_look();
    while (host_next())
        ;
    host.now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    while (host_next())
        host.now += CHANGES_TOKEN_INTERVAL;
    host.now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    for (size_t i = 0; i < host.devices; i++)
        host.device[i].state = DOWN;
    host_look();
}

START_TEST(a_host_has_a_burst_and_then_five_a_second)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    while (host_next())
        told++;
    ck_assert_int_eq(told, CHANGES_BURST);
    ck_assert_int_eq(host_wait(), CHANGES_TOKEN_INTERVAL);
    for (int i = 0; i < 75; i++) {
        host.now += CHANGES_TOKEN_INTERVAL - 1;
        TELLS_NOTHING();
        host.now++;
        TELLS(PORT_DOWN);
    }
    host.now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_bucket_holds_no_more_than_a_burst)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    host.now += 3600 * 1000;
    while (host_next())
        told++;
    ck_assert_int_eq(told, CHANGES_BURST);
}
END_TEST

START_TEST(devices_take_of_the_same_bucket)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    for (size_t i = 0; i < host.devices; i++)
        host.device[i].is_there = false;
    host_look();
    for (int kind; (kind = host_next());) {
        ck_assert_int_eq(kind, NOTIFICATION_DEVICE_REMOVED);
        told++;
    }
    ck_assert_int_eq(told, CHANGES_BURST);
}
END_TEST

START_TEST(who_has_waited_longest_is_next)
{
    int first = _i, second = 1 - _i;

    host.device[first].state = DOWN;
    host_look();
    host.device[second].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(host.told.device, host.device[first].name);
    TELLS(PORT_DOWN);
    ck_assert_str_eq(host.told.device, host.device[second].name);
}
END_TEST

/* The place of the device that the last notification is of. */
static int device_told(void)
{
    return atoi(host.told.device + strlen("mlx5_"));
}

/* 256 ports, each of which changes about four times a second; a look every 100 ms. */
START_TEST(a_storm_is_counted_exactly_and_told_within_bounds)
{
    enum { PORTS = 256, SECONDS = 60, CHANGES_IN_A_LOOK = 100 };
    int64_t changed[PORTS] = {0}, told_at[PORTS], told = 0, start;
    uint64_t seed = 4791;
    int told_as[PORTS] = {0};

    add_many_and_let_them_fall(PORTS);
    for (int i = 0; i < 5 * PORTS; i++) {
        host.now += CHANGES_TOKEN_INTERVAL;
        host_next();
    }
    for (int i = 0; i < PORTS; i++)
        told_at[i] = INT64_MIN;
    start = host.now;
    while (host.now < start + SECONDS * 1000) {
        bool turned[PORTS] = {0};

        for (int n = 0; n < CHANGES_IN_A_LOOK; n++) {
            size_t i = rows_random(&seed) % PORTS;

            if (turned[i])
                continue; /* twice in a look is none */
            turned[i] = true;
            host.device[i].state = host.device[i].state == DOWN ? ACTIVE : DOWN;
            changed[i]++;
        }
        host_look_after(100);
        while (host_next()) {
            int i = device_told();

            ck_assert(told_at[i] == INT64_MIN || host.now - told_at[i] >= CHANGES_PORT_INTERVAL);
            told_at[i] = host.now;
            told++;
            told_as[i] = host.told.is_active ? ACTIVE : DOWN;
            ck_assert_int_eq(told_as[i], host.device[i].state);
        }
    }
    ck_assert_int_ge(told, SECONDS * 1000 / CHANGES_TOKEN_INTERVAL);
    ck_assert_int_le(told, SECONDS * 1000 / CHANGES_TOKEN_INTERVAL + CHANGES_BURST);
    while (host_wait() >= 0) {
        host.now += host_wait();
        ck_assert_int_ne(host_next(), 0);
        told_as[device_told()] = host.told.is_active ? ACTIVE : DOWN;
    }
    for (int i = 0; i < PORTS; i++) {
        const struct device *device = snapshot_find_device(host.snapshot, host.device[i].name);

        ck_assert_int_eq(told_as[i], host.device[i].state);
        ck_assert_ptr_nonnull(device);
        ck_assert_int_eq(device->ports[0].history.state_changes, changed[i] + 1);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("changes_damping");
    TCase *tcase = unit_case(suite, "changes_damping");

    tcase_add_checked_fixture(tcase, host_make, host_free);
    tcase_add_test(tcase, a_port_has_one_notification_in_five_seconds_and_the_last_is_what_it_is);
    tcase_add_test(tcase, a_port_that_is_as_it_was_told_has_flapped);
    tcase_add_test(tcase, another_registration_holds_its_ports_back_as_well);
    tcase_add_test(tcase, one_port_does_not_hold_back_another);
    tcase_add_test(tcase, what_was_not_delivered_is_told_as_it_is_when_it_can_be);
    tcase_add_test(tcase, what_happens_while_a_notification_is_under_way_is_told_after_it);
    tcase_add_test(tcase, a_host_has_a_burst_and_then_five_a_second);
    tcase_add_test(tcase, a_bucket_holds_no_more_than_a_burst);
    tcase_add_test(tcase, devices_take_of_the_same_bucket);
    tcase_add_loop_test(tcase, who_has_waited_longest_is_next, 0, 2);
    tcase_add_test(tcase, a_storm_is_counted_exactly_and_told_within_bounds);
    return suite;
}
