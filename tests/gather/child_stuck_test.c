/* child_stuck_test: children that do not die when they are killed, because they hang in the kernel, and those whose exit
 * status somebody else takes. The first are played: here the kernel says of them that they live, until they are let go. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gather/child.h"
#include "lib/shell.h"
#include "lib/unit.h"

enum {
    GENEROUS = 15 * 1000, /* ms */
    MOST_STUCK = 2,       /* of one command */
    PLACES = 32,
};

int __real_waitid(idtype_t type, id_t id, siginfo_t *ending, int options);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *ending, int options);
pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

static bool is_holding; /* every child that is asked for */
static pid_t held[PLACES];
static int held_count;
static int asks_to_death;   /* of the one that is held: the last takes it */
static atomic_int watchers; /* threads that have asked for a child */
static pid_t killer;        /* the test's process */
static atomic_int kills;    /* of it */

static bool is_held(pid_t pid)
{
    for (int i = 0; i < held_count; i++)
        if (held[i] == pid)
            return true;
    if (!is_holding)
        return false;
    ck_assert_int_lt(held_count, PLACES);
    held[held_count++] = pid;
    return true;
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *ending, int options)
{
    static _Thread_local bool has_asked;

    watchers += !has_asked;
    has_asked = true;
    if (type != P_PID || !is_held((pid_t)id))
        return __real_waitid(type, id, ending, options);
    ending->si_pid = 0;
    return 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    if (pid <= 0 || !is_held(pid))
        return __real_waitpid(pid, status, options);
    return --asks_to_death != 0 ? 0 : __real_waitpid(pid, status, 0);
}

/* The number must still be that of a child, alive or not. Another's could have it as soon as the child is reaped. */
int __wrap_kill(pid_t pid, int number)
{
    siginfo_t ending;

    if (getpid() == killer) {
        kills++;
        ck_assert_int_eq(__real_waitid(P_PID, (id_t)abs(pid), &ending, WEXITED | WNOHANG | WNOWAIT), 0);
    }
    return __real_kill(pid, number);
}

static void set_up(void)
{
    killer = getpid();
}

static void let_go(void)
{
    is_holding = false;
    held_count = 0;
}

/* A run of a line whose child will not die. */
static void run_held(char *line, struct child_result *result)
{
    is_holding = true;
    shell_hang(line, result);
    is_holding = false;
}

static void ck_runs(char *line)
{
    struct child_result result;

    ck_assert_int_eq(shell_run(line, SHELL_PATIENCE, &result), CHILD_OK);
    free(result.text);
}

START_TEST(a_child_that_does_not_die_is_reaped_later)
{
    struct child_result result;
    int64_t began = shell_now();
    char tail[64];

    run_held("sleep 60", &result);
    ck_assert_int_lt(shell_now() - began, GENEROUS);
    snprintf(tail, sizeof(tail), "; not dead yet: pid %d", held[0]);
    ck_assert_msg(shell_says(result.why, tail), "%s", result.why);
    ck_assert_int_eq(child_reap(), 1);
    ck_assert_int_eq(child_reap(), 1);
    let_go();
    shell_settle();
}
END_TEST

/* Death takes a while. */
START_TEST(a_child_that_dies_soon_is_waited_for)
{
    struct child_result result;

    asks_to_death = 4;
    run_held("sleep 60", &result);
    ck_assert(!shell_says(result.why, "not dead yet"));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(child_reap(), 0);
}
END_TEST

START_TEST(the_group_is_killed_before_the_child_is_reaped)
{
    struct child_result result;

    ck_runs("exit 0");
    ck_assert_int_eq(kills, 1);
    shell_hang("sleep 60", &result);
    ck_assert_int_eq(kills, 2);
    shell_settle();
}
END_TEST

