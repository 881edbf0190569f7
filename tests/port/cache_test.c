/* cache_test: when the hardware is read again, what is shown of devices that did not answer, and the figures of
 * refreshes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/cache.h"
#include "base/memory.h"
#include "lib/rows.h"
#include "lib/unit.h"

enum { MS = 1000, MAX_AGE = 1000, MOST_DEVICES = 8, OK = 1, DEGRADED = 2, FAILED = 3 };

/* What the next refreshes find. */
static struct {
    struct device *devices[MOST_DEVICES]; /* handed over */
    const char *silent[MOST_DEVICES];     /* names of devices that do not answer */
    size_t count, silent_count;
    int error;
    uint32_t failures, names_not_served;
    bool is_short_of_time; /* whoever is silent has not been asked */
    int64_t duration;      /* µs */
    int refreshes;
} fake;

static int64_t clock_now, uptime_now;
static struct cache *cache;

static int64_t fake_clock(void)
{
    return clock_now;
}

static int64_t fake_uptime(void)
{
    return uptime_now;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct collector_entry *)a)->name, ((const struct collector_entry *)b)->name);
}

static void fake_refresh(void *context, struct collector_reading *reading)
{
    ck_assert_ptr_eq(context, &fake);
    *reading = (struct collector_reading){
        .entries = memory_new(fake.count + fake.silent_count, sizeof(*reading->entries)),
        .error = fake.error,
        .failures = fake.failures,
        .names_not_served = fake.names_not_served,
    };
    for (size_t i = 0; i < fake.count; i++) {
        strcpy(reading->entries[reading->count].name, fake.devices[i]->name);
        reading->entries[reading->count++].result = fake.devices[i];
    }
    for (size_t i = 0; i < fake.silent_count; i++) {
        strcpy(reading->entries[reading->count].name, fake.silent[i]);
        reading->entries[reading->count++].stalled = !fake.is_short_of_time;
    }
    qsort(reading->entries, reading->count, sizeof(*reading->entries), compare_entries);
    fake.count = fake.silent_count = 0;
    fake.refreshes++;
    clock_now += fake.duration;
}

static void make_cache(int64_t max_age)
{
    cache = cache_new(&(struct cache_settings){
        .max_age = max_age,
        .clock = fake_clock,
        .uptime = fake_uptime,
        .refresh = fake_refresh,
        .context = &fake,
        .version = "1.2.3",
    });
}

static void set_up(void)
{
    clock_now = 4711;
    uptime_now = 100;
    make_cache(MAX_AGE);
}

static void tear_down(void)
{
    cache_free(cache);
}

static void answer(struct device *device)
{
    fake.devices[fake.count++] = device;
}

static void keep_silent(const char *name)
{
    fake.silent[fake.silent_count++] = name;
}

/* A refresh, whatever the age. */
static const struct snapshot *refresh(void)
{
    clock_now += 2 * MAX_AGE * MS;
    return cache_snapshot(cache);
}

/* The first device of the current snapshot. */
static const struct device *first_device(const struct snapshot *snapshot)
{
    ck_assert_uint_gt(snapshot_devices(snapshot), 0);
    return snapshot_device(snapshot, 0);
}

/* --- Age --- */

START_TEST(nothing_is_read_before_somebody_asks)
{
    ck_assert_int_eq(cache_agent(cache)->refreshes, 0);
    ck_assert_int_eq(cache_agent(cache)->read_since, 0);
    ck_assert_int_eq(cache_agent(cache)->health, OK);
    ck_assert_str_eq(cache_agent(cache)->version, "1.2.3");
    ck_assert_int_eq(cache_agent(cache)->cache_max_age, MAX_AGE);
    ck_assert_int_eq(fake.refreshes, 0);
    cache_snapshot(cache);
    ck_assert_int_eq(fake.refreshes, 1);
}
END_TEST

START_TEST(a_snapshot_serves_until_its_maximum_age)
{
    const struct snapshot *snapshot = cache_snapshot(cache);

    clock_now += MAX_AGE * MS - 1;
    ck_assert_ptr_eq(cache_snapshot(cache), snapshot);
    ck_assert_int_eq(fake.refreshes, 1);
    clock_now += 1;
    cache_snapshot(cache);
    ck_assert_int_eq(fake.refreshes, 2);
}
END_TEST

