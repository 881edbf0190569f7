/* child_test: what becomes of helpers that print, fail, flood, cannot be started, or are many. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gather/child.h"
#include "lib/shell.h"
#include "lib/unit.h"

enum {
    THREADS = 4,
    RUNS = 10,
};

static char directory[UNIT_PATH_SIZE], path[UNIT_PATH_SIZE];

static void set_up(void)
{
    unit_directory(directory);
    unit_path(path, directory, "note");
}

/* --- What ends by itself --- */

static const struct {
    char *line;
    const char *text;
} prints[] = {
    {"echo a line", "a line\n"},
    {"printf 'no newline'", "no newline"},
    {"exit 0", ""},
    {"for i in 1 2 3 4; do echo piece $i; sleep 0.05; done", "piece 1\npiece 2\npiece 3\npiece 4\n"},
    {"echo out; echo err >&2", "out\n"},
    {"echo closed; exec >&- 2>&-; sleep 0.2; exit 0", "closed\n"},
    {"(sleep 0.2; echo of another) & exit 0", "of another\n"}, /* is written after the child's end */
    {"head -c 200000 /dev/zero >&2; echo much to say", "much to say\n"},
    {"cat; echo nothing to read", "nothing to read\n"},
};

START_TEST(all_that_is_printed_is_handed_over)
{
    struct child_result result;
    enum child_end end = shell_run(prints[_i].line, SHELL_PATIENCE, &result);

    ck_assert_msg(end == CHILD_OK, "%d: %s", end, result.why);
    ck_assert_str_eq(result.text, prints[_i].text);
    ck_assert_uint_eq(result.length, strlen(prints[_i].text));
    ck_assert_str_eq(result.why, "");
    ck_assert_int_eq(result.number, 0);
    free(result.text);
    shell_settle();
}
END_TEST

START_TEST(octets_of_any_kind_are_handed_over)
{
    struct child_result result;

    ck_assert_int_eq(shell_run("printf 'a\\000b\\377'", SHELL_PATIENCE, &result), CHILD_OK);
    ck_assert_uint_eq(result.length, 4);
    ck_assert_mem_eq(result.text, "a\0b\xff", 5);
    free(result.text);
}
END_TEST

static const struct {
    char *line;
    enum child_end end;
    int number;
    const char *why;
} failures[] = {
    {"echo half; echo this is wrong >&2; echo more >&2; exit 3", CHILD_FAILED, 3,
     "/bin/sh: exit status 3: this is wrong"},
    {"exit 255", CHILD_FAILED, 255, "/bin/sh: exit status 255"},
    {"printf '\\n \\r\\n\\t late  \\r\\nmore' >&2; exit 1", CHILD_FAILED, 1, "/bin/sh: exit status 1: late"},
    {"printf 'K\\303\\266ln \\033[31m' >&2; exit 1", CHILD_FAILED, 1, "/bin/sh: exit status 1: K??ln  [31m"},
    {"printf 'two ' >&2; sleep 0.1; echo parts >&2; exit 1", CHILD_FAILED, 1, "/bin/sh: exit status 1: two parts"},
    {"exec >&- 2>&-; sleep 0.2; exit 4", CHILD_FAILED, 4, "/bin/sh: exit status 4"},
    {"echo good bye >&2; kill -9 $$", CHILD_SIGNALLED, SIGKILL, "/bin/sh: died of signal 9: good bye"},
    {"kill -TERM $$", CHILD_SIGNALLED, SIGTERM, "/bin/sh: died of signal 15"},
    {"sleep 60 & exit 5", CHILD_FAILED, 5, "/bin/sh: exit status 5"}, /* at once, though its output stays open */
};

START_TEST(a_failure_is_told_with_the_first_line_of_standard_error)
{
    struct child_result result;

    ck_assert_int_eq(shell_run(failures[_i].line, SHELL_PATIENCE, &result), failures[_i].end);
    ck_assert_str_eq(result.why, failures[_i].why);
    ck_assert_int_eq(result.number, failures[_i].number);
    ck_assert_ptr_null(result.text);
    ck_assert_uint_eq(result.length, 0);
    shell_settle();
}
END_TEST

