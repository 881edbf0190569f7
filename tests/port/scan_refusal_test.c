/* scan_refusal_test: files that refuse: when they are asked again, and how a whole directory of them comes back. */
#include <errno.h>

#include "lib/scan_asks.h"
#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, PROBED = 1 };

/* --- One file --- */

static const int refusals[] = {EINVAL, EOPNOTSUPP, EACCES}, failures[] = {EIO, ETIMEDOUT, EAGAIN, ENODEV, ENOENT};

START_TEST(a_file_never_read_that_refuses_is_left_alone_for_a_minute)
{
    sysfs_fake_fail("symbol_error", refusals[_i]);
    ck_assert_uint_eq(scan_asks(0, "symbol_error"), 1);
    ck_assert_uint_eq(scan_tree.device->failures, 1);
    ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 0);
    ck_assert_uint_eq(scan_tree.device->failures, 0);
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), UINT64_MAX);
    ck_assert_uint_eq(scan_asks(MINUTE - SECOND - 1, "symbol_error"), 0);
    ck_assert_uint_eq(scan_asks(1, "symbol_error"), 1);
}
END_TEST

START_TEST(its_next_tries_come_twice_as_late_up_to_an_hour)
{
    static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};

    sysfs_fake_fail("symbol_error", EINVAL);
    ck_assert_uint_eq(scan_asks(0, "symbol_error"), 1);
    for (int i = 0; i < UNIT_COUNT(waits); i++) {
        ck_assert_uint_eq(scan_asks(waits[i] * MINUTE - 1, "symbol_error"), 0);
        ck_assert_uint_eq(scan_asks(1, "symbol_error"), 1);
    }
    sysfs_fake_fail("symbol_error", 0);
    ck_assert_uint_eq(scan_asks(HOUR, "symbol_error"), 1);
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 100);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
}
END_TEST

START_TEST(a_file_that_fails_otherwise_is_asked_at_each_pass)
{
    sysfs_fake_fail("symbol_error", failures[_i]);
    for (int pass = 0; pass < 5; pass++) {
        ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 1);
        ck_assert_uint_eq(scan_tree_counter("symbol_error"), UINT64_MAX);
        ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS - 1);
    }
}
END_TEST

START_TEST(a_file_once_read_must_refuse_three_times_running)
{
    scan_tree_read(0);
    sysfs_fake_fail("symbol_error", refusals[_i]);
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 1);
    ck_assert_uint_eq(scan_asks(MINUTE - 1, "symbol_error"), 0);
    ck_assert_uint_eq(scan_asks(1, "symbol_error"), 1);
    ck_assert_uint_eq(scan_asks(2 * MINUTE - 1, "symbol_error"), 0);
    ck_assert_uint_eq(scan_asks(1, "symbol_error"), 1);
}
END_TEST

START_TEST(a_value_in_between_starts_the_count_again)
{
    scan_tree_read(0);
    for (int pass = 0; pass < 12; pass++) {
        sysfs_fake_fail("symbol_error", pass % 3 == 2 ? 0 : EINVAL);
        ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 1);
    }
}
END_TEST

START_TEST(a_file_that_cannot_even_be_opened_refuses_too)
{
    sysfs_fake_fail_hold("symbol_error", EACCES);
    scan_tree_read(0);
    sysfs_fake_forget();
    scan_tree_read(SECOND);
    ck_assert_uint_eq(sysfs_fake_opens("symbol_error"), 0);
    scan_tree_read(MINUTE);
    ck_assert_uint_eq(sysfs_fake_opens("symbol_error"), 1);
}
END_TEST

START_TEST(an_attribute_that_refuses_is_left_alone_too)
{
    sysfs_fake_fail("/rate", EINVAL);
    ck_assert_uint_eq(scan_asks(0, "/rate"), 1);
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    ck_assert_uint_eq(scan_asks(SECOND, "/rate"), 0);
    ck_assert_uint_eq(sysfs_fake_reads("/lid"), 0); /* the others keep their minute */
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    ck_assert_int_eq(scan_tree.port->lid, 0x1a);
    ck_assert_uint_eq(scan_asks(MINUTE - SECOND, "/rate"), 1);
    ck_assert_uint_eq(scan_asks(MINUTE, "/rate"), 0);
    ck_assert_uint_eq(scan_asks(MINUTE, "/rate"), 1);
}
END_TEST

