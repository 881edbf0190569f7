/* changes_test: which notifications a change causes, which it does not, and what is held back. The clock is the test's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "history.h"
#include "memory.h"
#include "rows.h"
#include "unit.h"

enum { DOWN = 1, INIT = 2, ACTIVE = 4, MOST_DEVICES = 256, LOOK = 1000, PORT_INTERVAL = CHANGES_PORT_INTERVAL };

/* What the next look finds: a device with one port each. */
static struct {
    char name[DEVICE_NAME_SIZE];
    int64_t state, carrier_changes, ifindex, link_downed; /* ABSENT: cannot be read */
    int64_t status;
    uint64_t registration;
    bool is_there, stalled;
} host[MOST_DEVICES];

static size_t devices;
static int64_t now;
static struct changes *changes;
static struct history *history;
static struct snapshot *snapshot;
static struct change change;

static void add(const char *name)
{
    snprintf(host[devices].name, sizeof(host[0].name), "%s", name);
    host[devices].state = ACTIVE;
    host[devices].carrier_changes = host[devices].ifindex = ABSENT;
    host[devices].link_downed = 3;
    host[devices].status = STATUS_OK;
    host[devices].registration = devices + 1;
    host[devices++].is_there = true;
}

/* A refresh as the cache does it, and the look at it. */
static void look_now(void)
{
    struct device **found = memory_new(devices, sizeof(struct device *));
    size_t count = 0;

    for (size_t i = 0; i < devices; i++) {
        struct device *device;

        if (!host[i].is_there)
            continue;
        device = rows_device(host[i].name, 1);
        device->registration = host[i].registration;
        device->status = host[i].status;
        device->stalled = host[i].stalled;
        device->ports[0].state = host[i].state;
        device->ports[0].carrier_changes = host[i].carrier_changes;
        device->ports[0].ifindex = host[i].ifindex;
        if (host[i].link_downed != ABSENT)
            rows_set_counter(device, 0, TABLE_PORT_COUNTER, "link_downed", (uint64_t)host[i].link_downed);
        found[count++] = device;
    }
    history_note(history, found, count, now / 10);
    snapshot_free(snapshot);
    snapshot = snapshot_new(found, count);
    free(found);
    changes_note(changes, snapshot, now);
}

static void look(void)
{
    now += LOOK;
    look_now();
}

static void set_up(void)
{
    memset(host, 0, sizeof(host));
    devices = 0;
    now = 1000000;
    changes = changes_new();
    history = history_new();
    add("mlx5_0");
    add("mlx5_1");
    look();
}

static void tear_down(void)
{
    changes_free(changes);
    history_free(history);
    snapshot_free(snapshot);
    snapshot = NULL;
}

/* The next notification, delivered at once; 0 if there is none. */
static int next(void)
{
    if (!changes_next(changes, now, &change))
        return 0;
    changes_told(changes, &change, now);
    return (int)change.kind;
}

static void wait_out_damping(void)
{
    now += PORT_INTERVAL;
}

#define NOTHING() ck_assert_int_eq(next(), 0)
#define TELLS(wanted) ck_assert_int_eq(next(), NOTIFICATION_##wanted)

/* --- The first look --- */

START_TEST(what_is_there_at_the_start_is_not_told)
{
    NOTHING();
    ck_assert_int_eq(changes_wait(changes, now), -1);
}
END_TEST

START_TEST(a_device_that_is_stalled_at_the_start_is_told)
{
    tear_down();
    set_up();
    changes_free(changes);
    changes = changes_new();
    host[0].stalled = true;
    host[0].status = STATUS_STALLED;
    look();
    TELLS(DEVICE_STALLED);
    NOTHING();
}
END_TEST

/* --- Up, down --- */

START_TEST(a_port_that_is_no_longer_active_is_down)
{
    host[1].state = _i;
    look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(change.device, "mlx5_1");
    ck_assert_int_eq(change.port, 1);
    NOTHING();
}
END_TEST

START_TEST(a_port_that_becomes_active_is_up)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = INIT;
    look();
    wait_out_damping();
    NOTHING();
    host[0].state = ACTIVE;
    look();
    TELLS(PORT_UP);
    ck_assert_str_eq(change.device, "mlx5_0");
    NOTHING();
}
END_TEST

