/* events_test: which devices are listened to, and that they are closed as soon as the kernel wants them back. */
#include <errno.h>
#include <poll.h>
#include <sched.h>

#include "base/clock.h"
#include "lib/unit.h"
#include "lib/verbs_fake.h"

static bool was_closed_again(int i)
{
    return verbs_fake_openings(i) == 2 && verbs_fake_closings(i) == 2;
}

static void open_both(void)
{
    verbs_fake_make(NULL);
    verbs_fake_run_until(verbs_fake_is_open, 0);
    verbs_fake_run_until(verbs_fake_is_open, 1);
    verbs_fake_settle();
}

START_TEST(devices_that_are_there_are_listened_to)
{
    open_both();
    ck_assert(verbs_fake_openings(2) == 0);
}
END_TEST

START_TEST(an_event_of_a_port_asks_for_a_look_and_others_do_not)
{
    struct pollfd readable = {.events = POLLIN};

    open_both();
    readable.fd = events_descriptor(verbs_fake_events);
    verbs_fake_tell(1, "oo");
    ck_assert_int_eq(poll(&readable, 1, VERBS_FAKE_PATIENCE), 1);
    ck_assert(!events_take(verbs_fake_events, verbs_fake_now));
    verbs_fake_tell(1, "p");
    ck_assert_int_eq(poll(&readable, 1, VERBS_FAKE_PATIENCE), 1);
    ck_assert(events_take(verbs_fake_events, verbs_fake_now));
    ck_assert(!events_take(verbs_fake_events, verbs_fake_now));
}
END_TEST

START_TEST(a_device_that_the_kernel_removes_is_closed_at_once)
{
    open_both();
    ck_assert(!verbs_fake_note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0"));
    verbs_fake_run_until(verbs_fake_is_closed, 0);
    ck_assert(verbs_fake_is_open(1));
}
END_TEST

START_TEST(a_device_that_is_removed_while_it_is_opened_is_closed_as_soon_as_it_is_open)
{
    open_both();
    verbs_fake_note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0");
    verbs_fake_run_until(verbs_fake_is_closed, 0);
    verbs_fake_hang(true);
    verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs0");
    verbs_fake_run_until(verbs_fake_is_being_opened, 0);
    verbs_fake_note(UEVENT_REMOVE, "infiniband_verbs", "uverbs0");
    verbs_fake_hang(false);
    verbs_fake_run_until(was_closed_again, 0);
    ck_assert(verbs_fake_is_open(1));
}
END_TEST

START_TEST(a_device_that_appears_is_listened_to)
{
    open_both();
    verbs_fake_put(2, true);
    ck_assert(!verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs2"));
    verbs_fake_run_until(verbs_fake_is_open, 2);
    verbs_fake_note(UEVENT_REMOVE, "infiniband_verbs", "uverbs2");
    verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs2"); /* another one with its number */
    verbs_fake_run_until(verbs_fake_was_opened_twice, 2);
    ck_assert_int_eq(verbs_fake_closings(2), 1);
}
END_TEST

START_TEST(a_device_that_comes_goes_or_is_renamed_asks_for_a_look)
{
    open_both();
    ck_assert(verbs_fake_note(UEVENT_ADD, "infiniband", "mlx5_2"));
    ck_assert(verbs_fake_note(UEVENT_REMOVE, "infiniband", "mlx5_2"));
    ck_assert(verbs_fake_note(UEVENT_OTHER, "infiniband", "mlx5_2"));
    ck_assert(!verbs_fake_note(UEVENT_ADD, "net", "eth0"));
    ck_assert(!verbs_fake_note(UEVENT_REMOVE, "net", "uverbs0"));
    ck_assert(verbs_fake_is_open(0));
}
END_TEST

START_TEST(a_device_with_a_fatal_error_is_closed)
{
    open_both();
    verbs_fake_tell(0, "f");
    ck_assert(verbs_fake_run_until(verbs_fake_is_closed, 0));
}
END_TEST

START_TEST(a_removal_that_was_not_told_is_noticed_at_the_next_check)
{
    open_both();
    verbs_fake_put(0, false);
    verbs_fake_now += VERBS_FAKE_INTERVAL - 1;
    events_take(verbs_fake_events, verbs_fake_now);
    verbs_fake_settle();
    ck_assert(verbs_fake_is_open(0));
    verbs_fake_now++;
    verbs_fake_run_until(verbs_fake_is_closed, 0);
    ck_assert(verbs_fake_is_open(1));
}
END_TEST

START_TEST(a_device_that_is_excluded_is_not_opened)
{
    verbs_fake_make("mlx5_0");
    verbs_fake_run_until(verbs_fake_is_open, 1);
    verbs_fake_settle();
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(0), 0);
}
END_TEST

START_TEST(a_device_that_cannot_be_opened_is_tried_three_times_and_told_once)
{
    open_both();
    verbs_fake_refuse(2, -EACCES);
    verbs_fake_put(2, true);
    for (int check = 0; check < 5; check++)
        verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(2), 3);
}
END_TEST

START_TEST(without_uevents_nothing_is_opened)
{
    verbs_fake_make_deaf();
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(0), 0);
}
END_TEST

START_TEST(the_end_closes_all_and_waits_for_nobody)
{
    int64_t began;

    open_both();
    verbs_fake_hang(true);
    verbs_fake_put(2, true);
    verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs2");
    verbs_fake_run_until(verbs_fake_is_being_opened, 2);
    began = clock_ms();
    events_free(verbs_fake_events);
    ck_assert_int_lt(clock_ms() - began, 1000);
    ck_assert(verbs_fake_is_closed(0) && verbs_fake_is_closed(1));
    verbs_fake_hang(false);
    while (verbs_fake_openings(2) == 0) /* by the thread that was left behind */
        sched_yield();
    verbs_fake_events = NULL;
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *tcase = unit_case(suite, "events");

    tcase_add_checked_fixture(tcase, verbs_fake_set_up, verbs_fake_tear_down);
    tcase_add_test(tcase, devices_that_are_there_are_listened_to);
    tcase_add_test(tcase, an_event_of_a_port_asks_for_a_look_and_others_do_not);
    tcase_add_test(tcase, a_device_that_the_kernel_removes_is_closed_at_once);
    tcase_add_test(tcase, a_device_that_is_removed_while_it_is_opened_is_closed_as_soon_as_it_is_open);
    tcase_add_test(tcase, a_device_that_appears_is_listened_to);
    tcase_add_test(tcase, a_device_that_comes_goes_or_is_renamed_asks_for_a_look);
    tcase_add_test(tcase, a_device_with_a_fatal_error_is_closed);
    tcase_add_test(tcase, a_removal_that_was_not_told_is_noticed_at_the_next_check);
    tcase_add_test(tcase, a_device_that_is_excluded_is_not_opened);
    tcase_add_test(tcase, a_device_that_cannot_be_opened_is_tried_three_times_and_told_once);
    tcase_add_test(tcase, without_uevents_nothing_is_opened);
    tcase_add_test(tcase, the_end_closes_all_and_waits_for_nobody);
    return suite;
}
