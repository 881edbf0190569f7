/* column_value_test: what a cell is worth: absent or present, octets, wraps, limits, and what drivers do differently.
 */
#include <stdio.h>
#include <string.h>

#include "port/catalogue.h"
#include "lib/rows.h"
#include "lib/unit.h"

static const struct column *columns[ROWS_MOST_COLUMNS];
static size_t column_count;

/* A record of every table: the named tables have a counter and a gauge. */
static struct agent_state agent;
static struct device *device;
static size_t member;

enum { COUNTER_MEMBER, GAUGE_MEMBER };

static void make_row(void)
{
    device = rows_device("mlx5_0", 1);
    rows_name_device_counters(device, "a active_qps");
    rows_name_port_counters(device, 0, "a active_qps");
    member = 0;
}

static void free_row(void)
{
    device->port_count = 1; /* a column too: a test may have set it */
    device_free(device);
}

static const struct column *find(const char *object)
{
    const struct table *table;
    const struct column *column = mib_object(&port_mib, object, &table);

    ck_assert_msg(column != NULL, "no object %s", object);
    return column;
}

static void *structure(const struct column *column)
{
    return column->table == TABLE_AGENT                                                    ? (void *)&agent
           : column->table == TABLE_DEVICE || column->table == TABLE_DEVICE_COUNTER ? (void *)device
                                                                                    : (void *)&device->ports[0];
}

static bool get(const struct column *column, struct value *value)
{
    return column_value(column, &(struct row){.record = structure(column), .member = member}, value);
}

static struct counters *counters(const struct column *column)
{
    return column->table == TABLE_PORT_COUNTER ? &device->ports[0].counters : &device->ports[0].hw_counters;
}

static struct named_counters *named(const struct column *column)
{
    return column->table == TABLE_COUNTER ? &device->ports[0].named : &device->named;
}

/* Takes the cell of the column away, or gives it the number. */
static void set_cell(const struct column *column, bool present, uint64_t number)
{
    char *cell = (char *)structure(column) + column->offset;
    uint64_t bit = UINT64_C(1) << column->slot;

    switch ((enum column_source)column->source) {
    case SOURCE_NUMBER:
        *(int64_t *)(void *)cell = present ? (int64_t)number : ABSENT;
        break;
    case SOURCE_TEXT:
        strcpy(cell, present ? "text" : "");
        break;
    case SOURCE_COUNTER:
        counters(column)->value[column->slot] = number;
        counters(column)->present = present ? bit : ~bit;
        break;
    case SOURCE_VALUE:
    case SOURCE_LEVEL:
        named(column)->value[member] = number;
        named(column)->present[member] = present;
        break;
    case SOURCE_INDEX:
    case SOURCE_KIND:
    case SOURCE_DERIVED:
        break;
    }
}

static uint64_t number_of(const struct column *column)
{
    struct value value = {.number = 4711};

    ck_assert_msg(get(column, &value), "%s", column->object);
    ck_assert_int_eq(value.type, column->type);
    return value.number;
}

/* --- Absent and present: a test for each column --- */

START_TEST(a_cell_has_a_value_if_it_was_read_and_only_then)
{
    const struct column *column = columns[_i];
    struct value value;

    if (column->source == SOURCE_DERIVED)
        return; /* from what, its own test knows */
    member = column->source == SOURCE_LEVEL ? GAUGE_MEMBER : COUNTER_MEMBER;
    set_cell(column, false, 7);
    ck_assert_int_eq(get(column, &value), column->source == SOURCE_KIND);
    set_cell(column, true, 0); /* which is a value */
    ck_assert_int_eq(get(column, &value), column->source != SOURCE_INDEX);
    set_cell(column, true, 7);
    ck_assert_int_eq(get(column, &value), column->source != SOURCE_INDEX);
    ck_assert_int_eq(value.type, column->type);
    if (column->source == SOURCE_TEXT)
        ck_assert_str_eq(value.text, "text");
    else if (column->source == SOURCE_KIND)
        ck_assert_uint_eq(value.number, KIND_COUNTER);
    else if (column->source != SOURCE_INDEX)
        ck_assert_uint_eq(value.number, column->derive ? 28 : 7);
}
END_TEST

/* --- Named counters --- */

START_TEST(a_named_counter_has_a_value_or_a_level)
{
    static const char *const objects[][3] = {
        {"rdmaCounterKind", "rdmaCounterValue", "rdmaCounterLevel"},
        {"rdmaDeviceCounterKind", "rdmaDeviceCounterValue", "rdmaDeviceCounterLevel"},
    };
    const struct column *kind = find(objects[_i][0]), *value = find(objects[_i][1]), *level = find(objects[_i][2]);
    struct value unused;

    member = COUNTER_MEMBER;
    set_cell(value, true, UINT64_MAX);
    ck_assert_uint_eq(number_of(kind), KIND_COUNTER);
    ck_assert_uint_eq(number_of(value), UINT64_MAX);
    ck_assert(!get(level, &unused));

    member = GAUGE_MEMBER;
    set_cell(level, true, UINT64_C(1) << 32);
    ck_assert_uint_eq(number_of(kind), KIND_GAUGE);
    ck_assert_uint_eq(number_of(level), UINT32_MAX); /* clamped */
    ck_assert(!get(value, &unused));
}
END_TEST

