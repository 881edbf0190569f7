/* log_test: lines of the log: what is quoted and escaped, where they are cut, which are written at all. */
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "lib/log_reader.h"
#include "lib/unit.h"

enum { LONGEST_LINE = 1024, THREADS = 4, LINES = LOG_READER_LINES / THREADS };

/* --- The pure half --- */

static const struct {
    const char *text, *logged;
} texts[] = {
    {"plain", "plain"},
    {"mlx5_0/1", "mlx5_0/1"},
    {"", "\"\""},
    {"two words", "\"two words\""},
    {" ", "\" \""},
    {"a=b", "\"a=b\""},
    {"say \"no\"", "\"say \\\"no\\\"\""},
    {"\"", "\"\\\"\""},
    {"back\\slash", "\"back\\\\slash\""},
    {"line\nline", "\"line\\x0aline\""},
    {"\t", "\"\\x09\""},
    {"\x01", "\"\\x01\""},
    {"\x7f", "\"\\x7f\""},
    {"\xff", "\"\\xff\""},
    {"K\xc3\xb6ln", "\"K\\xc3\\xb6ln\""},
    {"~!#$%&'()*+,-./:;<>?@[]^_`{|}", "~!#$%&'()*+,-./:;<>?@[]^_`{|}"},
};

START_TEST(a_text_is_quoted_and_escaped_where_it_must_be)
{
    char line[256], expected[256];
    unsigned n = log_format(line, sizeof(line), LOG_LEVEL_INFO,
                            (const struct log_field[]){LOG_TEXT("key", texts[_i].text), {NULL, NULL, 0}});

    snprintf(expected, sizeof(expected), "level=info key=%s", texts[_i].logged);
    ck_assert_str_eq(line, expected);
    ck_assert_uint_eq(n, strlen(expected));
}
END_TEST

static const struct {
    int64_t number;
    const char *logged;
} numbers[] = {
    {0, "0"},
    {-1, "-1"},
    {4294967296, "4294967296"},
    {INT64_MAX, "9223372036854775807"},
    {INT64_MIN, "-9223372036854775808"},
};

START_TEST(a_number_is_printed_in_full)
{
    char line[256], expected[256];

    log_format(line, sizeof(line), LOG_LEVEL_INFO,
               (const struct log_field[]){LOG_NUMBER("key", numbers[_i].number), {NULL, NULL, 0}});
    snprintf(expected, sizeof(expected), "level=info key=%s", numbers[_i].logged);
    ck_assert_str_eq(line, expected);
}
END_TEST

static const char *const level_names[] = {"error", "warn", "info", "debug"};

START_TEST(a_line_begins_with_its_level)
{
    char line[256], expected[256];

    log_format(line, sizeof(line), (enum log_level)_i, (const struct log_field[]){{NULL, NULL, 0}});
    snprintf(expected, sizeof(expected), "level=%s", level_names[_i]);
    ck_assert_str_eq(line, expected);
}
END_TEST

START_TEST(fields_keep_their_order)
{
    char line[256];

    log_format(
        line, sizeof(line), LOG_LEVEL_WARN,
        (const struct log_field[]){
            LOG_TEXT("msg", "device stalled"), LOG_TEXT("device", "mlx5_0"), LOG_NUMBER("ms", 250), {NULL, NULL, 0}});
    ck_assert_str_eq(line, "level=warn msg=\"device stalled\" device=mlx5_0 ms=250");
}
END_TEST

/* Every size there is, from one that holds the terminator only to one that holds all. */
START_TEST(a_line_that_does_not_fit_is_cut_and_terminated)
{
    static const struct log_field fields[] = {
        LOG_TEXT("msg", "quoted \"text\"\n"), LOG_NUMBER("n", INT64_MIN), LOG_TEXT("end", "x"), {NULL, NULL, 0}};
    char whole[256], line[256];
    unsigned length = log_format(whole, sizeof(whole), LOG_LEVEL_DEBUG, fields);

    ck_assert_uint_eq(length, strlen(whole));
    for (unsigned size = 1; size <= length + 2; size++) {
        unsigned n;

        memset(line, '#', sizeof(line));
        n = log_format(line, size, LOG_LEVEL_DEBUG, fields);
        ck_assert_uint_eq(n, size - 1 < length ? size - 1 : length);
        ck_assert_uint_eq(strlen(line), n);
        ck_assert_mem_eq(line, whole, n);
        ck_assert_int_eq(line[size], '#');
    }
}
END_TEST

