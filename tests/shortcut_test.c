/* shortcut_test: with which versions of Net-SNMP's library the short cut is taken. That it gives the same answers is what
 * agentx_test.py tests. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "shortcut.h"
#include "unit.h"

static const char *version;
static int reader;

/* The linker puts it in the place of the library's. */
const char *__wrap_netsnmp_get_version(void);

const char *__wrap_netsnmp_get_version(void)
{
    return version;
}

static void catch_stderr(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader = ends[0];
    dup2(ends[1], STDERR_FILENO);
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
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
    char line[512] = "";
    ssize_t n;

    version = versions[_i].version;
    ck_assert_int_eq(shortcut_is_proven(version), versions[_i].is_proven);
    ck_assert_int_eq(shortcut_is_wanted(SHORTCUT_AUTO), versions[_i].is_proven);
    n = read(reader, line, sizeof(line) - 1);
    if (versions[_i].is_proven) {
        ck_assert_int_lt(n, 0);
    } else {
        ck_assert_ptr_nonnull(strstr(line, "level=info msg=\"no short cut"));
        ck_assert_ptr_eq(strchr(line, '\n'), line + n - 1);
    }
}
END_TEST

START_TEST(on_and_off_are_obeyed_without_a_word)
{
    char line[1];

    version = versions[_i].version;
    ck_assert(shortcut_is_wanted(SHORTCUT_ON));
    ck_assert(!shortcut_is_wanted(SHORTCUT_OFF));
    ck_assert_int_lt(read(reader, line, sizeof(line)), 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("shortcut");
    TCase *choice = unit_case(suite, "choice");

    tcase_add_checked_fixture(choice, catch_stderr, NULL);
    tcase_add_loop_test(choice, auto_takes_it_with_versions_it_was_proven_with_and_no_others, 0, UNIT_COUNT(versions));
    tcase_add_loop_test(choice, on_and_off_are_obeyed_without_a_word, 0, UNIT_COUNT(versions));
    return suite;
}
