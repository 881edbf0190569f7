/* devices_source_test: RDMA devices as a source of the collector, and each line that the log has of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "lib/log_reader.h"
#include "lib/scan_tree.h"
#include "lib/unit.h"
#include "gather/collector.h"
#include "port/devices_source.h"

enum { READ_TIMEOUT = 600, LINE = 1024 };

/* --- Reading --- */

static struct collector *collector;
static struct collector_reading reading;

static void forget_reading(void)
{
    for (size_t i = 0; i < reading.count; i++)
        device_free(reading.entries[i].result);
    collector_reading_fini(&reading);
}

static void set_up(void)
{
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR); /* the rest is not what is tested */
    scan_tree_make();
    collector = collector_new(
        &(struct collector_settings){.source = devices_source(&scan_tree.settings), .read_timeout = READ_TIMEOUT});
    ck_assert_ptr_nonnull(collector);
}

static void tear_down(void)
{
    forget_reading();
    collector_free(collector);
    scan_tree_free();
}

static void refresh(void)
{
    forget_reading();
    collector_refresh(collector, &reading);
}

START_TEST(sysfs_is_a_source)
{
    const struct device *device;

    refresh();
    ck_assert_uint_eq(reading.count, 1);
    ck_assert_str_eq(reading.entries[0].name, "mlx5_0");
    device = reading.entries[0].result;
    ck_assert_ptr_nonnull(device);
    ck_assert_str_eq(device->name, "mlx5_0");
    ck_assert_int_eq(device->ports[0].state, PORT_ACTIVE);

    unit_remove(scan_tree.root, "class/infiniband/mlx5_0");
    refresh();
    ck_assert_uint_eq(reading.count, 0);
    unit_remove(scan_tree.root, "class/infiniband"); /* as before the first module is loaded */
    refresh();
    ck_assert_uint_eq(reading.count, 0);
    ck_assert_int_eq(reading.error, 0);
    unit_write(scan_tree.root, "class/infiniband", "");
    refresh();
    ck_assert_int_eq(reading.error, -ENOTDIR);
}
END_TEST

START_TEST(what_the_collector_has_to_know_is_what_was_read)
{
    struct collector_source source = devices_source(NULL);
    struct device *device = device_new("mlx5_0", 1);
    struct collector_summary summary;

    device->registration = 4711;
    device->failures = 3;
    device->files = 20;
    device->files_read = 10;
    device->complete = _i & 1;
    device->status = _i & 2 ? STATUS_OK : STATUS_PARTIAL;
    summary = source.describe(device);
    ck_assert_uint_eq(summary.registration, 4711);
    ck_assert_uint_eq(summary.failures, 3);
    ck_assert_uint_eq(summary.parts, 20);
    ck_assert_uint_eq(summary.parts_read, 10);
    ck_assert_int_eq(summary.complete, (_i & 1) != 0);
    ck_assert_int_eq(summary.whole, (_i & 2) != 0);
    source.free(device);
}
END_TEST

/* --- The log --- */

static char too_long[] = "a23456789_123456789_123456789_123456789_123456789_123456789_1234";