static const struct {
    const char *file;
    enum counter_kind kind;
} kinds[] = {
    {"lifespan", KIND_SETTING},          {"watermark_qps", KIND_HIGH_WATER}, {"watermark_", KIND_HIGH_WATER},
    {"active_qps", KIND_GAUGE},          {"active_srqs", KIND_GAUGE},        {"active_cqs", KIND_GAUGE},
    {"active_mrs", KIND_GAUGE},          {"active_mws", KIND_GAUGE},         {"active_pds", KIND_GAUGE},
    {"active_ahs", KIND_GAUGE},          {"active_rc_qps", KIND_GAUGE},      {"active_ud_qps", KIND_GAUGE},
    {"db_fifo_register", KIND_GAUGE},    {"num_qps_congested", KIND_GAUGE},  {"current_rate", KIND_GAUGE},
    {"DRIVER_CtxtsOpen", KIND_GAUGE},    {"rx_bytes", KIND_COUNTER},         {"active_qps2", KIND_COUNTER},
    {"Lifespan", KIND_COUNTER},          {"lifespan ", KIND_COUNTER},        {"watermark", KIND_COUNTER},
    {"max_watermark_qps", KIND_COUNTER}, {"pacing_alerts", KIND_COUNTER},    {"RNR sent", KIND_COUNTER},
};

START_TEST(the_name_of_a_file_says_its_kind)
{
    ck_assert_msg(catalogue_kind(kinds[_i].file) == kinds[_i].kind, "%s", kinds[_i].file);
}
END_TEST

/* --- Numbers on the wire --- */

static const struct {
    uint8_t unit;
    uint64_t words, octets;
} octets[] = {
    {4, 0, 0},
    {4, 1080489, 4321956}, /* recorded on rxe */
    {8, 3, 24},
    {4, (UINT64_C(1) << 62) - 1, UINT64_MAX - 3},
    {4, UINT64_C(1) << 62, 0}, /* modulo 2^64 */
    {4, (UINT64_C(1) << 62) + 1, 4},
    {8, (UINT64_C(1) << 61) + 1, 8},
    {4, UINT64_MAX, UINT64_MAX - 3},
    {8, UINT64_MAX, UINT64_MAX - 7},
};

START_TEST(octets_are_words_times_their_unit_modulo_2_to_64)
{
    static const char *const objects[][2] = {{"rdmaPortXmitData", "rdmaPortXmitOctets"},
                                             {"rdmaPortRcvData", "rdmaPortRcvOctets"}};

    device->traits.data_unit = octets[_i].unit;
    for (int i = 0; i < UNIT_COUNT(objects); i++) {
        set_cell(find(objects[i][0]), true, octets[_i].words);
        ck_assert_uint_eq(number_of(find(objects[i][0])), octets[_i].words);
        ck_assert_uint_eq(number_of(find(objects[i][1])), octets[_i].octets);
    }
}
END_TEST

static uint64_t on_the_wire(const char *object, int64_t number)
{
    const struct column *column = find(object);

    set_cell(column, true, (uint64_t)number);
    return number_of(column);
}

START_TEST(a_gauge_stays_at_its_maximum)
{
    ck_assert_uint_eq(on_the_wire("rdmaPortLinkSpeed", UINT32_MAX), UINT32_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaPortLinkSpeed", INT64_C(1) << 32), UINT32_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaPortLinkSpeed", INT64_MAX), UINT32_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaAgentRefreshMax", INT64_C(1) << 40), UINT32_MAX);
}
END_TEST

START_TEST(a_counter_32_and_a_time_wrap)
{
    ck_assert_uint_eq(on_the_wire("rdmaPortErrorEvents", UINT32_MAX), UINT32_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaPortErrorEvents", INT64_C(1) << 32), 0);
    ck_assert_uint_eq(on_the_wire("rdmaPortStateChanges", (INT64_C(5) << 32) + 3), 3);
    ck_assert_uint_eq(on_the_wire("rdmaPortLastChange", (INT64_C(1) << 32) + 1), 1);
    ck_assert_uint_eq(on_the_wire("rdmaDeviceRegistered", INT64_C(1) << 32), 0);
}
END_TEST

START_TEST(a_counter_64_and_an_integer_are_whole)
{
    ck_assert_uint_eq(on_the_wire("rdmaAgentScrapeErrors", INT64_MAX), INT64_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaPortSymbolError", -1), UINT64_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaPortIfIndex", INT32_MAX), INT32_MAX);
    ck_assert_uint_eq(on_the_wire("rdmaDeviceNumaNode", -1), UINT64_MAX); /* two's complement */
}
END_TEST