START_TEST(a_long_line_and_a_long_path_are_cut)
{
    struct child_result result;
    char long_path[UNIT_PATH_SIZE + 2] = "/";

    ck_assert_int_eq(shell_run("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1", SHELL_PATIENCE, &result),
                     CHILD_FAILED);
    ck_assert_uint_eq(strspn(strrchr(result.why, ' ') + 1, "x"), 160);
    ck_assert_uint_eq(strlen(result.why), strlen("/bin/sh: exit status 1: ") + 160);
    memset(long_path + 1, 'p', UNIT_PATH_SIZE);
    ck_assert_int_eq(shell_run_program((char *const[]){long_path, NULL}, SHELL_PATIENCE, &result), CHILD_UNSTARTED);
    ck_assert_uint_eq(strspn(result.why + 1, "p"), 199);
    ck_assert_str_eq(result.why + 200, ": not started: File name too long");
}
END_TEST

/* --- What does not start --- */

static const struct {
    const char *name, *text;
    mode_t mode;
    int error;
    const char *why;
} unstarted[] = {
    {NULL, "", 0, ENOENT, "No such file or directory; it should be a file that this user may execute"},
    {"plain", "#!/bin/sh\nexit 0\n", 0644, EACCES, "Permission denied; it should be a file that this user may execute"},
    {"words", "exit 0\n", 0755, ENOEXEC, "Exec format error; it should be a file that this user may execute"},
    {"script", "#!/no/such/interpreter\n", 0755, ENOENT, "No such file or directory"},
};

START_TEST(what_cannot_be_started_is_told_with_the_reason)
{
    char helper[UNIT_PATH_SIZE], why[2 * UNIT_PATH_SIZE];
    struct child_result result;
    int before = unit_descriptors();

    unit_path(helper, directory, unstarted[_i].name ? unstarted[_i].name : "missing");
    if (unstarted[_i].name) {
        unit_write(directory, unstarted[_i].name, unstarted[_i].text);
        ck_assert_int_eq(chmod(helper, unstarted[_i].mode), 0);
    }
    ck_assert_int_eq(shell_run_program((char *const[]){helper, NULL}, SHELL_PATIENCE, &result), CHILD_UNSTARTED);
    ck_assert_int_eq(result.number, unstarted[_i].error);
    snprintf(why, sizeof(why), "%s: not started: %s", helper, unstarted[_i].why);
    ck_assert(strncmp(result.why, why, strlen(why)) == 0);
    ck_assert_ptr_null(result.text);
    ck_assert_int_eq(unit_descriptors(), before);
    shell_settle();
}
END_TEST

/* "sh" is in PATH, and in the directory where it is started. */
START_TEST(a_relative_path_is_refused)
{
    struct child_result result;

    ck_assert_int_eq(chdir("/bin"), 0);
    ck_assert_int_eq(shell_run_program((char *const[]){"sh", "-c", "exit 0", NULL}, SHELL_PATIENCE, &result),
                     CHILD_UNSTARTED);
    ck_assert_int_eq(result.number, EINVAL);
    ck_assert_str_eq(result.why, "sh: not started: the path should be absolute");
}
END_TEST

START_TEST(nothing_is_started_after_the_deadline_or_unwanted)
{
    atomic_bool unwanted = true;
    char line[2 * UNIT_PATH_SIZE];
    char *const argv[] = {"/bin/sh", "-c", line, NULL};
    struct child_order order = {.argv = argv, .deadline = shell_now()};
    struct child_result result;

    snprintf(line, sizeof(line), ": >%s", path);
    ck_assert_int_eq(child_run(&order, &result), CHILD_LATE);
    ck_assert_str_eq(result.why, "/bin/sh: not started: its deadline had come");
    order.deadline += SHELL_PATIENCE;
    order.unwanted = &unwanted;
    ck_assert_int_eq(child_run(&order, &result), CHILD_UNWANTED);
    ck_assert_str_eq(result.why, "/bin/sh: not started: not wanted any more");
    ck_assert_int_eq(access(path, F_OK), -1);
    unwanted = false;
    ck_assert_int_eq(child_run(&order, &result), CHILD_OK);
    ck_assert_int_eq(access(path, F_OK), 0);
    free(result.text);
}
END_TEST

/* --- What prints too much --- */

