/* snapshot_test: rows in the order of SNMP, and the way to them from any index, however odd. */
#include <stdlib.h>
#include <string.h>

#include "lib/rows.h"
#include "port/catalogue.h"
#include "port/snapshot.h"
#include "lib/unit.h"

#define LONGEST_NAME "a23456789_123456789_123456789_123456789_123456789_123456789_123" /* 63 */
#define LONGEST_COUNTER "c23456789_123456789_123456789_123456789_12345678"             /* 48 */

#define BIGGEST UINT32_MAX

enum { MOST_ROWS = 64 };

/* One index of a table, as found by walking it. */
struct index {
    uint32_t part[INDEX_MAX];
    size_t length;
    struct cursor cursor;
};

static struct snapshot *snapshot;
static struct index rows[MOST_ROWS];
static size_t row_count;

/* Devices in no order: names of all lengths, ports at both ends, some without ports, some without counters. */
static void make_snapshot(void)
{
    struct device *devices[] = {
        rows_device("mlx5_10", 2),
        rows_device(LONGEST_NAME, 1),
        rows_device_with_ports("mlx5_2", (const int64_t[]){0, 1, 4294967294, 4294967295}, 4),
        rows_device("a", 1),
        rows_device("rxe0", 0),
        rows_device("Z", 1),
        rows_device("mlx5_1", 3),
        rows_device("~", 0),
    };

    rows_name_port_counters(devices[0], 1, "rx lifespan tx_packets");
    rows_name_port_counters(devices[1], 0, "a " LONGEST_COUNTER);
    rows_name_port_counters(devices[2], 0, "b");
    rows_name_port_counters(devices[2], 3, "zz b ab");
    rows_name_port_counters(devices[6], 1, "");
    rows_name_device_counters(devices[2], "b aa");
    rows_name_device_counters(devices[4], "one");
    rows_name_device_counters(devices[7], "last");
    snapshot = snapshot_new(devices, UNIT_COUNT(devices));
}

static void free_snapshot(void)
{
    snapshot_free(snapshot);
}

/* RFC 3416 4.2.2: the order of two names. */
static int compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
    for (size_t i = 0; i < a_length && i < b_length; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return a_length < b_length ? -1 : a_length > b_length;
}

/* Fills rows with the indexes of a table, in the order that the snapshot has them. */
static void walk(enum port_table table)
{
    struct cursor cursor;

    row_count = 0;
    for (bool more = view_next(snapshot_view(snapshot), catalogue_table(table), NULL, 0, &cursor); more;
         more = view_advance(snapshot_view(snapshot), catalogue_table(table), &cursor)) {
        struct index *row = &rows[row_count++];

        ck_assert_uint_le(row_count, MOST_ROWS);
        row->cursor = cursor;
        row->length = view_index(snapshot_view(snapshot), catalogue_table(table), cursor, row->part);
    }
}

/* What find and next must say of an index follows from looking at every row. */
static void check(enum port_table table, const uint32_t *index, size_t length)
{
    struct cursor cursor;
    size_t next = 0;
    bool exists = false, more;

    for (size_t i = 0; i < row_count; i++)
        exists |= compare(rows[i].part, rows[i].length, index, length) == 0;
    while (next < row_count && compare(rows[next].part, rows[next].length, index, length) <= 0)
        next++;
    ck_assert_int_eq(view_find(snapshot_view(snapshot), catalogue_table(table), index, length, &cursor), exists);
    more = view_next(snapshot_view(snapshot), catalogue_table(table), index, length, &cursor);
    ck_assert_int_eq(more, next < row_count);
    if (more)
        ck_assert_mem_eq(&cursor, &rows[next].cursor, sizeof(cursor));
}

/* --- The order of rows --- */

static const struct {
    const char *before, *after;
} orders[] = {
    {"mlx5_2", "mlx5_10"}, {"Z", "a"}, {"z", "aa"},  {"a", "b"},
    {"~", LONGEST_NAME},   {"", "a"},  {"ab", "ac"}, {"A1", "a1"},
};

START_TEST(a_shorter_name_sorts_first_then_octets_decide)
{
    const char *before = orders[_i].before, *after = orders[_i].after;

    ck_assert_int_lt(index_compare_texts(before, strlen(before), after, strlen(after)), 0);
    ck_assert_int_gt(index_compare_texts(after, strlen(after), before, strlen(before)), 0);
    ck_assert_int_eq(index_compare_texts(after, strlen(after), after, strlen(after)), 0);
}
END_TEST

