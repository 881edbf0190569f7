/* history_test: changes of state, counters that fall, errors that come: what only a comparison of readings tells. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "port/history.h"
#include "lib/rows.h"
#include "lib/unit.h"

enum { PORT_INIT = 2, BEGINNING = 100 };

static struct history *history;
static struct device *device; /* the reading at hand */
static uint64_t registration;

static const struct port_history *noticed(void)
{
    return &device->ports[0].history;
}

/* The next reading of mlx5_0, still without values. */
static void begin(void)
{
    device_free(device);
    device = rows_device("mlx5_0", 1);
    device->registration = registration;
    rows_name_device_counters(device, "rx_bytes active_qps");
    rows_name_port_counters(device, 0, "rx_bytes active_qps watermark_qps lifespan");
}

static void note(int64_t uptime)
{
    history_note(history, &device, 1, uptime);
}

static void set_up(void)
{
    history = history_new();
    registration = 1;
    begin();
}

static void tear_down(void)
{
    device_free(device);
    history_free(history);
}

/* --- State --- */

static void note_state(int64_t state, int64_t uptime)
{
    begin();
    device->ports[0].state = state;
    note(uptime);
}

START_TEST(a_state_that_never_changed_has_no_past)
{
    for (int64_t uptime = BEGINNING; uptime < BEGINNING + 3; uptime++) {
        note_state(PORT_ACTIVE, uptime);
        ck_assert_int_eq(noticed()->previous_state, ABSENT);
        ck_assert_int_eq(noticed()->state_changes, 0);
        ck_assert_int_eq(noticed()->last_change, 0);
    }
}
END_TEST

START_TEST(a_change_of_state_is_counted_and_timed_once)
{
    note_state(PORT_ACTIVE, 100);
    note_state(PORT_DOWN, 200);
    ck_assert_int_eq(noticed()->previous_state, PORT_ACTIVE);
    ck_assert_int_eq(noticed()->state_changes, 1);
    ck_assert_int_eq(noticed()->last_change, 200);
    note_state(PORT_DOWN, 300);
    ck_assert_int_eq(noticed()->previous_state, PORT_ACTIVE);
    ck_assert_int_eq(noticed()->state_changes, 1);
    ck_assert_int_eq(noticed()->last_change, 200);
    note_state(PORT_INIT, 400);
    ck_assert_int_eq(noticed()->previous_state, PORT_DOWN);
    ck_assert_int_eq(noticed()->state_changes, 2);
    ck_assert_int_eq(noticed()->last_change, 400);
}
END_TEST

START_TEST(a_state_that_was_not_read_is_no_change)
{
    note_state(PORT_ACTIVE, 100);
    note_state(ABSENT, 200);
    ck_assert_int_eq(noticed()->state_changes, 0);
    note_state(PORT_ACTIVE, 300);
    ck_assert_int_eq(noticed()->state_changes, 0);
    note_state(ABSENT, 400);
    note_state(PORT_DOWN, 500);
    ck_assert_int_eq(noticed()->state_changes, 1);
    ck_assert_int_eq(noticed()->previous_state, PORT_ACTIVE);
    ck_assert_int_eq(noticed()->last_change, 500);
}
END_TEST

/* --- Discontinuities --- */

enum which { PMA, HW, NAMED, OF_DEVICE };

/* One reading with a counter of the table; the others stand still. */
static void note_counter(enum which which, uint64_t value, int64_t uptime)
{
    begin();
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "port_xmit_data", which == PMA ? value : 5);
    rows_set_counter(device, 0, TABLE_PORT_HW_COUNTER, "np_cnp_sent", which == HW ? value : 5);
    rows_set_named(&device->ports[0].named, "rx_bytes", which == NAMED ? value : 5);
    rows_set_named(&device->named, "rx_bytes", which == OF_DEVICE ? value : 5);
    note(uptime);
}

static void expect_discontinuity(enum which which, int64_t uptime)
{
    ck_assert_int_eq(noticed()->counter_discontinuity, which == PMA ? uptime : BEGINNING);
    ck_assert_int_eq(noticed()->hw_counter_discontinuity, which == HW ? uptime : BEGINNING);
    ck_assert_int_eq(noticed()->named_counter_discontinuity, which == NAMED ? uptime : BEGINNING);
    ck_assert_int_eq(device->counter_discontinuity, which == OF_DEVICE ? uptime : BEGINNING);
    ck_assert_int_eq(device->registered, BEGINNING);
}

START_TEST(a_counter_that_falls_is_a_discontinuity_of_its_table_alone)
{
    enum which which = (enum which)_i;

    note_counter(which, 10, BEGINNING);
    expect_discontinuity(which, BEGINNING);
    note_counter(which, 10, 200);
    note_counter(which, UINT64_MAX, 300);
    expect_discontinuity(which, BEGINNING);
    note_counter(which, UINT64_MAX - 1, 400);
    expect_discontinuity(which, 400);
    note_counter(which, UINT64_MAX, 500);
    expect_discontinuity(which, 400);
    note_counter(which, 0, 600);
    expect_discontinuity(which, 600);
}
END_TEST

