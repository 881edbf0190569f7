/* child_inherit_test: what a helper has of this process, which is next to nothing, and that this process stays as it is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gather/child.h"
#include "lib/shell.h"
#include "lib/unit.h"

enum { DESCRIPTORS = 50, MOST_DESCRIPTORS = 1024, ENOUGH = 5 /* descriptors of a run */ };

extern char **environ;

/* What a program prints. The caller frees it. */
static char *read_program(char *const *argv)
{
    struct child_result result;
    enum child_end end = shell_run_program(argv, SHELL_PATIENCE, &result);

    ck_assert_msg(end == CHILD_OK, "%d: %s", end, result.why);
    return result.text;
}

static void ck_prints(char *const *argv, const char *expected)
{
    char *text = read_program(argv);

    ck_assert_str_eq(text, expected);
    free(text);
}

/* --- What the helper has --- */

/* The fourth is the directory that ls reads. */
START_TEST(no_descriptor_is_inherited)
{
    int sockets[2];

    for (int i = 0; i < DESCRIPTORS; i++)
        ck_assert_int_ge(open("/dev/null", O_RDONLY), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    ck_assert_int_ge(dup2(sockets[0], MOST_DESCRIPTORS - 1), 0);
    ck_prints((char *const[]){"/bin/ls", "/proc/self/fd", NULL}, "0\n1\n2\n3\n");
}
END_TEST

START_TEST(standard_input_is_empty_and_output_does_block)
{
    char *text = shell_read("readlink /proc/self/fd/0; readlink /proc/self/fd/1; readlink /proc/self/fd/2");

    ck_assert_ptr_eq(strstr(text, "/dev/null\npipe:["), text);
    ck_assert_ptr_nonnull(strstr(strstr(text, "pipe:[") + 1, "pipe:["));
    free(text);
    text = shell_read("grep -h flags /proc/self/fdinfo/1 /proc/self/fdinfo/2");
    ck_assert_str_eq(text, "flags:\t01\nflags:\t01\n"); /* O_WRONLY, and nothing else */
    free(text);
}
END_TEST

START_TEST(the_environment_is_fixed)
{
    ck_assert_int_eq(setenv("RDMA_AGENTX_TEST", "inherited", 1), 0);
    ck_assert_int_eq(setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
    ck_prints((char *const[]){"/usr/bin/env", NULL}, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
}
END_TEST

START_TEST(arguments_are_as_given)
{
    ck_prints((char *const[]){"/usr/bin/printf", "[%s]", "two words", "", "$HOME", "*", NULL},
              "[two words][][$HOME][*]");
}
END_TEST

static uint64_t signals(const char *status, const char *name)
{
    const char *line = strstr(status, name);

    ck_assert_ptr_nonnull(line);
    return strtoull(line + strlen(name), NULL, 16);
}

static void nothing(int number)
{
    (void)number;
}

/* Two signals are glibc's own, and ignored in every child. */
START_TEST(no_signal_is_blocked_or_ignored)
{
    const uint64_t of_glibc = (uint64_t)3 << 31;
    sigset_t all;
    char *status;

    sigfillset(&all);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
    for (int number = 1; number < SIGRTMAX; number++)
        if (number != SIGCHLD)
            signal(number, number == SIGUSR1 ? nothing : SIG_IGN);
    status = read_program((char *const[]){"/bin/cat", "/proc/self/status", NULL});
    ck_assert_uint_eq(signals(status, "\nSigBlk:"), 0);
    ck_assert_uint_eq(signals(status, "\nSigIgn:") & ~of_glibc, 0);
    ck_assert_uint_eq(signals(status, "\nSigCgt:"), 0);
    free(status);
}
END_TEST

START_TEST(it_leads_a_process_group)
{
    char *text = read_program((char *const[]){"/bin/cat", "/proc/self/stat", NULL});
    int pid, parent, group;

    ck_assert_int_eq(sscanf(text, "%d (cat) R %d %d", &pid, &parent, &group), 3);
    ck_assert_int_eq(parent, getpid());
    ck_assert_int_eq(group, pid);
    free(text);
}
END_TEST

/* --- Threads with a descriptor table of their own --- */

/* Where standard descriptors are closed, pipes are given their numbers. */
struct bare {
    int open; /* bits: those of the standard descriptors that the thread has */
    bool is_own;
    enum child_end good_end, bad_end;
    struct child_result good, bad;
};

static void *run_bare(void *context)
{
    struct bare *bare = context;

    bare->is_own = unshare(CLONE_FILES) == 0;
    for (int fd = 0; bare->is_own && fd < MOST_DESCRIPTORS; fd++)
        if (fd > STDERR_FILENO || !(bare->open & 1 << fd))
            close(fd);
    bare->good_end = shell_run("cat; echo out; readlink /proc/self/fd/0; echo err >&2", SHELL_PATIENCE, &bare->good);
    bare->bad_end = shell_run("echo out; echo err >&2; exit 3", SHELL_PATIENCE, &bare->bad);
    return NULL;
}

START_TEST(an_empty_descriptor_table_is_no_hindrance)
{
    struct bare bare = {.open = _i};
    int before = unit_descriptors();
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, run_bare, &bare), 0);
    pthread_join(thread, NULL);
    ck_assert_msg(bare.good_end == CHILD_OK, "%d: %s", bare.good_end, bare.good.why);
    ck_assert_str_eq(bare.good.text, "out\n/dev/null\n");
    ck_assert_int_eq(bare.bad_end, CHILD_FAILED);
    ck_assert_str_eq(bare.bad.why, "/bin/sh: exit status 3: err");
    ck_assert_int_eq(unit_descriptors(), before);
    free(bare.good.text);
    shell_settle();
}
END_TEST

/* --- What stays as it is --- */

/* All that a run may leave behind in the process, as text. */
static void describe_process(char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size, "descriptors %d", unit_descriptors());
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < SIGRTMAX; number++) {
        struct sigaction action = {.sa_flags = 0};

        sigaction(number, NULL, &action);
        n += (size_t)snprintf(text + n, size - n, " %d %p %x %d", number, (void *)(uintptr_t)action.sa_handler,
                              (unsigned)action.sa_flags, sigismember(&mask, number));
    }
    for (char **variable = environ; *variable; variable++)
        n += (size_t)snprintf(text + n, size - n, " %.40s", *variable);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        n += (size_t)snprintf(text + n, size - n, " %x", (unsigned)fcntl(fd, F_GETFL));
    ck_assert_uint_lt(n, size);
}

