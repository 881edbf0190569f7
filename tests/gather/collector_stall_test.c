/* collector_stall_test: items whose reads do not return, or return late: what they cost others, and how they come
 * back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gather/collector.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/source_fake.h"
#include "lib/unit.h"

enum { READ_TIMEOUT = 200, LATE = 300, PROMPT = 200, SECOND = 1000 };

static struct collector *collector;
static struct collector_reading reading;
static int64_t took; /* ms, by the last refresh */

static void set_up(void)
{
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR); /* the rest is not what is tested */
    collector =
        collector_new(&(struct collector_settings){.source = source_fake_source(), .read_timeout = READ_TIMEOUT});
    ck_assert_ptr_nonnull(collector);
}

static void tear_down(void)
{
    source_fake_forget(&reading);
    source_fake_release_all();
    collector_free(collector);
}

static void refresh(void)
{
    int64_t started;

    source_fake_forget(&reading);
    started = clock_ms();
    collector_refresh(collector, &reading);
    took = clock_ms() - started;
    ck_assert_int_lt(took, COLLECTOR_LONGEST_REFRESH + LATE);
}

/* What the last refresh has of the item, which must be among its entries; NULL: it was not read in time. */
static const struct source_fake_result *result_of(const struct source_fake_item *item)
{
    for (size_t i = 0; i < reading.count; i++)
        if (strcmp(reading.entries[i].name, item->name) == 0)
            return reading.entries[i].result;
    ck_abort_msg("no entry for %s", item->name);
}

static struct source_fake_item *add_hung(const char *name)
{
    struct source_fake_item *item = source_fake_add(name);

    source_fake_hang(item, true, false);
    return item;
}

/* Refreshes until the item is read again. */
static void await(const struct source_fake_item *item)
{
    int64_t end = clock_ms() + 10 * SECOND;

    do
        refresh();
    while (!result_of(item) && clock_ms() < end);
    ck_assert_ptr_nonnull(result_of(item));
}

START_TEST(a_hung_item_is_stalled_after_its_time_and_others_are_fresh)
{
    const struct source_fake_item *a = source_fake_add("a"), *b = source_fake_add("b"), *c = source_fake_add("c");

    refresh();
    ck_assert_uint_eq(reading.failures, 0);
    add_hung("b");
    refresh();
    ck_assert_ptr_null(result_of(b));
    ck_assert_int_ge(took, READ_TIMEOUT);
    ck_assert_uint_eq(result_of(a)->reads, 2);
    ck_assert_uint_eq(result_of(c)->reads, 2);
    ck_assert_uint_eq(reading.failures, 1);

    for (unsigned i = 3; i < 6; i++) { /* nobody waits for it any more */
        refresh();
        ck_assert_int_lt(took, PROMPT);
        ck_assert_ptr_null(result_of(b));
        ck_assert_uint_eq(result_of(a)->reads, i);
    }
    ck_assert_uint_eq(b->reads, 2);
}
END_TEST

START_TEST(a_stalled_item_comes_back_when_a_probe_of_it_returns)
{
    struct source_fake_item *a = add_hung("a");

    refresh(); /* its first read */
    ck_assert_ptr_null(result_of(a));
    source_fake_hang(a, false, true);
    source_fake_wait(&a->probes, 1);
    for (int i = 0; i < 3; i++) {
        refresh();
        ck_assert_ptr_null(result_of(a));
        ck_assert_int_lt(took, PROMPT);
    }
    ck_assert_uint_eq(a->reads, 1);
    source_fake_hang(a, false, false);
    await(a);
    ck_assert_uint_eq(result_of(a)->reads, 2); /* not what the hung read found */
    ck_assert_int_eq(source_fake.results, 1);  /* which is freed */
    refresh();
    ck_assert_uint_eq(result_of(a)->reads, 3);
    ck_assert_uint_eq(a->probes, 1);
    ck_assert_uint_eq(a->opens, 1);
}
END_TEST

/* A host that is busy, or a process that was stopped: the time of a read is over before its thread got to run. */
START_TEST(an_item_whose_thread_came_too_late_is_read_by_the_next_refresh)
{
    struct source_fake_item *a = source_fake_add("a");

    source_fake_hang_opening(a, true);
    refresh();
    ck_assert_ptr_null(result_of(a));
    ck_assert_uint_eq(a->reads, 0);
    source_fake_hang_opening(a, false);
    await(a);
    ck_assert_uint_eq(a->probes, 0); /* nothing had hung */
}
END_TEST

START_TEST(with_all_items_hung_a_refresh_still_ends)
{
    enum { ITEMS = 20 };
    char name[16];

    for (int i = 0; i < ITEMS; i++) {
        snprintf(name, sizeof(name), "dev%02d", i);
        add_hung(name);
    }
    for (int i = 0; i < 3; i++) {
        refresh();
        ck_assert_uint_eq(reading.count, ITEMS);
        for (size_t j = 0; j < ITEMS; j++)
            ck_assert_ptr_null(reading.entries[j].result);
        ck_assert_uint_eq(reading.failures, ITEMS);
    }
    refresh();
    ck_assert_int_lt(took, PROMPT);
}
END_TEST

START_TEST(a_hung_read_gives_its_place_back)
{
    const struct source_fake_item *last = source_fake_add("last");
    char name[16];

    for (int i = 0; i < COLLECTOR_MOST_READS; i++) {
        snprintf(name, sizeof(name), "hung%d", i);
        add_hung(name);
    }
    refresh();
    ck_assert_ptr_nonnull(result_of(last));
    refresh();
    ck_assert_ptr_nonnull(result_of(last));
    ck_assert_int_lt(took, PROMPT);
}
END_TEST