/* --- The half that writes --- */

START_TEST(a_line_on_stderr_has_its_time_and_one_newline)
{
    char line[2 * LONGEST_LINE];
    regex_t form;

    log_warn("device stalled", LOG_TEXT("device", "mlx5_0"), LOG_NUMBER("ports", 2));
    ck_assert(log_reader_next(line, sizeof(line)));
    ck_assert_int_eq(
        regcomp(&form,
                "^time=20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z level=warn "
                "msg=\"device stalled\" device=mlx5_0 ports=2\n$",
                REG_EXTENDED | REG_NOSUB),
        0);
    ck_assert_msg(regexec(&form, line, 0, NULL, 0) == 0, "%s", line);
    regfree(&form);
    ck_assert(!log_reader_next(line, sizeof(line)));
}
END_TEST

/* Each level as the least important one that is written. */
START_TEST(lines_above_the_level_are_not_written)
{
    char line[2 * LONGEST_LINE];

    log_open(LOG_TARGET_STDERR, (enum log_level)_i);
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        ck_assert_int_eq(log_enabled((enum log_level)level), level <= _i);
        log_line((enum log_level)level, "x");
        ck_assert_int_eq(log_reader_next(line, sizeof(line)), level <= _i);
    }
}
END_TEST

START_TEST(a_line_that_is_too_long_still_ends_in_a_newline)
{
    char text[2 * LONGEST_LINE], line[2 * LONGEST_LINE];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_error(text);
    ck_assert(log_reader_next(line, sizeof(line)));
    ck_assert_uint_le(strlen(line), LONGEST_LINE);
    ck_assert_uint_gt(strlen(line), LONGEST_LINE - 8);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(syslog_leaves_stderr_alone)
{
    char line[2 * LONGEST_LINE];

    log_open(LOG_TARGET_SYSLOG, LOG_LEVEL_DEBUG);
    log_debug("a unit test of rdma-agentx");
    ck_assert(!log_reader_next(line, sizeof(line)));
}
END_TEST

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_info("many words of one line", LOG_TEXT("thread", name));
    return NULL;
}

START_TEST(lines_of_many_threads_do_not_mix)
{
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    int lines = 0;
    char line[2 * LONGEST_LINE];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (; log_reader_next(line, sizeof(line)); lines++) {
        const char *end = strstr(line, "Z level=info msg=\"many words of one line\" thread=");

        ck_assert_msg(end && strlen(end) == strlen("Z level=info msg=\"many words of one line\" thread=a\n"), "%s",
                      line);
    }
    ck_assert_int_eq(lines, THREADS * LINES);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *format = unit_case(suite, "format"), *writing = unit_case(suite, "writing");

    tcase_add_loop_test(format, a_text_is_quoted_and_escaped_where_it_must_be, 0, UNIT_COUNT(texts));
    tcase_add_loop_test(format, a_number_is_printed_in_full, 0, UNIT_COUNT(numbers));
    tcase_add_loop_test(format, a_line_begins_with_its_level, 0, UNIT_COUNT(level_names));
    tcase_add_test(format, fields_keep_their_order);
    tcase_add_test(format, a_line_that_does_not_fit_is_cut_and_terminated);

    tcase_add_checked_fixture(writing, log_reader_open, log_reader_close);
    tcase_add_test(writing, a_line_on_stderr_has_its_time_and_one_newline);
    tcase_add_loop_test(writing, lines_above_the_level_are_not_written, 0, UNIT_COUNT(level_names));
    tcase_add_test(writing, a_line_that_is_too_long_still_ends_in_a_newline);
    tcase_add_test(writing, syslog_leaves_stderr_alone);
    tcase_add_test(writing, lines_of_many_threads_do_not_mix);
    return suite;
}
