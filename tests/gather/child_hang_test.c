/* child_hang_test: helpers that do not end, that nobody wants any more, or that leave processes behind. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gather/child.h"
#include "lib/shell.h"
#include "lib/unit.h"

enum { GENEROUS = 15 * 1000 /* ms: between SHELL_HANG and for ever */ };

static char directory[UNIT_PATH_SIZE], path[UNIT_PATH_SIZE];

static void set_up(void)
{
    unit_directory(directory);
    unit_path(path, directory, "note");
}

static char *const hangs[] = {
    "sleep 60",
    "exec sleep 60",
    "exec >&- 2>&-; sleep 60",
    "kill -STOP $$",
    "while :; do :; done",
    "while :; do sleep 0.01; echo tick; done",
    "sleep 60 | sleep 60",
};

START_TEST(what_hangs_is_killed_at_the_deadline)
{
    struct child_result result;
    int64_t began = shell_now();

    shell_hang(hangs[_i], &result);
    ck_assert_int_ge(shell_now() - began, SHELL_HANG);
    ck_assert_int_lt(shell_now() - began, GENEROUS);
    ck_assert_msg(shell_says(result.why, "/bin/sh: no end within "), "%s", result.why);
    ck_assert_msg(shell_says(result.why, " ms: killed"), "%s", result.why);
    shell_settle();
}
END_TEST

/* With ever more time, until it came to ignore them. */
START_TEST(what_ignores_signals_is_killed_all_the_same)
{
    struct child_result result;
    char line[2 * UNIT_PATH_SIZE];

    snprintf(line, sizeof(line), "trap '' TERM INT HUP; echo $$ >%s; while :; do sleep 1; done", path);
    for (int64_t patience = SHELL_HANG; access(path, F_OK) != 0; patience *= 2) {
        ck_assert_int_lt(patience, GENEROUS);
        ck_assert_int_eq(shell_run(line, patience, &result), CHILD_LATE);
        shell_settle();
    }
}
END_TEST

/* With ever more time, until the child itself had time to end. */
START_TEST(what_is_left_behind_does_not_hold_the_caller_beyond_the_deadline)
{
    struct child_result result;
    char line[2 * UNIT_PATH_SIZE];

    snprintf(line, sizeof(line), "sleep 60 & echo $! >%s; echo mine >&2; exit 0", path);
    for (int64_t patience = SHELL_HANG; patience < GENEROUS; patience *= 2) {
        ck_assert_int_eq(shell_run(line, patience, &result), CHILD_LATE);
        shell_settle();
        if (shell_says(result.why, "ended, but left a process that had its output open after "))
            break;
    }
    ck_assert_msg(shell_says(result.why, "ended, but"), "%s", result.why);
    ck_assert_msg(shell_says(result.why, ": mine"), "%s", result.why);
    shell_wait_for_death(shell_wait_for_number(path));
}
END_TEST

/* It does not hold the output, so the run ends well; as a child of this process, where that is to take in orphans. */
START_TEST(what_is_left_behind_is_killed_and_reaped_after_a_good_end)
{
    struct child_result result;
    char line[2 * UNIT_PATH_SIZE];

    if (_i)
        ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    snprintf(line, sizeof(line), "(trap '' TERM HUP; exec sleep 60) >&- 2>&- & echo $! >%s; echo done", path);
    ck_assert_int_eq(shell_run(line, SHELL_PATIENCE, &result), CHILD_OK);
    ck_assert_str_eq(result.text, "done\n");
    free(result.text);
    shell_wait_for_death(shell_wait_for_number(path));
    shell_settle();
}
END_TEST

/* It joins this process's. */
START_TEST(what_left_its_group_is_killed_all_the_same)
{
    char *const argv[] = {"/usr/bin/python3", "-c",
                          "import os, time; os.setpgid(0, os.getpgid(os.getppid())); time.sleep(60)", NULL};
    struct child_result result;

    if (access(argv[0], X_OK) != 0)
        return;
    for (int64_t patience = SHELL_HANG; patience < GENEROUS / 16; patience *= 2) { /* until it had time to */
        ck_assert_int_eq(shell_run_program(argv, patience, &result), CHILD_LATE);
        shell_settle();
    }
}
END_TEST

/* Keeps the caller from its work, from before the child's end until after the deadline. */
static int64_t deadline;

static void be_busy(int number)
{
    siginfo_t ending;

    (void)number;
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    waitid(P_ALL, 0, &ending, WEXITED | WNOWAIT);
    while (shell_now() <= deadline)
        poll(NULL, 0, 10);
}

/* With ever more time, until the child ended in time. */
START_TEST(what_ended_in_time_is_not_late_because_the_caller_was)
{
    enum child_end end = CHILD_LATE;
    char line[2 * UNIT_PATH_SIZE];
    struct child_result result;

    snprintf(line, sizeof(line), "until [ -e %s ]; do sleep 0.01; done; head -c 60000 /dev/zero", path);
    signal(SIGALRM, be_busy);
    for (int64_t patience = 500; end == CHILD_LATE && patience < GENEROUS; patience *= 2) {
        unlink(path);
        deadline = shell_now() + patience;
        ualarm(200 * 1000, 0);
        end = shell_run(line, patience, &result);
        ualarm(0, 0);
    }
    ck_assert_msg(end == CHILD_OK, "%d: %s", end, result.why);
    ck_assert_uint_eq(result.length, 60000);
    free(result.text);
}
END_TEST

static void *say_unwanted(void *unwanted)
{
    shell_wait_for_number(path);
    *(atomic_bool *)unwanted = true;
    return NULL;
}

START_TEST(what_is_not_wanted_any_more_is_killed)
{
    atomic_bool unwanted = false;
    char line[2 * UNIT_PATH_SIZE];
    char *const argv[] = {"/bin/sh", "-c", line, NULL};
    struct child_order order = {.argv = argv, .deadline = shell_now() + SHELL_PATIENCE, .unwanted = &unwanted};
    struct child_result result;
    pthread_t thread;

    snprintf(line, sizeof(line), "echo $$ >%s; sleep 60", path);
    ck_assert_int_eq(pthread_create(&thread, NULL, say_unwanted, &unwanted), 0);
    ck_assert_int_eq(child_run(&order, &result), CHILD_UNWANTED);
    pthread_join(thread, NULL);
    ck_assert(shell_says(result.why, "/bin/sh: not wanted any more: killed"));
    shell_wait_for_death(shell_wait_for_number(path));
    shell_settle();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("child_hang");
    TCase *hanging = unit_case(suite, "hangs");

    tcase_add_checked_fixture(hanging, set_up, NULL);
    tcase_add_loop_test(hanging, what_hangs_is_killed_at_the_deadline, 0, UNIT_COUNT(hangs));
    tcase_add_test(hanging, what_ignores_signals_is_killed_all_the_same);
    tcase_add_test(hanging, what_is_left_behind_does_not_hold_the_caller_beyond_the_deadline);
    tcase_add_loop_test(hanging, what_is_left_behind_is_killed_and_reaped_after_a_good_end, 0, 2);
    tcase_add_test(hanging, what_left_its_group_is_killed_all_the_same);
    tcase_add_test(hanging, what_ended_in_time_is_not_late_because_the_caller_was);
    tcase_add_test(hanging, what_is_not_wanted_any_more_is_killed);
    return suite;
}