START_TEST(a_state_between_down_and_active_is_not_told)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    wait_out_damping();
    for (int64_t state = INIT; state >= DOWN; state--) {
        host[0].state = state;
        look();
        NOTHING();
    }
}
END_TEST

START_TEST(a_state_that_cannot_be_read_is_no_change)
{
    host[0].state = ABSENT;
    look();
    NOTHING();
    host[0].state = ACTIVE;
    look();
    NOTHING();
    host[0].state = ABSENT;
    look();
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
}
END_TEST

START_TEST(a_state_that_could_not_be_read_at_the_start_is_known_when_it_can)
{
    add("mlx5_2");
    host[2].state = ABSENT;
    look();
    TELLS(DEVICE_ADDED);
    host[2].state = ACTIVE;
    look();
    NOTHING();
    host[2].state = DOWN;
    look();
    TELLS(PORT_DOWN);
}
END_TEST

/* --- Flaps --- */

START_TEST(link_downed_tells_of_a_flap)
{
    host[0].link_downed++;
    look();
    TELLS(PORT_FLAPPED);
    ck_assert_str_eq(change.device, "mlx5_0");
    wait_out_damping();
    look();
    NOTHING();
}
END_TEST

START_TEST(a_flap_of_a_port_whose_state_cannot_be_read_is_told)
{
    host[0].state = ABSENT;
    look();
    host[0].link_downed++;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(a_falling_link_downed_is_no_flap)
{
    host[0].link_downed = 0;
    look();
    NOTHING();
    host[0].link_downed = 1;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_at_its_limit_tells_nothing)
{
    host[0].link_downed = 255;
    look();
    TELLS(PORT_FLAPPED);
    wait_out_damping();
    look();
    NOTHING();
}
END_TEST

START_TEST(a_link_downed_that_is_read_again_is_compared_with_what_it_was)
{
    host[0].link_downed = ABSENT;
    look();
    NOTHING();
    host[0].link_downed = 4;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_that_counts_a_look_late_is_no_flap)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    wait_out_damping();
    host[0].link_downed++;
    look();
    NOTHING();
    host[0].link_downed++; /* this one is another loss */
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_that_counts_with_the_state_is_no_flap)
{
    host[0].state = DOWN;
    host[0].link_downed++;
    look();
    TELLS(PORT_DOWN);
    wait_out_damping();
    look();
    NOTHING();
    host[0].link_downed++;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(a_loss_that_was_never_counted_hides_no_flap)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = ACTIVE;
    wait_out_damping();
    look();
    TELLS(PORT_UP);
    host[0].link_downed++;
    wait_out_damping();
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

/* How far carrier_changes moves in each look while the port stays active, and at which look a flap is told. */
static const struct {
    int64_t moves[4];
    int told_at; /* 0: not at all */
} carriers[] = {
    {{2}, 1}, {{4}, 1}, {{3}, 1}, {{1}, 0}, {{1, 1}, 2}, {{1, 0, 0, 1}, 4}, {{0, -2}, 0}, {{-1, 2}, 2},
};

START_TEST(the_carrier_of_the_netdev_tells_of_a_flap_when_it_is_back)
{
    int told_at = 0;

    host[0].carrier_changes = 10;
    host[0].ifindex = 7;
    look();
    NOTHING();
    for (int i = 0; i < UNIT_COUNT(carriers[_i].moves); i++) {
        host[0].carrier_changes += carriers[_i].moves[i];
        look();
        if (next() == NOTIFICATION_PORT_FLAPPED)
            told_at = i + 1;
    }
    ck_assert_int_eq(told_at, carriers[_i].told_at);
}
END_TEST

START_TEST(a_carrier_that_moves_before_the_state_is_no_flap)
{
    host[0].carrier_changes = 10;
    look();
    host[0].carrier_changes = 11;
    look();
    NOTHING();
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = ACTIVE;
    host[0].carrier_changes = 12;
    wait_out_damping();
    look();
    TELLS(PORT_UP);
    wait_out_damping();
    look();
    NOTHING();
}
END_TEST

START_TEST(another_netdev_has_another_count)
{
    host[0].carrier_changes = 10;
    host[0].ifindex = 7;
    look();
    host[0].carrier_changes = 20;
    host[0].ifindex = 8;
    look();
    NOTHING();
    host[0].carrier_changes = 22;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

/* Refreshes for managers may see what the watcher does not. */
START_TEST(state_changes_between_two_looks_are_a_flap)
{
    struct device *device = rows_device("mlx5_0", 1);

    device->registration = 1;
    device->ports[0].state = DOWN;
    history_note(history, &device, 1, now / 10);
    device_free(device);
    host[1].is_there = false;
    look();
    TELLS(PORT_FLAPPED);
    ck_assert_str_eq(change.device, "mlx5_0");
}
END_TEST

/* --- Devices --- */

START_TEST(a_device_that_appears_is_added_and_its_ports_are_not_up)
{
    add("mlx5_2");
    look();
    TELLS(DEVICE_ADDED);
    ck_assert_str_eq(change.device, "mlx5_2");
    ck_assert_int_eq(change.port, ABSENT);
    ck_assert_int_eq(change.status, STATUS_OK);
    NOTHING();
}
END_TEST

START_TEST(a_device_that_is_gone_is_removed_with_its_last_status)
{
    host[0].status = STATUS_PARTIAL;
    look();
    host[0].is_there = false;
    look();
    TELLS(DEVICE_REMOVED);
    ck_assert_str_eq(change.device, "mlx5_0");
    ck_assert_int_eq(change.status, STATUS_PARTIAL);
    look();
    NOTHING();
}
END_TEST

START_TEST(a_device_that_comes_back_is_added_and_begins_anew)
{
    host[0].is_there = false;
    look();
    TELLS(DEVICE_REMOVED);
    look();
    host[0].is_there = true;
    host[0].registration = 77;
    host[0].state = DOWN;
    look();
    TELLS(DEVICE_ADDED);
    NOTHING();
    host[0].state = ACTIVE;
    look();
    TELLS(PORT_UP);
}
END_TEST

START_TEST(another_registration_between_two_looks_is_added_and_no_flap)
{
    host[0].registration = 77;
    host[0].link_downed = 200;
    host[0].carrier_changes = 12;
    look();
    TELLS(DEVICE_ADDED);
    NOTHING();
    look();
    NOTHING();
}
END_TEST

START_TEST(another_registration_that_is_not_active_is_down_as_well)
{
    host[0].registration = 77;
    host[0].state = DOWN;
    look();
    TELLS(DEVICE_ADDED);
    TELLS(PORT_DOWN);
    NOTHING();
}
END_TEST

START_TEST(a_device_that_goes_while_it_is_told_as_added_is_removed)
{
    add("mlx5_2");
    look();
    ck_assert(changes_next(changes, now, &change));
    ck_assert_int_eq(change.kind, NOTIFICATION_DEVICE_ADDED);
    host[2].is_there = false;
    look();
    changes_told(changes, &change, now);
    TELLS(DEVICE_REMOVED);
    NOTHING();
}
END_TEST

START_TEST(a_stalled_device_that_registers_anew_has_recovered)
{
    host[0].stalled = true;
    host[0].status = STATUS_STALLED;
    look();
    TELLS(DEVICE_STALLED);
    host[0].stalled = false;
    host[0].status = STATUS_OK;
    host[0].registration = 77;
    look();
    TELLS(DEVICE_ADDED);
    TELLS(DEVICE_RECOVERED);
    NOTHING();
}
END_TEST

START_TEST(a_device_that_came_and_went_untold_is_nothing)
{
    add("mlx5_2");
    look();
    host[2].is_there = false;
    look();
    NOTHING();
    ck_assert_int_eq(changes_wait(changes, now), -1);
}
END_TEST

/* --- Stalls --- */

static void stall(int i)
{
    host[i].stalled = true;
    host[i].status = STATUS_STALLED;
    host[i].state = host[i].link_downed = ABSENT;
    look();
}

START_TEST(a_stall_is_told_then_its_end_and_nothing_of_the_port)
{
    stall(0);
    TELLS(DEVICE_STALLED);
    ck_assert_int_eq(change.status, STATUS_STALLED);
    look();
    NOTHING();
    host[0].status = STATUS_OK; /* the first whole scans: recovered is what the collector says */
    host[0].state = ACTIVE;
    host[0].link_downed = 3;
    look();
    NOTHING();
    host[0].stalled = false;
    look();
    TELLS(DEVICE_RECOVERED);
    ck_assert_int_eq(change.status, STATUS_OK);
    NOTHING();
}
END_TEST

START_TEST(what_happened_during_a_stall_is_told_after_it)
{
    stall(0);
    TELLS(DEVICE_STALLED);
    host[0].stalled = false;
    host[0].status = STATUS_OK;
    host[0].state = DOWN;
    look();
    TELLS(DEVICE_RECOVERED);
    TELLS(PORT_DOWN);
}
END_TEST

START_TEST(what_is_held_back_when_a_stall_begins_waits_for_its_end)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = ACTIVE;
    look();
    stall(0);
    TELLS(DEVICE_STALLED);
    wait_out_damping();
    NOTHING();
    ck_assert_int_eq(changes_wait(changes, now), -1);
    host[0].stalled = false;
    host[0].status = STATUS_OK;
    host[0].state = ACTIVE;
    look();
    TELLS(DEVICE_RECOVERED);
    TELLS(PORT_UP);
}
END_TEST

START_TEST(a_stall_that_is_told_late_is_told_as_stalled)
{
    stall(0);
    host[0].status = STATUS_OK;
    look();
    TELLS(DEVICE_STALLED);
    ck_assert_int_eq(change.status, STATUS_STALLED);
}
END_TEST

START_TEST(a_stalled_device_that_is_gone_is_removed_as_stalled)
{
    stall(0);
    TELLS(DEVICE_STALLED);
    host[0].is_there = false;
    look();
    TELLS(DEVICE_REMOVED);
    ck_assert_int_eq(change.status, STATUS_STALLED);
    NOTHING();
}
END_TEST

/* A device that hung when it was first opened has neither registration nor ports until it answers. */
START_TEST(the_first_reading_of_a_device_that_hung_from_the_start_is_no_other_registration)
{
    struct device *device = device_new("mlx5_9", 0);
    struct snapshot *husk;

    device->stalled = true;
    device->status = STATUS_STALLED;
    husk = snapshot_new(&device, 1);
    host[0].is_there = host[1].is_there = false;
    changes_free(changes);
    changes = changes_new();
    changes_note(changes, husk, now);
    snapshot_free(husk);
    TELLS(DEVICE_STALLED);
    add("mlx5_9");
    look();
    TELLS(DEVICE_RECOVERED);
    NOTHING();
}
END_TEST

/* --- Holding back --- */

START_TEST(a_port_has_one_notification_in_five_seconds_and_the_last_is_what_it_is)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = ACTIVE;
    look();
    NOTHING();
    ck_assert_int_eq(changes_wait(changes, now), PORT_INTERVAL - LOOK);
    now += PORT_INTERVAL - LOOK - 1;
    NOTHING();
    now++;
    ck_assert_int_eq(changes_wait(changes, now), 0);
    TELLS(PORT_UP);
}
END_TEST