static const struct {
    enum port_table table;
    size_t rows;
} tables[] = {
    {TABLE_DEVICE, 8},           {TABLE_PORT, 12},   {TABLE_PORT_COUNTER, 12},
    {TABLE_PORT_HW_COUNTER, 12}, {TABLE_COUNTER, 9}, {TABLE_DEVICE_COUNTER, 4},
};

START_TEST(a_walk_finds_every_row_in_ascending_order)
{
    walk(tables[_i].table);
    ck_assert_uint_eq(row_count, tables[_i].rows);
    for (size_t i = 1; i < row_count; i++)
        ck_assert_int_lt(compare(rows[i - 1].part, rows[i - 1].length, rows[i].part, rows[i].length), 0);
}
END_TEST

START_TEST(devices_and_ports_are_counted)
{
    ck_assert_uint_eq(snapshot_devices(snapshot), 8);
    ck_assert_uint_eq(snapshot_ports(snapshot), 12);
}
END_TEST

START_TEST(devices_come_in_the_order_of_their_names)
{
    static const char *const names[] = {"Z", "a", "~", "rxe0", "mlx5_1", "mlx5_2", "mlx5_10", LONGEST_NAME};

    walk(TABLE_DEVICE);
    ck_assert_uint_eq(row_count, UNIT_COUNT(names));
    for (size_t i = 0; i < row_count; i++) {
        const struct device *device =
            view_row(snapshot_view(snapshot), catalogue_table(TABLE_DEVICE), rows[i].cursor).record;

        ck_assert_str_eq(device->name, names[i]);
        ck_assert_ptr_eq(snapshot_device(snapshot, i), device);
        ck_assert_ptr_eq(snapshot_find_device(snapshot, names[i]), device);
    }
    ck_assert_ptr_null(snapshot_find_device(snapshot, "mlx5_3"));
}
END_TEST

START_TEST(a_row_knows_its_device_its_port_and_its_counter)
{
    static const uint32_t index[] = {6, 'm', 'l', 'x', '5', '_', '2', BIGGEST, 2, 'z', 'z'};
    const struct table *table = catalogue_table(TABLE_COUNTER);
    const struct port *port;
    struct cursor cursor;
    struct row row;

    ck_assert(view_find(snapshot_view(snapshot), table, index, UNIT_COUNT(index), &cursor));
    row = view_row(snapshot_view(snapshot), table, cursor);
    port = row.record;
    ck_assert_str_eq(port->device->name, "mlx5_2");
    ck_assert_int_eq(port->number, BIGGEST);
    ck_assert_str_eq(port->named.names->name[row.member].text, "zz");
}
END_TEST

START_TEST(the_longest_index_leaves_room_for_root_and_column)
{
    size_t longest = 0;

    walk(TABLE_COUNTER);
    for (size_t i = 0; i < row_count; i++)
        longest = rows[i].length > longest ? rows[i].length : longest;
    ck_assert_uint_eq(longest, 1 + 63 + 1 + 1 + 48);
    ck_assert_uint_eq(10 + 4 + longest, INDEX_MAX); /* root of 10, objects, table, entry, column */
}
END_TEST

/* --- The way to a row, for each table --- */

START_TEST(every_beginning_of_an_index_finds_its_place)
{
    walk(tables[_i].table);
    for (size_t i = 0; i < row_count; i++)
        for (size_t n = 0; n <= rows[i].length; n++)
            check(tables[_i].table, rows[i].part, n);
}
END_TEST

START_TEST(an_over_long_index_finds_its_place)
{
    static const uint32_t ends[][3] = {{0, 0, 0}, {1, 'a', 0}, {BIGGEST, 0, 0}, {BIGGEST, BIGGEST, BIGGEST}};

    walk(tables[_i].table);
    for (size_t i = 0; i < row_count; i++) {
        for (int j = 0; j < UNIT_COUNT(ends); j++) {
            for (size_t n = 1; n <= 3; n++) {
                struct index index = rows[i];

                memcpy(&index.part[index.length], ends[j], sizeof(ends[j]));
                check(tables[_i].table, index.part, index.length + n);
            }
        }
    }
}
END_TEST

