/* events_name_test: a device is judged by the name that it has, which udev may give it after it was added; and what is
 * told of one that cannot be opened. */
#include <errno.h>
#include <string.h>

#include "lib/log_reader.h"
#include "lib/unit.h"
#include "lib/verbs_fake.h"

static char line[512];

static void make_with_first_excluded(void)
{
    verbs_fake_make("mlx5_0");
    verbs_fake_run_until(verbs_fake_is_open, 1);
    verbs_fake_settle();
    ck_assert_int_eq(verbs_fake_openings(0), 0);
}

/* Reads the log until a line has the text. */
static bool is_told(const char *text)
{
    while (log_reader_next(line, sizeof(line)))
        if (strstr(line, text))
            return true;
    return false;
}

START_TEST(a_device_whose_new_name_is_wanted_is_opened_at_once)
{
    make_with_first_excluded();
    verbs_fake_rename(0, "rocep65s0f0");
    ck_assert(verbs_fake_note(UEVENT_OTHER, "infiniband", "rocep65s0f0"));
    verbs_fake_run_until(verbs_fake_is_open, 0);
    verbs_fake_settle();
    ck_assert(is_told("device=rocep65s0f0"));
}
END_TEST

START_TEST(a_device_whose_new_name_is_excluded_is_closed_at_once)
{
    make_with_first_excluded();
    verbs_fake_rename(0, "mlx5_8");
    verbs_fake_rename(1, "mlx5_0");
    verbs_fake_note(UEVENT_OTHER, "infiniband", "mlx5_0");
    verbs_fake_run_until(verbs_fake_is_closed, 1);
    verbs_fake_run_until(verbs_fake_is_open, 0);
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(1), 1);
}
END_TEST

START_TEST(a_device_that_is_still_wanted_under_its_new_name_stays_open)
{
    make_with_first_excluded();
    verbs_fake_rename(1, "rocep65s0f0");
    verbs_fake_note(UEVENT_OTHER, "infiniband", "rocep65s0f0");
    verbs_fake_settle();
    verbs_fake_check();
    ck_assert(verbs_fake_is_open(1));
    ck_assert_int_eq(verbs_fake_openings(1), 1);
}
END_TEST

START_TEST(a_name_that_was_missed_is_noticed_at_the_next_check)
{
    make_with_first_excluded();
    verbs_fake_rename(1, "mlx5_0x");
    verbs_fake_rename(0, "mlx5_1");
    verbs_fake_check();
    ck_assert(verbs_fake_is_open(0));
    verbs_fake_rename(1, "mlx5_0");
    verbs_fake_check();
    ck_assert(verbs_fake_is_closed(1));
}
END_TEST

/* Device 2, which appears and takes its time. */
static void rename_while_it_is_opened(const char *name)
{
    verbs_fake_put(2, true);
    verbs_fake_hang(true);
    verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs2");
    verbs_fake_run_until(verbs_fake_is_being_opened, 2);
    verbs_fake_rename(2, name);
    verbs_fake_note(UEVENT_OTHER, "infiniband", name);
    verbs_fake_settle();
    verbs_fake_hang(false);
}

START_TEST(a_device_that_is_renamed_while_it_is_opened_is_opened_under_its_new_name)
{
    make_with_first_excluded();
    rename_while_it_is_opened("rocep65s0f0");
    verbs_fake_run_until(verbs_fake_is_open, 2);
    ck_assert_int_eq(verbs_fake_openings(2), 2);
}
END_TEST

START_TEST(a_device_that_is_excluded_while_it_is_opened_is_not_listened_to)
{
    make_with_first_excluded();
    rename_while_it_is_opened("mlx5_0");
    verbs_fake_settle();
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(2), 1);
    ck_assert(verbs_fake_is_closed(2));
}
END_TEST

/* As it does without a rule for it in the container's device cgroup. */
START_TEST(a_device_that_may_not_be_opened_is_tried_three_times_and_told_once)
{
    static const char told[] = "msg=\"no link events of the device: it is polled\" device=mlx5_2 "
                               "error=\"Operation not permitted\"";

    make_with_first_excluded();
    verbs_fake_refuse(2, -EPERM);
    verbs_fake_put(2, true);
    verbs_fake_check();
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(2), 2);
    ck_assert(!is_told(told));
    verbs_fake_check();
    ck_assert(is_told(told));
    verbs_fake_check();
    ck_assert_int_eq(verbs_fake_openings(2), 3);
    ck_assert(!is_told(told));
}
END_TEST

START_TEST(other_devices_do_not_use_up_the_tries_of_one)
{
    make_with_first_excluded();
    verbs_fake_refuse(2, -EACCES);
    verbs_fake_put(2, true);
    for (int i = 0; i < 5; i++) {
        verbs_fake_note(UEVENT_ADD, "infiniband_verbs", "uverbs3");
        verbs_fake_settle();
    }
    ck_assert_int_eq(verbs_fake_openings(2), 1);
    verbs_fake_refuse(2, 0); /* udev has given it its mode */
    verbs_fake_check();
    ck_assert(verbs_fake_is_open(2));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("events_name");
    TCase *tcase = unit_case(suite, "events_name");

    tcase_add_checked_fixture(tcase, log_reader_open, log_reader_close);
    tcase_add_checked_fixture(tcase, verbs_fake_set_up, verbs_fake_tear_down);
    tcase_add_test(tcase, a_device_whose_new_name_is_wanted_is_opened_at_once);
    tcase_add_test(tcase, a_device_whose_new_name_is_excluded_is_closed_at_once);
    tcase_add_test(tcase, a_device_that_is_still_wanted_under_its_new_name_stays_open);
    tcase_add_test(tcase, a_name_that_was_missed_is_noticed_at_the_next_check);
    tcase_add_test(tcase, a_device_that_is_renamed_while_it_is_opened_is_opened_under_its_new_name);
    tcase_add_test(tcase, a_device_that_is_excluded_while_it_is_opened_is_not_listened_to);
    tcase_add_test(tcase, a_device_that_may_not_be_opened_is_tried_three_times_and_told_once);
    tcase_add_test(tcase, other_devices_do_not_use_up_the_tries_of_one);
    return suite;
}
