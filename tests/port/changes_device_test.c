/* changes_device_test: which notifications devices cause that come and go, and those that stall. */
#include "port/changes.h"
#include "lib/host.h"
#include "mib/notification.h"
#include "port/port.h"
#include "port/snapshot.h"
#include "lib/unit.h"

/* --- Come and gone --- */

START_TEST(a_device_that_appears_is_added_and_its_ports_are_not_up)
{
    host_add("mlx5_2");
    host_look();
    TELLS(DEVICE_ADDED);
    ck_assert_str_eq(host.told.device, "mlx5_2");
    ck_assert_int_eq(host.told.port, ABSENT);
    ck_assert_int_eq(host.told.status, STATUS_OK);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_device_that_is_gone_is_removed_with_its_last_status)
{
    host.device[0].status = STATUS_PARTIAL;
    host_look();
    host.device[0].is_there = false;
    host_look();
    TELLS(DEVICE_REMOVED);
    ck_assert_str_eq(host.told.device, "mlx5_0");
    ck_assert_int_eq(host.told.status, STATUS_PARTIAL);
    host_look();
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_device_that_comes_back_is_added_and_begins_anew)
{
    host.device[0].is_there = false;
    host_look();
    TELLS(DEVICE_REMOVED);
    host_look();
    host.device[0].is_there = true;
    host_register_anew(0);
    host.device[0].state = DOWN;
    host_look();
    TELLS(DEVICE_ADDED);
    TELLS_NOTHING();
    host.device[0].state = ACTIVE;
    host_look();
    TELLS(PORT_UP);
}
END_TEST

START_TEST(another_registration_between_two_looks_is_added_and_no_flap)
{
    host_register_anew(0);
    host.device[0].link_downed = 200;
    host.device[0].carrier_changes = 12;
    host_look();
    TELLS(DEVICE_ADDED);
    TELLS_NOTHING();
    host_look();
    TELLS_NOTHING();
}
END_TEST

/* Files that came late, or that could not be listed until now. */
START_TEST(a_device_with_other_files_is_no_other_device)
{
    host.device[0].registration = 77;
    host.device[0].link_downed = 200;
    host_look();
    TELLS_NOTHING();
    host.device[0].registration = 78;
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    TELLS_NOTHING();
}
END_TEST

START_TEST(another_registration_that_is_not_active_is_down_as_well)
{
    host_register_anew(0);
    host.device[0].state = DOWN;
    host_look();
    TELLS(DEVICE_ADDED);
    TELLS(PORT_DOWN);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_device_that_goes_while_it_is_told_as_added_is_removed)
{
    host_add("mlx5_2");
    host_look();
    ck_assert(changes_next(host.changes, host.now, &host.told));
    ck_assert_int_eq(host.told.kind, NOTIFICATION_DEVICE_ADDED);
    host.device[2].is_there = false;
    host_look();
    changes_told(host.changes, &host.told, host.now);
    TELLS(DEVICE_REMOVED);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_stalled_device_that_registers_anew_has_recovered)
{
    host.device[0].stalled = true;
    host.device[0].status = STATUS_STALLED;
    host_look();
    TELLS(DEVICE_STALLED);
    host.device[0].stalled = false;
    host.device[0].status = STATUS_OK;
    host_register_anew(0);
    host_look();
    TELLS(DEVICE_ADDED);
    TELLS(DEVICE_RECOVERED);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_device_that_came_and_went_untold_is_nothing)
{
    host_add("mlx5_2");
    host_look();
    host.device[2].is_there = false;
    host_look();
    TELLS_NOTHING();
    ck_assert_int_eq(host_wait(), -1);
}
END_TEST

/* --- Stalls --- */

START_TEST(a_device_that_is_stalled_at_the_start_is_told)
{
    host_forget();
    host.device[0].stalled = true;
    host.device[0].status = STATUS_STALLED;
    host_look();
    TELLS(DEVICE_STALLED);
    TELLS_NOTHING();
}
END_TEST