START_TEST(a_maximum_age_of_zero_reads_at_each_request)
{
    cache_free(cache);
    make_cache(0);
    for (int i = 1; i <= 5; i++) {
        cache_snapshot(cache);
        ck_assert_int_eq(fake.refreshes, i);
    }
}
END_TEST

START_TEST(a_slow_reading_is_not_followed_by_the_next_at_once)
{
    fake.duration = 5 * MAX_AGE * MS;
    cache_snapshot(cache);
    clock_now += MAX_AGE * MS / 2;
    cache_snapshot(cache);
    ck_assert_int_eq(fake.refreshes, 1);
}
END_TEST

START_TEST(the_age_counts_from_the_beginning_of_the_reading)
{
    fake.duration = 30 * MS;
    cache_snapshot(cache);
    clock_now += 12 * MS;
    ck_assert_int_eq(clock_now - cache_agent(cache)->read_since, 42 * MS);
}
END_TEST

START_TEST(a_look_has_a_maximum_age_of_its_own)
{
    struct snapshot *last;

    cache_refresh(cache, 5 * MAX_AGE);
    clock_now += (5 * MAX_AGE - 1) * MS;
    ck_assert_int_eq(cache_age(cache), 5 * MAX_AGE - 1);
    last = cache_get(cache);
    ck_assert_ptr_eq(cache_refresh(cache, 5 * MAX_AGE), last);
    snapshot_free(last);
    ck_assert_int_eq(fake.refreshes, 1);
    clock_now += MS;
    cache_refresh(cache, 5 * MAX_AGE);
    ck_assert_int_eq(fake.refreshes, 2);
    cache_snapshot(cache);
    ck_assert_int_eq(fake.refreshes, 2);
    cache_restart_uptime(cache);
    ck_assert_int_eq(cache_age(cache), INT64_MAX);
}
END_TEST

START_TEST(notifications_are_off_unless_they_are_on)
{
    ck_assert_int_eq(cache_agent(cache)->notifications_enabled, 2);
    cache_free(cache);
    cache = cache_new(&(struct cache_settings){.clock = fake_clock, .version = "", .notifications = true});
    ck_assert_int_eq(cache_agent(cache)->notifications_enabled, 1);
}
END_TEST

START_TEST(a_refresh_that_failed_counts_as_one)
{
    fake.error = -EACCES;
    cache_snapshot(cache);
    for (int i = 0; i < 10; i++)
        cache_snapshot(cache);
    ck_assert_int_eq(fake.refreshes, 1);
    ck_assert_int_eq(cache_agent(cache)->health, FAILED);
    ck_assert_int_eq(cache_agent(cache)->scrape_errors, 1);
}
END_TEST

/* --- Devices that do not answer --- */

START_TEST(a_stalled_device_keeps_its_names_and_loses_its_values)
{
    struct device *device = rows_device("mlx5_0", 1);
    const struct port *port;

    strcpy(device->firmware, "28.41.1000");
    device->ports[0].state = PORT_ACTIVE;
    device->ports[0].lid = 0x1a;
    device->ports[0].link_layer = 1;
    strcpy(device->ports[0].state_text, "ACTIVE");
    strcpy(device->ports[0].netdev, "ib0");
    rows_name_port_counters(device, 0, "a b");
    rows_name_device_counters(device, "c");
    rows_set_named(&device->ports[0].named, "a", 5);
    rows_set_named(&device->named, "c", 5);
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", 7);
    answer(device);
    cache_snapshot(cache);

    for (int i = 0; i < 3; i++) {
        keep_silent("mlx5_0");
        port = &first_device(refresh())->ports[0];
        ck_assert_str_eq(first_device(cache_snapshot(cache))->firmware, "28.41.1000");
        ck_assert_int_eq(first_device(cache_snapshot(cache))->status, STATUS_STALLED);
        ck_assert(!first_device(cache_snapshot(cache))->named.present[0]);
        ck_assert_int_eq(port->status, STATUS_STALLED);
        ck_assert_str_eq(port->name, "mlx5_0/1");
        ck_assert_str_eq(port->netdev, "ib0");
        ck_assert_int_eq(port->link_layer, 1);
        ck_assert_int_eq(port->state, ABSENT);
        ck_assert_str_eq(port->state_text, "");
        ck_assert_int_eq(port->lid, ABSENT);
        ck_assert_uint_eq(port->counters.present, 0);
        ck_assert_uint_eq(port->named.names->count, 2);
        ck_assert(!port->named.present[0] && !port->named.present[1]);
        ck_assert_int_eq(port->history.saturated, ABSENT);
        ck_assert_int_eq(cache_agent(cache)->health, DEGRADED);
        ck_assert_int_eq(cache_agent(cache)->stalled_devices, 1);
        ck_assert_int_eq(cache_agent(cache)->ports, 1);
    }
}
END_TEST

