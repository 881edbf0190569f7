/* feed_test: who waits for a look and for how long, what is served meanwhile, and when a look is made unasked. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gather/feed.h"
#include "lib/unit.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    MINUTE = 60 * SECOND,
    INTERVAL = 1000 /* ms */,
    LONG = 20000 /* ms of patience */
};

/* A source that counts, fails and hangs as it is told. What it hands over is its number. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int takes, released;
    bool hangs, fails;
} source = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static atomic_int_fast64_t now_us; /* the clock of the test */
static struct feed *feed;
static int published;

static int64_t moved_clock(void)
{
    return now_us;
}

static void *take(void *context, int64_t *failures)
{
    int *number = memory_new(1, sizeof(*number));
    bool fails;

    (void)context;
    pthread_mutex_lock(&source.lock);
    *number = ++source.takes;
    pthread_cond_broadcast(&source.changed);
    while (source.hangs)
        pthread_cond_wait(&source.changed, &source.lock);
    fails = source.fails;
    pthread_mutex_unlock(&source.lock);
    *failures = 2;
    if (!fails)
        return number;
    free(number);
    *failures = 0;
    return NULL;
}

static void release(void *look)
{
    pthread_mutex_lock(&source.lock);
    source.released++;
    pthread_mutex_unlock(&source.lock);
    free(look);
}

static void set(bool *what, bool value)
{
    pthread_mutex_lock(&source.lock);
    *what = value;
    pthread_cond_broadcast(&source.changed);
    pthread_mutex_unlock(&source.lock);
}

static void wait_for_takes(int takes)
{
    pthread_mutex_lock(&source.lock);
    while (source.takes < takes)
        pthread_cond_wait(&source.changed, &source.lock);
    pthread_mutex_unlock(&source.lock);
}

static void begin(bool in_background)
{
    now_us = 10 * MINUTE;
    published = eventfd(0, EFD_NONBLOCK);
    feed = feed_new(&(struct feed_settings){.interval = INTERVAL,
                                            .in_background = in_background,
                                            .take = take,
                                            .release = release,
                                            .clock = moved_clock,
                                            .published = published});
    ck_assert_ptr_nonnull(feed);
}

static void end(void)
{
    feed_free(feed);
    close(published);
}

/* The number of the newest look after at most so many ms; 0: there is none. */
static int look_within(int64_t ms, bool *is_late)
{
    const struct feed_look *look = feed_get(feed, clock_ms() + ms, is_late);
    int number = look ? *(int *)look->look : 0;

    feed_put(feed, look);
    return number;
}

static int look(void)
{
    bool is_late;
    int number = look_within(LONG, &is_late);

    ck_assert(!is_late);
    return number;
}

/* --- On demand --- */

START_TEST(nothing_is_read_until_somebody_asks)
{
    begin(false);
    ck_assert_int_eq(look(), 0);
    ck_assert_int_eq(source.takes, 0);
    ck_assert(feed_wish(feed));
    ck_assert_int_eq(look(), 1);
    end();
}
END_TEST

START_TEST(a_look_serves_until_it_is_as_old_as_the_interval)
{
    begin(false);
    feed_wish(feed);
    ck_assert_int_eq(look(), 1);
    now_us += INTERVAL * MS - 1;
    ck_assert(!feed_wish(feed));
    ck_assert_int_eq(look(), 1);
    now_us += 1;
    ck_assert(feed_wish(feed));
    ck_assert_int_eq(look(), 2);
    ck_assert_int_eq(source.released, 1);
    end();
}
END_TEST

START_TEST(who_waits_in_vain_gets_the_look_before)
{
    bool is_late;

    begin(false);
    feed_wish(feed);
    ck_assert_int_eq(look(), 1);
    set(&source.hangs, true);
    now_us += INTERVAL * MS;
    feed_wish(feed);
    ck_assert_int_eq(look_within(30, &is_late), 1);
    ck_assert(is_late);
    ck_assert_int_ge(feed_state(feed).busy, 0);
    set(&source.hangs, false);
    ck_assert_int_eq(look(), 2);
    ck_assert_int_eq(feed_state(feed).busy, -1);
    end();
}
END_TEST

START_TEST(a_look_stays_while_somebody_has_it)
{
    bool is_late;
    const struct feed_look *pinned;

    begin(false);
    feed_wish(feed);
    pinned = feed_get(feed, clock_ms() + LONG, &is_late);
    now_us += INTERVAL * MS;
    feed_wish(feed);
    ck_assert_int_eq(look(), 2);
    ck_assert_int_eq(*(int *)pinned->look, 1);
    ck_assert_int_eq(source.released, 0);
    feed_put(feed, pinned);
    ck_assert_int_eq(source.released, 1);
    end();
    ck_assert_int_eq(source.released, 2);
}
END_TEST