/* --- What makes them worth asking again --- */

START_TEST(refusing_files_are_asked_when_the_state_has_changed)
{
    sysfs_fake_fail("symbol_error", EINVAL);
    sysfs_fake_fail("out_of_buffer", EINVAL);
    sysfs_fake_fail("/rate", EINVAL);
    scan_tree_read(0);
    ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 0);
    sysfs_fake_fail("symbol_error", 0);
    sysfs_fake_fail("out_of_buffer", 0);
    sysfs_fake_fail("/rate", 0);
    scan_tree_write_port("state", "2: INIT\n");
    scan_tree_read(SECOND); /* sees the state behind the counters */
    scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 100);
    ck_assert_uint_eq(scan_tree_hw_counter("out_of_buffer"), 103);
    ck_assert_int_eq(scan_tree.port->speed, 400000);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
}
END_TEST

START_TEST(refusing_files_are_not_asked_for_lack_of_patience)
{
    sysfs_fake_fail("symbol_error", EINVAL);
    scan_tree_read(0);
    for (int pass = 0; pass < 5; pass++) {
        scan_tree_read_in_haste(SECOND, 3);
        ck_assert_int_eq(scan_tree.port->state, ABSENT);
        ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 0);
        ck_assert_int_eq(scan_tree.port->state, PORT_ACTIVE);
    }
}
END_TEST

START_TEST(a_change_behind_an_unreadable_state_is_a_change)
{
    sysfs_fake_fail("symbol_error", EINVAL);
    scan_tree_read(0);
    sysfs_fake_fail("1/state", EIO);
    scan_tree_read(SECOND);
    sysfs_fake_fail("1/state", 0);
    sysfs_fake_fail("symbol_error", 0);
    scan_tree_write_port("state", "1: DOWN\n");
    scan_tree_read(SECOND);
    scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 100);
}
END_TEST

START_TEST(another_registration_forgets_who_refused)
{
    sysfs_fake_fail("symbol_error", EINVAL);
    scan_tree_read(0);
    ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 0);
    unit_remove(scan_tree.root, "class/infiniband/mlx5_0");
    scan_tree_add("devices/other", "mlx5_0", "0000:0000:0000:0002\n");
    ck_assert_uint_eq(scan_asks(SECOND, "symbol_error"), 1);
}
END_TEST

/* --- A whole directory --- */

static void refuse_counters(int error)
{
    sysfs_fake_fail("/counters/", error);
}

START_TEST(while_all_refuse_one_file_is_asked_and_its_success_brings_all_back)
{
    scan_tree_read(0);
    refuse_counters(EINVAL);
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), COUNTERS);
    for (int pass = 0; pass < 40; pass++) {
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), PROBED);
        ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), 0);
        ck_assert_uint_eq(sysfs_fake_reads("/hw_counters/"), HW_COUNTERS);
        ck_assert_uint_eq(scan_tree.device->failures, 1);
    }
    refuse_counters(0);
    ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), COUNTERS);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
}
END_TEST

START_TEST(a_directory_that_never_answered_is_probed_too)
{
    refuse_counters(EINVAL); /* as on qedr, for good */
    ck_assert_uint_eq(scan_asks(0, "/counters/"), COUNTERS);
    for (int pass = 0; pass < 30; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), PROBED);
    refuse_counters(0);
    ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), COUNTERS);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