START_TEST(a_port_that_is_as_it_was_told_has_flapped)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[0].state = ACTIVE;
    look();
    host[0].state = DOWN;
    look();
    NOTHING();
    wait_out_damping();
    TELLS(PORT_FLAPPED);
    wait_out_damping();
    NOTHING();
}
END_TEST

START_TEST(one_port_does_not_hold_back_another)
{
    host[0].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    host[1].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(change.device, "mlx5_1");
}
END_TEST

START_TEST(what_was_not_delivered_is_told_as_it_is_when_it_can_be)
{
    host[0].state = DOWN;
    look();
    ck_assert(changes_next(changes, now, &change)); /* and lost on its way */
    ck_assert_int_eq(change.kind, NOTIFICATION_PORT_DOWN);
    TELLS(PORT_DOWN);
    host[1].state = DOWN;
    look();
    ck_assert(changes_next(changes, now, &change));
    host[1].state = ACTIVE;
    look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(what_happens_while_a_notification_is_under_way_is_told_after_it)
{
    host[0].state = DOWN;
    look();
    ck_assert(changes_next(changes, now, &change));
    host[0].state = ACTIVE;
    look();
    changes_told(changes, &change, now);
    NOTHING();
    wait_out_damping();
    TELLS(PORT_UP);
    NOTHING();
}
END_TEST

/* Downs of as many ports as there are. */
static void add_many_and_let_them_fall(size_t count)
{
    char name[16];

    while (devices < count) {
        snprintf(name, sizeof(name), "mlx5_%zu", devices);
        add(name);
    }
    look();
    while (next())
        ;
    now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    while (next())
        now += CHANGES_TOKEN_INTERVAL;
    now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    for (size_t i = 0; i < devices; i++)
        host[i].state = DOWN;
    look();
}

START_TEST(a_host_has_a_burst_and_then_five_a_second)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    while (next())
        told++;
    ck_assert_int_eq(told, CHANGES_BURST);
    ck_assert_int_eq(changes_wait(changes, now), CHANGES_TOKEN_INTERVAL);
    for (int i = 0; i < 75; i++) {
        now += CHANGES_TOKEN_INTERVAL - 1;
        NOTHING();
        now++;
        TELLS(PORT_DOWN);
    }
    now += CHANGES_BURST * CHANGES_TOKEN_INTERVAL;
    NOTHING();
}
END_TEST