START_TEST(a_device_whose_turn_did_not_come_is_not_stalled)
{
    answer(rows_device("mlx5_0", 1));
    cache_snapshot(cache);
    fake.is_short_of_time = true;
    keep_silent("mlx5_0");
    ck_assert_int_eq(first_device(refresh())->status, STATUS_PARTIAL);
    ck_assert_int_eq(first_device(cache_snapshot(cache))->ports[0].status, STATUS_PARTIAL);
    ck_assert_int_eq(first_device(cache_snapshot(cache))->ports[0].history.saturated, ABSENT);
    ck_assert_int_eq(cache_agent(cache)->stalled_devices, 0);
    ck_assert_int_eq(cache_agent(cache)->health, DEGRADED);
}
END_TEST

START_TEST(a_device_that_never_answered_has_a_row_without_ports)
{
    keep_silent("mlx5_0");
    ck_assert_int_eq(first_device(cache_snapshot(cache))->status, STATUS_STALLED);
    ck_assert_str_eq(first_device(cache_snapshot(cache))->name, "mlx5_0");
    ck_assert_int_eq(cache_agent(cache)->devices, 1);
    ck_assert_int_eq(cache_agent(cache)->ports, 0);
    ck_assert_int_eq(cache_agent(cache)->health, DEGRADED);
}
END_TEST

static struct device *device_with(uint64_t symbol_errors, int64_t state)
{
    struct device *device = rows_device("mlx5_0", 1);

    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", symbol_errors);
    device->ports[0].state = state;
    return device;
}

START_TEST(history_goes_on_behind_a_stall)
{
    const struct device *device;

    answer(device_with(10, PORT_ACTIVE));
    cache_snapshot(cache);
    uptime_now = 200;
    keep_silent("mlx5_0");
    refresh();
    uptime_now = 300;
    answer(device_with(13, PORT_DOWN));
    device = first_device(refresh());
    ck_assert_int_eq(device->registered, 100);
    ck_assert_int_eq(device->ports[0].history.error_events, 3);
    ck_assert_int_eq(device->ports[0].history.state_changes, 1);
    ck_assert_int_eq(device->ports[0].history.last_change, 300);
    ck_assert_int_eq(device->ports[0].history.counter_discontinuity, 100);
    ck_assert_int_eq(cache_agent(cache)->health, OK);
}
END_TEST

START_TEST(a_device_that_is_removed_is_forgotten)
{
    answer(device_with(10, PORT_ACTIVE));
    cache_snapshot(cache);
    ck_assert_uint_eq(snapshot_devices(refresh()), 0);
    uptime_now = 200;
    answer(device_with(3, PORT_DOWN));
    ck_assert_int_eq(first_device(refresh())->registered, 200);
    ck_assert_int_eq(first_device(cache_snapshot(cache))->ports[0].history.state_changes, 0);
}
END_TEST

START_TEST(a_restart_of_the_uptime_zeroes_times_at_once)
{
    answer(device_with(10, PORT_ACTIVE));
    cache_snapshot(cache);
    uptime_now = 3;
    cache_restart_uptime(cache);
    answer(device_with(10, PORT_ACTIVE));
    ck_assert_int_eq(first_device(cache_snapshot(cache))->registered, 0);
    ck_assert_int_eq(first_device(cache_snapshot(cache))->ports[0].history.counter_discontinuity, 0);
    ck_assert_int_eq(fake.refreshes, 2);
}
END_TEST

/* --- What the agent says of itself --- */