START_TEST(an_index_with_one_odd_part_finds_its_place)
{
    walk(tables[_i].table);
    for (size_t i = 0; i < row_count; i++) {
        for (size_t at = 0; at < rows[i].length; at++) {
            const uint32_t part = rows[i].part[at], odd[] = {0, part - 1, part + 1, 255, 256, BIGGEST};
            struct index index = rows[i];

            for (int j = 0; j < UNIT_COUNT(odd); j++) {
                index.part[at] = odd[j];
                check(tables[_i].table, index.part, index.length);
                check(tables[_i].table, index.part, at + 1);
            }
        }
    }
}
END_TEST

START_TEST(an_index_of_the_biggest_numbers_is_behind_all_rows)
{
    uint32_t index[INDEX_MAX];

    walk(tables[_i].table);
    memset(index, 0xff, sizeof(index));
    for (size_t n = 1; n <= INDEX_MAX; n++)
        check(tables[_i].table, index, n);
    memset(index, 0, sizeof(index));
    for (size_t n = 1; n <= INDEX_MAX; n++)
        check(tables[_i].table, index, n);
}
END_TEST

START_TEST(an_empty_snapshot_has_no_rows)
{
    static const uint32_t index[] = {1, 'a', 1};
    struct snapshot *empty = snapshot_new(NULL, 0);
    struct cursor cursor;

    for (size_t n = 0; n <= 3; n++) {
        ck_assert(!view_find(snapshot_view(empty), catalogue_table(tables[_i].table), index, n, &cursor));
        ck_assert(!view_next(snapshot_view(empty), catalogue_table(tables[_i].table), index, n, &cursor));
    }
    ck_assert_uint_eq(snapshot_devices(empty) + snapshot_ports(empty), 0);
    snapshot_free(empty);
}
END_TEST

START_TEST(no_snapshot_may_be_freed)
{
    snapshot_free(NULL);
}
END_TEST

/* --- Names --- */

static const struct {
    const char *text;
    size_t longest;
    bool is_name;
} names[] = {
    {"a", 63, true},
    {"Pio Reserved 31", 48, true},
    {"~", 63, true},
    {" ", 63, true},
    {LONGEST_NAME, 63, true},
    {LONGEST_NAME, 62, false},
    {LONGEST_COUNTER, 48, true},
    {LONGEST_COUNTER, 47, false},
    {"", 63, false},
    {"a\n", 63, false},
    {"a\tb", 63, false},
    {"\x7f", 63, false},
    {"K\xc3\xb6ln", 63, false},
    {"\x01", 63, false},
    {"\xff", 63, false},
};

START_TEST(a_name_is_printable_ascii_and_fits)
{
    ck_assert_int_eq(index_is_name(names[_i].text, names[_i].longest), names[_i].is_name);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *tcase = unit_case(suite, "rows");

    tcase_add_checked_fixture(tcase, make_snapshot, free_snapshot);
    tcase_add_loop_test(tcase, a_shorter_name_sorts_first_then_octets_decide, 0, UNIT_COUNT(orders));
    tcase_add_loop_test(tcase, a_walk_finds_every_row_in_ascending_order, 0, UNIT_COUNT(tables));
    tcase_add_test(tcase, devices_and_ports_are_counted);
    tcase_add_test(tcase, devices_come_in_the_order_of_their_names);
    tcase_add_test(tcase, a_row_knows_its_device_its_port_and_its_counter);
    tcase_add_test(tcase, the_longest_index_leaves_room_for_root_and_column);
    tcase_add_loop_test(tcase, every_beginning_of_an_index_finds_its_place, 0, UNIT_COUNT(tables));
    tcase_add_loop_test(tcase, an_over_long_index_finds_its_place, 0, UNIT_COUNT(tables));
    tcase_add_loop_test(tcase, an_index_with_one_odd_part_finds_its_place, 0, UNIT_COUNT(tables));
    tcase_add_loop_test(tcase, an_index_of_the_biggest_numbers_is_behind_all_rows, 0, UNIT_COUNT(tables));
    tcase_add_loop_test(tcase, an_empty_snapshot_has_no_rows, 0, UNIT_COUNT(tables));
    tcase_add_test(tcase, no_snapshot_may_be_freed);
    tcase_add_loop_test(tcase, a_name_is_printable_ascii_and_fits, 0, UNIT_COUNT(names));
    return suite;
}
