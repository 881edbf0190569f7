/* catalogue_test: the catalogue: loops over all its rows, and values of every kind of cell. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "port/catalogue.h"
#include "lib/rows.h"
#include "lib/unit.h"

static const struct column *columns[ROWS_MOST_COLUMNS];
static size_t column_count;

/* Those of them that are files. */
static const struct column *files[PORT_COUNTERS + PORT_HW_COUNTERS];
static int file_count;

/* --- The catalogue against itself: a test for each row --- */

START_TEST(a_column_is_where_its_number_says_under_a_name_of_its_own)
{
    const struct column *column = columns[_i];
    const struct table *table = mib_table(&port_mib, column->table);

    ck_assert_ptr_nonnull(table);
    ck_assert_uint_eq(table->arc, column->table);
    ck_assert_ptr_eq(mib_column(table, column->number), column);

    ck_assert_int_eq(strncmp(column->object, "rdma", 4), 0);
    ck_assert_uint_le(strlen(column->object), 64); /* RFC 2578 3.1 */
    for (const char *c = column->object; *c; c++)
        ck_assert(isalnum((unsigned char)*c));
    for (size_t i = 0; i < column_count; i++)
        ck_assert(columns[i] == column || strcmp(columns[i]->object, column->object) != 0);
}
END_TEST

/* The name of a metric as the specification has it follow from the file; without regard to case. */
static void name_metric(const char *file, char *metric, size_t size)
{
    if (strcmp(file, "symbol_error") == 0)
        file = "symbol_errors"; /* spelled out there */
    snprintf(metric, size, "rdma_port_%s_total", strncmp(file, "port_", 5) == 0 ? file + 5 : file);
}

START_TEST(a_file_leads_to_its_metric_its_column_and_a_slot_of_its_own)
{
    const struct column *column = files[_i];
    enum port_table other = column->table == TABLE_PORT_COUNTER ? TABLE_PORT_HW_COUNTER : TABLE_PORT_COUNTER;
    char metric[128], expected[128];

    catalogue_metric(column, metric, sizeof(metric));
    name_metric(column->file, expected, sizeof(expected));
    ck_assert_int_eq(strcasecmp(metric, expected), 0);
    ck_assert_int_eq(column->source, SOURCE_COUNTER);
    ck_assert_ptr_eq(catalogue_of_file(column->table, column->file), column);
    ck_assert_ptr_null(catalogue_of_file(other, column->file));
    if (column->alias)
        ck_assert_ptr_eq(catalogue_of_file(column->table, column->alias), column);
    ck_assert_int_lt(column->slot, column->table == TABLE_PORT_COUNTER ? PORT_COUNTERS : PORT_HW_COUNTERS);
    for (int i = 0; i < file_count; i++)
        ck_assert(i == _i || files[i]->table != column->table || files[i]->slot != column->slot);
}
END_TEST

/* --- The catalogue as a whole --- */

static bool is_of_structure(const struct column *column)
{
    return column->source == SOURCE_NUMBER || column->source == SOURCE_TEXT;
}

START_TEST(cells_of_a_structure_lie_inside_it_and_apart)
{
    static const size_t sizes[] = {
        [TABLE_AGENT] = sizeof(struct agent_state),
        [TABLE_DEVICE] = sizeof(struct device),
        [TABLE_PORT] = sizeof(struct port),
    };

    for (size_t i = 0; i < column_count; i++) {
        if (!is_of_structure(columns[i]))
            continue;
        ck_assert_uint_le(columns[i]->offset + sizeof(int64_t), sizes[columns[i]->table]);
        ck_assert(columns[i]->source == SOURCE_TEXT || columns[i]->offset % _Alignof(int64_t) == 0);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(columns[j]->table != columns[i]->table || !is_of_structure(columns[j]) ||
                              columns[j]->offset != columns[i]->offset,
                          "%s and %s", columns[j]->object, columns[i]->object);
    }
}
END_TEST

/* Prometheus tells by the end of a name what only grows. */
START_TEST(every_counter_is_a_metric_and_only_counters_end_in_total)
{
    for (size_t i = 0; i < column_count; i++) {
        const struct column *column = columns[i];
        bool counts =
            column->source != SOURCE_INDEX && (column->type == SMI_COUNTER64 || column->type == SMI_COUNTER32);
        char metric[128];
        size_t n = catalogue_metric(column, metric, sizeof(metric));

        ck_assert_msg(n > 0 || !counts, "%s", column->object);
        if (n == 0)
            continue;
        ck_assert_uint_eq(n, strlen(metric));
        ck_assert_uint_eq(strspn(metric, "abcdefghijklmnopqrstuvwxyz0123456789_"), n);
        ck_assert_int_eq(strncmp(metric, "rdma_", 5), 0);
        ck_assert_msg((strcmp(metric + n - strlen("_total"), "_total") == 0) == counts, "%s", metric);
    }
}
END_TEST

START_TEST(no_two_metrics_have_the_same_name)
{
    char metric[128], other[128];

    for (size_t i = 0; i < column_count; i++) {
        for (size_t j = 0; j < i; j++) {
            size_t n = catalogue_metric(columns[i], metric, sizeof(metric));

            if (n == catalogue_metric(columns[j], other, sizeof(other)) && n > 0)
                ck_assert_str_ne(metric, other);
        }
    }
}
END_TEST