START_TEST(a_look_that_failed_is_counted_and_the_one_before_stays)
{
    begin(false);
    feed_wish(feed);
    ck_assert_int_eq(look(), 1);
    ck_assert_int_eq(feed_state(feed).failures, 2); /* parts of it */
    set(&source.fails, true);
    now_us += INTERVAL * MS;
    feed_wish(feed);
    ck_assert_int_eq(look(), 1);
    ck_assert_int_eq(feed_state(feed).failures, 3);
    ck_assert(feed_state(feed).last_failed);
    ck_assert_int_eq(feed_state(feed).number, 2);
    ck_assert_int_eq(feed_state(feed).age, INTERVAL);
    end();
}
END_TEST

START_TEST(what_has_expired_is_not_served_and_what_began_before_does_not_do)
{
    bool is_late;

    begin(false);
    feed_wish(feed);
    ck_assert_int_eq(look(), 1);
    set(&source.hangs, true);
    feed_look(feed);
    wait_for_takes(2);
    now_us++;
    feed_expire(feed);
    now_us += 2;
    ck_assert_int_eq(look_within(0, &is_late), 0);
    feed_wish(feed);
    set(&source.hangs, false);
    ck_assert_int_eq(look(), 3);
    end();
}
END_TEST

START_TEST(the_end_of_a_look_is_told)
{
    eventfd_t times;

    begin(false);
    ck_assert_int_ne(eventfd_read(published, &times), 0);
    feed_wish(feed);
    look();
    ck_assert_int_eq(eventfd_read(published, &times), 0);
    end();
}
END_TEST

START_TEST(a_source_that_hangs_does_not_hold_up_the_end)
{
    int64_t begun = clock_ms();

    begin(false);
    set(&source.hangs, true);
    feed_wish(feed);
    wait_for_takes(1);
    feed_free(feed);
    ck_assert_int_lt(clock_ms() - begun, LONG);
    set(&source.hangs, false);
}
END_TEST

/* --- In the background --- */

START_TEST(a_background_feed_looks_at_its_start)
{
    begin(true);
    wait_for_takes(1);
    ck_assert_int_eq(look(), 1);
    ck_assert(!feed_state(feed).is_watched);
    end();
}
END_TEST

static const struct {
    int64_t distance; /* s between two polls */
    int64_t watched;  /* s after the second */
} watches[] = {{60, 15 * 60}, {301, 903 > 15 * 60 ? 903 : 15 * 60}, {1200, 3600}, {3600, 90 * 60}, {7200, 90 * 60}};

START_TEST(it_is_watched_three_times_as_long_as_its_polls_are_apart)
{
    begin(true);
    look();
    feed_wish(feed);
    look();
    now_us += watches[_i].distance * SECOND;
    feed_wish(feed);
    now_us += watches[_i].watched * SECOND - 1;
    ck_assert(feed_state(feed).is_watched);
    now_us += 1;
    ck_assert(!feed_state(feed).is_watched);
    end();
}
END_TEST

START_TEST(while_it_is_watched_a_request_waits_for_nothing)
{
    bool is_late;

    begin(true);
    look();
    feed_wish(feed);
    look();
    set(&source.hangs, true);
    now_us += 5 * INTERVAL * MS;
    ck_assert(!feed_wish(feed));
    ck_assert_int_gt(look_within(0, &is_late), 0);
    ck_assert(!is_late);
    set(&source.hangs, false);
    end();
}
END_TEST

START_TEST(the_request_after_a_long_silence_has_a_look_made)
{
    int before;

    begin(true);
    before = look();
    now_us += 100 * (int64_t)MINUTE;
    ck_assert(feed_wish(feed));
    ck_assert_int_gt(look(), before);
    end();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("feed");
    TCase *demand = unit_case(suite, "demand"), *background = unit_case(suite, "background");

    tcase_add_test(demand, nothing_is_read_until_somebody_asks);
    tcase_add_test(demand, a_look_serves_until_it_is_as_old_as_the_interval);
    tcase_add_test(demand, who_waits_in_vain_gets_the_look_before);
    tcase_add_test(demand, a_look_stays_while_somebody_has_it);
    tcase_add_test(demand, a_look_that_failed_is_counted_and_the_one_before_stays);
    tcase_add_test(demand, what_has_expired_is_not_served_and_what_began_before_does_not_do);
    tcase_add_test(demand, the_end_of_a_look_is_told);
    tcase_add_test(demand, a_source_that_hangs_does_not_hold_up_the_end);
    tcase_add_test(background, a_background_feed_looks_at_its_start);
    tcase_add_loop_test(background, it_is_watched_three_times_as_long_as_its_polls_are_apart, 0, UNIT_COUNT(watches));
    tcase_add_test(background, while_it_is_watched_a_request_waits_for_nothing);
    tcase_add_test(background, the_request_after_a_long_silence_has_a_look_made);
    return suite;
}