START_TEST(the_next_run_reaps_it_too)
{
    struct child_result result;
    siginfo_t ending;

    run_held("sleep 60", &result);
    ck_assert_int_eq(__real_waitid(P_PID, (id_t)held[0], &ending, WEXITED | WNOWAIT), 0); /* it has ended now */
    let_go();
    ck_runs("exit 0");
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* And only that: what another source runs is no worse for it. */
START_TEST(a_command_that_hangs_is_not_started_for_ever)
{
    struct child_result result;
    static const char why[] = "/bin/sh: not started: earlier ones do not die, they hang in the kernel: pid ";
    int pid;

    for (int i = 0; i < MOST_STUCK; i++)
        run_held("sleep 60", &result);
    ck_assert_int_eq(shell_run("sleep 60", SHELL_PATIENCE, &result), CHILD_STUCK);
    ck_assert_ptr_eq(strstr(result.why, why), result.why);
    pid = atoi(result.why + strlen(why));
    ck_assert(pid == held[0] || pid == held[1]);
    ck_assert_ptr_null(result.text);
    ck_assert_int_eq(child_reap(), MOST_STUCK);
    ck_runs("sleep 0");
    let_go();
    shell_settle();
    shell_hang("sleep 60", &result);
    shell_settle();
}
END_TEST

START_TEST(there_is_a_bound_on_all_together)
{
    struct child_result result;
    char line[64];

    is_holding = true;
    while (held_count < PLACES) {
        snprintf(line, sizeof(line), "exit %d", held_count);
        ck_assert_int_eq(shell_run(line, 1, &result), CHILD_LATE);
    }
    is_holding = false;
    ck_assert_int_eq(child_reap(), PLACES);
    ck_assert_int_eq(shell_run("exit 0 again", SHELL_PATIENCE, &result), CHILD_STUCK);
    ck_assert_str_eq(result.why, "/bin/sh: not started: other children have all places");
    let_go();
    shell_settle();
    ck_runs("exit 0");
}
END_TEST

static void *run_until_unwanted(void *unwanted)
{
    char *const argv[] = {"/bin/sleep", "60", NULL};
    struct child_order order = {.argv = argv, .deadline = INT64_MAX, .unwanted = unwanted};
    struct child_result result;

    child_run(&order, &result);
    return NULL;
}

START_TEST(those_that_run_are_among_them)
{
    int64_t end = shell_now() + SHELL_PATIENCE;
    struct child_result result;
    atomic_bool unwanted = false;
    pthread_t threads[PLACES];

    for (int i = 0; i < PLACES; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_until_unwanted, &unwanted), 0);
    while (watchers < PLACES) {
        ck_assert_int_lt(shell_now(), end);
        poll(NULL, 0, 2);
    }
    ck_assert_int_eq(shell_run("exit 0", SHELL_PATIENCE, &result), CHILD_STUCK);
    ck_assert_str_eq(result.why, "/bin/sh: not started: other children have all places");
    ck_assert_int_eq(child_reap(), 0);
    unwanted = true;
    for (int i = 0; i < PLACES; i++)
        pthread_join(threads[i], NULL);
    shell_settle();
    ck_runs("exit 0");
}
END_TEST

/* Also of those that were not started, or were lost. */
START_TEST(places_are_given_back)
{
    struct child_result result;

    for (int i = 0; i < PLACES + 1; i++)
        ck_assert_int_eq(shell_run_program((char *const[]){"/no/such", NULL}, SHELL_PATIENCE, &result),
                         CHILD_UNSTARTED);
    for (int i = 0; i < PLACES + 1; i++)
        ck_assert_int_eq(shell_run_program((char *const[]){"/bin/false", NULL}, SHELL_PATIENCE, &result), CHILD_FAILED);
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < PLACES + 1; i++)
        ck_assert_int_eq(shell_run_program((char *const[]){"/bin/true", NULL}, SHELL_PATIENCE, &result), CHILD_LOST);
    signal(SIGCHLD, SIG_DFL);
    ck_runs("exit 0");
    ck_assert_int_eq(child_reap(), 0);
}
END_TEST

/* --- Exit statuses that somebody else takes --- */

START_TEST(without_an_exit_status_nothing_is_handed_over)
{
    struct child_result result;

    signal(SIGCHLD, SIG_IGN);
    ck_assert_int_eq(shell_run("echo out", SHELL_PATIENCE, &result), CHILD_LOST);
    ck_assert_str_eq(result.why, "/bin/sh: its exit status went elsewhere; SIGCHLD should have its default action");
    ck_assert_ptr_null(result.text);
    ck_assert_int_eq(kills, 0);
    shell_hang("sleep 60", &result);
    shell_settle();
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("child_stuck");
    TCase *stuck = unit_case(suite, "stuck");

    tcase_add_checked_fixture(stuck, set_up, NULL);
    tcase_add_test(stuck, a_child_that_does_not_die_is_reaped_later);
    tcase_add_test(stuck, a_child_that_dies_soon_is_waited_for);
    tcase_add_test(stuck, the_group_is_killed_before_the_child_is_reaped);
    tcase_add_test(stuck, the_next_run_reaps_it_too);
    tcase_add_test(stuck, a_command_that_hangs_is_not_started_for_ever);
    tcase_add_test(stuck, there_is_a_bound_on_all_together);
    tcase_add_test(stuck, those_that_run_are_among_them);
    tcase_add_test(stuck, places_are_given_back);
    tcase_add_test(stuck, without_an_exit_status_nothing_is_handed_over);
    return suite;
}