START_TEST(each_file_is_probed_in_its_turn)
{
    refuse_counters(EINVAL);
    scan_tree_read(0);
    sysfs_fake_forget();
    for (int pass = 0; pass < COUNTERS; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(sysfs_fake_reads("/counters/"), COUNTERS);
    ck_assert_uint_eq(sysfs_fake_reads("/counters/symbol_error"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/counters/multicast_rcv_packets"), 1);
}
END_TEST

/* Error files of a limited function refuse for good; probing them would never see the rest recover. */
START_TEST(a_file_that_has_answered_is_probed_before_one_that_has_not)
{
    refuse_counters(EINVAL);
    sysfs_fake_fail("/counters/port_xmit_data", 0);
    scan_tree_read(0);
    sysfs_fake_fail("/counters/port_xmit_data", EINVAL);
    for (int pass = 0; pass < 3; pass++)
        scan_tree_read(SECOND);
    for (int pass = 0; pass < 5; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/port_xmit_data"), 1);
    sysfs_fake_fail("/counters/port_xmit_data", 0);
    scan_tree_read(SECOND);
    ck_assert_uint_eq(scan_tree_counter("port_xmit_data"), 112);
}
END_TEST

static const int passing[] = {EIO, ETIMEDOUT, ENODEV};

START_TEST(a_probe_that_fails_otherwise_does_not_strand_the_rest)
{
    refuse_counters(EINVAL);
    scan_tree_read(0);
    refuse_counters(passing[_i]);
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "/counters/"), PROBED);
    refuse_counters(0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

START_TEST(a_probe_without_patience_does_not_strand_the_rest)
{
    refuse_counters(EINVAL);
    scan_tree_read(0);
    scan_tree_read_in_haste(SECOND, 0);
    refuse_counters(0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

/* Polled once a minute, the probed file must not fall behind the others: they are due together, and would then answer
 * without it for up to an hour. */
START_TEST(a_probe_does_not_put_off_its_own_file)
{
    refuse_counters(EINVAL);
    scan_tree_read(0);
    for (int pass = 0; pass < _i; pass++)
        scan_tree_read(MINUTE);
    refuse_counters(0);
    scan_tree_read(MINUTE);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
}
END_TEST

START_TEST(hardware_counters_are_probed_and_come_back_likewise)
{
    scan_tree_read(0);
    sysfs_fake_fail("/hw_counters/", EINVAL);
    for (int pass = 0; pass < 3; pass++)
        ck_assert_uint_eq(scan_asks(SECOND, "/hw_counters/"), HW_COUNTERS);
    ck_assert_uint_eq(scan_asks(SECOND, "/hw_counters/"), PROBED);
    ck_assert_uint_eq(sysfs_fake_reads("/counters/"), COUNTERS);
    ck_assert_int_eq(scan_tree.port->status, STATUS_PARTIAL);
    sysfs_fake_fail("/hw_counters/", 0);
    ck_assert_uint_eq(scan_asks(SECOND, "/hw_counters/"), HW_COUNTERS);
    ck_assert_int_eq(scan_tree.port->status, STATUS_OK);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_refusal");
    TCase *tcase = unit_case(suite, "refusal");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_loop_test(tcase, a_file_never_read_that_refuses_is_left_alone_for_a_minute, 0, UNIT_COUNT(refusals));
    tcase_add_test(tcase, its_next_tries_come_twice_as_late_up_to_an_hour);
    tcase_add_loop_test(tcase, a_file_that_fails_otherwise_is_asked_at_each_pass, 0, UNIT_COUNT(failures));
    tcase_add_loop_test(tcase, a_file_once_read_must_refuse_three_times_running, 0, UNIT_COUNT(refusals));
    tcase_add_test(tcase, a_value_in_between_starts_the_count_again);
    tcase_add_test(tcase, a_file_that_cannot_even_be_opened_refuses_too);
    tcase_add_test(tcase, an_attribute_that_refuses_is_left_alone_too);
    tcase_add_test(tcase, refusing_files_are_asked_when_the_state_has_changed);
    tcase_add_test(tcase, refusing_files_are_not_asked_for_lack_of_patience);
    tcase_add_test(tcase, a_change_behind_an_unreadable_state_is_a_change);
    tcase_add_test(tcase, another_registration_forgets_who_refused);
    tcase_add_test(tcase, while_all_refuse_one_file_is_asked_and_its_success_brings_all_back);
    tcase_add_test(tcase, a_directory_that_never_answered_is_probed_too);
    tcase_add_test(tcase, each_file_is_probed_in_its_turn);
    tcase_add_test(tcase, a_file_that_has_answered_is_probed_before_one_that_has_not);
    tcase_add_loop_test(tcase, a_probe_that_fails_otherwise_does_not_strand_the_rest, 0, UNIT_COUNT(passing));
    tcase_add_test(tcase, a_probe_without_patience_does_not_strand_the_rest);
    tcase_add_loop_test(tcase, a_probe_does_not_put_off_its_own_file, 0, 12);
    tcase_add_test(tcase, hardware_counters_are_probed_and_come_back_likewise);
    return suite;
}