START_TEST(failures_and_rejected_names_are_told)
{
    struct device *device = rows_device("mlx5_0", 3);

    rows_name_device_counters(device, "a");
    rows_name_port_counters(device, 1, "b");
    rows_name_port_counters(device, 2, "b");
    device->named.names->not_served = 1;
    device->ports[1].named.names->not_served = 2;
    device->ports[2].named.names->not_served = 4;
    answer(device);
    fake.names_not_served = 8;
    fake.failures = 5;
    cache_snapshot(cache);
    ck_assert_int_eq(cache_agent(cache)->names_not_served, 15);
    ck_assert_int_eq(cache_agent(cache)->scrape_errors, 5);
    ck_assert_int_eq(cache_agent(cache)->devices, 1);
    ck_assert_int_eq(cache_agent(cache)->ports, 3);
    fake.names_not_served = 0;
    refresh();
    ck_assert_int_eq(cache_agent(cache)->names_not_served, 0); /* of now */
    ck_assert_int_eq(cache_agent(cache)->scrape_errors, 10);   /* of all time */
    ck_assert_int_eq(cache_agent(cache)->devices, 0);
}
END_TEST

static int compare_durations(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least percent of the values do not exceed. */
static int64_t percentile(const int64_t *sorted, size_t count, size_t percent)
{
    size_t at = 0;

    while ((at + 1) * 100 < count * percent)
        at++;
    return sorted[at];
}

START_TEST(percentiles_are_those_of_the_last_1024_refreshes)
{
    enum { REFRESHES = 2500, WINDOW = 1024 };
    static int64_t durations[REFRESHES], sorted[WINDOW];
    uint64_t state = 1;
    int64_t sum = 0;

    for (size_t i = 0; i < REFRESHES; i++) {
        size_t count = i + 1 < WINDOW ? i + 1 : WINDOW;
        const struct agent_state *agent;

        durations[i] = (int64_t)(rows_random(&state) % (i % 3 == 0 ? 7 : 100000)); /* many equal ones */
        sum += fake.duration = durations[i];
        refresh();
        agent = cache_agent(cache);
        ck_assert_int_eq(agent->refreshes, (int64_t)i + 1);
        ck_assert_int_eq(agent->refresh_last, durations[i]);
        ck_assert_int_eq(agent->refresh_time, sum);
        if (i > 20 && i % 97 != 0 && i != REFRESHES - 1)
            continue;
        memcpy(sorted, &durations[i + 1 - count], count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), compare_durations);
        ck_assert_int_eq(agent->refresh_p50, percentile(sorted, count, 50));
        ck_assert_int_eq(agent->refresh_p95, percentile(sorted, count, 95));
        ck_assert_int_eq(agent->refresh_p99, percentile(sorted, count, 99));
        ck_assert_int_eq(agent->refresh_max, sorted[count - 1]);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = unit_case(suite, "cache");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, nothing_is_read_before_somebody_asks);
    tcase_add_test(tcase, a_snapshot_serves_until_its_maximum_age);
    tcase_add_test(tcase, a_maximum_age_of_zero_reads_at_each_request);
    tcase_add_test(tcase, a_slow_reading_is_not_followed_by_the_next_at_once);
    tcase_add_test(tcase, the_age_counts_from_the_beginning_of_the_reading);
    tcase_add_test(tcase, a_look_has_a_maximum_age_of_its_own);
    tcase_add_test(tcase, notifications_are_off_unless_they_are_on);
    tcase_add_test(tcase, a_refresh_that_failed_counts_as_one);
    tcase_add_test(tcase, a_stalled_device_keeps_its_names_and_loses_its_values);
    tcase_add_test(tcase, a_device_whose_turn_did_not_come_is_not_stalled);
    tcase_add_test(tcase, a_device_that_never_answered_has_a_row_without_ports);
    tcase_add_test(tcase, history_goes_on_behind_a_stall);
    tcase_add_test(tcase, a_device_that_is_removed_is_forgotten);
    tcase_add_test(tcase, a_restart_of_the_uptime_zeroes_times_at_once);
    tcase_add_test(tcase, failures_and_rejected_names_are_told);
    tcase_add_test(tcase, percentiles_are_those_of_the_last_1024_refreshes);
    return suite;
}
