/* lookout_test: events are taken while the main thread does nothing, which is told when it should look. */
#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "port/lookout.h"
#include "base/clock.h"
#include "lib/unit.h"
#include "lib/verbs_fake.h"

static struct lookout *lookout;

/* Here the clock is the real one, as it is for the thread. */
static void set_up(void)
{
    verbs_fake_set_up();
    verbs_fake_now = clock_ms();
    verbs_fake_make(NULL);
    lookout = lookout_start(verbs_fake_events);
    ck_assert_ptr_nonnull(lookout);
}

static void tear_down(void)
{
    lookout_end(lookout);
    verbs_fake_tear_down();
}

static void pause_for(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Waits, and does nothing else. */
static void wait_until(bool (*holds)(int i), int i, int64_t longest)
{
    int64_t end = clock_ms() + longest;

    while (!holds(i)) {
        ck_assert_int_lt(clock_ms(), end);
        pause_for(1);
    }
}

static void wait_for_both(void)
{
    wait_until(verbs_fake_is_open, 0, VERBS_FAKE_PATIENCE);
    wait_until(verbs_fake_is_open, 1, VERBS_FAKE_PATIENCE);
}

static bool is_told_to_look(int timeout)
{
    struct pollfd readable = {.fd = lookout_descriptor(lookout), .events = POLLIN};

    return poll(&readable, 1, timeout) == 1;
}

START_TEST(devices_are_opened_while_the_main_thread_does_nothing)
{
    wait_for_both();
    ck_assert(!is_told_to_look(0));
    ck_assert(!lookout_take(lookout));
}
END_TEST

START_TEST(an_event_of_a_port_is_told_until_it_was_taken)
{
    wait_for_both();
    pause_for(100);
    verbs_fake_tell(0, "o");
    ck_assert(!is_told_to_look(100));
    verbs_fake_tell(0, "pp");
    ck_assert(is_told_to_look(VERBS_FAKE_PATIENCE));
    pause_for(100);
    ck_assert(lookout_take(lookout));
    ck_assert(!lookout_take(lookout));
    ck_assert(!is_told_to_look(0));
}
END_TEST

START_TEST(a_device_that_is_to_go_is_closed_while_the_main_thread_does_nothing)
{
    wait_for_both();
    verbs_fake_tell(0, "f");
    wait_until(verbs_fake_is_closed, 0, VERBS_FAKE_INTERVAL / 2);
    ck_assert(verbs_fake_is_open(1));
    ck_assert(is_told_to_look(VERBS_FAKE_PATIENCE));
}
END_TEST

START_TEST(checks_come_without_the_main_thread)
{
    wait_for_both();
    verbs_fake_put(2, true);
    wait_until(verbs_fake_is_open, 2, VERBS_FAKE_INTERVAL + VERBS_FAKE_PATIENCE);
}
END_TEST

static int64_t milliseconds_used(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;
}

START_TEST(between_events_the_thread_sleeps)
{
    struct rusage before, after;

    wait_for_both();
    pause_for(100);
    getrusage(RUSAGE_SELF, &before);
    pause_for(1000);
    getrusage(RUSAGE_SELF, &after);
    ck_assert_int_lt(after.ru_nvcsw - before.ru_nvcsw, 50); /* a sanitizer has a thread, too */
    ck_assert_int_lt(milliseconds_used(&after) - milliseconds_used(&before), 100);
}
END_TEST

START_TEST(the_end_waits_for_nobody_and_leaves_devices_to_be_closed)
{
    int64_t began;

    wait_for_both();
    verbs_fake_hang(true);
    began = clock_ms();
    lookout_end(lookout);
    lookout = NULL;
    ck_assert_int_lt(clock_ms() - began, 500);
    ck_assert(verbs_fake_is_open(0));
    events_free(verbs_fake_events);
    verbs_fake_events = NULL;
    ck_assert(verbs_fake_is_closed(0) && verbs_fake_is_closed(1));
}
END_TEST

START_TEST(the_end_comes_at_any_time)
{
    for (int i = 0; i < 100; i++) {
        lookout_end(lookout);
        verbs_fake_now = clock_ms();
        verbs_fake_make(NULL);
        lookout = lookout_start(verbs_fake_events);
        ck_assert_ptr_nonnull(lookout);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("lookout");
    TCase *tcase = unit_case(suite, "lookout");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, devices_are_opened_while_the_main_thread_does_nothing);
    tcase_add_test(tcase, an_event_of_a_port_is_told_until_it_was_taken);
    tcase_add_test(tcase, a_device_that_is_to_go_is_closed_while_the_main_thread_does_nothing);
    tcase_add_test(tcase, checks_come_without_the_main_thread);
    tcase_add_test(tcase, between_events_the_thread_sleeps);
    tcase_add_test(tcase, the_end_waits_for_nobody_and_leaves_devices_to_be_closed);
    tcase_add_test(tcase, the_end_comes_at_any_time);
    return suite;
}