START_TEST(a_counter_that_falls_unseen_is_a_discontinuity_when_it_is_seen)
{
    note_counter(PMA, 10, BEGINNING);
    begin();
    note(200); /* nothing was read */
    ck_assert_int_eq(noticed()->counter_discontinuity, BEGINNING);
    note_counter(PMA, 9, 300);
    expect_discontinuity(PMA, 300);
}
END_TEST

static const char *const levels[] = {"active_qps", "watermark_qps", "lifespan"};

START_TEST(what_is_no_counter_may_fall)
{
    for (uint64_t value = 10; value > 0; value--) {
        begin();
        rows_set_named(&device->ports[0].named, levels[_i], value);
        note(BEGINNING + 10 - (int64_t)value);
    }
    expect_discontinuity(NAMED, BEGINNING);
}
END_TEST

START_TEST(another_registration_starts_anew)
{
    begin();
    device->ports[0].state = PORT_ACTIVE;
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", 10);
    note(BEGINNING);
    begin();
    device->ports[0].state = PORT_DOWN;
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", 12);
    note(200);
    ck_assert_int_eq(noticed()->state_changes, 1);
    ck_assert_int_eq(noticed()->error_events, 2);

    registration = 2;
    begin();
    device->ports[0].state = PORT_ACTIVE;
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", 3);
    note(300);
    ck_assert_int_eq(noticed()->previous_state, ABSENT);
    ck_assert_int_eq(noticed()->state_changes, 0);
    ck_assert_int_eq(noticed()->last_change, 0);
    ck_assert_int_eq(noticed()->error_events, 0);
    ck_assert_int_eq(noticed()->counter_discontinuity, 300);
    ck_assert_int_eq(noticed()->hw_counter_discontinuity, 300);
    ck_assert_int_eq(noticed()->named_counter_discontinuity, 300);
    ck_assert_int_eq(device->counter_discontinuity, 300);
    ck_assert_int_eq(device->registered, 300);
}
END_TEST

START_TEST(a_device_that_was_away_is_forgotten)
{
    note_counter(PMA, 10, BEGINNING);
    history_note(history, NULL, 0, 200);
    note_counter(PMA, 3, 300);
    ck_assert_int_eq(device->registered, 300);
    ck_assert_int_eq(noticed()->counter_discontinuity, 300);
    ck_assert_int_eq(noticed()->error_events, 0);
}
END_TEST

START_TEST(a_new_uptime_makes_all_times_zero)
{
    note_counter(NAMED, 10, 100);
    note_state(PORT_ACTIVE, 200);
    note_state(PORT_DOWN, 300);
    history_forget_times(history);
    note_state(PORT_DOWN, 5);
    ck_assert_int_eq(noticed()->last_change, 0);
    ck_assert_int_eq(noticed()->counter_discontinuity, 0);
    ck_assert_int_eq(noticed()->hw_counter_discontinuity, 0);
    ck_assert_int_eq(noticed()->named_counter_discontinuity, 0);
    ck_assert_int_eq(device->counter_discontinuity, 0);
    ck_assert_int_eq(device->registered, 0);
    ck_assert_int_eq(noticed()->state_changes, 1);
    ck_assert_int_eq(noticed()->previous_state, PORT_ACTIVE);
    note_state(PORT_ACTIVE, 7);
    ck_assert_int_eq(noticed()->last_change, 7);
}
END_TEST

/* --- Error events --- */

static int64_t note_errors(enum port_table table, const char *file, uint64_t value)
{
    begin();
    rows_set_counter(device, 0, table, file, value);
    note(BEGINNING);
    return noticed()->error_events;
}

START_TEST(increments_of_errors_are_events)
{
    static const struct {
        uint64_t value;
        int64_t events;
    } readings[] = {{10, 0}, {10, 0}, {13, 3}, {5, 3}, {6, 4}, {0, 4}, {255, 259}};

    for (int i = 0; i < UNIT_COUNT(readings); i++)
        ck_assert_int_eq(note_errors(TABLE_PORT_COUNTER, "symbol_error", readings[i].value), readings[i].events);
}
END_TEST

START_TEST(errors_of_both_tables_add_up_and_other_counters_do_not)
{
    const struct column *columns[ROWS_MOST_COLUMNS];
    size_t count = rows_columns(columns);
    int64_t expected = 0;

    for (uint64_t value = 0; value <= 1; value++) {
        begin();
        for (size_t i = 0; i < count; i++) {
            if (!columns[i]->file)
                continue;
            rows_set_counter(device, 0, (enum port_table)columns[i]->table, columns[i]->file, value);
            expected += value == 1 && columns[i]->is_error;
        }
        note(BEGINNING);
    }
    ck_assert_int_eq(expected, 12 + 13);
    ck_assert_int_eq(noticed()->error_events, expected);
}
END_TEST

