/* status_line_test: the line that says how the devices fare. */
#include <stdio.h>
#include <string.h>

#include "lib/unit.h"
#include "port/status_line.h"

enum { TEXT_SIZE = 256, MOST_DEVICES = 70 };

static const struct {
    const char *stalled, *late, *partial; /* numbers of devices, as digits */
    int devices;
    enum agent_health health;
    const char *line;
} lines[] = {
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
    struct agent_state agent = {.health = lines[_i].health, .devices = lines[_i].devices, .ports = lines[_i].devices};
    struct device *devices[MOST_DEVICES];
    struct snapshot *snapshot;
    char text[TEXT_SIZE];

    for (int i = 0; i < lines[_i].devices; i++) {
        char name[16], digit = (char)('0' + i);
        bool stalled = strchr(lines[_i].stalled, digit) != NULL, late = strchr(lines[_i].late, digit) != NULL;

        snprintf(name, sizeof(name), "mlx5_%d", i);
        devices[i] = make_device(name,
                                 stalled                                    ? STATUS_STALLED
                                 : late || strchr(lines[_i].partial, digit) ? STATUS_PARTIAL
                                                                            : STATUS_OK,
                                 !stalled && !late);
    }
    snapshot = snapshot_new(devices, (size_t)lines[_i].devices);
    status_line(snapshot, &agent, text, sizeof(text));
    ck_assert_str_eq(text, lines[_i].line);
    snapshot_free(snapshot);
}
END_TEST

START_TEST(before_the_first_reading_there_is_a_line_too)
{
    struct agent_state agent = {.health = HEALTH_OK};
    char text[TEXT_SIZE];

    status_line(NULL, &agent, text, sizeof(text));
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
        status_line(snapshot, &agent, text, size);
        ck_assert_uint_eq(strnlen(text, size), size - 1);
    }
    ck_assert_int_eq(strncmp(text, "24 of 70 devices stalled: 000", 29), 0);
    snapshot_free(snapshot);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("status_line");
    TCase *tcase = unit_case(suite, "line");

    tcase_add_loop_test(tcase, the_line_says_what_is_wrong_and_with_which_devices, 0, UNIT_COUNT(lines));
    tcase_add_test(tcase, before_the_first_reading_there_is_a_line_too);
    tcase_add_test(tcase, a_line_that_does_not_fit_is_cut);
    return suite;
}