START_TEST(labels_name_each_number_once)
{
    for (size_t i = 0; i < column_count; i++) {
        for (const struct label *label = columns[i]->labels; label && label->name; label++) {
            ck_assert_int_eq(columns[i]->type, SMI_INTEGER);
            ck_assert_str_eq(column_label(columns[i], label->number), label->name);
            for (const struct label *other = columns[i]->labels; other != label; other++)
                ck_assert_msg(other->number != label->number && strcmp(other->name, label->name) != 0, "%s: %s",
                              columns[i]->object, label->name);
        }
        ck_assert_ptr_null(column_label(columns[i], 254));
    }
}
END_TEST

/* --- What the specification spells out --- */

static const struct {
    const char *object, *metric;
} specified[] = {
    {"rdmaPortXmitData", "rdma_port_xmit_data_total"},
    {"rdmaHwDuplicateRequest", "rdma_port_duplicate_request_total"},
    {"rdmaPortSymbolError", "rdma_port_symbol_errors_total"},
    {"rdmaPortVL15Dropped", "rdma_port_vl15_dropped_total"},
    {"rdmaPortXmitOctets", "rdma_port_xmit_bytes_total"},
    {"rdmaPortRcvOctets", "rdma_port_rcv_bytes_total"},
    {"rdmaPortXmitWait", "rdma_port_xmit_wait_total"},
    {"rdmaPortLinkDowned", "rdma_port_link_downed_total"},
    {"rdmaCounterValue", "rdma_port_hw_stat_total"},
    {"rdmaDeviceCounterValue", "rdma_device_stat_total"},
    {"rdmaAgentScrapeErrors", "rdma_scrape_errors_total"},
    {"rdmaAgentRefreshes", "rdma_refreshes_total"},
    {"rdmaAgentRefreshTime", "rdma_refresh_seconds_total"},
};

START_TEST(a_metric_has_the_name_that_is_specified)
{
    char metric[128] = "";

    for (size_t i = 0; i < column_count; i++)
        if (strcmp(columns[i]->object, specified[_i].object) == 0)
            catalogue_metric(columns[i], metric, sizeof(metric));
    ck_assert_str_eq(metric, specified[_i].metric);
}
END_TEST

START_TEST(a_metric_is_cut_where_there_is_no_room)
{
    char metric[8];

    ck_assert_uint_eq(catalogue_metric(catalogue_of_file(TABLE_PORT_COUNTER, "port_xmit_data"), metric, sizeof(metric)),
                      strlen("rdma_port_xmit_data_total"));
    ck_assert_str_eq(metric, "rdma_po");
}
END_TEST

START_TEST(an_unknown_file_has_no_column)
{
    ck_assert_ptr_null(catalogue_of_file(TABLE_PORT_COUNTER, "SYMBOL_ERROR"));
    ck_assert_ptr_null(catalogue_of_file(TABLE_PORT_COUNTER, "symbol_error2"));
    ck_assert_ptr_null(catalogue_of_file(TABLE_PORT_HW_COUNTER, "lifespan"));
    ck_assert_ptr_null(catalogue_of_file(TABLE_PORT_HW_COUNTER, ""));
}
END_TEST

/* The tables of counters are closed in revision 1: what has no column is in the open-ended tables. */
START_TEST(a_counter_table_has_its_columns)
{
    ck_assert_uint_eq(catalogue_table(TABLE_PORT_COUNTER)->count, PORT_COUNTERS + 2);
    ck_assert_uint_eq(catalogue_table(TABLE_PORT_HW_COUNTER)->count, PORT_HW_COUNTERS);
}
END_TEST

static bool is_specified_error(const struct column *column)
{
    static const uint8_t hw_errors[] = {4, 5, 7, 8, 9, 10, 11, 14, 15, 16, 28, 30, 31};

    if (column->table == TABLE_PORT_COUNTER)
        return column->number <= 12;
    return column->table == TABLE_PORT_HW_COUNTER && memchr(hw_errors, column->number, sizeof(hw_errors));
}

START_TEST(counters_of_errors_are_marked_and_no_others)
{
    for (size_t i = 0; i < column_count; i++)
        ck_assert_msg(columns[i]->is_error == is_specified_error(columns[i]), "%s", columns[i]->object);
}
END_TEST

static void find_files(void)
{
    column_count = rows_columns(columns);
    for (size_t i = 0; i < column_count; i++)
        if (columns[i]->file && file_count < UNIT_COUNT(files))
            files[file_count++] = columns[i];
}

Suite *unit_suite(void)
{
    Suite *suite = suite_create("catalogue");
    TCase *each = unit_case(suite, "each"), *whole = unit_case(suite, "whole");

    find_files();
    tcase_add_loop_test(each, a_column_is_where_its_number_says_under_a_name_of_its_own, 0, (int)column_count);
    tcase_add_loop_test(each, a_file_leads_to_its_metric_its_column_and_a_slot_of_its_own, 0, file_count);

    tcase_add_test(whole, cells_of_a_structure_lie_inside_it_and_apart);
    tcase_add_test(whole, every_counter_is_a_metric_and_only_counters_end_in_total);
    tcase_add_test(whole, no_two_metrics_have_the_same_name);
    tcase_add_test(whole, labels_name_each_number_once);
    tcase_add_loop_test(whole, a_metric_has_the_name_that_is_specified, 0, UNIT_COUNT(specified));
    tcase_add_test(whole, a_metric_is_cut_where_there_is_no_room);
    tcase_add_test(whole, an_unknown_file_has_no_column);
    tcase_add_test(whole, a_counter_table_has_its_columns);
    tcase_add_test(whole, counters_of_errors_are_marked_and_no_others);
    return suite;
}
