/* health_line_test: the line that says how the daemon fares, and which of its changes are logged. */
#include <stdio.h>
#include <string.h>

#include "daemon/health.h"
#include "lib/log_reader.h"
#include "base/trouble.h"
#include "lib/unit.h"

enum { TEXT_SIZE = 256, MOST_DEVICES = 70 };

/* --- The line --- */

static const struct {
    const char *stalled, *late, *partial; /* numbers of devices, as digits */
    int devices;
    enum agent_health health;
    const char *line;
} stories[] = {
    {"", "", "", 0, HEALTH_OK, "serving 0 devices, 0 ports"},
    {"", "", "", 1, HEALTH_OK, "serving 1 device, 1 port"},
    {"", "", "", 3, HEALTH_OK, "serving 3 devices, 3 ports"},
    {"", "", "1", 3, HEALTH_OK, "serving 3 devices, 3 ports; 1 of 3 devices partial: mlx5_1"},
    {"0", "", "", 1, HEALTH_DEGRADED, "1 of 1 device stalled: mlx5_0"},
    {"3", "", "", 8, HEALTH_DEGRADED, "1 of 8 devices stalled: mlx5_3"},
    {"25", "", "", 8, HEALTH_DEGRADED, "2 of 8 devices stalled: mlx5_2, mlx5_5"},
    {"0246", "", "", 8, HEALTH_DEGRADED, "4 of 8 devices stalled: mlx5_0, mlx5_2, mlx5_4, mlx5_6"},
    {"012345", "", "", 8, HEALTH_DEGRADED, "6 of 8 devices stalled: mlx5_0, mlx5_1, mlx5_2, mlx5_3, ..."},
    {"", "4", "", 8, HEALTH_DEGRADED, "1 of 8 devices not read in full: mlx5_4"},
    {"1", "4", "7", 8, HEALTH_DEGRADED,
     "1 of 8 devices stalled: mlx5_1; 1 of 8 devices not read in full: mlx5_4; 1 of 8 devices partial: mlx5_7"},
    {"", "", "", 8, HEALTH_FAILED, "cannot list the RDMA devices"},
    {"1", "", "", 8, HEALTH_FAILED, "cannot list the RDMA devices; 1 of 8 devices stalled: mlx5_1"},
};

static struct device *make_device(const char *name, enum read_status status, bool complete)
{
    struct device *device = device_new(name, 1);

    device->status = status;
    device->complete = complete;
    device->ports[0].number = 1;
    return device;
}

START_TEST(the_line_says_what_is_wrong_and_with_which_devices)
{
    struct agent_state agent = {
        .health = stories[_i].health, .devices = stories[_i].devices, .ports = stories[_i].devices};
    struct device *devices[MOST_DEVICES];
    struct snapshot *snapshot;
    char text[TEXT_SIZE];

    for (int i = 0; i < stories[_i].devices; i++) {
        char name[16], digit = (char)('0' + i);
        bool stalled = strchr(stories[_i].stalled, digit) != NULL, late = strchr(stories[_i].late, digit) != NULL;

        snprintf(name, sizeof(name), "mlx5_%d", i);
        devices[i] = make_device(name,
                                 stalled                                      ? STATUS_STALLED
                                 : late || strchr(stories[_i].partial, digit) ? STATUS_PARTIAL
                                                                              : STATUS_OK,
                                 !stalled && !late);
    }
    snapshot = snapshot_new(devices, (size_t)stories[_i].devices);
    health_describe(snapshot, &agent, text, sizeof(text));
    ck_assert_str_eq(text, stories[_i].line);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(before_the_first_reading_there_is_a_line_too)
{
    struct agent_state agent = {.health = HEALTH_OK};
    char text[TEXT_SIZE];

    health_describe(NULL, &agent, text, sizeof(text));
    ck_assert_str_eq(text, "serving 0 devices, 0 ports");
}
END_TEST

/* Names as long as can be: four in each group do not fit. */
START_TEST(a_line_that_does_not_fit_is_cut)
{
    struct agent_state agent = {.health = HEALTH_DEGRADED, .devices = MOST_DEVICES, .ports = MOST_DEVICES};
    struct device *devices[MOST_DEVICES];
    struct snapshot *snapshot;
    char text[TEXT_SIZE];

    for (int i = 0; i < MOST_DEVICES; i++) {
        char name[DEVICE_NAME_SIZE];

        snprintf(name, sizeof(name), "%063d", i);
        devices[i] = make_device(name, i % 3 == 0 ? STATUS_STALLED : STATUS_PARTIAL, i % 3 == 1);
    }
    snapshot = snapshot_new(devices, MOST_DEVICES);
    for (size_t size = 1; size <= TEXT_SIZE; size++) {
        memset(text, '#', sizeof(text));
        health_describe(snapshot, &agent, text, size);
        ck_assert_uint_eq(strnlen(text, size), size - 1);
    }
    ck_assert_int_eq(strncmp(text, "24 of 70 devices stalled: 000", 29), 0);
    snapshot_free(snapshot);
}
END_TEST

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

static void note(struct health *health, enum agent_health now_is, int64_t now)
{
    health_note(health, &(struct agent_state){.health = now_is}, "why", now);
}

START_TEST(each_change_for_the_worse_is_logged_at_once)
{
    struct health health = {.told = HEALTH_OK};

    note(&health, HEALTH_OK, 0);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_DEGRADED, 1);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    note(&health, HEALTH_FAILED, 2);
    ck_assert_str_eq(logged(), "level=error msg=\"health is failed\" status=why\n");
    note(&health, HEALTH_FAILED, 3);
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(a_change_for_the_better_is_logged_once_it_has_lasted)
{
    struct health health = {.told = HEALTH_OK};

    note(&health, HEALTH_FAILED, 0);
    logged();
    note(&health, HEALTH_OK, TROUBLE_WHILE - 1);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_DEGRADED, TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    note(&health, HEALTH_OK, 2 * TROUBLE_WHILE - 1);
    ck_assert_str_eq(logged(), "");
    note(&health, HEALTH_OK, 2 * TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "level=info msg=\"health is ok\" status=why\n");
    note(&health, HEALTH_OK, 9 * TROUBLE_WHILE);
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(a_health_that_comes_and_goes_is_logged_once)
{
    struct health health = {.told = HEALTH_OK};

    for (int i = 0; i < 1000; i++)
        note(&health, i % 2 == 0 ? HEALTH_DEGRADED : HEALTH_OK, i * 100);
    ck_assert_str_eq(logged(), "level=warn msg=\"health is degraded\" status=why\n");
    ck_assert_str_eq(logged(), "");
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("health");
    TCase *line = unit_case(suite, "line"), *changes = unit_case(suite, "changes");

    tcase_add_loop_test(line, the_line_says_what_is_wrong_and_with_which_devices, 0, UNIT_COUNT(stories));
    tcase_add_test(line, before_the_first_reading_there_is_a_line_too);
    tcase_add_test(line, a_line_that_does_not_fit_is_cut);

    tcase_add_checked_fixture(changes, log_reader_open, log_reader_close);
    tcase_add_test(changes, each_change_for_the_worse_is_logged_at_once);
    tcase_add_test(changes, a_change_for_the_better_is_logged_once_it_has_lasted);
    tcase_add_test(changes, a_health_that_comes_and_goes_is_logged_once);
    return suite;
}