START_TEST(the_process_stays_as_it_is)
{
    static char before[64 * 1024], after[sizeof(before)];
    struct child_result result;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, nothing);
    describe_process(before, sizeof(before));
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(shell_run("echo out; echo err >&2", SHELL_PATIENCE, &result), CHILD_OK);
        free(result.text);
        ck_assert_int_eq(shell_run("exit 1", SHELL_PATIENCE, &result), CHILD_FAILED);
        shell_hang("sleep 60", &result);
        ck_assert_int_eq(shell_run("yes", SHELL_PATIENCE, &result), CHILD_FLOOD);
        ck_assert_int_eq(shell_run_program((char *const[]){"/no/such", NULL}, SHELL_PATIENCE, &result),
                         CHILD_UNSTARTED);
        shell_settle();
    }
    describe_process(after, sizeof(after));
    ck_assert_str_eq(after, before);
}
END_TEST

static void *run_until_unwanted(void *unwanted)
{
    char *const argv[] = {"/bin/sleep", "60", NULL};
    struct child_order order = {.argv = argv, .deadline = shell_now() + SHELL_PATIENCE, .unwanted = unwanted};
    struct child_result result;

    child_run(&order, &result);
    return NULL;
}

/* Other parts of the process start programs, too. */
START_TEST(every_descriptor_of_a_run_is_closed_on_exec)
{
    atomic_bool unwanted = false;
    int before = unit_descriptors();
    int64_t end = shell_now() + SHELL_PATIENCE;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, run_until_unwanted, &unwanted), 0);
    while (unit_descriptors() != before + 2) /* while it starts there are more */
        ck_assert_int_lt(shell_now(), end);
    for (int fd = STDERR_FILENO + 1; fd < MOST_DESCRIPTORS; fd++) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0 && flags & O_NONBLOCK)
            ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    }
    unwanted = true;
    pthread_join(thread, NULL);
}
END_TEST

/* --- Where there is nothing to be had --- */

/* All descriptors are in use but for a few. Returns the first of those that were used up. */
static int use_up_all_but(int few)
{
    struct rlimit limit;
    int last, first = dup(STDIN_FILENO);

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = MOST_DESCRIPTORS;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    do
        last = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (last >= 0);
    ck_assert_int_eq(errno, EMFILE);
    for (int i = 1; i <= few; i++)
        ck_assert_int_eq(close(MOST_DESCRIPTORS - i), 0);
    return first;
}

/* A sanitizer needs some, too. */
static void give_back(int first)
{
    for (int fd = first; fd < MOST_DESCRIPTORS; fd++)
        close(fd);
}

START_TEST(a_process_without_descriptors_says_so)
{
    struct child_result result;
    int first = use_up_all_but(_i);

    ck_assert_int_eq(shell_run("exit 0", SHELL_PATIENCE, &result), CHILD_UNSTARTED);
    ck_assert_int_eq(result.number, EMFILE);
    ck_assert_str_eq(result.why, _i == 0 ? "/bin/sh: not started: /dev/null: Too many open files"
                                         : "/bin/sh: not started: a pipe: Too many open files");
    for (int i = 0; i < _i; i++) /* none is lost */
        ck_assert_int_ge(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    give_back(first);
}
END_TEST

START_TEST(five_descriptors_are_enough)
{
    int first = use_up_all_but(ENOUGH);

    free(shell_read("exit 0"));
    give_back(first);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("child_inherit");
    TCase *inherits = unit_case(suite, "inherits"), *stays = unit_case(suite, "stays");

    tcase_add_test(inherits, no_descriptor_is_inherited);
    tcase_add_test(inherits, standard_input_is_empty_and_output_does_block);
    tcase_add_test(inherits, the_environment_is_fixed);
    tcase_add_test(inherits, arguments_are_as_given);
    tcase_add_test(inherits, no_signal_is_blocked_or_ignored);
    tcase_add_test(inherits, it_leads_a_process_group);
    tcase_add_loop_test(inherits, an_empty_descriptor_table_is_no_hindrance, 0, 8);

    tcase_add_test(stays, the_process_stays_as_it_is);
    tcase_add_test(stays, every_descriptor_of_a_run_is_closed_on_exec);
    tcase_add_loop_test(stays, a_process_without_descriptors_says_so, 0, ENOUGH);
    tcase_add_test(stays, five_descriptors_are_enough);
    return suite;
}