START_TEST(output_is_accepted_up_to_the_bound)
{
    static const size_t sizes[] = {0, 1, 4093, 4094, 4095, 4096, 4097, 8192, 65536, 65537, 1000000};
    char line[128];
    char *const argv[] = {"/bin/sh", "-c", line, NULL};

    for (int i = 0; i < UNIT_COUNT(sizes); i++) {
        struct child_order order = {.argv = argv, .deadline = shell_now() + SHELL_PATIENCE, .most = sizes[i]};
        struct child_result result;

        snprintf(line, sizeof(line), "head -c %zu /dev/zero | tr '\\0' x", sizes[i]);
        ck_assert_int_eq(child_run(&order, &result), CHILD_OK);
        ck_assert_uint_eq(result.length, sizes[i]);
        ck_assert_uint_eq(strspn(result.text, "x"), sizes[i]);
        free(result.text);
        snprintf(line, sizeof(line), "head -c %zu /dev/zero", sizes[i] + 1);
        ck_assert_int_eq(child_run(&order, &result), CHILD_FLOOD);
        ck_assert_ptr_null(result.text);
        snprintf(line, sizeof(line), "/bin/sh: more than %zu octets of output: killed", sizes[i]);
        ck_assert(shell_says(result.why, line));
    }
    shell_settle();
}
END_TEST

/* What is in the pipe when the child has ended, need not be read. */
START_TEST(a_megabyte_is_accepted_on_standard_error)
{
    struct child_result result;

    free(shell_read("head -c 1000000 /dev/zero >&2"));
    ck_assert_int_eq(shell_run("head -c 1200000 /dev/zero >&2", SHELL_PATIENCE, &result), CHILD_FLOOD);
}
END_TEST

START_TEST(a_flood_is_ended_long_before_the_deadline)
{
    struct child_result result;

    ck_assert_int_eq(shell_run("yes", SHELL_PATIENCE, &result), CHILD_FLOOD);
    ck_assert(shell_says(result.why, "/bin/sh: more than 65536 octets of output: killed"));
    ck_assert_int_eq(shell_run("yes >&2", SHELL_PATIENCE, &result), CHILD_FLOOD);
    ck_assert(shell_says(result.why, "/bin/sh: more than 1048576 octets on standard error: killed"));
    shell_settle();
}
END_TEST

/* --- Many --- */

static void *echo(void *word)
{
    char *const argv[] = {"/bin/echo", word, NULL};
    char expected[16];
    intptr_t wrong = 0;

    snprintf(expected, sizeof(expected), "%s\n", (char *)word);
    for (int i = 0; i < RUNS; i++) {
        struct child_result result;

        wrong += shell_run_program(argv, SHELL_PATIENCE, &result) != CHILD_OK || strcmp(result.text, expected) != 0;
        free(result.text);
    }
    return (void *)wrong;
}

static void *hang(void *unwanted)
{
    char *const argv[] = {"/bin/sleep", "60", NULL};
    struct child_order order = {.argv = argv, .deadline = INT64_MAX, .unwanted = unwanted};
    struct child_result result;

    return (void *)(intptr_t)(child_run(&order, &result) != CHILD_UNWANTED);
}

/* One that hangs meanwhile would keep the others' output open, had it their descriptors. */
START_TEST(runs_of_many_threads_do_not_mix)
{
    static char *const words[THREADS] = {"a", "bb", "ccc", "dddd"};
    atomic_bool unwanted = false;
    pthread_t threads[THREADS + 1];
    int before = unit_descriptors();
    void *wrong;

    ck_assert_int_eq(pthread_create(&threads[THREADS], NULL, hang, &unwanted), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, echo, words[i]), 0);
    for (int i = 0; i < THREADS + 1; i++) {
        unwanted = i == THREADS;
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
    ck_assert_int_eq(unit_descriptors(), before);
    shell_settle();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("child");
    TCase *ends = unit_case(suite, "ends"), *many = unit_case(suite, "many");

    tcase_add_checked_fixture(ends, set_up, NULL);
    tcase_add_loop_test(ends, all_that_is_printed_is_handed_over, 0, UNIT_COUNT(prints));
    tcase_add_test(ends, octets_of_any_kind_are_handed_over);
    tcase_add_loop_test(ends, a_failure_is_told_with_the_first_line_of_standard_error, 0, UNIT_COUNT(failures));
    tcase_add_test(ends, a_long_line_and_a_long_path_are_cut);
    tcase_add_loop_test(ends, what_cannot_be_started_is_told_with_the_reason, 0, UNIT_COUNT(unstarted));
    tcase_add_test(ends, a_relative_path_is_refused);
    tcase_add_test(ends, nothing_is_started_after_the_deadline_or_unwanted);

    tcase_add_test(many, output_is_accepted_up_to_the_bound);
    tcase_add_test(many, a_megabyte_is_accepted_on_standard_error);
    tcase_add_test(many, a_flood_is_ended_long_before_the_deadline);
    tcase_add_test(many, runs_of_many_threads_do_not_mix);
    return suite;
}
