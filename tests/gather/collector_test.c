/* collector_test: all items at once: which there are, what becomes of each, how many are read at a time. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gather/collector.h"
#include "gather/collector_list.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/source_fake.h"
#include "lib/unit.h"

enum { READ_TIMEOUT = 600, AT_ONCE = 8, MANY = 1024 };

static struct collector *collector;
static struct collector_reading reading;

static void start(const char *include, const char *exclude)
{
    collector = collector_new(&(struct collector_settings){
        .source = source_fake_source(), .read_timeout = READ_TIMEOUT, .include = include, .exclude = exclude});
    ck_assert_ptr_nonnull(collector);
}

static void set_up(void)
{
    log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR); /* the rest is not what is tested */
    start(NULL, NULL);
}

static void tear_down(void)
{
    source_fake_forget(&reading);
    collector_free(collector);
}

static void refresh(void)
{
    source_fake_forget(&reading);
    collector_refresh(collector, &reading);
}

static const struct source_fake_result *result_at(size_t i)
{
    return reading.entries[i].result;
}

/* The names of the reading, separated by spaces; each item must have been read. */
static const char *names(void)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < reading.count; i++) {
        ck_assert_msg(result_at(i) != NULL, "%s was not read", reading.entries[i].name);
        ck_assert_str_eq(result_at(i)->name, reading.entries[i].name);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "", reading.entries[i].name);
    }
    return text;
}

/* --- Which items there are --- */

START_TEST(no_item_is_no_error)
{
    refresh();
    ck_assert_uint_eq(reading.count, 0);
    ck_assert_int_eq(reading.error, 0);
    ck_assert_uint_eq(reading.failures, 0);
}
END_TEST

START_TEST(every_item_is_read_at_each_refresh)
{
    source_fake_add("mlx5_1");
    source_fake_add("mlx5_10");
    source_fake_add("mlx5_0");
    for (uint64_t i = 1; i <= 5; i++) {
        refresh();
        ck_assert_str_eq(names(), "mlx5_0 mlx5_1 mlx5_10");
        for (size_t j = 0; j < reading.count; j++)
            ck_assert_uint_eq(result_at(j)->reads, i);
        ck_assert_uint_eq(reading.failures, 0);
    }
    ck_assert_uint_eq(source_fake_add("mlx5_0")->opens, 1);
}
END_TEST

START_TEST(items_come_go_and_change_their_names)
{
    struct source_fake_item *a = source_fake_add("a"), *b = source_fake_add("b"), *c;

    refresh();
    ck_assert_str_eq(names(), "a b");
    a->present = false;
    refresh();
    ck_assert_str_eq(names(), "b");
    source_fake_wait(&a->closes, 1);
    b->present = false;
    c = source_fake_add("c"); /* renamed */
    refresh();
    ck_assert_str_eq(names(), "c");
    source_fake_wait(&b->closes, 1);
    source_fake_add("a");
    source_fake_add("d");
    refresh();
    ck_assert_str_eq(names(), "a c d");
    ck_assert_uint_eq(a->opens, 2);
    ck_assert_uint_eq(c->opens, 1);
}
END_TEST

START_TEST(all_threads_end_with_the_collector)
{
    struct source_fake_item *a = source_fake_add("a"), *b = source_fake_add("b");

    refresh();
    source_fake_forget(&reading);
    collector_free(collector);
    ck_assert_uint_eq(a->closes, 1);
    ck_assert_uint_eq(b->closes, 1);
    start(NULL, NULL);
}
END_TEST

static const int gone[] = {-ENODEV, -ENOENT}, unreadable[] = {-EACCES, -EIO, -ENOLINK, -ENOTDIR};

START_TEST(an_item_that_has_just_gone_leaves_no_entry)
{
    source_fake_add("a");
    source_fake_add("b")->error = gone[_i];
    refresh();
    ck_assert_str_eq(names(), "a");
    ck_assert_uint_eq(reading.failures, 0);
}
END_TEST

