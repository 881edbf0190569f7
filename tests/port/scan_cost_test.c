/* scan_cost_test: what a pass may take: descriptors, and the patience of its caller. */
#include <errno.h>
#include <stdatomic.h>

#include "lib/scan_tree.h"
#include "lib/sysfs_fake.h"

enum {
    SECOND = 1000,
    PORT_ATTRIBUTES = 8,
    FILES = MOST_HELD + PORT_ATTRIBUTES + 11, /* of the device */
};

/* --- Descriptors --- */

static const int limits[] = {0, 1, 5, MOST_HELD - 1, MOST_HELD, 4096};

START_TEST(no_more_descriptors_are_held_than_allowed_and_all_are_given_back)
{
    int before = unit_descriptors(), expected = limits[_i] < MOST_HELD ? limits[_i] : MOST_HELD;

    scan_tree.settings.most_held = limits[_i];
    for (int pass = 0; pass < 3; pass++) {
        scan_tree_read(SECOND);
        ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
        ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
        ck_assert_int_eq(atomic_load(&scan_tree.settings.held), expected);
        ck_assert_int_eq(unit_descriptors(), before + expected + 2); /* the device and class/net */
    }
    scan_free(scan_tree.scan);
    scan_tree.scan = NULL;
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), 0);
    ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(a_counter_is_opened_once_and_read_at_each_pass)
{
    for (int pass = 0; pass < 5; pass++)
        scan_tree_read(SECOND);
    ck_assert_uint_eq(sysfs_fake_opens("/counters/symbol_error"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/counters/symbol_error"), 5);
    ck_assert_uint_eq(sysfs_fake_opens("/hw_counters/np_cnp_sent"), 1);
    ck_assert_uint_eq(sysfs_fake_reads("/hw_counters/np_cnp_sent"), 5);
}
END_TEST

START_TEST(a_failing_file_holds_no_descriptor)
{
    scan_tree_read(0);
    sysfs_fake_fail("symbol_error", EIO);
    scan_tree_read(SECOND);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), MOST_HELD - 1);
    sysfs_fake_fail("symbol_error", 0);
    scan_tree_read(SECOND);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), MOST_HELD);
    ck_assert_uint_eq(scan_tree_counter("symbol_error"), 100);
}
END_TEST

static const int full[] = {EMFILE, ENFILE};

/* The process has no descriptor to spare for keeping, but one for a moment. */
START_TEST(a_file_that_cannot_be_held_is_read_all_the_same)
{
    sysfs_fake_fail_hold("/", full[_i]);
    scan_tree_read(0);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), COUNTERS);
    ck_assert_int_eq(atomic_load(&scan_tree.settings.held), 0);
}
END_TEST

/* --- Patience --- */

/* Reads that a pass has patience for: up to what comes last of each kind and what comes first of the next. */
static const int patiences[] = {
    0, 1, 20, 21, 22, 26, 27, 28, 29, 30, 36, 37, 38, FILES - 1, FILES,
};

START_TEST(a_pass_out_of_patience_has_counters_first_and_nothing_behind)
{
    int reads = patiences[_i], counters = reads < COUNTERS ? reads : COUNTERS;
    int hw = reads - counters < HW_COUNTERS ? reads - counters : HW_COUNTERS;

    scan_tree_read_in_haste(0, reads);
    ck_assert_int_eq(scan_tree_present(&scan_tree.port->counters), counters);
    for (size_t i = 0; i < HW_COUNTERS; i++)
        hw -= scan_tree.port->named.present[i];
    ck_assert_int_eq(hw, 0);
    ck_assert_uint_eq(scan_tree.device->files_read, (unsigned)reads);
    ck_assert_uint_eq(scan_tree.device->files, FILES);
    ck_assert_int_eq(scan_tree.device->complete, reads == FILES);
    ck_assert_int_eq(scan_tree.device->status == STATUS_OK, scan_tree.device->complete);
    ck_assert_uint_eq(scan_tree.device->failures, 0);
    ck_assert_int_eq(scan_tree.port->state != ABSENT, reads > COUNTERS + HW_COUNTERS);
    ck_assert_int_eq(sysfs_fake_reads("gid_attrs") > 0, reads >= MOST_HELD + PORT_ATTRIBUTES); /* to find the netdev */
}
END_TEST

START_TEST(what_was_left_unread_is_read_by_the_next_pass)
{
    scan_tree_make_ethernet();
    scan_tree_read_in_haste(0, patiences[_i]);
    scan_tree_read(SECOND);
    ck_assert_int_eq(scan_tree.device->status, STATUS_OK);
    ck_assert(scan_tree.device->complete);
    ck_assert_str_eq(scan_tree.device->board_id, "MT_0000000838");
    ck_assert_int_eq(scan_tree.port->speed, 400000);
    ck_assert_int_eq(scan_tree.port->lid, 0x1a);
    ck_assert_int_eq(scan_tree.port->capability_mask, 0x2651e848);
    ck_assert_str_eq(scan_tree.port->netdev, "eth0");
    ck_assert_int_eq(scan_tree.port->ifindex, 7);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("scan_cost");
    TCase *tcase = unit_case(suite, "cost");

    tcase_add_checked_fixture(tcase, scan_tree_make, scan_tree_free);
    tcase_add_loop_test(tcase, no_more_descriptors_are_held_than_allowed_and_all_are_given_back, 0, UNIT_COUNT(limits));
    tcase_add_test(tcase, a_counter_is_opened_once_and_read_at_each_pass);
    tcase_add_test(tcase, a_failing_file_holds_no_descriptor);
    tcase_add_loop_test(tcase, a_file_that_cannot_be_held_is_read_all_the_same, 0, UNIT_COUNT(full));
    tcase_add_loop_test(tcase, a_pass_out_of_patience_has_counters_first_and_nothing_behind, 0, UNIT_COUNT(patiences));
    tcase_add_loop_test(tcase, what_was_left_unread_is_read_by_the_next_pass, 0, UNIT_COUNT(patiences));
    return suite;
}