/* The first read runs out of time; from then on the item is known to need more. False if the host was too busy for
 * reads to keep their own pace. */
static bool read_slowly(const char *name)
{
    enum { PARTS = 3, MS = 100 };
    struct source_fake_item *slow = source_fake_add(name);
    bool kept_pace = true;

    slow->parts = PARTS;
    slow->ms = MS;
    refresh();
    kept_pace &= result_of(slow) && !result_of(slow)->summary.complete;
    for (unsigned i = 2; i < 4; i++) {
        refresh();
        kept_pace &= result_of(slow) && result_of(slow)->summary.complete && result_of(slow)->reads == i &&
                     took >= (int64_t)PARTS * MS;
    }
    slow->present = false;
    return kept_pace;
}

START_TEST(a_slow_item_is_read_completely_from_the_second_refresh_on)
{
    ck_assert(read_slowly("a") || read_slowly("b") || read_slowly("c") || read_slowly("d"));
}
END_TEST

START_TEST(an_item_with_one_read_longer_than_the_timeout_is_served)
{
    struct source_fake_item *a = source_fake_add("a");

    a->parts = 1;
    a->ms = READ_TIMEOUT + 100;
    refresh();
    ck_assert(!result_of(a));
    await(a);
    refresh();
    ck_assert(result_of(a) && result_of(a)->summary.complete);
}
END_TEST

START_TEST(an_item_too_slow_for_any_refresh_gives_what_it_can)
{
    struct source_fake_item *a = source_fake_add("a");

    a->parts = 1000;
    a->ms = 10;
    for (int i = 0; i < 2; i++) {
        await(a);
        ck_assert(!result_of(a)->summary.complete);
        ck_assert_uint_gt(result_of(a)->summary.parts_read, 0);
    }
}
END_TEST

START_TEST(a_hung_item_may_be_removed_and_return)
{
    struct source_fake_item *a = add_hung("a");

    refresh();
    ck_assert_ptr_null(result_of(a));
    a->present = false;
    refresh();
    ck_assert_uint_eq(reading.count, 0);
    source_fake_heal(a);
    source_fake_add("a");
    refresh();
    ck_assert_ptr_nonnull(result_of(a));
    ck_assert_uint_eq(a->opens, 2);
    ck_assert_uint_eq(a->closes, 0); /* the thread of the first one is still in its read */
    source_fake_hang(a, false, false);
    source_fake_wait(&a->closes, 1);
    refresh();
    ck_assert_ptr_nonnull(result_of(a));
}
END_TEST

START_TEST(a_listing_that_hangs_keeps_the_items)
{
    const struct source_fake_item *a = source_fake_add("a");
    unsigned lists;
    int64_t end;

    refresh();
    source_fake_hang_listing(true);
    for (int i = 0; i < 2; i++) {
        refresh();
        ck_assert_int_eq(reading.error, -ETIMEDOUT);
        ck_assert_ptr_nonnull(result_of(a));
    }
    lists = source_fake.lists;
    ck_assert_uint_eq(lists, 2); /* one at a time */
    source_fake_add("b");
    source_fake_hang_listing(false);
    end = clock_ms() + 10 * SECOND;
    do
        refresh();
    while (reading.error == -ETIMEDOUT && clock_ms() < end);
    refresh();
    ck_assert_int_eq(reading.error, 0);
    ck_assert_uint_eq(reading.count, 2);
}
END_TEST

/* --- The end --- */

enum stuck { STUCK_READ, STUCK_LISTING, STUCKS };

START_TEST(a_stuck_thread_does_not_keep_the_collector)
{
    struct source_fake_item *a = source_fake_add("a");
    int64_t started;

    refresh();
    source_fake_hang(a, _i == STUCK_READ, false);
    source_fake_hang_listing(_i == STUCK_LISTING);
    refresh();
    ck_assert_int_eq(result_of(a) == NULL, _i == STUCK_READ);
    ck_assert_int_eq(reading.error, _i == STUCK_LISTING ? -ETIMEDOUT : 0);
    source_fake_forget(&reading);
    started = clock_ms();
    collector_free(collector);
    ck_assert_int_lt(clock_ms() - started, SECOND);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("collector_stall");
    TCase *tcase = unit_case(suite, "stall"), *end = unit_case(suite, "end");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_hung_item_is_stalled_after_its_time_and_others_are_fresh);
    tcase_add_test(tcase, a_stalled_item_comes_back_when_a_probe_of_it_returns);
    tcase_add_test(tcase, an_item_whose_thread_came_too_late_is_read_by_the_next_refresh);
    tcase_add_test(tcase, with_all_items_hung_a_refresh_still_ends);
    tcase_add_test(tcase, a_hung_read_gives_its_place_back);
    tcase_add_test(tcase, a_slow_item_is_read_completely_from_the_second_refresh_on);
    tcase_add_test(tcase, an_item_with_one_read_longer_than_the_timeout_is_served);
    tcase_add_test(tcase, an_item_too_slow_for_any_refresh_gives_what_it_can);
    tcase_add_test(tcase, a_hung_item_may_be_removed_and_return);
    tcase_add_test(tcase, a_listing_that_hangs_keeps_the_items);
    tcase_add_checked_fixture(end, set_up, NULL);
    tcase_add_loop_test(end, a_stuck_thread_does_not_keep_the_collector, 0, STUCKS);
    return suite;
}
