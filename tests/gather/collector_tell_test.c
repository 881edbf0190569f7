/* collector_tell_test: what a source is told of its items, and that it is told once. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "lib/source_fake.h"
#include "lib/unit.h"
#include "gather/collector.h"
#include "gather/collector_tell.h"

enum { READ_TIMEOUT = 200, LONGEST = 10 * 1000 };

static struct collector *collector;
static struct collector_reading reading;

static void set_up(void)
{
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
    source_fake_forget(&reading);
    collector_refresh(collector, &reading);
}

static void refresh_some_times(void)
{
    for (int i = 0; i < 3; i++)
        refresh();
}

/* How often the source was told of anything but a lack of descriptors, which is up to the place. */
static unsigned all_news(void)
{
    unsigned sum = 0;

    for (int event = 0; event < COLLECTOR_EVENTS; event++)
        if (event != COLLECTOR_SHARING)
            sum += source_fake.told[event][0] + source_fake.told[event][1];
    return sum;
}

static unsigned begun(enum collector_event event)
{
    return source_fake.told[event][0];
}

static unsigned over(enum collector_event event)
{
    return source_fake.told[event][1];
}

START_TEST(an_item_is_found_once_a_registration_and_removed_once)
{
    struct source_fake_item *a = source_fake_add("a");

    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_FOUND), 1);
    ck_assert_str_eq(source_fake.news_of, "a");
    ck_assert_ptr_nonnull(source_fake.news.result);
    a->registration = 4711;
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_FOUND), 2);
    a->present = false;
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_REMOVED), 1);
    ck_assert_str_eq(source_fake.news_of, "a");
    ck_assert_uint_eq(all_news(), 3);
}
END_TEST

START_TEST(an_item_that_goes_while_it_is_read_is_no_news_before_it_is_removed)
{
    struct source_fake_item *a = source_fake_add("a");

    refresh();
    a->error = -ENODEV;
    refresh_some_times();
    ck_assert_uint_eq(all_news(), 1);
}
END_TEST

START_TEST(a_stall_is_told_when_it_begins_and_after_three_complete_reads)
{
    struct source_fake_item *a = source_fake_add("a");
    int64_t end = clock_ms() + LONGEST;

    source_fake_hang(a, true, true);
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_STALLED), 1);
    ck_assert_str_eq(source_fake.news_of, "a");
    ck_assert(reading.entries[0].stalled);
    source_fake_hang(a, false, false);
    for (unsigned reads = 0; reads < 3; reads += reading.entries[0].result != NULL) {
        ck_assert_int_lt(clock_ms(), end);
        ck_assert_uint_eq(over(COLLECTOR_STALLED), 0);
        ck_assert(reading.entries[0].stalled);
        refresh();
    }
    ck_assert_uint_eq(over(COLLECTOR_STALLED), 1);
    ck_assert(!reading.entries[0].stalled);
    ck_assert_uint_eq(all_news(), 3); /* it was found, too */
}
END_TEST

START_TEST(an_item_that_cannot_be_read_is_told_with_its_error)
{
    source_fake_add("a")->error = -EIO;
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_FAILED), 1);
    ck_assert_str_eq(source_fake.news_of, "a");
    ck_assert_int_eq(source_fake.news.error, -EIO);
    ck_assert_uint_eq(all_news(), 1);
}
END_TEST

START_TEST(an_item_that_is_not_complete_is_late)
{
    struct source_fake_item *a = source_fake_add("a");

    a->parts = 1000;
    a->ms = 10;
    refresh_some_times();
    ck_assert_uint_ge(begun(COLLECTOR_LATE), 1);
    ck_assert_uint_eq(begun(COLLECTOR_PARTIAL), 0);
}
END_TEST

START_TEST(an_item_that_lacks_a_value_is_partial)
{
    source_fake_add("a")->lacks = true;
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_PARTIAL), 1);
    ck_assert_ptr_nonnull(source_fake.news.result);
    ck_assert_uint_eq(all_news(), 2);
}
END_TEST

START_TEST(a_listing_that_fails_is_told_with_its_error)
{
    source_fake.list_error = -EACCES;
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_UNLISTED), 1);
    ck_assert_int_eq(source_fake.news.error, -EACCES);
    ck_assert_ptr_null(source_fake.news.name);
    ck_assert_uint_eq(all_news(), 1);
}
END_TEST

START_TEST(names_that_cannot_be_an_index_are_told_when_there_are_more)
{
    struct source_fake_item *bad = source_fake_add("tab\t");

    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_REJECTED), 1);
    ck_assert_str_eq(source_fake.news_of, "tab\t");
    ck_assert_uint_eq(source_fake.news.count, 1);
    source_fake_add("new\n");
    refresh_some_times();
    ck_assert_uint_eq(begun(COLLECTOR_REJECTED), 2);
    ck_assert_uint_eq(source_fake.news.count, 2);
    bad->present = false;
    refresh_some_times();
    ck_assert_uint_eq(all_news(), 2);
}
END_TEST

START_TEST(items_without_a_thread_are_told_once)
{
    struct collector_source source = source_fake_source();
    struct collector_told told = {.source = &source};

    collector_tell_lacking(&told, 0, 0);
    ck_assert_uint_eq(all_news(), 0);
    for (size_t lacking = 3; lacking > 0; lacking--)
        collector_tell_lacking(&told, lacking, -EAGAIN);
    ck_assert_uint_eq(begun(COLLECTOR_LACKING), 1);
    ck_assert_uint_eq(source_fake.news.count, 3);
    ck_assert_int_eq(source_fake.news.error, -EAGAIN);
    collector_tell_lacking(&told, 0, 0);
    ck_assert_uint_eq(all_news(), 1); /* it is over after a while: trouble.h */
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("collector_tell");
    TCase *tcase = unit_case(suite, "tell");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_item_is_found_once_a_registration_and_removed_once);
    tcase_add_test(tcase, an_item_that_goes_while_it_is_read_is_no_news_before_it_is_removed);
    tcase_add_test(tcase, a_stall_is_told_when_it_begins_and_after_three_complete_reads);
    tcase_add_test(tcase, an_item_that_cannot_be_read_is_told_with_its_error);
    tcase_add_test(tcase, an_item_that_is_not_complete_is_late);
    tcase_add_test(tcase, an_item_that_lacks_a_value_is_partial);
    tcase_add_test(tcase, a_listing_that_fails_is_told_with_its_error);
    tcase_add_test(tcase, names_that_cannot_be_an_index_are_told_when_there_are_more);
    tcase_add_test(tcase, items_without_a_thread_are_told_once);
    return suite;
}
