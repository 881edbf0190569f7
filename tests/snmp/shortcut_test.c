/* shortcut_test: with which versions of Net-SNMP's library the short cut is taken. That it gives the same answers is what
 * agentx_test.py tests. */
#include <stdbool.h>
#include <string.h>

#include "lib/log_reader.h"
#include "snmp/shortcut.h"
#include "lib/unit.h"

static const char *version;

/* The linker puts it in the place of the library's. */
const char *__wrap_netsnmp_get_version(void);

const char *__wrap_netsnmp_get_version(void)
{
    return version;
}

/* --- The choice --- */

static const struct {
    const char *version;
    bool is_proven;
} versions[] = {
    {"5.9.3", true},      /* Debian 12 */
    {"5.9.4.pre2", true}, /* Debian 13 */
    {"5.9.5.2", true},    /* Debian sid */
    {"5.9.2", false},     {"5.9.4", false}, {"5.9.4.pre20", false}, {"5.9.30", false},
    {"5.9", false},       {"5.9.6", false}, {"6.0", false},         {"", false},
};

START_TEST(auto_takes_it_with_versions_it_was_proven_with_and_no_others)
{
    char line[512];
    bool is_told;

    version = versions[_i].version;
    ck_assert_int_eq(shortcut_is_proven(version), versions[_i].is_proven);
    ck_assert_int_eq(shortcut_is_wanted(SHORTCUT_AUTO), versions[_i].is_proven);
    is_told = log_reader_next(line, sizeof(line));
    ck_assert_int_ne(is_told, versions[_i].is_proven);
    if (is_told) {
        ck_assert_ptr_nonnull(strstr(line, "level=info msg=\"no short cut"));
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    }
}
END_TEST

START_TEST(on_and_off_are_obeyed_without_a_word)
{
    char line[512];

    version = versions[_i].version;
    ck_assert(shortcut_is_wanted(SHORTCUT_ON));
    ck_assert(!shortcut_is_wanted(SHORTCUT_OFF));
    ck_assert(!log_reader_next(line, sizeof(line)));
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("shortcut");
    TCase *choice = unit_case(suite, "choice");

    tcase_add_checked_fixture(choice, log_reader_open, log_reader_close);
    tcase_add_loop_test(choice, auto_takes_it_with_versions_it_was_proven_with_and_no_others, 0, UNIT_COUNT(versions));
    tcase_add_loop_test(choice, on_and_off_are_obeyed_without_a_word, 0, UNIT_COUNT(versions));
    return suite;
}