/* result is a device of two ports, the second of which lacks something. */
static const struct {
    struct collector_news news;
    bool has_result;
    const char *line;
} lines[] = {
    {{.event = COLLECTOR_FOUND, .name = "mlx5_0"}, true, "level=info msg=\"device found\" device=mlx5_0 ports=2"},
    {{.event = COLLECTOR_REMOVED, .name = "mlx5_0"}, false, "level=info msg=\"device removed\" device=mlx5_0"},
    {{.event = COLLECTOR_REJECTED, .name = too_long, .count = 2},
     false,
     "level=warn msg=\"device name cannot be an SNMP index: 1 to 63 printable ASCII characters would\" "
     "device=a23456789_123456789_123456789_123456789_123456789_123456789_123 names=2"},
    {{.event = COLLECTOR_REJECTED, .name = "K\xc3\xb6ln\n", .count = 1},
     false,
     "level=warn msg=\"device name cannot be an SNMP index: 1 to 63 printable ASCII characters would\" "
     "device=K??ln names=1"},
    {{.event = COLLECTOR_SHARING},
     false,
     "level=warn msg=\"threads cannot have descriptors of their own (unshare is refused): while a device hangs, the "
     "end "
     "of this process does not close its connection\""},
    {{.event = COLLECTOR_UNLISTED, .error = -ENOTDIR},
     false,
     "level=error msg=\"cannot list the RDMA devices\" error=\"Not a directory\""},
    {{.event = COLLECTOR_UNLISTED, .is_over = true}, false, "level=info msg=\"can list the RDMA devices again\""},
    {{.event = COLLECTOR_LACKING, .count = 7, .error = -EAGAIN},
     false,
     "level=error msg=\"cannot start a thread for each device\" lacking=7 error=\"Resource temporarily unavailable\""},
    {{.event = COLLECTOR_LACKING, .is_over = true}, false, "level=info msg=\"each device has a thread again\""},
    {{.event = COLLECTOR_FAILED, .name = "mlx5_0", .error = -EACCES},
     false,
     "level=error msg=\"cannot open the device\" device=mlx5_0 error=\"Permission denied\""},
    {{.event = COLLECTOR_FAILED, .name = "mlx5_0", .is_over = true},
     false,
     "level=info msg=\"can open the device again\" device=mlx5_0"},
    {{.event = COLLECTOR_STALLED, .name = "mlx5_0"},
     false,
     "level=warn msg=\"device stalled: a read does not return\" device=mlx5_0"},
    {{.event = COLLECTOR_STALLED, .name = "mlx5_0", .is_over = true},
     true,
     "level=info msg=\"device recovered\" device=mlx5_0"},
    {{.event = COLLECTOR_LATE, .name = "mlx5_0"}, true, "level=warn msg=\"device not read in time\" device=mlx5_0"},
    {{.event = COLLECTOR_LATE, .name = "mlx5_0"}, false, "level=warn msg=\"device not read in time\" device=mlx5_0"},
    {{.event = COLLECTOR_LATE, .name = "mlx5_0", .is_over = true},
     false,
     "level=info msg=\"device read in time again\" device=mlx5_0"},
    {{.event = COLLECTOR_PARTIAL, .name = "mlx5_0"},
     true,
     "level=info msg=\"device partial: not all of its files give a value\" device=mlx5_0 first=mlx5_0/2"},
    {{.event = COLLECTOR_PARTIAL, .name = "mlx5_0", .is_over = true},
     false,
     "level=info msg=\"device whole again\" device=mlx5_0"},
};

START_TEST(each_of_the_news_is_a_line_of_its_own)
{
    struct collector_source source = devices_source(NULL);
    struct collector_news news = lines[_i].news;
    struct device *device = device_new("mlx5_0", 2);
    char line[LINE], expected[LINE];

    for (int64_t i = 0; i < device->port_count; i++)
        snprintf(device->ports[i].name, sizeof(device->ports[i].name), "mlx5_0/%d", (int)i + 1);
    device->ports[0].status = STATUS_OK;
    device->ports[1].status = STATUS_PARTIAL;
    news.result = lines[_i].has_result ? device : NULL;
    source.tell(source.context, &news);
    ck_assert(log_reader_next(line, sizeof(line)));
    ck_assert_ptr_nonnull(strchr(line, ' '));
    snprintf(expected, sizeof(expected), "%s\n", lines[_i].line);
    ck_assert_str_eq(strchr(line, ' ') + 1, expected); /* after the time */
    ck_assert(!log_reader_next(line, sizeof(line)));
    source.free(device);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("devices_source");
    TCase *reads = unit_case(suite, "reads"), *summary = unit_case(suite, "summary"), *log = unit_case(suite, "log");

    tcase_add_checked_fixture(reads, set_up, tear_down);
    tcase_add_test(reads, sysfs_is_a_source);
    tcase_add_loop_test(summary, what_the_collector_has_to_know_is_what_was_read, 0, 4);
    tcase_add_checked_fixture(log, log_reader_open, log_reader_close);
    tcase_add_loop_test(log, each_of_the_news_is_a_line_of_its_own, 0, UNIT_COUNT(lines));
    return suite;
}
