/* trouble_test: what of a trouble that comes and goes is worth a line. */
#include "base/trouble.h"
#include "lib/unit.h"

enum { SECOND = 1000 }; /* ms */

START_TEST(a_trouble_begins_at_once_and_is_told_once)
{
    struct trouble trouble = {0};

    ck_assert_int_eq(trouble_note(&trouble, false, 0), TROUBLE_AS_BEFORE);
    ck_assert_int_eq(trouble_note(&trouble, true, 1), TROUBLE_BEGINS);
    for (int64_t now = 2; now < 1000; now++)
        ck_assert_int_eq(trouble_note(&trouble, true, now * SECOND), TROUBLE_AS_BEFORE);
}
END_TEST

START_TEST(it_is_over_after_a_while_without_it_and_told_once)
{
    struct trouble trouble = {0};

    trouble_note(&trouble, true, SECOND);
    ck_assert_int_eq(trouble_note(&trouble, false, SECOND + TROUBLE_WHILE - 1), TROUBLE_AS_BEFORE);
    ck_assert_int_eq(trouble_note(&trouble, false, SECOND + TROUBLE_WHILE), TROUBLE_IS_OVER);
    ck_assert_int_eq(trouble_note(&trouble, false, SECOND + 2 * TROUBLE_WHILE), TROUBLE_AS_BEFORE);
    ck_assert_int_eq(trouble_note(&trouble, true, SECOND + 3 * TROUBLE_WHILE), TROUBLE_BEGINS);
}
END_TEST

static const int64_t intervals[] = {1, 10, 333, 1000, 5000};

/* Every other look, for ten minutes, at several rates of looking. */
START_TEST(what_comes_and_goes_is_told_once_whatever_the_rate_of_looking)
{
    struct trouble trouble = {0};
    int lines = 0, looks = 0;

    for (int64_t now = 0; now < 600 * SECOND; now += intervals[_i])
        lines += trouble_note(&trouble, looks++ % 2 == 0, now) != TROUBLE_AS_BEFORE;
    ck_assert_int_eq(lines, 1);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("trouble");
    TCase *lines = unit_case(suite, "lines");

    tcase_add_test(lines, a_trouble_begins_at_once_and_is_told_once);
    tcase_add_test(lines, it_is_over_after_a_while_without_it_and_told_once);
    tcase_add_loop_test(lines, what_comes_and_goes_is_told_once_whatever_the_rate_of_looking, 0, UNIT_COUNT(intervals));
    return suite;
}