START_TEST(error_events_go_on_over_a_reading_that_failed)
{
    note_errors(TABLE_PORT_HW_COUNTER, "out_of_buffer", 10);
    begin();
    note(BEGINNING);
    ck_assert_int_eq(noticed()->error_events, 0);
    ck_assert_int_eq(note_errors(TABLE_PORT_HW_COUNTER, "out_of_buffer", 14), 4);
}
END_TEST

/* It is a Counter32 in the end, so that only what remains modulo 2^32 counts. */
START_TEST(nonsensical_growth_does_no_harm)
{
    uint64_t expected = 0;

    for (int i = 0; i < 9; i++) {
        uint64_t high = i % 2 == 0 ? INT64_MAX : UINT64_MAX - 1;

        note_errors(TABLE_PORT_COUNTER, "symbol_error", 0);
        expected += high;
        ck_assert_uint_eq((uint32_t)note_errors(TABLE_PORT_COUNTER, "symbol_error", high), (uint32_t)expected);
    }
}
END_TEST

/* --- Saturation --- */

START_TEST(counters_at_their_limit_are_counted)
{
    for (int i = 0; i < 2; i++) {
        begin();
        rows_set_counter(device, 0, TABLE_PORT_COUNTER, "link_downed", 255);
        rows_set_counter(device, 0, TABLE_PORT_COUNTER, "symbol_error", 65535);
        rows_set_counter(device, 0, TABLE_PORT_COUNTER, "port_rcv_errors", 255);
        rows_set_counter(device, 0, TABLE_PORT_COUNTER, "port_xmit_data", UINT32_MAX);
        rows_set_counter(device, 0, TABLE_PORT_HW_COUNTER, "out_of_buffer", UINT32_MAX);
        note(BEGINNING);
        ck_assert_int_eq(noticed()->saturated, 3); /* and not twice that the second time */
    }
    begin();
    rows_set_counter(device, 0, TABLE_PORT_COUNTER, "link_downed", 255);
    device->traits.counters_wrap = true;
    note(BEGINNING);
    ck_assert_int_eq(noticed()->saturated, 0);
}
END_TEST

START_TEST(of_a_stalled_port_nobody_knows_what_is_saturated)
{
    note_state(PORT_ACTIVE, 100);
    begin();
    device->ports[0].status = STATUS_STALLED;
    note(200);
    ck_assert_int_eq(noticed()->saturated, ABSENT);
    ck_assert_int_eq(noticed()->state_changes, 0);
}
END_TEST

/* --- Many devices --- */

START_TEST(each_device_and_port_has_a_history_of_its_own)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    enum { DEVICES = 4, ROUNDS = 40 };
    int64_t registered[DEVICES] = {0};
    uint64_t state = 4711;

    for (int64_t round = 1; round <= ROUNDS; round++) {
        struct device *devices[DEVICES];
        size_t count = 0;

        for (int i = 0; i < DEVICES; i++) {
            if (rows_random(&state) % 3 == 0) {
                registered[i] = 0; /* away in this round */
                continue;
            }
            devices[count] = rows_device(names[i], 2);
            rows_set_counter(devices[count++], 1, TABLE_PORT_COUNTER, "symbol_error", (uint64_t)round);
            registered[i] = registered[i] == 0 ? round : registered[i];
        }
        history_note(history, devices, count, round);
        for (size_t i = 0; i < count; i++) {
            int64_t since = registered[devices[i]->name[0] - 'a'];

            ck_assert_int_eq(devices[i]->registered, since);
            ck_assert_int_eq(devices[i]->ports[0].history.error_events, 0);
            ck_assert_int_eq(devices[i]->ports[1].history.error_events, round - since);
            device_free(devices[i]);
        }
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("history");
    TCase *tcase = unit_case(suite, "history");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_state_that_never_changed_has_no_past);
    tcase_add_test(tcase, a_change_of_state_is_counted_and_timed_once);
    tcase_add_test(tcase, a_state_that_was_not_read_is_no_change);
    tcase_add_loop_test(tcase, a_counter_that_falls_is_a_discontinuity_of_its_table_alone, PMA, OF_DEVICE + 1);
    tcase_add_test(tcase, a_counter_that_falls_unseen_is_a_discontinuity_when_it_is_seen);
    tcase_add_loop_test(tcase, what_is_no_counter_may_fall, 0, UNIT_COUNT(levels));
    tcase_add_test(tcase, another_registration_starts_anew);
    tcase_add_test(tcase, a_device_that_was_away_is_forgotten);
    tcase_add_test(tcase, a_new_uptime_makes_all_times_zero);
    tcase_add_test(tcase, increments_of_errors_are_events);
    tcase_add_test(tcase, errors_of_both_tables_add_up_and_other_counters_do_not);
    tcase_add_test(tcase, error_events_go_on_over_a_reading_that_failed);
    tcase_add_test(tcase, nonsensical_growth_does_no_harm);
    tcase_add_test(tcase, counters_at_their_limit_are_counted);
    tcase_add_test(tcase, of_a_stalled_port_nobody_knows_what_is_saturated);
    tcase_add_test(tcase, each_device_and_port_has_a_history_of_its_own);
    return suite;
}
