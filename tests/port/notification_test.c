/* notification_test: what each notification carries of a port or a device, and what stands in for values that are not
 * there. */
#include <string.h>

#include "mib/notification.h"
#include "lib/rows.h"
#include "port/snapshot.h"
#include "lib/unit.h"

static struct snapshot *snapshot;
static struct look look;
static struct answer answers[NOTIFICATION_MOST_OBJECTS];
static size_t count;

static void fill(struct device *device, enum notification_kind kind, int64_t port)
{
    uint32_t index[DEVICE_NAME_SIZE + 2];

    snapshot = snapshot_new(&device, 1);
    look = (struct look){.view = snapshot_view(snapshot)};
    count = notification_fill(&port_mib.notifications[kind - 1], &look, index, snapshot_index("mlx5_0", port, index),
                              answers);
}

static void tear_down(void)
{
    snapshot_free(snapshot);
    snapshot = NULL;
}

/* A port with a value in everything. */
static struct device *whole_device(void)
{
    struct device *device = rows_device("mlx5_0", 2);
    struct port *port = &device->ports[1];

    port->state = 1;
    port->phys_state = 2;
    port->ifindex = 7;
    port->history = (struct port_history){.previous_state = 4, .state_changes = 12};
    rows_set_counter(device, 1, TABLE_PORT_COUNTER, "link_downed", 254);
    return device;
}

static void check(size_t i, const char *object, uint64_t number)
{
    ck_assert_uint_lt(i, count);
    ck_assert_str_eq(answers[i].column->object, object);
    ck_assert_uint_eq(answers[i].value.number, number);
}

START_TEST(every_notification_has_its_place_and_a_name_of_its_own)
{
    const struct notification *notifications = port_mib.notifications;

    ck_assert_uint_eq(port_mib.notification_count, NOTIFICATION_DEVICE_RECOVERED);
    for (size_t i = 0; i < port_mib.notification_count; i++) {
        ck_assert_uint_eq(notifications[i].number, i + 1);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(notifications[i].name, notifications[j].name);
    }
}
END_TEST

START_TEST(a_port_is_told_with_all_that_it_has)
{
    fill(whole_device(), (enum notification_kind)_i, 2);
    ck_assert_uint_eq(count, 7);
    ck_assert_str_eq(answers[0].column->object, "rdmaPortName");
    ck_assert_str_eq(answers[0].value.text, "mlx5_0/2");
    check(1, "rdmaPortState", 1);
    check(2, "rdmaPortPreviousState", 4);
    check(3, "rdmaPortPhysState", 2);
    check(4, "rdmaPortStateChanges", 12);
    check(5, "rdmaPortIfIndex", 7);
    check(6, "rdmaPortLinkDowned", 254);
}
END_TEST

START_TEST(every_object_is_of_the_row_that_it_is_about)
{
    uint32_t suffix[INDEX_MAX];

    fill(whole_device(), NOTIFICATION_PORT_DOWN, 2);
    for (size_t i = 0; i < count; i++) {
        size_t length = answer_name(&look, &answers[i], suffix);

        ck_assert_uint_eq(length, 4 + 1 + strlen("mlx5_0") + 1);
        ck_assert_uint_eq(suffix[length - 1], 2);
    }
}
END_TEST

START_TEST(states_have_a_stand_in_and_the_rest_is_left_out)
{
    struct device *device = whole_device();
    struct port *port = &device->ports[1];

    port->state = port->phys_state = port->ifindex = port->history.previous_state = ABSENT;
    port->counters.present = 0;
    fill(device, NOTIFICATION_PORT_FLAPPED, 2);
    ck_assert_uint_eq(count, 5);
    check(1, "rdmaPortState", 255);
    check(2, "rdmaPortPreviousState", 255);
    check(3, "rdmaPortPhysState", 255);
    check(4, "rdmaPortStateChanges", 12);
    for (size_t i = 1; i < 4; i++)
        ck_assert_int_eq(answers[i].value.type, SMI_INTEGER);
}
END_TEST

START_TEST(a_device_is_told_with_name_and_status)
{
    struct device *device = rows_device("mlx5_0", 1);

    device->status = STATUS_STALLED;
    fill(device, (enum notification_kind)_i, ABSENT);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(answers[0].column->object, "rdmaDeviceKernelName");
    ck_assert_str_eq(answers[0].value.text, "mlx5_0");
    check(1, "rdmaDeviceStatus", STATUS_STALLED);
}
END_TEST

START_TEST(of_what_is_not_there_nothing_is_told)
{
    fill(whole_device(), NOTIFICATION_PORT_DOWN, 3);
    ck_assert_uint_eq(count, 0);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("notification");
    TCase *tcase = unit_case(suite, "notification");

    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_test(tcase, every_notification_has_its_place_and_a_name_of_its_own);
    tcase_add_loop_test(tcase, a_port_is_told_with_all_that_it_has, NOTIFICATION_PORT_UP,
                        NOTIFICATION_PORT_FLAPPED + 1);
    tcase_add_test(tcase, every_object_is_of_the_row_that_it_is_about);
    tcase_add_test(tcase, states_have_a_stand_in_and_the_rest_is_left_out);
    tcase_add_loop_test(tcase, a_device_is_told_with_name_and_status, NOTIFICATION_DEVICE_ADDED,
                        NOTIFICATION_DEVICE_RECOVERED + 1);
    tcase_add_test(tcase, of_what_is_not_there_nothing_is_told);
    return suite;
}
