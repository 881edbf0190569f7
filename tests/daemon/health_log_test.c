/* health_test: which changes of the health are logged, and which family's line is the daemon's. */
#include <stdio.h>
#include <string.h>

#include "daemon/health.h"
#include "lib/log_reader.h"
#include "base/trouble.h"
#include "lib/unit.h"

enum { TEXT_SIZE = 256 };

/* --- The log --- */

/* The next line from its level on; "" if there is none. */
static const char *logged(void)
{
    static char line[2 * TEXT_SIZE];
    char *level;

    log_reader_next(line, sizeof(line));
    level = strstr(line, "level=");
    return level ? level : line;
}

static void note(struct health *health, enum health_level now_is, int64_t now)
{
    health_note(health, now_is, "why", now);
}

START_TEST(each_change_for_the_worse_is_logged_at_once)
{
    struct health health = {.told = HEALTH_LEVEL_OK};

    note(&health, HEALTH_LEVEL_OK, 0);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_LEVEL_DEGRADED, 1);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    note(&health, HEALTH_LEVEL_FAILED, 2);
    ck_assert_str_eq(logged(), "level=error msg=\"health is failed\" status=why\n");
    note(&health, HEALTH_LEVEL_FAILED, 3);
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(a_change_for_the_better_is_logged_once_it_has_lasted)
{
    struct health health = {.told = HEALTH_LEVEL_OK};

    note(&health, HEALTH_LEVEL_FAILED, 0);
    logged();
    note(&health, HEALTH_LEVEL_OK, TROUBLE_WHILE - 1);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_LEVEL_DEGRADED, TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    note(&health, HEALTH_LEVEL_OK, 2 * TROUBLE_WHILE - 1);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_LEVEL_OK, 2 * TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "level=info msg=\"health is ok\" status=why\n");
    note(&health, HEALTH_LEVEL_OK, 9 * TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(a_health_that_comes_and_goes_is_logged_once)
{
    struct health health = {.told = HEALTH_LEVEL_OK};

    for (int i = 0; i < 1000; i++)
        note(&health, i % 2 == 0 ? HEALTH_LEVEL_DEGRADED : HEALTH_LEVEL_OK, i * 100);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    ck_assert_str_eq(logged(), "");
}
END_TEST

/* --- The line --- */

static void describe(void *state, struct family_state *described)
{
    static const char *const reasons[] = {[SOURCE_STATUS_OK] = "well",
                                          [SOURCE_STATUS_PARTIAL] = "a bit lost",
                                          [SOURCE_STATUS_STALLED] = "hangs",
                                          [SOURCE_STATUS_FAILED] = "gone",
                                          [SOURCE_STATUS_ASLEEP] = "asleep"};
    int64_t status = *(const int64_t *)state;

    *described = (struct family_state){.status = status};
    snprintf(described->reason, sizeof(described->reason), "%s", reasons[status]);
}

static const struct family first = {.name = "first", .describe = describe},
                           second = {.name = "second", .describe = describe},
                           third = {.name = "third", .describe = describe};

static const struct {
    int64_t status[3]; /* 0: off */
    const char *line;
    enum health_level level;
} lines[] = {
    {{SOURCE_STATUS_OK, 0, 0}, "well", HEALTH_LEVEL_OK},
    {{SOURCE_STATUS_OK, SOURCE_STATUS_ASLEEP, SOURCE_STATUS_OK}, "well", HEALTH_LEVEL_OK},
    {{SOURCE_STATUS_PARTIAL, SOURCE_STATUS_OK, 0}, "a bit lost", HEALTH_LEVEL_DEGRADED},
    {{SOURCE_STATUS_OK, SOURCE_STATUS_STALLED, SOURCE_STATUS_PARTIAL}, "second: hangs", HEALTH_LEVEL_DEGRADED},
    {{SOURCE_STATUS_PARTIAL, 0, SOURCE_STATUS_STALLED}, "a bit lost", HEALTH_LEVEL_DEGRADED},
    {{SOURCE_STATUS_PARTIAL, SOURCE_STATUS_PARTIAL, SOURCE_STATUS_FAILED}, "third: gone", HEALTH_LEVEL_FAILED},
    {{0, 0, SOURCE_STATUS_OK}, "well", HEALTH_LEVEL_OK},
};

START_TEST(the_line_is_the_first_familys_unless_another_is_worse)
{
    int64_t status[3];
    struct family_run runs[] = {{.family = &first}, {.family = &second}, {.family = &third}};
    char text[TEXT_SIZE];

    for (int i = 0; i < 3; i++) {
        status[i] = lines[_i].status[i];
        runs[i].state = status[i] ? &status[i] : NULL;
    }
    ck_assert_int_eq(health_describe(runs, 3, text, sizeof(text)), lines[_i].level);
    ck_assert_str_eq(text, lines[_i].line);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("health");
    TCase *changes = unit_case(suite, "changes"), *line = unit_case(suite, "line");

    tcase_add_loop_test(line, the_line_is_the_first_familys_unless_another_is_worse, 0, UNIT_COUNT(lines));

    tcase_add_checked_fixture(changes, log_reader_open, log_reader_close);
    tcase_add_test(changes, each_change_for_the_worse_is_logged_at_once);
    tcase_add_test(changes, a_change_for_the_better_is_logged_once_it_has_lasted);
    tcase_add_test(changes, a_health_that_comes_and_goes_is_logged_once);
    return suite;
}
