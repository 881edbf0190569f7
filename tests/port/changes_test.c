/* changes_test: which notifications the states of ports cause, and what counts as a flap. */
#include "port/history.h"
#include "lib/host.h"
#include "mib/notification.h"
#include "port/port.h"
#include "lib/rows.h"
#include "lib/unit.h"

/* --- The first look --- */

START_TEST(what_is_there_at_the_start_is_not_told)
{
    TELLS_NOTHING();
    ck_assert_int_eq(host_wait(), -1);
}
END_TEST

/* --- Up, down --- */

START_TEST(a_port_that_is_no_longer_active_is_down)
{
    host.device[1].state = _i;
    host_look();
    TELLS(PORT_DOWN);
    ck_assert_str_eq(host.told.device, "mlx5_1");
    ck_assert_int_eq(host.told.port, 1);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_port_that_becomes_active_is_up)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = INIT;
    host_look();
    host_wait_out_damping();
    TELLS_NOTHING();
    host.device[0].state = ACTIVE;
    host_look();
    TELLS(PORT_UP);
    ck_assert_str_eq(host.told.device, "mlx5_0");
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_state_between_down_and_active_is_not_told)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host_wait_out_damping();
    for (int64_t state = INIT; state >= DOWN; state--) {
        host.device[0].state = state;
        host_look();
        TELLS_NOTHING();
    }
}
END_TEST

START_TEST(a_state_that_cannot_be_read_is_no_change)
{
    host.device[0].state = ABSENT;
    host_look();
    TELLS_NOTHING();
    host.device[0].state = ACTIVE;
    host_look();
    TELLS_NOTHING();
    host.device[0].state = ABSENT;
    host_look();
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
}
END_TEST

START_TEST(a_state_that_could_not_be_read_at_the_start_is_known_when_it_can)
{
    host_add("mlx5_2");
    host.device[2].state = ABSENT;
    host_look();
    TELLS(DEVICE_ADDED);
    host.device[2].state = ACTIVE;
    host_look();
    TELLS_NOTHING();
    host.device[2].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
}
END_TEST

/* --- Flaps --- */

START_TEST(link_downed_tells_of_a_flap)
{
    host.device[0].link_downed++;
    host_look();
    TELLS(PORT_FLAPPED);
    ck_assert_str_eq(host.told.device, "mlx5_0");
    host_wait_out_damping();
    host_look();
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_flap_of_a_port_whose_state_cannot_be_read_is_told)
{
    host.device[0].state = ABSENT;
    host_look();
    host.device[0].link_downed++;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(a_falling_link_downed_is_no_flap)
{
    host.device[0].link_downed = 0;
    host_look();
    TELLS_NOTHING();
    host.device[0].link_downed = 1;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_at_its_limit_tells_nothing)
{
    host.device[0].link_downed = 255;
    host_look();
    TELLS(PORT_FLAPPED);
    host_wait_out_damping();
    host_look();
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_link_downed_that_is_read_again_is_compared_with_what_it_was)
{
    host.device[0].link_downed = ABSENT;
    host_look();
    TELLS_NOTHING();
    host.device[0].link_downed = 4;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_that_counts_a_look_late_is_no_flap)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host_wait_out_damping();
    host.device[0].link_downed++;
    host_look();
    TELLS_NOTHING();
    host.device[0].link_downed++; /* this one is another loss */
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(link_downed_that_counts_with_the_state_is_no_flap)
{
    host.device[0].state = DOWN;
    host.device[0].link_downed++;
    host_look();
    TELLS(PORT_DOWN);
    host_wait_out_damping();
    host_look();
    TELLS_NOTHING();
    host.device[0].link_downed++;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

START_TEST(a_loss_that_was_never_counted_hides_no_flap)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = ACTIVE;
    host_wait_out_damping();
    host_look();
    TELLS(PORT_UP);
    host.device[0].link_downed++;
    host_wait_out_damping();
    host_look();
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

    host.device[0].carrier_changes = 10;
    host.device[0].ifindex = 7;
    host_look();
    TELLS_NOTHING();
    for (int i = 0; i < UNIT_COUNT(carriers[_i].moves); i++) {
        host.device[0].carrier_changes += carriers[_i].moves[i];
        host_look();
        if (host_next() == NOTIFICATION_PORT_FLAPPED)
            told_at = i + 1;
    }
    ck_assert_int_eq(told_at, carriers[_i].told_at);
}
END_TEST

START_TEST(a_carrier_that_moves_before_the_state_is_no_flap)
{
    host.device[0].carrier_changes = 10;
    host_look();
    host.device[0].carrier_changes = 11;
    host_look();
    TELLS_NOTHING();
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = ACTIVE;
    host.device[0].carrier_changes = 12;
    host_wait_out_damping();
    host_look();
    TELLS(PORT_UP);
    host_wait_out_damping();
    host_look();
    TELLS_NOTHING();
}
END_TEST

START_TEST(another_netdev_has_another_count)
{
    host.device[0].carrier_changes = 10;
    host.device[0].ifindex = 7;
    host_look();
    host.device[0].carrier_changes = 20;
    host.device[0].ifindex = 8;
    host_look();
    TELLS_NOTHING();
    host.device[0].carrier_changes = 22;
    host_look();
    TELLS(PORT_FLAPPED);
}
END_TEST

/* Refreshes for managers may see what the watcher does not. */
START_TEST(state_changes_between_two_looks_are_a_flap)
{
    struct device *device = rows_device("mlx5_0", 1);

    device->registration = 1;
    device->ports[0].state = DOWN;
    history_note(host.history, &device, 1, host.now / 10);
    device_free(device);
    host.device[1].is_there = false;
    host_look();
    TELLS(PORT_FLAPPED);
    ck_assert_str_eq(host.told.device, "mlx5_0");
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("changes");
    TCase *tcase = unit_case(suite, "changes");

    tcase_add_checked_fixture(tcase, host_make, host_free);
    tcase_add_test(tcase, what_is_there_at_the_start_is_not_told);
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
    return suite;
}