/* --- Limits and drivers --- */

static const struct {
    const char *file;
    uint64_t limit; /* 0: none */
} limits[] = {
    {"symbol_error", 65535},
    {"link_error_recovery", 255},
    {"link_downed", 255},
    {"port_rcv_errors", 65535},
    {"port_rcv_remote_physical_errors", 65535},
    {"port_rcv_switch_relay_errors", 65535},
    {"port_xmit_discards", 65535},
    {"port_xmit_constraint_errors", 255},
    {"port_rcv_constraint_errors", 255},
    {"local_link_integrity_errors", 15},
    {"excessive_buffer_overrun_errors", 15},
    {"VL15_dropped", 65535},
    {"port_xmit_data", UINT32_MAX},
    {"port_rcv_data", UINT32_MAX},
    {"port_xmit_packets", UINT32_MAX},
    {"port_rcv_packets", UINT32_MAX},
    {"port_xmit_wait", UINT32_MAX},
    {"unicast_xmit_packets", 0},
    {"unicast_rcv_packets", 0},
    {"multicast_xmit_packets", 0},
    {"multicast_rcv_packets", 0},
};

START_TEST(a_counter_is_saturated_exactly_at_its_limit)
{
    const struct column *column = catalogue_of_file(TABLE_PORT_COUNTER, limits[_i].file);
    const struct driver_traits stops = {.data_unit = 4}, wraps = {.data_unit = 4, .counters_wrap = true};
    uint64_t limit = limits[_i].limit;

    ck_assert_uint_eq(column->limit, limit);
    ck_assert_int_eq(catalogue_is_saturated(column, &stops, limit), limit != 0);
    ck_assert(!catalogue_is_saturated(column, &stops, limit - 1));
    ck_assert(!catalogue_is_saturated(column, &stops, limit + 1));
    ck_assert(!catalogue_is_saturated(column, &stops, 0));
    ck_assert(!catalogue_is_saturated(column, &wraps, limit));
}
END_TEST

static const struct {
    const char *driver;
    int64_t vendor, part;
    struct driver_traits traits;
} drivers[] = {
    {"", ABSENT, ABSENT, {4, false, false}},       {"mlx5_core", 0x15b3, 0x1021, {4, false, false}},
    {"hfi1", 0x8086, 0x24f0, {8, false, false}},   {"hfi1", ABSENT, ABSENT, {8, false, false}},
    {"", 0x8086, 0x24f0, {8, false, false}},       {"", 0x8086, 0x24f1, {8, false, false}},
    {"", 0x8086, 0x24f2, {4, false, false}},       {"", 0x15b3, 0x24f0, {4, false, false}},
    {"", 0x8086, ABSENT, {4, false, false}},       {"vfio-pci", 0x8086, 0x24f0, {4, false, false}},
    {"bnxt_en", 0x14e4, 0x1750, {4, true, false}}, {"be2net", ABSENT, ABSENT, {4, true, false}},
    {"ionic", 0x1dd8, 0x1002, {4, false, true}},   {"ionic_rdma", ABSENT, ABSENT, {4, false, true}},
    {"irdma", 0x8086, 0x1593, {4, false, false}},
};

START_TEST(a_driver_has_its_traits)
{
    struct driver_traits traits = traits_of_driver(drivers[_i].driver, drivers[_i].vendor, drivers[_i].part);

    ck_assert_uint_eq(traits.data_unit, drivers[_i].traits.data_unit);
    ck_assert_int_eq(traits.counters_wrap, drivers[_i].traits.counters_wrap);
    ck_assert_int_eq(traits.ones_mean_absent, drivers[_i].traits.ones_mean_absent);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("column_value");
    TCase *cells = unit_case(suite, "cells"), *facts = unit_case(suite, "facts");

    column_count = rows_columns(columns);
    tcase_add_checked_fixture(cells, make_row, free_row);
    tcase_add_loop_test(cells, a_cell_has_a_value_if_it_was_read_and_only_then, 0, (int)column_count);
    tcase_add_loop_test(cells, a_named_counter_has_a_value_or_a_level, 0, 2);
    tcase_add_loop_test(cells, octets_are_words_times_their_unit_modulo_2_to_64, 0, UNIT_COUNT(octets));
    tcase_add_test(cells, a_gauge_stays_at_its_maximum);
    tcase_add_test(cells, a_counter_32_and_a_time_wrap);
    tcase_add_test(cells, a_counter_64_and_an_integer_are_whole);
    tcase_add_loop_test(facts, the_name_of_a_file_says_its_kind, 0, UNIT_COUNT(kinds));
    tcase_add_loop_test(facts, a_counter_is_saturated_exactly_at_its_limit, 0, UNIT_COUNT(limits));
    tcase_add_loop_test(facts, a_driver_has_its_traits, 0, UNIT_COUNT(drivers));
    return suite;
}