START_TEST(a_stall_is_told_then_its_end_and_nothing_of_the_port)
{
    host_stall(0);
    TELLS(DEVICE_STALLED);
    ck_assert_int_eq(host.told.status, STATUS_STALLED);
    host_look();
    TELLS_NOTHING();
    host.device[0].status = STATUS_OK; /* the first whole scans: recovered is what the collector says */
    host.device[0].state = ACTIVE;
    host.device[0].link_downed = 3;
    host_look();
    TELLS_NOTHING();
    host.device[0].stalled = false;
    host_look();
    TELLS(DEVICE_RECOVERED);
    ck_assert_int_eq(host.told.status, STATUS_OK);
    TELLS_NOTHING();
}
END_TEST

START_TEST(what_happened_during_a_stall_is_told_after_it)
{
    host_stall(0);
    TELLS(DEVICE_STALLED);
    host_recover(0, DOWN);
    TELLS(DEVICE_RECOVERED);
    TELLS(PORT_DOWN);
}
END_TEST

START_TEST(what_is_held_back_when_a_stall_begins_waits_for_its_end)
{
    host.device[0].state = DOWN;
    host_look();
    TELLS(PORT_DOWN);
    host.device[0].state = ACTIVE;
    host_look();
    host_stall(0);
    TELLS(DEVICE_STALLED);
    host_wait_out_damping();
    TELLS_NOTHING();
    ck_assert_int_eq(host_wait(), -1);
    host_recover(0, ACTIVE);
    TELLS(DEVICE_RECOVERED);
    TELLS(PORT_UP);
}
END_TEST

START_TEST(a_stall_that_is_told_late_is_told_as_stalled)
{
    host_stall(0);
    host.device[0].status = STATUS_OK;
    host_look();
    TELLS(DEVICE_STALLED);
    ck_assert_int_eq(host.told.status, STATUS_STALLED);
}
END_TEST

START_TEST(a_stalled_device_that_is_gone_is_removed_as_stalled)
{
    host_stall(0);
    TELLS(DEVICE_STALLED);
    host.device[0].is_there = false;
    host_look();
    TELLS(DEVICE_REMOVED);
    ck_assert_int_eq(host.told.status, STATUS_STALLED);
    TELLS_NOTHING();
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
    host.device[0].is_there = host.device[1].is_there = false;
    host_forget();
    changes_note(host.changes, husk, host.now);
    snapshot_free(husk);
    TELLS(DEVICE_STALLED);
    host_add("mlx5_9");
    host_look();
    TELLS(DEVICE_RECOVERED);
    TELLS_NOTHING();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("changes_device");
    TCase *tcase = unit_case(suite, "changes_device");

    tcase_add_checked_fixture(tcase, host_make, host_free);
    tcase_add_test(tcase, a_device_that_appears_is_added_and_its_ports_are_not_up);
    tcase_add_test(tcase, a_device_that_is_gone_is_removed_with_its_last_status);
    tcase_add_test(tcase, a_device_that_comes_back_is_added_and_begins_anew);
    tcase_add_test(tcase, another_registration_between_two_looks_is_added_and_no_flap);
    tcase_add_test(tcase, a_device_with_other_files_is_no_other_device);
    tcase_add_test(tcase, another_registration_that_is_not_active_is_down_as_well);
    tcase_add_test(tcase, a_device_that_goes_while_it_is_told_as_added_is_removed);
    tcase_add_test(tcase, a_stalled_device_that_registers_anew_has_recovered);
    tcase_add_test(tcase, a_device_that_came_and_went_untold_is_nothing);
    tcase_add_test(tcase, a_device_that_is_stalled_at_the_start_is_told);
    tcase_add_test(tcase, a_stall_is_told_then_its_end_and_nothing_of_the_port);
    tcase_add_test(tcase, what_happened_during_a_stall_is_told_after_it);
    tcase_add_test(tcase, what_is_held_back_when_a_stall_begins_waits_for_its_end);
    tcase_add_test(tcase, a_stall_that_is_told_late_is_told_as_stalled);
    tcase_add_test(tcase, a_stalled_device_that_is_gone_is_removed_as_stalled);
    tcase_add_test(tcase, the_first_reading_of_a_device_that_hung_from_the_start_is_no_other_registration);
    return suite;
}