START_TEST(an_item_that_cannot_be_read_keeps_its_entry)
{
    struct source_fake_item *b;

    source_fake_add("a");
    b = source_fake_add("b");
    b->error = unreadable[_i];
    refresh();
    ck_assert_uint_eq(reading.count, 2);
    ck_assert_ptr_nonnull(reading.entries[0].result);
    ck_assert_ptr_null(reading.entries[1].result);
    ck_assert_str_eq(reading.entries[1].name, "b");
    ck_assert_uint_eq(reading.failures, 1);
    b->error = 0;
    refresh();
    ck_assert_str_eq(names(), "a b");
}
END_TEST

START_TEST(failures_of_items_add_up)
{
    source_fake_add("a")->failures = 3;
    source_fake_add("b")->failures = 4;
    source_fake_add("c")->error = -EIO;
    refresh();
    ck_assert_uint_eq(reading.failures, 3 + 4 + 1);
}
END_TEST

START_TEST(an_error_of_listing_keeps_the_items)
{
    source_fake_add("a");
    refresh();
    source_fake.list_error = -EACCES;
    source_fake_add("b");
    refresh();
    ck_assert_int_eq(reading.error, -EACCES);
    ck_assert_str_eq(names(), "a");
    source_fake.list_error = 0;
    refresh();
    ck_assert_int_eq(reading.error, 0);
    ck_assert_str_eq(names(), "a b");
}
END_TEST

START_TEST(a_name_that_cannot_be_an_index_is_counted_and_not_opened)
{
    struct source_fake_item *bad[] = {
        source_fake_add("K\xc3\xb6ln"), source_fake_add("tab\t"),
        source_fake_add("a23456789_123456789_123456789_123456789_123456789_123456789_1234")};

    source_fake_add("a23456789_123456789_123456789_123456789_123456789_123456789_123");
    refresh();
    ck_assert_uint_eq(reading.count, 1);
    ck_assert_uint_eq(strlen(names()), 63);
    ck_assert_uint_eq(reading.names_not_served, UNIT_COUNT(bad));
    for (int i = 0; i < UNIT_COUNT(bad); i++)
        ck_assert_uint_eq(bad[i]->opens, 0);
}
END_TEST

/* --- Globs --- */

static const struct {
    const char *globs, *name;
    bool matches;
} globs[] = {
    {"mlx5_0", "mlx5_0", true},
    {"mlx5_*", "mlx5_10", true},
    {"mlx5_?", "mlx5_10", false},
    {"mlx5_[0-3]", "mlx5_4", false},
    {"*", "rxe0", true},
    {"", "rxe0", false},
    {",", "rxe0", false},
    {"a,b", "b", true},
    {"a,b", "a,b", false},
    {",,b,", "b", true},
    {"a,b,c", "d", false},
    {"mlx5", "mlx5_0", false},
    {" b", "b", true}, /* as people write lists */
    {"a, b", "b", true},
    {"*_0,mlx4*", "mlx4_1", true},
    {"[", "[", true},
    {"a\\*", "a*", true},
};

START_TEST(a_name_matches_one_of_the_globs)
{
    ck_assert_int_eq(collector_matches(globs[_i].globs, globs[_i].name), globs[_i].matches);
}
END_TEST

static const struct {
    const char *include, *exclude, *names;
} choices[] = {
    {NULL, NULL, "mlx5_0 mlx5_1 rxe0 siw0"},
    {"mlx5_*", NULL, "mlx5_0 mlx5_1"},
    {NULL, "rxe*,siw*", "mlx5_0 mlx5_1"},
    {"mlx5_*,rxe0", "mlx5_1", "mlx5_0 rxe0"},
    {"*", "*", ""},
    {"", NULL, ""},
    {NULL, "", "mlx5_0 mlx5_1 rxe0 siw0"},
};