START_TEST(a_bucket_holds_no_more_than_a_burst)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    now += 3600 * 1000;
    while (next())
        told++;
    ck_assert_int_eq(told, CHANGES_BURST);
}
END_TEST

START_TEST(devices_take_of_the_same_bucket)
{
    int told = 0;

    add_many_and_let_them_fall(100);
    for (size_t i = 0; i < devices; i++)
        host[i].is_there = false;
    look();
    for (int kind; (kind = next());) {
        ck_assert_int_eq(kind, NOTIFICATION_DEVICE_REMOVED);
        told++;
    }
    ck_assert_int_eq(told, CHANGES_BURST);
}
END_TEST

START_TEST(who_has_waited_longest_is_next)
{
    int first = _i, second = 1 - _i;

    host[first].state = DOWN;
    look();
    host[second].state = DOWN;
    look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(change.device, host[first].name);
    TELLS(PORT_DOWN);
    ck_assert_str_eq(change.device, host[second].name);
}
END_TEST

/* 256 ports, each of which changes about four times a second; a look every 100 ms. */
START_TEST(a_storm_is_counted_exactly_and_told_within_bounds)
{
    enum { PORTS = 256, SECONDS = 60, CHANGES_IN_A_LOOK = 100 };
    int64_t changed[PORTS] = {0}, told_at[PORTS], told = 0, start;
    uint64_t seed = 4791;
    int told_as[PORTS] = {0};
    struct row row;

    add_many_and_let_them_fall(PORTS);
    for (int i = 0; i < 5 * PORTS; i++) {
        now += CHANGES_TOKEN_INTERVAL;
        next();
    }
    for (int i = 0; i < PORTS; i++)
        told_at[i] = INT64_MIN;
    start = now;
    while (now < start + SECONDS * 1000) {
        bool turned[PORTS] = {0};

        for (int n = 0; n < CHANGES_IN_A_LOOK; n++) {
            size_t i = rows_random(&seed) % PORTS;

            if (turned[i])
                continue; /* twice in a look is none */
            turned[i] = true;
            host[i].state = host[i].state == DOWN ? ACTIVE : DOWN;
            changed[i]++;
        }
        now += 100;
        look_now();
        while (next()) {
            int i = atoi(change.device + strlen("mlx5_"));

            ck_assert(told_at[i] == INT64_MIN || now - told_at[i] >= PORT_INTERVAL);
            told_at[i] = now;
            told++;
            told_as[i] = change.is_active ? ACTIVE : DOWN;
            ck_assert_int_eq(told_as[i], host[i].state);
        }
    }
    ck_assert_int_ge(told, SECONDS * 1000 / CHANGES_TOKEN_INTERVAL);
    ck_assert_int_le(told, SECONDS * 1000 / CHANGES_TOKEN_INTERVAL + CHANGES_BURST);
    while (changes_wait(changes, now) >= 0) {
        now += changes_wait(changes, now);
        ck_assert_int_ne(next(), 0);
        told_as[atoi(change.device + strlen("mlx5_"))] = change.is_active ? ACTIVE : DOWN;
    }
    for (int i = 0; i < PORTS; i++) {
        struct cursor cursor;

        ck_assert_int_eq(told_as[i], host[i].state);
        ck_assert(snapshot_find_row(snapshot, TABLE_PORT, host[i].name, 1, &cursor));
        snapshot_row(snapshot, TABLE_PORT, cursor, &row);
        ck_assert_int_eq(row.port->history.state_changes, changed[i] + 1);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("changes");
    TCase *tcase = unit_case(suite, "changes");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_is_there_at_the_start_is_not_told);
    tcase_add_test(tcase, a_device_that_is_stalled_at_the_start_is_told);
    tcase_add_loop_test(tcase, a_port_that_is_no_longer_active_is_down, 0, ACTIVE);
    tcase_add_test(tcase, a_port_that_becomes_active_is_up);
    tcase_add_test(tcase, a_state_between_down_and_active_is_not_told);
    tcase_add_test(tcase, a_state_that_cannot_be_read_is_no_change);
    tcase_add_test(tcase, a_state_that_could_not_be_read_at_the_start_is_known_when_it_can);
    tcase_add_test(tcase, link_downed_tells_of_a_flap);
    tcase_add_test(tcase, a_flap_of_a_port_whose_state_cannot_be_read_is_told);
    tcase_add_test(tcase, a_falling_link_downed_is_no_flap);
    tcase_add_test(tcase, link_downed_at_its_limit_tells_nothing);
    tcase_add_test(tcase, a_link_downed_that_is_read_again_is_compared_with_what_it_was);
    tcase_add_test(tcase, link_downed_that_counts_a_look_late_is_no_flap);
    tcase_add_test(tcase, link_downed_that_counts_with_the_state_is_no_flap);
    tcase_add_test(tcase, a_loss_that_was_never_counted_hides_no_flap);
    tcase_add_loop_test(tcase, the_carrier_of_the_netdev_tells_of_a_flap_when_it_is_back, 0, UNIT_COUNT(carriers));
    tcase_add_test(tcase, a_carrier_that_moves_before_the_state_is_no_flap);
    tcase_add_test(tcase, another_netdev_has_another_count);
    tcase_add_test(tcase, state_changes_between_two_looks_are_a_flap);
    tcase_add_test(tcase, a_device_that_appears_is_added_and_its_ports_are_not_up);
    tcase_add_test(tcase, a_device_that_is_gone_is_removed_with_its_last_status);
    tcase_add_test(tcase, a_device_that_comes_back_is_added_and_begins_anew);
    tcase_add_test(tcase, another_registration_between_two_looks_is_added_and_no_flap);
    tcase_add_test(tcase, another_registration_that_is_not_active_is_down_as_well);
    tcase_add_test(tcase, a_device_that_goes_while_it_is_told_as_added_is_removed);
    tcase_add_test(tcase, a_stalled_device_that_registers_anew_has_recovered);
    tcase_add_test(tcase, a_device_that_came_and_went_untold_is_nothing);
    tcase_add_test(tcase, a_stall_is_told_then_its_end_and_nothing_of_the_port);
    tcase_add_test(tcase, what_happened_during_a_stall_is_told_after_it);
    tcase_add_test(tcase, what_is_held_back_when_a_stall_begins_waits_for_its_end);
    tcase_add_test(tcase, a_stall_that_is_told_late_is_told_as_stalled);
    tcase_add_test(tcase, a_stalled_device_that_is_gone_is_removed_as_stalled);
    tcase_add_test(tcase, the_first_reading_of_a_device_that_hung_from_the_start_is_no_other_registration);
    tcase_add_test(tcase, a_port_has_one_notification_in_five_seconds_and_the_last_is_what_it_is);
    tcase_add_test(tcase, a_port_that_is_as_it_was_told_has_flapped);
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