START_TEST(excluded_items_are_never_opened)
{
    struct source_fake_item *items[] = {source_fake_add("mlx5_0"), source_fake_add("mlx5_1"), source_fake_add("rxe0"),
                                        source_fake_add("siw0")};

    collector_free(collector);
    start(choices[_i].include, choices[_i].exclude);
    refresh();
    ck_assert_str_eq(names(), choices[_i].names);
    ck_assert_uint_eq(reading.names_not_served, 0);
    for (int i = 0; i < UNIT_COUNT(items); i++)
        ck_assert_int_eq(items[i]->opens > 0, strstr(choices[_i].names, items[i]->name) != NULL);
}
END_TEST

/* --- Threads --- */

/* From now on close_range(2) answers as a kernel does that lacks it. */
static void refuse_close_range(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = UNIT_COUNT(code), .filter = code};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    ck_assert_int_eq(syscall(SYS_close_range, ~0U, ~0U, 0), -1);
}

START_TEST(a_worker_takes_no_signal_and_no_descriptor_of_the_process)
{
    int ends[2];

    if (_i == 1)
        refuse_close_range();
    ck_assert_int_eq(pipe(ends), 0);
    source_fake.descriptor = ends[0];
    source_fake_add("a");
    refresh();
    ck_assert_str_eq(names(), "a");
    ck_assert(!source_fake.saw_signals);
    /* A container may forbid a table of their own; then they share the process's. */
    ck_assert(!source_fake.saw_descriptor || unshare(CLONE_FILES) != 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(no_more_than_eight_are_read_at_once)
{
    int64_t end = clock_ms() + 10000;
    char name[8];

    for (int i = 0; i < 40; i++) {
        struct source_fake_item *item;

        snprintf(name, sizeof(name), "dev%02d", i);
        item = source_fake_add(name);
        item->parts = 4;
        item->ms = 5;
    }
    do
        refresh();
    while (source_fake.most_running < AT_ONCE && clock_ms() < end);
    ck_assert_uint_eq(source_fake.most_running, AT_ONCE);
}
END_TEST

/* The first refreshes may be taken up by starting the threads, so that some items miss them. */
START_TEST(a_thousand_items_are_all_read)
{
    int64_t end = clock_ms() + 10000;
    size_t read = 0;
    char name[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "dev%d", i);
        source_fake_add(name);
    }
    while (read < MANY && clock_ms() < end) {
        refresh();
        ck_assert_uint_eq(reading.count, MANY);
        read = 0;
        for (size_t i = 0; i < MANY; i++)
            read += reading.entries[i].result != NULL;
    }
    ck_assert_uint_eq(read, MANY);
    ck_assert_uint_le(source_fake.most_running, AT_ONCE);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("collector");
    TCase *tcase = unit_case(suite, "collector");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, no_item_is_no_error);
    tcase_add_test(tcase, every_item_is_read_at_each_refresh);
    tcase_add_test(tcase, items_come_go_and_change_their_names);
    tcase_add_test(tcase, all_threads_end_with_the_collector);
    tcase_add_loop_test(tcase, an_item_that_has_just_gone_leaves_no_entry, 0, UNIT_COUNT(gone));
    tcase_add_loop_test(tcase, an_item_that_cannot_be_read_keeps_its_entry, 0, UNIT_COUNT(unreadable));
    tcase_add_test(tcase, failures_of_items_add_up);
    tcase_add_test(tcase, an_error_of_listing_keeps_the_items);
    tcase_add_test(tcase, a_name_that_cannot_be_an_index_is_counted_and_not_opened);
    tcase_add_loop_test(tcase, a_name_matches_one_of_the_globs, 0, UNIT_COUNT(globs));
    tcase_add_loop_test(tcase, excluded_items_are_never_opened, 0, UNIT_COUNT(choices));
    tcase_add_loop_test(tcase, a_worker_takes_no_signal_and_no_descriptor_of_the_process, 0, 2);
    tcase_add_test(tcase, no_more_than_eight_are_read_at_once);
    tcase_add_test(tcase, a_thousand_items_are_all_read);
    return suite;
}
